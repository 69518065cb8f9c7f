package staff

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// Options are what the staff screens need. Desk, Words, Metrics, Now and Done
// must be set.
type Options struct {
	Desk     Desk
	Words    *words.Catalogue
	Language string // of the clinic; "" English
	Metrics  kit.Metrics
	Theme    string // palette; "" light
	Now      func() time.Time

	In      func()            // somebody logged in
	Done    func()            // staff are done; the owner closes the screens
	Touched func()            // a sign of life, for the idle limit
	OnPaste func(text string) // a link that staff pasted for a patient; nil: no such tab

	// Go runs what may take long, Do brings it back to the Fyne thread; nil: a
	// goroutine, and fyne.Do.
	Go func(f func())
	Do func(f func())
}

// view is a page of the staff screens.
type view string

const (
	viewLogin       view = "login"
	viewQueue       view = "queue"
	viewDiagnostics view = "diagnostics"
	viewSettings    view = "settings"
	viewPaste       view = "paste"
)

// Window is the staff's part of the display.
type Window struct {
	o    Options
	root *fyne.Container
	look *kit.Look
	t    *words.Words

	at     view
	who    Person
	gen    uint64             // rises when a view is left; answers to an older one are dropped
	ctx    context.Context    // of the present view
	cancel context.CancelFunc // ends it
	err    string             // what went wrong last, in words
	said   string             // what went well last, in words

	login       loginView
	queue       queueView
	diagnostics diagnosticsView
	settings    settingsView
	canvas      fyne.Canvas
	themed      *container.ThemeOverride
	later       func()                       // what waits until the page is on the canvas
	scrolls     map[string]*container.Scroll // by name, of the present view
}

// New makes the staff screens, at the login.
func New(o Options) *Window {
	if o.Go == nil {
		o.Go = func(f func()) { go f() }
	}
	if o.Do == nil {
		o.Do = fyne.Do
	}
	w := &Window{o: o, root: container.NewStack(), t: o.Words.In(o.Language)}
	w.look = kit.NewDenseLook(o.Metrics, kit.PaletteOf(o.Theme))
	w.themed = container.NewThemeOverride(w.root, w.look.Theme())
	w.look.Hear = &kit.Hear{Touched: w.touched, Rune: w.typed, Key: w.key}
	w.show(viewLogin)
	return w
}

// Content is what to put into the window.
func (w *Window) Content() fyne.CanvasObject { return w.themed }

// Theme is the look for Fyne's own widgets. Set it as the app's theme while
// the staff screens are shown: a list makes its rows late, and an override
// alone does not reach them.
func (w *Window) Theme() fyne.Theme { return w.look.Theme() }

// Attach takes the keys of a canvas while the staff screens are shown.
func (w *Window) Attach(c fyne.Canvas) {
	w.canvas = c
	c.SetOnTypedKey(func(e *fyne.KeyEvent) { w.key(e.Name) })
	c.SetOnTypedRune(w.typed)
}

// Close logs out and drops all that was shown. The window is at the login
// again.
func (w *Window) Close() {
	if w.who != (Person{}) {
		desk := w.o.Desk
		w.o.Go(func() { desk.Logout(context.Background()) })
	}
	w.who = Person{}
	w.queue, w.diagnostics, w.settings = queueView{}, diagnosticsView{}, settingsView{}
	w.show(viewLogin)
}

// Refresh asks anew for what changes by itself: the queue every five seconds,
// diagnostics every second. Call it a few times a second.
func (w *Window) Refresh() {
	now := w.o.Now()
	switch w.at {
	case viewLogin:
		w.login.countdown(w, now)
	case viewQueue:
		if now.Sub(w.queue.asked) >= 5*time.Second {
			w.askCases()
		}
	case viewDiagnostics:
		if now.Sub(w.diagnostics.asked) >= time.Second {
			w.askDiagnostics()
		}
	}
}

func (w *Window) touched() {
	if w.o.Touched != nil {
		w.o.Touched()
	}
}

