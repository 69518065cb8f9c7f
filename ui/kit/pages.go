package kit

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// PageWords are the names of the page buttons, for the ear.
type PageWords struct{ Up, Down string }

// Pages shows blocks one under the other, as many whole ones as there is room
// for. Where there is no room for all, two buttons turn the page: nothing is
// cut in the middle, nothing is dragged.
type Pages struct {
	widget.BaseWidget
	look   *Look
	gap    float32
	blocks []fyne.CanvasObject

	at       int
	pages    [][]fyne.CanvasObject
	up, down *Button
	where    *Text
	middle   bool
	laid     fyne.Size
}

// NewPages makes one of blocks.
func NewPages(l *Look, w PageWords, gap float32, blocks ...fyne.CanvasObject) *Pages {
	p := &Pages{look: l, gap: gap, blocks: blocks}
	p.up = NewButton(l, Choice, "", IconUp, func() { p.Turn(-1) }).Named("page-up").Says(w.Up)
	p.down = NewButton(l, Choice, "", IconDown, func() { p.Turn(+1) }).Named("page-down").Says(w.Down)
	p.up.kind, p.down.kind = Secondary, Secondary
	p.where = NewText(l, Chrome, "").Centre()
	p.ExtendBaseWidget(p)
	return p
}

// Middle centres what is shown in height, when all of it fits.
func (p *Pages) Middle() *Pages {
	p.middle = true
	return p
}

// Count is how many pages there are at the present size.
func (p *Pages) Count() int { return max(1, len(p.pages)) }

// At is which one is shown, from 0.
func (p *Pages) At() int { return p.at }

// Turn shows another page.
func (p *Pages) Turn(by int) {
	p.at = min(max(0, p.at+by), p.Count()-1)
	p.show()
	p.Refresh()
}

// side is the width of the page buttons: one under the other, or side by side
// where there is no height.
func (p *Pages) side(height float32) float32 {
	w := p.look.Target(true) + p.look.Gap()*1.5
	if p.flat(height) {
		w += p.look.Target(true) + p.look.Gap()
	}
	return w
}

func (p *Pages) flat(height float32) bool { return height < 2*p.look.Target(true)+p.look.Gap() }

// HeightFor is the height without turning pages.
func (p *Pages) HeightFor(width float32) float32 { return column{p.gap}.heightFor(p.blocks, width) }

// Natural is the width at which nothing wraps.
func (p *Pages) Natural() float32 {
	var w float32
	for _, b := range p.blocks {
		w = max(w, Natural(b))
	}
	return w
}

// MinSize leaves room for the page buttons.
func (p *Pages) MinSize() fyne.Size {
	return fyne.NewSize(narrowest(p.blocks).Width, 2*p.look.Target(true))
}

func (p *Pages) split(size fyne.Size) {
	p.pages = nil
	if p.HeightFor(size.Width) <= size.Height+0.5 {
		return
	}
	width := size.Width - p.side(size.Height)
	var page []fyne.CanvasObject
	var used float32
	flush := func() {
		if len(page) > 0 {
			p.pages = append(p.pages, page)
		}
		page, used = nil, 0
	}
	queue := shown(p.blocks)
	for len(queue) > 0 {
		b := queue[0]
		h := HeightFor(b, width)
		gap := p.gap
		if len(page) == 0 {
			gap = 0
		}
		if used+gap+h <= size.Height+0.5 {
			page, used, queue = append(page, b), used+gap+h, queue[1:]
			continue
		}
		if s, ok := b.(interface {
			Split(width, height float32) (Block, Block)
		}); ok {
			if first, rest := s.Split(width, size.Height-used-gap); first != nil {
				page = append(page, first)
				flush()
				queue[0] = rest
				continue
			}
		}
		if len(page) == 0 { // taller than the page and in one piece
			page, queue = append(page, b), queue[1:]
		}
		flush()
	}
	flush()
}

func (p *Pages) show() {
	size := p.laid
	p.at = min(p.at, p.Count()-1)
	if len(p.pages) == 0 {
		var y float32
		if p.middle {
			y = max(0, (size.Height-p.HeightFor(size.Width))/2)
		}
		for _, b := range shown(p.blocks) {
			h := HeightFor(b, size.Width)
			place(b, 0, y, size.Width, h)
			y += h + p.gap
		}
		return
	}
	width, y := size.Width-p.side(size.Height), float32(0)
	for _, b := range p.pages[p.at] {
		h := HeightFor(b, width)
		place(b, 0, y, width, h)
		y += h + p.gap
	}
	side := p.look.Target(true)
	x := size.Width - side
	if p.flat(size.Height) {
		place(p.up, x-side-p.look.Gap(), size.Height-side, side, side)
	} else {
		place(p.up, x, 0, side, side)
	}
	place(p.down, x, size.Height-side, side, side)
	p.where.Say(fmt.Sprintf("%d/%d", p.at+1, len(p.pages)))
	h := p.where.HeightFor(side)
	place(p.where, x-p.look.Gap(), (size.Height-h)/2, side+2*p.look.Gap(), h)
	p.where.Hidden = size.Height-2*side < h
	for b, off := range map[*Button]bool{p.up: p.at == 0, p.down: p.at == len(p.pages)-1} {
		if b.disabled != off {
			b.disabled = off
			b.draw()
		}
	}
}

// Parts implements Made.
func (p *Pages) Parts() []fyne.CanvasObject {
	if len(p.pages) == 0 {
		return p.blocks
	}
	out := append([]fyne.CanvasObject{}, p.pages[p.at]...)
	return append(out, p.where, p.down, p.up)
}

// CreateRenderer implements fyne.Widget.
func (p *Pages) CreateRenderer() fyne.WidgetRenderer { return &pagesRenderer{p} }

type pagesRenderer struct{ p *Pages }

func (r *pagesRenderer) Destroy()                     {}
func (r *pagesRenderer) MinSize() fyne.Size           { return r.p.MinSize() }
func (r *pagesRenderer) Objects() []fyne.CanvasObject { return r.p.Parts() }

func (r *pagesRenderer) Layout(size fyne.Size) {
	p := r.p
	if size != p.laid || p.pages == nil {
		p.laid = size
		p.split(size)
	}
	p.show()
}

func (r *pagesRenderer) Refresh() {
	r.p.show()
	canvas.Refresh(r.p)
}
