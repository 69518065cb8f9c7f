package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Forget empties everything under root of words and pictures: what was on a
// page that is gone must not live on in an object that some cache still holds
// (kiosk-people U25). The objects are of no use afterwards.
func Forget(root fyne.CanvasObject) {
	forget(root)
}

func forget(o fyne.CanvasObject) {
	switch o := o.(type) {
	case nil:
	case *fyne.Container:
		for _, child := range o.Objects {
			forget(child)
		}
	case *Text:
		o.forget()
	case *Button:
		o.label, o.Speak = "", ""
		for _, t := range []*Text{o.text, o.detail} {
			if t != nil {
				t.forget()
			}
		}
		if o.art != nil {
			forget(o.art)
		}
	case *Field:
		for _, c := range o.cells {
			c.Text = ""
		}
		o.cells = nil
		o.empty.forget()
	case *Pages:
		for _, page := range append(o.pages, o.blocks) {
			for _, b := range page {
				forget(b)
			}
		}
		o.where.forget()
	case *canvas.Text:
		o.Text = ""
	case *canvas.Image:
		o.Image = nil // an icon is painted anew from its resource, if it is ever used again
	}
}

func (t *Text) forget() {
	t.content, t.memo = "", nil
	for _, line := range t.lines {
		line.Text = ""
	}
	t.lines = nil
}
