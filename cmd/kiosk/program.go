package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shlkiosk/camera"
	"shlkiosk/cmd/internal/cli"
	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/words"
)

func runVerb() cli.Verb {
	return cli.Verb{Name: "run", Short: "the kiosk, as configured",
		Long: `Needs a display with OpenGL and a complete configuration ('kiosk config check').
Ends with SIGTERM; imports that wait are delivered at the next start. After three
starts within ten minutes that came to nothing it shows 'kiosk sorry' for a while.`,
		Run: func(ctx context.Context, c *cli.Call) error {
			begun := startsIn(c.Getenv)
			if begun.begin(c.Now()) {
				defer begun.good() // the next one is tried as if it were the first
				return showSorry(ctx, c, sorryFor)
			}
			cfg, err := c.Config(config.NeedAll, nil)
			if err != nil {
				return err
			}
			if err := readyForWindow(c); err != nil {
				return err
			}
			// From here on what a crash writes goes through a filter that lets no
			// data pass, into a file beside the ledger.
			if err := os.MkdirAll(cfg.Ledger.Dir, 0o700); err == nil {
				if log, err := phi.GuardCrashes(filepath.Join(cfg.Ledger.Dir, "crash.txt")); err == nil {
					c.Stderr = log
				}
			}
			p := &program{cfg: cfg, call: c, camera: deviceOf(cfg.Camera), file: c.ConfigFile()}
			served := time.AfterFunc(goodAfter, begun.good)
			defer served.Stop()
			if err = p.run(ctx); err == nil {
				begun.good()
			}
			return err
		}}
}

// readyForWindow is what goes before a window that shows patients' data: a
// display that answers, and no core dumps. Whether it has OpenGL is found out
// beside the window (see screen.examine).
func readyForWindow(c *cli.Call) error {
	if !displayAnswers(c.Getenv("DISPLAY")) {
		return errNoDisplay
	}
	if err := phi.Harden(); err != nil {
		fmt.Fprintf(c.Stderr, "core dumps could not be turned off: %v\n", err)
	}
	return nil
}

// program is one run of the kiosk with its window.
type program struct {
	cfg    config.Config
	call   *cli.Call
	camera camera.Source

	demo    *demoWorld    // nil: for real
	auto    bool          // a demo patient walks by itself
	virtual bool          // on a display of our own, which the window fills
	screen  framebuffer   // with virtual: what that display shows
	story   string        // which demo patient
	by      string        // how they walk
	preview time.Duration // how long the preview is measured first
	out     string

	file  string // the configuration file, for the staff's settings
	core  *engine.Core
	chart *engine.Chart
	store *engine.Store
	log   *slog.Logger
}

func (p *program) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.log = p.logger()
	var err error
	if p.core, err = engine.NewCore(p.cfg, engine.Env{Now: p.call.Now, Logger: p.log, Getenv: p.call.Getenv, Demo: p.demo != nil}); err != nil {
		return err
	}
	if p.chart, err = p.core.NewChart(false); err != nil {
		return err
	}
	cat, err := words.Load()
	if err != nil {
		return fmt.Errorf("loading the words: %w", err)
	}
	// A kiosk without its ledger still comes up, out of service, so that the
	// patient reads words and staff read why.
	health := flow.ReasonNone
	p.store, err = p.core.OpenStore()
	if err != nil {
		health = engine.StoreReason(err)
		p.log.Error("the ledger cannot be used", "reason", string(health))
		fmt.Fprintf(p.call.Stderr, "the ledger cannot be used: %v\n", err)
		if p.demo != nil {
			return err
		}
	} else {
		defer p.store.Close()
	}
	forget := engine.NewForgetter(p.chart)
	var worker *outbox.Worker
	ended := make(chan error, 1)
	if p.store != nil {
		worker = p.store.NewWorker(p.chart, forget.Later)
		go func() { ended <- worker.Run(ctx) }()
		shipped, err := p.store.Ship(ctx, p.chart)
		if err != nil {
			return err
		}
		defer shipped() // before the store is closed
		p.store.Note("kiosk", "kiosk.started", "", "ok", "")
	} else {
		ended <- nil
	}

	s := newScreen(ctx, p.cfg, cat, p.log)
	machine := flow.New(p.flowOptions())
	k := engine.NewKiosk(engine.KioskOptions{Core: p.core, Chart: p.chart, Store: p.store, Machine: machine,
		Camera: p.camera, OnShow: s.show, OnFrame: s.frame, OnEffect: s.effect,
		Forget: forget.Now})
	err = p.show(ctx, cancel, s, k, worker, health)
	cancel()
	if werr := <-ended; err == nil && werr != nil && !errors.Is(werr, context.Canceled) {
		err = werr
	}
	return err
}

