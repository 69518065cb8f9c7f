package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
)

// Look is how everything on a screen is drawn. It is a value: a change of
// theme, size or display is another Look and the screen built anew.
type Look struct {
	Metrics Metrics
	Palette Palette
	Percent int  // text size: 100, 125, 150, 200
	Dense   bool // the desk's form: mouse and keyboard, more on a screen
	Calm    bool // nothing moves
	Hear    *Hear
	Cleared bool // the canvas is cleared in the palette's ground already
	Drawn   *Drawn
	Canvas  fyne.Canvas // where the focus is moved; nil: the canvas of the object's window
}

func (l *Look) canvas(of fyne.CanvasObject) fyne.Canvas {
	if l.Canvas != nil {
		return l.Canvas
	}
	return fyne.CurrentApp().Driver().CanvasForObject(of)
}

// Hear is what the window wants to know of the pieces. Nil functions are not
// called.
type Hear struct {
	// Touched is any press or focus: a sign of life.
	Touched func()
	// Focused tells what the focus is on, to be read aloud.
	Focused func(label string, private bool)
	// Rune and Key get what is typed while a piece that is no entry has the
	// focus. Key returns true when the key was taken: a wedge scanner's Enter
	// must not press a button.
	Rune func(r rune)
	Key  func(name KeyName) bool
}

// NewLook is the patients' form.
func NewLook(m Metrics, p Palette, percent int) *Look {
	switch percent {
	case 100, 125, 150, 200:
	default:
		percent = 100
	}
	return &Look{Metrics: m, Palette: p, Percent: percent}
}

// NewDenseLook is the desk's form.
func NewDenseLook(m Metrics, p Palette) *Look {
	return &Look{Metrics: m, Palette: p, Percent: 100, Dense: true}
}

// MM is a length in Fyne units.
func (l *Look) MM(mm float32) float32 { return mm * l.Metrics.Unit() }

// Role is what a text is for. It decides the size and the weight.
type Role uint8

// The roles. Sizes are the capital's height at 100 %.
const (
	Body    Role = iota // 5.5 mm
	Strong              // body in bold
	Heading             // 6.6 mm bold: titles of cards and sections
	Title               // 8.6 mm bold: one a screen
	Display             // 13 mm bold: the start
	Label               // 5.8 mm bold: buttons
	Chrome              // 5.5 mm: header and its buttons
	Digits              // 9 mm bold: keypad, typed digits
	Numeral             // 11 mm bold: counts
	Code                // 20 mm bold: the receipt code
	Keys                // 6.6 mm bold: the keyboard
)

// caps are the capital heights in mm: patients' and desk's. ADA 707.7.2 asks
// for 4.8 mm at least; the desk reads at arm's length, VVSG's floor of 3.5 mm
// less a little for a seated reader.
var caps = [...]struct {
	patient, dense, grow float32 // grow: how much of the chosen enlargement is applied
	heavy                bool
}{
	Body:    {5.5, 2.9, 1, false},
	Strong:  {5.5, 2.9, 1, true},
	Heading: {6.6, 3.4, 0.9, true},
	Title:   {8.6, 4.4, 0.55, true},
	Display: {13, 5.5, 0.3, true},
	Label:   {5.8, 2.9, 0.9, true},
	Chrome:  {5.5, 2.9, 0.6, false},
	Digits:  {9, 4.5, 0.35, true},
	Numeral: {11, 5.5, 0.35, true},
	Code:    {20, 7, 0.3, true},
	Keys:    {6.6, 3.4, 0.35, true},
}

// Cap is the height of a capital in millimetres. What is large already grows
// less: at 200 % no role is smaller than the body was at 150 %.
func (l *Look) Cap(r Role) float32 {
	c := caps[r]
	base := c.patient * l.roomy()
	if l.Dense {
		base = c.dense
	}
	return base * (1 + c.grow*float32(l.Percent-100)/100)
}

// roomy is how much larger everything is drawn on a display that has the room:
// the sizes of the roles are for a panel of 15 inches. Whoever asks for larger
// text gets it from there, so it fades out towards 200 %.
func (l *Look) roomy() float32 {
	m := l.Metrics
	have := min(m.HeightMM(), m.WidthMM*0.8) / 190
	return 1 + (min(1.2, max(1, have))-1)*float32(200-l.Percent)/100
}

// TextSize is the role's size in Fyne units.
func (l *Look) TextSize(r Role) float32 { return l.MM(l.Cap(r)) / capRatio }

// LineHeight is the distance of two lines of the role in Fyne units.
func (l *Look) LineHeight(r Role) float32 { return l.TextSize(r) * pitch }

// Heavy tells whether the role is bold.
func (r Role) Heavy() bool { return caps[r].heavy }

// Target is the least side of something to press, in Fyne units: 20 mm for the
// main things, 15 mm for others (kiosk-people U5); 9 and 8 mm at the desk.
func (l *Look) Target(main bool) float32 {
	switch {
	case l.Dense && main:
		return l.MM(9)
	case l.Dense:
		return l.MM(8)
	case main:
		return l.MM(20) * l.roomy()
	}
	return l.MM(15) * l.roomy()
}

// Gap is the space between two things to press: at least 3 mm (U5); the ring
// needs room too.
func (l *Look) Gap() float32 {
	if l.Dense {
		return l.MM(2)
	}
	return l.MM(4)
}

// Margin is the space at the edge of the page.
func (l *Look) Margin() float32 {
	if l.Dense {
		return l.MM(5)
	}
	return max(min(l.MM(14), l.Metrics.Width()*0.04), (l.Metrics.Width()-l.MM(widest))/2)
}

// widest is how wide a page's content gets, in millimetres: on a 27-inch panel
// a line of text must not run from one end to the other.
const widest = 430

// Air is the space between header, body and footer.
func (l *Look) Air() float32 {
	if l.Dense {
		return l.MM(2.5)
	}
	return min(l.MM(9), l.Metrics.Height()*0.032)
}

// Radius rounds corners.
func (l *Look) Radius() float32 {
	if l.Dense {
		return l.MM(1.2)
	}
	return l.MM(2.6)
}

// Stroke is the width of a control's edge.
func (l *Look) Stroke() float32 {
	if l.Palette.Name == "light" || l.Palette.Name == "grey" {
		return max(1, l.MM(0.35))
	}
	return max(1, l.MM(0.7))
}

func (l *Look) heard() Hear {
	if l.Hear == nil {
		return Hear{}
	}
	return *l.Hear
}

func (l *Look) touched() {
	if f := l.heard().Touched; f != nil {
		f()
	}
}

var transparent = color.NRGBA{}
