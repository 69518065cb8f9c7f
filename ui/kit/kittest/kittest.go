// Package kittest measures laid-out screens against the numbers of
// kiosk-people U1 to U5: capital heights, targets, gaps, contrast, nothing cut,
// nothing that overlaps, a complete focus order. Patient and staff screens are
// tested with it.
package kittest

import (
	"fmt"
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"shlkiosk/ui/kit"
)

// Limits are the numbers to hold. All lengths are millimetres.
type Limits struct {
	Cap      float32 // least height of a capital
	Target   float32 // least side of anything to press
	Main     float32 // least side of the main things to press
	Gap      float32 // least distance of two things to press
	Contrast float64 // least contrast of a text
}

// Patient are the limits of the patient's screens at 100 %: U1, U3, U5.
func Patient(p kit.Palette) Limits {
	l := Limits{Cap: 4.8, Target: 15, Main: 20, Gap: 3, Contrast: 7}
	if p.Name == "light" {
		l.Contrast = 10
	}
	return l
}

// Box is a place on the canvas in Fyne units.
type Box struct{ X, Y, W, H float32 }

func (b Box) inside(o Box) bool {
	return b.X >= o.X-slack && b.Y >= o.Y-slack && b.X+b.W <= o.X+o.W+slack && b.Y+b.H <= o.Y+o.H+slack
}

// slack is what rounding to whole pixels may cost.
const slack = 1.5

// distance is 0 when the boxes touch or overlap.
func distance(a, b Box) float32 {
	dx := max(0, max(a.X-(b.X+b.W), b.X-(a.X+a.W)))
	dy := max(0, max(a.Y-(b.Y+b.H), b.Y-(a.Y+a.H)))
	return max(dx, dy)
}

func overlap(a, b Box) bool {
	return a.X+slack < b.X+b.W && b.X+slack < a.X+a.W && a.Y+slack < b.Y+b.H && b.Y+slack < a.Y+a.H
}

type seenText struct {
	*kit.Text
	box Box
	in  kit.Pressable // the thing to press that it is written on, or nil
}

type seenTarget struct {
	kit.Pressable
	box Box
}

// Seen is what a walk over a screen found.
type Seen struct {
	texts   []seenText
	lines   []Box
	words   []*canvas.Text
	targets []seenTarget
}

// Look walks the visible objects.
func Look(root fyne.CanvasObject) Seen {
	var s Seen
	box := func(o fyne.CanvasObject, at fyne.Position) Box {
		return Box{at.X, at.Y, o.Size().Width, o.Size().Height}
	}
	var last seenTarget
	kit.Walk(root, func(o fyne.CanvasObject, at fyne.Position) {
		switch o := o.(type) {
		case kit.Pressable:
			last = seenTarget{o, box(o, at)}
			s.targets = append(s.targets, last)
		case *kit.Text:
			t := seenText{Text: o, box: box(o, at)}
			if last.Pressable != nil && t.box.inside(last.box) {
				t.in = last.Pressable
			}
			s.texts = append(s.texts, t)
		case *canvas.Text:
			s.lines, s.words = append(s.lines, box(o, at)), append(s.words, o)
		}
	})
	return s
}

