// Package wedge turns fast typing into a scanned text. A keyboard-wedge
// scanner is a keyboard to the computer: it types the whole code in a few
// milliseconds a key and usually ends with Enter or Tab. A person does not
// type like that, and that is the only difference there is.
//
// The text may be a SMART Health Link. It is held no longer than it takes to
// complete it, and wiped when the typing stops.
package wedge

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Options are the numbers. Zero fields take the default.
type Options struct {
	Gap   time.Duration // longest pause between two keys of a scanner; default 60 ms
	Quiet time.Duration // a text without Enter is complete after this pause; default 200 ms
	Least int           // shortest text that counts; default 12 characters
	Most  int           // longest, then it is dropped; default 8192
}

// Wedge collects keys. It is used by one goroutine and has no clock: times are
// arguments.
type Wedge struct {
	o    Options
	buf  []byte
	last time.Time
	over bool // the text grew past Most; drop until a pause
}

// New returns an empty collector.
func New(o Options) *Wedge {
	if o.Gap <= 0 {
		o.Gap = 60 * time.Millisecond
	}
	if o.Quiet <= 0 {
		o.Quiet = 200 * time.Millisecond
	}
	if o.Least <= 0 {
		o.Least = 12
	}
	if o.Most <= 0 {
		o.Most = 8192
	}
	return &Wedge{o: o, buf: make([]byte, 0, o.Most+utf8.UTFMax)}
}

// Key takes one typed character. It tells whether the character seems to come
// from a scanner, so that the window does not use it for anything else.
func (w *Wedge) Key(r rune, at time.Time) (fast bool) {
	fast = (len(w.buf) > 0 || w.over) && at.Sub(w.last) <= w.o.Gap
	if !fast {
		w.Reset()
	}
	w.last = at
	if w.over {
		return true
	}
	w.buf = utf8.AppendRune(w.buf, r)
	if len(w.buf) > w.o.Most {
		w.wipe()
		w.over = true
	}
	return fast
}

// Enter ends a text; also for Tab. ok tells that it was a scanner's.
func (w *Wedge) Enter(at time.Time) (text string, ok bool) {
	if at.Sub(w.last) > w.o.Gap {
		w.Reset()
		return "", false
	}
	return w.take()
}

// Tick is called a few times a second: a scanner without an ending key is
// recognised by the silence after it.
func (w *Wedge) Tick(at time.Time) (text string, ok bool) {
	if len(w.buf) == 0 || at.Sub(w.last) < w.o.Quiet {
		return "", false
	}
	return w.take()
}

// Reset drops and wipes what was collected.
func (w *Wedge) Reset() {
	w.wipe()
	w.over = false
}

func (w *Wedge) take() (string, bool) {
	defer w.Reset()
	text := strings.TrimSpace(string(w.buf))
	return text, utf8.RuneCountInString(text) >= w.o.Least
}

func (w *Wedge) wipe() {
	clear(w.buf[:cap(w.buf)])
	w.buf = w.buf[:0]
}
