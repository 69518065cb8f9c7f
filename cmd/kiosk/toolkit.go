package main

import (
	"time"

	"fyne.io/fyne/v2"
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

// Fyne keeps the texts that it measured, and the pictures of those that it
// painted, under the texts themselves: names and findings of Review among them
// (kiosk-people U25). It gives them up after FYNE_CACHE, which is read before
// anything of ours runs, and only while it paints.
const (
	toolkitCache = "FYNE_CACHE"
	toolkitKeeps = 15 * time.Second // default of Fyne: a minute; below 10 s it would walk the whole page at every paint
)

// forgetting is what is still to be done after a wipe. It belongs to the
// window's thread.
type forgetting struct {
	sizes    bool      // the measured texts, as soon as Review is off the screen
	pictures time.Time // when those of the painted ones have run out; zero: nothing to do
}

// begin is called at the wipe.
func (f *forgetting) begin() { f.sizes = true }

// forget empties what it can of the toolkit's memory; a few times a second. A
// theme that is set anew empties the measured texts at once; there is no public
// way to the painted ones but to let them run out and to paint once more.
func (s *screen) forget(now time.Time) {
	f := &s.forgetting
	if f.sizes && !s.shown.State.Screen.Private() && !s.staff {
		f.sizes, f.pictures = false, now.Add(toolkitKeeps+time.Second)
		s.app.Settings().SetTheme(s.theme())
	}
	if !f.pictures.IsZero() && now.After(f.pictures) {
		f.pictures = time.Time{}
		s.window.Content().Refresh()
	}
}
