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
	sums   [][2]uint32
}

const blockBits = 3

// measure takes each block's mean, darkest and lightest pixel.
func (s *shade) measure(p *plane, e *effort) {
	s.bw, s.bh = (p.w+7)>>blockBits, (p.h+7)>>blockBits
	n := s.bw * s.bh
	if cap(s.thr) < n {
		s.thr, s.mean = make([]uint8, n), make([]uint8, n)
		s.lo, s.hi = make([]uint8, n), make([]uint8, n)
	}
	s.thr, s.mean, s.lo, s.hi = s.thr[:n], s.mean[:n], s.lo[:n], s.hi[:n]
	for by := range s.bh {
		y0, y1 := by<<blockBits, min(by<<blockBits+8, p.h)
		for bx := range s.bw {
			x0, x1 := bx<<blockBits, min(bx<<blockBits+8, p.w)
			var sum, cnt uint32
			lo, hi := uint8(255), uint8(0)
			// two rows of a block are enough: the neighbours count too
			for y := y0 + (y1-y0)>>3; y < y1; y += 4 {
				row := p.pix[y*p.stride+x0 : y*p.stride+x1]
				if len(row) == 8 {
					r := (*[8]uint8)(row)
					sum += uint32(r[0]) + uint32(r[1]) + uint32(r[2]) + uint32(r[3]) + uint32(r[4]) + uint32(r[5]) + uint32(r[6]) + uint32(r[7])
					lo = min(lo, min(min(r[0], r[1]), min(r[2], r[3])), min(min(r[4], r[5]), min(r[6], r[7])))
					hi = max(hi, max(max(r[0], r[1]), max(r[2], r[3])), max(max(r[4], r[5]), max(r[6], r[7])))
					cnt += 8
					continue
				}
				for _, v := range row {
					sum += uint32(v)
					lo, hi = min(lo, v), max(hi, v)
				}
				cnt += uint32(len(row))
			}
			i := by*s.bw + bx
			s.mean[i], s.lo[i], s.hi[i] = uint8(sum/cnt), lo, hi
		}
	}
	e.spend(int64(p.w*p.h) / 4 * costStat)
}

// byMean sets the threshold to the mean over (2r+1)^2 blocks. Blocks with
// contrast weigh more: a flat one says nothing about where the middle is.
func (s *shade) byMean(r int) {
	n := s.bw * s.bh
	if cap(s.sums) < n {
		s.sums = make([][2]uint32, n)
	}
	s.sums = s.sums[:n]
	for by := range s.bh { // running sums along the rows
		o := by * s.bw
		var sum, weight uint32
		for x := -r; x < s.bw; x++ {
			if i := x + r; i < s.bw {
				w := uint32(s.hi[o+i]-s.lo[o+i])>>3 + 1
				sum += w * uint32(s.mean[o+i])
				weight += w
			}
			if i := x - r - 1; i >= 0 {
				w := uint32(s.hi[o+i]-s.lo[o+i])>>3 + 1
				sum -= w * uint32(s.mean[o+i])
				weight -= w
			}
			if x >= 0 {
				s.sums[o+x] = [2]uint32{sum, weight}
			}
		}
	}
	for by := range s.bh { // then down the columns
		y0, y1 := max(by-r, 0), min(by+r, s.bh-1)
		for bx := range s.bw {
			var sum, weight uint32
			for o := y0*s.bw + bx; o <= y1*s.bw+bx; o += s.bw {
				sum += s.sums[o][0]
				weight += s.sums[o][1]
			}
			s.thr[by*s.bw+bx] = uint8(sum / weight)
		}
	}
}

// rangeAround is the darkest and lightest over (2r+1)^2 blocks.
func (s *shade) rangeAround(bx, by, r int) (lo, hi uint8) {
	lo = 255
	for y := max(by-r, 0); y <= min(by+r, s.bh-1); y++ {
		o := y * s.bw
		for x := o + max(bx-r, 0); x <= o+min(bx+r, s.bw-1); x++ {
			lo, hi = min(lo, s.lo[x]), max(hi, s.hi[x])
		}
	}
	return lo, hi
}

// spreadAt is the contrast around a pixel: where it is small, there is nothing
// to see.
func (s *shade) spreadAt(x, y int) int {
	lo, hi := s.rangeAround(x>>blockBits, y>>blockBits, 2)
	return int(hi) - int(lo)
}

// byMiddle sets the threshold to the middle of the range over (2r+1)^2 blocks.
func (s *shade) byMiddle(r int) {
	n := s.bw * s.bh
	if cap(s.sums) < n {
		s.sums = make([][2]uint32, n)
	}
	s.sums = s.sums[:n]
	for by := range s.bh {
		o := by * s.bw
		for bx := range s.bw {
			lo, hi := uint8(255), uint8(0)
			for x := o + max(bx-r, 0); x <= o+min(bx+r, s.bw-1); x++ {
				lo, hi = min(lo, s.lo[x]), max(hi, s.hi[x])
			}
			s.sums[o+bx] = [2]uint32{uint32(lo), uint32(hi)}
		}
	}
	for by := range s.bh {
		y0, y1 := max(by-r, 0), min(by+r, s.bh-1)
		for bx := range s.bw {
			lo, hi := uint32(255), uint32(0)
			for o := y0*s.bw + bx; o <= y1*s.bw+bx; o += s.bw {
				lo, hi = min(lo, s.sums[o][0]), max(hi, s.sums[o][1])
			}
			s.thr[by*s.bw+bx] = uint8((lo + hi) / 2)
		}
	}
}

func (s *shade) at(x, y int) uint8 { return s.thr[(y>>blockBits)*s.bw+x>>blockBits] }
