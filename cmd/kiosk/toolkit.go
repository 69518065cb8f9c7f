package main

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// This file is about the window's toolkit: how it is ended, animated, waited
// for, and made to forget.

// endsCleanly keeps the toolkit from hanging when it ends. Fyne 2.8.1 queues
// its last hook, which saves preferences, right before it closes the queue that
// would run it, and waits for the hook for ever where the closing was faster:
// one window in seven on a virtual display. The kiosk has no preferences;
// without the hook there is nothing to wait for.
func endsCleanly(a fyne.App) {
	if l, ok := a.Lifecycle().(interface{ SetOnStoppedHookExecuted(func()) }); ok {
		l.SetOnStoppedHookExecuted(nil)
	}
}

// animation is nil where the desktop's settings want nothing to move.
func (s *screen) animation() func(time.Duration, func(float32)) func() {
	if !s.app.Settings().ShowAnimations() {
		return nil
	}
	return animate
}

// animate runs tick as often as the window is painted.
func animate(d time.Duration, tick func(done float32)) (stop func()) {
	a := fyne.NewAnimation(d, tick)
	a.Curve = fyne.AnimationLinear
	a.Start()
	return a.Stop
}

// onWindow runs f on the window's thread and waits for it, but not for a window
// that is closing: what is queued then is never run.
func (s *screen) onWindow(f func()) {
	done := make(chan struct{})
	fyne.Do(func() { defer close(done); f() })
	select {
	case <-done:
	case <-s.ctx.Done():
	}
}

// clearing is a theme whose ground comes out right where the toolkit clears the
// window with it: Fyne 2.8.1 takes 255*255 for the largest of 16 bits, and what
// it clears with is lighter by one part in 129 than what it paints.
type clearing struct{ fyne.Theme }

// Color implements fyne.Theme.
func (c clearing) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	of := c.Theme.Color(name, v)
	if name != theme.ColorNameBackground {
		return of
	}
	n := color.NRGBAModel.Convert(of).(color.NRGBA)
	less := func(b uint8) uint8 { return uint8((uint32(b)*255*255 + 257*255/2) / (257 * 255)) }
	return color.NRGBA{less(n.R), less(n.G), less(n.B), n.A}
}

// Fyne keeps the texts that it measured, and the pictures of those that it
// painted, under the texts themselves: names and findings of Review among them
// (kiosk-people U25). There is no public way to empty that memory. A theme that
// is set anew empties half of it, but reads the fonts anew and keeps the old
// ones as well. So the texts run out: after FYNE_CACHE, which Fyne reads before
// anything of ours runs, and for the painted ones at the next paint after that.
const (
	toolkitCache = "FYNE_CACHE"
	toolkitKeeps = 15 * time.Second // default of Fyne: a minute; below 10 s it would walk the whole page at every paint
)

// forgetting is when the texts of the last visit have run out; zero: nothing is
// to be done. It belongs to the window's thread.
type forgetting struct{ at time.Time }

// begin is called at the wipe.
func (f *forgetting) begin(now time.Time) { f.at = now.Add(toolkitKeeps + time.Second) }

// forget paints the window once more when the time has come; a few times a
// second.
func (s *screen) forget(now time.Time) {
	if at := s.forgetting.at; !at.IsZero() && now.After(at) {
		s.forgetting.at = time.Time{}
		s.window.Content().Refresh()
	}
}
