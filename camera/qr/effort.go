package qr

import (
	"sync/atomic"
	"time"
)

// effort is the budget of one search. It is counted, not clocked: each step
// spends what it costs on the reference machine in nanoseconds, so that the
// same picture gives the same answer on a busy machine too.
type effort struct {
	left  int64
	spent int64
	stop  *atomic.Bool // set from outside: give up
}

func newEffort(d time.Duration) *effort { return &effort{left: int64(d)} }

func (e *effort) spend(ns int64) { e.left -= ns; e.spent += ns }

func (e *effort) over() bool { return e.left <= 0 || e.stop != nil && e.stop.Load() }

// What the primitives cost, measured with BenchmarkPrimitives.
const (
	costRing  = 300 // one correlation with the finder pattern
	costTap   = 8   // one module of the fit's score
	costTake  = 40  // sampling one module with five taps
	costLevel = 45  // thresholding one module
	costTrain = 280 // one row of the equaliser's normal equations
	costApply = 32  // one module through the equaliser
	costScan  = 3   // one pixel of a line scan with what hangs on it
	costStat  = 4   // one pixel looked at for block statistics
	costBlock = 70  // one block's threshold from its neighbours
)
