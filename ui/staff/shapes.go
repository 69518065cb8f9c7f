package staff

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"shlkiosk/sync/phi"
	"shlkiosk/ui/kit"
)

// sheet is a column that scrolls when it is higher than its place. Fyne's
// scroll asks for a height without telling the width; the sheet remembers the
// width that it was given.
//
// The name keeps the place when the page is built anew.
func (w *Window) sheet(name string, o fyne.CanvasObject) *fyne.Container {
	in := &sheetInside{}
	scroll := container.NewVScroll(container.New(in, o))
	if old := w.scrolls[name]; old != nil {
		scroll.Offset = old.Offset
	}
	if w.scrolls == nil {
		w.scrolls = map[string]*container.Scroll{}
	}
	w.scrolls[name] = scroll
	return container.New(&sheetOutside{in}, scroll)
}

type sheetOutside struct{ in *sheetInside }

func (s *sheetOutside) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 40) }

func (s *sheetOutside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	s.in.width = size.Width
	objects[0].Resize(size)
}

type sheetInside struct{ width float32 }

// room is kept free on the right for the scroll bar, rim on the other sides
// for focus rings, which a scroll would cut.
const (
	room = 14
	rim  = 5
)

func (s *sheetInside) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, kit.HeightFor(objects[0], s.width-room-rim)+room+rim)
}

func (s *sheetInside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	wide := size.Width - room - rim
	put(objects[0], rim, rim, wide, kit.HeightFor(objects[0], wide))
}

// sides puts two objects side by side, the left one with a share of the width;
// both as high as the place.
func sides(share, gap float32, left, right fyne.CanvasObject) *fyne.Container {
	return container.New(&sidesLayout{share, gap}, left, right)
}

type sidesLayout struct{ share, gap float32 }

func (s *sidesLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, 40) }

func (s *sidesLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	left := (size.Width - s.gap) * s.share
	o[0].Resize(fyne.NewSize(left, size.Height))
	o[0].Move(fyne.NewPos(0, 0))
	o[1].Resize(fyne.NewSize(size.Width-s.gap-left, size.Height))
	o[1].Move(fyne.NewPos(left+s.gap, 0))
}

// below puts a fixed object above one that takes the rest of the height.
func below(gap float32, top, rest fyne.CanvasObject) *fyne.Container {
	return container.New(&belowLayout{gap}, top, rest)
}

type belowLayout struct{ gap float32 }

func (b *belowLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, 40) }

func (b *belowLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	h := kit.HeightFor(o[0], size.Width)
	o[0].Resize(fyne.NewSize(size.Width, h))
	o[0].Move(fyne.NewPos(0, 0))
	o[1].Resize(fyne.NewSize(size.Width, max(0, size.Height-h-b.gap)))
	o[1].Move(fyne.NewPos(0, h+b.gap))
}

// block is a widget of parts that knows its height for a width, so that it
// takes part in the kit's layouts.
type block struct {
	widget.BaseWidget
	parts []fyne.CanvasObject
	high  func(width float32) float32
	lay   func(size fyne.Size)
}

func newBlock(high func(float32) float32, lay func(fyne.Size), parts ...fyne.CanvasObject) *block {
	b := &block{parts: parts, high: high, lay: lay}
	b.ExtendBaseWidget(b)
	return b
}

// HeightFor implements kit.Block.
func (b *block) HeightFor(width float32) float32 { return b.high(width) }

// Parts implements kit.Made.
func (b *block) Parts() []fyne.CanvasObject { return b.parts }

// MinSize implements fyne.Widget.
func (b *block) MinSize() fyne.Size { return fyne.NewSize(0, b.high(b.Size().Width)) }

// CreateRenderer implements fyne.Widget.
func (b *block) CreateRenderer() fyne.WidgetRenderer { return &blockRenderer{b} }

type blockRenderer struct{ b *block }

func (r *blockRenderer) Destroy()                     {}
func (r *blockRenderer) Layout(s fyne.Size)           { r.b.lay(s) }
func (r *blockRenderer) MinSize() fyne.Size           { return r.b.MinSize() }
func (r *blockRenderer) Refresh()                     { r.b.lay(r.b.Size()) }
func (r *blockRenderer) Objects() []fyne.CanvasObject { return r.b.parts }

func put(o fyne.CanvasObject, x, y, w, h float32) {
	o.Resize(fyne.NewSize(w, h))
	o.Move(fyne.NewPos(x, y))
}

