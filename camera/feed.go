package camera

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// FeedOptions are the numbers of a Feed. Zero fields take the default.
type FeedOptions struct {
	// Reopen is how long to wait before a missing camera is looked for again;
	// default 1 s, so that one plugged in is back well within 5 s.
	Reopen time.Duration
	// Stall is how long a live camera may bring nothing before it counts as
	// missing; default 3 s.
	Stall time.Duration
	// BlackAfter is how long pictures must be black before that is said;
	// default 1.5 s: a hand over the lens is not a fault.
	BlackAfter time.Duration
	// OnState is called from the feed's goroutines with every change.
	OnState func(State)
}

// Feed runs a Source on its own goroutine. It holds at most a handful of
// frames: whoever is slow gets the newest one and misses those before it.
// Start and Stop may be called again and again; after Stop every frame that
// the feed held is overwritten.
type Feed struct {
	source Source
	o      FeedOptions

	mu     sync.Mutex
	run    *feedRun
	state  State
	frames atomic.Uint64
	tick   atomic.Int64 // wall clock, nanoseconds; 0: nothing is expected to move
	wish   atomic.Uint32
	info   Info
	rate   meter
}

// NewFeed returns a feed that is off.
func NewFeed(source Source, o FeedOptions) *Feed {
	if o.Reopen <= 0 {
		o.Reopen = time.Second
	}
	if o.Stall <= 0 {
		o.Stall = 3 * time.Second
	}
	if o.BlackAfter <= 0 {
		o.BlackAfter = 1500 * time.Millisecond
	}
	return &Feed{source: source, o: o, state: Off}
}

// feedRun is the time between one Start and its Stop.
type feedRun struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	newest *Shot
	came   chan struct{} // closed and made anew with every frame
	pool   []*Shot
	ended  bool
}

// Shot is a frame lent out by a Feed. Release it once; after that it must not
// be touched.
type Shot struct {
	Frame
	refs int // under run.mu
	run  *feedRun
}

// Release gives the frame back.
func (s *Shot) Release() {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	s.run.drop(s)
}

// drop takes one reference away; the caller holds mu.
func (r *feedRun) drop(s *Shot) {
	s.refs--
	if s.refs > 0 {
		return
	}
	if r.ended {
		s.Wipe()
		return
	}
	r.pool = append(r.pool, s)
}

// Wish says what would help the reader to see, from the frame it had last. A
// camera that can be turned is turned by it, with care; another one ignores it.
func (f *Feed) Wish(w Wish) { f.wish.Store(uint32(w)) }

// Start turns the camera on. It returns at once; the state tells how it goes.
func (f *Feed) Start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run != nil {
		return
	}
	f.Wish(WishNone)
	ctx, cancel := context.WithCancel(context.Background())
	r := &feedRun{cancel: cancel, done: make(chan struct{}), came: make(chan struct{})}
	f.run = r
	go f.loop(ctx, r)
}

// Stop turns the camera off, waits until it is closed and overwrites the
// frames.
func (f *Feed) Stop() {
	f.mu.Lock()
	r := f.run
	f.run = nil
	f.mu.Unlock()
	if r == nil {
		return
	}
	r.cancel()
	r.mu.Lock()
	r.ended = true
	if r.newest != nil {
		r.drop(r.newest)
		r.newest = nil
	}
	for _, s := range r.pool {
		s.Wipe()
	}
	r.pool = nil
	close(r.came)
	r.mu.Unlock()
	<-r.done
	f.say(Off)
}

// Next waits for a frame that is newer than after (a Seq; 0 takes any) and
// lends it. It returns ctx's error, or io.EOF when the feed is stopped.
func (f *Feed) Next(ctx context.Context, after uint64) (*Shot, error) {
	for {
		f.mu.Lock()
		r := f.run
		f.mu.Unlock()
		if r == nil {
			return nil, io.EOF
		}
		r.mu.Lock()
		if r.ended {
			r.mu.Unlock()
			return nil, io.EOF
		}
		if s := r.newest; s != nil && s.Seq > after {
			s.refs++
			r.mu.Unlock()
			return s, nil
		}
		came := r.came
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-came:
		}
	}
}

// State is the camera's state now.
func (f *Feed) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Stats are figures for staff.
type Stats struct {
	Source string
	State  State
	Info   Info
	Frames uint64
	FPS    float64 // over the last second or so
}

// Stats returns the figures of now.
func (f *Feed) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Stats{Source: f.source.Name(), State: f.state, Info: f.info, Frames: f.frames.Load(), FPS: f.rate.perSecond()}
}

