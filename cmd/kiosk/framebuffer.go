package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
)

// framebuffer reads what the virtual display shows: Xvfb keeps its screen in a
// file in the form of xwd (X11/XWDFile.h). It is what a person would see, drawn
// by the real toolkit, OpenGL included.
type framebuffer struct{ dir string }

// header fields of an XWD file, as numbers of 32-bit words, big endian.
const (
	xwdHeaderSize   = 0
	xwdVersion      = 1
	xwdPixmapDepth  = 3
	xwdWidth        = 4
	xwdHeight       = 5
	xwdByteOrder    = 7
	xwdBitsPerPixel = 11
	xwdBytesPerLine = 12
	xwdColors       = 19
	xwdWords        = 25
	xwdColorSize    = 12
)

// shot is the screen now.
func (f framebuffer) shot() (image.Image, error) {
	b, err := os.ReadFile(filepath.Join(f.dir, "Xvfb_screen0"))
	if err != nil {
		return nil, fmt.Errorf("reading the virtual display: %w", err)
	}
	if len(b) < 4*xwdWords {
		return nil, errors.New("reading the virtual display: the file is cut")
	}
	word := func(n int) int { return int(binary.BigEndian.Uint32(b[4*n:])) }
	w, h, line := word(xwdWidth), word(xwdHeight), word(xwdBytesPerLine)
	at := word(xwdHeaderSize) + word(xwdColors)*xwdColorSize
	if word(xwdVersion) != 7 || word(xwdBitsPerPixel) != 32 || w <= 0 || h <= 0 || line < 4*w || len(b) < at+line*h {
		return nil, errors.New("reading the virtual display: not a picture of 32 bits a pixel")
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		row, out := b[at+y*line:], img.Pix[y*img.Stride:]
		for x := range w {
			p := row[4*x : 4*x+4 : 4*x+4]
			if word(xwdByteOrder) == 0 { // least significant byte first: blue, green, red
				p = []byte{p[3], p[2], p[1], p[0]}
			}
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = p[1], p[2], p[3], 255
		}
	}
	return img, nil
}
