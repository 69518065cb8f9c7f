package patient

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"image/color"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// corner is the unmarked place in the top right margin, beside the header's
// buttons and never over them, that staff touch five times.
type corner struct {
	widget.BaseWidget
	tapped func()
}

func (w *Window) staffCorner() *fyne.Container {
	c := &corner{tapped: func() {
		if w.corner.tap(w.o.Now()) {
			w.corner = cornerTaps{}
			w.o.Send(flow.StaffAsked{})
		}
	}}
	c.ExtendBaseWidget(c)
	return container.New(cornerLayout{w.look}, c)
}

// Tapped implements fyne.Tappable.
func (c *corner) Tapped(*fyne.PointEvent) { c.tapped() }

// CreateRenderer implements fyne.Widget.
func (c *corner) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(color.Transparent))
}

type cornerLayout struct{ l *kit.Look }

func (c cornerLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (c cornerLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	side := c.l.Margin()
	put(o[0], size.Width-side, 0, side, max(side, c.l.MM(22)))
}
