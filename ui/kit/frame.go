package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// Frame is a page: header above, body, and the footer with the main action in
// its one place, at the right end below (across the whole width upright). Its
// objects are in the order of the focus: body, main action, other actions,
// header.
type Frame struct {
	Header fyne.CanvasObject // may be nil
	Body   fyne.CanvasObject
	Main   *Button   // may be nil
	Side   []*Button // beside the main action: back, no
	Desk   *Button   // at the left end, on every page; may be nil
}

// NewFrame lays a page out on the palette's ground.
func NewFrame(l *Look, f Frame) *fyne.Container {
	ground := canvas.NewRectangle(l.Palette.Ground)
	ground.Hidden = l.Cleared // the largest thing to paint
	objects := []fyne.CanvasObject{ground, f.Body}
	foot := []fyne.CanvasObject{}
	for _, b := range append(append([]*Button{f.Main}, f.Side...), f.Desk) {
		if b != nil {
			objects, foot = append(objects, b), append(foot, b)
		}
	}
	if f.Header != nil {
		objects = append(objects, f.Header)
	}
	return container.New(&frame{l: l, f: f, ground: ground, foot: foot}, objects...)
}

type frame struct {
	l      *Look
	f      Frame
	ground *canvas.Rectangle
	foot   []fyne.CanvasObject
}

func (f *frame) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(f.l.MM(100), f.l.MM(100)) }

func (f *frame) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l := f.l
	place(f.ground, 0, 0, size.Width, size.Height)
	margin, air := l.Margin(), l.Air()
	width, top := size.Width-2*margin, air
	if f.f.Header != nil {
		h := HeightFor(f.f.Header, width)
		place(f.f.Header, margin, top, width, h)
		top += h + air
	}
	bottom := size.Height - air
	if len(f.foot) > 0 {
		bottom = f.footer(margin, bottom, width) - air
	}
	place(f.f.Body, margin, top, width, max(0, bottom-top))
}

// footer lays the actions above y and returns where they begin.
func (f *frame) footer(x, y, width float32) float32 {
	l, gap := f.l, f.l.Gap()
	wide := func(b *Button) float32 {
		least := l.MM(34)
		if b == f.f.Main {
			least = l.MM(64)
		}
		if l.Dense {
			least = 0
		}
		return max(b.Natural(), least)
	}
	var all float32
	for i, o := range f.foot {
		if i > 0 {
			all += gap
		}
		all += wide(o.(*Button))
	}
	upright := l.Metrics.Portrait() && !l.Dense
	main := float32(0)
	if b := f.f.Main; b != nil {
		// A main action of two lines in its place is better than one of its own row.
		if spare := width - (all - wide(b)); all > width && spare >= b.MinSize().Width && spare > l.MM(50) && b.HeightFor(spare) < 2.2*b.Look.LineHeight(Label)+2*b.padY() {
			main, all = spare, width
		}
	}
	if one := wide; main > 0 {
		wide = func(b *Button) float32 {
			if b == f.f.Main {
				return main
			}
			return one(b)
		}
	}
	if all <= width && !upright {
		var high float32
		for _, o := range f.foot {
			high = max(high, HeightFor(o, wide(o.(*Button))))
		}
		right := x + width
		for _, b := range append([]*Button{f.f.Main}, f.f.Side...) {
			if b != nil {
				place(b, right-wide(b), y-high, wide(b), high)
				right -= wide(b) + gap
			}
		}
		if b := f.f.Desk; b != nil {
			place(b, x, y-high, wide(b), high)
		}
		return y - high
	}
	// Two rows: the others share the lower one, the main action is above it.
	var low []*Button
	if f.f.Desk != nil {
		low = append(low, f.f.Desk)
	}
	for i := len(f.f.Side) - 1; i >= 0; i-- {
		low = append(low, f.f.Side[i])
	}
	rows := [][]*Button{}
	if f.f.Main != nil {
		rows = append(rows, []*Button{f.f.Main})
	}
	if narrowestRow(low)+gap*float32(len(low)-1) > width && f.f.Desk != nil && len(low) > 1 {
		rows, low = append(rows, low[1:]), low[:1] // the desk gets a row of its own
	}
	if len(low) > 0 {
		rows = append(rows, low)
	}
	for r := len(rows) - 1; r >= 0; r-- {
		widths := share(rows[r], width-gap*float32(len(rows[r])-1))
		var high float32
		for i, b := range rows[r] {
			high = max(high, HeightFor(b, widths[i]))
		}
		at := x
		for i, b := range rows[r] {
			place(b, at, y-high, widths[i], high)
			at += widths[i] + gap
		}
		y -= high
		if r > 0 {
			y -= gap
		}
	}
	return y
}

func narrowestRow(row []*Button) float32 {
	var sum float32
	for _, b := range row {
		sum += b.MinSize().Width
	}
	return sum
}

// share gives each button its natural width and an equal part of the rest. When
// there is too little, each keeps the width of its longest word and gets a part
// of the rest by how much more it would like.
func share(row []*Button, width float32) []float32 {
	out, sum, least := make([]float32, len(row)), float32(0), narrowestRow(row)
	for i, b := range row {
		out[i] = b.Natural()
		sum += out[i]
	}
	for i, b := range row {
		switch low := b.MinSize().Width; {
		case sum <= width:
			out[i] += (width - sum) / float32(len(row))
		case sum > least:
			out[i] = low + (out[i]-low)*max(0, width-least)/(sum-least)
		default:
			out[i] = low
		}
	}
	return out
}

// Split puts words on the left and something to use on the right, the right
// one as wide as it wants; upright, one above the other. The left one gets the
// height that is left.
func Split(l *Look, gap, rightWidth float32, left, right fyne.CanvasObject) *fyne.Container {
	return container.New(&split{l, gap, rightWidth}, left, right)
}

type split struct {
	l          *Look
	gap, right float32
}

func (s *split) MinSize(objects []fyne.CanvasObject) fyne.Size { return narrowest(objects) }

func (s *split) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, right := objects[0], objects[1]
	if !s.l.Metrics.Portrait() {
		w := min(s.right, size.Width*0.7)
		h := min(HeightFor(right, w), size.Height)
		place(left, 0, 0, size.Width-w-s.gap, size.Height)
		place(right, size.Width-w, (size.Height-h)/2, w, h)
		return
	}
	w := min(s.right, size.Width)
	h := min(HeightFor(right, w), size.Height*0.75)
	top := min(HeightFor(left, size.Width), size.Height-h-s.gap)
	// Upright there is height to spare: keep the hands low, the words high.
	rest := size.Height - h - s.gap - top
	place(left, 0, 0, size.Width, top)
	place(right, (size.Width-w)/2, top+s.gap+max(0, rest*0.4), w, h)
}
