package qr

import "math"

// margin is how many modules around the code are sampled too: the equaliser
// needs the neighbours of the outermost modules.
const margin = 2

// modules are the grey values of a code's modules and what is made of them.
// Arrays are (n+2*margin) wide.
type modules struct {
	l     *layout
	n, w  int
	raw   []float32 // grey, high is light; negated for reversed codes
	soft  []float32 // +1 dark .. -1 light, by the local threshold
	eq    []float32 // soft after the equaliser
	known []int8    // +1 dark, -1 light, 0 not known; function modules and corrected code words
	amp   float32   // half the grey distance between light and dark, over the whole code
	sum   [5][]float32
}

func (s *modules) reset(l *layout) {
	s.l, s.n, s.w = l, l.n, l.n+2*margin
	k := s.w * s.w
	if cap(s.raw) < k {
		s.raw, s.soft, s.eq = make([]float32, k), make([]float32, k), make([]float32, k)
		s.known = make([]int8, k)
	}
	s.raw, s.soft, s.eq, s.known = s.raw[:k], s.soft[:k], s.eq[:k], s.known[:k]
	clear(s.known)
	for y := range s.n {
		for x := range s.n {
			switch l.kind[y*s.n+x] {
			case modDark:
				s.known[s.at(x, y)] = 1
			case modLight:
				s.known[s.at(x, y)] = -1
			}
		}
	}
}

func (s *modules) at(x, y int) int { return (y+margin)*s.w + x + margin }

// take samples every module with five taps.
func (s *modules) take(p *plane, g *grid, b *bend, spread float64, e *effort) {
	s.reset(g.l)
	sign := float32(.2)
	if g.light {
		sign = -.2
	}
	for j := range s.w {
		for i := range s.w {
			x, y := float64(i-margin)+.5, float64(j-margin)+.5
			c := g.m.at(x, y)
			u, v := g.m.at(x+spread, y).sub(c), g.m.at(x, y+spread).sub(c)
			if b != nil {
				c = c.add(b.at(x, y))
			}
			t := p.at(c.x, c.y) + p.at(c.x+u.x+v.x, c.y+u.y+v.y) + p.at(c.x-u.x-v.x, c.y-u.y-v.y) +
				p.at(c.x+u.x-v.x, c.y+u.y-v.y) + p.at(c.x-u.x+v.x, c.y-u.y+v.y)
			s.raw[j*s.w+i] = t * sign
		}
	}
	e.spend(int64(s.w*s.w) * costTake)
}

// undoTone puts the sampled greys back to light: there glare is a sum and blur
// a mean.
func (s *modules) undoTone(lut *[256]float32) {
	for i, v := range s.raw {
		sign := float32(1)
		if v < 0 {
			v, sign = -v, -1
		}
		k := min(int(v), 254)
		s.raw[i] = sign * (lut[k] + (lut[k+1]-lut[k])*(v-float32(k)))
	}
}

// isBurnt tells whether many modules, far more than glare would, are burnt out.
func (s *modules) isBurnt() bool {
	n := 0
	for _, v := range s.raw {
		if v > 251 || v < -251 {
			n++
		}
	}
	return n*5 > len(s.raw)
}

// normalise turns grey into soft values: the threshold is the middle between
// the local means of dark and light modules, found in two rounds.
func (s *modules) normalise(r int, e *effort) {
	k := len(s.raw)
	for i := range s.sum {
		if cap(s.sum[i]) < (s.w+1)*(s.w+1) {
			s.sum[i] = make([]float32, (s.w+1)*(s.w+1))
		}
		s.sum[i] = s.sum[i][:(s.w+1)*(s.w+1)]
	}
	// global amplitude from the known modules
	var d, l, nd, nl float32
	for i, kn := range s.known {
		if kn > 0 {
			d += s.raw[i]
			nd++
		} else if kn < 0 {
			l += s.raw[i]
			nl++
		}
	}
	s.amp = max((l/nl-d/nd)/2, 1)
	mid := (l/nl + d/nd) / 2
	for i := range k {
		s.soft[i] = (mid - s.raw[i]) / s.amp
	}
	for round := range 3 {
		s.integrate(round > 0)
		for y := range s.w {
			y0, y1 := max(y-r, margin), min(y+r+1, s.w-margin)
			if y1 <= y0 {
				y0, y1 = max(y-r, 0), min(y+r+1, s.w)
			}
			for x := range s.w {
				x0, x1 := max(x-r, margin), min(x+r+1, s.w-margin)
				box := func(q int) float32 {
					t := s.sum[q]
					w := s.w + 1
					return t[y1*w+x1] - t[y0*w+x1] - t[y1*w+x0] + t[y0*w+x0]
				}
				i := y*s.w + x
				thr, amp := float32(0), s.amp
				if round == 0 {
					thr = box(0) / float32((y1-y0)*(x1-x0))
				} else {
					nd, nl := box(1), box(3)
					if nd < 2 || nl < 2 {
						thr = (box(0) + 4*mid) / (float32((y1-y0)*(x1-x0)) + 4)
					} else {
						md, ml := box(2)/nd, box(4)/nl
						thr = (md + ml) / 2
						amp = max((ml-md)/2, .4*s.amp)
					}
				}
				s.eq[i] = (thr - s.raw[i]) / amp
			}
		}
		copy(s.soft, s.eq)
	}
	e.spend(int64(k) * costLevel)
}

// integrate makes summed areas of raw, and of the count and raw of dark and
// light modules by the current decisions.
func (s *modules) integrate(classes bool) {
	w := s.w + 1
	for y := range s.w {
		var a [5]float32
		for x := range s.w {
			i := y*s.w + x
			v := s.raw[i]
			in := x >= margin && y >= margin && x < s.w-margin && y < s.w-margin
			o := (y+1)*w + x + 1
			if in || !classes {
				a[0] += v
				dark := s.soft[i] > 0
				if s.known[i] != 0 {
					dark = s.known[i] > 0
				}
				if dark {
					a[1]++
					a[2] += v
				} else {
					a[3]++
					a[4] += v
				}
			}
			for q := range s.sum {
				s.sum[q][o] = s.sum[q][o-w] + a[q]
			}
		}
	}
	for q := range s.sum {
		for i := range w {
			s.sum[q][i] = 0
			s.sum[q][i*w] = 0
		}
	}
}

// knownErrors is the share of function modules whose soft value has the wrong
// sign.
func (s *modules) knownErrors(v []float32) float64 {
	var bad, n float64
	for i, k := range s.known {
		if k != 0 {
			n++
			if float32(k)*v[i] <= 0 {
				bad++
			}
		}
	}
	return bad / math.Max(n, 1)
}

// likeness is the correlation of this frame's data modules with other values
// of the same layout, -1..1.
func (s *modules) likeness(other []float32) float64 {
	var ab, aa, bb float64
	for i, v := range s.eq {
		if s.known[i] == 0 {
			a, b := float64(min(max(v, -1.5), 1.5)), float64(other[i])
			ab += a * b
			aa += a * a
			bb += b * b
		}
	}
	return ab / math.Sqrt(math.Max(aa*bb, 1e-9))
}

// wipe clears what could tell the text.
func (s *modules) wipe() {
	clear(s.raw[:cap(s.raw)])
	clear(s.soft[:cap(s.soft)])
	clear(s.eq[:cap(s.eq)])
	clear(s.known[:cap(s.known)])
}