// show runs the window until it is closed or ctx ends.
func (p *program) show(ctx context.Context, cancel func(), s *screen, k *engine.Kiosk, worker *outbox.Worker, health flow.Reason) error {
	s.attach(k, p)
	if p.store != nil {
		door, shut := p.openDoor(ctx)
		if shut != nil { // patients come first: the kiosk runs, and staff read why
			p.log.Error("front desks on other machines cannot come in", "error", shut)
		}
		d, err := p.localDesk(s, k, worker, door, shut)
		if err != nil {
			return err
		}
		s.desk = s.newDesk(d, k)
		s.app.Settings().SetTheme(clearing{s.desk.window.Theme()})
		if door != nil {
			defer p.serve(door, d)()
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); k.Run(ctx) }()
	go s.beat()
	k.Send(flow.HealthChanged{Reason: health})
	defer p.watch(ctx, k, worker, health)()
	closed := make(chan struct{})
	go p.insist(ctx, closed, os.Exit)
	var walked error
	if p.auto {
		go func() {
			walked = (&walker{p: p, s: s, k: k}).walk(ctx)
			s.quit()
			p.leave(walked, closed)
		}()
	} else if p.demo != nil {
		s.demoWindow(p.demo, k)
	} else {
		go s.examine(p.call.Getenv("DISPLAY"))
	}
	go func() { <-ctx.Done(); s.quit() }()
	failed := s.run(p.cfg.Display.Fullscreen || p.virtual)
	close(closed)
	cancel()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		return errors.New("the kiosk did not end within 5 s")
	}
	if failed != nil {
		return failed
	}
	return walked
}

// leave ends a walk whose window does not close: now and then the toolkit does
// not come back from Quit on a virtual display. The walk is over, its pictures
// and its receipt are written, and its verdict is the exit code.
func (p *program) leave(walked error, closed <-chan struct{}) {
	select {
	case <-closed:
		return
	case <-time.After(quitFor):
	}
	code := cli.ExitOK
	if walked != nil {
		fmt.Fprintf(p.call.Stderr, "kiosk demo: %v\n", walked)
		code = cli.ExitFailed
	}
	p.log.Warn("the window did not close; ending without it")
	os.RemoveAll(p.demo.made) // never what the configuration names: that may be anything
	os.Exit(code)
}

func (p *program) flowOptions() flow.Options {
	i := p.cfg.Idle
	return flow.Options{Languages: p.cfg.Languages, Theme: p.cfg.Display.Theme, AskFact: p.cfg.Identity.AskFact,
		IdleScan: i.Scan, IdlePasscode: i.Passcode, IdleReview: i.Review, Warn: i.Warn, IdleStaff: i.Staff,
		ShowDone: i.Done, ShowDesk: i.Desk, FetchLimit: p.cfg.Retrieval.Timeout}
}

func (p *program) logger() *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[p.cfg.Log.Level]
	l := slog.New(slog.NewTextHandler(p.call.Stderr, &slog.HandlerOptions{Level: level}))
	quietToolkit(l)
	return l
}

// quietToolkit takes what the toolkit complains about on the standard log: what
// it looked for and did not find (no D-Bus, no theme of a desktop).
func quietToolkit(l *slog.Logger) {
	log.SetFlags(0)
	log.SetOutput(toolkit{l})
}

// toolkit takes the toolkit's own log lines.
type toolkit struct{ log *slog.Logger }

func (t toolkit) Write(line []byte) (int, error) {
	t.log.Debug("toolkit", "line", strings.TrimSpace(string(line)))
	return len(line), nil
}
