package qr

import (
	"cmp"
	"math"
	"slices"
)

// finder is a finder pattern: its middle, the pixel vectors of one module to
// the right and one down in its own frame (up to quarter turns), and how well
// it correlates with the pattern, 0..1.
type finder struct {
	c       vec
	u, v    vec
	ncc     float64
	support float64
	light   bool
}

func (f *finder) size() float64 { return math.Sqrt(math.Abs(f.u.cross(f.v))) }

// spot is a cluster of crosses.
type spot struct {
	x, y, h, v float64
	n, nv      float64
	outer      float64
	light      bool
}

// cluster pools crosses that lie within about two modules of each other.
func cluster(cs []cross, out []spot) []spot {
	out = out[:0]
	slices.SortFunc(cs, func(a, b cross) int { return cmp.Compare(a.y, b.y) })
	start := 0
	for _, c := range cs {
		best := -1
		for start < len(out) && start < len(out)-400 {
			start++
		}
		for i := len(out) - 1; i >= start; i-- {
			s := &out[i]
			if s.light != c.light {
				continue
			}
			d := 1.3*min(s.h, c.h) + .7
			if math.Abs(s.x-c.x) < d && math.Abs(s.y-c.y) < d+1 && c.h < 1.7*s.h+.5 && s.h < 1.7*c.h+.5 {
				best = i
				break
			}
		}
		w := 1.0
		if c.v == 0 {
			w = .25
		}
		if best < 0 {
			s := spot{x: c.x, y: c.y, h: c.h, v: c.v, n: w, light: c.light}
			if c.v > 0 {
				s.nv = 1
			}
			if c.outer {
				s.outer = w
			}
			out = append(out, s)
			continue
		}
		s := &out[best]
		k := w / (s.n + w)
		s.x += (c.x - s.x) * k
		s.y += (c.y - s.y) * k
		s.h += (c.h - s.h) * k
		if c.v > 0 {
			s.v += (c.v - s.v) / (s.nv + 1)
			s.nv++
		}
		s.n += w
		if c.outer {
			s.outer += w
		}
	}
	return out
}

// ring is the 7x7 finder pattern, row by row.
const ring = "#######" + "#     #" + "# ### #" + "# ### #" + "# ### #" + "#     #" + "#######"

// ringNCC correlates the picture with the finder pattern under the frame
// c, u, v: +1 is a perfect dark one.
func ringNCC(p *plane, c, u, v vec) float64 {
	var sv, svv, sd float32
	for j := -3; j <= 3; j++ {
		q := vec{c.x + float64(j)*v.x - 3*u.x, c.y + float64(j)*v.y - 3*u.y}
		for i := range 7 {
			x := p.at(q.x, q.y)
			sv += x
			svv += x * x
			if ring[(j+3)*7+i] == '#' {
				sd += x
			} else {
				sd -= x
			}
			q.x += u.x
			q.y += u.y
		}
	}
	const n, mean, ss = 49, 17. / 49, 49 - 17.*17/49
	varv := svv - sv*sv/n
	if varv < n*9 { // less than 3 grey levels: nothing
		return 0
	}
	return -float64(sd-mean*sv) / math.Sqrt(ss*float64(varv))
}

// fitFinder finds the frame of the pattern near a spot.
func fitFinder(p *plane, s *spot, e *effort) (finder, bool) {
	sign := 1.0
	if s.light {
		sign = -1
	}
	v := s.v
	if v == 0 {
		v = s.h
	}
	c := vec{s.x, s.y}
	best := finder{c: c, ncc: -1, light: s.light, support: s.n}
	for k := range 6 {
		phi := float64(k) * math.Pi / 12
		co, si := math.Cos(phi), math.Sin(phi)
		m := max(math.Abs(co), math.Abs(si))
		sx, sy := s.h*m, v*m
		u, w := vec{co * sx, si * sy}, vec{-si * sx, co * sy}
		if n := sign * ringNCC(p, c, u, w); n > best.ncc {
			best.ncc, best.u, best.v = n, u, w
		}
	}
	e.spend(6 * 49 * 5)
	if best.ncc < .3 {
		return best, false
	}
	best.climb(p, sign, 3, e)
	return best, best.ncc >= .55
}

// climb moves the middle and the two vectors uphill by turns.
func (f *finder) climb(p *plane, sign float64, rounds int, e *effort) {
	step := f.size()
	d := .35 * step
	for range rounds {
		for range 2 {
			moved := false
			for k := range 8 {
				g := *f
				s := d
				if k&1 == 1 {
					s = -d
				}
				switch k >> 1 {
				case 0:
					g.c.x += s
				case 1:
					g.c.y += s
				case 2: // turn
					a := s / (3 * step)
					g.u, g.v = vec{f.u.x - a*f.u.y, f.u.y + a*f.u.x}, vec{f.v.x - a*f.v.y, f.v.y + a*f.v.x}
				case 3: // size
					a := 1 + s/(3*step)
					g.u, g.v = f.u.mul(a), f.v.mul(a)
				}
				if n := sign * ringNCC(p, g.c, g.u, g.v); n > f.ncc {
					g.ncc = n
					*f = g
					moved = true
				}
			}
			for k := range 4 { // stretch and shear
				g := *f
				a := d / (3 * step)
				if k&1 == 1 {
					a = -a
				}
				if k < 2 {
					g.u, g.v = f.u.mul(1+a), f.v.mul(1-a)
				} else {
					g.u, g.v = f.u.add(f.v.mul(a)), f.v.add(f.u.mul(a))
				}
				if n := sign * ringNCC(p, g.c, g.u, g.v); n > f.ncc {
					g.ncc = n
					*f = g
					moved = true
				}
			}
			e.spend(12 * 49 * 5)
			if !moved {
				break
			}
		}
		d *= .5
	}
}
