package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Receiver is where a Shipper brings the trail, such as a FHIR server.
type Receiver interface {
	// Deliver brings one entry. again tells that an earlier try may have arrived:
	// then the receiver is asked first, so that no entry is there twice. found
	// tells that it was there already. Any error that is not a *Trouble counts as
	// Unknown.
	Deliver(ctx context.Context, e Entry, again bool) (found bool, err error)
}

// Kind is what a Trouble asks for.
type Kind int

// The kinds of trouble.
const (
	Unknown Kind = iota // the entry may have arrived: ask before trying again
	Later               // it has not arrived: try again
	Refused             // the receiver does not take such entries: stop
	Lost                // an earlier try may have arrived, and the receiver cannot be asked: never send it again
)

// Trouble is why an entry could not be delivered.
type Trouble struct {
	Kind       Kind
	Code       string        // "server-403"; goes into the trail
	RetryAfter time.Duration // what the receiver asked for; 0: nothing
	Err        error
}

func (t *Trouble) Error() string {
	if t.Err == nil {
		return "audit: " + t.Code
	}
	return "audit: " + t.Code + ": " + t.Err.Error()
}

// Unwrap gives the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// ShipperOptions set the pace. The zero value is right for a kiosk.
type ShipperOptions struct {
	Rate float64       // entries a second at most; default 2
	Tick time.Duration // how often new entries are looked for; default 5 s
	// Busy tells that something more important is under way (an import is being
	// delivered): the next entry waits a Tick. Default never.
	Busy    func() bool
	Attempt time.Duration // one entry at most; default 1 min
	Base    time.Duration // first back-off; default 5 s
	Cap     time.Duration // longest back-off; default 1 h
	// Settle is how long an entry that may have arrived is left alone: the
	// request may still be at work in the server, and asking too early finds
	// nothing. Default 10 s; negative: not at all.
	Settle time.Duration
	// Probe is how long after a refusal the receiver is tried again; default 24 h.
	Probe  time.Duration
	Now    func() time.Time // wall clock; default time.Now
	Logger *slog.Logger
	Seed   uint64       // of the jitter; 0: random
	Fail   func(string) // called at named points, for tests that kill the process
}

// Actions of the shipper's own entries.
const (
	actionStopped = "audit.ship-stopped"
	actionResumed = "audit.ship-resumed"
	actionUnsure  = "audit.ship-unsure"
	actionCut     = "audit.cut-short"
)

// Shipper brings the trail to a receiver: every entry once and in order, over
// restarts, however often either side dies. It runs beside everything else and
// holds nothing up. A receiver that does not take entries is noted once in the
// trail and in the cursor, and tried again once a day and at each start.
//
// Limit: where a receiver neither keeps a second copy out nor can be asked,
// an entry whose sending broke off is not sent again. The trail and the cursor
// say which.
type Shipper struct {
	log    *Log
	cursor *Cursor
	to     Receiver
	opt    ShipperOptions
	rand   *rand.Rand
	kick   chan struct{}

	// Only Run and Flush touch these.
	begun    bool
	doubt    bool // ask first, until an entry was not there
	failures int  // in a row
	settled  time.Time
	next     []Entry
}

// NewShipper makes a shipper of the log to the receiver of that name, a code.
func NewShipper(l *Log, name string, to Receiver, o ShipperOptions) (*Shipper, error) {
	c, err := NewCursor(l.dir, name)
	if err != nil {
		return nil, err
	}
	def := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.Tick, 5*time.Second)
	def(&o.Attempt, time.Minute)
	def(&o.Base, 5*time.Second)
	def(&o.Cap, time.Hour)
	def(&o.Settle, 10*time.Second)
	def(&o.Probe, 24*time.Hour)
	if o.Rate <= 0 {
		o.Rate = 2
	}
	if o.Busy == nil {
		o.Busy = func() bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Fail == nil {
		o.Fail = func(string) {}
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	return &Shipper{log: l, cursor: c, to: to, opt: o, rand: rand.New(rand.NewPCG(o.Seed, 2)), kick: make(chan struct{}, 1)}, nil
}

// Kick makes the shipper look and try at once, for example when the network is
// back.
func (s *Shipper) Kick() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Run ships until ctx ends.
func (s *Shipper) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.kick:
		}
		timer.Reset(s.round(ctx))
	}
}

// round ships one entry, if there is one, and says how long to wait.
func (s *Shipper) round(ctx context.Context) time.Duration {
	if s.opt.Busy() {
		return s.opt.Tick
	}
	more, err := s.one(ctx)
	switch {
	case err == nil && more:
		return time.Duration(float64(time.Second) / s.opt.Rate)
	case err == nil:
		return s.opt.Tick
	}
	if ctx.Err() == nil {
		s.opt.Logger.Warn("audit.ship", "error", err)
	}
	var t *Trouble
	if errors.As(err, &t) && t.Kind == Refused {
		return s.opt.Probe
	}
	wait := s.backoff()
	if t != nil && t.RetryAfter > 0 {
		wait = max(min(t.RetryAfter, s.opt.Cap), wait)
	}
	return wait
}

// backoff is full jitter between a second and Base doubled with each failure.
func (s *Shipper) backoff() time.Duration {
	top := s.opt.Base
	for range min(max(s.failures-1, 0), 40) {
		if top *= 2; top >= s.opt.Cap {
			break
		}
	}
	const least = time.Second // whatever the dice say, no hot loop
	top = max(min(top, s.opt.Cap), least)
	return least + time.Duration(s.rand.Int64N(int64(top-least)+1))
}

