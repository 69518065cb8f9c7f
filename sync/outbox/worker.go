package outbox

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"shlkiosk/sync/phi"
)

// WorkerOptions sets the pace. The zero value is right for a kiosk.
type WorkerOptions struct {
	// Concurrency is how many deliveries of different lanes go on side by side.
	// Default 1: two imports at once may both find that the chart lacks something
	// they share (the kiosk's Device, a patient who came with two links) and both
	// make it. One at a time a kiosk still delivers thousands a day.
	Concurrency int
	Rate        float64       // deliveries begun per second at most; default 2
	Attempt     time.Duration // one delivery at most; default 5 min
	Base        time.Duration // first back-off of a record; default 2 s
	Cap         time.Duration // longest back-off of a record; default 1 h
	// After Trip failures in a row, whatever the records, the server counts as
	// down: then one delivery at a time probes it, with a back-off of its own up
	// to ProbeCap. The first success lets all waiting records go, at Rate.
	Trip     int           // default 3
	ProbeCap time.Duration // default 5 min
	Grace    time.Duration // for running deliveries after ctx ends; default 20 s
	// Settle is how long a record that an earlier process was sending when it died
	// is left alone after that: its last request may still be at work in the
	// server, and looking for it too early finds nothing. Default 10 s; negative:
	// not at all.
	Settle time.Duration
	// Keep is how long a verified or expired record stays listed, for its
	// receipt. Default 7 days; negative: it is deleted at once.
	Keep time.Duration
	Tick time.Duration // LastTick is never older than this while all is well; default 5 s
	// OnEvent is told of every delivery that ended, for audit and screens. It is
	// called from several goroutines.
	OnEvent func(Event)
	Logger  *slog.Logger
	Seed    uint64 // of the jitter; 0: random
}

// Event is one delivery that ended.
type Event struct {
	ID       ID
	Code     string
	From, To State
	Reason   string
	Attempt  int
	Retry    time.Duration // until the next try; 0 when there is none
	Err      error
}

// Worker delivers what a ledger holds. Within a lane records go in the order in
// which they came; one that waits for its next try holds back those behind it,
// one that is parked does not (a person may take days).
type Worker struct {
	l   *Ledger
	d   Deliverer
	opt WorkerOptions

	kick  chan struct{}
	ended chan ended
	tick  atomic.Int64 // wall clock, nanoseconds

	// Only Run touches these. Times carry the monotonic clock: a jump of the
	// wall clock moves no retry.
	due      map[ID]due
	running  map[ID]string // lane of each delivery under way
	failures int           // in a row
	gate     time.Time     // nothing starts before
	pace     time.Time     // nor before this: Rate
	last     time.Time     // start of the last delivery
	tended   time.Time
	wall     clockWatch
	rand     *rand.Rand
}

type due struct {
	version uint64
	at      time.Time
	firm    bool // not made earlier by Kick
}

type ended struct {
	id      ID
	version uint64
	ok      bool
	asked   time.Duration // the server's Retry-After
	retry   time.Duration
	err     error // of the ledger
}

// NewWorker makes a worker; Run starts it.
func NewWorker(l *Ledger, d Deliverer, o WorkerOptions) *Worker {
	def := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.Attempt, 5*time.Minute)
	def(&o.Base, 2*time.Second)
	def(&o.Cap, MaxRetryAfter)
	def(&o.ProbeCap, 5*time.Minute)
	def(&o.Grace, 20*time.Second)
	def(&o.Settle, 10*time.Second)
	def(&o.Keep, 7*24*time.Hour)
	def(&o.Tick, 5*time.Second)
	if o.Concurrency <= 0 {
		o.Concurrency = 1
	}
	if o.Rate <= 0 {
		o.Rate = 2
	}
	if o.Trip <= 0 {
		o.Trip = 3
	}
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	return &Worker{
		l: l, d: d, opt: o, kick: make(chan struct{}, 1), ended: make(chan ended, o.Concurrency),
		due: map[ID]due{}, running: map[ID]string{}, rand: rand.New(rand.NewPCG(o.Seed, 0)),
	}
}

