package qr

import (
	"cmp"
	"slices"

	"shlkiosk/camera"
)

// search reads what is in a plane, within the effort.
func (w *worker) search(base plane, wanted func(string) bool, e *effort) []camera.Reading {
	w.pyr.reset(base)
	w.finders = w.finders[:0]
	w.best = grid{score: -1}
	w.tried = 0
	w.done, w.read = w.done[:0], w.read[:0]
	var out []camera.Reading
	k := startLevel(base)
	burnt := base.burnt() > .02
	for i, s := range stages() {
		w.stage = i
		if k+s.half < 0 {
			continue
		}
		p, at := w.pyr.level(k+s.half, e)
		if s.power > gamma && !burnt {
			continue
		}
		if s.power > 0 {
			w.lin = p.raised(s.power, w.lin.pix, e)
			p = &w.lin
		}
		w.scan(p, at, s, e)
		if w.triplesRound(wanted, &out, e) || e.over() {
			return out
		}
		if i > 0 && w.complete(24, e) && w.triplesRound(wanted, &out, e) {
			return out
		}
		if i == blindAfter && w.blind(wanted, &out, e) {
			return out
		}
	}
	return out
}

// smallPicture is the number of pixels below which every row is scanned: a
// drawn code may have one pixel a module.
const smallPicture = 150_000

// blindAfter is the stage after which a third finder is guessed: what two
// kinds of scan did not see is likely covered.
const blindAfter = 2

// stage is one way to look for finders.
type stage struct {
	half   int     // pyramid level from the start level; -1 is for large pictures only
	power  float64 // tone curve undone, or more than that for burnt pictures
	middle bool    // threshold in the middle of the range, not at the mean
	step   int     // rows
	strict bool    // columns must agree
}

// stages in the order of what they find for their time.
func stages() [7]stage {
	return [7]stage{
		{step: 3, strict: true},
		{power: burntPower, step: 2},
		{power: gamma, step: 2},
		{middle: true, step: 2},
		{half: -1, step: 2},
		{half: 1, power: gamma, step: 2},
		{half: 1, middle: true, step: 2},
	}
}

// quick is the first stage alone: what a frame of a film gets. It returns the
// codes it read until the first wanted one, and a second one plain to see.
func (w *worker) quick(base plane, wanted func(string) bool, e *effort) []found {
	w.finders = w.finders[:0]
	w.best = grid{score: -1}
	p, k := w.pyr.level(startLevel(base), e)
	w.scan(p, k, stages()[0], e)
	w.trips = triples(w.finders, 8, w.trips)
	var out []found
	done := false
	w.read = w.read[:0]
	for i := range w.trips {
		t := w.trips[i]
		weak := .2
		if done { // a second code, only where it is plain to see
			if w.isRead(&t) {
				continue
			}
			weak = .5
		}
		fd, g, k := w.tryTriple(&t, 4, 1, weak, e)
		if fd != nil {
			out = append(out, *fd)
			w.read = append(w.read, t.f)
			done = done || wanted == nil || wanted(fd.text)
		} else if g.score > w.best.score {
			w.best, w.bestAt = g, k
		}
		if e.over() {
			break
		}
	}
	return out
}

// startLevel is the pyramid level to look for finders first: a code in a
// photograph of several megapixels has large modules.
func startLevel(base plane) int {
	k := 0
	for base.w>>k > 2000 || base.h>>k > 2000 {
		k++
	}
	return k
}

func (w *worker) scan(p *plane, k int, s stage, e *effort) {
	w.sh.measure(p, e)
	if s.middle {
		w.sh.byMiddle(2)
	} else {
		w.sh.byMean(2)
	}
	e.spend(int64(w.sh.bw*w.sh.bh) * costBlock)
	step := s.step
	if p.w*p.h < smallPicture {
		step = 1
	}
	w.crosses = finderScan(p, &w.sh, step, s.strict, w.crosses[:0], &w.line, e)
	w.spots.pool(w.crosses, p.w, p.h)
	w.addFinders(k, 20, e)
}

// triplesRound tries the triples of the pooled finders. It reports whether a
// wanted text was found.
func (w *worker) triplesRound(wanted func(string) bool, out *[]camera.Reading, e *effort) bool {
	slices.SortFunc(w.finders, func(a, b finder) int { return cmp.Compare(b.ncc, a.ncc) })
	fs := w.finders
	if len(fs) > 24 {
		fs = fs[:24]
	}
	w.trips = triples(fs, 12, w.trips)
	done := false
	for i := range w.trips {
		t := w.trips[i]
		if w.wasTried(&t) {
			continue
		}
		weak := .2
		if done { // a second code, only where it is plain to see
			if w.isRead(&t) {
				continue
			}
			weak = .5
		}
		w.tried++
		fd, g, k := w.tryTriple(&t, 4, 1, weak, e)
		if fd != nil {
			w.read = append(w.read, t.f)
		}
		if w.note(fd, &g, k, wanted, out) {
			done = true
		}
		if e.over() {
			break
		}
	}
	return done
}

// isRead tells whether a triple has a finder of a code that was read.
func (w *worker) isRead(t *triple) bool {
	for _, r := range w.read {
		for i := range r {
			for k := range t.f {
				if r[i].c.sub(t.f[k].c).len() < 2*r[i].size() {
					return true
				}
			}
		}
	}
	return false
}

// note takes a try's outcome: a reading, or the best grid so far. It reports
// whether a wanted text was read.
func (w *worker) note(fd *found, g *grid, k int, wanted func(string) bool, out *[]camera.Reading) bool {
	if fd == nil {
		if g.l != nil && g.score > w.best.score {
			w.best, w.bestAt = *g, k
		}
		return false
	}
	rd := camera.Reading{Text: fd.text, Corners: fd.grid.corners(fd.level)}
	if !slices.ContainsFunc(*out, func(o camera.Reading) bool { return o.Text == rd.Text }) {
		*out = append(*out, rd)
	}
	return wanted == nil || wanted(fd.text)
}

// wasTried tells whether this triple failed before, and notes it.
func (w *worker) wasTried(t *triple) bool {
	for _, d := range w.done {
		same := true
		for i := range d {
			same = same && d[i].sub(t.f[i].c).len() < .25*t.f[i].size()
		}
		if same {
			return true
		}
	}
	w.done = append(w.done, [3]vec{t.f[0].c, t.f[1].c, t.f[2].c})
	return false
}
