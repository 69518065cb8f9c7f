package staff

import (
	"context"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

// casePage is the right side of the queue: the chosen case without a name, and
// all of it once it is opened.
func (w *Window) casePage(v *queueView) fyne.CanvasObject {
	l, t := w.look, w.t
	c, ok := v.find(v.chosen)
	if !ok {
		return kit.NewText(l, kit.Body, t.T("staff.case.choose")).Soft()
	}
	blocks := []fyne.CanvasObject{w.caseHead(c)}
	if v.open == nil {
		blocks = append(blocks, w.caseButtons(c, false))
		return kit.Column(l.MM(4), blocks...)
	}
	d := *v.open
	blocks = append(blocks, w.caseButtons(d.Case, true))
	if d.Why != "" {
		why := t.StaffIn(d.Why, "match", "import", "")
		blocks = append(blocks, notice(l, t.T("staff.case.asks"), t.Sentences(why.Why, why.Do)))
	}
	if d.OnBehalf {
		blocks = append(blocks, sign(l, kit.IconPeople, t.T("staff.case.behalf"), false))
	}
	if d.Chart != "" && len(d.Candidates) == 0 && d.Receipt == nil && (d.Case.State == Parked || d.Case.State == Queued) {
		blocks = append(blocks, kit.Row(l.Gap(), kit.NewButton(l, kit.Secondary, t.T("staff.preview.ask", d.Chart), kit.IconEye,
			func() { w.compare("") }).Named("case.preview")))
	}
	if v.against != "" && len(d.Candidates) == 0 {
		blocks = append(blocks, w.previewCard())
	}
	if len(d.Candidates) > 0 || d.MayCreate {
		blocks = append(blocks, w.candidates(d))
		if v.against != "" && len(d.Candidates) > 0 {
			blocks = append(blocks, w.previewCard())
		}
	} else if len(d.Facts) > 0 {
		blocks = append(blocks, w.facts(d))
	}
	if len(d.Proposals) > 0 {
		blocks = append(blocks, w.proposals(d))
	}
	if d.Receipt != nil {
		blocks = append(blocks, w.receipt(*d.Receipt))
	}
	if len(d.Changes) > 0 {
		blocks = append(blocks, kit.Card(l, kit.Column(l.MM(2), w.changes(t.T("staff.changes.title"), d.Changes)...)))
	}
	return kit.Column(l.MM(4), blocks...)
}

// caseHead is what everybody at the desk may see: code, state, age, why, what
// to do.
func (w *Window) caseHead(c Case) fyne.CanvasObject {
	l, t := w.look, w.t
	code := kit.NewText(l, kit.Code, c.Code)
	lines := []fyne.CanvasObject{
		kit.Beside(l.MM(6), code.Natural(), code, kit.Column(l.MM(0.5), sign(l, stateIcon(c.State), t.T("staff.state."+string(c.State)), true),
			kit.NewText(l, kit.Body, w.age(c.Created)))),
		kit.NewText(l, kit.Body, w.why(c)),
	}
	if c.Reason != "" {
		if todo := w.reason(c).Do; todo != "" {
			lines = append(lines, sign(l, kit.IconNext, todo, true))
		}
	}
	more := t.N("staff.case.attempts", c.Attempts)
	if !c.Next.IsZero() && c.Next.After(w.o.Now()) {
		more = t.Sentences(more, t.T("staff.case.next", t.Moment(c.Next, w.o.Now())))
	}
	lines = append(lines, kit.NewText(l, kit.Body, more).Soft())
	return kit.Column(l.MM(1.2), lines...)
}

// caseButtons are what may be done about a case in its state.
func (w *Window) caseButtons(c Case, open bool) fyne.CanvasObject {
	l, t, desk := w.look, w.t, w.o.Desk
	var out []fyne.CanvasObject
	button := func(kind kit.Kind, key string, icon kit.Icon, act func()) {
		out = append(out, kit.NewButton(l, kind, t.T("staff."+key), icon, act).Named(key))
	}
	if open {
		button(kit.Secondary, "case.close", kit.IconHide, w.closeCase)
	} else if c.State != HandedOver && c.State != Expired {
		button(kit.Primary, "case.open", kit.IconEye, w.openCase)
	}
	id := c.ID
	if c.State == Parked || c.State == Queued {
		button(kit.Secondary, "case.retry", kit.IconRepeat, func() {
			w.do(func(ctx context.Context) error { return desk.Retry(ctx, id) }, w.after("staff.said.retry"))
		})
	}
	if c.State == Queued {
		button(kit.Secondary, "case.park", kit.IconHand, func() {
			w.do(func(ctx context.Context) error { return desk.Park(ctx, id) }, w.after("staff.said.park"))
		})
	}
	if c.State == Verified || c.State == Delivered || c.State == Parked {
		button(kit.Secondary, "case.export", kit.IconReport, func() {
			w.err, w.said = "", ""
			ask(w, func(ctx context.Context) (string, error) { return desk.Export(ctx, id) }, func(where string) {
				w.said = t.T("staff.said.export", where)
				w.draw()
			})
		})
	}
	if c.State == Parked || c.State == HandedOver {
		out = append(out, w.twice("case.discard", kit.IconErase, func() {
			w.do(func(ctx context.Context) error { return desk.Discard(ctx, id) }, w.after("staff.said.discard"))
		}))
	}
	return kit.Row(l.Gap(), out...)
}

// twice is a button for what cannot be taken back: the first press asks, the
// second does it.
func (w *Window) twice(key string, icon kit.Icon, act func()) *kit.Button {
	name, kind, label := key, kit.Secondary, w.t.T("staff."+key)
	if w.queue.sure == key {
		kind, label = kit.Primary, w.t.T("staff."+key+".sure")
		return kit.NewButton(w.look, kind, label, icon, act).Named(name)
	}
	return kit.NewButton(w.look, kind, label, icon, func() {
		w.queue.sure = key
		w.drawCase()
	}).Named(name)
}
