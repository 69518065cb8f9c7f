package patient

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// receipt is the code by which staff find the case, large, on a plate. Before
// it is known its place is kept.
func (w *Window) receipt(label string) *fyne.Container {
	l := w.look
	code := w.state.Receipt
	if code == "" {
		code = "\u2013"
	}
	p := l.Palette
	inside := kit.Column(l.MM(1),
		kit.NewText(l, kit.Strong, label).On(p.Ink, p.Tint).Centre(),
		kit.NewText(l, kit.Code, code).On(p.Ink, p.Tint).Centre())
	return kit.Plate(l, p.Tint, p.Edge, l.MM(7), inside)
}

// ending puts the words beside the receipt, which is never out of sight; above
// the receipt a drawing where there is room.
func (w *Window) ending(words *kit.Pages, art fyne.CanvasObject, receipt *fyne.Container) *fyne.Container {
	frame := container.NewStack(art)
	return container.New(endLayout{w.look, frame}, words, frame, receipt)
}

type endLayout struct {
	l   *kit.Look
	art *fyne.Container
}

func (e endLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (e endLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	words, receipt, gap := o[0], o[2], e.l.MM(10)
	if e.l.Metrics.Portrait() {
		plate := kit.HeightFor(receipt, size.Width)
		text := min(kit.HeightFor(words, size.Width), size.Height-plate-gap)
		art := min(size.Height-plate-text-2*gap, size.Width*0.66)
		e.art.Hidden = art < e.l.MM(50)
		y := max(0, size.Height-plate-text-gap) * 0.35
		if !e.art.Hidden {
			y = max(0, size.Height-plate-text-art-2*gap) * 0.35
			put(e.art, 0, y, size.Width, art)
			y += art + gap
		}
		put(words, 0, y, size.Width, text)
		put(receipt, 0, y+text+gap, size.Width, plate)
		return
	}
	right := max(size.Width*0.38, receipt.MinSize().Width)
	plate := kit.HeightFor(receipt, right)
	art := min(size.Height-plate-gap/2, size.Height*0.5)
	e.art.Hidden = art < e.l.MM(45)
	y := (size.Height - plate) / 2
	if !e.art.Hidden {
		y = (size.Height - plate - art - gap/2) / 2
		put(e.art, size.Width-right, y, right, art)
		y += art + gap/2
	}
	put(words, 0, 0, size.Width-right-gap, size.Height)
	put(receipt, size.Width-right, y, right, plate)
}

// done says that all went well: no name, one code.
func (w *Window) done() page {
	l, t := w.look, w.words
	text := w.pages(w.title(t.T("done.title")), w.body(t.T("done.body")), w.body(t.T("done.code.why")).Soft()).Middle()
	return page{frame: kit.Frame{
		Body: w.ending(text, kit.Drawing(l, "done", drawnDone), w.receipt(t.T("done.code"))),
		Main: w.mainButton("done.finish", kit.IconCheck, w.press(flow.ActFinish)),
	}, back: w.press(flow.ActFinish)}
}

// trouble is the end of a visit that could not be finished, Trouble and Desk:
// one sentence what happened, one what to do, a code for staff.
func (w *Window) trouble() page {
	l, t, s := w.look, w.words, w.state
	why := t.Reason(string(s.Reason))
	text := w.pages(w.title(why.Title), w.body(why.What).Soft(), kit.NewText(l, kit.Strong, why.Do), w.body(t.T("desk.nothing")).Soft()).Middle()
	finish := kit.NewButton(l, kit.Secondary, t.T("finish"), kit.IconNone, w.press(flow.ActFinish)).Named("finish")
	p := page{back: w.press(flow.ActFinish), frame: kit.Frame{
		Body: w.ending(text, kit.Drawing(l, "desk", drawnDesk), w.receipt(t.T("desk.code"))),
	}}
	if s.Retry {
		p.frame.Main = w.mainButton("trouble.retry", kit.IconRepeat, w.press(flow.ActRetry))
		p.frame.Side = []*kit.Button{finish}
	} else {
		p.frame.Main = w.mainButton("finish", kit.IconCheck, w.press(flow.ActFinish))
	}
	return p
}

// outOfService is what the kiosk says when it cannot serve.
func (w *Window) outOfService() page {
	l := w.look
	why := w.words.Reason(string(w.state.Reason))
	if !known(w.state.Reason) {
		why.Title, why.What, why.Do = w.words.T("reason.out-of-service.title"), w.words.T("reason.out-of-service.what"), w.words.T("reason.out-of-service.do")
	}
	return page{frame: kit.Frame{
		Body: kit.Illustrated(l, w.pages(w.title(why.Title), w.body(why.What).Soft(), w.body(why.Do)).Middle(), kit.Drawing(l, "desk", drawnDesk)),
	}}
}

// known tells whether a reason says more to a patient than that the kiosk is
// out of service.
func known(r flow.Reason) bool { return r == flow.ReasonCameraAbsent || r == flow.ReasonCameraBlack }
