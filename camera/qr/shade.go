package qr

// shade is a local black-white threshold, one value for each block of 8x8
// pixels. Two kinds: the mean of the neighbourhood (good under noise) and the
// middle between its darkest and lightest (good under blur, where the light
// ring of a finder never gets light).
type shade struct {
	bw, bh int
	thr    []uint8
	mean   []uint8
	lo, hi []uint8
	row    []blockSum
	// spread is hi-lo over the neighbourhood: where it is small, there is
	// nothing to see.
	spread []uint8
}

const blockBits = 3

// measure takes each block's mean, darkest and lightest pixel.
func (s *shade) measure(p *plane, e *effort) {
	s.bw, s.bh = (p.w+7)>>blockBits, (p.h+7)>>blockBits
	n := s.bw * s.bh
	if cap(s.thr) < n {
		s.thr, s.mean = make([]uint8, n), make([]uint8, n)
		s.lo, s.hi, s.spread = make([]uint8, n), make([]uint8, n), make([]uint8, n)
	}
	s.thr, s.mean, s.lo, s.hi, s.spread = s.thr[:n], s.mean[:n], s.lo[:n], s.hi[:n], s.spread[:n]
	for by := range s.bh {
		y0, y1 := by<<blockBits, min(by<<blockBits+8, p.h)
		for bx := range s.bw {
			x0, x1 := bx<<blockBits, min(bx<<blockBits+8, p.w)
			var sum, cnt uint32
			lo, hi := uint8(255), uint8(0)
			for y := y0; y < y1; y += 2 { // every second row is enough
				row := p.pix[y*p.stride+x0 : y*p.stride+x1]
				for _, v := range row {
					sum += uint32(v)
					lo = min(lo, v)
					hi = max(hi, v)
				}
				cnt += uint32(len(row))
			}
			i := by*s.bw + bx
			s.mean[i], s.lo[i], s.hi[i] = uint8(sum/cnt), lo, hi
		}
	}
	e.spend(int64(p.w*p.h) / 2 * costStat)
}

// around makes, for each block, the sums and the range over (2r+1)^2 blocks:
// first along the rows, then down the columns.
func (s *shade) around(r int) {
	n := s.bw * s.bh
	if cap(s.row) < n {
		s.row = make([]blockSum, n)
	}
	s.row = s.row[:n]
	for by := range s.bh {
		o := by * s.bw
		for bx := range s.bw {
			a := blockSum{lo: 255}
			for x := o + max(bx-r, 0); x <= o+min(bx+r, s.bw-1); x++ {
				// Blocks with contrast weigh more: a flat one says nothing
				// about where the middle is.
				w := uint32(s.hi[x]-s.lo[x])>>3 + 1
				a.sum += w * uint32(s.mean[x])
				a.weight += w
				a.lo = min(a.lo, s.lo[x])
				a.hi = max(a.hi, s.hi[x])
			}
			s.row[o+bx] = a
		}
	}
}

type blockSum struct {
	sum, weight uint32
	lo, hi      uint8
}

func (s *shade) column(bx, by, r int) blockSum {
	a := blockSum{lo: 255}
	for y := max(by-r, 0); y <= min(by+r, s.bh-1); y++ {
		b := &s.row[y*s.bw+bx]
		a.sum += b.sum
		a.weight += b.weight
		a.lo = min(a.lo, b.lo)
		a.hi = max(a.hi, b.hi)
	}
	return a
}

// byMean sets the threshold to the mean over (2r+1)^2 blocks.
func (s *shade) byMean(r int) {
	s.around(r)
	for by := range s.bh {
		for bx := range s.bw {
			a := s.column(bx, by, r)
			s.thr[by*s.bw+bx] = uint8(a.sum / a.weight)
			s.spread[by*s.bw+bx] = a.hi - a.lo
		}
	}
}

// byMiddle sets the threshold to the middle of the range over (2r+1)^2 blocks.
func (s *shade) byMiddle(r int) {
	s.around(r)
	for by := range s.bh {
		for bx := range s.bw {
			a := s.column(bx, by, r)
			s.thr[by*s.bw+bx] = uint8((uint32(a.lo) + uint32(a.hi)) / 2)
			s.spread[by*s.bw+bx] = a.hi - a.lo
		}
	}
}

func (s *shade) at(x, y int) uint8 { return s.thr[(y>>blockBits)*s.bw+x>>blockBits] }
