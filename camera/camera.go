// Package camera holds the words for things that read a code: a Frame is one
// grey picture with its place in time, a Reading is one text found in it.
//
// The package knows no device and no decoder. camera/qr turns frames into
// readings; camera/gocv, camera/still and camera/wedge make frames or texts.
// A frame may show a SMART Health Link, which is protected health information:
// whoever holds one wipes it when the visit ends and never writes it to disk.
package camera

import (
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

// Frame is one grey picture of a film.
type Frame struct {
	Gray *image.Gray
	Seq  uint64    // rises by one with every frame of the source
	At   time.Time // when it was taken
}
