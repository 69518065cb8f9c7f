package patient

import (
	"fyne.io/fyne/v2"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// who asks whom the record is about: two large answers, one touch.
func (w *Window) who() page {
	l, t := w.look, w.words
	answer := func(id string, icon kit.Icon, who flow.WhoFor) *kit.Button {
		b := kit.NewButton(l, kit.Tile, t.T(id), icon, func() { w.o.Send(flow.WhoChosen{Who: who}) }).
			Named(id).As(kit.Heading).Chosen(w.state.Who == who)
		if w.narrow() && !l.Metrics.Portrait() { // both answers must be seen at once
			return b
		}
		return b.With(t.T(id + ".more")).Big().Least(l.MM(44))
	}
	answers := []fyne.CanvasObject{
		answer("who.self", kit.IconPerson, flow.ForSelf),
		answer("who.other", kit.IconPeople, flow.ForOther),
	}
	columns := w.columns(2, answers)
	if l.Metrics.Portrait() {
		columns = 1
	}
	blocks := append([]fyne.CanvasObject{w.title(t.T("who.title")), kit.Space(l.MM(2))}, rowsOf(l, columns, answers)...)
	return page{frame: kit.Frame{Body: w.pages(blocks...).Middle(), Side: []*kit.Button{w.back()}, Desk: w.desk()},
		back: w.press(flow.ActBack)}
}

// consent shows the fixed words and takes yes or no.
func (w *Window) consent() page {
	l, t := w.look, w.words
	text, _ := t.Consent(w.state.Who == flow.ForOther)
	no := kit.NewButton(l, kit.Secondary, t.T("consent.no"), kit.IconCross, w.press(flow.ActNo)).Named("no")
	return page{frame: kit.Frame{
		Body: kit.Illustrated(l, w.pages(w.title(t.T("consent.title")), w.body(text)).Middle(), kit.Drawing(l, "sending", drawnSending)),
		Main: w.mainButton("consent.yes", kit.IconCheck, w.press(flow.ActYes)),
		Side: []*kit.Button{no, w.back()}, Desk: w.desk(),
	}, back: w.press(flow.ActBack)}
}
