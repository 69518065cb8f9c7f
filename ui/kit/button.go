package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Kind is a button's weight.
type Kind uint8

// The kinds.
const (
	Primary   Kind = iota // the one thing to do here
	Secondary             // others
	Quiet                 // in the header: smaller target
	Choice                // one of several; Chosen shows which
	Key                   // of a keypad
	Tile                  // a large choice with a picture above or beside the words
)

// Button is something to press: words, and a drawing beside them.
type Button struct {
	Press
	kind   Kind
	icon   Icon
	text   *Text
	detail *Text // a second, lighter line; may be nil
	pic    *canvas.Image
	face   *canvas.Rectangle
	tick   *canvas.Image
	ring   *canvas.Rectangle
	chosen bool
	least  float32
	wide   float32
	art    fyne.CanvasObject // in place of the icon
	big    bool              // a larger drawing
	opens  bool              // more lies behind it
	tight  bool              // of a keyboard: the smaller target
	role   Role
	inked  color.NRGBA
}

// NewButton makes a button. Act is called on release, once.
func NewButton(l *Look, k Kind, label string, icon Icon, act func()) *Button {
	role := Label
	switch k {
	case Quiet:
		role = Chrome
	case Key:
		role = Digits
	}
	b := &Button{kind: k, icon: icon, role: role}
	b.Look, b.label, b.act, b.outer, b.ID = l, label, act, b, label
	b.face = rect(l, transparent, l.Palette.Edge)
	b.ring = newRing(l)
	if label != "" {
		b.text = NewText(l, role, label)
		if k == Key || icon == IconNone && k != Tile && k != Choice {
			b.text.Centre()
		}
	}
	b.repaint = b.draw
	b.ExtendBaseWidget(b)
	b.draw()
	return b
}

// Named gives the button a name that stays when its words change.
func (b *Button) Named(id string) *Button {
	b.ID = id
	return b
}

// Says gives it words for the ear where the label is a drawing.
func (b *Button) Says(s string) *Button {
	b.Speak = s
	return b
}

// As sets the role of the words.
func (b *Button) As(r Role) *Button {
	b.role = r
	if b.text != nil {
		b.text.role, b.text.heavy, b.text.memo = r, r.Heavy(), nil
	}
	return b
}

// With adds a second, lighter line.
func (b *Button) With(detail string) *Button { return b.WithAs(Body, detail) }

// WithAs adds a second line in a role.
func (b *Button) WithAs(r Role, detail string) *Button {
	if detail != "" {
		b.detail = NewText(b.Look, r, detail)
		if b.kind == Key {
			b.detail.Centre()
		}
		b.draw()
	}
	return b
}

// OnPress sets what a press does.
func (b *Button) OnPress(act func()) { b.act = act }

// OfRecord marks the label as words of the patient's record.
func (b *Button) OfRecord() *Button {
	b.private = true
	if b.text != nil {
		b.text.private = true
	}
	if b.detail != nil {
		b.detail.private = true
	}
	return b
}

// Chosen shows that this choice is the one in force: tinted, with a tick, so
// that it is not by colour alone.
func (b *Button) Chosen(yes bool) *Button {
	b.chosen = yes
	b.draw()
	return b
}

// Least makes the button at least so high.
func (b *Button) Least(h float32) *Button {
	b.least = h
	return b
}

// Big makes the drawing larger.
func (b *Button) Big() *Button {
	b.big = true
	b.pic = nil
	b.draw()
	return b
}

// Opens shows that more lies behind it.
func (b *Button) Opens() *Button {
	b.opens = true
	b.draw()
	return b
}

// Wide makes the button at least so wide.
func (b *Button) Wide(w float32) *Button {
	b.wide = w
	return b
}

// WithArt puts an object in the icon's place.
func (b *Button) WithArt(o fyne.CanvasObject) *Button {
	b.art = o
	return b
}

// IsChosen tells whether it is.
func (b *Button) IsChosen() bool { return b.chosen }

// Main tells whether the larger target is asked of it.
func (b *Button) Main() bool {
	return !b.tight && (b.kind == Primary || b.kind == Secondary || b.kind == Key || b.kind == Tile)
}

// Face is the colour that the words lie on, now.
func (b *Button) Face() color.NRGBA {
	p := b.Look.Palette
	switch {
	case b.disabled:
		return p.Ground
	case b.pressed:
		return p.Pressed
	case b.kind == Primary:
		return p.Primary
	case b.chosen:
		return p.Tint
	}
	return p.Card
}

func (b *Button) draw() {
	p := b.Look.Palette
	ink := p.Ink
	b.face.FillColor, b.face.StrokeColor = b.Face(), p.Edge
	b.face.StrokeWidth = b.Look.Stroke()
	switch {
	case b.disabled:
		ink = p.Soft
		b.face.StrokeColor = p.Hair
	case b.pressed:
		ink = p.OnPressed
	case b.kind == Primary:
		ink = p.OnPrimary
		b.face.StrokeColor = p.Primary
	case b.chosen:
		b.face.StrokeColor, b.face.StrokeWidth = p.Primary, b.Look.Stroke()*2.2
	}
	if ink != b.inked || b.pic == nil {
		b.inked = ink
		b.pic, b.tick = nil, nil
		if b.icon != IconNone {
			b.pic = NewIcon(b.Look, b.icon, ink, b.iconSide())
		}
	}
	switch {
	case b.chosen && b.tick == nil:
		b.tick = NewIcon(b.Look, IconCheck, ink, b.tickSide())
	case b.opens && b.tick == nil:
		b.tick = NewIcon(b.Look, IconForth, ink, b.tickSide())
	case !b.chosen && !b.opens:
		b.tick = nil
	}
	for _, t := range []*Text{b.text, b.detail} {
		if t != nil {
			t.On(ink, b.Face())
			for _, line := range t.lines {
				line.Color = ink
			}
		}
	}
	b.ring.Hidden = !b.focused
	b.Refresh()
}
