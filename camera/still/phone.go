package still

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math"
	"sync"
	"time"

	"shlkiosk/camera"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// Phone is a Source that plays a hand holding up a phone with a code: it comes
// into the picture, sways, and leaves again. The demo uses it where no camera
// answers: the code must be a fresh link, so a film from last year would not
// do. It is drawn from the text alone; nothing of it is looked up elsewhere.
type Phone struct {
	Width, Height int     // default 1280 x 720
	FPS           float64 // default 30
	Fast          bool

	mu    sync.Mutex
	code  *image.Gray // one pixel a module, with quiet zone; nil: an empty room
	shown time.Time   // since when; a slow machine drops frames, not time
	since int         // frames since then, which is the time when Fast
}

// Show holds up a code with the text, from the next frame on. An empty text
// takes the phone away.
func (p *Phone) Show(text string) error {
	var code *image.Gray
	if text != "" {
		var err error
		if code, err = Code(text); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.code, p.since, p.shown = code, 0, time.Now()
	return nil
}

// Code draws a QR code, one pixel a module and a quiet zone of four, at level
// M as the SMART Health Links guide recommends.
func Code(text string) (*image.Gray, error) {
	hints := map[gozxing.EncodeHintType]any{
		gozxing.EncodeHintType_ERROR_CORRECTION: decoder.ErrorCorrectionLevel_M,
		gozxing.EncodeHintType_CHARACTER_SET:    "UTF-8",
		gozxing.EncodeHintType_MARGIN:           4,
	}
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, hints)
	if err != nil {
		return nil, fmt.Errorf("drawing a code: the text is too long for one")
	}
	g := image.NewGray(image.Rect(0, 0, m.GetWidth(), m.GetHeight()))
	for y := range m.GetHeight() {
		for x := range m.GetWidth() {
			if !m.Get(x, y) {
				g.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	return g, nil
}

// Enlarge makes each pixel of a code a square of n by n.
func Enlarge(code *image.Gray, n int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, code.Rect.Dx()*n, code.Rect.Dy()*n))
	for y := range out.Rect.Dy() {
		row := code.Pix[(y/n)*code.Stride:]
		for x := range out.Rect.Dx() {
			out.Pix[y*out.Stride+x] = row[x/n]
		}
	}
	return out
}

// Name implements camera.Source.
func (p *Phone) Name() string { return "demo clip (no camera)" }

// Open implements camera.Source.
func (p *Phone) Open(ctx context.Context) (camera.Stream, error) {
	w, h, fps := p.Width, p.Height, p.FPS
	if w <= 0 || h <= 0 {
		w, h = 1280, 720
	}
	if fps <= 0 {
		fps = 30
	}
	p.mu.Lock()
	p.since, p.shown = 0, time.Now()
	p.mu.Unlock()
	empty := room(w, h)
	bare := image.NewGray(empty.Rect)
	grey(bare, empty, empty.Rect)
	return &phoneStream{p: p, ctx: ctx, w: w, h: h, fps: fps, room: empty, bare: bare, pacer: newPacer(fps, p.Fast)}, nil
}

type phoneStream struct {
	p    *Phone
	ctx  context.Context
	w, h int
	fps  float64
	room *image.RGBA
	bare *image.Gray // the room in grey
	pacer
}

func (s *phoneStream) Info() camera.Info {
	return camera.Info{Width: s.w, Height: s.h, FPS: s.fps, Format: "demo clip"}
}
func (s *phoneStream) Close() error { return nil }

func (s *phoneStream) Read(f *camera.Frame) error {
	if s.ctx.Err() != nil {
		return io.EOF
	}
	s.p.mu.Lock()
	code, t := s.p.code, time.Since(s.p.shown).Seconds()
	if s.p.Fast {
		t = float64(s.p.since) / s.fps
	}
	s.p.since++
	s.p.mu.Unlock()

	f.Fit(s.w, s.h, true)
	copy(f.Color.Pix, s.room.Pix)
	copy(f.Gray.Pix, s.bare.Pix)
	if code != nil {
		grey(f.Gray, f.Color, s.draw(f.Color, code, t))
	}
	s.wait()
	f.At = time.Now()
	return nil
}

// grey fills a part of the grey picture from the coloured one (BT.601).
func grey(to *image.Gray, from *image.RGBA, part image.Rectangle) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		in, out := from.Pix[y*from.Stride:], to.Pix[y*to.Stride:]
		for x := part.Min.X; x < part.Max.X; x++ {
			c := in[4*x : 4*x+3 : 4*x+3]
			out[x] = uint8((299*int(c[0]) + 587*int(c[1]) + 114*int(c[2])) / 1000)
		}
	}
}