// show goes to a view; what the one before asked for is of no more interest.
func (w *Window) show(v view) {
	if w.cancel != nil {
		w.cancel()
	}
	w.gen++
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.at, w.err, w.said = v, "", ""
	w.queue.opening = ""
	w.login.wipe()
	w.scrolls = nil
	switch v {
	case viewLogin:
		w.askPeople()
	case viewQueue:
		w.askCases()
	case viewDiagnostics:
		w.askDiagnostics()
	case viewSettings:
		w.askSettings()
	}
	w.draw()
}

// ask runs a question off the Fyne thread and takes its answer back on it,
// unless the view was left in between.
func ask[T any](w *Window, question func(ctx context.Context) (T, error), answer func(T)) {
	gen, ctx := w.gen, w.ctx
	w.o.Go(func() {
		got, err := question(ctx)
		w.o.Do(func() {
			if gen != w.gen {
				return
			}
			if err != nil {
				w.fail(err)
				return
			}
			answer(got)
		})
	})
}

// do is ask for a deed without an answer.
func (w *Window) do(deed func(ctx context.Context) error, then func()) {
	w.err, w.said = "", ""
	ask(w, func(ctx context.Context) (struct{}, error) { return struct{}{}, deed(ctx) }, func(struct{}) { then() })
}

// fail says what went wrong, in words. An error that is no *Error says only
// that: what it holds is for the log.
func (w *Window) fail(err error) {
	w.queue.opening = ""
	if w.queue.preview == nil {
		w.queue.against = "" // it is not being compared any more
	}
	var e *Error
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		w.err = w.t.T("staff.error.unsupported")
	case errors.As(err, &e):
		why := w.t.StaffIn(e.Reason, "desk", "ledger", "import", "key", "audit", "")
		w.err = w.t.Sentences(why.Why, why.Do)
		if e.Reason == "session-ended" {
			w.Close()
			w.err = w.t.Sentences(why.Why, why.Do)
		}
	default:
		w.err = w.t.T("staff.error")
	}
	w.draw()
}

// draw builds the present view anew.
func (w *Window) draw() {
	focus := w.focused()
	ground := canvas.NewRectangle(w.look.Palette.Ground)
	var body fyne.CanvasObject
	switch w.at {
	case viewLogin:
		body = w.loginPage()
	default:
		body = w.desk()
	}
	w.root.Objects = []fyne.CanvasObject{ground, body}
	w.themed.Refresh() // new objects take the theme only so
	if later := w.later; later != nil {
		w.later = nil
		later()
	}
	if w.canvas != nil && focus != "" {
		if p := find(w.root, focus); p != nil && !p.Disabled() {
			w.canvas.Focus(p)
		}
	}
}

// focused is the name of what has the focus, so that it stays there.
func (w *Window) focused() string {
	if w.canvas == nil {
		return ""
	}
	if p, ok := w.canvas.Focused().(kit.Pressable); ok {
		return p.Name()
	}
	return ""
}

// key is a key that nothing else took.
func (w *Window) key(name fyne.KeyName) bool {
	w.touched()
	if w.at == viewLogin {
		return w.login.key(w, name)
	}
	switch name {
	case fyne.KeyF2:
		w.show(viewQueue)
	case fyne.KeyF3:
		w.show(viewDiagnostics)
	case fyne.KeyF4:
		w.show(viewSettings)
	case fyne.KeyF5:
		w.show(w.at)
	case fyne.KeyF6:
		if w.o.OnPaste != nil {
			w.show(viewPaste)
		}
	case fyne.KeyF10:
		w.o.Done()
	case fyne.KeyEscape:
		if w.at == viewQueue && w.queue.open != nil {
			w.closeCase()
		}
	case fyne.KeyDown, fyne.KeyUp:
		if w.at != viewQueue || w.canvas == nil || w.canvas.Focused() != nil {
			return false
		}
		w.canvas.Focus(w.queue.list)
	default:
		return false
	}
	return true
}

func (w *Window) typed(r rune) {
	w.touched()
	if w.at == viewLogin {
		w.login.digit(w, r)
	}
}
