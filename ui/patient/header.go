package patient

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// header shows how far the way has been gone, and the two buttons that every
// patient may need on every screen: the language, in its own script, and the
// settings.
func (w *Window) header() fyne.CanvasObject {
	l, t := w.look, w.words
	language := kit.NewButton(l, kit.Quiet, t.Language().OwnName, kit.IconLanguage, func() { w.open(languagePanel) }).
		Named("language").Says(t.T("settings.language") + ": " + t.Language().OwnName)
	settings := kit.NewButton(l, kit.Quiet, t.T("settings"), kit.IconSettings, func() { w.open(settingsPanel) }).Named("settings")
	small := kit.NewButton(l, kit.Quiet, "", kit.IconSettings, func() { w.open(settingsPanel) }).
		Named("settings").Says(t.T("settings"))
	h := &headerLayout{l: l, language: language, settings: settings, small: small}
	if at := w.state.Screen.Step(); at > 0 {
		count := words.Args{"at": at, "of": flow.Steps}
		for _, s := range []string{t.T("step", count) + ": " + t.T("step."+itoa(at)), t.T("step", count), t.T("step.short", count)} {
			h.lefts = append(h.lefts, kit.Steps(l, at, flow.Steps, s))
		}
	} else {
		h.lefts = []fyne.CanvasObject{kit.NewText(l, kit.Chrome, w.o.Clinic), kit.Space(0)}
	}
	return container.New(h, append(h.lefts[:len(h.lefts):len(h.lefts)], language, settings, small)...)
}

// headerLayout gives up the less needed words when there is no room: first of
// the steps, then the settings' label.
type headerLayout struct {
	l                         *kit.Look
	lefts                     []fyne.CanvasObject // from wordy to brief
	language, settings, small *kit.Button
}

func (h *headerLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(h.l.MM(80), max(kit.HeightFor(h.lefts[0], 1e6), h.language.HeightFor(1e6)))
}

func (h *headerLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	gap := h.l.Gap()
	left, settings := h.lefts[0], h.settings
	need := func(left fyne.CanvasObject, s *kit.Button) float32 {
		return wide(left) + 2*gap + h.language.Natural() + gap + s.Natural()
	}
	for try := range 2 * len(h.lefts) {
		left = h.lefts[try%len(h.lefts)]
		if try >= len(h.lefts) {
			settings = h.small
		}
		if need(left, settings) <= size.Width {
			break
		}
	}
	for _, o := range append(h.lefts[:len(h.lefts):len(h.lefts)], h.settings, h.small) {
		visible := o == left || o == fyne.CanvasObject(settings)
		if o.Visible() != visible {
			if visible {
				o.Show()
			} else {
				o.Hide()
			}
		}
	}
	x := size.Width - settings.Natural()
	put(settings, x, 0, settings.Natural(), size.Height)
	x -= gap + h.language.Natural()
	put(h.language, x, 0, h.language.Natural(), size.Height)
	room := x - 2*gap
	high := kit.HeightFor(left, room)
	put(left, 0, (size.Height-high)/2, room, high)
}

func wide(o fyne.CanvasObject) float32 {
	if c, ok := o.(*fyne.Container); ok {
		var most float32
		for _, x := range c.Objects {
			most = max(most, kit.Natural(x))
		}
		return most
	}
	return kit.Natural(o)
}

func put(o fyne.CanvasObject, x, y, w, h float32) {
	o.Resize(fyne.NewSize(w, h))
	o.Move(fyne.NewPos(x, y))
}

func (w *Window) open(p panel) {
	if w.panel == p {
		p = noPanel
	}
	w.panel = p
	w.again()
}
