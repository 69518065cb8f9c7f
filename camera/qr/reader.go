// Package qr reads QR codes from grey pictures and film.
package qr

import (
	"image"
	"sync"
	"time"

	"shlkiosk/camera"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Options say how hard and for what a Reader searches. The zero value is good.
type Options struct {
	// Budget is the effort for one still, as time on one core of the
	// reference machine; 0 means 55 ms for each 1280x720 pixels.
	Budget time.Duration
	// FrameBudget is the effort in front for one film frame; 0 means 12 ms.
	FrameBudget time.Duration
	// MaxBackground is how many goroutines search hard behind the film:
	// 0 means 1, at most 2, negative none.
	MaxBackground int
	// Synchronous makes film deterministic: what the background would do
	// between two frames (33 ms) is done inside Frame instead.
	Synchronous bool
	// Wanted says which texts are health codes; the search goes on until one
	// is found. nil takes every text.
	Wanted func(text string) bool
}

// Hint is what the patient could do to help.
type Hint int

// The closed set of hints.
const (
	HintNone Hint = iota
	HintNearer
	HintFarther
	HintHoldStill
	HintBrightness
	HintOneCode
)

// Reader reads stills and film. Frame, Reset and Close are for one goroutine.
type Reader struct {
	o     Options
	mu    sync.Mutex
	seen  map[string]bool
	w     *worker // stills and the front of film
	hard  *worker // behind the film
	track track
}

// NewReader makes a Reader; it starts nothing until the first frame.
func NewReader(o Options) *Reader {
	lay, f := &layouts{}, newField()
	return &Reader{o: o, seen: map[string]bool{}, w: newWorker(lay, f), hard: newWorker(lay, f)}
}

// Still reads one picture with full effort within the budget.
func (r *Reader) Still(img *image.Gray) []camera.Reading {
	e := newEffort(55 * time.Millisecond)
	return r.w.search(planeOf(img), r.o.Wanted, e)
}

func (o *Options) frameBudget() time.Duration {
	if o.FrameBudget > 0 {
		return o.FrameBudget
	}
	return 12 * time.Millisecond
}

// Reset forgets every frame and text: they may hold a link.
func (r *Reader) Reset() {
	clear(r.seen)
	r.track.wipe()
}

// Close stops the background and wipes what is held.
func (r *Reader) Close() error { r.Reset(); return nil }

// stock is gozxing as it comes, with TRY_HARDER and inverted.
func stock(img *image.Gray) []camera.Reading {
	h := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	src := gozxing.NewLuminanceSourceFromImage(img)
	for _, s := range []gozxing.LuminanceSource{src, src.Invert()} {
		bm, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(s))
		if err != nil {
			continue
		}
		res, err := qrcode.NewQRCodeReader().Decode(bm, h)
		if err != nil {
			continue
		}
		rd := camera.Reading{Text: res.GetText()}
		p := res.GetResultPoints()
		if len(p) >= 3 { // BL, TL, TR centres of the finders
			at := func(i int) camera.Point { return camera.Point{X: p[i].GetX(), Y: p[i].GetY()} }
			bl, tl, tr := at(0), at(1), at(2)
			rd.Corners = [4]camera.Point{tl, tr, {X: tr.X + bl.X - tl.X, Y: tr.Y + bl.Y - tl.Y}, bl}
		}
		return []camera.Reading{rd}
	}
	return nil
}
