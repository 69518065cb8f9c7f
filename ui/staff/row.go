package staff

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"shlkiosk/ui/kit"
)

// caseRow is a line of the queue: sign, code, state, age, and why it waits.
type caseRow struct {
	widget.BaseWidget
	w     *Window
	box   *fyne.Container
	code  *canvas.Text
	state *canvas.Text
	age   *canvas.Text
	why   *canvas.Text
	icon  *canvas.Image
	of    State
	full  string // why, before it was cut
}

func newCaseRow(w *Window) *caseRow {
	l := w.look
	text := func(bold bool) *canvas.Text {
		t := canvas.NewText("", l.Palette.Ink)
		t.TextSize, t.FontSource = l.TextSize(kit.Body), kit.Font(bold)
		return t
	}
	r := &caseRow{w: w, code: text(true), state: text(false), age: text(false), why: text(false)}
	r.code.TextSize = l.TextSize(kit.Heading)
	r.age.Alignment = fyne.TextAlignTrailing
	r.why.Color = l.Palette.Soft
	r.box = &fyne.Container{}
	r.ExtendBaseWidget(r)
	return r
}

func (r *caseRow) set(c Case) {
	r.code.Text, r.age.Text = c.Code, r.w.ago(c.Created)
	r.state.Text = r.w.t.T("staff.state." + string(c.State))
	r.full = r.w.why(c)
	if r.icon == nil || r.of != c.State {
		r.of, r.icon = c.State, kit.NewIcon(r.w.look, stateIcon(c.State), r.w.look.Palette.Ink, r.side())
	}
	r.Refresh()
}

func (r *caseRow) side() float32 { return r.w.look.TextSize(kit.Heading) }

// MinSize is one line for the code and one for why.
func (r *caseRow) MinSize() fyne.Size {
	l := r.w.look
	return fyne.NewSize(l.MM(50), l.LineHeight(kit.Heading)+l.LineHeight(kit.Body)+l.MM(2))
}

// CreateRenderer implements fyne.Widget.
func (r *caseRow) CreateRenderer() fyne.WidgetRenderer { return &caseRowRenderer{r} }

type caseRowRenderer struct{ r *caseRow }

func (c *caseRowRenderer) Destroy()           {}
func (c *caseRowRenderer) MinSize() fyne.Size { return c.r.MinSize() }
func (c *caseRowRenderer) Refresh() {
	c.Layout(c.r.Size())
	canvas.Refresh(c.r)
}

func (c *caseRowRenderer) Objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{c.r.code, c.r.state, c.r.age, c.r.why}
	if c.r.icon != nil {
		out = append(out, c.r.icon)
	}
	return out
}

func (c *caseRowRenderer) Layout(size fyne.Size) {
	r, l := c.r, c.r.w.look
	pad, side := l.MM(1.5), c.r.side()
	line := l.LineHeight(kit.Heading)
	x, y := pad, l.MM(1)
	if r.icon != nil {
		put(r.icon, x, y+(line-side)/2, side, side)
	}
	x += side + l.MM(1.5)
	codeWide := r.code.MinSize().Width
	put(r.code, x, y, codeWide, line)
	ageWide := r.age.MinSize().Width
	put(r.age, size.Width-pad-ageWide, y, ageWide, line)
	put(r.state, x+codeWide+l.MM(3), y, max(0, size.Width-2*pad-x-codeWide-ageWide), line)
	wide := size.Width - pad - x
	r.why.Text = fit(r.why, r.full, wide)
	put(r.why, x, y+line, wide, l.LineHeight(kit.Body))
}

// fit cuts a text with an ellipsis so that it has room.
func fit(t *canvas.Text, full string, width float32) string {
	wide := func(s string) float32 {
		size, _ := fyne.CurrentApp().Driver().RenderedTextSize(s, t.TextSize, t.TextStyle, t.FontSource)
		return size.Width
	}
	if width <= 0 || wide(full) <= width {
		return full
	}
	runes := []rune(full)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if wide(string(runes[:mid])+"…") <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return string(runes[:low]) + "…"
}
