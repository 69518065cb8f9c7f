package qr

import "math"

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

// ring is the 7x7 finder pattern, row by row.
const ring = "#######" + "#     #" + "# ### #" + "# ### #" + "# ### #" + "#     #" + "#######"

// ringNCC correlates the picture with the finder pattern under the frame
// c, u, v: +1 is a perfect dark one.
func ringNCC(p *plane, c, u, v vec) float64 {
	rx := 3*(math.Abs(u.x)+math.Abs(v.x)) + 1
	ry := 3*(math.Abs(u.y)+math.Abs(v.y)) + 1
	if !(c.x-rx > 0 && c.y-ry > 0 && c.x+rx < float64(p.w-2) && c.y+ry < float64(p.h-2)) {
		return ringNCCAtBorder(p, c, u, v)
	}
	const one = 1 << 16 // fixed point: this is the most used loop of the finder
	ux, uy, vx, vy := int(u.x*one), int(u.y*one), int(v.x*one), int(v.y*one)
	x0, y0 := int(c.x*one)-3*ux-3*vx, int(c.y*one)-3*uy-3*vy
	var sv, svv, sd int
	k := 0
	for range 7 {
		x, y := x0, y0
		for range 7 {
			o := (y>>16)*p.stride + x>>16
			fx, fy := x>>8&255, y>>8&255
			r0, r1 := p.pix[o:o+2:o+2], p.pix[o+p.stride:o+p.stride+2:o+p.stride+2]
			top := int(r0[0])<<8 + (int(r0[1])-int(r0[0]))*fx
			bot := int(r1[0])<<8 + (int(r1[1])-int(r1[0]))*fx
			t := (top<<8 + (bot-top)*fy) >> 12 // grey * 16
			sv += t
			svv += t * t
			if ring[k] == '#' {
				sd += t
			} else {
				sd -= t
			}
			k++
			x += ux
			y += uy
		}
		x0 += vx
		y0 += vy
	}
	return ringScore(float64(sv)/16, float64(svv)/256, float64(sd)/16)
}

func ringNCCAtBorder(p *plane, c, u, v vec) float64 {
	var sv, svv, sd float64
	for j := -3; j <= 3; j++ {
		q := vec{c.x + float64(j)*v.x - 3*u.x, c.y + float64(j)*v.y - 3*u.y}
		for i := range 7 {
			x := float64(p.at(q.x, q.y))
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
	return ringScore(sv, svv, sd)
}

// ringScore makes the correlation from the sums of values, squares and signed
// values.
func ringScore(sv, svv, sd float64) float64 {
	const n, mean, ss = 49, 17. / 49, 49 - 17.*17/49
	varv := svv - sv*sv/n
	if varv < n*9 { // less than 3 grey levels: nothing
		return 0
	}
	return -(sd - mean*sv) / math.Sqrt(ss*varv)
}

// seedFinder finds the best of six orientations of the pattern at a spot.
func seedFinder(p *plane, s *spot, e *effort) finder {
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
	e.spend(6 * costRing)
	return best
}

// climb moves the middle and the two vectors uphill by turns.
func (f *finder) climb(p *plane, rounds int, e *effort) {
	sign := 1.0
	if f.light {
		sign = -1
	}
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
			e.spend(12 * costRing)
			if !moved {
				break
			}
		}
		d *= .5
	}
}
