package watchdog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Part is something that must keep moving.
type Part struct {
	Name string // a code for the log
	// Tick is when the part last went round. needed is false while the part has
	// nothing to do: a camera that is off.
	Tick func() (at time.Time, needed bool)
	// Limit is how long the same tick may stand. Default 15 s.
	Limit time.Duration
}

// Watchdog pings systemd.
type Watchdog struct {
	Notify *Notifier
	Parts  []Part
	// OnUI runs f on the window's thread, without waiting for it (fyne.Do).
	OnUI   func(f func())
	Logger *slog.Logger // default: none

	mu      sync.Mutex
	waiting bool // a closure is with the window's thread
	sent    int  // pings
	seen    []moved
}

// moved is a part's newest tick and when it was first seen.
type moved struct {
	tick time.Time
	at   time.Time // monotonic
	said bool      // that it stands was logged
}

// defaultEvery is the beat when systemd expects none: it still says READY=1.
const defaultEvery = 10 * time.Second

// Run pings until ctx ends, three times as often as systemd asks for, and then
// says that the kiosk stops. The first message says that it is ready. With a
// nil Notify it returns at once.
func (w *Watchdog) Run(ctx context.Context) {
	if w.Notify == nil {
		return
	}
	if w.Logger == nil {
		w.Logger = slog.New(slog.DiscardHandler)
	}
	every := w.Notify.Every / 3
	if every <= 0 {
		every = defaultEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		w.ask()
		select {
		case <-ctx.Done():
			_ = w.Notify.Send("STOPPING=1")
			return
		case <-tick.C:
		}
	}
}

// ask puts one closure before the window's thread, and no second one while the
// first waits there.
func (w *Watchdog) ask() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting {
		return
	}
	w.waiting = true
	// A toolkit may run the closure at once: on a goroutine of its own it can
	// take the lock.
	go w.OnUI(w.beat)
}

// beat runs on the window's thread.
func (w *Watchdog) beat() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = false
	if !w.moving(time.Now()) {
		return
	}
	message := []string{"WATCHDOG=1"}
	if w.sent == 0 {
		message = append(message, "READY=1")
	}
	if err := w.Notify.Send(message...); err != nil {
		w.Logger.Warn("watchdog.not-sent", "error", err)
		return
	}
	w.sent++
}

// Sent counts the pings so far.
func (w *Watchdog) Sent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// moving tells whether every part that must has ticked within its limit.
func (w *Watchdog) moving(now time.Time) bool {
	if w.seen == nil {
		w.seen = make([]moved, len(w.Parts))
	}
	all := true
	for i, p := range w.Parts {
		s := &w.seen[i]
		tick, needed := p.Tick()
		if !needed || s.at.IsZero() || !tick.Equal(s.tick) {
			*s = moved{tick: tick, at: now}
			continue
		}
		limit := p.Limit
		if limit <= 0 {
			limit = 15 * time.Second
		}
		if now.Sub(s.at) > limit {
			all = false
			if !s.said {
				s.said = true
				w.Logger.Error("watchdog.stands", "part", p.Name)
			}
		}
	}
	return all
}
