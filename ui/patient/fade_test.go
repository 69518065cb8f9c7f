package patient

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// reel is an animation that the test turns.
type reel struct {
	tick    func(float32)
	started int
	stopped int
}

func (r *reel) animate(_ time.Duration, tick func(float32)) func() {
	r.tick, r.started = tick, r.started+1
	return func() { r.stopped++ }
}

func veiled(b *bench) bool {
	return b.fade != nil && b.root.Objects[len(b.root.Objects)-1] == fyne.CanvasObject(b.fade.veil)
}

// A new screen comes out of a veil, and the first press under it counts.
func TestFade(t *testing.T) {
	b, r := newBench(t, displays["21"]), &reel{}
	b.o.Animate = r.animate
	b.Render(at(flow.Attract), nil)
	if !veiled(b) {
		t.Fatal("no veil over a new screen")
	}
	first := b.fade.veil.FillColor
	b.now = b.now.Add(30 * time.Millisecond)
	r.tick(0.4)
	if !veiled(b) || b.fade.veil.FillColor == first {
		t.Error("the veil does not fade")
	}
	b.sent = nil
	main := b.page.frame.Main
	size := main.Size()
	var where fyne.Position
	kit.Walk(b.Content(), func(o fyne.CanvasObject, at fyne.Position) {
		if o == fyne.CanvasObject(main) {
			where = at
		}
	})
	test.TapCanvas(b.canvas, where.AddXY(size.Width/2, size.Height/2))
	if len(b.sent) == 0 || b.sent[len(b.sent)-1] != flow.Event(flow.Press{Action: flow.ActStart}) {
		t.Errorf("a press under the veil sent %v", b.sent)
	}
	r.tick(1)
	if b.fade != nil || len(b.root.Objects) != 2 {
		t.Error("the veil stays")
	}
	b.Render(at(flow.Attract), nil)
	if r.started != 1 {
		t.Error("the same screen fades again")
	}
}

// Nothing moves where nothing may, and a display that is slow is not asked to.
func TestFadeIsSwitchedOff(t *testing.T) {
	b, r := newBench(t, displays["21"]), &reel{}
	b.Render(at(flow.Attract), nil)
	if b.fade != nil {
		t.Error("a veil without Animate")
	}
	b.o.Animate = r.animate
	still := at(flow.Consent)
	still.Settings.Calm = true
	b.Render(still, nil)
	if b.fade != nil || r.started != 0 {
		t.Error("a veil though the patient wants the screen still")
	}
	b.Render(at(flow.Who), nil)
	b.now = b.now.Add(fadeLate + time.Millisecond)
	r.tick(0.5)
	if b.fade != nil || r.stopped == 0 {
		t.Error("a fade goes on that cannot keep up")
	}
	b.Render(at(flow.Done), nil)
	old := r.tick
	b.Render(at(flow.Desk), nil)
	if !veiled(b) || len(b.root.Objects) != 3 {
		t.Error("not one veil over the newest screen")
	}
	old(0.9) // a late picture of the fade before
	if !veiled(b) {
		t.Error("an old fade ends a new one")
	}
}
