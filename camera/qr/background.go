package qr

import (
	"sync"
	"sync/atomic"
	"time"

	"shlkiosk/camera"
)

// hardBudget bounds the hard search on one frame.
const hardBudget = 100 * time.Millisecond

// background searches frames hard behind the film: the newest frame when a
// goroutine is free, none when all are busy. It holds one copy of a frame for
// each goroutine and nothing else.
type background struct {
	jobs chan *job
	stop atomic.Bool
	wg   sync.WaitGroup

	mu    sync.Mutex
	idle  []*job
	ready []*job // searched, not yet collected
	all   []*job
	gen   int // rises with Reset: what belongs to an older one is dropped
}

// job is one goroutine's worker, its copy of a frame and what it found.
type job struct {
	w      *worker
	buf    []uint8
	base   plane
	seq    int
	gen    int
	wanted func(string) bool
	found  []camera.Reading
}

func newBackground(n int, wanted func(string) bool, worker func() *worker) *background {
	b := &background{jobs: make(chan *job, n)}
	for range n {
		j := &job{w: worker(), wanted: wanted}
		b.idle = append(b.idle, j)
		b.all = append(b.all, j)
		b.wg.Go(b.run)
	}
	return b
}

func (b *background) run() {
	for j := range b.jobs {
		e := newEffort(hardBudget)
		e.stop = &b.stop
		j.found = j.w.search(j.base, j.wanted, e)
		b.mu.Lock()
		if j.gen == b.gen {
			b.ready = append(b.ready, j)
		} else {
			j.wipe()
			b.idle = append(b.idle, j)
		}
		b.mu.Unlock()
	}
}

// offer copies a frame to a free goroutine, if there is one.
func (b *background) offer(p plane, seq int) {
	b.mu.Lock()
	if len(b.idle) == 0 {
		b.mu.Unlock()
		return
	}
	j := b.idle[len(b.idle)-1]
	b.idle = b.idle[:len(b.idle)-1]
	j.gen = b.gen
	b.mu.Unlock()
	j.base = newPlane(p.w, p.h, j.buf)
	j.buf = j.base.pix
	for y := range p.h {
		copy(j.base.pix[y*p.w:(y+1)*p.w], p.pix[y*p.stride:])
	}
	j.seq, j.found = seq, nil
	b.jobs <- j
}

// collect hands each finished job to take and frees its goroutine.
func (b *background) collect(take func(*job)) {
	b.mu.Lock()
	done := b.ready
	b.ready = nil
	b.mu.Unlock()
	for _, j := range done {
		take(j)
	}
	b.mu.Lock()
	b.idle = append(b.idle, done...)
	b.mu.Unlock()
}

// reset drops what was found and wipes every copy; a search under way wipes
// its own when it ends, which it does at once.
func (b *background) reset() {
	b.mu.Lock()
	b.gen++
	for _, j := range b.ready {
		j.wipe()
	}
	b.idle = append(b.idle, b.ready...)
	b.ready = nil
	for _, j := range b.idle {
		j.wipe()
	}
	b.mu.Unlock()
}

func (b *background) close() {
	b.stop.Store(true)
	close(b.jobs)
	b.wg.Wait()
	for _, j := range b.all {
		j.wipe()
	}
}

func (j *job) wipe() {
	clear(j.buf[:cap(j.buf)])
	j.found = nil
	j.w.wipe()
}
