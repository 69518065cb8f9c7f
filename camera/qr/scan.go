package qr

import (
	"encoding/binary"
	"math"
	mathbits "math/bits"
)

// cross is one place where a line runs through what could be the middle of a
// finder pattern.
type cross struct {
	x, y  float64 // the middle
	h, v  float64 // module size along the row and the column; v is 0 when the column did not agree
	light bool    // the core is light: reversed colours
	outer bool    // the outer ring fits too (1:1:3:1:1, not only 1:3:1)
}

// edges of one line: positions with parts of a pixel, and which side is dark.
type lineEdges struct {
	at    []float32
	first bool // the run before the first edge is dark
}

// scanRow finds the edges of a row against the block thresholds, eight pixels
// at a time: most blocks hold no edge.
func (l *lineEdges) scanRow(p *plane, s *shade, y int) {
	const high, low = 0x8080808080808080, 0x0101010101010101
	l.at = l.at[:0]
	row := p.pix[y*p.stride : y*p.stride+p.w]
	thr := s.thr[(y>>blockBits)*s.bw:][:s.bw]
	dark := uint64(0)
	if row[0] < thr[0] {
		dark = 1
	}
	l.first = dark == 1
	whole := p.w >> 3
	for bx, th := range thr[:whole] {
		x := binary.LittleEndian.Uint64(row[bx<<3:])
		t := uint64(th) * low
		// the borrow of each byte of x-t is set where pixel < threshold
		d := ((x | high) - (t &^ high)) ^ ((x ^ ^t) & high)
		lt := ((^x & t) | ((^x | t) & d)) & high
		bits := (lt >> 7) * 0x0102040810204080 >> 56
		turns := (bits ^ (bits<<1 | dark)) & 0xff
		for turns != 0 {
			l.edge(row, bx<<3+mathbits.TrailingZeros64(turns), th)
			turns &= turns - 1
		}
		dark = bits >> 7
	}
	for x := whole << 3; x < p.w; x++ {
		th := thr[whole]
		if (row[x] < th) != (dark == 1) {
			dark ^= 1
			l.edge(row, x, th)
		}
	}
}

// edge notes the change of colour between pixels x-1 and x, where between the
// two the threshold is crossed.
func (l *lineEdges) edge(row []uint8, x int, t uint8) {
	f := float32(.5)
	if x > 0 {
		if d := float32(row[x]) - float32(row[x-1]); d != 0 {
			f = min(max((float32(t)-float32(row[x-1]))/d, 0), 1)
		}
	}
	l.at = append(l.at, float32(x)-1+f)
}

// finderScan looks for crosses on every step-th row; strict takes only those
// that hold in the column too.
func finderScan(p *plane, s *shade, step int, strict bool, out []cross, l *lineEdges, e *effort) []cross {
	for y := step / 2; y < p.h; y += step {
		l.scanRow(p, s, y)
		out = crossesInLine(p, s, l, y, strict, out, e)
	}
	e.spend(int64(p.w*p.h/step) * costScan)
	return out
}

// plainContrast is what the first, cheap look asks for in grey levels: the
// noise of a camera looking at a wall has less, and would cost as much as a
// page of text. Fainter codes are left to the stages behind it.
const plainContrast = 24

// crossesInLine tests each five runs of a line.
func crossesInLine(p *plane, s *shade, l *lineEdges, y int, strict bool, out []cross, e *effort) []cross {
	at := l.at
	for i := 0; i+5 < len(at)+2 && i+3 < len(at); i++ {
		// runs: r0 | at[i] r1 at[i+1] r2 at[i+2] r3 at[i+3] | r4
		dark := l.first != (i&1 == 1) // colour of r0; l.first is the one before edge 0
		r1, r2, r3 := at[i+1]-at[i], at[i+2]-at[i+1], at[i+3]-at[i+2]
		// Exposure makes all dark runs thinner and all light runs wider, or the
		// other way; from an edge to the next of the same kind it cancels out:
		// 2:4:4:2 modules.
		u := (r1 + 2*r2 + r3) * .125
		if r2 < 1 || r1+r3 > 4.1*u || r1+r3 < .7*u {
			continue
		}
		tol := .5*u + .5
		if d := r1 - r3; d > tol || d < -tol {
			continue
		}
		r0, r4 := float32(1e9), float32(1e9)
		if i > 0 {
			r0 = at[i] - at[i-1]
		}
		if i+4 < len(at) {
			r4 = at[i+4] - at[i+3]
		}
		tol = .6*u + .5
		outer := r0+r1 > 2*u-tol && r0+r1 < 2*u+tol && r3+r4 > 2*u-tol && r3+r4 < 2*u+tol
		if !outer && (r1+r3 > 3.2*u || r1+r3 < .95*u || r0 < .45*u-.1 || r4 < .45*u-.1) {
			continue // without the outer ring the inner one must be good
		}
		cx := (at[i+1] + at[i+2]) * .5
		if u > float32(p.h)/8 {
			continue
		}
		if strict && s.spreadAt(int(cx), y) < plainContrast {
			continue
		}
		// Colour of the core is that of r0 when r0 is a ring.
		c := cross{x: float64(cx), y: float64(y), h: float64(u), light: !dark, outer: outer}
		if !columnThrough(p, s, &c, e) && (strict || !outer) {
			continue
		}
		if s.spreadAt(int(cx), y) < 12 {
			continue
		}
		out = append(out, c)
	}
	return out
}

// columnThrough walks up and down from the cross and takes the middle and the
// module size in the column, when it too is 1:3:1.
func columnThrough(p *plane, s *shade, c *cross, e *effort) bool {
	x := int(c.x + .5)
	y := int(c.y)
	core := !c.light // core is dark
	limit := int(c.h*6) + 3
	walk := func(y, d int, dark bool, limit int) (int, bool) {
		for k := 0; ; k++ {
			if y < 0 || y >= p.h {
				return k, false
			}
			if (p.pix[y*p.stride+x] < s.thr[(y>>blockBits)*s.bw+x>>blockBits]) != dark {
				return k, true
			}
			if k > limit {
				return k, false
			}
			y += d
		}
	}
	if (p.pix[y*p.stride+x] < s.at(x, y)) != core {
		return false
	}
	e.spend(int64(limit))
	up, ok := walk(y, -1, core, limit)
	if !ok {
		return false
	}
	dn, ok := walk(y+1, 1, core, limit)
	if !ok {
		return false
	}
	r2 := up + dn
	top, bot := y-up+1, y+dn // first and last row of the core
	lim := 2*r2 + 2
	u1, ok1 := walk(top-1, -1, !core, lim)
	d1, ok2 := walk(bot+1, 1, !core, lim)
	if !ok1 || !ok2 {
		return false
	}
	f1, f2, f3 := float64(u1), float64(r2), float64(d1)
	u := (f1 + 2*f2 + f3) * .125
	if f1+f3 > 4.1*u+1 || f1+f3 < .7*u-1 || math.Abs(f1-f3) > .5*u+1.2 {
		return false
	}
	if u > 2.6*c.h+1 || u < c.h*.38-.4 {
		return false
	}
	// The outer ring must go on for a part of a module at least.
	o1, _ := walk(top-1-u1, -1, core, int(u))
	o2, _ := walk(bot+1+d1, 1, core, int(u))
	least := .8 * (2*u - (f1+f3)/2)
	least = min(least, .4*u) - .6
	if float64(o1) < least || float64(o2) < least {
		return false
	}
	c.y = (float64(top) + float64(bot)) / 2
	c.v = u
	return true
}
