package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"sync"
	"time"

	"shlkiosk/camera"
	"shlkiosk/cmd/internal/cli"
	"shlkiosk/cmd/internal/engine"
	"shlkiosk/cmd/internal/frontdesk"
	"shlkiosk/sync/outbox"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/page"
	"shlkiosk/ui/staff"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// desk is the front desk's part of the window.
type desk struct {
	window *staff.Window
	canvas fyne.Canvas
}

// newDesk makes the staff screens over a staff.Desk.
func (s *screen) newDesk(d staff.Desk, k *engine.Kiosk) *desk {
	w := staff.New(staff.Options{Desk: d, Words: s.words, Metrics: s.metrics(s.size()), Theme: s.cfg.Display.Theme, Now: time.Now,
		In:      func() { k.Send(flow.StaffIn{}) },
		Done:    func() { k.Send(flow.StaffOut{}) },
		Touched: func() { k.Send(flow.Touched{}) },
		OnPaste: func(text string) {
			// The staff screens close first: a record is never open beside them.
			k.Send(flow.StaffOut{})
			k.Text(text)
		}})
	return &desk{window: w, canvas: s.window.Canvas()}
}

func (d *desk) content() fyne.CanvasObject {
	d.window.Attach(d.canvas)
	return d.window.Content()
}

func (d *desk) refresh() { d.window.Refresh() }
func (d *desk) leave()   { d.window.Close() }

// localDesk is the desk of this kiosk.
func (p *program) localDesk(s *screen, k *engine.Kiosk, worker *outbox.Worker, door *frontdesk.Door, shut error) (*frontdesk.Local, error) {
	renderer := page.New(page.Options{})
	return frontdesk.NewLocal(frontdesk.Options{Core: p.core, Store: p.store, Chart: p.chart, Worker: worker, Version: cli.Version,
		File: p.file, Fixed: p.fixed, Door: door, Figures: func() *staff.CameraFigures { return s.figures(k) },
		Checks: func(context.Context) []staff.Check {
			documents := staff.Check{Name: "documents", Health: staff.HealthOK, Detail: renderer.Isolation()}
			if err := renderer.Available(); err != nil {
				documents.Health, documents.ToDo = staff.HealthWarning, "Install poppler-utils, so that PDF pages can be looked at"
			}
			all := []staff.Check{documents}
			if shut != nil {
				all = append(all, staff.Check{Name: "desk", Health: staff.HealthFailed, Detail: p.cfg.Desk.Listen,
					ToDo: "Nothing listens for front desks on other machines: correct desk.listen, then start the kiosk anew"})
			}
			return all
		}})
}

// fixed tells whether environment or flags decide a setting.
func (p *program) fixed(path string) bool {
	if _, ok := p.call.Set[path]; ok {
		return true
	}
	return p.call.Getenv("KIOSK_"+strings.ToUpper(strings.ReplaceAll(path, ".", "_"))) != ""
}

// lastFrame keeps a small copy of the newest picture for diagnostics.
type lastFrame struct {
	mu  sync.Mutex
	img *image.Gray
}

func (l *lastFrame) take(f *camera.Frame) {
	const step = 4
	g := f.Gray
	l.mu.Lock()
	defer l.mu.Unlock()
	r := image.Rect(0, 0, g.Rect.Dx()/step, g.Rect.Dy()/step)
	if l.img == nil || l.img.Rect != r {
		l.img = image.NewGray(r)
	}
	for y := range r.Dy() {
		for x := range r.Dx() {
			l.img.Pix[y*l.img.Stride+x] = g.Pix[y*step*g.Stride+x*step]
		}
	}
}

func (l *lastFrame) get() image.Image {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.img == nil {
		return nil
	}
	c := *l.img
	c.Pix = append([]byte(nil), l.img.Pix...)
	return &c
}

func (l *lastFrame) wipe() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.img != nil {
		clear(l.img.Pix)
	}
	l.img = nil
}

func (s *screen) figures(k *engine.Kiosk) *staff.CameraFigures {
	f := k.Figures()
	return &staff.CameraFigures{Name: f.Camera.Source, State: string(f.Camera.State), Width: f.Camera.Info.Width,
		Height: f.Camera.Info.Height, FPS: f.Camera.FPS, ReaderMS: f.ReaderMS, Read: f.Read, Hint: string(f.Aim), Picture: s.last.get()}
}

// desk lets the walking demo patient's helper look at the receipt.
func (w *walker) desk(ctx context.Context) error {
	w.say("a member of staff opens the front desk")
	w.k.Send(flow.StaffAsked{})
	if err := w.wait(ctx, flow.StaffLogin); err != nil {
		return err
	}
	w.shoot("staff-login")
	for _, r := range demoPIN {
		fyne.DoAndWait(func() { w.s.window.Canvas().OnTypedRune()(r) })
	}
	fyne.DoAndWait(func() { w.s.window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyReturn}) })
	if err := w.wait(ctx, flow.Staff); err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	if !w.until(ctx, func() bool { return w.onDesk("filter-all") != nil }) {
		return errors.New("the front desk shows no cases")
	}
	w.shoot("staff-queue")
	if w.handed() {
		if err := w.firstCase(ctx); err != nil {
			return err
		}
	}
	w.shoot("staff-receipt")
	fyne.DoAndWait(func() { w.s.window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF3}) })
	if !w.until(ctx, func() bool { return w.onDesk("pause") != nil }) {
		return errors.New("the front desk shows no diagnostics")
	}
	w.shoot("staff-diagnostics")
	w.k.Send(flow.StaffOut{})
	return w.wait(ctx, flow.Attract)
}

// firstCase opens the first case of the list by the keyboard.
func (w *walker) firstCase(ctx context.Context) error {
	if err := w.tabTo(ctx, "filter-all"); err != nil {
		return err
	}
	if err := w.real(ctx, "key", "Return"); err != nil {
		return err
	}
	if !w.until(ctx, func() bool {
		b, ok := w.onDesk("filter-all").(*kit.Button)
		return ok && b.IsChosen()
	}) {
		return errors.New("the front desk does not show all cases")
	}
	if err := w.tabTo(ctx, "filter-all"); err != nil {
		return err
	}
	for range 2 { // past the search field into the list
		if err := w.tab(ctx); err != nil {
			return err
		}
	}
	if err := w.real(ctx, "key", "Down", "Return"); err != nil {
		return err
	}
	if !w.until(ctx, func() bool { return w.onDesk("case.close") != nil }) {
		return errors.New("the front desk does not open the case")
	}
	return nil
}

// onDesk looks for a button on the desk's pages, which lie in pieces of the
// toolkit's own.
func (w *walker) onDesk(name string) (found kit.Pressable) {
	var look func(o fyne.CanvasObject)
	look = func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case kit.Pressable:
			if o.Name() == name && o.Visible() {
				found = o
			}
		case *fyne.Container:
			for _, c := range o.Objects {
				look(c)
			}
		case *container.ThemeOverride:
			look(o.Content)
		case *container.Scroll:
			look(o.Content)
		case kit.Made:
			for _, c := range o.Parts() {
				look(c)
			}
		}
	}
	fyne.DoAndWait(func() { look(w.s.window.Content()) })
	return found
}