// Flush ships until nothing waits, without the pauses of Run, and returns how
// many entries it got past. The first trouble ends it.
func (s *Shipper) Flush(ctx context.Context) (n int, err error) {
	for {
		more, err := s.one(ctx)
		if err != nil || !more {
			return n, err
		}
		n++
	}
}

// one ships the next entry; more is false when there was none.
func (s *Shipper) one(ctx context.Context) (more bool, err error) {
	defer func() {
		if err != nil {
			s.failures++
			return
		}
		s.failures = 0
	}()
	if err := s.begin(); err != nil {
		return false, err
	}
	e, ok, err := s.head()
	if err != nil || !ok {
		return false, err
	}
	if err := s.settle(ctx); err != nil {
		return false, err
	}
	if err := s.cursor.Begin(e); err != nil {
		return false, err
	}
	s.opt.Fail("ship.before")
	try, cancel := context.WithTimeout(ctx, s.opt.Attempt)
	found, err := s.to.Deliver(try, e, s.doubt)
	cancel()
	s.opt.Fail("ship.after")
	if err != nil {
		return true, s.failed(e, err)
	}
	was, err := s.cursor.Position()
	if err == nil {
		err = s.cursor.Done(e)
	}
	if err != nil {
		s.doubt = true // it is there, and the disk does not know
		return false, err
	}
	s.opt.Fail("ship.done")
	s.doubt = s.doubt && found
	s.next = s.next[1:]
	if was.Stopped != "" {
		s.note(actionResumed, "ok", "stopped", was.Stopped)
	}
	return true, nil
}

// failed takes in why an entry did not arrive. nil: go on with the next.
func (s *Shipper) failed(e Entry, err error) error {
	var t *Trouble
	if !errors.As(err, &t) {
		t = &Trouble{Kind: Unknown, Code: "no-answer", Err: err}
	}
	switch t.Kind {
	case Unknown:
		s.doubt, s.settled = true, time.Now().Add(s.opt.Settle)
		return t
	case Refused:
		was, perr := s.cursor.Position()
		if perr = errors.Join(perr, s.cursor.Stop(t.Code, s.opt.Now())); perr != nil {
			return perr
		}
		if was.Stopped != t.Code {
			s.note(actionStopped, t.Code, "seq", fmt.Sprint(e.Seq))
		}
		return t
	case Lost:
		if err := s.cursor.Skip(e); err != nil {
			return err
		}
		s.doubt, s.next = false, s.next[1:]
		if e.Action != actionUnsure { // one note does not bring forth the next
			s.note(actionUnsure, t.Code, "seq", fmt.Sprint(e.Seq))
		}
		return nil
	}
	return t
}

// begin looks where an earlier process ended.
func (s *Shipper) begin() error {
	if s.begun {
		return nil
	}
	p, err := s.cursor.Position()
	var broken *Error
	switch {
	case errors.As(err, &broken) && broken.Reason == ReasonBroken:
		if err := s.cursor.Restart(); err != nil {
			return err
		}
		s.doubt = true
	case err != nil:
		return err
	case p.Trying > 0:
		s.doubt, s.settled = true, time.Now().Add(s.opt.Settle)
	}
	if p.Seq > 0 {
		at, err := List(s.log.dir, Query{After: p.Seq - 1, Limit: 1})
		if err != nil {
			return err
		}
		if len(at) == 0 || at[0].Seq != p.Seq || at[0].Hash != p.Hash {
			// What was sent is no longer what is here: lines were cut off, or the
			// whole trail was replaced. The receiver keeps the old ones.
			if err := s.cursor.Restart(); err != nil {
				return err
			}
			s.doubt = true
			s.note(actionCut, "noted", "sent", fmt.Sprint(p.Seq))
		}
	}
	s.begun = true
	return nil
}

// head is the next entry to be sent. Only what is surely on disk is sent: a
// line that a power cut takes back must not be at the receiver.
func (s *Shipper) head() (Entry, bool, error) {
	if len(s.next) == 0 {
		p, err := s.cursor.Position()
		if err != nil {
			return Entry{}, false, err
		}
		last, _ := s.log.Last()
		if last <= p.Seq {
			return Entry{}, false, nil
		}
		all, err := List(s.log.dir, Query{After: p.Seq, Limit: 100})
		if err != nil {
			return Entry{}, false, err
		}
		for len(all) > 0 && all[len(all)-1].Seq > last {
			all = all[:len(all)-1]
		}
		s.next = all
	}
	if len(s.next) == 0 {
		return Entry{}, false, nil
	}
	return s.next[0], true, nil
}

// settle waits until what may be under way has surely ended.
func (s *Shipper) settle(ctx context.Context) error {
	left := time.Until(s.settled)
	if !s.doubt || left <= 0 {
		return nil
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// note appends an entry of the shipper's own. That it cannot be written shows
// elsewhere: the disk is full for everybody.
func (s *Shipper) note(action, result, name, value string) {
	if _, err := s.log.Append(Event{Actor: "kiosk", Action: action, Result: result, Detail: map[string]string{name: value}}); err != nil {
		s.opt.Logger.Error("audit entry not written", "action", action, "error", err)
	}
}
