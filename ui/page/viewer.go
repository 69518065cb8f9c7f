package page

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"strconv"
)

// Viewer shows documents page by page to a window; it has the method that
// ui/patient asks for.
type Viewer struct{ r *Renderer }

// Viewer returns the renderer's viewer.
func (r *Renderer) Viewer() Viewer { return Viewer{r} }

// Page draws page n, the first is 0, at most so many pixels wide, and tells
// how many pages may be looked at. A page of an odd shape comes out narrower
// rather than higher than a screen can use.
func (v Viewer) Page(ctx context.Context, pdf []byte, n, width int) (image.Image, int, error) {
	pages, wide, high, err := v.r.info(ctx, pdf, n+1)
	if err != nil {
		return nil, 0, err
	}
	pages = min(pages, v.r.o.MaxPages)
	if n < 0 || n >= pages {
		return nil, pages, refuse(ReasonNoPage, "page %d of %d", n+1, pages)
	}
	side := width
	if wide > 0 && high > wide {
		side = int(float64(width) * min(high/wide, 4))
	}
	img, err := v.r.Page(ctx, pdf, n+1, side)
	if err != nil {
		return nil, pages, err
	}
	return img, pages, nil
}

// info asks for the number of pages and the size of one, in points as it is
// turned to be read; 0 when the document does not say.
func (r *Renderer) info(ctx context.Context, pdf []byte, number int) (pages int, wide, high float64, err error) {
	if err := r.check(pdf); err != nil {
		return 0, 0, 0, err
	}
	n := strconv.Itoa(max(number, 1))
	out, err := r.run(ctx, r.cage.info, []string{"-f", n, "-l", n, "-"}, pdf, infoBytes)
	if err != nil {
		return 0, 0, 0, err
	}
	turned := 0
	for line := range bytes.Lines(out) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		text := string(bytes.TrimSpace(value))
		switch fields := bytes.Fields(name); {
		case string(name) == "Pages":
			pages, _ = strconv.Atoi(text)
		case len(fields) == 3 && string(fields[0]) == "Page" && string(fields[2]) == "size":
			_, _ = fmt.Sscanf(text, "%f x %f", &wide, &high)
		case len(fields) == 3 && string(fields[0]) == "Page" && string(fields[2]) == "rot":
			turned, _ = strconv.Atoi(text)
		}
	}
	if pages < 1 {
		return 0, 0, 0, refuse(ReasonDamaged, "no page count")
	}
	if turned%180 != 0 {
		wide, high = high, wide
	}
	return pages, wide, high, nil
}
