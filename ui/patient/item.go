package patient

import (
	"strconv"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/phi"
	"shlkiosk/sync/summary"
	"shlkiosk/ui/kit"
)

func itoa(n int) string { return strconv.Itoa(n) }

// itemPage is everything about one item, whether it is sent, and what leaving
// it out does to others.
func (w *Window) itemPage(s summary.Section, it summary.Item) page {
	l, t, r := w.look, w.words, w.review
	blocks := []fyne.CanvasObject{kit.NewText(l, kit.Title, t.ItemTitle(it).Reveal()).Private()}
	if it.Apart != "" {
		blocks = append(blocks, kit.NoticeCard(l, kit.NewText(l, kit.Body, t.Apart(it.Apart)).On(l.Palette.Ink, l.Palette.Notice)))
	}
	if c, ok := w.card(it.Key); ok {
		blocks = append(blocks, c)
	}
	if r.leave[it.Key] {
		blocks = append(blocks, w.effects(it.Key)...)
	}
	for _, line := range it.Lines {
		if row := w.line(line); row != nil {
			blocks = append(blocks, row)
		}
	}
	for _, d := range r.view.Documents {
		if d.Item == it.Key {
			blocks = append(blocks, w.documentRow(d))
		}
	}
	up := w.turn(func(r *reviewing) { r.item = "" })
	leave := kit.NewButton(l, kit.Secondary, t.T("review.item.leave"), kit.IconNone, nil)
	if r.leave[it.Key] {
		leave = kit.NewButton(l, kit.Secondary, t.T("review.item.keep"), kit.IconNone, nil)
	}
	leave.Named("send-" + it.Key).OnPress(func() {
		w.keep(it, r.leave[it.Key])
		w.again()
	})
	if it.Apart == summary.ApartOther {
		leave.Disable()
	}
	return page{frame: kit.Frame{Body: w.pages(blocks...), Main: w.mainButton("review.back", kit.IconCheck, up),
		Side: []*kit.Button{leave}, Desk: w.desk()}, back: up}
}

// line is one detail: its name, and its value in the record's own words.
func (w *Window) line(d summary.Line) fyne.CanvasObject {
	l, t := w.look, w.words
	value := t.Value(d.Value)
	if value.Empty() {
		return nil
	}
	name := t.Label(d.Label)
	if !d.Name.Empty() {
		name = d.Name.Reveal()
	}
	label := kit.NewText(l, kit.Body, name).Soft().Private()
	text := kit.NewText(l, kit.Strong, value.Reveal()).Private()
	if w.narrow() {
		return kit.Column(0, label, text)
	}
	return kit.Beside(l.MM(6), (l.Metrics.Width()-2*l.Margin())*0.3, label, text)
}

// effects tells what leaving one item out does to the rest (issue 2.4).
func (w *Window) effects(key string) []fyne.CanvasObject {
	l, t := w.look, w.words
	var lines []fyne.CanvasObject
	for _, d := range w.review.view.Closure([]string{key}) {
		it, ok := w.review.view.Item(d.Key)
		if !ok {
			continue
		}
		lines = append(lines, kit.Column(0,
			kit.NewText(l, kit.Strong, t.ItemTitle(it).Reveal()).On(l.Palette.Ink, l.Palette.Notice).Private(),
			kit.NewText(l, kit.Body, t.Effect(d.Effect)).On(l.Palette.Ink, l.Palette.Notice)))
	}
	if len(lines) == 0 {
		return nil
	}
	out := []fyne.CanvasObject{kit.NewText(l, kit.Heading, t.T("review.effects"))}
	for _, line := range lines {
		out = append(out, kit.NoticeCard(l, line))
	}
	return out
}

// card draws an insurance card as the card in a wallet: the insurer on top, the
// plan, and the end of the member's number, because others may be looking.
func (w *Window) card(item string) (fyne.CanvasObject, bool) {
	l, t := w.look, w.words
	p := l.Palette
	for _, c := range w.review.view.Cards {
		if c.Item != item {
			continue
		}
		on := func(r kit.Role, s phi.Text) fyne.CanvasObject {
			if s.Empty() {
				return nil
			}
			return kit.NewText(l, r, s.Reveal()).On(p.OnPrimary, p.Primary).Private()
		}
		pair := func(label summary.Label, s phi.Text) fyne.CanvasObject {
			if s.Empty() {
				return nil
			}
			return kit.Column(0, kit.NewText(l, kit.Body, t.Label(label)).On(p.OnPrimary, p.Primary),
				kit.NewText(l, kit.Strong, s.Reveal()).On(p.OnPrimary, p.Primary).Private())
		}
		member := c.MemberTail
		if !member.Empty() {
			member = phi.Text("\u2022\u2022\u2022\u2022 " + member.Reveal())
		}
		small := some(pair(summary.LabelMember, member), pair(summary.LabelGroup, c.Group))
		blocks := some(on(kit.Heading, c.Payer), on(kit.Body, c.Plan))
		if len(small) > 0 {
			blocks = append(blocks, kit.Space(l.MM(2)), kit.Grid(l.MM(6), min(2, w.columns(4, small)), small...))
		}
		if w.narrow() { // insurer and number; the rest is among the details
			blocks = some(on(kit.Strong, c.Payer), pair(summary.LabelMember, member))
			return kit.Plate(l, p.Primary, p.Primary, l.MM(3), kit.Column(0, blocks...)), true
		}
		face := kit.Plate(l, p.Primary, p.Primary, l.MM(7), kit.Column(l.MM(1), blocks...))
		return kit.Leading(l.TextSize(kit.Body)*19, face), true
	}
	return nil, false
}

func some(objects ...fyne.CanvasObject) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, o := range objects {
		if o != nil {
			out = append(out, o)
		}
	}
	return out
}
