package engine

import (
	"runtime"
	"sync"
	"time"

	"shlkiosk/sync/phi"
)

// Forget finds and overwrites what was dropped with a visit or a delivery, see
// phi.WashFreed. It takes a fraction of a second and runs beside everything else.
//
// What would keep a dropped request alive is let go first: connections that
// wait for the next request hold the last one in their buffers, and timers that
// were stopped (each request had one for its deadline) stay in the scheduler's
// heaps until a quarter of them are stopped ones.
func Forget(chart *Chart) {
	if chart != nil {
		chart.Client.CloseIdle()
	}
	for range 2 {
		sweepTimers()
		time.Sleep(30 * time.Millisecond) // goroutines of closed connections end
		phi.WashFreed()
	}
}

// Forgetter calls Forget beside everything else, once for many requests.
type Forgetter struct {
	chart *Chart
	mu    sync.Mutex
	timer *time.Timer // of the next Forget that waits
	since time.Time   // of the first request that waits for it
	busy  bool
	again bool // asked for while busy
}

// How long after a delivery its remains are overwritten: when the next delivery
// has not begun in between, but not for ever.
const (
	forgetAfter  = 2 * time.Second
	forgetWithin = 20 * time.Second
)

// NewForgetter makes a Forgetter for a chart's connections; nil for none.
func NewForgetter(chart *Chart) *Forgetter { return &Forgetter{chart: chart} }

// Now forgets at once, beside the caller: a visit has been wiped.
func (f *Forgetter) Now() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
	f.start()
}

// Later forgets when nobody has asked for it for a while: a delivery has ended,
// and more may follow.
func (f *Forgetter) Later() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer == nil {
		f.since = time.Now()
	} else {
		f.timer.Stop()
	}
	f.timer = time.AfterFunc(min(forgetAfter, max(0, forgetWithin-time.Since(f.since))), f.Now)
}

// start is called with mu held.
func (f *Forgetter) start() {
	if f.busy {
		f.again = true
		return
	}
	f.busy = true
	go func() {
		for again := true; again; {
			Forget(f.chart)
			f.mu.Lock()
			again, f.again = f.again, false
			f.busy = again
			f.mu.Unlock()
		}
	}()
}

// sweepTimers leaves so many stopped timers on every processor that the
// scheduler clears its heaps of them.
func sweepTimers() {
	var wg sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var stopped [64]*time.Timer
			for i := range stopped {
				stopped[i] = time.AfterFunc(time.Hour, func() {})
			}
			for _, t := range stopped {
				t.Stop()
			}
			time.Sleep(5 * time.Millisecond) // gives the processor back: it looks at its timers
		})
	}
	wg.Wait()
}
