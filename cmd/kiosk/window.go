package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"shlkiosk/camera"
	"shlkiosk/camera/wedge"
	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/page"
	"shlkiosk/ui/patient"
	"shlkiosk/ui/words"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
)

// screen is the window with everything that is drawn in it. Its methods run on
// Fyne's thread unless they say otherwise.
type screen struct {
	cfg    config.Config
	app    fyne.App
	window fyne.Window
	words  *words.Catalogue
	kiosk  *engine.Kiosk
	log    *slog.Logger
	ctx    context.Context

	patient *patient.Window
	desk    *desk
	voice   *voice
	wedge   *wedge.Wedge

	shown engine.Shown
	staff bool
	last  lastFrame
	forgetting
	failed error        // why there is no window
	frames atomic.Int64 // pictures that the preview has taken
}

// newScreen makes the window; run shows it.
func newScreen(ctx context.Context, cfg config.Config, cat *words.Catalogue, log *slog.Logger) *screen {
	s := &screen{ctx: ctx, cfg: cfg, words: cat, log: log, wedge: wedge.New(wedge.Options{})}
	s.app = app.NewWithID("org.shlkiosk")
	endsCleanly(s.app)
	s.window = s.app.NewWindow("Check-in")
	s.window.SetPadded(false)
	s.window.SetMaster()
	return s
}

// attach joins the window to a kiosk.
func (s *screen) attach(k *engine.Kiosk, p *program) {
	s.kiosk = k
	s.voice = newVoice(s.ctx, s.cfg, s.words, s.log, k.Send)
	s.patient = patient.New(patient.Options{
		Words: s.words, Metrics: s.metrics(s.size()), Now: time.Now, Languages: s.cfg.Languages,
		Clinic: s.cfg.Organization, Documents: page.New(page.Options{}).Viewer(), Warn: s.cfg.Idle.Warn, Straight: !s.cfg.Camera.Mirror,
		Send:     func(e flow.Event) { s.leftOut(); s.kiosk.Send(e) },
		Announce: s.voice.announce,
		Animate:  s.animation(),
		Cleared:  kit.PaletteOf(s.cfg.Display.Theme).Name,
		OnRune:   func(r rune) { s.wedge.Key(r, time.Now()) },
		OnKey:    s.wedgeKey,
	})
	s.app.Settings().SetTheme(s.theme())
	s.window.SetContent(newSized(s.patient.Content(), s.resized))
	s.patient.Attach(s.window.Canvas())
}

// theme is what the toolkit clears the window with, and for its own widgets; the
// desk's takes its place. It is set before the window is up and never again:
// with every change the toolkit reads the fonts anew, which takes a tenth of a
// second, and keeps the old ones, 40 MB each.
func (s *screen) theme() fyne.Theme {
	return clearing{kit.NewLook(s.metrics(s.size()), kit.PaletteOf(s.cfg.Display.Theme), 100).Theme()}
}

func (s *screen) size() fyne.Size {
	return fyne.NewSize(float32(s.cfg.Display.Width), float32(s.cfg.Display.Height))
}

// metrics says how large a millimetre is in a window of this size.
func (s *screen) metrics(size fyne.Size) kit.Metrics {
	scale := s.window.Canvas().Scale()
	if scale <= 0 {
		scale = 1
	}
	return kit.Metrics{WidthMM: float32(s.cfg.Display.WidthMM), WidthPx: int(size.Width * scale), HeightPx: int(size.Height * scale), Scale: scale}
}

func (s *screen) resized(size fyne.Size) {
	if s.patient != nil {
		s.patient.Resize(s.metrics(size))
	}
}

// leftOut hands over what the patient has left out, before the event that may
// send it.
func (s *screen) leftOut() {
	if s.shown.State.Screen == flow.Review {
		s.kiosk.LeaveOut(s.patient.LeftOut())
	}
}

