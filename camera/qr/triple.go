package qr

import (
	"cmp"
	"math"
	"slices"
)

// triple is three finders that could belong to one code: TL, TR, BL.
type triple struct {
	f     [3]finder
	n     float64 // estimated modules a side
	cost  float64 // how badly they fit together
	light bool
}

// triples makes all plausible ones, best first, at most limit.
func triples(fs []finder, limit int, out []triple) []triple {
	out = out[:0]
	for i := range fs {
		for j := range fs {
			if j == i || fs[j].light != fs[i].light || !similar(&fs[i], &fs[j]) {
				continue
			}
			for k := j + 1; k < len(fs); k++ {
				if k == i || fs[k].light != fs[i].light || !similar(&fs[i], &fs[k]) || !similar(&fs[j], &fs[k]) {
					continue
				}
				a, b, c := &fs[i], &fs[j], &fs[k]
				if b.c.sub(a.c).cross(c.c.sub(a.c)) < 0 {
					b, c = c, b
				}
				if t, ok := makeTriple(a, b, c); ok {
					out = append(out, t)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b triple) int { return cmp.Compare(a.cost, b.cost) })
	if len(out) > limit {
		out = out[:limit]
	}
	return out
}

func similar(a, b *finder) bool {
	r := a.size() / b.size()
	return r > .5 && r < 2
}

// makeTriple turns each finder's frame so that u points from TL to TR and v
// from TL to BL, and weighs the parts.
func makeTriple(a, b, c *finder) (triple, bool) {
	x, y := b.c.sub(a.c), c.c.sub(a.c)
	lx, ly := x.len(), y.len()
	if lx < 1 || ly < 1 {
		return triple{}, false
	}
	if s := math.Abs(x.cross(y)) / (lx * ly); s < .5 { // sheared beyond 60 degrees
		return triple{}, false
	}
	t := triple{f: [3]finder{*a, *b, *c}, light: a.light}
	x, y = x.mul(1/lx), y.mul(1/ly)
	var off float64
	for i := range t.f {
		off += t.f[i].turn(x, y)
	}
	// modules along both sides
	nx := lx/((along(&t.f[0], x)+along(&t.f[1], x))/2) + 7
	ny := ly/((along(&t.f[0], y)+along(&t.f[2], y))/2) + 7
	t.n = (nx + ny) / 2
	if t.n < 18 || t.n > 195 || nx > 1.6*ny || ny > 1.6*nx {
		return t, false
	}
	d := math.Abs(math.Log(nx / ny))
	sz := math.Abs(math.Log(t.f[0].size()/t.f[1].size())) + math.Abs(math.Log(t.f[0].size()/t.f[2].size()))
	t.cost = off + 2.5*d + .6*sz
	for i := range t.f {
		t.cost += 1.5 * (1 - t.f[i].ncc)
	}
	if off > 1.6 {
		return t, false
	}
	return t, true
}

// along is the module length of f in direction d, a unit vector.
func along(f *finder, d vec) float64 {
	det := f.u.cross(f.v)
	p, q := d.cross(f.v)/det, f.u.cross(d)/det // d in modules
	return 1 / math.Max(math.Hypot(p, q), 1e-6)
}

// turn chooses among the quarter turns the one whose u lies along x, flips v
// towards y, and returns the angles that are left, in radians.
func (f *finder) turn(x, y vec) float64 {
	best, bu, bv := math.Inf(1), f.u, f.v
	u, v := f.u, f.v
	for range 4 {
		for _, w := range [2]vec{v, v.mul(-1)} {
			a := math.Abs(math.Atan2(u.cross(x), u.dot(x))) + math.Abs(math.Atan2(w.cross(y), w.dot(y)))
			if a < best {
				best, bu, bv = a, u, w
			}
		}
		u, v = v, u.mul(-1)
	}
	f.u, f.v = bu, bv
	return best
}

// fourth estimates where the middle of the missing finder would be: where the
// far sides meet, or the parallelogram's corner when they hardly do.
func (t *triple) fourth() (est, para vec) {
	a, b, c := t.f[0].c, t.f[1].c, t.f[2].c
	para = b.add(c).sub(a)
	d1, d2 := t.f[1].v, t.f[2].u
	den := d1.cross(d2)
	est = para
	if math.Abs(den) > .3*d1.len()*d2.len() {
		k := c.sub(b).cross(d2) / den
		q := b.add(d1.mul(k))
		side := b.sub(a).len() + c.sub(a).len()
		if q.sub(para).len() < .25*side/2 {
			est = q
		}
	}
	return est, para
}
