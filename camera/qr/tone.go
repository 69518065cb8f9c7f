package qr

import "math"

// Cameras store light to the power 1/2.2, but blur and motion mix light
// itself: in the stored values light bleeds into dark, and thin dark rings
// vanish. Undoing the curve puts edges back where they belong.
const gamma = 2.2

// raised is the picture to a power, stretched so that the lightest hundredth
// is white. The power gamma undoes the tone curve; a higher one brings back
// what an overexposed picture still shows of its dark modules.
func (p *plane) raised(power float64, buf []uint8, e *effort) plane {
	var hist [256]int
	n := 0
	for y := 0; y < p.h; y += 4 {
		row := p.pix[y*p.stride : y*p.stride+p.w]
		for x := 0; x < len(row); x += 4 {
			hist[row[x]]++
			n++
		}
	}
	top, seen := 255, 0
	for top > 32 && seen+hist[top] < n/100 {
		seen += hist[top]
		top--
	}
	var lut [256]uint8
	for i := range lut {
		lut[i] = uint8(math.Min(255, 255*math.Pow(float64(i)/float64(top), power)+.5))
	}
	d := newPlane(p.w, p.h, buf)
	for y := range p.h {
		src := p.pix[y*p.stride : y*p.stride+p.w]
		dst := d.pix[y*d.stride:][:len(src)]
		for x, v := range src {
			dst[x] = lut[v]
		}
	}
	e.spend(int64(p.w * p.h))
	return d
}

// toneCurve is the light of each stored grey, on the scale of greys.
func toneCurve(power float64) *[256]float32 {
	var t [256]float32
	for i := range t {
		t[i] = float32(255 * math.Pow(float64(i)/255, power))
	}
	return &t
}

// burntPower is the curve for overexposed pictures: there only the darkest
// middle of a dark module is less than white.
const burntPower = 8

// burnt is the share of pixels at the top of the scale.
func (p *plane) burnt() float64 {
	n, k := 0, 0
	for y := 0; y < p.h; y += 8 {
		row := p.pix[y*p.stride : y*p.stride+p.w]
		for x := 0; x < len(row); x += 8 {
			n++
			if row[x] >= 250 {
				k++
			}
		}
	}
	return float64(k) / float64(max(n, 1))
}
