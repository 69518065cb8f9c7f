package staff

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"shlkiosk/ui/kit"
)

// diagnosticsView is how the kiosk is, as of the last answer.
type diagnosticsView struct {
	asked time.Time
	now   *Diagnostics
	desks desksView
}

func (w *Window) askDiagnostics() {
	w.diagnostics.asked = w.o.Now()
	w.askDesks()
	ask(w, w.o.Desk.Diagnostics, func(d Diagnostics) {
		w.diagnostics.now = &d
		w.draw()
	})
}

func healthIcon(h Health) kit.Icon {
	switch h {
	case HealthOK:
		return kit.IconCheck
	case HealthWarning:
		return kit.IconInfo
	}
	return kit.IconCross
}

func (w *Window) diagnosticsPage() fyne.CanvasObject {
	l, t := w.look, w.t
	d := w.diagnostics.now
	if d == nil {
		return kit.NewText(l, kit.Body, t.T("staff.asking"))
	}
	left := kit.Column(l.MM(4), w.health(*d), w.deliveries(*d))
	right := w.camera(d.Camera)
	if card := w.desks(); card != nil {
		right = kit.Column(l.MM(4), card, right)
	}
	return sides(0.55, l.MM(4), w.sheet("health", left), w.sheet("camera", right))
}

// health lists every part: what is wrong comes first.
func (w *Window) health(d Diagnostics) fyne.CanvasObject {
	l, t := w.look, w.t
	var rows []*block
	for _, h := range []Health{HealthFailed, HealthWarning, HealthOK} {
		for _, c := range d.Checks {
			if c.Health != h {
				continue
			}
			cells := []fyne.CanvasObject{kit.NewText(l, kit.Strong, w.coded("staff.check.", c.Name)),
				sign(l, healthIcon(h), t.T("staff.health."+string(h)), h != HealthOK)}
			more := []fyne.CanvasObject{kit.NewText(l, kit.Body, c.Detail)}
			if h != HealthOK && c.ToDo != "" {
				more = append(more, notice(l, c.ToDo))
			}
			rows = append(rows, row(l, []float32{1, 0.9, 2.4}, append(cells, kit.Column(l.MM(0.6), more...))...))
		}
	}
	title := t.T("staff.diagnostics.title", d.Kiosk, d.Version)
	return kit.Card(l, kit.Column(l.MM(2), kit.NewText(l, kit.Heading, title),
		kit.NewText(l, kit.Body, t.T("staff.diagnostics.up", w.long(d.Uptime))).Soft(), table(l, rows...)))
}

// deliveries counts the records by state, and stops and starts the worker.
func (w *Window) deliveries(d Diagnostics) fyne.CanvasObject {
	l, t := w.look, w.t
	var counts []fyne.CanvasObject
	for _, s := range []State{Queued, Sending, Delivered, Parked, Verified, Expired} {
		counts = append(counts, kit.Beside(l.MM(2), l.MM(14), kit.NewText(l, kit.Numeral, t.Number(d.Counts[s])).Trailing(),
			sign(l, stateIcon(s), t.T("staff.state."+string(s)), false)))
	}
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Heading, t.T("staff.deliveries.title")), kit.Grid(l.MM(2), 3, counts...)}
	if d.Paused != "" {
		blocks = append(blocks, notice(l, t.T("staff.deliveries.paused", d.Paused)))
	}
	return kit.Card(l, kit.Column(l.MM(3), append(blocks, kit.Row(l.Gap(), w.pauseButton(d.Paused != "")))...))
}

// camera is the live picture with its figures.
func (w *Window) camera(c *CameraFigures) fyne.CanvasObject {
	l, t := w.look, w.t
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Heading, t.T("staff.camera.title"))}
	if c == nil {
		return kit.Card(l, kit.Column(l.MM(2), append(blocks, kit.NewText(l, kit.Body, t.T("staff.camera.elsewhere")))...))
	}
	if c.Picture != nil {
		img := canvas.NewImageFromImage(c.Picture)
		img.FillMode = canvas.ImageFillContain
		img.ScaleMode = canvas.ImageScaleFastest
		b := c.Picture.Bounds()
		shape := float32(b.Dy()) / float32(max(1, b.Dx()))
		blocks = append(blocks, newBlock(func(wide float32) float32 { return wide * min(shape, 1) },
			func(s fyne.Size) { put(img, 0, 0, s.Width, s.Height) }, img))
	}
	line := func(key, value string) *block {
		return row(l, []float32{1, 1.4}, kit.NewText(l, kit.Body, t.T(key)).Soft(), kit.NewText(l, kit.Strong, value))
	}
	state := t.T("staff.camera.state." + c.State)
	hint := t.T("staff.camera.none")
	if c.Hint != "" {
		hint = w.coded("scan.hint.", c.Hint)
	}
	blocks = append(blocks, table(l,
		line("staff.camera.name", c.Name), line("staff.camera.state", state),
		line("staff.camera.size", fmt.Sprintf("%d × %d", c.Width, c.Height)),
		line("staff.camera.fps", t.Decimal(fmt.Sprintf("%.1f", c.FPS))),
		line("staff.camera.reader", t.T("staff.camera.ms", t.Decimal(fmt.Sprintf("%.1f", c.ReaderMS)))),
		line("staff.camera.read", t.Number(c.Read)), line("staff.camera.hint", hint)))
	return kit.Card(l, kit.Column(l.MM(2), blocks...))
}
