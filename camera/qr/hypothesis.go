package qr

import (
	"cmp"
	"math"
	"slices"

	"shlkiosk/camera"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// found is a code that was read.
type found struct {
	text  string
	grid  grid
	level int
}

// corners gives the code's corners in full-size pixels.
func (g *grid) corners(k int) [4]camera.Point {
	n := float64(g.l.n)
	var c [4]camera.Point
	for i, p := range [4]vec{{0, 0}, {n, 0}, {n, n}, {0, n}} {
		q := g.m.at(p.x, p.y)
		c[i] = camera.Point{X: fromLevel(q.x, k) + .5, Y: fromLevel(q.y, k) + .5}
	}
	return c
}

// versionsFor lists the versions near an estimate of n modules, likeliest
// first.
func versionsFor(n float64, spread int, out []int) []int {
	out = out[:0]
	v := int(math.Round((n - 17) / 4))
	for d := 0; d <= spread; d++ {
		for _, c := range [2]int{v + d, v - d} {
			if c >= 1 && c <= 40 && (d > 0 || len(out) == 0) {
				out = append(out, c)
			}
		}
	}
	return out
}

// shrink expresses a triple in the coordinates of pyramid level k.
func (t *triple) shrink(k int) triple {
	s := *t
	f := 1 / float64(int(1)<<k)
	for i := range s.f {
		s.f[i].c = vec{toLevel(t.f[i].c.x, k), toLevel(t.f[i].c.y, k)}
		s.f[i].u, s.f[i].v = t.f[i].u.mul(f), t.f[i].v.mul(f)
	}
	return s
}

// levelFor is the pyramid level where a module is 3 to 6 pixels.
func levelFor(module float64) int {
	k := 0
	for module > 6 {
		module /= 2
		k++
	}
	return k
}

// tryTriple fits every likely version to a triple and decodes the best. It
// also returns the best grid, for the outline, and how well it fits. A triple
// whose timing fits worse than weak is left alone: of the true ones 99 in 100
// reach .35, of the false ones 5 in 100.
func (w *worker) tryTriple(t *triple, reach, spread int, weak float64, e *effort) (fd *found, best grid, level int) {
	k := levelFor(t.f[0].size())
	p, k := w.pyr.level(k, e)
	s := t.shrink(k)
	const floor = 9
	best.score = -1
	w.vers = versionsFor(t.n, spread, w.vers)
	if t.n > 60 {
		w.vers = versionsFor(t.n, spread+1, w.vers)
	}
	fit, corner := w.rankVersions(p, &s, floor, e)
	if v, f := s.versionNear(p, e); f > .75 && math.Abs(float64(17+4*v)-t.n) < .15*t.n {
		// the code says itself which version it is
		w.vers = append(w.vers[:0], v)
		fit = max(fit, weak)
	}
	if fit < weak {
		return nil, best, level
	}
	top := 0.0
	for i, v := range w.vers {
		g := grid{l: w.lay.get(v), light: t.light}
		from := corner
		if g.l.n > 80 {
			from, _ = g.corner(p, &s, corner, 12, e)
		}
		if !g.start(p, &s, from, reach, floor, e) {
			continue
		}
		if g.score > best.score {
			best, level = g, k
		}
		if g.score < .12 || g.score < .75*top {
			continue
		}
		top = g.score
		for round := range 2 {
			if round == 0 && g.score < .7 {
				continue // worth a try as it is only when it fits well
			}
			if round == 1 {
				wt := fitWeights{groupFinder: 1.5, groupAlign: 1.5, groupTiming: 1, groupVersion: .7}
				g.climb(p, &wt, .5, 4, floor, e)
				best, level = g, k
			}
			if g.score < .3 {
				break
			}
			if fd := w.decode(p, &g, nil, round == 1, e); fd != nil {
				fd.level = k
				return fd, g, k
			}
			if e.over() {
				return nil, best, level
			}
		}
		if g.score > .3 && w.fitBend(p, &g, 3, e) > g.score+.008 {
			for range 2 {
				w.phase(p, &g, e)
				if fd := w.decode(p, &g, &w.bend, true, e); fd != nil {
					fd.level = k
					return fd, g, k
				}
				if e.over() {
					break
				}
			}
		}
		if i == 0 && g.score > .8 {
			break // this is the version, only the bits are bad
		}
	}
	return nil, best, level
}

// rankVersions sorts w.vers by how well timing and version information fit
// when the fourth corner is only estimated, and returns the best fit and the
// corner it came with.
func (w *worker) rankVersions(p *plane, t *triple, floor float32, e *effort) (float64, vec) {
	est, para := t.fourth()
	guesses := []vec{est}
	if est.sub(para).len() > t.f[0].size() {
		guesses = append(guesses, para, est.add(para).mul(.5))
	}
	wt := fitWeights{groupTiming: 1, groupVersion: .5}
	var fit [41]float64
	top, corner := -1.0, est
	for i, v := range w.vers {
		g := grid{l: w.lay.get(v), light: t.light}
		fit[v] = -1
		for _, q := range guesses {
			if g.set([4]vec{t.f[0].c, t.f[1].c, q, t.f[2].c}) {
				f := g.fitScore(p, &g.m, &wt, floor, e) - .02*float64(i)
				fit[v] = max(fit[v], f)
				if f > top {
					top, corner = f, q
				}
			}
		}
	}
	slices.SortStableFunc(w.vers, func(a, b int) int { return cmp.Compare(fit[b], fit[a]) })
	return top, corner
}

// decode samples a fitted grid and reads it. When that fails and hard is set,
// it goes back to light with a threshold from close by (for glare), then
// through the equaliser (for blur), taught by the known modules and then by
// its own firm decisions.
func (w *worker) decode(p *plane, g *grid, b *bend, hard bool, e *effort) *found {
	s := &w.mods
	s.take(p, g, b, .22, e)
	s.normalise(5, e)
	if fd := w.readSoft(s.soft, g, e); fd != nil {
		return fd
	}
	copy(s.eq, s.soft)
	if !hard || s.knownErrors(s.soft) > .3 {
		return nil
	}
	curves := [2]*[256]float32{w.tone, nil}
	if s.isBurnt() {
		curves = [2]*[256]float32{w.burnt, w.tone}
	}
	for i, curve := range curves {
		if curve == nil {
			break
		}
		if i > 0 {
			s.take(p, g, b, .22, e)
		}
		s.undoTone(curve)
		if fd := w.decodeLight(g, e); fd != nil {
			return fd
		}
		if e.over() {
			break
		}
	}
	return nil
}

// decodeLight reads samples that are light, not grey.
func (w *worker) decodeLight(g *grid, e *effort) *found {
	s := &w.mods
	s.normalise(2, e)
	if fd := w.readSoft(s.soft, g, e); fd != nil {
		return fd
	}
	for round := range 2 {
		trust, ridge := 0.0, .02
		if round > 0 {
			trust, ridge = .7, .005
		}
		if e.over() || !w.eq.train(s, s.eq, trust, ridge, e) {
			return nil
		}
		w.eq.apply(s, e)
		if fd := w.readSoft(s.eq, g, e); fd != nil {
			return fd
		}
	}
	return nil
}

// readSoft tries format information and code words, upright and mirrored.
func (w *worker) readSoft(v []float32, g *grid, e *effort) *found {
	s := &w.mods
	for _, transpose := range [2]bool{false, true} {
		for i, f := range readFormat(s, v, transpose) {
			if f.fit < .45 || i > 0 && f.fit < .6 {
				break
			}
			level, err := decoder.ErrorCorrectionLevel_ForBits(uint(f.data >> 3))
			if err != nil {
				continue
			}
			out := w.words.read(s, v, level, f.data&7, transpose, e)
			if !out.ok {
				continue
			}
			if t, ok := textOf(out.data, g.l.version, level); ok {
				return &found{text: t, grid: *g}
			}
		}
	}
	return nil
}