// aspect is the phone's width by its height.
const aspect = 0.56

// draw puts the phone into the picture at t seconds after it was shown, and
// tells where: it rises in the first second and sways after that. Each pixel
// of the phone is sought backwards through its tilt.
func (s *phoneStream) draw(img *image.RGBA, code *image.Gray, t float64) image.Rectangle {
	h := float64(s.h)
	rise := 1 - math.Min(1, t/1.2)
	rise = rise * rise
	scale := 0.86 * h * (1 + 0.02*math.Sin(1.9*t)) // height of the phone
	cx := float64(s.w)/2 + h*(0.02*math.Sin(1.3*t)+0.35*rise)
	cy := h*0.52 + h*(0.015*math.Cos(1.7*t)+1.1*rise)
	sin, cos := math.Sincos(0.05*math.Sin(1.1*t) + 0.5*rise)
	tilt := 0.12 + 0.06*math.Sin(0.9*t) // perspective across the width

	var box image.Rectangle
	for _, c := range [4][2]float64{{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}} {
		u := c[0] * aspect
		u /= 1 - tilt*u // undoes the division by 1 + tilt*u below
		v := c[1] * (1 + tilt*u)
		x, y := cx+scale*(u*cos-v*sin), cy+scale*(u*sin+v*cos)
		box = box.Union(image.Rect(int(x)-1, int(y)-1, int(x)+2, int(y)+2))
	}
	box = box.Intersect(img.Rect)
	cell := float64(code.Rect.Dx())
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := img.Pix[y*img.Stride:]
		for x := box.Min.X; x < box.Max.X; x++ {
			dx, dy := (float64(x)+0.5-cx)/scale, (float64(y)+0.5-cy)/scale
			u, v := dx*cos+dy*sin, -dx*sin+dy*cos
			k := 1 + tilt*u
			u, v = u/k/aspect, v/k // phone: u, v in -0.5..0.5
			if u < -0.5 || u > 0.5 || v < -0.5 || v > 0.5 {
				continue
			}
			c := [3]uint8{24, 24, 28} // the case
			if u > -0.47 && u < 0.47 && v > -0.485 && v < 0.485 {
				c = [3]uint8{246, 247, 250} // the screen
				if v < -0.40 {
					c = [3]uint8{40, 92, 150} // the app's bar
				}
				qu, qv := u/0.90+0.5, (v-0.02)/0.504+0.5
				if qu >= 0 && qu < 1 && qv >= 0 && qv < 1 {
					g := code.Pix[int(qv*cell)*code.Stride+int(qu*cell)]
					g = 12 + uint8(int(g)*236/255)
					c = [3]uint8{g, g, g}
				}
			}
			copy(row[4*x:4*x+3:4*x+3], c[:])
		}
	}
	return box
}

// room is a blurred waiting room behind the phone.
func room(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			l := 150 + 50*math.Sin(3*fx+0.5)*math.Cos(2*fy) - 60*fy
			img.SetRGBA(x, y, color.RGBA{uint8(l), uint8(l * 0.98), uint8(l * 0.92), 255})
		}
	}
	draw.Draw(img, image.Rect(w/14, h/3, w/5, h), image.NewUniform(color.RGBA{96, 118, 112, 255}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(w*4/5, h/4, w*9/10, h*3/4), image.NewUniform(color.RGBA{188, 178, 160, 255}), image.Point{}, draw.Src)
	return img
}
