// Package patient is the patient's side of the window: one file a screen, all
// of them drawn from a flow.State and nothing else.
//
// # Wiring
//
//	w := patient.New(patient.Options{Words: catalogue, Metrics: metrics, Send: engine.Post, Now: time.Now, …})
//	window.SetContent(w.Content())
//	w.Attach(window.Canvas())      // keyboard, six-key pad, wedge scanner, staff gesture
//	…
//	fyne.Do(func() { w.Render(state, view) })  // after every Step, and a few times a second
//
// Render draws the state; touches and keys become events given to Send. Send
// may call Render before it returns. All methods belong to the Fyne thread.
// View is looked at on the Review screen only and may be nil elsewhere.
//
// While Scan is up, Preview takes the camera's pictures and Outline the code's
// corners; both are mirrored here, as people expect of a picture of themselves.
//
// # Keys
//
// Tab, Shift-Tab and the arrows move the focus; Enter and Space press; Enter
// with nothing in focus is the main action; Esc goes back; F1 front desk, F2
// settings, F3 language, F4 speech on and off, F5 says the screen again. A pad
// of six keys is four arrows, Enter and Esc. Staff: Ctrl+Shift+S, or five
// touches in the top right corner within three seconds.
//
// # Promises, held by tests
//
//   - no screen but Review shows anything of the View (U23), and once another
//     screen is rendered no object of Review is reachable from the window (U25);
//   - the passcode is kept in bytes that are wiped on submit, on leaving and on
//     erase; it is drawn one character at a time, so that no text of it stays in
//     a cache;
//   - every screen at every size, in every language, in both orientations: no
//     text cut, nothing overlaps, targets and gaps as kiosk-people U5 asks.
//
// # Limits
//
// Fyne keeps the texts that it measured and painted under the texts themselves;
// the owner of the window sees to it that they are gone some 20 s after the
// visit (cmd/kiosk, toolkit.go). Titles of the record itself are shown in the record's language, whatever the patient chose.
package patient

import (
	"context"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"shlkiosk/sync/summary"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// Documents makes pictures of a document's pages. It is called off the Fyne
// thread and must expect the worst of the bytes.
type Documents interface {
	// Page draws page n (from 0) of a PDF at most so many pixels wide, and tells
	// how many pages may be looked at.
	Page(ctx context.Context, pdf []byte, n, width int) (page image.Image, pages int, err error)
}

// Utterance is something to be said.
type Utterance struct {
	Text    string
	Private bool // of the record: into headphones, or where the patient asked for it
}

// Options are what the window needs. Words, Metrics, Send and Now must be set.
type Options struct {
	Words     *words.Catalogue
	Metrics   kit.Metrics
	Send      func(flow.Event)
	Now       func() time.Time
	Languages []string // offered, in this order; nil: all that the catalogue has
	Clinic    string   // name of the place, on the first screen

	Documents Documents     // nil: pages cannot be looked at
	Warn      time.Duration // length of the idle warning, for its ring; default 30 s
	Straight  bool          // show the camera's picture as it is, not mirrored
	Cleared   string        // the theme in whose ground the toolkit clears the window; "" none

	// Announce is called when a screen comes up, with all that it says, and when
	// the focus moves. It interrupts what is being said. Nil: no speech.
	Announce func(all []Utterance)
	// OnRune and OnKey get what is typed where no field takes it: a wedge
	// scanner. OnKey returns true when the key belongs to a scan and must not
	// press anything.
	OnRune func(r rune)
	OnKey  func(key fyne.KeyName) bool

	// Animate calls tick on the Fyne thread with what is done of the time, 0 to
	// 1, as often as the display is painted, until stop is called; nil: screens
	// come without a transition.
	Animate func(d time.Duration, tick func(done float32)) (stop func())

	// Go runs what may take long, Do brings it back to the Fyne thread; nil: a
	// goroutine, and fyne.Do.
	Go func(f func())
	Do func(f func())
}

// Window is the patient's part of the display.
type Window struct {
	o    Options
	root *fyne.Container
	look *kit.Look

	attached  fyne.Canvas
	restoring bool // the focus is put back where it was

	state flow.State
	view  *summary.View
	words *words.Words

	drawn   shape // what the present page was built from
	built   bool
	page    page
	panel   panel
	local   int // rises when a page must be built anew for a reason of its own
	changed time.Time

	scan   *scanView
	signed time.Time // until when the sign stands that a code was read
	review *reviewing
	pass   secretEntry
	birth  birthEntry
	fact   factEntry
	where  bool

	corner   cornerTaps
	fade     *fade
	drawings kit.Drawn
}

// panel is what lies over a screen at the patient's wish.
type panel string

const (
	noPanel       panel = ""
	settingsPanel panel = "settings"
	languagePanel panel = "language"
)

// page is one built screen.
type page struct {
	frame kit.Frame
	live  func(now time.Time)     // draws what changes without building anew
	back  func()                  // Esc
	rune  func(r rune) bool       // typed text, for a field
	key   func(fyne.KeyName) bool // other keys
	close func()                  // what it started ends
	bare  bool                    // no header
}

// shape is all of the state that a page is built from. What is not in here is
// drawn by page.live.
type shape struct {
	screen         flow.Screen
	visit          uint64
	settings       flow.Settings
	hint           flow.Reason
	expired        time.Time
	camera         flow.Camera
	aim            flow.Aim // where the page depends on it
	have, of       int
	wrong          bool
	left           int
	pace           flow.Pace
	read           bool // the sign that a code was read
	who            flow.WhoFor
	reason         flow.Reason
	retry          bool
	receipt        string
	until          time.Time
	warning        bool
	panel          panel
	local          int
	hasView, where bool
}

// New makes the window's content. It draws nothing before the first Render.
func New(o Options) *Window {
	if o.Languages == nil {
		for _, l := range o.Words.Languages() {
			o.Languages = append(o.Languages, l.Tag)
		}
	}
	if o.Warn <= 0 {
		o.Warn = 30 * time.Second
	}
	if o.Go == nil {
		o.Go = func(f func()) { go f() }
	}
	if o.Do == nil {
		o.Do = fyne.Do
	}
	w := &Window{o: o}
	w.root = container.NewStack()
	return w
}

// Content is what to put into the window.
func (w *Window) Content() fyne.CanvasObject { return w.root }

// LeftOut are the keys of the items that the patient wants to leave out, for
// the import. It is empty after the visit.
func (w *Window) LeftOut() []string {
	if w.review == nil {
		return nil
	}
	return w.review.out()
}

// Resize takes a new display, as when a window is made larger.
func (w *Window) Resize(m kit.Metrics) {
	if m == w.o.Metrics {
		return
	}
	w.o.Metrics = m
	w.local++
	if w.built {
		w.Render(w.state, w.view)
	}
}
