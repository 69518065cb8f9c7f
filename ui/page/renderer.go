package page

import (
	"bytes"
	"context"
	"image"
	"os/exec"
	"strconv"
	"time"
)

// Options are the bounds. Zero fields take the default.
type Options struct {
	MaxBytes int           // largest document; default 20 MB
	MaxPages int           // pages that are shown of one; default 50
	MaxSide  int           // longest side of a page picture in pixels; default and most 4000 (16 Mpx of at most 20)
	Deadline time.Duration // for one page or one count; default 10 s
	Memory   int64         // address space of the process in bytes; default 1 GB
	// LookPath finds a program; default exec.LookPath.
	LookPath func(name string) (string, error)
	// NoSandbox leaves bubblewrap away, for tests of the way without it.
	NoSandbox bool
}

const (
	defaultBytes = 20 << 20
	defaultPages = 50
	mostSide     = 4000
	mostPixels   = 20_000_000
	infoBytes    = 64 << 10 // of what pdfinfo prints
)

// Renderer draws pages. It may be used from several goroutines.
type Renderer struct {
	o    Options
	cage cage
}

// New looks for the programs once. It never fails: Available tells.
func New(o Options) *Renderer {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultBytes
	}
	if o.MaxPages <= 0 {
		o.MaxPages = defaultPages
	}
	if o.MaxSide <= 0 || o.MaxSide > mostSide {
		o.MaxSide = mostSide
	}
	if o.Deadline <= 0 {
		o.Deadline = 10 * time.Second
	}
	if o.Memory <= 0 {
		o.Memory = 1 << 30
	}
	if o.LookPath == nil {
		o.LookPath = exec.LookPath
	}
	return &Renderer{o: o, cage: findCage(o)}
}

// Available is nil when PDF documents can be shown, else an *Error with
// ReasonToolMissing.
func (r *Renderer) Available() error {
	if r.cage.draw == "" || r.cage.info == "" {
		return refuse(ReasonToolMissing, "pdftoppm and pdfinfo not found; install poppler-utils")
	}
	return nil
}

// Isolation tells what holds the drawing process: "bubblewrap and limits",
// "bubblewrap", "limits" or "none".
func (r *Renderer) Isolation() string { return r.cage.isolation() }

// Count is the number of pages of a PDF, and how many of them are shown. The
// error is an *Error.
func (r *Renderer) Count(ctx context.Context, pdf []byte) (pages, shown int, err error) {
	pages, _, _, err = r.info(ctx, pdf, 1)
	return pages, min(pages, r.o.MaxPages), err
}

// Page draws one page, the first is 1, with its longer side of the given
// number of pixels. The error is an *Error.
func (r *Renderer) Page(ctx context.Context, pdf []byte, number, side int) (*image.RGBA, error) {
	if err := r.check(pdf); err != nil {
		return nil, err
	}
	if number < 1 || number > r.o.MaxPages {
		return nil, refuse(ReasonNoPage, "page %d of at most %d", number, r.o.MaxPages)
	}
	side = min(max(side, 16), r.o.MaxSide)
	n := strconv.Itoa(number)
	// -scale-to bounds the longer side, so the output is bounded whatever size
	// the document gives its pages.
	args := []string{"-f", n, "-l", n, "-scale-to", strconv.Itoa(side), "-"}
	out, err := r.run(ctx, r.cage.draw, args, pdf, side*side*3+64)
	if err != nil {
		return nil, err
	}
	defer clear(out)
	if len(out) == 0 { // pdftoppm gives nothing for a page beyond the last
		return nil, refuse(ReasonNoPage, "no page %d", number)
	}
	return readPPM(out, side)
}

// Pages draws the first pages, at most the given number. Less than were asked
// for is no error.
func (r *Renderer) Pages(ctx context.Context, pdf []byte, most, side int) ([]*image.RGBA, error) {
	_, shown, err := r.Count(ctx, pdf)
	if err != nil {
		return nil, err
	}
	var all []*image.RGBA
	for n := 1; n <= min(shown, most); n++ {
		img, err := r.Page(ctx, pdf, n, side)
		if err != nil {
			return all, err
		}
		all = append(all, img)
	}
	return all, nil
}

// Wipe blackens a picture whose visit is over.
func Wipe(img *image.RGBA) {
	if img != nil {
		clear(img.Pix)
	}
}

func (r *Renderer) check(pdf []byte) error {
	switch {
	case len(pdf) > r.o.MaxBytes:
		return refuse(ReasonTooLarge, "%d bytes, at most %d", len(pdf), r.o.MaxBytes)
	case !bytes.Contains(pdf[:min(len(pdf), 16)], []byte("%PDF-")):
		return refuse(ReasonNotPDF, "no PDF signature at the start")
	}
	return r.Available()
}
