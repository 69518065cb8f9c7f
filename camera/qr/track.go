package qr

import "math"

// track follows one code from frame to frame: where its grid lies, and what
// each module looked like so far. Votes of aligned frames add up: noise,
// glare and moire move, the modules do not.
type track struct {
	on    bool
	g     grid   // on the full-size picture
	last  [4]vec // quad of the frame before
	fresh bool   // last is the frame before
	lost  int    // frames since it was seen
	told  bool   // its text was reported
	doubt int    // frames in a row whose known modules do not fit
	acc   []float32
	votes float32 // sum of the weights in acc
	n     int     // frames in acc
	mixed []float32
}

// doubtful is how many frames a track may fit badly before it is dropped.
const doubtful = 4

// lostAfter is how many frames a code may be out of sight.
const lostAfter = 6

func (t *track) start(g grid) {
	same := t.on && t.g.l == g.l && t.g.light == g.light && near(t.g.quad, g.quad)
	if !same {
		t.wipe()
	}
	t.on, t.g, t.fresh, t.lost = true, g, false, 0
}

// near tells whether two quads are about the same place.
func near(a, b [4]vec) bool {
	side := a[1].sub(a[0]).len()
	for i := range a {
		if a[i].sub(b[i]).len() > .25*side {
			return false
		}
	}
	return true
}

// wipe forgets the place and the votes.
func (t *track) wipe() {
	clear(t.acc[:cap(t.acc)])
	clear(t.mixed[:cap(t.mixed)])
	*t = track{acc: t.acc[:0], mixed: t.mixed[:0]}
}

// follow finds the grid in the next frame. It searches each finder around
// where it should be by now and climbs from there.
func (w *worker) follow(t *track, e *effort) bool {
	if !t.on {
		return false
	}
	n := float64(t.g.l.n)
	g := t.g
	guess := g.quad
	if t.fresh { // goes on as it went, a little less
		for i := range guess {
			guess[i] = guess[i].add(g.quad[i].sub(t.last[i]).mul(.8))
		}
	}
	if !g.set(guess) {
		return false
	}
	mod := g.quad[1].sub(g.quad[0]).len() / (n - 7)
	k := levelFor(mod)
	p, k := w.pyr.level(k, e)
	local := g.at(k)
	var old, now [3]vec
	got, ncc := 0, 0.0
	for _, c := range [3]vec{{3.5, 3.5}, {n - 3.5, 3.5}, {3.5, n - 3.5}} {
		u, v := local.m.step(c.x, c.y)
		at := local.m.at(c.x, c.y)
		f := seek(p, at, u, v, g.light, 7, e) // a hand shakes by some modules between two frames
		f.climb(p, 2, e)
		ncc += f.ncc
		if f.ncc > .45 {
			old[got], now[got] = at, f.c
			got++
		}
	}
	if got == 0 {
		return false
	}
	moved := local
	q := carry(local.quad, old[:got], now[:got])
	if !moved.set(q) {
		return false
	}
	wt := fitWeights{groupFinder: 1.5, groupAlign: 1.5, groupTiming: 1, groupVersion: .7}
	moved.climb(p, &wt, .8, 4, 9, e)
	if moved.score < .35 {
		return false
	}
	full := moved.full(k)
	t.last, t.fresh = t.g.quad, true
	t.g = full
	t.lost = 0
	return true
}

// carry moves a quad the way one, two or three of its points went: by the
// shift, the similarity or the affine map that they fix.
func carry(q [4]vec, old, now []vec) [4]vec {
	var out [4]vec
	for i, p := range q {
		d := p.sub(old[0])
		switch len(old) {
		case 1:
			out[i] = now[0].add(d)
		case 2:
			a, b := old[1].sub(old[0]), now[1].sub(now[0])
			k := 1 / math.Max(a.dot(a), 1e-9)
			co, si := a.dot(b)*k, a.cross(b)*k
			out[i] = now[0].add(vec{d.x*co - d.y*si, d.x*si + d.y*co})
		default:
			a, b := old[1].sub(old[0]), old[2].sub(old[0])
			det := a.cross(b)
			if math.Abs(det) < 1e-9 {
				return q
			}
			s, r := d.cross(b)/det, a.cross(d)/det
			out[i] = now[0].add(now[1].sub(now[0]).mul(s)).add(now[2].sub(now[0]).mul(r))
		}
	}
	return out
}

