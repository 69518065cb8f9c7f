package qr

import "math"

// versionNear reads the version information beside the upper right and the
// lower left finder with those finders' own frames: it needs no grid. fit is
// the correlation, 1 for a perfect one; versions below 7 have none.
func (t *triple) versionNear(p *plane, e *effort) (version int, fit float64) {
	sign := 1.0
	if t.light {
		sign = -1
	}
	var bits [2][18]float64
	for i := range 18 {
		// From the finder's middle, in modules: columns -7..-5, rows -3..2.
		a, b := float64(i%3)-7, float64(i/3)-3
		tr, bl := &t.f[1], &t.f[2]
		q := tr.c.add(tr.u.mul(a)).add(tr.v.mul(b))
		bits[0][i] = -sign * float64(p.at(q.x, q.y))
		q = bl.c.add(bl.u.mul(b)).add(bl.v.mul(a))
		bits[1][i] = -sign * float64(p.at(q.x, q.y))
	}
	e.spend(36 * costTap)
	for c := range bits {
		var s, ss float64
		for _, v := range bits[c] {
			s += v
			ss += v * v
		}
		mean := s / 18
		sd := math.Sqrt(math.Max(ss/18-mean*mean, 9))
		for i := range bits[c] {
			bits[c][i] = (bits[c][i] - mean) / sd
		}
	}
	fit = -1
	for v := 7; v <= 40; v++ {
		w := versionBits(v)
		ones := 0.0
		for i := range 18 {
			ones += float64(w >> i & 1)
		}
		mean := ones / 18
		sd := math.Sqrt(mean * (1 - mean))
		for c := range bits {
			var s float64
			for i := range 18 {
				s += bits[c][i] * (float64(w>>i&1) - mean) / sd
			}
			if s /= 18; s > fit {
				version, fit = v, s
			}
		}
	}
	return version, fit
}

// corner searches the last alignment pattern, within reach modules of where
// the guessed fourth corner puts it, and returns the corner for which the
// whole grid fits best. Large versions need it: their fourth corner is only
// known to within several modules.
func (g *grid) corner(p *plane, t *triple, guess vec, reach int, e *effort) (vec, bool) {
	a, b, c := t.f[0].c, t.f[1].c, t.f[2].c
	m, ok := squareTo(3.5, float64(g.l.n-7), &[4]vec{a, b, guess, c})
	if !ok {
		return guess, false
	}
	var last *group
	for i := range g.l.groups {
		if gr := &g.l.groups[i]; gr.kind == groupAlign && (last == nil || gr.cx+gr.cy > last.cx+last.cy) {
			last = gr
		}
	}
	if last == nil {
		return guess, false
	}
	sign := 1.0
	if g.light {
		sign = -1
	}
	u, v := m.step(last.cx, last.cy)
	inside := p.holds(&m, float64(g.l.n), float64(reach))
	type place struct {
		shift vec
		ncc   float64
	}
	var top [6]place
	const step = .6
	k := int(float64(reach) / step)
	for j := -k; j <= k; j++ {
		for i := -k; i <= k; i++ {
			o := u.mul(step * float64(i)).add(v.mul(step * float64(j)))
			s := sign * groupNCC(p, &m, last, 9, inside, o)
			if s <= top[len(top)-1].ncc {
				continue
			}
			at := len(top) - 1
			for at > 0 && top[at-1].ncc < s {
				at--
			}
			near := false // one entry for each peak
			for q := range at {
				near = near || top[q].shift.sub(o).len() < 1.5*u.len()
			}
			if near {
				continue
			}
			copy(top[at+1:], top[at:])
			top[at] = place{o, s}
		}
	}
	e.spend(int64((2*k+1)*(2*k+1)*25) * costTap)
	w := fitWeights{groupAlign: 1.5, groupTiming: 1, groupVersion: .5}
	best, found := -1.0, false
	for _, t := range top {
		if t.ncc < .5 {
			continue
		}
		// the pattern lies 3 modules inside the corner: about the same shift
		q := guess.add(t.shift)
		if m, ok := squareTo(3.5, float64(g.l.n-7), &[4]vec{a, b, q, c}); ok {
			if s := g.fitScore(p, &m, &w, 9, e); s > best {
				best, guess, found = s, q, true
			}
		}
	}
	return guess, found
}