func (f *Feed) say(s State) {
	f.mu.Lock()
	changed := f.state != s
	f.state = s
	f.mu.Unlock()
	if changed && f.o.OnState != nil {
		f.o.OnState(s)
	}
}

// LastTick is when the feed last went round: a picture came, or the device was
// looked for. needed is false while the camera is off, or a film is over. A
// tick that stands means a driver that hangs.
func (f *Feed) LastTick() (at time.Time, needed bool) {
	n := f.tick.Load()
	return time.Unix(0, n), n != 0
}

// loop opens the source again and again until it is told to stop.
func (f *Feed) loop(ctx context.Context, r *feedRun) {
	defer close(r.done)
	defer f.tick.Store(0)
	f.say(Starting)
	var seq uint64
	for ctx.Err() == nil {
		f.tick.Store(time.Now().UnixNano())
		stream, err := f.source.Open(ctx)
		if err == nil {
			f.mu.Lock()
			f.info = stream.Info()
			f.mu.Unlock()
			err = f.stream(ctx, r, stream, &seq)
			stream.Close()
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, io.EOF) {
			// A film is over: what was on it stays the last picture.
			f.tick.Store(0)
			<-ctx.Done()
			return
		}
		f.say(Missing)
		select {
		case <-ctx.Done():
		case <-time.After(f.o.Reopen):
		}
	}
}

// stream reads until the stream ends or the feed is stopped. A watchdog says
// Missing while a device hangs inside its driver.
func (f *Feed) stream(ctx context.Context, r *feedRun, s Stream, seq *uint64) error {
	watch := time.AfterFunc(f.o.Stall, func() {
		if ctx.Err() == nil {
			f.say(Missing)
		}
	})
	defer watch.Stop()
	knobs, _ := s.(Knobs)
	tune := tuner{k: knobs}
	defer tune.release()
	var dark time.Time // since when pictures are black
	for ctx.Err() == nil {
		shot := r.take()
		if err := s.Read(&shot.Frame); err != nil {
			r.mu.Lock()
			shot.refs = 1
			r.drop(shot)
			r.mu.Unlock()
			return err
		}
		watch.Reset(f.o.Stall)
		f.tick.Store(time.Now().UnixNano())
		*seq++
		shot.Seq = *seq
		if shot.At.IsZero() {
			shot.At = time.Now()
		}
		state := Live
		if isBlack(&shot.Frame) {
			if dark.IsZero() {
				dark = shot.At
			}
			if shot.At.Sub(dark) >= f.o.BlackAfter {
				state = Black
			}
		} else {
			dark = time.Time{}
		}
		tune.frame(Wish(f.wish.Load()), shot.At)
		f.frames.Add(1)
		f.mu.Lock()
		f.rate.tick(shot.At)
		f.mu.Unlock()
		if !r.publish(shot) {
			return ctx.Err()
		}
		if ctx.Err() == nil {
			f.say(state)
		}
	}
	return ctx.Err()
}

// take finds a frame to fill: one that nobody holds, or a new one. With one
// being filled, one newest and one with each consumer there are never many.
func (r *feedRun) take() *Shot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.pool); n > 0 {
		s := r.pool[n-1]
		r.pool = r.pool[:n-1]
		s.At = time.Time{}
		return s
	}
	return &Shot{run: r}
}

// publish makes the shot the newest; false when the feed has been stopped.
func (r *feedRun) publish(s *Shot) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.refs = 1
	if r.ended {
		r.drop(s)
		return false
	}
	if r.newest != nil {
		r.drop(r.newest)
	}
	r.newest = s
	close(r.came)
	r.came = make(chan struct{})
	return true
}

// isBlack looks at a grid of pixels. A covered lens gives noise of a few grey
// levels, a dark room with a phone in it gives a bright patch.
func isBlack(f *Frame) bool {
	g := f.Gray
	const step, dark = 16, 28
	for y := g.Rect.Min.Y + step/2; y < g.Rect.Max.Y; y += step {
		row := g.Pix[g.PixOffset(g.Rect.Min.X, y):]
		for x := step / 2; x < g.Rect.Dx(); x += step {
			if row[x] > dark {
				return false
			}
		}
	}
	return true
}

// meter counts frames a second over the last 30 frames.
type meter struct {
	at [30]time.Time
	n  int
}

func (m *meter) tick(t time.Time) { m.at[m.n%len(m.at)] = t; m.n++ }

func (m *meter) perSecond() float64 {
	k := min(m.n, len(m.at))
	if k < 2 {
		return 0
	}
	newest := m.at[(m.n-1)%len(m.at)]
	oldest := m.at[(m.n-k)%len(m.at)]
	if span := newest.Sub(oldest).Seconds(); span > 0 {
		return float64(k-1) / span
	}
	return 0
}
