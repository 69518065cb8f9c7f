package kit

import (
	"fyne.io/fyne/v2"
)

// Pressable is anything that embeds Press.
type Pressable interface {
	fyne.CanvasObject
	fyne.Focusable
	fyne.Disableable
	Name() string
	LabelText() string
	Spoken() string // other words for the ear, or ""
	IsPrivate() bool
	Main() bool
	Do()
}

// Name is the ID.
func (p *Press) Name() string { return p.ID }

// Spoken are the words for the ear where the label is none, or "".
func (p *Press) Spoken() string { return p.Speak }

// FocusID gives the focus to the pressable of that name under root, and tells
// whether there is one.
func FocusID(c fyne.Canvas, root fyne.CanvasObject, id string) bool {
	if id == "" || c == nil {
		return false
	}
	for _, p := range Pressables(root) {
		if p.Name() == id && !p.Disabled() {
			c.Focus(p)
			return true
		}
	}
	return false
}

// Pressables are all that can be pressed under root and are to be seen, in the
// order of the focus.
func Pressables(root fyne.CanvasObject) []Pressable {
	var out []Pressable
	Walk(root, func(o fyne.CanvasObject, _ fyne.Position) {
		if p, ok := o.(Pressable); ok {
			out = append(out, p)
		}
	})
	return out
}