// at expresses a full-size grid in pyramid level k.
func (g *grid) at(k int) grid {
	o := *g
	q := g.quad
	for i := range q {
		q[i] = vec{toLevel(q[i].x, k), toLevel(q[i].y, k)}
	}
	o.set(q)
	return o
}

// full expresses a grid of level k in full-size pixels.
func (g *grid) full(k int) grid {
	o := *g
	q := g.quad
	for i := range q {
		q[i] = vec{fromLevel(q[i].x, k), fromLevel(q[i].y, k)}
	}
	o.set(q)
	return o
}

// decodeTrack reads the tracked code from this frame and, when that fails,
// from the votes of all frames so far. Without hard it only looks once.
func (w *worker) decodeTrack(t *track, hard bool, e *effort) *found {
	n := float64(t.g.l.n)
	mod := t.g.quad[1].sub(t.g.quad[0]).len() / (n - 7)
	p, k := w.pyr.level(levelFor(mod), e)
	g := t.g.at(k)
	if fd := w.decode(p, &g, nil, hard, e); fd != nil {
		fd.level = k
		return fd
	}
	if !hard {
		return nil
	}
	s := &w.mods
	if s.knownErrors(s.eq) > .25 {
		if t.doubt++; t.doubt > doubtful {
			t.wipe() // it never was a code
		}
		return nil
	}
	t.doubt = 0
	if t.n > 0 && len(t.acc) == len(s.eq) && t.n >= 2 {
		// What is known by now teaches the equaliser of this frame.
		t.mix(len(s.eq))
		if w.eq.train(s, t.mixed, .7, .005, e) {
			w.eq.apply(s, e)
			if fd := w.readSoft(s.eq, &g, e); fd != nil {
				fd.level = k
				return fd
			}
		}
	}
	t.vote(s)
	if t.n < 2 {
		return nil
	}
	t.mix(len(s.eq))
	if fd := w.readSoft(t.mixed, &g, e); fd != nil {
		fd.level = k
		return fd
	}
	return nil
}

// vote adds this frame's modules, weighed by how well it shows the known ones.
func (t *track) vote(s *modules) {
	var se, nk float32
	for i, k := range s.known {
		if k != 0 {
			d := float32(k) - min(max(s.eq[i], -1.5), 1.5)
			se += d * d
			nk++
		}
	}
	mse := max(se/max(nk, 1), .02)
	wt := max(1/mse-1, 0)
	if len(t.acc) != len(s.eq) {
		if cap(t.acc) < len(s.eq) {
			t.acc, t.mixed = make([]float32, len(s.eq)), make([]float32, len(s.eq))
		}
		t.acc, t.mixed = t.acc[:len(s.eq)], t.mixed[:len(s.eq)]
		clear(t.acc)
		t.n, t.votes = 0, 0
	}
	if t.n >= 2 && s.likeness(t.acc) < .05 {
		clear(t.acc) // it shows another code by now
		t.n, t.votes = 0, 0
	}
	const keep = .93 // old frames fade: the last ones are the sharpest
	for i, v := range s.eq {
		t.acc[i] = t.acc[i]*keep + wt*min(max(v, -1.5), 1.5)
	}
	t.votes = t.votes*keep + wt
	t.n++
}

// mix puts the votes on the scale of soft values.
func (t *track) mix(n int) {
	k := 1 / max(t.votes, 1e-6)
	for i, v := range t.acc[:n] {
		t.mixed[i] = v * k
	}
}
