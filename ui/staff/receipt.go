package staff

import (
	"context"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/phi"
	"shlkiosk/ui/kit"
)

// receipt is what became of an import, and what reading it back found.
func (w *Window) receipt(r Receipt) fyne.CanvasObject {
	l, t := w.look, w.t
	patient := t.T("staff.receipt.patient", r.Patient)
	if r.Created {
		patient = t.T("staff.receipt.patient.new", r.Patient)
	}
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Heading, t.T("staff.receipt.title")), kit.NewText(l, kit.Body, patient),
		kit.NewText(l, kit.Body, t.T("staff.receipt.match", w.coded("staff.grade.", r.Grade), r.Rule)).Soft()}

	check := func(good bool, key string, args ...any) {
		icon := kit.IconCheck
		if !good {
			icon, key = kit.IconCross, key+".bad"
		}
		blocks = append(blocks, sign(l, icon, t.T(key, args...), !good))
	}
	if !r.Verified {
		blocks = append(blocks, sign(l, kit.IconClock, t.T("staff.verify.waits"), false))
	} else {
		check(r.Equal == "equal", "staff.verify.equal")
		check(len(r.Missing) == 0, "staff.verify.all", len(r.Missing))
		check(r.Dangling == 0, "staff.verify.references", r.Total, r.Dangling)
		check(r.Twins == 0, "staff.verify.one", r.Twins)
	}
	for _, a := range r.Alarms {
		blocks = append(blocks, notice(l, w.coded("staff.alarm.", a.Code), a.ToDo, a.Where))
	}
	for _, m := range r.Missing {
		blocks = append(blocks, sign(l, kit.IconCross, m, false))
	}
	if len(r.Counts) > 0 {
		blocks = append(blocks, w.counts(r.Counts))
	}
	if len(r.Refused) > 0 {
		rows := []*block{}
		for _, line := range r.Refused {
			rows = append(rows, row(l, []float32{1, 1, 2}, kit.NewText(l, kit.Body, t.Type(line.Type)),
				kit.NewText(l, kit.Body, w.coded("staff.result.", line.Result)), kit.NewText(l, kit.Body, w.coded("staff.why.entry.", line.Why))))
		}
		blocks = append(blocks, kit.NewText(l, kit.Strong, t.T("staff.receipt.not")), table(l, rows...))
	}
	return kit.Card(l, kit.Column(l.MM(1.6), blocks...))
}

// counts is a table of types by results.
func (w *Window) counts(all []Count) fyne.CanvasObject {
	l, t := w.look, w.t
	results := []string{"created", "existing", "left-out", "refused"}
	var types []string
	n := map[[2]string]int{}
	seen := map[string]bool{}
	for _, c := range all {
		if !seen[c.Type] {
			seen[c.Type] = true
			types = append(types, c.Type)
		}
		n[[2]string{c.Type, c.Result}] += c.N
	}
	shares := []float32{2, 1, 1, 1, 1}
	head := []fyne.CanvasObject{kit.NewText(l, kit.Strong, "")}
	for _, r := range results {
		head = append(head, kit.NewText(l, kit.Strong, t.T("staff.result."+r)).Trailing())
	}
	rows := []*block{row(l, shares, head...)}
	for _, typ := range types {
		cells := []fyne.CanvasObject{kit.NewText(l, kit.Body, t.Type(typ))}
		for _, r := range results {
			text := "\u2013"
			if k := n[[2]string{typ, r}]; k > 0 {
				text = t.Number(k)
			}
			cells = append(cells, kit.NewText(l, kit.Body, text).Trailing())
		}
		rows = append(rows, row(l, shares, cells...))
	}
	return table(l, rows...)
}

// proposals are changes of the chart itself, each accepted or declined.
func (w *Window) proposals(d Detail) fyne.CanvasObject {
	l, t := w.look, w.t
	shares := []float32{1, 1.5, 1.5, 1.8}
	rows := []*block{w.proposalHead(shares)}
	for _, p := range d.Proposals {
		var end fyne.CanvasObject
		if p.State == "open" {
			end = kit.Row(l.Gap(), w.accept(d.Case.ID, p.ID, true), w.accept(d.Case.ID, p.ID, false))
		} else {
			icon := kit.IconCheck
			if p.State == "declined" {
				icon = kit.IconCross
			}
			end = sign(l, icon, t.T("staff.proposal."+p.State, p.By), false)
		}
		rows = append(rows, w.proposalRow(shares, p, end))
	}
	return kit.Card(l, kit.Column(l.MM(2), kit.NewText(l, kit.Heading, t.T("staff.proposal.title")), table(l, rows...)))
}

func (w *Window) proposalHead(shares []float32) *block {
	l, t := w.look, w.t
	cells := []fyne.CanvasObject{kit.NewText(l, kit.Strong, ""), kit.NewText(l, kit.Strong, t.T("staff.proposal.now")),
		kit.NewText(l, kit.Strong, t.T("staff.proposal.new")), kit.NewText(l, kit.Strong, "")}
	return row(l, shares, cells[:len(shares)]...)
}

func (w *Window) proposalRow(shares []float32, p Proposal, end fyne.CanvasObject) *block {
	l := w.look
	text := func(s phi.Text) fyne.CanvasObject { return kit.NewText(l, kit.Body, shown(s)).Private() }
	cells := []fyne.CanvasObject{kit.NewText(l, kit.Body, w.coded("staff.proposal.kind.", p.Kind)), text(p.Now), text(p.New), end}
	return row(l, shares, cells[:len(shares)]...)
}

func (w *Window) accept(id, proposal string, yes bool) *kit.Button {
	key, icon := "staff.proposal.decline", kit.IconCross
	if yes {
		key, icon = "staff.proposal.accept", kit.IconCheck
	}
	return kit.NewButton(w.look, kit.Secondary, w.t.T(key), icon, func() {
		w.do(func(ctx context.Context) error { return w.o.Desk.Accept(ctx, id, proposal, yes) }, func() {
			w.said = w.t.T("staff.said.proposal")
			w.openCase()
		})
	}).Named(key + " " + proposal)
}
