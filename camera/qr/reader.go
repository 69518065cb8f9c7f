package qr

import (
	"image"
	"sync"
	"time"

	"shlkiosk/camera"
)

// Options say how hard and for what a Reader searches. The zero value is good.
type Options struct {
	// Budget is the effort for one still, in time on one core of the reference
	// machine; 0 means 55 ms for a picture of up to 1280x720 pixels and more
	// for a larger one, in proportion.
	Budget time.Duration
	// FrameBudget is the effort in front for one film frame; 0 means 12 ms.
	FrameBudget time.Duration
	// MaxBackground is how many goroutines search hard behind the film: 0
	// means 1, at most 2, negative none.
	MaxBackground int
	// Synchronous makes film deterministic, for recorded clips: what the
	// background would do in the time of one frame (33 ms) is done inside
	// Frame, on the same frame, and no goroutine is started.
	Synchronous bool
	// Wanted says which texts are health codes: the search goes on past
	// others until it finds one. nil wants every text.
	Wanted func(text string) bool
}

func (o *Options) frameBudget() time.Duration {
	if o.FrameBudget > 0 {
		return o.FrameBudget
	}
	return 12 * time.Millisecond
}

func (o *Options) stillBudget(p plane) time.Duration {
	if o.Budget > 0 {
		return o.Budget
	}
	const base, size = 55 * time.Millisecond, 1280 * 720
	return base * time.Duration(max(p.w*p.h, size)) / size
}

// Reader reads stills and film. Its methods may be called from any goroutine,
// one at a time; calls wait for each other.
type Reader struct {
	o Options

	mu     sync.Mutex
	lay    *layouts
	field  *field
	w      *worker     // stills and the front of film
	hard   *worker     // synchronous film
	back   *background // film; nil until the first frame
	seen   map[string]bool
	track  track
	advice adviser
	want   [camera.WishSharper + 1]int // how much speaks for each wish
	// hardSaw is where the last hard search saw finder patterns.
	hardSaw []finder
}

// NewReader makes a Reader; it starts nothing until the first frame.
func NewReader(o Options) *Reader {
	r := &Reader{o: o, seen: map[string]bool{}, lay: &layouts{}, field: newField()}
	r.w = r.newWorker()
	return r
}

func (r *Reader) newWorker() *worker { return newWorker(r.lay, r.field) }

// Still reads one picture with full effort within the budget. Of several
// codes it returns those it met until the first wanted one, that one last.
// It keeps nothing for the next picture.
func (r *Reader) Still(img *image.Gray) []camera.Reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := planeOf(img)
	if p.w < minSide || p.h < minSide {
		return nil
	}
	return r.w.search(p, r.o.Wanted, newEffort(r.o.stillBudget(p)))
}

// minSide is the smallest picture worth a look: version 1 at one pixel a
// module.
const minSide = 21

// Reset forgets every frame, text and vote: they may hold a link. A search
// still running behind the film is dropped.
func (r *Reader) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reset()
}

func (r *Reader) reset() {
	clear(r.seen)
	r.track.wipe()
	r.w.wipe()
	r.advice, r.want, r.hardSaw = adviser{}, [camera.WishSharper + 1]int{}, r.hardSaw[:0]
	if r.hard != nil {
		r.hard.wipe()
	}
	if r.back != nil {
		r.back.reset()
	}
}

// Close stops the background, waits for it and wipes what is held. The
// Reader may be used again afterwards.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.back != nil {
		r.back.close()
		r.back = nil
	}
	r.reset()
	return nil
}