// Kick makes everything that waits due now, for example when the network is
// back. The pace stays as it is.
func (w *Worker) Kick() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// Pause stops new deliveries until Resume, over restarts too. by is the ID of
// the member of staff.
func (w *Worker) Pause(by string) error { return w.l.SetPaused(by) }

// Resume lets deliveries go on.
func (w *Worker) Resume() error { return w.l.SetPaused("") }

// LastTick is when Run last went round, for the watchdog: much older than
// WorkerOptions.Tick means that it hangs.
func (w *Worker) LastTick() time.Time { return time.Unix(0, w.tick.Load()) }

// Run delivers until ctx ends, then gives running deliveries their grace and
// returns nil. It returns an error when the ledger is out of service.
func (w *Worker) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		changed := w.l.Changed() // before looking, so that nothing is missed
		wait, err := w.round(ctx, work)
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, w.drain(cancel))
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-changed:
		case <-w.kick:
			w.letGo()
		case e := <-w.ended:
			if err := w.learn(e); err != nil {
				return errors.Join(err, w.drain(cancel))
			}
		}
	}
}

// round starts what may start and says how long there is nothing to do.
func (w *Worker) round(ctx, work context.Context) (time.Duration, error) {
	now := time.Now()
	w.tick.Store(now.UnixNano())
	w.wall.look(w.l, now)
	if err := w.tend(now); err != nil {
		return 0, err
	}
	for ctx.Err() == nil {
		if w.l.Paused() != "" {
			return w.opt.Tick, nil
		}
		limit := w.opt.Concurrency
		if w.failures >= w.opt.Trip {
			limit = 1
		}
		if len(w.running) >= limit {
			return w.opt.Tick, nil
		}
		now = time.Now()
		if wait := max(w.gate.Sub(now), w.pace.Sub(now)); wait > 0 {
			return min(wait, w.opt.Tick), nil
		}
		h, wait, ok := w.next(now)
		if !ok {
			return min(wait, w.opt.Tick), nil
		}
		if err := w.start(work, h, now); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// next picks the head of a lane that is due longest.
func (w *Worker) next(now time.Time) (Header, time.Duration, bool) {
	w.l.mu.Lock()
	defer w.l.mu.Unlock()
	heads := map[string]*entry{}
	var free []*entry
	for _, e := range w.l.index {
		switch {
		case !e.State.Waiting():
		case e.Lane == "":
			free = append(free, e)
		case heads[e.Lane] == nil || e.Seq < heads[e.Lane].Seq:
			heads[e.Lane] = e
		}
	}
	for _, e := range heads {
		free = append(free, e)
	}
	wall := w.l.clock()
	var best *entry
	var bestAt time.Time
	wait := w.opt.Tick
	for _, e := range free {
		if _, busy := w.running[e.ID]; busy {
			continue
		}
		d, known := w.due[e.ID]
		if !known || d.version != e.Version {
			// From an earlier process, or changed by staff: the stored wall time
			// says how long to wait, within reason.
			d = due{version: e.Version, at: now.Add(min(max(e.Next.Sub(wall), 0), w.opt.Cap))}
			if left := min(e.Updated.Add(w.opt.Settle).Sub(wall), w.opt.Settle); e.State == Sending && left > 0 {
				d.at, d.firm = now.Add(left), true
			}
			w.due[e.ID] = d
		}
		if left := d.at.Sub(now); left > 0 {
			wait = min(wait, left)
			continue
		}
		if best == nil || d.at.Before(bestAt) || d.at.Equal(bestAt) && e.Seq < best.Seq {
			best, bestAt = e, d.at
		}
	}
	if best == nil {
		return Header{}, wait, false
	}
	return best.Header, 0, true
}

// start writes "sending" down and begins a delivery.
func (w *Worker) start(work context.Context, h Header, now time.Time) error {
	job, err := w.l.claim(h.ID)
	var e *Error
	switch {
	case err == nil:
	case errors.As(err, &e) && (e.Reason == ReasonInUse || e.Reason == ReasonNotFound || e.Reason == ReasonState):
		return nil // staff was quicker
	case errors.As(err, &e) && (e.Reason == ReasonDamaged || e.Reason == ReasonGone):
		w.opt.OnEvent(Event{ID: h.ID, Code: h.Code, From: h.State, To: Parked, Reason: string(ReasonDamaged), Attempt: h.Attempts})
		return w.l.Park(h.ID, string(ReasonDamaged))
	case errors.As(err, &e) && e.Reason == ReasonDiskFull:
		w.gate = now.Add(w.opt.Tick)
		return nil
	default:
		return err
	}
	w.running[h.ID] = h.Lane
	w.last = now
	w.pace = now.Add(time.Duration(float64(time.Second) / w.opt.Rate))
	ctx, cancel := context.WithTimeout(work, w.opt.Attempt)
	seed := w.rand.Uint64()
	go func() {
		defer cancel()
		w.ended <- w.deliver(ctx, h, job, rand.New(rand.NewPCG(seed, 1)))
	}()
	return nil
}

// deliver runs one delivery and writes its outcome down.
func (w *Worker) deliver(ctx context.Context, h Header, job Job, r *rand.Rand) ended {
	defer phi.Wipe(job.Body)
	out := w.call(ctx, job)
	if out.Reason != "" && !ValidReason(out.Reason) {
		out.Reason = "unspecified" // whatever it was, it was not a code
	}
	e := ended{id: h.ID}
	switch out.State {
	case Verified, Parked:
		e.ok = true
	case Delivered:
		e.ok = true
		e.retry = backoff(h.Streak+1, w.opt.Base, w.opt.Cap, r)
	default:
		out.State = Queued
		e.retry = backoff(h.Streak+1, w.opt.Base, w.opt.Cap, r)
	}
	if out.RetryAfter > 0 {
		e.asked = min(out.RetryAfter, MaxRetryAfter)
		// A little later than asked, so that a clinic's kiosks do not come back in
		// the same second.
		e.retry = max(e.asked+time.Duration(r.Int64N(int64(e.asked/10)+1)), minRetry)
	}
	var version uint64
	version, e.err = w.l.settle(h.ID, out, e.retry)
	e.version = version
	w.opt.Logger.Info("outbox.delivery", "id", h.ID, "to", out.State, "reason", out.Reason, "attempt", job.Attempt)
	w.opt.OnEvent(Event{ID: h.ID, Code: h.Code, From: h.State, To: out.State, Reason: out.Reason, Attempt: job.Attempt, Retry: e.retry, Err: out.Err})
	return e
}

// call keeps a panic of the deliverer from taking the kiosk down. Its text may
// hold anything and goes nowhere.
func (w *Worker) call(ctx context.Context, job Job) (out Outcome) {
	defer func() {
		if p := recover(); p != nil {
			out = Outcome{State: Parked, Reason: "delivery-panic"}
		}
	}()
	return w.d.Deliver(ctx, job)
}

// learn takes in how a delivery ended.
func (w *Worker) learn(e ended) error {
	delete(w.running, e.id)
	now := time.Now()
	w.due[e.id] = due{version: e.version, at: now.Add(e.retry)}
	if e.ok && e.asked == 0 {
		if w.failures >= w.opt.Trip {
			w.letGo()
		}
		w.failures = 0
	} else if !e.ok {
		w.failures++
		if w.failures >= w.opt.Trip {
			w.gate = now.Add(backoff(w.failures-w.opt.Trip+1, w.opt.Base, w.opt.ProbeCap, w.rand))
		}
	}
	if e.asked > 0 {
		if until := now.Add(e.retry); until.After(w.gate) {
			w.gate = until
		}
	}
	var le *Error
	switch {
	case e.err == nil, errors.As(e.err, &le) && le.Reason == ReasonNotFound:
		return nil
	case errors.As(e.err, &le) && le.Reason == ReasonDiskFull:
		// The outcome could not be written down; the record still says "sending"
		// and is looked up at the server next time.
		w.gate = now.Add(w.opt.Tick)
		return nil
	}
	return e.err
}

// letGo makes everything due now, at the usual pace and at least minRetry after
// the last start.
func (w *Worker) letGo() {
	now := time.Now()
	w.gate = time.Time{}
	if floor := w.last.Add(minRetry); w.failures > 0 && floor.After(now) {
		w.gate = floor
	}
	for id, d := range w.due {
		if d.at.After(now) && !d.firm {
			w.due[id] = due{version: d.version, at: now}
		}
	}
}
