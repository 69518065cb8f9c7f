package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shlkiosk/camera"
	"shlkiosk/camera/qr"
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

// startEyes turns the camera on: one goroutine reads codes, one feeds the
// preview, so that a hard search never holds the picture up.
func (k *Kiosk) startEyes(ctx context.Context) {
	k.stopEyes()
	if k.feed == nil {
		k.soon(flow.CameraChanged{Camera: flow.CameraMissing})
		return
	}
	eyes, cancel := context.WithCancel(ctx)
	k.closeE = cancel
	k.feed.Start()
	out := &outline{}
	k.eyes.Add(2)
	go k.read(ctx, eyes, out)
	go k.preview(eyes, out)
}

func (k *Kiosk) stopEyes() {
	if k.closeE == nil {
		return
	}
	k.closeE()
	k.closeE = nil
	k.feed.Stop()
	k.eyes.Wait()
}

// outline hands the newest outline from the reader to the preview.
type outline struct {
	mu sync.Mutex
	at *[4]camera.Point
}

func (o *outline) set(p *[4]camera.Point) { o.mu.Lock(); o.at = p; o.mu.Unlock() }
func (o *outline) get() *[4]camera.Point  { o.mu.Lock(); defer o.mu.Unlock(); return o.at }

func (k *Kiosk) read(ctx, eyes context.Context, out *outline) {
	defer k.eyes.Done()
	reader := qr.NewReader(qr.Options{Wanted: IsHealthCode})
	defer reader.Close()
	var last uint64
	for {
		shot, err := k.feed.Next(eyes, last)
		if err != nil {
			return
		}
		last = shot.Seq
		res := reader.Frame(shot.Frame)
		shot.Release()
		k.stats.frame(res.Millis, len(res.Readings), aims[res.Hint])
		out.set(res.Outline)
		k.seen(ctx, eyes, res)
	}
}

// seen turns what one frame brought into events.
func (k *Kiosk) seen(ctx, eyes context.Context, res qr.Result) {
	// What was decoded while the camera was being turned off is dropped: it
	// would begin the next visit with the last one's code.
	post := func(f func()) {
		k.post(func() {
			if eyes.Err() == nil {
				f()
			}
		})
	}
	post(func() {
		if aim := aims[res.Hint]; k.state.Aim != aim {
			k.step(ctx, flow.Aimed{Aim: aim})
		}
	})
	health := map[string]bool{}
	other := ""
	for _, r := range res.Readings {
		if IsHealthCode(r.Text) {
			health[r.Text] = true
		} else {
			other = r.Text
		}
	}
	switch {
	case len(health) > 1 && !allChunks(health):
		post(func() { k.step(ctx, flow.Scanned{Kind: flow.CodeOther, Reason: flow.ReasonTwoCodes}) })
	case len(health) > 0:
		for text := range health {
			post(func() { k.text(ctx, text) })
		}
	case other != "":
		post(func() { k.text(ctx, other) })
	}
}

var aims = map[qr.Hint]flow.Aim{qr.HintNone: flow.AimNone, qr.HintNearer: flow.AimNearer, qr.HintFarther: flow.AimFarther,
	qr.HintHoldStill: flow.AimStill, qr.HintBrightness: flow.AimDimmer, qr.HintOneCode: flow.AimOneCode}

func (k *Kiosk) preview(eyes context.Context, out *outline) {
	defer k.eyes.Done()
	var last uint64
	for {
		shot, err := k.feed.Next(eyes, last)
		if err != nil {
			return
		}
		last = shot.Seq
		if k.o.OnFrame != nil {
			k.o.OnFrame(&shot.Frame, out.get())
		}
		shot.Release()
	}
}

func (k *Kiosk) cameraState(s camera.State) {
	to := map[camera.State]flow.Camera{camera.Off: flow.CameraOff, camera.Starting: flow.CameraStarting,
		camera.Live: flow.CameraLive, camera.Missing: flow.CameraMissing, camera.Black: flow.CameraBlack}[s]
	if s == camera.Off {
		return // said by the flow itself, which turned it off
	}
	// The feed calls from its own goroutine and Stop waits for that, so this
	// must not wait for the kiosk's.
	go k.post(func() { k.step(k.run, flow.CameraChanged{Camera: to}) })
}

// eyeStats are figures for staff.
type eyeStats struct {
	mu     sync.Mutex
	frames int
	read   int
	aim    flow.Aim
	millis float64 // exponential mean
}

func (s *eyeStats) frame(ms float64, read int, aim flow.Aim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames++
	s.read += read
	s.aim = aim
	if s.frames == 1 {
		s.millis = ms
		return
	}
	s.millis += (ms - s.millis) / 16
}

// Figures are the camera's and the reader's, for staff.
type Figures struct {
	Camera   camera.Stats
	ReaderMS float64 // one frame, a running mean
	Read     int     // codes read since the start
	Aim      flow.Aim
}

// Figures returns those of now. It may be called from any goroutine.
func (k *Kiosk) Figures() Figures {
	var f Figures
	if k.feed != nil {
		f.Camera = k.feed.Stats()
	}
	k.stats.mu.Lock()
	defer k.stats.mu.Unlock()
	f.ReaderMS, f.Read, f.Aim = k.stats.millis, k.stats.read, k.stats.aim
	return f
}
