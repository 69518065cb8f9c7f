package qr

import "math"

// grid is a layout laid over the picture.
type grid struct {
	l     *layout
	quad  [4]vec // pixels of (3.5,3.5) (n-3.5,3.5) (n-3.5,n-3.5) (3.5,n-3.5)
	m     homography
	score float64
	light bool
}

func (g *grid) set(q [4]vec) bool {
	m, ok := squareTo(3.5, float64(g.l.n-7), &q)
	if ok {
		g.quad, g.m = q, m
	}
	return ok
}

// groupNCC correlates one group of function modules with the picture. inside
// says that the whole grid is within the picture; shift moves it in pixels.
func groupNCC(p *plane, m *homography, g *group, floor float32, inside bool, shift vec) float64 {
	// Around the group's middle the homography is p0 + J*d/(1+eps), with eps
	// so small that two terms of the series do: no division for each module.
	w0 := 1 / (m.g*g.cx + m.h*g.cy + 1)
	p0 := vec{(m.a*g.cx + m.b*g.cy + m.c) * w0, (m.d*g.cx + m.e*g.cy + m.f) * w0}
	gx, gy := m.g*w0, m.h*w0
	ux, uy := m.a*w0-p0.x*gx, m.d*w0-p0.y*gx
	vx, vy := m.b*w0-p0.x*gy, m.e*w0-p0.y*gy
	var sv, svv, sd float32
	if inside {
		x0, y0 := p0.x+shift.x, p0.y+shift.y
		var iv, ivv, id int
		for i := range g.d {
			d := &g.d[i]
			eps := gx*d.x + gy*d.y
			s := (1 - eps + eps*eps) * 256
			qx, qy := int(x0*256+(ux*d.x+vx*d.y)*s), int(y0*256+(uy*d.x+vy*d.y)*s)
			o := (qy>>8)*p.stride + qx>>8
			fx, fy := qx&255, qy&255
			r0, r1 := p.pix[o:o+2:o+2], p.pix[o+p.stride:o+p.stride+2:o+p.stride+2]
			top := int(r0[0])<<8 + (int(r0[1])-int(r0[0]))*fx
			bot := int(r1[0])<<8 + (int(r1[1])-int(r1[0]))*fx
			t := (top<<8 + (bot-top)*fy) >> 12
			iv += t
			ivv += t * t
			id += d.sign * t
		}
		sv, svv, sd = float32(iv)/16, float32(ivv)/256, float32(id)/16
	} else {
		for i := range g.d {
			d := &g.d[i]
			q := m.at(g.cx+d.x, g.cy+d.y)
			v := p.at(q.x+shift.x, q.y+shift.y)
			sv += v
			svv += v * v
			sd += float32(d.sign) * v
		}
	}
	n := float32(len(g.d))
	varv := max(svv-sv*sv/n, floor*n)
	return -float64(sd-g.mean*sv) / math.Sqrt(float64(g.sd*varv))
}

// holds tells whether all of an n-module code, and pad modules around it, lie
// inside the picture.
func (p *plane) holds(m *homography, n, pad float64) bool {
	if 1+m.g*n < .1 || 1+m.h*n < .1 || 1+(m.g+m.h)*n < .1 {
		return false // the horizon runs through it
	}
	for _, c := range [4]vec{m.at(-pad, -pad), m.at(n+pad, -pad), m.at(n+pad, n+pad), m.at(-pad, n+pad)} {
		if !(c.x > 1 && c.y > 1 && c.x < float64(p.w-2) && c.y < float64(p.h-2)) {
			return false
		}
	}
	return true
}

// fitWeights say how much each kind of group counts.
type fitWeights [4]float64

// score is the weighted mean correlation of all function modules, -1..1.
func (g *grid) fitScore(p *plane, m *homography, w *fitWeights, floor float32, e *effort) float64 {
	var s, ws float64
	taps := 0
	inside := p.holds(m, float64(g.l.n), 0)
	for i := range g.l.groups {
		gr := &g.l.groups[i]
		k := w[gr.kind]
		if k == 0 {
			continue
		}
		s += k * groupNCC(p, m, gr, floor, inside, vec{})
		ws += k
		taps += len(gr.d)
	}
	e.spend(int64(taps * costTap))
	if ws == 0 {
		return 0
	}
	s /= ws
	if g.light {
		s = -s
	}
	return s
}

// start lays the grid on a triple, searching the fourth corner within reach
// steps of 0.8 modules around its estimate.
func (g *grid) start(p *plane, t *triple, corner vec, reach int, floor float32, e *effort) bool {
	a, b, c := t.f[0].c, t.f[1].c, t.f[2].c
	n := float64(g.l.n - 7)
	// module steps at the far corner
	u, v := b.sub(a).mul(1/n), c.sub(a).mul(1/n)
	w := fitWeights{groupFinder: 0, groupAlign: 1.5, groupTiming: 1, groupVersion: .5}
	if g.l.number == 1 {
		w[groupFinder] = 1
	}
	best, found := math.Inf(-1), false
	try := func(q vec, far float64) {
		quad := [4]vec{a, b, q, c}
		m, ok := squareTo(3.5, n, &quad)
		if !ok {
			return
		}
		// Of two that fit alike the nearer one: in version 1 hardly
		// anything tells where the fourth corner is.
		if s := g.fitScore(p, &m, &w, floor, e) - .002*far; s > best {
			best, found = s, true
			g.quad, g.m = quad, m
		}
	}
	const step = .8
	for j := -reach; j <= reach; j++ {
		for i := -reach; i <= reach; i++ {
			try(corner.add(u.mul(float64(i)*step)).add(v.mul(float64(j)*step)), float64(i*i+j*j))
		}
	}
	g.score = best
	return found
}

// climb moves the four corners uphill by turns.
func (g *grid) climb(p *plane, w *fitWeights, d float64, rounds int, floor float32, e *effort) {
	g.score = g.fitScore(p, &g.m, w, floor, e)
	step := g.quad[1].sub(g.quad[0]).len() / float64(g.l.n-7)
	d *= step
	for range rounds {
		for range 3 {
			moved := false
			for k := range 16 {
				q := g.quad
				s := d
				if k&1 == 1 {
					s = -d
				}
				if k&2 == 0 {
					q[k>>2].x += s
				} else {
					q[k>>2].y += s
				}
				if g.better(p, q, w, floor, e) {
					moved = true
				}
			}
			for k := range 8 { // all four corners: shift, zoom, turn
				q := g.quad
				s := d
				if k&1 == 1 {
					s = -d
				}
				mid := q[0].add(q[1]).add(q[2]).add(q[3]).mul(.25)
				for i := range q {
					r := q[i].sub(mid)
					l := max(r.len(), 1)
					switch k >> 1 {
					case 0:
						q[i].x += s
					case 1:
						q[i].y += s
					case 2:
						q[i] = q[i].add(r.mul(s / l))
					case 3:
						q[i] = q[i].add(vec{-r.y, r.x}.mul(s / l))
					}
				}
				if g.better(p, q, w, floor, e) {
					moved = true
				}
			}
			if !moved || e.over() {
				break
			}
		}
		d *= .5
	}
}

func (g *grid) better(p *plane, q [4]vec, w *fitWeights, floor float32, e *effort) bool {
	m, ok := squareTo(3.5, float64(g.l.n-7), &q)
	if !ok {
		return false
	}
	s := g.fitScore(p, &m, w, floor, e)
	if s <= g.score {
		return false
	}
	g.score, g.quad, g.m = s, q, m
	return true
}
