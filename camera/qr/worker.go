package qr

import (
	"cmp"
	"slices"
)

// worker owns the buffers of one search; it is for one goroutine at a time.
type worker struct {
	lay     *layouts
	pyr     pyramid
	sh      shade
	lin     plane
	tone    *[256]float32
	burnt   *[256]float32
	line    lineEdges
	crosses []cross
	spots   spots
	seeds   []seed
	finders []finder
	trips   []triple
	vers    []int
	mods    modules
	bend    bend
	anchors []anchor
	gram    []float64
	weight  []vec
	eq      equaliser
	words   wordReader
	turned  []uint8
	best    grid // best grid of this picture, for outline and hint
	bestAt  int  // its pyramid level
	stage   int  // where the search ended
	tried   int
	done    [][3]vec    // triples that were tried on this picture
	read    [][3]finder // finders of the codes that were read
}

func newWorker(l *layouts, f *field) *worker {
	return &worker{lay: l, tone: toneCurve(gamma), burnt: toneCurve(burntPower), words: wordReader{f: f}}
}

// addFinders fits a finder pattern at each spot of level k: first roughly at
// all of them, then properly at the likeliest, which join the pool.
func (w *worker) addFinders(k, limit int, e *effort) {
	w.seeds = w.seeds[:0]
	f := float64(int(1) << k)
	for i := range w.spots.all {
		s := &w.spots.all[i]
		if s.n < 1.5 {
			continue
		}
		full := spot{x: fromLevel(s.x, k), y: fromLevel(s.y, k), h: s.h * f, v: s.v * f, n: s.n, light: s.light}
		kk := levelFor(full.h)
		p, kk := w.pyr.level(kk, e)
		d := 1 / float64(int(1)<<kk)
		t := full
		t.x, t.y, t.h, t.v = toLevel(full.x, kk), toLevel(full.y, kk), full.h*d, full.v*d
		fd := seedFinder(p, &t, e)
		if fd.ncc >= .3 {
			w.seeds = append(w.seeds, seed{fd, kk})
		}
	}
	slices.SortFunc(w.seeds, func(a, b seed) int { return cmp.Compare(b.f.ncc, a.f.ncc) })
	for i := range w.seeds[:min(limit, len(w.seeds))] {
		s := &w.seeds[i]
		p, _ := w.pyr.level(s.level, e)
		s.f.climb(p, 3, e)
		if s.f.ncc >= .55 {
			w.addFinder(s.f, s.level)
		}
	}
}

// seed is a finder before its climb, in the coordinates of a pyramid level.
type seed struct {
	f     finder
	level int
}

// addFinder pools a finder of level k.
func (w *worker) addFinder(f finder, k int) {
	d := float64(int(1) << k)
	f.c = vec{fromLevel(f.c.x, k), fromLevel(f.c.y, k)}
	f.u, f.v = f.u.mul(d), f.v.mul(d)
	for i := range w.finders {
		o := &w.finders[i]
		if o.light == f.light && o.c.sub(f.c).len() < 1.5*max(o.size(), f.size()) {
			f.support += o.support
			if f.ncc > o.ncc {
				*o = f
			}
			o.support = f.support
			return
		}
	}
	w.finders = append(w.finders, f)
}

// wipe clears every copy of picture and text.
func (w *worker) wipe() {
	w.pyr.wipe()
	clear(w.lin.pix[:cap(w.lin.pix)])
	clear(w.turned[:cap(w.turned)])
	w.mods.wipe()
	w.words.wipe()
	w.finders = w.finders[:0]
	w.best = grid{score: -1}
}
