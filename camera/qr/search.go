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
	var out []camera.Reading
	k := 0
	for base.w>>k > 2000 || base.h>>k > 2000 {
		k++
	}
	for stage := range 4 {
		p, k := w.pyr.level(k+stage/2, e)
		w.scan(p, k, stage%2, e)
		if w.triplesRound(wanted, &out, e) || e.over() {
			return out
		}
	}
	return out
}

func (w *worker) scan(p *plane, k, kind int, e *effort) {
	w.sh.measure(p, e)
	if kind == 0 {
		w.sh.byMean(2)
	} else {
		w.sh.byMiddle(2)
	}
	e.spend(int64(w.sh.bw*w.sh.bh) * 60)
	w.crosses = finderScan(p, &w.sh, 2, false, w.crosses[:0], &w.line, e)
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
		fd, g, k := w.tryTriple(&t, 4, 1, e)
		if fd != nil {
			rd := camera.Reading{Text: fd.text, Corners: fd.grid.corners(fd.level)}
			if !slices.ContainsFunc(*out, func(o camera.Reading) bool { return o.Text == rd.Text }) {
				*out = append(*out, rd)
			}
			if wanted == nil || wanted(fd.text) {
				done = true
				break
			}
		} else if g.score > w.best.score {
			w.best, w.bestAt = g, k
		}
		if e.over() {
			break
		}
	}
	return done
}
