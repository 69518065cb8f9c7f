package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Block is an object that knows its height for a width.
type Block interface {
	fyne.CanvasObject
	HeightFor(width float32) float32
}

// flow is a layout that knows the same of its objects.
type flow interface {
	fyne.Layout
	heightFor(objects []fyne.CanvasObject, width float32) float32
}

// HeightFor is the height that an object needs at a width.
func HeightFor(o fyne.CanvasObject, width float32) float32 {
	switch o := o.(type) {
	case Block:
		return o.HeightFor(width)
	case *fyne.Container:
		if f, ok := o.Layout.(flow); ok {
			return f.heightFor(o.Objects, width)
		}
	}
	return o.MinSize().Height
}

// Natural is the width at which an object does not wrap.
func Natural(o fyne.CanvasObject) float32 {
	if n, ok := o.(interface{ Natural() float32 }); ok {
		return n.Natural()
	}
	return o.MinSize().Width
}

func shown(objects []fyne.CanvasObject) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, o := range objects {
		if o != nil && o.Visible() {
			out = append(out, o)
		}
	}
	return out
}

func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Resize(fyne.NewSize(w, h))
	o.Move(fyne.NewPos(x, y))
}

func narrowest(objects []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, o := range shown(objects) {
		s.Width = max(s.Width, o.MinSize().Width)
	}
	return s
}

// Column stacks objects, each as wide as the column and as high as it needs.
func Column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(column{gap}, objects...)
}

type column struct{ gap float32 }

func (c column) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	var h float32
	for i, o := range shown(objects) {
		if i > 0 {
			h += c.gap
		}
		h += HeightFor(o, width)
	}
	return h
}

func (c column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := narrowest(objects)
	s.Height = c.heightFor(objects, s.Width)
	return s
}

func (c column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	for _, o := range shown(objects) {
		h := HeightFor(o, size.Width)
		place(o, 0, y, size.Width, h)
		y += h + c.gap
	}
}

// Grid puts objects into columns of one width; a row is as high as its highest.
func Grid(gap float32, columns int, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(grid{gap, max(1, columns)}, objects...)
}

type grid struct {
	gap     float32
	columns int
}

func (g grid) cell(width float32) float32 {
	return (width - g.gap*float32(g.columns-1)) / float32(g.columns)
}

func (g grid) rows(objects []fyne.CanvasObject, width float32, row func(cells []fyne.CanvasObject, y, h float32)) float32 {
	all, w := shown(objects), g.cell(width)
	var y float32
	for at := 0; at < len(all); at += g.columns {
		cells := all[at:min(at+g.columns, len(all))]
		var h float32
		for _, o := range cells {
			h = max(h, HeightFor(o, w))
		}
		if at > 0 {
			y += g.gap
		}
		row(cells, y, h)
		y += h
	}
	return y
}

func (g grid) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return g.rows(objects, width, func([]fyne.CanvasObject, float32, float32) {})
}

func (g grid) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := narrowest(objects)
	s.Width = s.Width*float32(g.columns) + g.gap*float32(g.columns-1)
	s.Height = g.heightFor(objects, s.Width)
	return s
}

func (g grid) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := g.cell(size.Width)
	g.rows(objects, size.Width, func(cells []fyne.CanvasObject, y, h float32) {
		for i, o := range cells {
			place(o, float32(i)*(w+g.gap), y, w, h)
		}
	})
}

// Beside puts a fixed-width object on the left of one that takes the rest; both
// are centred in height.
func Beside(gap float32, width float32, fixed, rest fyne.CanvasObject) *fyne.Container {
	return container.New(beside{gap, width}, fixed, rest)
}

type beside struct{ gap, width float32 }

func (b beside) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return max(HeightFor(objects[0], b.width), HeightFor(objects[1], width-b.width-b.gap))
}

func (b beside) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := b.width + b.gap + objects[1].MinSize().Width
	return fyne.NewSize(w, b.heightFor(objects, w))
}

func (b beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	h0 := HeightFor(objects[0], b.width)
	place(objects[0], 0, (size.Height-h0)/2, b.width, h0)
	w := size.Width - b.width - b.gap
	h1 := HeightFor(objects[1], w)
	place(objects[1], b.width+b.gap, (size.Height-h1)/2, w, h1)
}