// Check measures what was seen on a page of a size and returns what is wrong,
// in words. It is empty when all is well.
func Check(s Seen, m kit.Metrics, lim Limits) []string {
	var wrong []string
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	unit := m.Unit()
	page := Box{0, 0, m.Width(), m.Height()}
	for i, w := range s.words {
		b := s.lines[i]
		if height := w.TextSize * capRatio / unit; height < lim.Cap-0.01 && w.Text != "\u25CF" {
			bad("%q has capitals of %.2f mm, %.1f asked", w.Text, height, lim.Cap)
		}
		if need := w.MinSize().Width; need > b.W+slack {
			bad("%q is cut: needs %.0f, has %.0f", w.Text, need, b.W)
		}
		if !(Box{b.X, b.Y + b.H*0.1, b.W, b.H * 0.8}).inside(page) {
			bad("%q leaves the page: %+v", w.Text, b)
		}
	}
	for i, t := range s.texts {
		if t.Content() == "" {
			continue
		}
		if need := t.HeightFor(t.box.W); need > t.box.H+slack {
			bad("%q is cut below: needs %.0f, has %.0f", t.Content(), need, t.box.H)
		}
		ink, on := t.Colours()
		if c := kit.Contrast(ink, on); c < lim.Contrast {
			bad("%q has a contrast of %.1f, %.0f asked", t.Content(), c, lim.Contrast)
		}
		for _, u := range s.texts[i+1:] {
			if u.Content() != "" && overlap(t.box, u.box) {
				bad("%q and %q overlap", t.Content(), u.Content())
			}
		}
		for _, p := range s.targets {
			if p.Pressable != t.in && overlap(t.box, p.box) {
				bad("%q lies over %q", t.Content(), p.Name())
			}
		}
	}
	names := map[string]bool{}
	for i, p := range s.targets {
		least := lim.Target
		if p.Main() {
			least = lim.Main
		}
		if w, h := p.box.W/unit, p.box.H/unit; min(w, h) < least-0.05 {
			bad("%q is %.1f x %.1f mm, %.0f asked", p.Name(), w, h, least)
		}
		if !p.box.inside(page) {
			bad("%q leaves the page: %+v", p.Name(), p.box)
		}
		if names[p.Name()] {
			bad("two things are named %q", p.Name())
		}
		names[p.Name()] = true
		if p.LabelText() == "" && p.Spoken() == "" {
			bad("%q has no words for the ear", p.Name())
		}
		for _, q := range s.targets[i+1:] {
			if d := distance(p.box, q.box) / unit; d < lim.Gap-0.05 {
				bad("%q and %q are %.1f mm apart, %.0f asked", p.Name(), q.Name(), d, lim.Gap)
			}
		}
	}
	return wrong
}

// capRatio is the kit's font: capitals in its em.
const capRatio = 1490.0 / 2048.0

// Pixels measures the contrast of every text in the picture itself: its ink
// against the commonest colour of its place.
func Pixels(s Seen, picture image.Image, scale float32, lim Limits) []string {
	var wrong []string
	for i, w := range s.words {
		if w.Text == "" || w.Text == " " {
			continue
		}
		b := s.lines[i]
		on := commonest(picture, image.Rect(int(b.X*scale), int(b.Y*scale), int((b.X+b.W)*scale), int((b.Y+b.H)*scale)))
		if c := kit.Contrast(w.Color, on); c < lim.Contrast-0.1 {
			wrong = append(wrong, fmt.Sprintf("%q has a contrast of %.1f in the picture, %.0f asked", w.Text, c, lim.Contrast))
		}
	}
	return wrong
}

func commonest(picture image.Image, r image.Rectangle) color.Color {
	r = r.Intersect(picture.Bounds())
	count, best := map[color.RGBA]int{}, color.RGBA{A: 0xFF}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			count[c]++
			if count[c] > count[best] {
				best = c
			}
		}
	}
	return best
}

// Focus walks the focus through a canvas and returns what is wrong with it:
// something enabled that is never reached, or an order that is not the one of
// the tree.
func Focus(c fyne.Canvas, root fyne.CanvasObject) []string {
	var want []kit.Pressable
	for _, p := range kit.Pressables(root) {
		if !p.Disabled() {
			want = append(want, p)
		}
	}
	var wrong []string
	c.Unfocus()
	for _, p := range want {
		c.FocusNext()
		got, _ := c.Focused().(kit.Pressable)
		if got == nil || got != p {
			name := "nothing"
			if got != nil {
				name = got.Name()
			}
			wrong = append(wrong, fmt.Sprintf("the focus came to %s, not to %q", name, p.Name()))
			break
		}
	}
	c.Unfocus()
	return wrong
}

// Strings are all texts to be seen, labels too.
func Strings(root fyne.CanvasObject) []string {
	var out []string
	kit.Walk(root, func(o fyne.CanvasObject, _ fyne.Position) {
		switch o := o.(type) {
		case *canvas.Text:
			out = append(out, o.Text)
		case *kit.Text:
			out = append(out, o.Content())
		case kit.Pressable:
			out = append(out, o.LabelText())
		}
	})
	return out
}
