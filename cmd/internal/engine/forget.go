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
