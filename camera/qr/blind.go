package qr

import (
	"math"

	"shlkiosk/camera"
)

// blind reads codes whose third finder cannot be seen at all, under glare or
// a finger: two finders tell size and turn, the timing and alignment patterns
// tell where the third must be.
func (w *worker) blind(wanted func(string) bool, out *[]camera.Reading, e *effort) bool {
	limit := 5
	n := len(w.finders)
	for i := range n {
		for j := range n {
			a, b := w.finders[i], w.finders[j]
			if i == j || a.light != b.light || a.ncc < .85 || b.ncc < .85 || !alike(&a, &b) {
				continue
			}
			var places [2]vec
			if !a.thirds(&b, &places) {
				continue
			}
			diagonal := math.Abs(places[0].sub(a.c).dot(b.c.sub(a.c))) > .2*b.c.sub(a.c).dot(b.c.sub(a.c))
			for _, at := range places {
				if limit == 0 || e.over() {
					return false
				}
				t, ok := w.guessThird(&a, &b, at, diagonal, e)
				if !ok {
					continue
				}
				limit--
				fd, g, k := w.tryTriple(&t, 4, 0, -1, e)
				if w.note(fd, &g, k, wanted, out) {
					return true
				}
			}
		}
	}
	return false
}

// guessThird moves an unseen third finder until the other patterns fit best.
func (w *worker) guessThird(a, b *finder, at vec, diagonal bool, e *effort) (triple, bool) {
	f := finder{c: at, u: a.u, v: a.v, light: a.light, ncc: .5}
	make3 := func(f *finder) (triple, bool) {
		c0, c1, c2 := a, b, f
		if diagonal {
			c0, c1, c2 = f, a, b
		}
		if c1.c.sub(c0.c).cross(c2.c.sub(c0.c)) < 0 {
			c1, c2 = c2, c1
		}
		return makeTriple(c0, c1, c2)
	}
	t, ok := make3(&f)
	if !ok {
		return t, false
	}
	k := levelFor(a.size())
	p, k := w.pyr.level(k, e)
	w.vers = versionsFor(t.n, 1, w.vers)
	wt := fitWeights{groupTiming: 1, groupAlign: 1, groupVersion: .5}
	const reach = 4
	best, bestAt, bestV := .22, at, 0
	for _, v := range w.vers {
		g := grid{l: w.lay.get(v), light: a.light}
		for j := -reach; j <= reach; j++ {
			for i := -reach; i <= reach; i++ {
				f.c = at.add(a.u.mul(float64(i))).add(a.v.mul(float64(j)))
				t, ok := make3(&f)
				if !ok {
					continue
				}
				s := t.shrink(k)
				_, para := s.fourth()
				if !g.set([4]vec{s.f[0].c, s.f[1].c, para, s.f[2].c}) {
					continue
				}
				if sc := g.fitScore(p, &g.m, &wt, 9, e); sc > best {
					best, bestAt, bestV = sc, f.c, v
				}
			}
		}
		if e.over() {
			break
		}
	}
	if bestV == 0 {
		return t, false
	}
	f.c = bestAt
	t, ok = make3(&f)
	t.n = float64(17 + 4*bestV)
	return t, ok
}
