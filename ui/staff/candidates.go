package staff

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

// atOnce is how many charts stand beside the record.
const atOnce = 3

func verdictIcon(v Verdict) kit.Icon {
	switch v {
	case Agree:
		return kit.IconCheck
	case Nearly:
		return kit.IconMore
	case Differ:
		return kit.IconCross
	}
	return kit.IconNone
}

// cell is what a chart says of one field, with a sign and a word for how it
// compares; differences lie on the colour of things that want a look.
func (w *Window) cell(f Field) fyne.CanvasObject {
	l := w.look
	word := w.t.T("staff.verdict." + string(f.Verdict))
	text := kit.NewText(l, kit.Body, shown(f.Theirs)).Private()
	mark := sign(l, verdictIcon(f.Verdict), word, f.Verdict == Differ)
	if f.Verdict == Missing {
		return kit.Column(0, text.Soft(), kit.NewText(l, kit.Body, word).Soft())
	}
	if f.Verdict != Differ {
		return kit.Column(0, text, mark)
	}
	return kit.Plate(l, l.Palette.Notice, l.Palette.NoticeEdge, l.MM(0.8),
		kit.Column(0, text.On(l.Palette.Ink, l.Palette.Notice), mark))
}

// candidates puts the record and the charts side by side, field by field.
func (w *Window) candidates(d Detail) fyne.CanvasObject {
	l, t, v := w.look, w.t, &w.queue
	v.first = min(max(v.first, 0), max(0, len(d.Candidates)-1))
	some := d.Candidates[v.first:min(v.first+atOnce, len(d.Candidates))]
	shares := []float32{0.7, 1.1}
	for range some {
		shares = append(shares, 1.3)
	}

	head := []fyne.CanvasObject{kit.NewText(l, kit.Strong, ""), kit.NewText(l, kit.Strong, t.T("staff.match.record"))}
	choose := []fyne.CanvasObject{kit.NewText(l, kit.Body, ""), kit.NewText(l, kit.Body, "")}
	for i, c := range some {
		lines := []fyne.CanvasObject{kit.NewText(l, kit.Strong, t.T("staff.match.chart", v.first+i+1)),
			kit.NewText(l, kit.Body, c.Reference),
			kit.NewText(l, kit.Body, t.T("staff.match.grade", w.coded("staff.grade.", c.Grade), fmt.Sprintf("%.0f", c.Score*100)))}
		if c.Note != "" {
			lines = append(lines, notice(l, w.coded("staff.match.note.", c.Note)))
		}
		head = append(head, kit.Column(0, lines...))
		choose = append(choose, w.twiceFor("match.use", c.Reference, kit.IconCheck, Resolution{Chart: c.Reference}))
	}
	rows := []*block{row(l, shares, head...)}
	for _, name := range fieldNames(some, d.Facts) {
		ours := kit.NewText(l, kit.Body, "\u2013").Private()
		cells := []fyne.CanvasObject{kit.NewText(l, kit.Body, w.coded("staff.field.", name)).Soft(), ours}
		for _, c := range some {
			f, ok := fieldOf(c, name)
			if !ok { // what the patient typed, say: nothing to compare
				cells = append(cells, kit.NewText(l, kit.Body, ""))
				continue
			}
			if !f.Ours.Empty() {
				ours.Say(f.Ours.Reveal())
			}
			cells = append(cells, w.cell(f))
		}
		for _, f := range d.Facts {
			if f.Name == name && !f.Value.Empty() {
				ours.Say(f.Value.Reveal())
			}
		}
		rows = append(rows, row(l, shares, cells...))
	}
	rows = append(rows, row(l, shares, choose...))

	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Heading, t.N("staff.match.title", len(d.Candidates))), table(l, rows...)}
	if v.preview != nil { // the lists stand below, maybe out of sight
		blocks = append(blocks, sign(l, kit.IconInfo, t.T("staff.preview.short", v.preview.Chart, w.tally(v.preview.Changes)), false))
	}
	var below []fyne.CanvasObject
	if len(d.Candidates) > atOnce {
		below = append(below, kit.NewButton(l, kit.Secondary, t.T("staff.match.more"), kit.IconNext, func() {
			v.first += atOnce
			if v.first >= len(d.Candidates) {
				v.first = 0
			}
			v.sure = ""
			w.drawCase()
		}).Named("match.more"))
	}
	if d.MayCreate {
		below = append(below, w.twiceFor("match.new", "", kit.IconPerson, Resolution{New: true}))
	}
	below = append(below, w.twiceFor("match.reject", "", kit.IconCross, Resolution{Reject: true}))
	return kit.Card(l, kit.Column(l.MM(2), append(blocks, kit.Row(l.Gap(), below...))...))
}

// twiceFor is twice for a decision about the case that is open.
func (w *Window) twiceFor(key, of string, icon kit.Icon, r Resolution) *kit.Button {
	id, full := w.queue.open.Case.ID, key
	if of != "" {
		full = key + " " + of
	}
	label, kind := w.t.T("staff."+key), kit.Secondary
	act := func() {
		w.queue.sure = full
		if r.Chart != "" { // before the second press they see what it would do
			w.compare(r.Chart)
			return
		}
		w.queue.against, w.queue.preview = "", nil
		w.drawCase()
	}
	if w.queue.sure == full {
		label, kind = w.t.T("staff."+key+".sure", of), kit.Primary
		act = func() {
			w.do(func(ctx context.Context) error { return w.o.Desk.Resolve(ctx, id, r) }, w.after("staff.said.resolve"))
		}
	}
	return kit.NewButton(w.look, kind, label, icon, act).Named(full)
}

// fieldNames are the fields that any of the charts or the record has, in the
// order of the first that names them.
func fieldNames(all []Candidate, facts []Fact) []string {
	var names []string
	seen := map[string]bool{}
	add := func(n string) {
		if !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	for _, c := range all {
		for _, f := range c.Fields {
			add(f.Name)
		}
	}
	for _, f := range facts {
		add(f.Name)
	}
	return names
}

func fieldOf(c Candidate, name string) (Field, bool) {
	for _, f := range c.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// facts is what record and patient say, where there is no chart to compare.
func (w *Window) facts(d Detail) fyne.CanvasObject {
	l := w.look
	var rows []*block
	for _, f := range d.Facts {
		rows = append(rows, row(l, []float32{1, 2}, kit.NewText(l, kit.Body, w.coded("staff.field.", f.Name)).Soft(),
			kit.NewText(l, kit.Body, shown(f.Value)).Private()))
	}
	return kit.Card(l, kit.Column(l.MM(2), kit.NewText(l, kit.Heading, w.t.T("staff.match.record")), table(l, rows...)))
}
