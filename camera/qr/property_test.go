package qr

import (
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// long runs the long forms: QR_LONG=1 go test ./camera/qr
func long() bool { return os.Getenv("QR_LONG") != "" }

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:/#.{}\" äß€漢"

func randomText(r *rand.Rand, bytes int) string {
	var b strings.Builder
	rs := []rune(alphabet)
	for {
		c := string(rs[r.IntN(len(rs))])
		if b.Len()+len(c) > bytes {
			break
		}
		b.WriteString(c)
	}
	return b.String()
}

// capacity is how many bytes fit, with room for gozxing's ECI header.
func capacity(t *testing.T, version int, level string) int {
	v, err := decoder.Version_GetVersionForNumber(version)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := decoder.ErrorCorrectionLevel_ValueOf(level)
	if err != nil {
		t.Fatal(err)
	}
	return v.GetTotalCodewords() - v.GetECBlocksForLevel(ec).GetTotalECCodewords() - 5
}

// What is read is what was written: every version and level, all masks,
// random texts, any perspective, noise and blur.
func TestReadsWhatWasWritten(t *testing.T) {
	rounds := 1
	if long() {
		rounds = 25
	}
	r := rand.New(rand.NewPCG(20261123, 4))
	rd := NewReader(Options{})
	read, total := 0, 0
	for range rounds {
		for version := 1; version <= 40; version++ {
			if !long() && version > 8 && version%8 != 0 {
				continue
			}
			level := string("LMQH"[r.IntN(4)])
			room := capacity(t, version, level)
			text := randomText(r, 1+r.IntN(max(room, 1)))
			if text == "" {
				text = "7"
			}
			m := encode(t, text, level, version, r.IntN(8))
			v := lookAt(r, m.GetWidth(), 2.6+2*r.Float64(), .5*r.Float64())
			v.noise, v.blur = 6*r.Float64(), .6*r.Float64()
			v.mirrored = r.IntN(6) == 0
			if r.IntN(4) == 0 {
				v.dark, v.light = v.light, v.dark
			}
			got := rd.Still(render(m, v))
			total++
			for _, g := range got {
				if g.Text != text {
					t.Fatalf("version %d level %s: read a text that was not written (%d bytes, wrote %d)", version, level, len(g.Text), len(text))
				}
			}
			if len(got) == 1 {
				read++
			} else {
				t.Logf("not read: version %d level %s mirrored %v light %v", version, level, v.mirrored, v.light < v.dark)
			}
		}
	}
	if read*100 < total*95 {
		t.Errorf("read %d of %d", read, total)
	}
}

// Codes as designers and life make them.
func TestOddCodes(t *testing.T) {
	const text = "https://viewer.example.org/#shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0"
	for name, change := range map[string]func(*view, int){
		"no quiet zone":          func(v *view, n int) { v.quiet = 0 },
		"no quiet zone, on dark": func(v *view, n int) { v.quiet, v.ground = 0, 25 },
		"reversed":               func(v *view, n int) { v.dark, v.light = 220, 30 },
		"reversed, no quiet":     func(v *view, n int) { v.dark, v.light, v.quiet = 220, 30, 0 },
		"mirrored":               func(v *view, n int) { v.mirrored = true },
		"round modules":          func(v *view, n int) { v.dots = true },
		"logo":                   func(v *view, n int) { v.hideX, v.hideY, v.hideR = float64(n)/2, float64(n)/2, 4 },
		"bottle":                 func(v *view, n int) { v.bow = 2 },
		"faint":                  func(v *view, n int) { v.dark, v.light, v.noise = 100, 130, 2 },
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 7))
			m := encode(t, text, "Q", 0, 3)
			v := lookAt(r, m.GetWidth(), 4.5, .2)
			change(&v, m.GetWidth())
			got := NewReader(Options{}).Still(render(m, v))
			if len(got) != 1 || got[0].Text != text {
				t.Fatalf("got %d readings", len(got))
			}
			for i, c := range got[0].Corners {
				q := v.quad[i]
				if v.mirrored || v.bow != 0 {
					break // corners of a mirrored code are named from its own upper left
				}
				if d := (vec{c.X - .5, c.Y - .5}).sub(q).len(); d > 5 {
					t.Errorf("corner %d is %.1f pixels off", i, d)
				}
			}
		})
	}
}

