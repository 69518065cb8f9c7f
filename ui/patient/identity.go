package patient

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/phi"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// part is one part of a date.
type part uint8

const (
	day part = iota
	month
	year
)

// birthEntry is the birth date as far as it is typed. The month is chosen by
// its name, so that 3/4 can never be 4/3.
type birthEntry struct {
	typed [3]string // digits of day, month, year
	at    part
	begun bool
}

func (b *birthEntry) wipe() { *b = birthEntry{} }

func (b *birthEntry) number(p part) int {
	n, _ := strconv.Atoi(b.typed[p])
	return n
}

// full tells that a part can take no more digits.
func (b *birthEntry) full(p part) bool {
	s := b.typed[p]
	switch p {
	case day:
		return len(s) == 2 || len(s) == 1 && s > "3"
	case month:
		return len(s) == 2 || len(s) == 1 && s > "1"
	}
	return len(s) == 4
}

// trouble is the key of what is wrong with a date that is all there, "" when
// nothing is.
func (b *birthEntry) trouble(now time.Time) (key string, whole bool) {
	y, m, d := b.number(year), b.number(month), b.number(day)
	if len(b.typed[year]) < 4 || m == 0 || d == 0 {
		return "", false
	}
	date := time.Date(y, time.Month(m), d, 0, 0, 0, 0, now.Location())
	switch {
	case m > 12 || date.Day() != d || date.Month() != time.Month(m):
		return "identity.never", true
	case date.After(now):
		return "identity.future", true
	case y < now.Year()-oldest:
		return "identity.long", true
	}
	return "", true
}

// oldest is how many years back a birth is believed; the oldest person on
// record lived 122 years.
const oldest = 125

// order is how the language writes a date, taken from a date that it wrote.
func order(w *words.Words) []part {
	text := w.Date(words.Day{Year: 2222, Month: 11, Day: 25})
	at := map[part]int{year: strings.Index(text, "2222"), day: strings.Index(text, "25"),
		month: strings.Index(text, w.T("month.11"))}
	parts := []part{day, month, year}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(at[a], at[b]) })
	return parts
}

// identity asks for the birth date: three parts in the order of the language,
// digits by keypad, the month by its name.
func (w *Window) identity() page {
	l, t, b := w.look, w.words, &w.birth
	parts := order(t)
	if !b.begun {
		b.at, b.begun = parts[0], true
	}
	next := func(from part, by int) {
		i := slices.Index(parts, from) + by
		if i >= 0 && i < len(parts) {
			b.at = parts[i]
			w.changed = w.o.Now()
		}
	}
	typed := func(r rune) {
		w.touched()
		if b.full(b.at) {
			b.typed[b.at] = ""
		}
		b.typed[b.at] += string(r)
		if b.full(b.at) {
			next(b.at, +1)
		}
		w.again()
	}
	erase := func() {
		w.touched()
		if b.typed[b.at] == "" {
			next(b.at, -1)
		}
		if s := b.typed[b.at]; s != "" {
			b.typed[b.at] = s[:len(s)-1]
			if b.at == month {
				b.typed[month] = ""
			}
		}
		w.again()
	}
	var chips []fyne.CanvasObject
	for _, p := range parts {
		chips = append(chips, w.chip(p, func() {
			b.at = p
			w.again()
		}))
	}
	key, whole := b.trouble(w.o.Now())
	title := "identity.title"
	if w.state.Who == flow.ForOther {
		title += ".other"
	}
	cramped := w.narrow() && !l.Metrics.Portrait()
	blocks := []fyne.CanvasObject{w.title(t.T(title))}
	if cramped {
		blocks = []fyne.CanvasObject{kit.NewText(l, kit.Strong, t.T(title))}
	}
	switch {
	case key != "":
		if cramped {
			blocks = []fyne.CanvasObject{kit.NewText(l, kit.Chrome, t.T(key))}
			break
		}
		blocks = append(blocks, kit.NoticeCard(l, kit.NewText(l, kit.Body, t.T(key)).On(l.Palette.Ink, l.Palette.Notice)))
	case !cramped:
		blocks = append(blocks, w.body(t.T("identity.body")).Soft())
	}
	send := w.mainButton("button.continue", kit.IconNext, func() {
		if key, whole := b.trouble(w.o.Now()); key == "" && whole {
			date := fmt.Sprintf("%04d-%02d-%02d", b.number(year), b.number(month), b.number(day))
			w.o.Send(flow.FactsGiven{BirthDate: phi.Text(date)})
		}
	})
	if key != "" || !whole {
		send.Disable()
	}
	var pad *fyne.Container
	width := kit.KeypadWidth(l)
	if b.at == month {
		pad, width = w.months(func(m int) {
			if !w.settled() {
				return
			}
			b.typed[month] = fmt.Sprintf("%02d", m)
			next(month, +1)
			w.again()
		})
	} else {
		pad = kit.NewKeypad(l, w.keyWords(), typed, erase, nil)
	}
	columns := w.chipColumns(chips, width)
	if b.at == month && !l.Metrics.Portrait() && w.beside(width) < l.MM(105) {
		// Names this large need the whole width; the chips come back with the digits.
		return w.datePage(kit.Below(l.MM(5), w.title(t.T(title)), w.pages(rowsOf(l, w.monthColumns(pad.Objects), pad.Objects)...).Middle()), send, typed, erase)
	}
	if columns == 1 {
		chips = nil
		for _, p := range parts {
			chips = append(chips, w.chipLine(p, func() {
				b.at = p
				w.again()
			}))
		}
	}
	left := kit.Together(l.MM(6), w.pages(blocks...).Middle(), kit.Grid(l.Gap(), columns, chips...))
	return w.datePage(kit.Split(l, l.MM(14), width, left, pad), send, typed, erase)
}

