package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// KeyName is a key of the keyboard, by Fyne's names.
type KeyName = fyne.KeyName

// Press is what all things that can be pressed have in common: one action on
// release, painted at once, focus with a ring, Enter and Space, arrows that
// move the focus. It is embedded.
type Press struct {
	widget.BaseWidget
	Look *Look
	// ID names it among the others of a screen, so that the focus survives the
	// screen being built anew.
	ID string
	// Speak is what is read aloud on focus; "" the label.
	Speak string

	label    string
	private  bool
	act      func()
	disabled bool
	pressed  bool
	focused  bool
	repaint  func()
	keys     func(KeyName) bool // first go at a key, may be nil
	runes    func(rune) bool
	outer    fyne.CanvasObject // the widget that embeds this
}

var (
	_ fyne.Tappable      = (*Press)(nil)
	_ fyne.Focusable     = (*Press)(nil)
	_ fyne.Disableable   = (*Press)(nil)
	_ desktop.Mouseable  = (*Press)(nil)
	_ desktop.Cursorable = (*Press)(nil)
)

func (p *Press) paint() {
	if p.repaint != nil {
		p.repaint()
	}
}

// LabelText is what is written on it.
func (p *Press) LabelText() string { return p.label }

// IsPrivate tells whether the label is of the patient's record.
func (p *Press) IsPrivate() bool { return p.private }

// Focused tells whether it has the focus.
func (p *Press) Focused() bool { return p.focused }

// Tapped implements fyne.Tappable: the release.
func (p *Press) Tapped(*fyne.PointEvent) { p.Do() }

// Do presses it.
func (p *Press) Do() {
	if p.disabled || !p.Visible() {
		return
	}
	p.Look.touched()
	if p.act != nil {
		p.act()
	}
}

// MouseDown paints the press at once.
func (p *Press) MouseDown(*desktop.MouseEvent) {
	if !p.disabled {
		p.pressed = true
		p.paint()
	}
}

// MouseUp ends it.
func (p *Press) MouseUp(*desktop.MouseEvent) {
	p.pressed = false
	p.paint()
}

// Cursor implements desktop.Cursorable: the plain arrow, the kiosk hides it.
func (p *Press) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// FocusGained draws the ring and says the label.
func (p *Press) FocusGained() {
	p.focused = true
	p.paint()
	if f := p.Look.heard().Focused; f != nil {
		say := p.Speak
		if say == "" {
			say = p.label
		}
		f(say, p.private)
	}
}

// FocusLost takes the ring away.
func (p *Press) FocusLost() {
	p.focused, p.pressed = false, false
	p.paint()
}

// TypedRune hands on what is typed: a button is no entry.
func (p *Press) TypedRune(r rune) {
	if p.runes != nil && p.runes(r) {
		return
	}
	if r == ' ' {
		return // it came as a key already
	}
	if f := p.Look.heard().Rune; f != nil {
		f(r)
	}
}

// TypedKey presses on Enter and Space and moves on arrows.
func (p *Press) TypedKey(e *fyne.KeyEvent) {
	if p.keys != nil && p.keys(e.Name) {
		return
	}
	if f := p.Look.heard().Key; f != nil && f(e.Name) {
		return
	}
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		p.Do()
	default:
		MoveFocus(p.Look.canvas(p.outer), e.Name)
	}
}

// MoveFocus moves the focus of a canvas by an arrow key: down and right to the
// next, up and left to the one before. It tells whether the key was one.
func MoveFocus(c fyne.Canvas, key KeyName) bool {
	if c == nil {
		return false
	}
	switch key {
	case fyne.KeyDown, fyne.KeyRight:
		c.FocusNext()
	case fyne.KeyUp, fyne.KeyLeft:
		c.FocusPrevious()
	default:
		return false
	}
	return true
}

// Enable implements fyne.Disableable.
func (p *Press) Enable() {
	p.disabled = false
	p.paint()
}

// Disable implements fyne.Disableable.
func (p *Press) Disable() {
	p.disabled = true
	p.paint()
}

// Disabled implements fyne.Disableable.
func (p *Press) Disabled() bool { return p.disabled }

// ring is the focus mark: outside the edge with a gap, so that it is measured
// against the page alone.
func newRing(l *Look) *canvas.Rectangle {
	r := canvas.NewRectangle(transparent)
	r.StrokeColor, r.StrokeWidth = l.Palette.Focus, ringWidth(l)
	r.CornerRadius = l.Radius() + ringOut(l)
	r.Hide()
	return r
}

// ringWidth is 1 mm: seen by low vision, well over WCAG 2.4.13's 2 CSS pixels.
func ringWidth(l *Look) float32 {
	if l.Dense {
		return max(2, l.MM(0.6))
	}
	return l.MM(1)
}

// ringOut is how far the ring reaches over the edge; less than half a Gap.
func ringOut(l *Look) float32 { return ringWidth(l) + l.MM(0.5) }

func layRing(l *Look, ring *canvas.Rectangle, size fyne.Size) {
	out := ringOut(l)
	ring.Move(fyne.NewPos(-out, -out))
	ring.Resize(fyne.NewSize(size.Width+2*out, size.Height+2*out))
}
