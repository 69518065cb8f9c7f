package qr

import "math"

// seek looks for a finder pattern with the module vectors u and v within r
// steps of 3/4 module around a place of pyramid level p.
func seek(p *plane, at, u, v vec, light bool, r int, e *effort) finder {
	sign := 1.0
	if light {
		sign = -1
	}
	f := finder{c: at, u: u, v: v, light: light, ncc: -1}
	for j := -r; j <= r; j++ {
		for i := -r; i <= r; i++ {
			q := at.add(u.mul(.75 * float64(i))).add(v.mul(.75 * float64(j)))
			if q.x < 0 || q.y < 0 || q.x >= float64(p.w) || q.y >= float64(p.h) {
				continue
			}
			// a little dearer far away: the nearer of two equals is it
			if s := sign*ringNCC(p, q, u, v) - .15*float64(i*i+j*j)/float64(r*r); s > f.ncc {
				f.ncc, f.c = s, q
			}
		}
	}
	e.spend(int64((2*r+1)*(2*r+1)) * costRing)
	f.ncc = sign * ringNCC(p, f.c, u, v)
	return f
}

// complete looks, for pairs of finders that could belong to one code, where
// the third would have to be: what no line scan saw, the correlation still
// may. It reports whether the pool grew.
func (w *worker) complete(limit int, e *effort) bool {
	n := len(w.finders)
	grew := false
	for i := range n {
		for j := range n {
			if i == j || limit == 0 || e.over() {
				continue
			}
			a, b := w.finders[i], w.finders[j]
			if a.light != b.light || a.ncc < .7 || b.ncc < .7 || !similar(&a, &b) {
				continue
			}
			var places [2]vec
			if !a.thirds(&b, &places) {
				continue
			}
			limit--
			for _, at := range places {
				if w.seekAt(at, &a, &b, e) {
					grew = true
				}
			}
		}
	}
	return grew
}

// thirds says where a third finder would be if a and b, in this order, were
// neighbours with a at the right angle, or (once for each pair) a diagonal.
func (a *finder) thirds(b *finder, places *[2]vec) bool {
	d := b.c.sub(a.c)
	l := d.len()
	if l < 10*a.size() {
		return false
	}
	f := *a
	x := d.mul(1 / l)
	f.turn(x, vec{-x.y, x.x})
	det := f.u.cross(f.v)
	p, q := d.cross(f.v)/det, f.u.cross(d)/det // modules along u and v
	ang := math.Abs(math.Atan2(q, p))
	side := l / ((along(a, x) + along(b, x)) / 2) // modules
	switch {
	case ang < .3 && side > 12 && side < 175:
		places[0], places[1] = a.c.add(f.v.mul(side)), a.c.sub(f.v.mul(side))
		return true
	case ang > .45 && ang < 1.1 && l > 17*a.size() && (a.c.x < b.c.x || a.c.x == b.c.x && a.c.y < b.c.y):
		places[0], places[1] = a.c.add(f.u.mul(p)), a.c.add(f.v.mul(q))
		return true
	}
	return false
}

// seekAt searches one place for the third of a and b.
func (w *worker) seekAt(at vec, a, b *finder, e *effort) bool {
	for i := range w.finders {
		o := &w.finders[i]
		if o.light == a.light && o.ncc > .7 && o.c.sub(at).len() < 6*o.size() && similar(a, o) {
			return false // already there
		}
	}
	k := levelFor(a.size())
	p, k := w.pyr.level(k, e)
	d := 1 / float64(int(1)<<k)
	c := vec{toLevel(at.x, k), toLevel(at.y, k)}
	m := 4 * a.size() * d
	if c.x < m || c.y < m || c.x > float64(p.w)-m || c.y > float64(p.h)-m {
		return false
	}
	f := seek(p, c, a.u.mul(d), a.v.mul(d), a.light, 12, e)
	if f.ncc < .35 {
		return false
	}
	f.climb(p, 3, e)
	if f.ncc < .5 || !similar(&f, &finder{u: a.u.mul(d), v: a.v.mul(d)}) {
		return false
	}
	before := len(w.finders)
	w.addFinder(f, k)
	return len(w.finders) > before
}
