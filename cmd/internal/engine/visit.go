package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shlkiosk/camera"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/match"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/shc"
	"shlkiosk/sync/shl"
	"shlkiosk/sync/summary"
	"shlkiosk/ui/flow"
)

// Shown is what the window renders: the state, and on the screens that may
// show it the record.
type Shown struct {
	State flow.State
	View  *summary.View // nil unless State.Screen is private
}

// KioskOptions configure a Kiosk.
type KioskOptions struct {
	Core    *Core
	Chart   *Chart // nil: no server; every import waits for one
	Store   *Store // nil: nothing can be kept, the kiosk is out of service
	Machine *flow.Machine
	Camera  camera.Source // nil: wedge and paste only
	// OnShow is called from the kiosk's goroutine after every change. It must
	// not block.
	OnShow func(Shown)
	// OnEffect is told of chimes and staff screens; may be nil. Same rule.
	OnEffect func(flow.Effect)
	// OnFrame gets camera pictures for the preview, from a goroutine of its
	// own; the frame is lent for the call. May be nil.
	OnFrame func(f *camera.Frame, outline *[4]camera.Point)
	// Forget is called after the wipe of a visit, from the kiosk's goroutine; it
	// must not block. See the function Forget.
	Forget func()
	// TickEvery is the beat of time; default 200 ms.
	TickEvery time.Duration
}

// Kiosk runs patients' visits: it owns the flow's State, carries out effects
// and holds what the patient gave. Everything of a visit is touched by one
// goroutine only (Run); work that takes time runs beside it and comes back as
// a function posted to it.
type Kiosk struct {
	o    KioskOptions
	feed *camera.Feed
	wake chan struct{}
	done chan struct{}

	mu    sync.Mutex
	inbox []func()
	ended bool
	tick  atomic.Int64 // wall clock, nanoseconds

	run   context.Context // of Run
	state flow.State
	next  []flow.Event // from soon
	v     visit

	eyes   sync.WaitGroup
	closeE context.CancelFunc
	stats  eyeStats
}

// visit is what is held of one patient. wipe leaves the zero value.
type visit struct {
	ctx     context.Context
	cancel  context.CancelFunc
	link    *shl.Link
	cards   *shc.Collector
	card    string // a whole card's text
	opened  *Opened
	view    *summary.View
	leftOut []string
	birth   phi.Text
	second  phi.Text
	// What the clinic's server was found to say; for the import, never for a
	// screen.
	match      intake.Match
	candidates *match.Sealed
}

// NewKiosk returns a kiosk that is not running.
func NewKiosk(o KioskOptions) *Kiosk {
	if o.TickEvery <= 0 {
		o.TickEvery = 200 * time.Millisecond
	}
	k := &Kiosk{o: o, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if o.Camera != nil {
		k.feed = camera.NewFeed(o.Camera, camera.FeedOptions{OnState: k.cameraState})
	}
	return k
}

// Run serves visits until ctx ends, then wipes what is held.
func (k *Kiosk) Run(ctx context.Context) {
	defer close(k.done)
	phi.WashStack() // now as large as it will be
	k.run = ctx
	k.state = k.o.Machine.Start(k.now())
	k.newVisit(ctx)
	k.show()
	tick := time.NewTicker(k.o.TickEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			k.stopEyes()
			k.wipe(ctx)
			k.mu.Lock()
			k.ended, k.inbox = true, nil
			k.mu.Unlock()
			return
		case <-tick.C:
			k.tick.Store(time.Now().UnixNano())
			k.step(ctx, flow.Tick{})
		case <-k.wake:
			for f := k.take(); f != nil && ctx.Err() == nil; f = k.take() {
				f()
			}
		}
	}
}

func (k *Kiosk) now() time.Time { return k.o.Core.Env.Now() }

// post runs f on the kiosk's goroutine. It never blocks, so that the window's
// thread may call it while the kiosk waits for the window. After Run has ended
// f is dropped.
func (k *Kiosk) post(f func()) {
	k.mu.Lock()
	if !k.ended {
		k.inbox = append(k.inbox, f)
	}
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// take is the oldest thing posted, nil when there is none.
func (k *Kiosk) take() func() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.inbox) == 0 {
		return nil
	}
	f := k.inbox[0]
	k.inbox[0] = nil
	k.inbox = k.inbox[1:]
	return f
}

// Send gives an event to the flow. It never blocks.
func (k *Kiosk) Send(e flow.Event) { k.post(func() { k.step(k.run, e) }) }

// soon gives the flow an event that an effect brought about at once, after the
// step that is under way.
func (k *Kiosk) soon(e flow.Event) { k.next = append(k.next, e) }

// LeaveOut takes what the patient has left out so far.
func (k *Kiosk) LeaveOut(keys []string) {
	keys = append([]string(nil), keys...)
	k.post(func() { k.v.leftOut = keys })
}

func (k *Kiosk) step(ctx context.Context, e flow.Event) {
	k.one(ctx, e)
	for len(k.next) > 0 {
		e := k.next[0]
		k.next = k.next[1:]
		k.one(ctx, e)
	}
}

func (k *Kiosk) one(ctx context.Context, e flow.Event) {
	before := k.state
	next, effects := k.o.Machine.Step(k.state, e, k.now())
	k.state = next
	for _, eff := range effects {
		k.carryOut(ctx, eff)
	}
	if next.Visit != before.Visit {
		k.newVisit(ctx)
	}
	if next != before {
		if next.Screen != before.Screen {
			k.o.Core.Env.Logger.Debug("screen", "screen", string(next.Screen), "visit", next.Visit)
		}
		k.show()
	}
}

func (k *Kiosk) show() {
	if k.o.OnShow == nil {
		return
	}
	s := Shown{State: k.state}
	if k.state.Screen.Private() {
		s.View = k.v.view
	}
	k.o.OnShow(s)
}

func (k *Kiosk) newVisit(ctx context.Context) {
	if k.v.cancel != nil {
		k.v.cancel()
	}
	k.v = visit{}
	k.v.ctx, k.v.cancel = context.WithCancel(ctx)
}

// wipe ends everything that is held of the visit.
func (k *Kiosk) wipe(ctx context.Context) {
	k.v.link.Wipe()
	k.v.opened.Wipe()
	if k.v.cards != nil {
		k.v.cards.Reset()
	}
	k.newVisit(ctx)
	phi.WashStack()
	if k.o.Forget != nil {
		k.o.Forget()
	}
}

func (k *Kiosk) carryOut(ctx context.Context, e flow.Effect) {
	switch e := e.(type) {
	case flow.StartCamera:
		k.startEyes(ctx)
	case flow.StopCamera:
		k.stopEyes()
	case flow.Resolve:
		k.resolve(ctx, e)
	case flow.StopFetch:
		if k.v.cancel != nil {
			k.v.cancel()
			k.v.ctx, k.v.cancel = context.WithCancel(ctx)
		}
	case flow.KeepFacts:
		k.v.birth = e.BirthDate
	case flow.MatchPerson:
		k.match(ctx, e)
	case flow.Store:
		k.store(ctx, e)
	case flow.HandOver:
		k.handOver(e)
	case flow.Wipe:
		k.wipe(ctx)
	}
	if k.o.OnEffect != nil {
		k.o.OnEffect(e)
	}
}
