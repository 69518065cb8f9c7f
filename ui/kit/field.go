package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Field shows what was typed, one cell a character: each is drawn by itself,
// so that no text of the whole stays anywhere. It is no entry: the page hands
// it what to show.
type Field struct {
	widget.BaseWidget
	look  *Look
	plate *canvas.Rectangle
	caret *canvas.Rectangle
	empty *Text
	cells []*canvas.Text
	count int
}

// NewField makes one; empty is what it says while nothing is typed.
func NewField(l *Look, empty string) *Field {
	p := l.Palette
	f := &Field{look: l, plate: rect(l, p.Card, p.Edge), caret: canvas.NewRectangle(p.Primary),
		empty: NewText(l, Body, empty).On(p.Soft, p.Card)}
	f.plate.StrokeWidth = l.Stroke() * 2
	f.ExtendBaseWidget(f)
	return f
}

// Set draws the characters, or as many dots.
func (f *Field) Set(runes []rune, masked bool) {
	f.count = len(runes)
	f.cells = f.cells[:0]
	for _, r := range runes {
		s := string(r)
		if masked {
			s = "\u25CF"
		}
		c := canvas.NewText(s, f.look.Palette.Ink)
		c.TextSize, c.FontSource, c.Alignment = f.look.TextSize(Digits), Font(true), fyne.TextAlignCenter
		if masked {
			c.TextSize *= 0.8
		}
		f.cells = append(f.cells, c)
	}
	f.Refresh()
}

// Count is how many characters are shown.
func (f *Field) Count() int { return f.count }

func (f *Field) cell() float32 { return f.look.TextSize(Digits) * 0.78 }

// Room is the width for so many characters.
func (f *Field) Room(n int) float32 { return float32(n)*f.cell() + 2*f.inset() }

// HeightFor implements Block.
func (f *Field) HeightFor(width float32) float32 {
	h := f.look.LineHeight(Digits)
	if f.count == 0 {
		h = max(h, f.empty.HeightFor(width-2*f.inset()))
	}
	return max(h+f.look.MM(4), f.look.Target(true))
}

func (f *Field) inset() float32 { return f.look.MM(4) }

// MinSize has room for four characters.
func (f *Field) MinSize() fyne.Size {
	w := max(4*f.cell()+2*f.inset(), f.empty.Narrowest()+2*f.inset())
	return fyne.NewSize(w, f.HeightFor(max(w, f.Size().Width)))
}

// CreateRenderer implements fyne.Widget.
func (f *Field) CreateRenderer() fyne.WidgetRenderer { return &fieldRenderer{f} }

type fieldRenderer struct{ f *Field }

func (r *fieldRenderer) Destroy()                     {}
func (r *fieldRenderer) MinSize() fyne.Size           { return r.f.MinSize() }
func (r *fieldRenderer) Objects() []fyne.CanvasObject { return r.f.Parts() }

func (r *fieldRenderer) Refresh() {
	r.Layout(r.f.Size())
	canvas.Refresh(r.f)
}

// Layout shows the end of what is too long.
func (r *fieldRenderer) Layout(size fyne.Size) {
	f := r.f
	place(f.plate, 0, 0, size.Width, size.Height)
	x, cell := f.inset(), f.cell()
	room := int((size.Width - 2*x) / cell)
	high := f.look.LineHeight(Digits)
	first := max(0, len(f.cells)-max(1, room))
	for i, c := range f.cells {
		c.Hidden = i < first
		h := c.MinSize().Height
		place(c, x+float32(i-first)*cell, (size.Height-h)/2, cell, h)
	}
	at := x + float32(len(f.cells)-first)*cell
	place(f.caret, at+f.look.MM(0.6), (size.Height-high*0.7)/2, f.look.MM(0.8), high*0.7)
	f.caret.Hidden = len(f.cells) == 0
	h := f.empty.HeightFor(size.Width - 2*x)
	place(f.empty, x, (size.Height-h)/2, size.Width-2*x, h)
}

// Parts implements Made.
func (f *Field) Parts() []fyne.CanvasObject {
	out := []fyne.CanvasObject{f.plate}
	if len(f.cells) == 0 {
		return append(out, f.empty)
	}
	for _, c := range f.cells {
		out = append(out, c)
	}
	return append(out, f.caret)
}
