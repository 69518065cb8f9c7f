package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"

	"fyne.io/fyne/v2"
)

// This file is the walker's eyes and hands: what is on the display, where a
// button is, how it is pressed, and pictures of it.

func (w *walker) say(format string, args ...any) {
	fmt.Fprintf(w.p.call.Stdout, "demo: "+format+"\n", args...)
}

// state is what the window shows now.
func (w *walker) state() (s flow.State) {
	fyne.DoAndWait(func() { s = w.s.shown.State })
	return s
}

func (w *walker) screen() flow.Screen { return w.state().Screen }

func (w *walker) wait(ctx context.Context, want flow.Screen) error {
	end := time.Now().Add(patience)
	for {
		is := w.screen()
		if is == want {
			return w.settle(ctx)
		}
		if is == flow.Desk || is == flow.Trouble || is == flow.OutOfService {
			return fmt.Errorf("the kiosk shows %q, reason %q, instead of %q", is, w.state().Reason, want)
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("the kiosk shows %q and never came to %q", is, want)
		}
		time.Sleep(15 * time.Millisecond)
	}
}

// settle waits as long as presses right after a change are dropped (U7).
func (w *walker) settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(350 * time.Millisecond):
		return nil
	}
}

// until waits for something to be true, as long as the walker's patience lasts.
func (w *walker) until(ctx context.Context, so func() bool) bool {
	for end := time.Now().Add(patience); !so(); {
		if time.Now().After(end) || ctx.Err() != nil {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

// find looks for a button on the display and where its middle is, in pixels.
func (w *walker) find(name string) (b kit.Pressable, x, y int) {
	fyne.DoAndWait(func() {
		scale := w.s.window.Canvas().Scale()
		kit.Walk(w.s.window.Content(), func(o fyne.CanvasObject, at fyne.Position) {
			if p, ok := o.(kit.Pressable); ok && p.Name() == name && b == nil && !p.Disabled() {
				b = p
				x = int((at.X + o.Size().Width/2) * scale)
				y = int((at.Y + o.Size().Height/2) * scale)
			}
		})
	})
	return b, x, y
}

func (w *walker) has(name string) bool { b, _, _ := w.find(name); return b != nil }

func (w *walker) chosen(name string) bool {
	b, _, _ := w.find(name)
	c, ok := b.(interface{ IsChosen() bool })
	return ok && c.IsChosen()
}

// first is the first button whose name begins so.
func (w *walker) first(prefix string) (name string, ok bool) {
	fyne.DoAndWait(func() {
		kit.Walk(w.s.window.Content(), func(o fyne.CanvasObject, _ fyne.Position) {
			if p, is := o.(kit.Pressable); is && !ok && len(p.Name()) > len(prefix) && p.Name()[:len(prefix)] == prefix {
				name, ok = p.Name(), true
			}
		})
	})
	return name, ok
}

// appear waits for a button on a page of the window's own.
func (w *walker) appear(ctx context.Context, name string) error {
	if !w.until(ctx, func() bool { return w.has(name) }) {
		return fmt.Errorf("on %q no button %q came up", w.screen(), name)
	}
	return w.settle(ctx)
}

// press presses a button by its name as soon as it is there, and waits until
// the kiosk has heard of it: every press is a sign of life.
func (w *walker) press(ctx context.Context, name string) error {
	for range 3 {
		var b kit.Pressable
		var x, y int
		if !w.until(ctx, func() bool { b, x, y = w.find(name); return b != nil }) {
			return fmt.Errorf("on %q there is no button %q to press", w.screen(), name)
		}
		if w.p.by == byKeys && w.handed() {
			if err := w.tabTo(ctx, name); err != nil {
				return err
			}
		}
		before := w.state()
		if err := w.click(ctx, b, x, y); err != nil {
			return err
		}
		heard := func() bool {
			now := w.state()
			return now.Active != before.Active || now.Screen != before.Screen || now.Visit != before.Visit
		}
		for end := time.Now().Add(patience / 3); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			if heard() {
				return nil
			}
		}
		w.say("nothing was heard of a press on %q; once more", name)
	}
	return fmt.Errorf("on %q the button %q does not answer", w.screen(), name)
}

// handed tells that there are real hands: events of the X server.
func (w *walker) handed() bool { return w.xdotool != "" && w.p.virtual }

func (w *walker) click(ctx context.Context, b kit.Pressable, x, y int) error {
	switch {
	case !w.handed():
		fyne.DoAndWait(b.Do)
		return nil
	case w.p.by == byKeys:
		return w.real(ctx, "key", "Return")
	}
	return w.real(ctx, "mousemove", strconv.Itoa(x), strconv.Itoa(y), "click", "1")
}

// real lets xdotool make real events of the X server.
func (w *walker) real(ctx context.Context, args ...string) error {
	if err := exec.CommandContext(ctx, w.xdotool, args...).Run(); err != nil {
		return fmt.Errorf("xdotool %s: %w", args[0], err)
	}
	return nil
}

// focus is what has the focus, and its name.
func (w *walker) focus() (has fyne.Focusable, on string) {
	fyne.DoAndWait(func() {
		has = w.s.window.Canvas().Focused()
		if p, ok := has.(kit.Pressable); ok {
			on = p.Name()
		}
	})
	return has, on
}

// tab presses the Tab key and waits until the focus has moved.
func (w *walker) tab(ctx context.Context) error {
	was, on := w.focus()
	if err := w.real(ctx, "key", "Tab"); err != nil {
		return err
	}
	if !w.until(ctx, func() bool { now, _ := w.focus(); return now != was }) {
		return fmt.Errorf("the Tab key moves nothing; the focus is on %q", on)
	}
	return nil
}

// tabTo moves the focus with the Tab key alone until the button has it.
func (w *walker) tabTo(ctx context.Context, name string) error {
	for range 80 {
		if _, on := w.focus(); on == name {
			// The sign of life that the focus gave has arrived before the press.
			active := w.state().Active
			w.until(ctx, func() bool {
				time.Sleep(60 * time.Millisecond)
				was := active
				active = w.state().Active
				return active == was
			})
			return nil
		}
		if err := w.tab(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("the Tab key never came to the button %q", name)
}

// typeLink types the link as a keyboard-wedge scanner does.
func (w *walker) typeLink(ctx context.Context, link string) error {
	if !w.handed() {
		return errors.New("typing like a scanner needs xdotool and a virtual display; install it with: apt-get install xdotool")
	}
	// One call, as a scanner does it: Enter comes right behind the text.
	return w.real(ctx, "type", "--delay", "4", "--args", "1", link, "key", "Return")
}

// picture is what the display shows; on somebody's own display only our
// window, as the toolkit remembers it.
func (w *walker) picture() (img image.Image, err error) {
	if w.p.virtual {
		return w.p.screen.shot()
	}
	fyne.DoAndWait(func() { img = w.s.window.Canvas().Capture() })
	return img, nil
}

// shoot writes a picture of the display once it is drawn and at rest: not
// black, and twice the same.
func (w *walker) shoot(name string) {
	var before image.Image
	for range 40 {
		time.Sleep(100 * time.Millisecond)
		img, err := w.picture()
		if err != nil {
			w.say("a picture could not be taken: %v", err)
			return
		}
		if before != nil && drawn(img) && same(before, img) {
			break
		}
		before = img
	}
	if before != nil {
		w.write(name, before)
	}
}

func (w *walker) write(name string, img image.Image) {
	w.n++
	f, err := os.OpenFile(filepath.Join(w.p.out, fmt.Sprintf("%02d-%s.png", w.n, name)), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		err = errors.Join(png.Encode(f, img), f.Close())
	}
	if err != nil {
		w.say("a picture could not be written: %v", err)
	}
}

// drawn tells whether a window covers the display: an X display without one is
// black. same compares on a grid.
func drawn(img image.Image) bool {
	b := img.Bounds()
	for _, at := range []image.Point{{4, 4}, {b.Dx() - 5, 4}, {4, b.Dy() - 5}, {b.Dx() - 5, b.Dy() - 5}} {
		if r, g, bl, _ := img.At(at.X, at.Y).RGBA(); r|g|bl == 0 {
			return false
		}
	}
	return true
}

func same(a, b image.Image) bool {
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y += 7 {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x += 7 {
			if a.At(x, y) != b.At(x, y) {
				return false
			}
		}
	}
	return true
}
