package qr

// worker owns the buffers of one search; it is for one goroutine at a time.
type worker struct {
	lay     *layouts
	pyr     pyramid
	sh      shade
	line    lineEdges
	crosses []cross
	spots   []spot
	finders []finder
	trips   []triple
	vers    []int
	mods    modules
	eq      equaliser
	words   wordReader
	turned  []uint8
	best    grid // best grid of this picture, for outline and hint
	bestAt  int  // its pyramid level
}

func newWorker(l *layouts, f *field) *worker {
	return &worker{lay: l, words: wordReader{f: f}}
}

// addFinders fits a finder pattern at each spot and pools those that hold.
func (w *worker) addFinders(k int, e *effort) {
	for i := range w.spots {
		s := &w.spots[i]
		if s.n < 1.5 {
			continue
		}
		// full size
		full := *s
		f := float64(int(1) << k)
		full.x, full.y, full.h, full.v = fromLevel(s.x, k), fromLevel(s.y, k), s.h*f, s.v*f
		w.fitSpot(&full, e)
	}
}

// fitSpot fits a finder at a spot in full-size pixels.
func (w *worker) fitSpot(s *spot, e *effort) {
	k := levelFor(s.h)
	p, k := w.pyr.level(k, e)
	d := 1 / float64(int(1)<<k)
	t := *s
	t.x, t.y, t.h, t.v = toLevel(s.x, k), toLevel(s.y, k), s.h*d, s.v*d
	f, ok := fitFinder(p, &t, e)
	if !ok {
		return
	}
	f.c = vec{fromLevel(f.c.x, k), fromLevel(f.c.y, k)}
	f.u, f.v = f.u.mul(1/d), f.v.mul(1/d)
	for i := range w.finders {
		o := &w.finders[i]
		if o.light == f.light && o.c.sub(f.c).len() < 1.5*max(o.size(), f.size()) {
			if f.ncc > o.ncc {
				f.support += o.support
				*o = f
			} else {
				o.support += f.support
			}
			return
		}
	}
	w.finders = append(w.finders, f)
}
