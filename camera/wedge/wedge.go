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
	// PerKey is the longest mean time between two keys of a scanner; default
	// 50 ms. The fastest typists need 60 ms and more over a dozen keys.
	PerKey time.Duration
	// Gap is the longest single pause within a text; default 400 ms.
	Gap time.Duration
	// Stall is the longest pause within a text that came at a scanner's pace so
	// far; default 3 s. A window that is busy drawing takes keys late and then
	// in a burst, so one pause says little.
	Stall time.Duration
	Quiet time.Duration // a text without Enter is complete after this pause; default 500 ms
	Least int           // shortest text that counts; default 12 characters
	Most  int           // longest, then it is dropped; default 8192
}

// Wedge collects keys. It is used by one goroutine and has no clock: times are
// arguments.
type Wedge struct {
	o     Options
	buf   []byte
	keys  int
	first time.Time
	last  time.Time
	quiet time.Time // of the first Tick that found the typing over; zero: none yet
	over  bool      // the text grew past Most; drop until a pause
}

// New returns an empty collector.
func New(o Options) *Wedge {
	if o.PerKey <= 0 {
		o.PerKey = 50 * time.Millisecond
	}
	if o.Gap <= 0 {
		o.Gap = 400 * time.Millisecond
	}
	if o.Stall <= 0 {
		o.Stall = 3 * time.Second
	}
	if o.Quiet <= 0 {
		o.Quiet = 500 * time.Millisecond
	}
	if o.Least <= 0 {
		o.Least = 12
	}
	if o.Most <= 0 {
		o.Most = 8192
	}
	return &Wedge{o: o, buf: make([]byte, 0, o.Most+utf8.UTFMax)}
}

// Key takes one typed character.
func (w *Wedge) Key(r rune, at time.Time) {
	if at.Sub(w.last) > w.pause() {
		w.Reset()
	}
	if w.keys == 0 {
		w.first = at
	}
	w.last, w.quiet = at, time.Time{}
	w.keys++
	if w.over {
		return
	}
	w.buf = utf8.AppendRune(w.buf, r)
	if len(w.buf) > w.o.Most {
		w.wipe()
		w.over = true
	}
}

// Enter ends a text; also for Tab. ok tells that it was a scanner's.
func (w *Wedge) Enter(at time.Time) (text string, ok bool) {
	if at.Sub(w.last) > w.pause() {
		w.Reset()
		return "", false
	}
	return w.take()
}

// few is how many keys tell nothing about the pace.
const few = 4

// pause is the longest that may pass before the next key.
func (w *Wedge) pause() time.Duration {
	if w.keys > few && w.paced() {
		return w.o.Stall
	}
	return w.o.Gap
}

// paced tells that the keys so far came as fast as a scanner types.
func (w *Wedge) paced() bool {
	return w.last.Sub(w.first) <= time.Duration(w.keys-1)*w.o.PerKey
}

// Tick is called a few times a second: a scanner without an ending key is
// recognised by the silence after it. One call is not enough: where the window
// was busy, the keys of that time may still be waiting behind it.
func (w *Wedge) Tick(at time.Time) (text string, ok bool) {
	switch {
	case len(w.buf) == 0 || at.Sub(w.last) < w.o.Quiet:
		return "", false
	case w.quiet.IsZero():
		w.quiet = at
		return "", false
	case at.Sub(w.quiet) < w.o.Quiet/4:
		return "", false
	}
	return w.take()
}

// Reset drops and wipes what was collected.
func (w *Wedge) Reset() {
	w.wipe()
	w.over, w.keys, w.quiet = false, 0, time.Time{}
}

func (w *Wedge) take() (string, bool) {
	defer w.Reset()
	text := strings.TrimSpace(string(w.buf))
	if utf8.RuneCountInString(text) < w.o.Least || !w.paced() {
		return "", false
	}
	return text, true
}

func (w *Wedge) wipe() {
	clear(w.buf[:cap(w.buf)])
	w.buf = w.buf[:0]
}
