package qr

import "math"

// spot is a cluster of crosses: where a finder pattern may be.
type spot struct {
	x, y, h, v float64 // middle, module size along the row and the column
	n, nv      float64 // crosses, and how many of them agreed in the column
	outer      float64
	light      bool
	next       int32 // chain in its bucket
}

// spots clusters crosses through a coarse grid of buckets.
type spots struct {
	all   []spot
	heads []int32
	bw    int
}

const bucketBits = 4

// pool clusters crosses that lie within about a module of each other.
func (q *spots) pool(cs []cross, w, h int) {
	q.all = q.all[:0]
	q.bw = w>>bucketBits + 1
	n := q.bw * (h>>bucketBits + 1)
	if cap(q.heads) < n {
		q.heads = make([]int32, n)
	}
	q.heads = q.heads[:n]
	for i := range q.heads {
		q.heads[i] = -1
	}
	for i := range cs {
		q.add(&cs[i], w, h)
	}
}

func (q *spots) add(c *cross, w, h int) {
	r := 2.5*c.h + 2
	x0, x1 := max(int(c.x-r), 0)>>bucketBits, min(int(c.x+r), w-1)>>bucketBits
	y0, y1 := max(int(c.y-r), 0)>>bucketBits, min(int(c.y+r), h-1)>>bucketBits
	weight := 1.0
	if c.v == 0 {
		weight = .25
	}
	for by := y0; by <= y1; by++ {
		for bx := x0; bx <= x1; bx++ {
			for i := q.heads[by*q.bw+bx]; i >= 0; i = q.all[i].next {
				s := &q.all[i]
				if s.light != c.light || c.h > 1.7*s.h+.5 || s.h > 1.7*c.h+.5 {
					continue
				}
				d := 1.3*min(s.h, c.h) + .7
				if math.Abs(s.x-c.x) < d && math.Abs(s.y-c.y) < d+1 {
					s.join(c, weight)
					return
				}
			}
		}
	}
	s := spot{x: c.x, y: c.y, h: c.h, v: c.v, n: weight, light: c.light}
	if c.v > 0 {
		s.nv = 1
	}
	if c.outer {
		s.outer = weight
	}
	b := int(c.y)>>bucketBits*q.bw + int(c.x)>>bucketBits
	s.next = q.heads[b]
	q.heads[b] = int32(len(q.all))
	q.all = append(q.all, s)
}

func (s *spot) join(c *cross, weight float64) {
	k := weight / (s.n + weight)
	s.x += (c.x - s.x) * k
	s.y += (c.y - s.y) * k
	s.h += (c.h - s.h) * k
	if c.v > 0 {
		s.v += (c.v - s.v) / (s.nv + 1)
		s.nv++
	}
	s.n += weight
	if c.outer {
		s.outer += weight
	}
}
