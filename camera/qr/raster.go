package qr

import (
	"image"
	"math"
)

// plane is a grey picture; pixel (x, y) has its middle at the coordinates x, y.
type plane struct {
	pix    []uint8
	w, h   int
	stride int
}

func planeOf(img *image.Gray) plane {
	b := img.Bounds()
	p := plane{w: b.Dx(), h: b.Dy(), stride: img.Stride}
	if p.w > 0 && p.h > 0 {
		p.pix = img.Pix[img.PixOffset(b.Min.X, b.Min.Y):]
	}
	return p
}

func newPlane(w, h int, buf []uint8) plane {
	if cap(buf) < w*h {
		buf = make([]uint8, w*h)
	}
	return plane{pix: buf[:w*h], w: w, h: h, stride: w}
}

// at is the bilinear value at x, y; outside, the border goes on.
func (p *plane) at(x, y float64) float32 {
	if !(x > 0) {
		x = 0
	}
	if !(y > 0) {
		y = 0
	}
	if x > float64(p.w)-1.001 {
		x = float64(p.w) - 1.001
	}
	if y > float64(p.h)-1.001 {
		y = float64(p.h) - 1.001
	}
	xi, yi := int(x), int(y)
	fx, fy := float32(x-float64(xi)), float32(y-float64(yi))
	o := yi*p.stride + xi
	s := p.pix[o : o+p.stride+2 : o+p.stride+2]
	a, b := float32(s[0]), float32(s[1])
	c, d := float32(s[p.stride]), float32(s[p.stride+1])
	t := a + (b-a)*fx
	return t + (c+(d-c)*fx-t)*fy
}

// halve averages 2x2 pixels into dst's buffer.
func (p *plane) halve(buf []uint8) plane {
	w, h := p.w/2, p.h/2
	d := newPlane(w, h, buf)
	for y := range h {
		a := p.pix[2*y*p.stride:][: 2*w : 2*w]
		b := p.pix[(2*y+1)*p.stride:][: 2*w : 2*w]
		o := d.pix[y*w:][:w:w]
		for x := range o {
			o[x] = uint8((uint32(a[2*x]) + uint32(a[2*x+1]) + uint32(b[2*x]) + uint32(b[2*x+1]) + 2) >> 2)
		}
	}
	return d
}

// pyramid holds a picture and its halves; level k has 1/2^k of the size.
type pyramid struct {
	levels []plane
	bufs   [][]uint8
}

func (y *pyramid) reset(base plane) {
	y.levels = append(y.levels[:0], base)
}

// level gives the k-th half, or the smallest sensible one.
func (y *pyramid) level(k int, e *effort) (*plane, int) {
	for len(y.levels) <= k {
		last := &y.levels[len(y.levels)-1]
		if last.w < 64 || last.h < 64 {
			break
		}
		i := len(y.levels) - 1
		if len(y.bufs) <= i {
			y.bufs = append(y.bufs, nil)
		}
		h := last.halve(y.bufs[i])
		y.bufs[i] = h.pix
		y.levels = append(y.levels, h)
		e.spend(int64(h.w*h.h) * 3)
	}
	k = min(k, len(y.levels)-1)
	return &y.levels[k], k
}

// wipe clears the copies that the pyramid made.
func (y *pyramid) wipe() {
	for _, b := range y.bufs {
		clear(b[:cap(b)])
	}
	y.levels = y.levels[:0]
}

// toLevel maps full-size coordinates to level k; fromLevel goes back. Both
// keep pixel middles on integers.
func toLevel(v float64, k int) float64 {
	s := float64(int(1) << k)
	return (v+0.5)/s - 0.5
}

func fromLevel(v float64, k int) float64 {
	s := float64(int(1) << k)
	return (v+0.5)*s - 0.5
}

type vec struct{ x, y float64 }

func (a vec) add(b vec) vec       { return vec{a.x + b.x, a.y + b.y} }
func (a vec) sub(b vec) vec       { return vec{a.x - b.x, a.y - b.y} }
func (a vec) mul(f float64) vec   { return vec{a.x * f, a.y * f} }
func (a vec) dot(b vec) float64   { return a.x*b.x + a.y*b.y }
func (a vec) cross(b vec) float64 { return a.x*b.y - a.y*b.x }
func (a vec) len() float64        { return math.Hypot(a.x, a.y) }
