package main

import (
	"image"

	"shlkiosk/camera/still"
	"shlkiosk/cmd/internal/engine"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// demoWindow shows the demo patients' codes: to be held up to a camera (a
// phone can photograph them) or shown to the kiosk's clip by a click. It is the demo
// patient's phone, not a part of the kiosk.
func (s *screen) demoWindow(d *demoWorld, k *engine.Kiosk) {
	w := s.app.NewWindow("Demo patients: click one to show the code")
	code := canvas.NewImageFromImage(nil)
	code.FillMode, code.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	code.SetMinSize(fyne.NewSize(300, 300))
	about := widget.NewLabel("Click a patient. The kiosk's camera sees the code, as if it were held up.")
	about.Wrapping = fyne.TextWrapWord
	list := container.NewVBox()
	for _, p := range d.world.Demo() {
		show := func() {
			text := p.Link
			if p.Card != "" && p.Link == "" {
				text = p.Card
			}
			img, err := still.Code(text)
			if err != nil {
				return
			}
			code.Image = image.Image(img)
			code.Refresh()
			note := p.Story + "\nBirth date: " + p.BirthDate
			if p.Passcode != "" {
				note += "\nPasscode: " + p.Passcode
			}
			about.SetText(note)
			// Where a real camera answers, hold the picture up to it; where none
			// does, the clip shows it. Either way the scan screen is wanted now.
			_ = d.phone.Show(text) // the same text was just drawn
			k.ShowCode()
		}
		list.Add(widget.NewButton(p.Name, show))
	}
	list.Add(widget.NewButton("Take the phone away", func() {
		code.Image = nil
		code.Refresh()
		_ = d.phone.Show("")
	}))
	fresh := widget.NewButton("Make fresh codes", func() {
		if d.world.Refresh(s.ctx) == nil {
			w.Close()
			s.demoWindow(d, k)
		}
	})
	list.Add(fresh)
	right := container.NewBorder(nil, about, nil, nil, code)
	w.SetContent(container.NewHSplit(list, right))
	w.Resize(fyne.NewSize(760, 420))
	w.Show()
}
