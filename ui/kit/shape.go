package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Fill is a colour of a plate; the zero value draws nothing.
type Fill = color.NRGBA

// rect is a rounded rectangle, with an edge where one is asked for.
func rect(l *Look, fill, edge Fill) *canvas.Rectangle {
	r := canvas.NewRectangle(fill)
	r.CornerRadius = l.Radius()
	if edge != transparent {
		r.StrokeColor, r.StrokeWidth = edge, l.Stroke()
	}
	return r
}

// Card lays an object on a card: the plate that content lies on.
func Card(l *Look, o fyne.CanvasObject) *fyne.Container {
	return Plate(l, l.Palette.Card, l.Palette.Hair, l.MM(inner(l)), o)
}

// NoticeCard lays an object on the plate of things that want a look.
func NoticeCard(l *Look, o fyne.CanvasObject) *fyne.Container {
	return Plate(l, l.Palette.Notice, l.Palette.NoticeEdge, l.MM(inner(l)), o)
}

func inner(l *Look) float32 {
	if l.Dense {
		return 2.5
	}
	return 5
}

// Line is a thin line across.
func Line(l *Look) *fyne.Container {
	return Box(0, max(1, l.MM(0.3)), canvas.NewRectangle(l.Palette.Hair))
}

// Space is empty room of a height.
func Space(h float32) *fyne.Container { return Box(0, h, canvas.NewRectangle(transparent)) }
