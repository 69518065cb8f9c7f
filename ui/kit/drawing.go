package kit

import (
	"fmt"
	"image"
	"regexp"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// Drawn keeps drawings that were painted, so that a page that is built anew
// does not paint them again: that takes longer than everything else on it. The
// toolkit keeps one size of each and is asked for two, one of them while it
// does not know the display yet. It belongs to the Fyne thread.
type Drawn struct {
	kept  map[drawnAs]image.Image
	order []drawnAs
}

type drawnAs struct {
	name string
	w, h int
}

// mostDrawn is how many are kept: all of one theme and display.
const mostDrawn = 12

func (d *Drawn) get(as drawnAs, paint func() image.Image) image.Image {
	if d == nil {
		return paint()
	}
	if img, ok := d.kept[as]; ok {
		return img
	}
	if d.kept == nil {
		d.kept = map[drawnAs]image.Image{}
	}
	if len(d.order) == mostDrawn {
		delete(d.kept, d.order[0])
		d.order = d.order[1:]
	}
	img := paint()
	d.kept[as], d.order = img, append(d.order, as)
	return img
}

// Drawing makes a picture from SVG text, in which {ink}, {art}, {soft},
// {ground}, {card}, {edge} and {primary} stand for the palette's colours. It is
// as large as its place allows.
func Drawing(l *Look, name, svg string) *fyne.Container {
	p := l.Palette
	svg = strings.NewReplacer("{ink}", hex(p.Ink), "{art}", hex(p.Art), "{soft}", hex(p.ArtSoft), "{ground}", hex(p.Ground),
		"{card}", hex(p.Card), "{edge}", hex(p.Edge), "{primary}", hex(p.Primary), "{onprimary}", hex(p.OnPrimary)).Replace(svg)
	res := fyne.NewStaticResource("kit-"+name+"-"+p.Name+".svg", []byte(svg))
	return container.New(&drawing{l, res}, &canvas.Image{FillMode: canvas.ImageFillContain})
}

type drawing struct {
	l   *Look
	res fyne.Resource
}

func (d *drawing) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (d *drawing) Layout(o []fyne.CanvasObject, size fyne.Size) {
	side := min(size.Width, size.Height) // all drawings are square
	half := int(side*d.l.Metrics.scale()+0.5) / 2
	if half < 1 {
		return
	}
	img := o[0].(*canvas.Image)
	img.Image = d.l.Drawn.get(drawnAs{d.res.Name(), 2 * half, 2 * half}, func() image.Image {
		t := canvas.NewImageFromResource(stroked(d.res, float64(2*half)/drawnIn))
		t.Resize(fyne.NewSquareSize(float32(half)))
		t.Refresh()
		// The window's toolkit paints what is on no display yet twice as large as
		// it is said to be, the one of the tests does not.
		if t.Image != nil && t.Image.Bounds().Dx() < 2*half {
			t.Resize(fyne.NewSquareSize(float32(2 * half)))
		}
		return t.Image
	})
	side = float32(2*half) / d.l.Metrics.scale()
	place(img, (size.Width-side)/2, (size.Height-side)/2, side, side)
	img.Refresh()
}

// drawnIn is the side of a drawing in the units of its text.
const drawnIn = 400

var strokes = regexp.MustCompile(`stroke-width="([0-9.]+)"`)

// stroked is the drawing with its strokes as wide as the scale asks: the
// toolkit's painter scales outlines but not the width of their strokes.
func stroked(r fyne.Resource, scale float64) fyne.Resource {
	text := strokes.ReplaceAllFunc(r.Content(), func(found []byte) []byte {
		v, err := strconv.ParseFloat(string(strokes.FindSubmatch(found)[1]), 64)
		if err != nil {
			return found
		}
		return fmt.Appendf(nil, `stroke-width="%.2f"`, v*scale)
	})
	return fyne.NewStaticResource(fmt.Sprintf("%.3f-%s", scale, r.Name()), text)
}
