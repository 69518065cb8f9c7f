package staff

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"shlkiosk/ui/kit"
)

func changeIcon(s ChangeState) kit.Icon {
	switch s {
	case ChangeSame:
		return kit.IconCheck
	case ChangeDifferent:
		return kit.IconInfo
	case ChangeLeftOut:
		return kit.IconHide
	case ChangeRefused:
		return kit.IconCross
	}
	return kit.IconDown
}

// changeStates are the states in the order in which they want to be seen.
var changeStates = [...]ChangeState{ChangeDifferent, ChangeNew, ChangeSame, ChangeLeftOut, ChangeRefused}

// tally says of changes how many are in which state: "1 differs, 2 are new".
func (w *Window) tally(all []Change) string {
	var out []string
	for _, state := range changeStates {
		n := 0
		for _, c := range all {
			if c.State == state {
				n++
			}
		}
		if n > 0 {
			out = append(out, w.t.N("staff.changes."+string(state), n))
		}
	}
	return strings.Join(out, ", ")
}

// changes is what the record brings against the chart: different ones first,
// then new, then what is there already.
func (w *Window) changes(title string, all []Change) []fyne.CanvasObject {
	l, t := w.look, w.t
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Heading, title)}
	for _, state := range changeStates {
		var rows []*block
		for _, c := range all {
			if c.State != state {
				continue
			}
			title := kit.NewText(l, kit.Body, shown(c.Title)).Private()
			more := fyne.CanvasObject(kit.NewText(l, kit.Body, ""))
			if state == ChangeDifferent {
				more = kit.Column(0, kit.NewText(l, kit.Body, t.T("staff.changes.ours", c.Ours)).Private(),
					kit.NewText(l, kit.Body, t.T("staff.changes.chart", c.Chart)).Private())
			}
			rows = append(rows, row(l, []float32{1, 1.6, 2}, kit.NewText(l, kit.Body, t.Type(c.Type)).Soft(), title, more))
		}
		if len(rows) > 0 {
			blocks = append(blocks, sign(l, changeIcon(state), t.N("staff.changes."+string(state), len(rows)), true), table(l, rows...))
		}
	}
	return blocks
}

// compare asks how the open case stands against a chart; "" the one that was
// found for it. Nothing is written by it.
func (w *Window) compare(chart string) {
	v := &w.queue
	id := v.chosen
	v.against, v.preview = chart, nil
	if chart == "" {
		v.against = v.open.Chart
	}
	against := v.against
	w.touched()
	w.drawCase()
	ask(w, func(ctx context.Context) (Preview, error) { return w.o.Desk.Preview(ctx, id, chart) }, func(p Preview) {
		if v.chosen == id && v.open != nil && v.against == against {
			v.preview = &p
			w.drawCase()
		}
	})
}

// previewCard is what a record would bring into the chart that staff chose,
// before it does.
func (w *Window) previewCard() fyne.CanvasObject {
	l, t, v := w.look, w.t, &w.queue
	if v.preview == nil {
		return kit.Card(l, sign(l, kit.IconClock, t.T("staff.preview.wait", v.against), false))
	}
	p := *v.preview
	blocks := w.changes(t.T("staff.preview.title", p.Chart), p.Changes)
	var warn []fyne.CanvasObject
	if p.Equal == "differs" {
		warn = append(warn, notice(l, t.T("staff.preview.differs")))
	}
	if len(p.Blind) > 0 {
		var types []string
		for _, b := range p.Blind {
			types = append(types, t.Type(b))
		}
		warn = append(warn, notice(l, t.T("staff.preview.blind", strings.Join(types, ", "))))
	}
	warn = append(warn, kit.NewText(l, kit.Body, t.T("staff.preview.unwritten")).Soft())
	blocks = append(blocks[:1:1], append(warn, blocks[1:]...)...)
	if len(p.Proposals) > 0 {
		shares := []float32{1, 1.5, 1.5}
		rows := []*block{w.proposalHead(shares)}
		for _, q := range p.Proposals {
			rows = append(rows, w.proposalRow(shares, q, nil))
		}
		blocks = append(blocks, kit.NewText(l, kit.Strong, t.T("staff.preview.proposals")), table(l, rows...))
	}
	return kit.Card(l, kit.Column(l.MM(2), blocks...))
}
