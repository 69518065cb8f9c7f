package main

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/cmd/internal/frontdesk"
	"shlkiosk/cmd/internal/watchdog"
	"shlkiosk/sync/outbox"
	"shlkiosk/ui/flow"

	"fyne.io/fyne/v2"
)

// How long a part may stand still before systemd is left without a ping.
const (
	clockStands  = 15 * time.Second // ticks five times a second
	outboxStands = 30 * time.Second // ticks every 5 s; a slow disk may hold it up
	// A dead camera may hold OpenCV for 10 s for each device that is tried.
	cameraStands = 60 * time.Second
)

// watch tells systemd that the kiosk lives and the flow whether it can serve,
// until ctx ends. It returns a function that waits for its end.
func (p *program) watch(ctx context.Context, k *engine.Kiosk, worker *outbox.Worker, health flow.Reason) (wait func()) {
	var running sync.WaitGroup
	if p.store != nil {
		running.Go(func() {
			p.store.Watch(ctx, health, func(r flow.Reason) { k.Send(flow.HealthChanged{Reason: r}) })
		})
	}
	notify, err := watchdog.FromEnv(p.call.Getenv)
	if err != nil {
		p.log.Warn("systemd is not told that the kiosk lives", "error", err)
	}
	dog := &watchdog.Watchdog{Notify: notify, OnUI: fyne.Do, Logger: p.log, Parts: []watchdog.Part{
		{Name: "clock", Limit: clockStands, Tick: func() (time.Time, bool) { return k.LastTick(), true }},
		{Name: "camera", Limit: cameraStands, Tick: k.EyesTick},
		{Name: "outbox", Limit: outboxStands, Tick: func() (time.Time, bool) {
			if worker == nil {
				return time.Time{}, false
			}
			return worker.LastTick(), true
		}},
	}}
	running.Go(func() { defer notify.Close(); dog.Run(ctx) })
	return running.Wait
}

// quitFor is how long the window may take to close when the kiosk is told to
// end. F17: together with WatchdogSec=30 and RestartSec=2 a frozen window is
// back within 35 s.
const quitFor = 3 * time.Second

// insist ends the process when its window does not close: its thread hangs.
// What the ledger has acknowledged is on disk.
func (p *program) insist(ctx context.Context, closed <-chan struct{}, exit func(code int)) {
	select {
	case <-closed:
		return
	case <-ctx.Done():
	}
	select {
	case <-closed:
	case <-time.After(quitFor):
		p.log.Error("the window does not close; ending without it")
		exit(1)
	}
}

// openDoor lets front desks on other machines in, where desk.listen is set.
func (p *program) openDoor(ctx context.Context) (*frontdesk.Door, error) {
	if p.cfg.Desk.Listen == "" {
		return nil, nil
	}
	dir := filepath.Join(p.cfg.Ledger.Dir, "desk")
	return frontdesk.OpenDoor(ctx, p.cfg.Desk.Listen, dir, p.call.Now, p.log)
}

// serve answers desks until the door's context ends; the function that it
// returns waits for that.
func (p *program) serve(door *frontdesk.Door, local *frontdesk.Local) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := door.Serve(local.Service()); err != nil {
			p.log.Error("front desks on other machines are not served", "error", err)
		}
	}()
	return func() { <-done }
}
