package qr

import "time"

// effort is the budget of one search. It is counted, not clocked: each step
// spends what it costs on the reference machine in nanoseconds, so that the
// same picture gives the same answer on a busy machine too.
type effort struct {
	left  int64
	spent int64
}

func newEffort(d time.Duration) *effort { return &effort{left: int64(d)} }

func (e *effort) spend(ns int64) { e.left -= ns; e.spent += ns }

func (e *effort) over() bool { return e.left <= 0 }

// What the primitives cost, measured with BenchmarkPrimitives.
const (
	costRing = 220 // one correlation with the finder pattern
	costTap  = 7   // one bilinear value through a homography
	costScan = 2   // one pixel of a line scan
	costStat = 2   // one pixel of block statistics
)
