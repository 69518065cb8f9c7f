package patient

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// A new screen comes out of the ground's colour instead of jumping. The veil
// lies over a page that is whole and answers touches and keys from the first
// moment: nothing waits for it. It is not there where nothing may move (the
// patient's "keep the screen still", no Animate), and it goes at once where the
// display cannot keep up.
const (
	fadeFor  = 180 * time.Millisecond // WCAG 2.2.2 asks for 5 s at most
	fadeFrom = 0xC0                   // never the whole page away: no flash
	fadeLate = 70 * time.Millisecond  // a picture later than this, and the fade ends
)

// fade is one under way.
type fade struct {
	veil *canvas.Rectangle
	last time.Time
	stop func()
}

// fadeIn begins a fade over the page that was just built.
func (w *Window) fadeIn() {
	w.endFade()
	if w.o.Animate == nil || w.state.Settings.Calm || !w.signed.IsZero() {
		return
	}
	f := &fade{veil: canvas.NewRectangle(w.look.Palette.Ground), last: w.o.Now()}
	w.fade = f
	w.unveil(0)
	w.root.Objects = append(w.root.Objects, f.veil)
	w.root.Refresh()
	f.stop = w.o.Animate(fadeFor, func(done float32) {
		now := w.o.Now()
		if w.fade != f { // another page has come since
			return
		}
		if done >= 1 || now.Sub(f.last) > fadeLate {
			w.endFade()
			return
		}
		f.last = now
		w.unveil(done)
	})
}

func (w *Window) unveil(done float32) {
	c := w.look.Palette.Ground
	left := (1 - done) * (1 - done)
	c.A = uint8(fadeFrom * left)
	w.fade.veil.FillColor = c
	w.fade.veil.Refresh()
}

// endFade takes the veil away.
func (w *Window) endFade() {
	f := w.fade
	if f == nil {
		return
	}
	w.fade = nil
	if f.stop != nil {
		f.stop()
	}
	for i, o := range w.root.Objects {
		if o == fyne.CanvasObject(f.veil) {
			w.root.Objects = append(w.root.Objects[:i:i], w.root.Objects[i+1:]...)
			w.root.Refresh()
			return
		}
	}
}
