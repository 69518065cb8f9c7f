package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Illustrated puts a drawing beside words (above them, upright). A drawing only
// pleases the eye: where the words need the room, it goes.
func Illustrated(l *Look, words, art fyne.CanvasObject) *fyne.Container {
	frame := container.NewStack(art)
	return container.New(&illustrated{l, frame}, words, frame)
}

type illustrated struct {
	l   *Look
	art *fyne.Container
}

func (i *illustrated) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

func (i *illustrated) Layout(o []fyne.CanvasObject, size fyne.Size) {
	words, gap := o[0], i.l.MM(12)
	if i.l.Metrics.Portrait() {
		h := HeightFor(words, size.Width)
		art := min(size.Height-h-gap, size.Width*0.72)
		i.art.Hidden = art < i.l.MM(55)
		if i.art.Hidden {
			place(words, 0, 0, size.Width, size.Height)
			return
		}
		free := size.Height - h - gap - art
		place(i.art, 0, free*0.3, size.Width, art)
		place(words, 0, free*0.3+art+gap, size.Width, h)
		return
	}
	art := size.Width * 0.36
	left := size.Width - art - gap
	i.art.Hidden = HeightFor(words, left) > size.Height || left < words.MinSize().Width
	if i.art.Hidden {
		place(words, 0, 0, size.Width, size.Height)
		return
	}
	place(words, 0, 0, left, size.Height)
	place(i.art, left+gap, 0, art, size.Height)
}

// Dock keeps one object at the bottom and gives the rest to the other.
func Dock(gap float32, top, bottom fyne.CanvasObject) *fyne.Container {
	return container.New(dock{gap, false}, top, bottom)
}

// Together is Dock when there is little room; when there is enough, both stand
// together in the middle.
func Together(gap float32, top, bottom fyne.CanvasObject) *fyne.Container {
	return container.New(together{dock{gap, false}}, top, bottom)
}

type together struct{ dock }

func (t together) Layout(o []fyne.CanvasObject, size fyne.Size) {
	if h := t.heightFor(o, size.Width); h <= size.Height {
		first := HeightFor(o[0], size.Width)
		y := (size.Height - h) / 2
		place(o[0], 0, y, size.Width, first)
		place(o[1], 0, y+first+t.gap, size.Width, h-first-t.gap)
		return
	}
	t.dock.Layout(o, size)
}

// Below is Dock the other way: the first at the top as high as it needs, the
// second gets the rest.
func Below(gap float32, top, rest fyne.CanvasObject) *fyne.Container {
	return container.New(dock{gap, true}, top, rest)
}

type dock struct {
	gap   float32
	first bool // the first is as high as it needs
}

func (d dock) MinSize(o []fyne.CanvasObject) fyne.Size { return narrowest(o) }

func (d dock) heightFor(o []fyne.CanvasObject, width float32) float32 {
	return HeightFor(o[0], width) + d.gap + HeightFor(o[1], width)
}

func (d dock) Layout(o []fyne.CanvasObject, size fyne.Size) {
	if d.first {
		h := min(HeightFor(o[0], size.Width), size.Height)
		place(o[0], 0, 0, size.Width, h)
		place(o[1], 0, h+d.gap, size.Width, max(0, size.Height-h-d.gap))
		return
	}
	h := min(HeightFor(o[1], size.Width), size.Height)
	place(o[0], 0, 0, size.Width, max(0, size.Height-h-d.gap))
	place(o[1], 0, size.Height-h, size.Width, h)
}

// Ends puts one object at the left and others at the right end of a line, all
// centred in height.
func Ends(gap float32, left fyne.CanvasObject, right ...fyne.CanvasObject) *fyne.Container {
	return container.New(ends{gap: gap}, append([]fyne.CanvasObject{left}, right...)...)
}

// TallEnds is Ends with all of one height.
func TallEnds(gap float32, left fyne.CanvasObject, right ...fyne.CanvasObject) *fyne.Container {
	return container.New(ends{gap, true}, append([]fyne.CanvasObject{left}, right...)...)
}

type ends struct {
	gap  float32
	tall bool
}

func (e ends) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for i, x := range o {
		s.Width += x.MinSize().Width
		if i > 0 {
			s.Width += e.gap
		}
	}
	s.Height = e.heightFor(o, s.Width)
	return s
}

func (e ends) widths(o []fyne.CanvasObject, width float32) (left float32, right []float32) {
	left = width
	for _, x := range o[1:] {
		w := Natural(x)
		right = append(right, w)
		left -= w + e.gap
	}
	return max(left, o[0].MinSize().Width), right
}

func (e ends) heightFor(o []fyne.CanvasObject, width float32) float32 {
	left, right := e.widths(o, width)
	h := HeightFor(o[0], left)
	for i, x := range o[1:] {
		h = max(h, HeightFor(x, right[i]))
	}
	return h
}

func (e ends) Layout(o []fyne.CanvasObject, size fyne.Size) {
	left, right := e.widths(o, size.Width)
	at := size.Width
	for i := len(o) - 1; i > 0; i-- {
		h := HeightFor(o[i], right[i-1])
		if e.tall {
			h = size.Height
		}
		at -= right[i-1]
		place(o[i], at, (size.Height-h)/2, right[i-1], h)
		at -= e.gap
	}
	h := min(HeightFor(o[0], left), size.Height)
	if e.tall {
		h = size.Height
	}
	place(o[0], 0, (size.Height-h)/2, left, h)
}