// wedgeKey takes Enter and Tab behind a scanned text.
func (s *screen) wedgeKey(key fyne.KeyName) bool {
	switch key {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeyTab:
		if text, ok := s.wedge.Enter(time.Now()); ok {
			s.kiosk.Text(text)
			return true
		}
	}
	return false
}

// show takes a new state from the kiosk; it may be called from any goroutine.
func (s *screen) show(sh engine.Shown) {
	fyne.Do(func() {
		s.shown = sh
		s.voice.follow(sh.State.Settings)
		s.draw()
	})
}

// draw renders what is shown now.
func (s *screen) draw() {
	if s.desk != nil && s.shown.State.Screen.ForStaff() {
		if !s.staff {
			s.staff = true
			s.window.SetContent(s.desk.content())
		}
		s.desk.refresh()
		return
	}
	if s.staff {
		s.staff = false
		s.window.SetContent(newSized(s.patient.Content(), s.resized))
		s.patient.Attach(s.window.Canvas())
	}
	s.patient.Render(s.shown.State, s.shown.View)
}

// beat redraws what moves with time and ends scans that have no Enter.
func (s *screen) beat() {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			fyne.Do(func() {
				now := time.Now()
				if text, ok := s.wedge.Tick(now); ok {
					s.kiosk.Text(text)
				}
				s.forget(now)
				switch {
				case s.staff:
					s.desk.refresh()
				case s.shown.State.Screen != "":
					s.patient.Render(s.shown.State, s.shown.View)
				}
			})
		}
	}
}

// frame takes a camera picture for the preview; it is called from the kiosk's
// preview goroutine and waits until the window has taken the picture, so that
// frames never pile up.
func (s *screen) frame(f *camera.Frame, outline *[4]camera.Point) {
	s.last.take(f)
	img := f.Color
	if img == nil {
		return
	}
	s.onWindow(func() {
		if s.staff || s.patient == nil {
			return
		}
		s.patient.Preview(img)
		s.frames.Add(1)
		s.patient.Outline(corners(outline))
	})
}

// effect hears of sounds and staff screens; from the kiosk's goroutine.
func (s *screen) effect(e flow.Effect) {
	if s.voice != nil {
		s.voice.effect(e)
	}
	switch e.(type) {
	case flow.Wipe:
		s.last.wipe()
		fyne.Do(func() {
			s.wedge.Reset()
			s.forgetting.begin(time.Now())
			phi.WashStack() // of the window's goroutine
		})
	case flow.CloseStaff:
		fyne.Do(func() {
			if s.desk != nil {
				s.desk.leave()
			}
			phi.WashStack()
		})
	}
}

// run shows the window and serves it until quit. Where it could not be drawn,
// the toolkit says nothing and goes on without: examine finds that out.
func (s *screen) run(fill bool) (err error) {
	defer func() {
		if r := recover(); r != nil && s.failed == nil { // a window that never was cannot be closed either
			panic(r)
		}
		err = s.failed
	}()
	if fill {
		s.window.SetFullScreen(true)
	} else {
		s.window.Resize(s.size())
	}
	s.window.CenterOnScreen()
	s.window.ShowAndRun()
	return nil
}

// examineAfter is when OpenGL is tried out: not before the window is up, since
// that takes as long as the rest of the start.
const examineAfter = 2 * time.Second

// examine ends the kiosk when its display has no usable OpenGL.
func (s *screen) examine(display string) {
	select {
	case <-s.ctx.Done():
		return
	case <-time.After(examineAfter):
	}
	if err := glWorks(s.ctx, display); err != nil && s.ctx.Err() == nil {
		fyne.Do(func() {
			s.failed = err
			s.app.Quit()
		})
	}
}

// quit closes the window; from any goroutine.
func (s *screen) quit() { fyne.Do(s.app.Quit) }

// corners are the reader's corners as the window draws them.
func corners(p *[4]camera.Point) *[4]patient.Corner {
	if p == nil {
		return nil
	}
	var out [4]patient.Corner
	for i, c := range p {
		out[i] = patient.Corner(c)
	}
	return &out
}
