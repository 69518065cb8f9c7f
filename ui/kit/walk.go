package kit

import "fyne.io/fyne/v2"

// Made is a widget of this kit: it tells what it is made of.
type Made interface {
	fyne.Widget
	Parts() []fyne.CanvasObject
}

// Walk visits every visible object under root with its place on the canvas,
// parents before children. It looks into
// containers and the kit's own widgets, not into Fyne's.
func Walk(root fyne.CanvasObject, visit func(o fyne.CanvasObject, at fyne.Position)) {
	walk(root, fyne.NewPos(0, 0), visit)
}

func walk(o fyne.CanvasObject, base fyne.Position, visit func(fyne.CanvasObject, fyne.Position)) {
	if o == nil || !o.Visible() {
		return
	}
	at := base.Add(o.Position())
	visit(o, at)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, at, visit)
		}
	case Made:
		for _, child := range o.Parts() {
			walk(child, at, visit)
		}
	}
}
