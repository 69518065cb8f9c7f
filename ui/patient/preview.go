package patient

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"shlkiosk/ui/kit"
)

// Corner is a place in the camera's picture, in pixels from its top left.
type Corner struct{ X, Y float64 }

// scanView is the live picture. It lives as long as the Scan screen does and a
// moment longer when a code was read, while the page around it may be built
// anew.
type scanView struct {
	box      *fyne.Container
	plate    *canvas.Rectangle
	picture  *canvas.Image
	buffer   *image.RGBA              // what is shown of the camera's picture
	crop     image.Rectangle          // and where that lies in it
	under    *canvas.ArbitraryPolygon // the outline is drawn twice, so that it is seen on any picture
	over     *canvas.ArbitraryPolygon
	seal     *canvas.Rectangle // lies over a code that was read
	tick     *canvas.Image
	corners  *[4]Corner
	radius   float32     // of the picture's corners, in Fyne units
	rounded  []roundedAt // what is rounded off in the buffer
	ground   color.NRGBA // what lies around the picture
	sealed   bool        // a code was read: the picture stands still
	straight bool
}

func newScanView(l *kit.Look, straight bool) *scanView {
	v := &scanView{straight: straight}
	v.plate = canvas.NewRectangle(color.NRGBA{R: 0x10, G: 0x18, B: 0x1E, A: 0xFF})
	v.plate.CornerRadius = l.Radius()
	v.picture = &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}
	v.radius = l.Radius()
	line := func(c color.Color, width float32) *canvas.ArbitraryPolygon {
		return &canvas.ArbitraryPolygon{StrokeColor: c, StrokeWidth: width, FillColor: color.Transparent,
			CornerRadii: []float32{l.MM(2), l.MM(2), l.MM(2), l.MM(2)}}
	}
	v.under, v.over = line(color.NRGBA{A: 0xFF}, l.MM(2.6)), line(found, l.MM(1.6))
	v.seal = canvas.NewRectangle(sealed)
	v.seal.CornerRadius = l.MM(2)
	v.tick = kit.NewIcon(l, kit.IconCheck, onSealed, l.MM(20))
	v.seal.Hide()
	v.tick.Hide()
	v.box = container.New(v, v.plate, v.picture, v.seal, v.tick, v.under, v.over)
	return v
}

// object is the view for a page: the last page's pieces were made to forget
// their pictures, this one lives on.
func (v *scanView) object(l *kit.Look) fyne.CanvasObject {
	v.ground = l.Palette.Ground
	if v.buffer != nil {
		v.picture.Image = v.buffer
	}
	return v.box
}

// roundedAt is a point at a corner of the buffer, and how much of it belongs to
// the ground.
type roundedAt struct {
	at   int
	part float64
}

// cornersOff finds the points that round corners leave out. The toolkit could round
// the picture too, but at a price for each of its points: where the processor
// paints, that is every fifth picture.
func (v *scanView) cornersOff() {
	v.rounded = v.rounded[:0]
	size := v.box.Size()
	if size.Width <= 0 {
		return
	}
	w, h := v.buffer.Rect.Dx(), v.buffer.Rect.Dy()
	r := float64(v.radius) * float64(w) / float64(size.Width)
	for y := range int(r) {
		for x := range int(r) {
			out := math.Hypot(r-float64(x)-0.5, r-float64(y)-0.5) - r + 0.5
			if part := min(1, max(0, out)); part > 0 {
				for _, p := range [4]image.Point{{x, y}, {w - 1 - x, y}, {x, h - 1 - y}, {w - 1 - x, h - 1 - y}} {
					v.rounded = append(v.rounded, roundedAt{v.buffer.PixOffset(p.X, p.Y), part})
				}
			}
		}
	}
}

// round rounds the buffer's corners off.
func (v *scanView) round() {
	ground := [3]uint8{v.ground.R, v.ground.G, v.ground.B}
	for _, p := range v.rounded {
		for c, g := range ground {
			b := &v.buffer.Pix[p.at+c]
			*b = uint8(float64(*b)*(1-p.part) + float64(g)*p.part + 0.5)
		}
	}
}