func (w *Window) datePage(body fyne.CanvasObject, send *kit.Button, typed func(rune), erase func()) page {
	return page{frame: kit.Frame{Body: body, Main: send, Side: []*kit.Button{w.back()}, Desk: w.desk()},
		back: w.press(flow.ActBack),
		rune: func(r rune) bool {
			if r >= '0' && r <= '9' {
				typed(r)
				return true
			}
			return false
		},
		key: eraseKey(erase),
	}
}

// chip shows one part of the date and lets the patient go back to it.
func (w *Window) chip(p part, act func()) *kit.Button {
	b, t := &w.birth, w.words
	name, value := w.partWords(p)
	return kit.NewButton(w.look, kit.Key, t.T(name), kit.IconNone, act).As(kit.Body).Named("part-"+name).
		WithAs(kit.Heading, value).Chosen(b.at == p).Says(t.T(name))
}

// chipLine is the same in one line.
func (w *Window) chipLine(p part, act func()) *kit.Button {
	name, value := w.partWords(p)
	return kit.NewButton(w.look, kit.Key, w.words.T(name)+": "+value, kit.IconNone, act).As(kit.Body).Named("part-" + name).
		Chosen(w.birth.at == p).Says(w.words.T(name))
}

// partWords are the key of a part's name, and what is typed of it.
func (w *Window) partWords(p part) (key, value string) {
	b := &w.birth
	value = b.typed[p]
	if m := b.number(month); p == month && m >= 1 && m <= 12 {
		value = w.words.T("month." + strconv.Itoa(m))
	}
	if value == "" {
		value = "\u2013"
	}
	return []string{"identity.day", "identity.month", "identity.year"}[p], value
}

func (w *Window) chipColumns(chips []fyne.CanvasObject, pad float32) int {
	l := w.look
	room := w.beside(pad)
	var need float32
	for _, c := range chips {
		need = max(need, c.MinSize().Width)
	}
	if 3*need+2*l.Gap() <= room {
		return 3
	}
	return 1
}

// monthColumns is how many names stand side by side on the whole width.
func (w *Window) monthColumns(names []fyne.CanvasObject) int {
	width := w.look.Metrics.Width() - 2*w.look.Margin()
	for _, n := range []int{4, 3} {
		var widest float32
		for _, o := range names {
			widest = max(widest, kit.Natural(o))
		}
		if float32(n)*widest+float32(n-1)*w.look.Gap() <= width {
			return n
		}
	}
	return 2
}

// months are the twelve names.
func (w *Window) months(chosen func(int)) (*fyne.Container, float32) {
	l := w.look
	var names []fyne.CanvasObject
	var widest float32
	for m := 1; m <= 12; m++ {
		role := kit.Label
		if w.narrow() {
			role = kit.Chrome
		}
		b := kit.NewButton(l, kit.Key, w.words.T("month."+strconv.Itoa(m)), kit.IconNone, func() { chosen(m) }).
			As(role).Named(fmt.Sprintf("key-month-%d", m)).Chosen(w.birth.number(month) == m)
		names = append(names, b)
		widest = max(widest, b.Natural())
	}
	columns := 3
	if 3*widest+2*l.Gap() > l.Metrics.Width()-2*l.Margin() {
		columns = 2
	}
	width := float32(columns)*widest + float32(columns-1)*l.Gap()
	if l.Metrics.Portrait() {
		width = l.Metrics.Width() - 2*l.Margin()
	}
	return kit.Grid(l.Gap(), columns, names...), width
}
