package qr

import "math"

// A code on a bottle, on crumpled paper or behind a bad lens is not a plane.
// bend is how far the real modules lie from the homography: each group of
// function modules is an anchor that is moved until it fits, and between the
// anchors the shift is smooth (Gaussian process regression: the anchors'
// shifts, the surer the better they fit, blended by distance).
type bend struct {
	n     int
	cells int
	node  []vec // (cells+1)^2 shifts in pixels, bendStep modules apart
}

const bendStep = 4

// at is the shift at a module, bilinear between the nodes.
func (b *bend) at(x, y float64) vec {
	fx, fy := x/bendStep, y/bendStep
	i, j := int(math.Max(fx, 0)), int(math.Max(fy, 0))
	i, j = min(i, b.cells-1), min(j, b.cells-1)
	fx, fy = fx-float64(i), fy-float64(j)
	w := b.cells + 1
	p, q := b.node[j*w+i], b.node[j*w+i+1]
	r, s := b.node[(j+1)*w+i], b.node[(j+1)*w+i+1]
	return p.mul((1 - fx) * (1 - fy)).add(q.mul(fx * (1 - fy))).add(r.mul((1 - fx) * fy)).add(s.mul(fx * fy))
}

// anchor is a group's place, its shift and how sure that is.
type anchor struct {
	x, y  float64
	shift vec
	ncc   float64
}

// fitBend moves every group within reach of where the bend so far puts it,
// and makes a new bend of that. It returns the mean correlation.
func (w *worker) fitBend(p *plane, g *grid, rounds int, e *effort) float64 {
	b := &w.bend
	b.n = g.l.n
	b.cells = g.l.n/bendStep + 1
	k := (b.cells + 1) * (b.cells + 1)
	if cap(b.node) < k {
		b.node = make([]vec, k)
	}
	b.node = b.node[:k]
	clear(b.node)
	sign := 1.0
	if g.light {
		sign = -1
	}
	inside := p.holds(&g.m, float64(g.l.n), 4)
	mean := 0.0
	for round := range rounds {
		w.anchors = w.anchors[:0]
		mean = 0
		for i := range g.l.groups {
			gr := &g.l.groups[i]
			a := anchor{x: gr.cx, y: gr.cy, ncc: -1}
			u, v := g.m.step(gr.cx, gr.cy)
			from := b.at(gr.cx, gr.cy)
			reach, step := 5, .3
			if round > 0 {
				reach, step = 3, .15
			}
			for j := -reach; j <= reach; j++ {
				for i := -reach; i <= reach; i++ {
					o := from.add(u.mul(float64(i) * step)).add(v.mul(float64(j) * step))
					s := sign*groupNCC(p, &g.m, gr, 9, inside, o) - .01*float64(i*i+j*j)/float64(reach)
					if s > a.ncc {
						a.ncc, a.shift = s, o
					}
				}
			}
			e.spend(int64((2*reach+1)*(2*reach+1)*len(gr.d)) * costTap)
			mean += a.ncc
			if a.ncc > .45 {
				w.anchors = append(w.anchors, a)
			}
		}
		mean /= float64(len(g.l.groups))
		if len(w.anchors) < 4 || len(w.anchors) >= maxAnchors {
			return 0
		}
		w.smooth(b)
		if e.over() {
			break
		}
	}
	return mean
}

// maxAnchors bounds the linear system.
const maxAnchors = 150

// phase adds anchors where no function module is: samples lie on the middles
// of modules where they differ most among themselves, whatever the data. It
// starts from the bend so far and looks half a module around.
func (w *worker) phase(p *plane, g *grid, e *effort) {
	b := &w.bend
	const cell = 7
	w.anchors = w.anchors[:min(len(w.anchors), maxAnchors-1)]
	per := max(1, g.l.n/cell)
	for per*per > maxAnchors-len(w.anchors) {
		per--
	}
	stride := float64(g.l.n) / float64(per)
	var at [cell * cell]vec
	for j := range per {
		for i := range per {
			cx, cy := math.Floor((float64(i)+.5)*stride)+.5, math.Floor((float64(j)+.5)*stride)+.5
			u, v := g.m.step(cx, cy)
			from := b.at(cx, cy)
			for k := range at {
				at[k] = g.m.at(cx+float64(k%cell-cell/2), cy+float64(k/cell-cell/2))
			}
			const reach, step = 4, .125
			best, worst, bi, bj := 0.0, math.Inf(1), 0, 0
			for sj := -reach; sj <= reach; sj++ {
				for si := -reach; si <= reach; si++ {
					o := from.add(u.mul(float64(si) * step)).add(v.mul(float64(sj) * step))
					var s, ss float64
					for k := range at {
						t := float64(p.at(at[k].x+o.x, at[k].y+o.y))
						s += t
						ss += t * t
					}
					sd := ss - s*s/(cell*cell)
					worst = min(worst, sd)
					if sd > best {
						best, bi, bj = sd, si, sj
					}
				}
			}
			if bi == -reach || bi == reach || bj == -reach || bj == reach || worst > .8*best {
				continue
			}
			o := from.add(u.mul(float64(bi) * step)).add(v.mul(float64(bj) * step))
			w.anchors = append(w.anchors, anchor{x: cx, y: cy, shift: o, ncc: .75})
		}
	}
	e.spend(int64(per*per*81*cell*cell) * costTap)
	w.smooth(b)
}

// smooth solves for the bend through the anchors.
func (w *worker) smooth(b *bend) {
	as := w.anchors
	m := len(as)
	sigma := math.Max(8, .16*float64(b.n))
	kern := func(dx, dy float64) float64 { return math.Exp(-(dx*dx + dy*dy) / (2 * sigma * sigma)) }
	if cap(w.gram) < m*m {
		w.gram = make([]float64, maxAnchors*maxAnchors)
		w.weight = make([]vec, maxAnchors)
	}
	a, x := w.gram[:m*m], w.weight[:m]
	for i := range m {
		for j := 0; j <= i; j++ {
			a[i*m+j] = kern(as[i].x-as[j].x, as[i].y-as[j].y)
		}
		d := 1 - as[i].ncc
		a[i*m+i] += .02 + d*d
		x[i] = as[i].shift
	}
	for j := range m { // Cholesky
		for k := 0; k <= j; k++ {
			s := a[j*m+k]
			for i := range k {
				s -= a[j*m+i] * a[k*m+i]
			}
			if j == k {
				a[j*m+j] = math.Sqrt(math.Max(s, 1e-9))
			} else {
				a[j*m+k] = s / a[k*m+k]
			}
		}
	}
	for j := range m {
		for k := range j {
			x[j] = x[j].sub(x[k].mul(a[j*m+k]))
		}
		x[j] = x[j].mul(1 / a[j*m+j])
	}
	for j := m - 1; j >= 0; j-- {
		for k := j + 1; k < m; k++ {
			x[j] = x[j].sub(x[k].mul(a[k*m+j]))
		}
		x[j] = x[j].mul(1 / a[j*m+j])
	}
	i := 0
	for v := 0; v <= b.cells; v++ {
		for u := 0; u <= b.cells; u++ {
			var s vec
			for k := range as {
				s = s.add(x[k].mul(kern(float64(u*bendStep)-as[k].x, float64(v*bendStep)-as[k].y)))
			}
			b.node[i] = s
			i++
		}
	}
}