// Noise of many kinds holds no code: no read, no panic.
func TestNoiseIsNoCode(t *testing.T) {
	n := 60
	if long() {
		n = 10000
	}
	r := rand.New(rand.NewPCG(99, 1))
	rd := NewReader(Options{})
	for i := range n {
		img := noisePicture(r, i%5)
		if got := rd.Still(img); len(got) != 0 {
			t.Fatalf("picture %d of kind %d: read %d bytes out of noise", i, i%5, len(got[0].Text))
		}
	}
}

func noisePicture(r *rand.Rand, kind int) *image.Gray {
	w, h := 60+r.IntN(260), 60+r.IntN(200)
	img := image.NewGray(image.Rect(0, 0, w, h))
	switch kind {
	case 0: // white noise
		for i := range img.Pix {
			img.Pix[i] = uint8(r.IntN(256))
		}
	case 1: // black and white blocks
		b := 2 + r.IntN(6)
		for y := range h {
			for x := range w {
				if (x/b*7919+y/b*104729)%3 == 0 || r.IntN(40) == 0 {
					img.Pix[y*w+x] = 255
				}
			}
		}
	case 2, 3: // finders, timing, and random modules in a true layout
		l := newLayout(1 + r.IntN(6))
		b := 3 + r.IntN(3)
		img = image.NewGray(image.Rect(0, 0, (l.n+8)*b, (l.n+8)*b))
		for i := range img.Pix {
			img.Pix[i] = 230
		}
		for y := range l.n {
			for x := range l.n {
				k := l.kind[y*l.n+x]
				if k == modDark || (k == modData || k == modFormat) && r.IntN(2) == 0 {
					for dy := range b {
						for dx := range b {
							img.Pix[((y+4)*b+dy)*img.Stride+(x+4)*b+dx] = 20
						}
					}
				}
			}
		}
	default: // smooth with stripes
		for y := range h {
			for x := range w {
				img.Pix[y*w+x] = uint8(128 + 100*((x/3+y/5)%2) - r.IntN(60))
			}
		}
	}
	return img
}

// Each format word, mask, version and level, without a picture.
func TestMatrixRoundTrip(t *testing.T) {
	lay, f := &layouts{}, newField()
	w := newWorker(lay, f)
	for version := 1; version <= 40; version++ {
		for _, level := range []string{"L", "M", "Q", "H"} {
			mask := (version*4 + len(level)) % 8
			text := fmt.Sprintf("v%d %s", version, level)
			m := encode(t, text, level, version, mask)
			g := grid{l: lay.get(version)}
			s := &w.mods
			s.reset(g.l)
			for y := range s.n {
				for x := range s.n {
					s.soft[s.at(x, y)] = float32(2*int(m.Get(x, y)) - 1)
				}
			}
			if e := s.knownErrors(s.soft); e != 0 {
				t.Fatalf("version %d: the layout's function modules differ in %.3f", version, e)
			}
			fd := w.readSoft(s.soft, &g, newEffort(1e9))
			if fd == nil || fd.text != text {
				t.Fatalf("version %d level %s mask %d: not read", version, level, mask)
			}
		}
	}
}

// Drawn codes of one and more pixels a module, as on a screenshot, and any
// shape of picture.
func TestScreenshots(t *testing.T) {
	r := NewReader(Options{})
	for _, version := range []int{1, 2, 5, 10} {
		m := encode(t, "TEST 123", "M", version, 1)
		n := m.GetWidth()
		for module := 1; module <= 12; module += 1 + module/3 {
			for _, quiet := range []int{1, 4} {
				side := (n + 2*quiet) * module
				big := image.NewGray(image.Rect(0, 0, side+30, side+20))
				sub := big.SubImage(image.Rect(17, 9, 17+side, 9+side)).(*image.Gray)
				for y := range side {
					for x := range side {
						v := uint8(255)
						if i, j := x/module-quiet, y/module-quiet; i >= 0 && j >= 0 && i < n && j < n && m.Get(i, j) == 1 {
							v = 0
						}
						sub.Pix[y*sub.Stride+x] = v
					}
				}
				got := r.Still(sub)
				if len(got) != 1 || got[0].Text != "TEST 123" {
					t.Errorf("version %d, %d pixels a module, quiet zone %d: not read", version, module, quiet)
				}
			}
		}
	}
	for _, size := range [][2]int{{0, 0}, {1, 1}, {20, 900}, {21, 21}, {3000, 22}, {22, 3000}, {65, 64}} {
		if got := r.Still(image.NewGray(image.Rect(0, 0, size[0], size[1]))); len(got) != 0 {
			t.Errorf("%v: read something", size)
		}
	}
}
