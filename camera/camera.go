// Package camera holds the words for things that read a code: a Source opens
// a Stream of Frames, a Reading is one text found in one, and a Feed runs a
// source on its own goroutine and hands the newest frame to whoever asks.
//
// The package knows no device and no decoder. camera/qr turns frames into
// readings; camera/gocv and camera/still make frames, camera/wedge makes texts.
// A frame may show a SMART Health Link, which is protected health information:
// whoever holds one wipes it when the visit ends and never writes it to disk.
package camera

import (
	"context"
	"errors"
	"image"
	"time"
)

// Point is a place in a frame, in pixels from the top left corner; the middle
// of the first pixel is (0.5, 0.5).
type Point struct{ X, Y float64 }

// Reading is one code that was read.
type Reading struct {
	Text    string   // the exact text
	Corners [4]Point // in pixels of the frame: TL, TR, BR, BL of the code itself
	Frame   int      // index of the frame it was read in; 0 for a still
}

// Frame is one picture of a film.
type Frame struct {
	Gray  *image.Gray // never nil in a frame that was read
	Color *image.RGBA // the same picture for the preview; nil where the source has none
	Seq   uint64      // rises by one with every frame of the source
	At    time.Time   // when it was taken
}

// Wipe overwrites the pixels.
func (f *Frame) Wipe() {
	if f.Gray != nil {
		clear(f.Gray.Pix)
	}
	if f.Color != nil {
		clear(f.Color.Pix)
	}
}

// Fit makes sure that the frame has pictures of w by h pixels and reuses those
// it has. Colour is made only where asked for.
func (f *Frame) Fit(w, h int, color bool) {
	if f.Gray == nil || f.Gray.Rect.Dx() != w || f.Gray.Rect.Dy() != h {
		f.Gray = image.NewGray(image.Rect(0, 0, w, h))
	}
	if !color {
		f.Color = nil
	} else if f.Color == nil || f.Color.Rect.Dx() != w || f.Color.Rect.Dy() != h {
		f.Color = image.NewRGBA(image.Rect(0, 0, w, h))
	}
}

// Errors of a Source or a Stream. They may be wrapped.
var (
	// ErrMissing: no such device, or it does not answer. It may come later.
	ErrMissing = errors.New("camera: no camera answers")
	// ErrGone: the device was there and is not any more.
	ErrGone = errors.New("camera: the camera is gone")
)

// Source is something that can be opened: a device, a film, a folder. Open may
// be called again after the stream before it was closed.
type Source interface {
	// Open returns ErrMissing (wrapped) when there is nothing to open now.
	Open(ctx context.Context) (Stream, error)
	// Name tells people which source it is. It never holds patient data.
	Name() string
}

// Stream is an open source. It is used by one goroutine.
type Stream interface {
	// Read waits for the next frame and fills f, reusing its pictures. It
	// returns io.EOF after the last frame of a film and ErrGone (wrapped) when
	// the device went away.
	Read(f *Frame) error
	// Info is what the source really delivers, as far as it is known.
	Info() Info
	Close() error
}

// Info is what a stream delivers.
type Info struct {
	Width, Height int
	FPS           float64
	Format        string // "MJPG", "YUYV", "film", "pictures", ...
}

// State is what the patient and staff need to know of the camera.
type State string

// The states.
const (
	Off      State = "off"
	Starting State = "starting"
	Live     State = "live"
	Missing  State = "missing" // none answers, or it was unplugged; it is looked for again
	Black    State = "black"   // pictures come, and nothing is on them
)
