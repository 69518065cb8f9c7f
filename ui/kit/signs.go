package kit

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// Steps shows how far the way has been gone: words above, one bar for each
// step below; the one under way is filled, those behind are filled with a tick's
// colour, and the words say the same.
func Steps(l *Look, at, of int, words string) *fyne.Container {
	p := l.Palette
	bars := make([]fyne.CanvasObject, 0, of)
	for i := 1; i <= of; i++ {
		bar := canvas.NewRectangle(transparent)
		bar.CornerRadius = l.MM(1.1)
		bar.StrokeColor, bar.StrokeWidth = p.Edge, l.Stroke()
		if i <= at {
			bar.FillColor, bar.StrokeColor = p.Primary, p.Primary
		}
		bars = append(bars, bar)
	}
	row := container.New(stepBars{l}, bars...)
	if words == "" {
		return row
	}
	return Column(l.MM(1.5), NewText(l, Chrome, words), row)
}

type stepBars struct{ l *Look }

func (s stepBars) heightFor([]fyne.CanvasObject, float32) float32 { return s.l.MM(2.4) }
func (s stepBars) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(s.l.MM(11)*float32(len(o)), s.l.MM(2.4))
}

func (s stepBars) Layout(o []fyne.CanvasObject, size fyne.Size) {
	gap := s.l.MM(1.6)
	w := min(s.l.MM(12), (size.Width-gap*float32(len(o)-1))/float32(len(o)))
	for i, bar := range o {
		place(bar, float32(i)*(w+gap), 0, w, size.Height)
	}
}

// Countdown is a ring that empties, with the seconds in it.
type Countdown struct {
	Object *fyne.Container // what to put into a page
	arc    *canvas.Arc
	text   *Text
	whole  time.Duration
}

// NewCountdown makes one of a side in Fyne units, for a time of `whole`.
func NewCountdown(l *Look, side float32, whole time.Duration) *Countdown {
	p := l.Palette
	track := canvas.NewArc(0, 360, 0.84, p.Hair)
	c := &Countdown{arc: canvas.NewArc(0, 360, 0.84, p.Primary), text: NewText(l, Code, "").Centre(), whole: whole}
	c.text.role, c.text.heavy = Display, true
	c.Object = container.New(ringed{side}, track, c.arc, c.text)
	return c
}

// Left shows what is left. The number is rounded up: it says 1 until the end.
func (c *Countdown) Left(d time.Duration, number func(int) string) {
	seconds := int(math.Ceil(d.Seconds()))
	c.text.Say(number(max(0, seconds)))
	part := 0.0
	if c.whole > 0 {
		part = min(1, max(0, d.Seconds()/c.whole.Seconds()))
	}
	c.arc.StartAngle, c.arc.EndAngle = 0, float32(360*part)
	c.arc.Refresh()
}

type ringed struct{ side float32 }

func (r ringed) heightFor([]fyne.CanvasObject, float32) float32 { return r.side }
func (r ringed) MinSize([]fyne.CanvasObject) fyne.Size          { return fyne.NewSquareSize(r.side) }

func (r ringed) Layout(o []fyne.CanvasObject, size fyne.Size) {
	side := min(r.side, size.Width, size.Height)
	x, y := (size.Width-side)/2, (size.Height-side)/2
	place(o[0], x, y, side, side)
	place(o[1], x, y, side, side)
	h := HeightFor(o[2], side)
	place(o[2], x, y+(side-h)/2, side, h)
}

// Busy is three dots that take turns, for five seconds at most (WCAG 2.2.2);
// where nothing may move they stand still.
type Busy struct {
	Object *fyne.Container // what to put into a page
	look   *Look
	dots   []*canvas.Circle
}

// NewBusy makes one.
func NewBusy(l *Look) *Busy {
	b := &Busy{look: l}
	var objects []fyne.CanvasObject
	for range 3 {
		dot := canvas.NewCircle(l.Palette.Primary)
		b.dots = append(b.dots, dot)
		objects = append(objects, Box(l.MM(6), l.MM(6), dot))
	}
	b.Object = Row(l.MM(5), objects...)
	return b
}

// Spent draws the dots for a time since the wait began.
func (b *Busy) Spent(d time.Duration) {
	const beat, still = 600 * time.Millisecond, 5 * time.Second
	on := int(d/beat) % len(b.dots)
	if b.look.Calm || d >= still {
		on = -1
	}
	for i, dot := range b.dots {
		fill := b.look.Palette.Primary
		if on >= 0 && i != on {
			fill = b.look.Palette.ArtSoft
		}
		if dot.FillColor != fill {
			dot.FillColor = fill
			dot.Refresh()
		}
	}
}

// Sign is an icon, large, on a disc: it stands for the screen's one message.
func Sign(l *Look, i Icon) *fyne.Container {
	disc := canvas.NewCircle(l.Palette.ArtSoft)
	return container.New(signLayout{}, disc, NewIcon(l, i, l.Palette.Ink, l.MM(60)))
}

type signLayout struct{}

func (signLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (signLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	side := min(size.Width, size.Height) * 0.86
	place(o[0], (size.Width-side)/2, (size.Height-side)/2, side, side)
	in := side * 0.5
	place(o[1], (size.Width-in)/2, (size.Height-in)/2, in, in)
}

// Swatch shows a palette: its ground, its ink, its main colour.
func Swatch(l *Look, p Palette) *fyne.Container {
	ground, ink, main := canvas.NewRectangle(p.Ground), canvas.NewRectangle(p.Ink), canvas.NewRectangle(p.Primary)
	ground.CornerRadius, ground.StrokeColor, ground.StrokeWidth = l.Radius(), l.Palette.Edge, l.Stroke()
	main.CornerRadius = l.MM(0.8)
	return container.New(swatch{}, ground, ink, main)
}

type swatch struct{}

func (swatch) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (swatch) Layout(o []fyne.CanvasObject, size fyne.Size) {
	w, h := size.Width, size.Height
	place(o[0], 0, 0, w, h)
	place(o[1], w*0.2, h*0.24, w*0.6, h*0.14)
	place(o[2], w*0.2, h*0.52, w*0.6, h*0.26)
}
