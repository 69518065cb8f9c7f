package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// sized tells when the window's size has changed: all measures of the kit are
// millimetres on this display.
type sized struct{ changed func(fyne.Size) }

func newSized(o fyne.CanvasObject, changed func(fyne.Size)) fyne.CanvasObject {
	return container.New(&sized{changed}, o)
}

// Layout implements fyne.Layout.
func (s *sized) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if s.changed != nil {
		s.changed(size)
	}
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

// MinSize implements fyne.Layout.
func (s *sized) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(320, 240) }
