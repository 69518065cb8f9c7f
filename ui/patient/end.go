package patient

import (
	"fyne.io/fyne/v2"

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

// done says that all went well: no name, one code.
func (w *Window) done() page {
	l, t := w.look, w.words
	text := w.pages(w.title(t.T("done.title")), w.body(t.T("done.body")).Soft(),
		w.receipt(t.T("done.code")), w.body(t.T("done.code.why")).Soft()).Middle()
	return page{frame: kit.Frame{
		Body: kit.Illustrated(l, text, kit.Drawing(l, "done", drawnDone)),
		Main: w.mainButton("done.finish", kit.IconCheck, w.press(flow.ActFinish)),
	}, back: w.press(flow.ActFinish)}
}

// trouble is the end of a visit that could not be finished, Trouble and Desk:
// one sentence what happened, one what to do, a code for staff.
func (w *Window) trouble() page {
	l, t, s := w.look, w.words, w.state
	why := t.Reason(string(s.Reason))
	text := w.pages(w.title(why.Title), w.body(why.What).Soft(), w.body(why.Do),
		w.receipt(t.T("desk.code")), w.body(t.T("desk.nothing")).Soft()).Middle()
	finish := kit.NewButton(l, kit.Secondary, t.T("finish"), kit.IconNone, w.press(flow.ActFinish)).Named("finish")
	p := page{back: w.press(flow.ActFinish), frame: kit.Frame{
		Body: kit.Illustrated(l, text, kit.Drawing(l, "desk", drawnDesk)),
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
