package patient

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"shlkiosk/ui/kit"
)

// Corner is a place in the camera's picture, in pixels from its top left.
type Corner struct{ X, Y float64 }

// scanView is the live picture. It lives as long as the Scan screen does, while
// the page around it may be built anew.
type scanView struct {
	box      *fyne.Container
	plate    *canvas.Rectangle
	picture  *canvas.Image
	buffer   *image.RGBA
	under    *canvas.ArbitraryPolygon // the outline is drawn twice, so that it is seen on any picture
	over     *canvas.ArbitraryPolygon
	corners  *[4]Corner
	straight bool
}

func newScanView(l *kit.Look, straight bool) *scanView {
	v := &scanView{straight: straight}
	v.plate = canvas.NewRectangle(color.NRGBA{R: 0x10, G: 0x18, B: 0x1E, A: 0xFF})
	v.plate.CornerRadius = l.Radius()
	v.picture = &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}
	v.picture.CornerRadius = l.Radius()
	line := func(c color.Color, width float32) *canvas.ArbitraryPolygon {
		return &canvas.ArbitraryPolygon{StrokeColor: c, StrokeWidth: width, FillColor: color.Transparent,
			CornerRadii: []float32{l.MM(2), l.MM(2), l.MM(2), l.MM(2)}}
	}
	v.under, v.over = line(color.NRGBA{A: 0xFF}, l.MM(2.6)), line(found, l.MM(1.6))
	objects := []fyne.CanvasObject{v.plate, v.picture, v.under, v.over}
	v.box = container.New(v, objects...)
	return v
}

// MinSize implements fyne.Layout.
func (v *scanView) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(160, 90) }

// Layout implements fyne.Layout: the picture as large as it can be, whole.
func (v *scanView) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	w, h := size.Width, size.Height
	if at := v.rect(size); at.Size.Width > 0 {
		put(v.plate, at.Pos.X, at.Pos.Y, at.Size.Width, at.Size.Height)
		put(v.picture, at.Pos.X, at.Pos.Y, at.Size.Width, at.Size.Height)
	} else {
		put(v.plate, 0, 0, w, h)
	}
	v.draw(size)
}

// found is the outline's colour: bright on the dark line under it.
var found = color.NRGBA{R: 0x5C, G: 0xE6, B: 0xB0, A: 0xFF}

type area struct {
	Pos  fyne.Position
	Size fyne.Size
}

// rect is where the picture lies in the box.
func (v *scanView) rect(size fyne.Size) area {
	aspect := float32(16) / 9
	if v.buffer != nil {
		aspect = float32(v.buffer.Rect.Dx()) / float32(v.buffer.Rect.Dy())
	}
	w, h := size.Width, size.Width/aspect
	if h > size.Height {
		w, h = size.Height*aspect, size.Height
	}
	return area{fyne.NewPos((size.Width-w)/2, (size.Height-h)/2), fyne.NewSize(w, h)}
}

func (v *scanView) draw(size fyne.Size) {
	hidden := v.corners == nil || v.buffer == nil
	v.under.Hidden, v.over.Hidden = hidden, hidden
	if hidden {
		return
	}
	at := v.rect(size)
	scale := at.Size.Width / float32(v.buffer.Rect.Dx())
	place := func(c Corner) fyne.Position {
		x := float32(c.X)
		if !v.straight {
			x = float32(v.buffer.Rect.Dx()) - x
		}
		return at.Pos.AddXY(x*scale, float32(c.Y)*scale)
	}
	points := make([]fyne.Position, 4)
	for i, c := range v.corners {
		points[i] = place(c)
	}
	if !v.straight { // mirrored, the corners run the other way round
		points[1], points[3] = points[3], points[1]
	}
	for _, line := range []*canvas.ArbitraryPolygon{v.under, v.over} {
		line.Points = points
		put(line, 0, 0, size.Width, size.Height)
		line.Refresh()
	}
}

// show copies the camera's picture, mirrored, into the one that is drawn.
func (v *scanView) show(img image.Image) {
	b := img.Bounds()
	if v.buffer == nil || v.buffer.Rect.Dx() != b.Dx() || v.buffer.Rect.Dy() != b.Dy() {
		v.buffer = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		v.picture.Image = v.buffer
		v.box.Refresh()
	}
	switch img := img.(type) {
	case *image.RGBA:
		v.copyRGBA(img)
	case *image.Gray:
		v.copyGray(img)
	}
	v.picture.Refresh()
}

func (v *scanView) copyRGBA(img *image.RGBA) {
	w, h := v.buffer.Rect.Dx(), v.buffer.Rect.Dy()
	for y := range h {
		from := img.Pix[y*img.Stride : y*img.Stride+4*w]
		to := v.buffer.Pix[y*v.buffer.Stride : y*v.buffer.Stride+4*w]
		if v.straight {
			copy(to, from)
			continue
		}
		for i, j := 0, 4*(w-1); j >= 0; i, j = i+4, j-4 {
			*(*[4]byte)(to[j:]) = *(*[4]byte)(from[i:])
		}
	}
}

func (v *scanView) copyGray(img *image.Gray) {
	w, h := v.buffer.Rect.Dx(), v.buffer.Rect.Dy()
	for y := range h {
		from := img.Pix[y*img.Stride : y*img.Stride+w]
		to := v.buffer.Pix[y*v.buffer.Stride : y*v.buffer.Stride+4*w]
		for i, g := range from {
			j := i
			if !v.straight {
				j = w - 1 - i
			}
			*(*[4]byte)(to[4*j:]) = [4]byte{g, g, g, 0xFF}
		}
	}
}

// wipe drops the picture.
func (v *scanView) wipe() {
	if v.buffer != nil {
		clear(v.buffer.Pix)
	}
	v.picture.Image, v.buffer, v.corners = nil, nil, nil
}

// Preview shows a picture of the camera, *image.RGBA or *image.Gray. It is
// copied: the caller may use its own again. It does nothing on other screens.
func (w *Window) Preview(img image.Image) {
	if w.scan != nil && img != nil {
		w.scan.show(img)
	}
}

// Outline draws the outline of a code at its corners in the picture's pixels,
// in order around it; nil takes it away.
func (w *Window) Outline(corners *[4]Corner) {
	if w.scan == nil || corners == nil && w.scan.corners == nil {
		return
	}
	w.scan.corners = corners
	w.scan.draw(w.scan.box.Size())
	w.scan.box.Refresh()
}
