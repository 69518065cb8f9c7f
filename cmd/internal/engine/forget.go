package engine

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// ForgetfulRuntime is the GODEBUG setting under which the garbage collector
// overwrites what it frees. Strings cannot be wiped in Go; with this they are,
// as soon as nobody holds them any more.
const ForgetfulRuntime = "clobberfree=1"

// Forget makes the collector find and overwrite what was dropped with a visit
// or a delivery, and gives empty pages back to the system. It takes a fraction
// of a second and runs beside everything else.
//
// What would keep a dropped request alive is let go first: connections that
// wait for the next request hold the last one in their buffers, and timers that
// were stopped (each request had one for its deadline) stay in the scheduler's
// heaps until a quarter of them are stopped ones. Pools are emptied by the
// second collection, what was in them is overwritten by the third.
func Forget(chart *Chart) {
	if chart != nil {
		chart.Client.CloseIdle()
	}
	for range 3 {
		sweepTimers()
		time.Sleep(30 * time.Millisecond) // goroutines of closed connections end
		runtime.GC()
	}
	debug.FreeOSMemory()
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
