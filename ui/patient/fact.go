package patient

import (
	"strings"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/phi"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// factEntry is the second fact: a postal code or a phone number.
type factEntry struct {
	runes    []rune
	keyboard bool
	empty    bool // as it was drawn
}

func (e *factEntry) wipe() {
	clear(e.runes[:cap(e.runes)])
	*e = factEntry{}
}

// longestFact is more than any postal code or phone number has.
const longestFact = 24

// factPage asks for one more fact; it may be skipped.
func (w *Window) factPage() page {
	l, t, e := w.look, w.words, &w.fact
	field := kit.NewField(l, t.T("passcode.empty"))
	// The main action sends what is typed, and skips while nothing is.
	send := func() {
		if s := strings.TrimSpace(string(e.runes)); s != "" {
			w.o.Send(flow.FactsGiven{Second: phi.Text(s)})
			return
		}
		w.o.Send(flow.Press{Action: flow.ActContinue})
	}
	main := w.mainButton("fact.skip", kit.IconNext, send)
	if len(e.runes) > 0 {
		main = w.mainButton("button.continue", kit.IconNext, send)
	}
	draw := func() {
		field.Set(e.runes, false)
		if empty := len(e.runes) == 0; empty != e.empty {
			e.empty = empty
			w.again()
		}
	}
	typed := func(r rune) {
		w.touched()
		if len(e.runes) < longestFact {
			e.runes = append(e.runes, r)
		}
		draw()
	}
	erase := func() {
		w.touched()
		e.runes = e.runes[:max(0, len(e.runes)-1)]
		draw()
	}
	text := "fact.body"
	if w.state.Who == flow.ForOther {
		text += ".other"
	}
	words := []fyne.CanvasObject{w.title(t.T("fact.title")), w.body(t.T(text)).Soft()}
	if w.narrow() && e.keyboard {
		words = words[1:]
	}
	left := kit.Together(l.MM(6), w.pages(words...).Middle(), field)
	pad, width := w.entryPad(e.keyboard, typed, erase, func() {
		e.keyboard = !e.keyboard
		w.elsewhere()
	})
	field.Set(e.runes, false)
	e.empty = len(e.runes) == 0
	return w.entryPage(kit.Split(l, l.MM(14), width, left, pad), main, typed, erase)
}
