package kit

import (
	"fyne.io/fyne/v2"
)

// KeyWords are the names of the keys that carry a drawing, in the patient's
// language: they are read aloud, and written where there is room.
type KeyWords struct {
	Erase, Shift, Symbols, Letters, Space, Keyboard, Numbers string
}

// NewKeypad is ten digits and what stands in the two free corners, in the
// order of a telephone: the one that people know by touch (ADA 707.6.3). Digit
// is called with '0' to '9', erase with no argument. Corner may be nil.
func NewKeypad(l *Look, w KeyWords, digit func(r rune), erase func(), corner *Button) *fyne.Container {
	var keys []*Button
	key := func(r rune) *Button {
		return NewButton(l, Key, string(r), IconNone, func() { digit(r) }).Named("key-" + string(r))
	}
	for _, r := range "123456789" {
		keys = append(keys, key(r))
	}
	if corner != nil {
		keys = append(keys, corner)
	}
	keys = append(keys, key('0'), NewButton(l, Key, "", IconErase, erase).Named("key-erase").Says(w.Erase))
	var objects []fyne.CanvasObject
	for _, k := range keys {
		objects = append(objects, k)
	}
	if corner == nil { // the zero stays under the eight
		gapKey := Space(0)
		objects = append(objects[:9:9], gapKey, keys[9], keys[10])
	}
	crossways(keys, 3)
	for _, k := range keys {
		k.Least((KeypadWidth(l) - 2*l.Gap()) / 3 * 0.86)
	}
	return Grid(l.Gap(), 3, objects...)
}

// KeypadWidth is the width that the keypad wants: keys of 22 mm, more where
// text is large.
func KeypadWidth(l *Look) float32 {
	side := max(l.MM(22), min(l.MM(28), l.Metrics.Height()*0.1), l.LineHeight(Digits)*1.1)
	if l.Metrics.Portrait() {
		side = max(side, l.MM(32))
	}
	if l.Dense {
		side = l.MM(12)
	}
	return 3*side + 2*l.Gap()
}

// crossways lets the arrows move in two dimensions inside a pad.
func crossways(keys []*Button, columns int) {
	for i, k := range keys {
		k.keys = func(name KeyName) bool {
			to := -1
			switch name {
			case fyne.KeyUp:
				to = i - columns
			case fyne.KeyDown:
				to = i + columns
				if to >= len(keys) && i/columns < (len(keys)-1)/columns {
					to = len(keys) - 1
				}
			}
			if to < 0 || to >= len(keys) {
				return false
			}
			if c := k.Look.canvas(k); c != nil {
				c.Focus(keys[to])
			}
			return true
		}
	}
}

// The keyboard's faces. Letters stand where every keyboard has them.
var (
	lower   = []string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"}
	upper   = []string{"1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"}
	symbols = []string{"1234567890", "@#$%&*-+=/", "()[]{}<>^", "!?.,:;'\"_~"}
)

// keyboard has three faces and turns between them in its place.
type keyboard struct {
	box          *fyne.Container
	look         *Look
	words        KeyWords
	typed        func(rune)
	erase, leave func()
	face         int
}

// NewKeyboard makes a full keyboard for the passcodes that are words, with keys
// of 15 mm. Leave goes back to the keypad; nil: there is no such key.
func NewKeyboard(l *Look, w KeyWords, typed func(rune), erase, leave func()) *fyne.Container {
	k := &keyboard{look: l, words: w, typed: typed, erase: erase, leave: leave}
	k.box = Column(k.gap())
	k.lay()
	return k.box
}

func (k *keyboard) gap() float32 { return k.look.MM(3) }

func (k *keyboard) lay() {
	rows := [][]string{lower, upper, symbols}[k.face]
	var out []fyne.CanvasObject
	for i, row := range rows {
		var keys []fyne.CanvasObject
		if i == 3 && k.face < 2 {
			keys = append(keys, k.special("shift", IconUp, k.words.Shift, func() { k.turn(1 - k.face) }).Chosen(k.face == 1))
		}
		for _, r := range row {
			keys = append(keys, k.small(NewButton(k.look, Key, string(r), IconNone, func() { k.typed(r) }).Named("key-"+string(r))))
		}
		if i == 3 && k.face < 2 {
			keys = append(keys, k.special("erase", IconErase, k.words.Erase, k.erase))
		}
		out = append(out, KeyRow(k.look, k.gap(), 10, keys...))
	}
	var last []fyne.CanvasObject
	if k.face == 2 {
		last = append(last, k.named("letters", "abc", k.words.Letters, func() { k.turn(0) }))
	} else {
		last = append(last, k.named("symbols", "#+=", k.words.Symbols, func() { k.turn(2) }))
	}
	last = append(last, k.named("space", " ", k.words.Space, func() { k.typed(' ') }))
	if k.face == 2 {
		last = append(last, k.special("erase", IconErase, k.words.Erase, k.erase))
	}
	if k.leave != nil {
		last = append(last, k.named("numbers", "123", k.words.Numbers, k.leave))
	}
	out = append(out, Grid(k.gap(), len(last), last...))
	k.box.Objects = out
	k.box.Refresh()
}

func (k *keyboard) turn(face int) {
	id := ""
	if c := k.look.canvas(k.box); c != nil {
		if b, ok := c.Focused().(*Button); ok {
			id = b.ID
			c.Unfocus()
		}
		defer func() { FocusID(c, k.box, id) }()
	}
	k.face = face
	k.lay()
}

func (k *keyboard) small(b *Button) *Button {
	b.tight = true
	return b.As(Keys)
}

func (k *keyboard) named(id, label, spoken string, act func()) *Button {
	return k.small(NewButton(k.look, Key, label, IconNone, act).Named("key-" + id).Says(spoken))
}

func (k *keyboard) special(id string, icon Icon, spoken string, act func()) *Button {
	b := NewButton(k.look, Key, "", icon, act).Named("key-" + id).Says(spoken)
	return k.small(b)
}

// KeyboardWidth is the width that the keyboard needs.
func KeyboardWidth(l *Look) float32 { return 10*l.MM(15) + 9*l.MM(3) }

// KeyRow centres keys of one width, as if there were `of` of them.
func KeyRow(l *Look, gap float32, of int, keys ...fyne.CanvasObject) *fyne.Container {
	c := Column(0, keys...)
	c.Layout = keyRow{gap, of, l.MM(15)}
	return c
}

type keyRow struct {
	gap   float32
	of    int
	least float32
}

func (k keyRow) cell(width float32) float32 {
	return (width - k.gap*float32(k.of-1)) / float32(k.of)
}

func (k keyRow) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	h := k.least
	for _, o := range objects {
		h = max(h, HeightFor(o, k.cell(width)))
	}
	return h
}

func (k keyRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := k.least*float32(k.of) + k.gap*float32(k.of-1)
	return fyne.NewSize(w, k.heightFor(objects, w))
}

func (k keyRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w, n := k.cell(size.Width), float32(len(objects))
	x := (size.Width - n*w - (n-1)*k.gap) / 2
	for _, o := range objects {
		place(o, x, 0, w, size.Height)
		x += w + k.gap
	}
}
