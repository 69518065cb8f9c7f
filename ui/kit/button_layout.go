package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

func (b *Button) iconSide() float32 {
	if b.big {
		return b.Look.TextSize(Heading) * 2.4
	}
	if b.kind == Tile {
		return b.Look.TextSize(Heading) * 1.45
	}
	if b.art != nil {
		return b.Look.TextSize(b.role) * 1.5
	}
	return b.Look.TextSize(b.role) * 1.12
}

func (b *Button) padX() float32 {
	switch {
	case b.kind == Key && len([]rune(b.label)) > 2:
		return b.Look.MM(3)
	case b.kind == Key:
		return b.Look.MM(1)
	case b.Look.Dense:
		return b.Look.MM(2)
	case b.kind == Quiet || b.kind == Choice:
		return b.Look.MM(3.5)
	}
	return b.Look.MM(5)
}

func (b *Button) padY() float32 {
	if b.kind == Key && len([]rune(b.label)) <= 2 {
		return b.Look.MM(0.5)
	}
	if b.Look.Dense {
		return b.Look.MM(0.8)
	}
	return b.Look.MM(2.5)
}

func (b *Button) between() float32 { return b.Look.TextSize(b.role) * 0.5 }

func (b *Button) pictured() bool { return b.icon != IconNone || b.art != nil }

// picture is the icon or what stands in its place; nil when there is neither.
func (b *Button) picture() fyne.CanvasObject {
	if b.art != nil {
		return b.art
	}
	if b.pic != nil {
		return b.pic
	}
	return nil
}

// side is the width that drawings take beside the words.
func (b *Button) side() float32 {
	var w float32
	if b.pictured() {
		w += b.iconSide()
		if b.text != nil {
			w += b.between()
		}
	}
	if b.ticked() {
		w += b.tickSide() + b.between()
	}
	return w
}

// ticked tells that there is room for a tick.
func (b *Button) ticked() bool { return b.kind == Choice || b.opens || b.chosen && b.kind != Key }

func (b *Button) tickSide() float32 { return b.Look.TextSize(b.role) * 1.12 }

func (b *Button) words(width float32) float32 {
	var h float32
	if b.text != nil {
		h += b.text.HeightFor(width)
	}
	if b.detail != nil {
		h += b.detail.HeightFor(width)
	}
	return h
}

// HeightFor is the height at a width: the target's at least.
func (b *Button) HeightFor(width float32) float32 {
	h := b.words(width - 2*b.padX() - b.side())
	if b.pictured() {
		h = max(h, b.iconSide())
	}
	return max(h+2*b.padY(), b.Look.Target(b.Main()), b.least)
}

// Natural is the width at which no word wraps.
func (b *Button) Natural() float32 {
	w := 2*b.padX() + b.side()
	var words float32
	if b.text != nil {
		words = b.text.Natural()
	}
	if b.detail != nil {
		words = max(words, b.detail.Natural())
	}
	return max(w+words, b.Look.Target(b.Main()), b.wide)
}

// MinSize is the narrowest form.
func (b *Button) MinSize() fyne.Size {
	w := 2*b.padX() + b.side()
	var words float32
	if b.text != nil {
		words = b.text.Narrowest()
	}
	if b.detail != nil {
		words = max(words, b.detail.Narrowest())
	}
	w = max(w+words, b.Look.Target(b.Main()))
	at := w
	if cur := b.Size().Width; cur > at {
		at = cur
	}
	return fyne.NewSize(w, b.HeightFor(at))
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer { return &buttonRenderer{b} }

type buttonRenderer struct{ b *Button }

func (r *buttonRenderer) Destroy()           {}
func (r *buttonRenderer) MinSize() fyne.Size { return r.b.MinSize() }

func (r *buttonRenderer) Layout(size fyne.Size) {
	b := r.b
	place(b.face, 0, 0, size.Width, size.Height)
	layRing(b.Look, b.ring, size)
	side, pad := b.iconSide(), b.padX()
	left, right := pad, size.Width-pad
	pic := b.picture()
	if b.text == nil && pic != nil { // a drawing alone
		place(pic, (size.Width-side)/2, (size.Height-side)/2, side, side)
		return
	}
	if b.ticked() {
		if b.tick != nil {
			place(b.tick, right-b.tickSide(), (size.Height-b.tickSide())/2, b.tickSide(), b.tickSide())
		}
		right -= b.tickSide() + b.between()
	}
	words := right - left
	if pic != nil {
		words -= side + b.between()
		// Words and drawing are centred together, tiles and choices begin left.
		if b.kind == Primary || b.kind == Secondary || b.kind == Quiet {
			if used := min(words, b.text.Natural()); used < words {
				left += (words - used) / 2
				words = used
			}
		}
		if b.icon == IconNext { // forward points out of the words
			place(pic, left+words+b.between(), (size.Height-side)/2, side, side)
		} else {
			place(pic, left, (size.Height-side)/2, side, side)
			left += side + b.between()
		}
	}
	h := b.words(words)
	y := (size.Height - h) / 2
	if b.text != nil {
		th := b.text.HeightFor(words)
		place(b.text, left, y, words, th)
		y += th
	}
	if b.detail != nil {
		place(b.detail, left, y, words, b.detail.HeightFor(words))
	}
}

func (r *buttonRenderer) Refresh() {
	r.Layout(r.b.Size())
	canvas.Refresh(r.b)
}

func (r *buttonRenderer) Objects() []fyne.CanvasObject { return r.b.Parts() }

// Parts implements Made.
func (b *Button) Parts() []fyne.CanvasObject {
	out := []fyne.CanvasObject{b.ring, b.face}
	if pic := b.picture(); pic != nil {
		out = append(out, pic)
	}
	if b.text != nil {
		out = append(out, b.text)
	}
	if b.detail != nil {
		out = append(out, b.detail)
	}
	if b.tick != nil && b.ticked() {
		out = append(out, b.tick)
	}
	return out
}