// row is one row of a table whose columns have shares of the width.
func row(l *kit.Look, shares []float32, cells ...fyne.CanvasObject) *block {
	gap := l.MM(2.5)
	each := func(width float32, f func(o fyne.CanvasObject, x, w float32)) {
		var sum float32
		for _, s := range shares[:len(cells)] {
			sum += s
		}
		free, x := width-gap*float32(len(cells)-1), float32(0)
		for i, o := range cells {
			w := free * shares[i] / sum
			f(o, x, w)
			x += w + gap
		}
	}
	high := func(width float32) (h float32) {
		each(width, func(o fyne.CanvasObject, _, w float32) { h = max(h, kit.HeightFor(o, w)) })
		return h
	}
	return newBlock(high, func(s fyne.Size) {
		each(s.Width, func(o fyne.CanvasObject, x, w float32) { put(o, x, 0, w, s.Height) })
	}, cells...)
}

// table puts rows under each other with a line between them.
func table(l *kit.Look, rows ...*block) *fyne.Container {
	out := make([]fyne.CanvasObject, 0, 2*len(rows))
	for i, r := range rows {
		if i > 0 {
			out = append(out, line(l))
		}
		out = append(out, r)
	}
	return kit.Column(l.MM(1), out...)
}

// line is a thin line across.
func line(l *kit.Look) fyne.CanvasObject {
	r := canvas.NewRectangle(l.Palette.Hair)
	thick := max(1, l.MM(0.25))
	return newBlock(func(float32) float32 { return thick }, func(s fyne.Size) { put(r, 0, 0, s.Width, thick) }, r)
}

// sign is a drawing beside words: what it means is in the words, the drawing
// and the colour come on top.
func sign(l *kit.Look, icon kit.Icon, text string, loud bool) fyne.CanvasObject {
	ink := l.Palette.Ink
	role := kit.Body
	if loud {
		role = kit.Strong
	}
	side, gap := l.TextSize(role), l.MM(1.2)
	t := kit.NewText(l, role, text)
	if icon == kit.IconNone {
		return t
	}
	pic := kit.NewIcon(l, icon, ink, side)
	return newBlock(func(width float32) float32 { return t.HeightFor(width - side - gap) }, func(s fyne.Size) {
		put(pic, 0, (l.LineHeight(role)-side)/2, side, side)
		put(t, side+gap, 0, s.Width-side-gap, s.Height)
	}, pic, t)
}

// ends puts one object at the left and one at the right end, which has its
// natural width.
func ends(gap float32, left, right fyne.CanvasObject, rightWide float32) fyne.CanvasObject {
	high := func(width float32) float32 {
		return max(kit.HeightFor(left, width-rightWide-gap), kit.HeightFor(right, rightWide))
	}
	return newBlock(high, func(s fyne.Size) {
		lh, rh := kit.HeightFor(left, s.Width-rightWide-gap), kit.HeightFor(right, rightWide)
		put(left, 0, (s.Height-lh)/2, s.Width-rightWide-gap, lh)
		put(right, s.Width-rightWide, (s.Height-rh)/2, rightWide, rh)
	}, left, right)
}

// notice lays words on the colour of things that want a look.
func notice(l *kit.Look, texts ...string) fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for i, s := range texts {
		if s == "" {
			continue
		}
		role := kit.Body
		if i == 0 {
			role = kit.Strong
		}
		lines = append(lines, kit.NewText(l, role, s).On(l.Palette.Ink, l.Palette.Notice))
	}
	return kit.NoticeCard(l, kit.Column(l.MM(0.6), lines...))
}

// find looks for a pressable by its name, into scrolls as well.
func find(o fyne.CanvasObject, id string) kit.Pressable {
	switch o := o.(type) {
	case kit.Pressable:
		if o.Name() == id {
			return o
		}
	case *fyne.Container:
		for _, c := range o.Objects {
			if p := find(c, id); p != nil {
				return p
			}
		}
	case *container.Scroll:
		return find(o.Content, id)
	case kit.Made:
		for _, c := range o.Parts() {
			if p := find(c, id); p != nil {
				return p
			}
		}
	}
	return nil
}

// age is how old something is, as a phrase of its own.
func (w *Window) age(t time.Time) string {
	ago := w.ago(t)
	if ago == w.t.T("staff.age.now") {
		return ago
	}
	return w.t.T("staff.case.age", ago)
}

// ago writes an age shortly: "3 min".
func (w *Window) ago(at time.Time) string { return w.long(w.o.Now().Sub(at)) }

// long writes a length of time shortly.
func (w *Window) long(d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.t.T("staff.age.now")
	case d < time.Hour:
		return w.t.N("staff.age.minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return w.t.N("staff.age.hours", int(d.Hours()))
	}
	return w.t.N("staff.age.days", int(d.Hours()/24))
}

// coded is the word of a code, or the code itself where it has none: staff can
// at least ask about it.
func (w *Window) coded(prefix, code string) string {
	if key := prefix + code; w.t.Has(key) {
		return w.t.T(key)
	}
	return code
}

func shown(text phi.Text) string {
	if text.Empty() {
		return "\u2013"
	}
	return text.Reveal()
}
