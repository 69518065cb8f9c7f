package qr

import (
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shlkiosk/camera"

	"go.uber.org/goleak"
)

const filmText = "https://viewer.example.org/#shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnL0FCQ0RFRkdISUoiLCJrZXkiOiJ4eXoifQ"

// film is n frames of a code that moves a little.
func film(t *testing.T, n int, change func(i int, v *view)) []*image.Gray {
	t.Helper()
	m := encode(t, filmText, "M", 0, 2)
	r := rand.New(rand.NewPCG(5, 6))
	base := lookAt(r, m.GetWidth(), 3.4, .2)
	var out []*image.Gray
	for i := range n {
		v := base
		for k := range v.quad {
			v.quad[k].x += 1.7 * float64(i)
			v.quad[k].y += .6 * float64(i)
		}
		if change != nil {
			change(i, &v)
		}
		out = append(out, render(m, v))
	}
	return out
}

func frame(img *image.Gray, i int) camera.Frame {
	return camera.Frame{Gray: img, Seq: uint64(i), At: time.Unix(0, int64(i)*int64(time.Second)/30)}
}

func TestFilmTellsOnceUntilReset(t *testing.T) {
	fs := film(t, 6, nil)
	r := NewReader(Options{Synchronous: true, Wanted: isSHL})
	told := 0
	for i, f := range fs {
		res := r.Frame(frame(f, i))
		told += len(res.Readings)
		for _, rd := range res.Readings {
			if rd.Text != filmText || rd.Frame != i {
				t.Errorf("frame %d: text right %v, said frame %d", i, rd.Text == filmText, rd.Frame)
			}
		}
		if res.Outline == nil {
			t.Errorf("frame %d has no outline", i)
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	r.Reset()
	if n := len(r.Frame(frame(fs[0], 9)).Readings); n != 1 {
		t.Errorf("after Reset: %d readings", n)
	}
}

// A card of several codes shows one after the other in the same place.
func TestFilmOfSeveralCodes(t *testing.T) {
	a, b := encode(t, filmText, "M", 6, 2), encode(t, filmText[:len(filmText)-2]+"zz", "M", 6, 2)
	v := lookAt(rand.New(rand.NewPCG(5, 6)), a.GetWidth(), 3.4, .2)
	r := NewReader(Options{Synchronous: true, Wanted: isSHL})
	told := map[string]int{}
	for i := range 12 {
		m := a
		if i >= 6 {
			m = b
		}
		for _, rd := range r.Frame(frame(render(m, v), i)).Readings {
			told[rd.Text]++
		}
	}
	if len(told) != 2 || told[filmText] != 1 {
		t.Errorf("told %d texts", len(told))
	}
}

// Two health codes side by side come with one frame, so that the kiosk can
// ask for one.
func TestTwoCodesInOneFrame(t *testing.T) {
	a, b := encode(t, filmText, "M", 6, 2), encode(t, filmText[:len(filmText)-2]+"zz", "M", 6, 2)
	v := view{w: 460, h: 240, quiet: 4, dark: 30, light: 220, ground: 220}
	v.quad = [4]vec{{20, 40}, {180, 40}, {180, 200}, {20, 200}}
	left := render(a, v)
	for i := range v.quad {
		v.quad[i].x += 240
	}
	right := render(b, v)
	for y := range 240 {
		copy(left.Pix[y*460+220:(y+1)*460], right.Pix[y*460+220:(y+1)*460])
	}
	r := NewReader(Options{Synchronous: true, Wanted: isSHL})
	if n := len(r.Frame(frame(left, 0)).Readings); n != 2 {
		t.Errorf("%d readings", n)
	}
	h := HintNone
	for i := range hintAfter + 2 {
		h = r.Frame(frame(left, 1+i)).Hint
	}
	if h != HintOneCode {
		t.Errorf("hint %v", h)
	}
	if n := len(NewReader(Options{Wanted: isSHL}).Still(left)); n != 2 {
		t.Errorf("still: %d readings", n)
	}
}

// Frames of which none alone can be read add up to one that can.
func TestVotesAddUp(t *testing.T) {
	fs := film(t, 8, func(i int, v *view) {
		v.noise, v.dark, v.light, v.rng = 44, 95, 160, rand.New(rand.NewPCG(uint64(i), 3))
	})
	alone := 0
	for _, f := range fs {
		alone += len(NewReader(Options{}).Still(f))
	}
	r := NewReader(Options{Synchronous: true})
	first := -1
	for i, f := range fs {
		if res := r.Frame(frame(f, i)); len(res.Readings) > 0 {
			if res.Readings[0].Text != filmText {
				t.Fatal("read a text that was not written")
			}
			first = i
			break
		}
	}
	if alone > len(fs)/4 {
		t.Errorf("%d of %d frames are readable alone: this shows nothing", alone, len(fs))
	}
	if first < 0 {
		t.Error("the film was never read")
	}
}

// The same film gives the same answer, to the frame.
func TestSynchronousFilmIsReproducible(t *testing.T) {
	fs := film(t, 8, func(i int, v *view) { v.blur = 3 - .35*float64(i) })
	run := func() (at []int) {
		r := NewReader(Options{Synchronous: true})
		for i, f := range fs {
			if len(r.Frame(frame(f, i)).Readings) > 0 {
				at = append(at, i)
			}
		}
		return at
	}
	a, b := run(), run()
	if len(a) != 1 || len(b) != 1 || a[0] != b[0] {
		t.Errorf("first run %v, second %v", a, b)
	}
}

func TestBackgroundReadsAndStops(t *testing.T) {
	defer goleak.VerifyNone(t)
	fs := film(t, 1, nil)
	synctest.Test(t, func(t *testing.T) {
		// No time in front: only the background can read it.
		r := NewReader(Options{FrameBudget: time.Nanosecond, MaxBackground: 2})
		got := 0
		for i := range 4 {
			got += len(r.Frame(frame(fs[0], i)).Readings)
			synctest.Wait()
		}
		if got != 1 {
			t.Errorf("told %d times", got)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if n := len(r.Frame(frame(fs[0], 9)).Readings); n > 1 {
			t.Errorf("after Close: %d readings", n)
		}
		_ = r.Close()
	})
}

// What Reset leaves must not tell the text: no picture, no modules, no words.
func TestResetWipes(t *testing.T) {
	fs := film(t, 3, nil)
	r := NewReader(Options{Synchronous: true, Wanted: func(string) bool { return false }})
	for i, f := range fs {
		r.Frame(frame(f, i))
	}
	r.Reset()
	if len(r.seen) != 0 || r.track.on {
		t.Error("texts or track are left")
	}
	for name, w := range map[string]*worker{"front": r.w, "hard": r.hard} {
		for i, b := range w.pyr.bufs {
			if !zero(b[:cap(b)]) {
				t.Errorf("%s: pyramid level %d holds a picture", name, i+1)
			}
		}
		if !zero(w.lin.pix[:cap(w.lin.pix)]) || !zero(w.words.words) || !zero(w.words.data[:cap(w.words.data)]) || !zero(w.words.block[:]) || !zero(w.words.try[:]) || !zero(w.words.fixed) {
			t.Errorf("%s: a picture or code words are left", name)
		}
		for _, v := range [][]float32{w.mods.raw, w.mods.soft, w.mods.eq} {
			if !zero(v) {
				t.Errorf("%s: modules are left", name)
			}
		}
	}
}

func zero[T uint8 | float32](v []T) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}

// Memory does not grow with time: 100,000 frames in the long form.
func TestMemoryStaysFlat(t *testing.T) {
	n := 120
	if long() {
		n = 100000
	}
	r := NewReader(Options{MaxBackground: -1})
	rng := rand.New(rand.NewPCG(1, 1))
	imgs := make([]*image.Gray, 8)
	for i := range imgs {
		imgs[i] = image.NewGray(image.Rect(0, 0, 320, 240))
		for k := range imgs[i].Pix {
			imgs[i].Pix[k] = uint8(100 + 80*(k/7%2) + rng.IntN(40))
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for i := range 30 {
		r.Frame(frame(imgs[i%len(imgs)], i))
	}
	before := heap()
	for i := range n {
		r.Frame(frame(imgs[i%len(imgs)], 30+i))
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("heap grew from %d to %d bytes over %d frames", before, after, n)
	}
}

// The corpus' pictures that are kept here.
func TestPictures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(files) == 0 {
		t.Fatal("no pictures", err)
	}
	r := NewReader(Options{Wanted: isSHL})
	for _, f := range files {
		want, err := os.ReadFile(strings.TrimSuffix(f, ".jpg") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		got := r.Still(picture(t, f))
		if len(got) == 0 || got[len(got)-1].Text != string(want) {
			t.Errorf("%s: not read", f)
		}
	}
}

func TestHintsAreSteady(t *testing.T) {
	var a adviser
	for i := range hintAfter - 1 {
		if h := a.next(HintNearer); h != HintNone {
			t.Fatalf("hint after %d frames", i+1)
		}
	}
	if h := a.next(HintNearer); h != HintNearer {
		t.Fatalf("no hint after %d frames, got %v", hintAfter, h)
	}
	for i := range hintHolds - 1 {
		if h := a.next(HintBrightness); h != HintNearer {
			t.Fatalf("the hint changed after %d frames", i+1)
		}
	}
	for range hintAfter {
		a.next(HintBrightness)
	}
	if h := a.next(HintBrightness); h != HintBrightness {
		t.Errorf("got %v", h)
	}
}

func TestHintCauses(t *testing.T) {
	other := filmText + "AA"
	r := NewReader(Options{Synchronous: true, Wanted: isSHL})
	r.seen[filmText], r.seen[other] = true, true
	p := newPlane(64, 64, nil)
	if h := r.cause(&p); h != HintOneCode {
		t.Errorf("two health codes: %v", h)
	}
	r.Reset()
	small := grid{l: r.lay.get(10), score: .9}
	small.set([4]vec{{10, 10}, {60, 10}, {60, 60}, {10, 60}})
	r.track.start(small)
	p = newPlane(200, 200, nil)
	if h := r.cause(&p); h != HintNearer {
		t.Errorf("one pixel a module: %v", h)
	}
	r.track.last, r.track.fresh = small.quad, true
	for i := range r.track.last {
		r.track.last[i].x += 6
	}
	if h := r.cause(&p); h != HintHoldStill {
		t.Errorf("six modules a frame: %v", h)
	}
	big := small
	big.set([4]vec{{-30, 10}, {190, 10}, {190, 190}, {-30, 190}})
	r.track.start(big)
	if h := r.cause(&p); h != HintFarther {
		t.Errorf("beyond the edge: %v", h)
	}
}