// Row puts objects side by side at their natural widths, and wraps into the
// next row where there is no room.
func Row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(row{gap: gap}, objects...)
}

// CentredRow is a Row whose rows are centred.
func CentredRow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(row{gap, true}, objects...)
}

type row struct {
	gap    float32
	centre bool
}

func (r row) rows(objects []fyne.CanvasObject, width float32, put func(o fyne.CanvasObject, x, y, w, h float32)) float32 {
	var y float32
	all := shown(objects)
	for at := 0; at < len(all); {
		var cells []fyne.CanvasObject
		var used, high float32
		for _, o := range all[at:] {
			w := min(Natural(o), width)
			if len(cells) > 0 && used+r.gap+w > width+0.5 {
				break
			}
			if len(cells) > 0 {
				used += r.gap
			}
			used += w
			high = max(high, HeightFor(o, w))
			cells = append(cells, o)
		}
		if at > 0 {
			y += r.gap
		}
		x := float32(0)
		if r.centre {
			x = (width - used) / 2
		}
		for _, o := range cells {
			w := min(Natural(o), width)
			put(o, x, y, w, high)
			x += w + r.gap
		}
		y += high
		at += len(cells)
	}
	return y
}

func (r row) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return r.rows(objects, width, func(fyne.CanvasObject, float32, float32, float32, float32) {})
}

func (r row) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := narrowest(objects)
	s.Height = r.heightFor(objects, s.Width)
	return s
}

func (r row) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	r.rows(objects, size.Width, place)
}

// Pad leaves room around an object.
func Pad(x, y float32, o fyne.CanvasObject) *fyne.Container { return container.New(pad{x, y}, o) }

type pad struct{ x, y float32 }

func (p pad) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return HeightFor(objects[0], width-2*p.x) + 2*p.y
}

func (p pad) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := objects[0].MinSize()
	return fyne.NewSize(s.Width+2*p.x, s.Height+2*p.y)
}

func (p pad) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], p.x, p.y, size.Width-2*p.x, size.Height-2*p.y)
}

// Middle centres an object in height, and keeps it at the top when there is no
// room. With a width it is centred across too.
func Middle(width float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(middle{width}, o)
}

type middle struct{ width float32 }

func (m middle) of(width float32) float32 {
	if m.width > 0 {
		return min(m.width, width)
	}
	return width
}

func (m middle) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return HeightFor(objects[0], m.of(width))
}

func (m middle) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (m middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := m.of(size.Width)
	h := min(HeightFor(objects[0], w), size.Height)
	place(objects[0], (size.Width-w)/2, (size.Height-h)/2, w, h)
}

// Box gives an object a fixed size.
func Box(w, h float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(box{w, h}, o)
}

type box struct{ w, h float32 }

func (b box) heightFor([]fyne.CanvasObject, float32) float32 { return b.h }
func (b box) MinSize([]fyne.CanvasObject) fyne.Size          { return fyne.NewSize(b.w, b.h) }
func (b box) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], (size.Width-b.w)/2, (size.Height-b.h)/2, b.w, b.h)
}

// Plate lays an object on a coloured plate with rounded corners.
func Plate(l *Look, fill, edge Fill, inner float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(plate{inner}, rect(l, fill, edge), o)
}

type plate struct{ inner float32 }

func (p plate) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return HeightFor(objects[1], width-2*p.inner) + 2*p.inner
}

func (p plate) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := objects[1].MinSize()
	return fyne.NewSize(s.Width+2*p.inner, s.Height+2*p.inner)
}

func (p plate) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 0, size.Width, size.Height)
	h := min(HeightFor(objects[1], size.Width-2*p.inner), size.Height-2*p.inner)
	place(objects[1], p.inner, (size.Height-h)/2, size.Width-2*p.inner, h)
}

// Leading keeps an object at the left and no wider than a width.
func Leading(width float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(leading{width}, o)
}

type leading struct{ width float32 }

func (l leading) heightFor(o []fyne.CanvasObject, width float32) float32 {
	return HeightFor(o[0], min(width, l.width))
}

func (l leading) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

func (l leading) Layout(o []fyne.CanvasObject, size fyne.Size) {
	place(o[0], 0, 0, min(size.Width, l.width), size.Height)
}