// MinSize implements fyne.Layout.
func (v *scanView) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(160, 90) }

// Layout implements fyne.Layout: the picture fills the box.
func (v *scanView) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	put(v.plate, 0, 0, size.Width, size.Height)
	put(v.picture, 0, 0, size.Width, size.Height)
	v.draw(size)
}

// found is the outline's colour: bright on the dark line under it. sealed and
// onSealed are the sign over a code that was read: dark green, white tick.
var (
	found    = color.NRGBA{R: 0x5C, G: 0xE6, B: 0xB0, A: 0xFF}
	sealed   = color.NRGBA{R: 0x07, G: 0x52, B: 0x36, A: 0xFF}
	onSealed = color.NRGBA{R: 0xFF, G: 0xFF, B: 0xFF, A: 0xFF}
)

// least and most are the shapes that the picture may have, width to height: of
// a wide camera's picture the sides may be cut away, so that the code is large.
// People hold it in the middle, and less is seen of who else is in the room.
// The reader looks at the whole picture all the same.
const (
	least = float32(1.15)
	most  = float32(16) / 9
)

// shape is the width of the picture to its height in a box of a size.
func (v *scanView) shape(size fyne.Size) float32 {
	return min(most, max(least, size.Width/max(1, size.Height)))
}

// cut is what is shown of a camera's picture.
func (v *scanView) cut(b image.Rectangle) image.Rectangle {
	size := v.box.Size()
	if size.Width <= 0 || size.Height <= 0 {
		return image.Rect(0, 0, b.Dx(), b.Dy())
	}
	shape := size.Width / size.Height
	w := min(b.Dx(), int(float32(b.Dy())*shape+0.5))
	h := min(b.Dy(), int(float32(b.Dx())/shape+0.5))
	at := image.Pt((b.Dx()-w)/2, (b.Dy()-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

func (v *scanView) draw(size fyne.Size) {
	v.plate.Hidden = v.buffer != nil // under the picture it would be painted for nothing
	lined := v.corners != nil && v.buffer != nil
	v.under.Hidden, v.over.Hidden = !lined, !lined
	v.seal.Hidden, v.tick.Hidden = !v.sealed, !v.sealed
	from, to := fyne.NewPos(0, 0), fyne.NewPos(size.Width, size.Height)
	if lined {
		from, to = v.outline(size)
	}
	if v.sealed {
		v.tick.Refresh() // the page before may have made it forget its picture
		put(v.seal, from.X, from.Y, to.X-from.X, to.Y-from.Y)
		side := min(to.X-from.X, to.Y-from.Y) * 0.72
		if !lined {
			side *= 0.6
		}
		put(v.tick, (from.X+to.X-side)/2, (from.Y+to.Y-side)/2, side, side)
	}
}

// outline draws the line around the code and tells which part of the box it
// takes.
func (v *scanView) outline(size fyne.Size) (from, to fyne.Position) {
	scale := size.Width / float32(v.buffer.Rect.Dx())
	points := make([]fyne.Position, 4)
	from = fyne.NewPos(size.Width, size.Height)
	for i, c := range v.corners {
		x, y := float32(c.X)-float32(v.crop.Min.X), float32(c.Y)-float32(v.crop.Min.Y)
		if !v.straight {
			x = float32(v.buffer.Rect.Dx()) - x
		}
		// A code at the edge keeps its outline inside the picture.
		at := fyne.NewPos(min(size.Width, max(0, x*scale)), min(size.Height, max(0, y*scale)))
		points[i] = at
		from = fyne.NewPos(min(from.X, at.X), min(from.Y, at.Y))
		to = fyne.NewPos(max(to.X, at.X), max(to.Y, at.Y))
	}
	if !v.straight { // mirrored, the corners run the other way round
		points[1], points[3] = points[3], points[1]
	}
	// The lines are painted where they are and not over the whole picture.
	edge := v.under.StrokeWidth + 1
	at := fyne.NewPos(float32(math.Floor(float64(from.X-edge))), float32(math.Floor(float64(from.Y-edge))))
	for i, p := range points {
		points[i] = p.Subtract(at)
	}
	for _, line := range []*canvas.ArbitraryPolygon{v.under, v.over} {
		line.Points = points
		put(line, at.X, at.Y, to.X+edge-at.X, to.Y+edge-at.Y)
		line.Refresh()
	}
	return from, to
}

// read is the sign that a code was read: the picture stands still, the outline
// stays, a tick lies over the code. What the picture showed there is the key to
// a record, so it is overwritten with a margin around it; all of the picture,
// when nobody knows where the code was. It tells whether there is a picture.
func (v *scanView) read() bool {
	if v.buffer == nil {
		return false
	}
	v.sealed = true
	wiped := v.buffer.Rect
	if v.corners != nil {
		wiped = image.Rectangle{Min: v.buffer.Rect.Max}
		for _, c := range v.corners {
			x, y := int(c.X)-v.crop.Min.X, int(c.Y)-v.crop.Min.Y
			if !v.straight {
				x = v.buffer.Rect.Dx() - x
			}
			wiped.Min = image.Pt(min(wiped.Min.X, x), min(wiped.Min.Y, y))
			wiped.Max = image.Pt(max(wiped.Max.X, x), max(wiped.Max.Y, y))
		}
		wiped = wiped.Inset(-max(wiped.Dx(), wiped.Dy()) / 12).Intersect(v.buffer.Rect)
	}
	fill := image.NewUniform(v.around(wiped))
	draw.Draw(v.buffer, wiped, fill, image.Point{}, draw.Src)
	v.picture.Refresh()
	v.draw(v.box.Size())
	v.box.Refresh()
	return true
}

// around is the mean colour at the edge of a part of the picture, most often
// the phone's or the paper's white; dark, when that part is all of it.
func (v *scanView) around(r image.Rectangle) color.RGBA {
	if r.Empty() || r == v.buffer.Rect {
		return color.RGBA{R: 0x10, G: 0x18, B: 0x1E, A: 0xFF}
	}
	var sum [3]int
	n := 0
	add := func(x, y int) {
		c := v.buffer.RGBAAt(x, y)
		sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
		n++
	}
	for x := r.Min.X; x < r.Max.X; x++ {
		add(x, r.Min.Y)
		add(x, r.Max.Y-1)
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		add(r.Min.X, y)
		add(r.Max.X-1, y)
	}
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 0xFF}
}

// show copies the camera's picture, mirrored, into the one that is drawn.
func (v *scanView) show(img image.Image) {
	if v.sealed {
		return
	}
	b := img.Bounds()
	crop := v.cut(b)
	if v.buffer == nil || v.crop != crop {
		v.crop = crop
		v.buffer = image.NewRGBA(image.Rect(0, 0, crop.Dx(), crop.Dy()))
		v.picture.Image = v.buffer
		v.cornersOff()
		v.draw(v.box.Size())
		v.box.Refresh()
	}
	switch img := img.(type) {
	case *image.RGBA:
		v.copyRGBA(img)
	case *image.Gray:
		v.copyGray(img)
	}
	v.round()
	v.picture.Refresh()
}

func (v *scanView) copyRGBA(img *image.RGBA) {
	w, h := v.buffer.Rect.Dx(), v.buffer.Rect.Dy()
	for y := range h {
		at := (y+v.crop.Min.Y)*img.Stride + 4*v.crop.Min.X
		from := img.Pix[at : at+4*w]
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
		at := (y+v.crop.Min.Y)*img.Stride + v.crop.Min.X
		from := img.Pix[at : at+w]
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
	v.picture.Image, v.buffer, v.corners, v.sealed = nil, nil, nil, false
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
	if w.scan == nil || w.scan.sealed || corners == nil && w.scan.corners == nil {
		return
	}
	w.scan.corners = corners
	w.scan.draw(w.scan.box.Size())
	w.scan.box.Refresh()
}
