package patient

import (
	"slices"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/summary"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// reviewing is where in the record the patient is, and what they left out. It
// is dropped whole when another screen comes up.
type reviewing struct {
	view     *summary.View
	leave    map[string]bool
	section  summary.Kind // "" the overview
	item     string       // key of the item looked at, "" the section's list
	document *documentView
}

func newReviewing(v *summary.View) *reviewing {
	r := &reviewing{view: v, leave: map[string]bool{}}
	for _, s := range v.Sections {
		for _, it := range s.Items {
			if it.Apart != "" { // mistakes and other people's are not filed by default
				r.leave[it.Key] = true
			}
		}
	}
	return r
}

// out are the keys left out, in the order of the record.
func (r *reviewing) out() []string {
	var keys []string
	for _, s := range r.view.Sections {
		for _, it := range s.Items {
			if r.leave[it.Key] {
				keys = append(keys, it.Key)
			}
		}
	}
	return keys
}

func (r *reviewing) kept(s summary.Section) int {
	n := 0
	for _, it := range s.Items {
		if !r.leave[it.Key] {
			n++
		}
	}
	return n
}

// go to another place inside the review.
func (w *Window) turn(change func(r *reviewing)) func() {
	return func() {
		if !w.settled() || w.review == nil {
			return
		}
		if d := w.review.document; d != nil {
			d.stop()
			w.review.document = nil
		}
		change(w.review)
		w.elsewhere()
	}
}

// reviewPage is one of: counts by section, one section, one item, one document.
func (w *Window) reviewPage() page {
	if w.review == nil { // the record is not there yet
		return page{frame: kit.Frame{Body: kit.Space(0), Desk: w.desk()}}
	}
	r := w.review
	if r.document != nil {
		return w.documentPage(r.document)
	}
	section, ok := r.view.Section(r.section)
	if !ok {
		return w.overview()
	}
	if i := slices.IndexFunc(section.Items, func(it summary.Item) bool { return it.Key == r.item }); i >= 0 {
		return w.itemPage(section, section.Items[i])
	}
	return w.sectionPage(section)
}

// overview shows whose record it is, as far as others may see it, and how much
// of each kind is in it (U24).
func (w *Window) overview() page {
	l, t, r := w.look, w.words, w.review
	var tiles []fyne.CanvasObject
	for _, s := range r.view.Sections {
		tiles = append(tiles, w.sectionTile(s))
	}
	blocks := append([]fyne.CanvasObject{w.title(t.T("review.title"))}, w.personLines()...)
	if !w.narrow() {
		blocks = []fyne.CanvasObject{kit.Column(l.MM(2), blocks...)}
	}
	var later []fyne.CanvasObject
	for _, n := range r.view.Notes {
		card := kit.NoticeCard(l, kit.NewText(l, kit.Body, t.Note(n)).On(l.Palette.Ink, l.Palette.Notice))
		switch told(n.Code) {
		case first:
			blocks = append(blocks, card)
		case last:
			later = append(later, card)
		}
	}
	if touch := w.body(t.T("review.body")).Soft(); len(tiles) > 0 && len(blocks) == 1 {
		blocks[0].(*fyne.Container).Add(touch)
	} else if len(tiles) > 0 {
		blocks = append(blocks, touch)
	}
	blocks = append(append(blocks, rowsOf(l, w.columns(3, tiles), tiles)...), later...)
	no := kit.NewButton(l, kit.Secondary, t.T("review.no"), kit.IconCross, w.press(flow.ActNotMine)).Named("not-mine")
	return page{frame: kit.Frame{Body: w.pages(blocks...), Main: w.mainButton("review.yes", kit.IconCheck, w.press(flow.ActYes)),
		Side: []*kit.Button{no}, Desk: w.desk()}}
}

// When a note is told: what puts the whole record in doubt comes first.
type telling uint8

const (
	never telling = iota // for staff
	first
	last
)

func told(c summary.NoteCode) telling {
	switch c {
	case summary.NoteSkipped, summary.NoteDangling:
		return never
	case summary.NoteNoPerson, summary.NoteWhichPerson, summary.NoteDifferentPeople, summary.NoteEmpty, summary.NoteSeveralPeople:
		return first
	}
	return last
}

// personLines are the name with the year, and the end of the record's number.
func (w *Window) personLines() []fyne.CanvasObject {
	l, t, p := w.look, w.words, w.review.view.Person
	line := t.T("review.nobody")
	switch {
	case p.Key == "" || p.Name.Empty():
	case p.BirthYear == 0:
		line = t.T("review.person.plain", words.Args{"name": p.Name})
	default:
		// The year is no number to be grouped: it goes in as text.
		line = t.T("review.person", words.Args{"name": p.Name, "year": itoa(p.BirthYear)})
	}
	side := l.TextSize(kit.Heading) * 1.6
	picture := kit.Box(side, side, kit.NewIcon(l, kit.IconPerson, l.Palette.Art, side))
	name := kit.NewText(l, kit.Heading, line).Private()
	if p.IDTail.Empty() {
		return []fyne.CanvasObject{kit.Beside(l.MM(4), side, picture, name)}
	}
	number := kit.NewText(l, kit.Body, t.T("review.number", words.Args{"tail": p.IDTail})).Soft().Private()
	room := l.Metrics.Width() - 2*l.Margin() - side - l.MM(10) - l.Target(true) - l.Gap()*2
	switch {
	case name.Natural()+number.Natural() <= room:
		return []fyne.CanvasObject{kit.Beside(l.MM(4), side, picture, kit.Ends(l.MM(6), name, number))}
	case w.narrow():
		return []fyne.CanvasObject{kit.Beside(l.MM(4), side, picture, name), number}
	}
	return []fyne.CanvasObject{kit.Beside(l.MM(4), side, picture, kit.Column(0, name, number))}
}

func (w *Window) sectionTile(s summary.Section) *kit.Button {
	l, t, r := w.look, w.words, w.review
	label, detail := t.Kind(s.Kind), ""
	if n := s.Count(); n > 0 {
		label = t.Count(s.Kind, n)
	} else if i := slices.IndexFunc(s.Items, func(it summary.Item) bool { return it.Absence }); i >= 0 {
		detail = t.ItemTitle(s.Items[i]).Reveal()
	}
	switch out := len(s.Items) - r.kept(s); {
	case out == len(s.Items):
		detail = t.T("review.out.all")
	case out > 0:
		detail = t.N("review.out", out)
	}
	return kit.NewButton(l, kit.Tile, label, kindIcon(s.Kind), w.turn(func(r *reviewing) { r.section, r.item = s.Kind, "" })).
		Named("section-" + string(s.Kind)).With(detail).OfRecord()
}

// sectionPage lists one section; everything in it can be left out.
func (w *Window) sectionPage(s summary.Section) page {
	l, t, r := w.look, w.words, w.review
	kept := r.kept(s)
	line := t.N("review.section.body", kept, words.Args{"total": len(s.Items)})
	if kept == 0 {
		line = t.T("review.section.none")
	}
	blocks := []fyne.CanvasObject{w.title(t.Kind(s.Kind))}
	if !w.narrow() || kept < len(s.Items) {
		blocks = append(blocks, w.body(line).Soft())
	}
	for _, it := range s.Items {
		if c, ok := w.card(it.Key); ok && s.Kind == summary.Coverage {
			blocks = append(blocks, w.cardRow(it, c)...)
			continue
		}
		blocks = append(blocks, w.itemRow(it))
	}
	all := "review.section.leave"
	if kept == 0 {
		all = "review.section.keep"
	}
	leaveAll := kit.NewButton(l, kit.Secondary, t.T(all), kit.IconNone, func() {
		if !w.settled() {
			return
		}
		for _, it := range s.Items {
			w.keep(it, kept == 0)
		}
		w.again()
	}).Named("all")
	up := w.turn(func(r *reviewing) { r.section = "" })
	return page{frame: kit.Frame{Body: w.pages(blocks...), Main: w.mainButton("review.back", kit.IconCheck, up),
		Side: []*kit.Button{leaveAll}, Desk: w.desk()}, back: up}
}

// keep puts an item back or leaves it out. What is about somebody else is never
// sent.
func (w *Window) keep(it summary.Item, yes bool) {
	if it.Apart == summary.ApartOther {
		yes = false
	}
	if yes {
		delete(w.review.leave, it.Key)
	} else {
		w.review.leave[it.Key] = true
	}
}

// itemRow is one item: what it is, and whether it goes along.
func (w *Window) itemRow(it summary.Item) fyne.CanvasObject {
	l, t := w.look, w.words
	open := kit.NewButton(l, kit.Tile, t.ItemTitle(it).Reveal(), kit.IconNone,
		w.turn(func(r *reviewing) { r.item = it.Key })).Named("item-" + it.Key).As(kit.Strong).With(w.brief(it)).OfRecord().Opens()
	toggle := w.sendToggle(it)
	if w.narrow() {
		return kit.Column(l.MM(3), open, toggle)
	}
	return kit.TallEnds(l.Gap(), open, toggle)
}

// cardRow is an insurance card with its buttons beside it.
func (w *Window) cardRow(it summary.Item, card fyne.CanvasObject) []fyne.CanvasObject {
	l := w.look
	more := kit.NewButton(l, kit.Secondary, w.words.T("review.item.more"), kit.IconNone,
		w.turn(func(r *reviewing) { r.item = it.Key })).Named("item-" + it.Key)
	toggle := w.sendToggle(it)
	if w.narrow() {
		return []fyne.CanvasObject{card, kit.Row(l.Gap(), toggle, more)}
	}
	buttons := kit.Column(l.Gap(), toggle, more)
	buttons = kit.Box(toggle.Natural(), kit.HeightFor(buttons, toggle.Natural()), buttons)
	return []fyne.CanvasObject{kit.Ends(l.MM(8), card, buttons)}
}

// narrow tells that there is no room for a button beside the words.
func (w *Window) narrow() bool { return narrow(w.look) }

func narrow(l *kit.Look) bool {
	return l.Metrics.Width()-2*l.Margin() < 26*l.TextSize(kit.Body)
}

func (w *Window) sendToggle(it summary.Item) *kit.Button {
	in := !w.review.leave[it.Key]
	label := "review.item.in"
	if !in {
		label = "review.item.not"
	}
	b := kit.NewButton(w.look, kit.Choice, w.words.T(label), kit.IconNone, func() {
		w.keep(it, !in)
		w.again()
	}).Named("send-" + it.Key).Chosen(in)
	var widest float32
	for _, key := range []string{"review.item.in", "review.item.not"} {
		widest = max(widest, kit.NewButton(w.look, kit.Choice, w.words.T(key), kit.IconNone, nil).Natural())
	}
	b.Wide(widest)
	if it.Apart == summary.ApartOther {
		b.Disable()
	}
	return b
}

// brief is one line about an item: why it is apart, its state, its date.
func (w *Window) brief(it summary.Item) string {
	t := w.words
	var parts []string
	if it.Apart != "" {
		parts = append(parts, t.Apart(it.Apart))
	} else if it.Status != "" {
		parts = append(parts, t.Word(it.Status))
	}
	if !it.Date.Zero() {
		parts = append(parts, t.RecordDate(it.Date).Reveal())
	}
	out := ""
	for i, p := range parts {
		if i > 0 {
			out += " \u00B7 "
		}
		out += p
	}
	return out
}

func kindIcon(k summary.Kind) kit.Icon {
	switch k {
	case summary.Medicines:
		return kit.IconPill
	case summary.Allergies:
		return kit.IconAllergy
	case summary.Conditions:
		return kit.IconHeart
	case summary.Immunizations:
		return kit.IconSyringe
	case summary.Results:
		return kit.IconFlask
	case summary.Vitals:
		return kit.IconPulse
	case summary.Procedures:
		return kit.IconProcedure
	case summary.Visits:
		return kit.IconCalendar
	case summary.Reports:
		return kit.IconReport
	case summary.Documents:
		return kit.IconDocument
	case summary.Coverage:
		return kit.IconCard
	case summary.Claims:
		return kit.IconBill
	case summary.CareTeam:
		return kit.IconPeople
	case summary.Goals:
		return kit.IconTarget
	case summary.Devices:
		return kit.IconDevice
	}
	return kit.IconMore
}
