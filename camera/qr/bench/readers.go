package main

import (
	"fmt"
	"image"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"shlkiosk/camera"
	"shlkiosk/camera/qr"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// reader reads stills; film gives a session for a clip, nil for those that
// read each frame as a still.
type reader interface {
	name() string
	still(img *image.Gray, want string) (texts []string, ms float64, err error)
	film(want string) (next func(img *image.Gray, i int) ([]string, float64), stop func())
}

func healthCode(text string) bool { return strings.Contains(text, "shlink:/") }

// wanted is what the kiosk wants; a corpus without health codes wants all.
func wanted(text string) func(string) bool {
	if healthCode(text) {
		return healthCode
	}
	return nil
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ours is camera/qr.
type ours struct{}

func (ours) name() string { return "camera/qr" }

func (ours) still(img *image.Gray, want string) ([]string, float64, error) {
	r := qr.NewReader(qr.Options{Wanted: wanted(want)})
	t := cpu()
	rd := r.Still(img)
	return texts(rd), millis(cpu() - t), nil
}

func (ours) film(want string) (func(*image.Gray, int) ([]string, float64), func()) {
	r := qr.NewReader(qr.Options{Wanted: wanted(want), Synchronous: true})
	start := time.Unix(0, 0)
	return func(img *image.Gray, i int) ([]string, float64) {
		t := cpu()
		res := r.Frame(camera.Frame{Gray: img, Seq: uint64(i), At: start.Add(time.Duration(i) * time.Second / 30)})
		return texts(res.Readings), millis(cpu() - t)
	}, func() { _ = r.Close() }
}

func texts(rd []camera.Reading) []string {
	var t []string
	for _, r := range rd {
		t = append(t, r.Text)
	}
	return t
}

// plain is gozxing as it comes: TRY_HARDER, and the negative.
type plain struct{}

func (plain) name() string { return "gozxing" }

func (plain) still(img *image.Gray, _ string) ([]string, float64, error) {
	t := cpu()
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	src := gozxing.NewLuminanceSourceFromImage(img)
	for _, s := range [2]gozxing.LuminanceSource{src, src.Invert()} {
		bm, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(s))
		if err != nil {
			return nil, 0, err
		}
		if res, err := qrcode.NewQRCodeReader().Decode(bm, hints); err == nil {
			return []string{res.GetText()}, millis(cpu() - t), nil
		}
	}
	return nil, millis(cpu() - t), nil
}

func (plain) film(string) (func(*image.Gray, int) ([]string, float64), func()) { return nil, nil }

// score counts right and wrong reads.
type score struct{ n, right, wrong int }

func (s *score) percent() float64 { return 100 * float64(s.right) / float64(max(s.n, 1)) }

// report is what one reader did on one corpus.
type report struct {
	who     string
	by      map[string]*score // "group grade", "group", "grade", ""
	ms      []float64
	firsts  []int // per clip: index of the first frame read, -1 never
	clipMs  []float64
	clipBad int
}

func (r *report) add(p picture, right, wrong bool) {
	for _, k := range []string{p.Group + " " + p.Grade, p.Group, p.Grade, ""} {
		s := r.by[k]
		if s == nil {
			s = &score{}
			r.by[k] = s
		}
		s.n++
		if right {
			s.right++
		}
		if wrong {
			s.wrong++
		}
	}
}

func (r *report) line() string {
	a := r.by[""]
	if a == nil {
		a = &score{}
	}
	return fmt.Sprintf("%s: %d of %d, %d wrong, %.1f ms median, %.1f ms p95, first frames %v", r.who, a.right, a.n, a.wrong, quantile(r.ms, .5), quantile(r.ms, .95), r.firsts)
}

// measure runs a reader over a corpus.
func measure(r reader, c *corpus, clips, verbose bool) (*report, error) {
	rep := &report{who: r.name(), by: map[string]*score{}}
	for _, p := range c.stills {
		img, err := gray(c.path(p.File))
		if err != nil {
			return nil, err
		}
		got, ms, err := r.still(img, p.Text)
		if err != nil {
			return nil, err
		}
		right, wrong := false, false
		for _, t := range got {
			if t == p.Text || slices.Contains(p.Others, t) {
				right = true
			} else {
				wrong = true
			}
		}
		rep.add(p, right, wrong)
		rep.ms = append(rep.ms, ms)
		if verbose && r.name() == (ours{}).name() && (!right || wrong) {
			fmt.Fprintf(os.Stderr, "missed %s right=%v wrong=%v %.1f ms\n", p.ID, right, wrong, ms)
		}
	}
	if !clips {
		return rep, nil
	}
	for _, k := range c.clips {
		first, err := rep.runClip(r, c, k)
		if err != nil {
			return nil, err
		}
		rep.firsts = append(rep.firsts, first)
	}
	return rep, nil
}

// runClip returns the index of the first frame whose text is right, or -1.
func (r *report) runClip(who reader, c *corpus, k clip) (int, error) {
	next, stop := who.film(k.Text)
	if stop != nil {
		defer stop()
	}
	for i, f := range c.frames(k) {
		img, err := gray(f)
		if err != nil {
			return -1, err
		}
		var got []string
		var ms float64
		if next != nil {
			got, ms = next(img, i)
		} else if got, ms, err = who.still(img, k.Text); err != nil {
			return -1, err
		}
		r.clipMs = append(r.clipMs, ms)
		for _, t := range got {
			if t == k.Text {
				return i, nil
			}
			r.clipBad++
		}
	}
	return -1, nil
}
