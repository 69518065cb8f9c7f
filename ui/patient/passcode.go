package patient

import (
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/phi"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// secretEntry is what was typed of a passcode. The characters live in one slice
// that is overwritten, never in a string of the whole.
type secretEntry struct {
	runes    []rune
	show     bool // the patient asked to see it
	keyboard bool // letters instead of digits
}

func (e *secretEntry) wipe() {
	clear(e.runes[:cap(e.runes)])
	*e = secretEntry{keyboard: e.keyboard}
}

func (e *secretEntry) add(r rune) {
	if len(e.runes) == cap(e.runes) { // grow by hand: append would leave the old one behind
		grown := make([]rune, len(e.runes), 2*cap(e.runes)+32)
		copy(grown, e.runes)
		clear(e.runes)
		e.runes = grown
	}
	e.runes = append(e.runes, r)
}

func (e *secretEntry) erase() {
	if n := len(e.runes); n > 0 {
		e.runes[n-1] = 0
		e.runes = e.runes[:n-1]
	}
}

// secret hands the passcode over and forgets it.
func (e *secretEntry) secret() *phi.Secret {
	b := make([]byte, 0, utf8.UTFMax*len(e.runes))
	for _, r := range e.runes {
		b = utf8.AppendRune(b, r)
	}
	keyboard := e.keyboard
	e.wipe()
	e.keyboard = keyboard
	return phi.NewSecret(b)
}

func (w *Window) keyWords() kit.KeyWords {
	t := w.words
	return kit.KeyWords{Erase: t.T("key.erase"), Shift: t.T("key.shift"), Symbols: t.T("key.symbols"), Letters: t.T("key.letters"),
		Space: t.T("key.space"), Keyboard: t.T("button.keyboard"), Numbers: t.T("button.numbers")}
}

// passcode is the keypad for a protected link: masked, shown at one touch, any
// length, a full keyboard one touch away (U22).
func (w *Window) passcode() page {
	l, t, s, e := w.look, w.words, w.state, &w.pass
	field := kit.NewField(l, t.T("passcode.empty"))
	send := w.mainButton("button.continue", kit.IconNext, nil)
	var show *kit.Button
	draw := func() {
		field.Set(e.runes, !e.show)
		if want := len(e.runes) == 0; want != send.Disabled() {
			if want {
				send.Disable()
			} else {
				send.Enable()
			}
		}
	}
	typed := func(r rune) {
		w.touched()
		e.add(r)
		draw()
		w.sayKey(e.show, r)
	}
	erase := func() {
		w.touched()
		e.erase()
		draw()
	}
	send.OnPress(func() {
		if len(e.runes) > 0 && w.settled() {
			w.o.Send(flow.PasscodeGiven{Passcode: e.secret()})
		}
	})
	showLabel, showIcon := "passcode.show", kit.IconEye
	if e.show {
		showLabel, showIcon = "passcode.hide", kit.IconHide
	}
	show = kit.NewButton(l, kit.Secondary, t.T(showLabel), showIcon, func() {
		e.show = !e.show
		w.again()
	}).Named("show")
	toggle := func() {
		e.keyboard = !e.keyboard
		w.elsewhere()
	}

	if e.keyboard && w.narrow() && !l.Metrics.Portrait() {
		return w.passcodeNarrow(field, show, send, typed, erase, toggle, draw)
	}
	// What went wrong comes first, in words; the field is never out of sight.
	blocks := []fyne.CanvasObject{w.title(t.T("passcode.title"))}
	if s.Wrong {
		words := []fyne.CanvasObject{kit.NewText(l, kit.Strong, t.T("passcode.wrong")).On(l.Palette.Ink, l.Palette.Notice)}
		if s.Left > 0 {
			words = append(words, kit.NewText(l, kit.Body, t.N("passcode.left", s.Left)).On(l.Palette.Ink, l.Palette.Notice))
		}
		blocks = append(blocks, kit.NoticeCard(l, kit.Column(0, words...)))
	} else {
		blocks = append(blocks, w.body(t.T("passcode.body")).Soft())
	}
	pad, width := w.entryPad(e.keyboard, typed, erase, toggle)
	entry := kit.TallEnds(l.Gap(), field, show)
	if room := w.beside(width) - show.Natural() - l.Gap(); room < field.Room(8) {
		entry = kit.Column(l.Gap(), field, show)
	}
	left := kit.Together(l.MM(6), w.pages(blocks...).Middle(), entry)
	draw()
	return w.entryPage(kit.Split(l, l.MM(14), width, left, pad), send, typed, erase)
}

// passcodeNarrow is the keyboard in large letters: there is no room for more
// words than the title's.
func (w *Window) passcodeNarrow(field *kit.Field, show, send *kit.Button, typed func(rune), erase, toggle, draw func()) page {
	l := w.look
	pad, width := w.entryPad(true, typed, erase, toggle)
	left := kit.Together(l.MM(4), w.pages(kit.NewText(l, kit.Strong, w.words.T("passcode.title"))).Middle(), kit.Column(l.Gap(), field, show))
	draw()
	return w.entryPage(kit.Split(l, l.MM(10), width, left, pad), send, typed, erase)
}

// entryPage is a page that takes typed text.
func (w *Window) entryPage(body fyne.CanvasObject, main *kit.Button, typed func(rune), erase func()) page {
	return page{frame: kit.Frame{Body: body, Main: main, Side: []*kit.Button{w.back()}, Desk: w.desk()},
		back: w.press(flow.ActBack),
		rune: func(r rune) bool {
			if unicode.IsPrint(r) {
				typed(r)
			}
			return true
		},
		key: eraseKey(erase),
	}
}

// beside is the width that is left of words beside something of a width.
func (w *Window) beside(width float32) float32 {
	l := w.look
	room := l.Metrics.Width() - 2*l.Margin()
	if !l.Metrics.Portrait() {
		room -= width + l.MM(14)
	}
	return room
}

// entryPad is the keypad, or the keyboard, and the width that it wants.
func (w *Window) entryPad(keyboard bool, typed func(rune), erase, toggle func()) (fyne.CanvasObject, float32) {
	l, words := w.look, w.keyWords()
	if keyboard {
		return kit.NewKeyboard(l, words, typed, erase, toggle), kit.KeyboardWidth(l)
	}
	corner := kit.NewButton(l, kit.Key, "", kit.IconKeyboard, toggle).Named("key-keyboard").Says(words.Keyboard)
	return kit.NewKeypad(l, words, typed, erase, corner), kit.KeypadWidth(l)
}

func eraseKey(erase func()) func(fyne.KeyName) bool {
	return func(name fyne.KeyName) bool {
		if name == fyne.KeyBackspace || name == fyne.KeyDelete {
			erase()
			return true
		}
		return false
	}
}

// sayKey says a typed character, or "asterisk" for a masked one (U14).
func (w *Window) sayKey(shown bool, r rune) {
	if w.o.Announce == nil || !w.state.Settings.Speech {
		return
	}
	say := w.words.T("passcode.masked")
	if shown {
		say = string(r)
	}
	w.o.Announce([]Utterance{{Text: say, Private: shown}})
}
