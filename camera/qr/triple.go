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
	return r > .4 && r < 2.5
}

func alike(a, b *finder) bool {
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
	if t.n < 90 && (!alike(a, b) || !alike(a, c) || !alike(b, c)) {
		return t, false // only a large code shows that much perspective
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

// fourth estimates where the middle of the missing finder would be. The area
// of a module under a homography goes with 1/w^3, w being the depth, and w
// times the place is linear over the code: from three places and three areas
// follows the fourth. para is the parallelogram's corner, for flat views.
func (t *triple) fourth() (est, para vec) {
	a, b, c := t.f[0].c, t.f[1].c, t.f[2].c
	para = b.add(c).sub(a)
	depth := func(f *finder) float64 { return 1 / math.Cbrt(math.Max(math.Abs(f.u.cross(f.v)), 1e-6)) }
	w0, w1, w2 := depth(&t.f[0]), depth(&t.f[1]), depth(&t.f[2])
	w := w1 + w2 - w0
	if w < .4*w0 {
		return para, para
	}
	return b.mul(w1 / w).add(c.mul(w2 / w)).sub(a.mul(w0 / w)), para
}
