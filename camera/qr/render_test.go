package qr

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// encode is gozxing's encoder: an independent writer for what is read here.
func encode(t testing.TB, text, level string, version, mask int) *encoder.ByteMatrix {
	t.Helper()
	hints := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_QR_MASK_PATTERN: mask}
	if version > 0 {
		hints[gozxing.EncodeHintType_QR_VERSION] = version
	}
	ec, err := decoder.ErrorCorrectionLevel_ValueOf(level)
	if err != nil {
		t.Fatal(err)
	}
	code, err := encoder.Encoder_encode(text, ec, hints)
	if err != nil {
		t.Fatalf("encode %d bytes as version %d level %s: %v", len(text), version, level, err)
	}
	return code.GetMatrix()
}

// view is how a code is looked at.
type view struct {
	w, h         int
	quad         [4]vec // corners of the code in the picture
	quiet        float64
	dark, light  float64
	noise, blur  float64 // grey levels; pixels
	mirrored     bool
	ground       float64 // grey around
	rng          *rand.Rand
	bow          float64 // modules that the middle of each row is lifted
	dots         bool    // round modules
	hideX, hideY float64 // middle of a spot that hides modules, in modules
	hideR        float64
}

// render draws a matrix under a view with 2x2 rays a pixel.
func render(m *encoder.ByteMatrix, v view) *image.Gray {
	n := m.GetWidth()
	h, ok := squareTo(0, float64(n), &v.quad)
	if !ok {
		return image.NewGray(image.Rect(0, 0, v.w, v.h))
	}
	// inverse of the homography
	a := [9]float64{h.a, h.b, h.c, h.d, h.e, h.f, h.g, h.h, 1}
	inv := [9]float64{a[4]*a[8] - a[5]*a[7], a[2]*a[7] - a[1]*a[8], a[1]*a[5] - a[2]*a[4],
		a[5]*a[6] - a[3]*a[8], a[0]*a[8] - a[2]*a[6], a[2]*a[3] - a[0]*a[5],
		a[3]*a[7] - a[4]*a[6], a[1]*a[6] - a[0]*a[7], a[0]*a[4] - a[1]*a[3]}
	val := func(px, py float64) float64 {
		w := inv[6]*px + inv[7]*py + inv[8]
		x, y := (inv[0]*px+inv[1]*py+inv[2])/w, (inv[3]*px+inv[4]*py+inv[5])/w
		if v.bow != 0 {
			k := x/float64(n)*2 - 1
			y += v.bow * (1 - k*k)
		}
		if v.hideR > 0 && math.Hypot(x-v.hideX, y-v.hideY) < v.hideR {
			return (v.dark + v.light) / 2
		}
		if x < -v.quiet || y < -v.quiet || x >= float64(n)+v.quiet || y >= float64(n)+v.quiet {
			return v.ground
		}
		i, j := int(math.Floor(x)), int(math.Floor(y))
		if v.mirrored {
			i = n - 1 - i
		}
		if i < 0 || j < 0 || i >= n || j >= n || m.Get(i, j) == 0 {
			return v.light
		}
		if v.dots && math.Hypot(x-math.Floor(x)-.5, y-math.Floor(y)-.5) > .5 && !(i < 7 && j < 7 || i >= n-7 && j < 7 || i < 7 && j >= n-7) {
			return v.light
		}
		return v.dark
	}
	f := make([]float64, v.w*v.h)
	for y := range v.h {
		for x := range v.w {
			var s float64
			for k := range 4 {
				s += val(float64(x)+(float64(k%2)-.5)/2, float64(y)+(float64(k/2)-.5)/2)
			}
			f[y*v.w+x] = s / 4
		}
	}
	blurBy(f, v.w, v.h, v.blur)
	img := image.NewGray(image.Rect(0, 0, v.w, v.h))
	for i, g := range f {
		if v.noise > 0 {
			g += v.rng.NormFloat64() * v.noise
		}
		img.Pix[i] = uint8(math.Max(0, math.Min(255, g+.5)))
	}
	return img
}

// blurBy is a Gaussian blur in place.
func blurBy(f []float64, w, h int, sigma float64) {
	if sigma <= 0 {
		return
	}
	r := int(3*sigma) + 1
	k := make([]float64, 2*r+1)
	var sum float64
	for i := range k {
		d := float64(i - r)
		k[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += k[i]
	}
	pass := func(n, stride, lines, skip int) {
		row := make([]float64, n)
		for l := range lines {
			for i := range n {
				var s float64
				for j, c := range k {
					s += c * f[l*skip+min(max(i+j-r, 0), n-1)*stride]
				}
				row[i] = s / sum
			}
			for i, v := range row {
				f[l*skip+i*stride] = v
			}
		}
	}
	pass(w, 1, h, w)
	pass(h, w, w, 1)
}

// lookAt is a random view of an n-module code with about module pixels each.
func lookAt(r *rand.Rand, n int, module, tilt float64) view {
	side := float64(n) * module
	size := int(side*1.5) + 40
	turn := r.Float64() * 2 * math.Pi
	axis := r.Float64() * 2 * math.Pi
	c, s := math.Cos(turn), math.Sin(turn)
	v := view{w: size, h: size, quiet: 4, dark: 30, light: 220, ground: 120, rng: r}
	f := 2.2 * side
	for i, p := range [4]vec{{-.5, -.5}, {.5, -.5}, {.5, .5}, {-.5, .5}} {
		x, y := (p.x*c-p.y*s)*side, (p.x*s+p.y*c)*side
		// turn about an axis in the picture
		ax, ay := math.Cos(axis), math.Sin(axis)
		along, across := x*ax+y*ay, -x*ay+y*ax
		z := across * math.Sin(tilt)
		across *= math.Cos(tilt)
		k := f / (f + z)
		v.quad[i] = vec{float64(size)/2 + (along*ax-across*ay)*k, float64(size)/2 + (along*ay+across*ax)*k}
	}
	return v
}
