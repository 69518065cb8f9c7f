package kit

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Text is words that wrap at the width they are given.
type Text struct {
	widget.BaseWidget
	look    *Look
	role    Role
	content string
	align   fyne.TextAlign
	ink     color.NRGBA
	back    color.NRGBA // what it is drawn on, for the contrast test
	heavy   bool
	private bool
	even    bool

	width float32
	lines []*canvas.Text
	memo  map[string]float32
}

// NewText makes words in the role's size, in the palette's ink.
func NewText(l *Look, r Role, s string) *Text {
	t := &Text{look: l, role: r, content: s, ink: l.Palette.Ink, back: l.Palette.Ground, heavy: r.Heavy(),
		even: true}
	t.ExtendBaseWidget(t)
	return t
}

// On sets the ink and tells on which colour it is drawn.
func (t *Text) On(ink, back color.NRGBA) *Text {
	t.ink, t.back = ink, back
	return t
}

// Soft makes it a text of less weight on the page's ground.
func (t *Text) Soft() *Text {
	t.ink = t.look.Palette.Soft
	return t
}

// Centre centres every line.
func (t *Text) Centre() *Text {
	t.align, t.even = fyne.TextAlignCenter, true
	return t
}

// Trailing puts every line to the right.
func (t *Text) Trailing() *Text {
	t.align = fyne.TextAlignTrailing
	return t
}

// Private marks words of the patient's record.
func (t *Text) Private() *Text {
	t.private = true
	return t
}

// IsPrivate tells whether the words are of the patient's record.
func (t *Text) IsPrivate() bool { return t.private }

// Colours are the ink and what the words are drawn on.
func (t *Text) Colours() (ink, on color.NRGBA) { return t.ink, t.back }

// Content is what it says.
func (t *Text) Content() string { return t.content }

// Say changes the words.
func (t *Text) Say(s string) {
	if s == t.content {
		return
	}
	t.content, t.width, t.memo = s, 0, nil
	t.relay(t.Size().Width)
	t.Refresh()
}

func (t *Text) wide(s string) float32 {
	if t.memo == nil {
		t.memo = map[string]float32{}
	}
	if w, ok := t.memo[s]; ok {
		return w
	}
	w := measure(s, t.look.TextSize(t.role), t.heavy).Width
	t.memo[s] = w
	return w
}

func (t *Text) broken(width float32) []string {
	if t.even {
		return balance(t.content, width, t.wide)
	}
	return wrap(t.content, width, t.wide)
}

// HeightFor is the height that the words need at a width.
func (t *Text) HeightFor(width float32) float32 {
	return t.high(len(t.broken(width)))
}

func (t *Text) high(lines int) float32 {
	return t.look.LineHeight(t.role) * float32(max(1, lines))
}

// Natural is the width of the longest line when nothing wraps.
func (t *Text) Natural() float32 {
	var most float32
	space := t.wide("n n") - t.wide("nn")
	for _, line := range strings.Split(t.content, "\n") {
		var used float32 // as wrap reckons it
		for _, p := range pieces(line) {
			if p == " " {
				used += space
			} else {
				used += t.wide(p)
			}
		}
		most = max(most, used, t.wide(line))
	}
	return most + 1
}

// Narrowest is the width of the longest word.
func (t *Text) Narrowest() float32 {
	var most float32
	for _, p := range pieces(t.content) {
		most = max(most, t.wide(p))
	}
	return most + 1
}

// Split parts the words at a height: what fits, and the rest. No line is left
// alone on either side.
func (t *Text) Split(width, height float32) (first, rest Block) {
	lines := t.broken(width)
	n := int(height / t.look.LineHeight(t.role))
	n = min(n, len(lines)-2)
	if n < 2 {
		return nil, nil
	}
	join := func(part []string) *Text {
		u := NewText(t.look, t.role, "")
		u.ink, u.back, u.align, u.private = t.ink, t.back, t.align, t.private
		for i, s := range part {
			if i > 0 {
				u.content += "\n"
			}
			u.content += s
		}
		return u
	}
	return join(lines[:n]), join(lines[n:])
}

// MinSize is the narrowest form, which Fyne's layouts ask for.
func (t *Text) MinSize() fyne.Size {
	w := t.Narrowest()
	if cur := t.Size().Width; cur > w {
		return fyne.NewSize(w, t.HeightFor(cur))
	}
	return fyne.NewSize(w, t.high(1))
}

// Resize wraps anew.
func (t *Text) Resize(s fyne.Size) {
	t.relay(s.Width)
	t.BaseWidget.Resize(s)
}

func (t *Text) relay(width float32) {
	if width == t.width && t.lines != nil {
		return
	}
	t.width = width
	broken := t.broken(width)
	size, pitchOf := t.look.TextSize(t.role), t.look.LineHeight(t.role)
	t.lines = slices.Grow(t.lines[:0], len(broken))
	for i, s := range broken {
		line := canvas.NewText(s, t.ink)
		line.TextSize, line.FontSource, line.Alignment = size, Font(t.heavy), t.align
		line.TextStyle.Bold = t.heavy
		// The font's own line is taller than the pitch: it hangs over evenly.
		own := line.MinSize().Height
		line.Move(fyne.NewPos(0, float32(i)*pitchOf-(own-pitchOf)/2))
		line.Resize(fyne.NewSize(width, own))
		t.lines = append(t.lines, line)
	}
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	t.relay(t.Size().Width)
	return &textRenderer{t}
}

type textRenderer struct{ t *Text }

func (r *textRenderer) Destroy()                     {}
func (r *textRenderer) Layout(s fyne.Size)           { r.t.relay(s.Width) }
func (r *textRenderer) MinSize() fyne.Size           { return r.t.MinSize() }
func (r *textRenderer) Refresh()                     { canvas.Refresh(r.t) }
func (r *textRenderer) Objects() []fyne.CanvasObject { return r.t.Parts() }

// Parts implements Made.
func (t *Text) Parts() []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, len(t.lines))
	for i, l := range t.lines {
		out[i] = l
	}
	return out
}
