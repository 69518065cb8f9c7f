package patient

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// Attach listens to a canvas's keyboard: where nothing has the focus, keys come
// from here.
func (w *Window) Attach(c fyne.Canvas) {
	w.attached = c
	c.SetOnTypedRune(w.TypedRune)
	c.SetOnTypedKey(func(e *fyne.KeyEvent) { w.TypedKey(e.Name) })
	if s, ok := c.(interface {
		AddShortcut(fyne.Shortcut, func(fyne.Shortcut))
	}); ok {
		staff := &desktop.CustomShortcut{KeyName: fyne.KeyS, Modifier: fyne.KeyModifierControl | fyne.KeyModifierShift}
		s.AddShortcut(staff, func(fyne.Shortcut) { w.o.Send(flow.StaffAsked{}) })
	}
}

func (w *Window) canvas() fyne.Canvas {
	if w.attached != nil {
		return w.attached
	}
	return fyne.CurrentApp().Driver().CanvasForObject(w.root)
}

// TypedRune takes a character that no focused object wanted.
func (w *Window) TypedRune(r rune) {
	if w.state.Warning() {
		w.touched()
	}
	if w.page.rune != nil && w.page.rune(r) {
		return
	}
	if w.o.OnRune != nil {
		w.o.OnRune(r)
	}
}

// key is the first look at a key, whatever has the focus. It tells whether the
// key was taken.
func (w *Window) key(name fyne.KeyName) bool {
	if w.o.OnKey != nil && w.o.OnKey(name) {
		return true
	}
	if w.state.Screen.ForStaff() {
		return false
	}
	switch name {
	case fyne.KeyEscape:
		if w.page.back != nil {
			w.page.back()
		}
		return true
	case fyne.KeyF1:
		w.o.Send(flow.Press{Action: flow.ActHelp})
		return true
	case fyne.KeyF2:
		w.open(settingsPanel)
		return true
	case fyne.KeyF3:
		w.open(languagePanel)
		return true
	case fyne.KeyF4:
		if w.o.Announce != nil {
			w.set(func(s *flow.Settings) { s.Speech = !s.Speech })()
			w.announce()
		}
		return true
	case fyne.KeyF5:
		w.announce()
		return true
	}
	return w.page.key != nil && w.page.key(name)
}

// TypedKey takes a key when nothing has the focus.
func (w *Window) TypedKey(name fyne.KeyName) {
	if w.key(name) {
		return
	}
	switch name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if b := w.page.frame.Main; b != nil {
			b.Do()
		}
	case fyne.KeyDown, fyne.KeyRight, fyne.KeyUp, fyne.KeyLeft:
		w.touched()
		kit.MoveFocus(w.canvas(), name)
	}
}

func (w *Window) focused(label string, private bool) {
	if w.restoring {
		return
	}
	w.touched()
	if w.o.Announce != nil && w.state.Settings.Speech && label != "" {
		w.o.Announce([]Utterance{{label, private}})
	}
}

// cornerTaps are the staff's gesture: five touches in the top right corner.
type cornerTaps struct{ at [5]time.Time }

const cornerWithin = 3 * time.Second

func (c *cornerTaps) tap(now time.Time) bool {
	copy(c.at[:], c.at[1:])
	c.at[len(c.at)-1] = now
	return now.Sub(c.at[0]) < cornerWithin
}
