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
			time.Sleep(350 * time.Millisecond) // presses right after a change are dropped (U7)
			return nil
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

// appear waits for a button.
func (w *walker) appear(ctx context.Context, name string) error {
	end := time.Now().Add(5 * time.Second)
	for !w.has(name) {
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("on %q no button %q came up", w.screen(), name)
		}
		time.Sleep(30 * time.Millisecond)
	}
	return nil
}

// press presses a button by its name as soon as it is there.
func (w *walker) press(ctx context.Context, name string) error {
	end := time.Now().Add(5 * time.Second)
	for {
		b, x, y := w.find(name)
		if b != nil {
			if err := w.click(ctx, b, x, y); err != nil {
				return err
			}
			time.Sleep(120 * time.Millisecond)
			return nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("on %q there is no button %q to press", w.screen(), name)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

func (w *walker) click(ctx context.Context, b kit.Pressable, x, y int) error {
	switch {
	case w.xdotool == "" || !w.p.virtual:
		fyne.DoAndWait(b.Do)
		return nil
	case w.p.by == byKeys:
		return w.tabTo(ctx, b.Name())
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

// tabTo moves the focus with the Tab key alone until the button has it, and
// presses Enter.
func (w *walker) tabTo(ctx context.Context, name string) error {
	for range 80 {
		has := ""
		fyne.DoAndWait(func() {
			if p, ok := w.s.window.Canvas().Focused().(kit.Pressable); ok {
				has = p.Name()
			}
		})
		if has == name {
			return w.real(ctx, "key", "Return")
		}
		if err := w.real(ctx, "key", "Tab"); err != nil {
			return err
		}
		time.Sleep(30 * time.Millisecond)
	}
	return fmt.Errorf("the Tab key never came to the button %q", name)
}

// typeLink types the link as a keyboard-wedge scanner does.
func (w *walker) typeLink(ctx context.Context, link string) error {
	if w.xdotool == "" || !w.p.virtual {
		return errors.New("typing like a scanner needs xdotool and a virtual display; install it with: apt-get install xdotool")
	}
	if err := w.real(ctx, "type", "--delay", "4", "--", link); err != nil {
		return err
	}
	return w.real(ctx, "key", "Return")
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
