package patient

import (
	"time"

	"fyne.io/fyne/v2"

	"shlkiosk/sync/summary"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// guardFor is how long a press on something of the window's own is taken for
// an accident after the picture changed (U7); the flow does the same for its.
const guardFor = 300 * time.Millisecond

// signFor is how long the sign stands that a code was read, while the record is
// already being fetched. Nothing waits for it: whatever comes next takes its
// place at once.
const signFor = 700 * time.Millisecond

// Render draws the state. View is the record as a screen shows it and is used
// on Review alone.
func (w *Window) Render(s flow.State, view *summary.View) {
	if !s.Screen.Private() {
		view = nil
	}
	w.leave(s)
	if !w.signed.IsZero() && !w.o.Now().Before(w.signed) {
		w.unsign(s)
	}
	w.state, w.view = s, view
	if view == nil {
		w.review = nil
	} else if w.review == nil {
		w.review = newReviewing(view)
	}
	want := w.shape()
	if !w.built || want != w.drawn {
		w.build(want)
	}
	if w.page.live != nil {
		w.page.live(w.o.Now())
	}
}

// leave drops what was typed and opened on a screen that is left.
func (w *Window) leave(next flow.State) {
	if !w.built || next.Screen == w.state.Screen && next.Visit == w.state.Visit {
		return
	}
	w.panel, w.where = noPanel, false
	w.pass.wipe()
	if next.Screen != flow.Identity && next.Screen != flow.Fact {
		w.birth.wipe()
	}
	w.fact.wipe()
	if next.Screen == flow.Fetching && w.state.Screen == flow.Scan && next.Visit == w.state.Visit && w.scan != nil && w.scan.read() {
		w.signed = w.o.Now().Add(signFor)
		return
	}
	w.unsign(next)
}

// unsign drops the picture where it is of no more use.
func (w *Window) unsign(next flow.State) {
	if next.Screen != flow.Scan && w.scan != nil {
		w.scan.wipe()
		w.scan = nil
	}
	w.signed = time.Time{}
}

func (w *Window) shape() shape {
	s := w.state
	v := shape{screen: s.Screen, visit: s.Visit, settings: s.Settings, who: s.Who, reason: s.Reason, retry: s.Retry,
		receipt: s.Receipt, pace: s.Pace, warning: s.Warning(), panel: w.panel, local: w.local,
		hasView: w.view != nil, where: w.where, read: !w.signed.IsZero()}
	switch s.Screen {
	case flow.Scan:
		v.hint, v.expired, v.camera, v.have, v.of = s.Hint, s.ExpiredAt, s.Camera, s.Have, s.Of
		if cramped(kit.NewLook(w.o.Metrics, kit.Light(), s.Settings.Size)) {
			v.aim = s.Aim
		}
	case flow.Passcode:
		v.wrong, v.left = s.Wrong, s.Left
	case flow.Wait:
		v.until = s.Until
	}
	return v
}

// build makes the page anew and keeps the focus where it was, if it is still
// the same screen.
func (w *Window) build(want shape) {
	canvas := w.canvas()
	focus, same := "", w.built && want.screen == w.drawn.screen && want.visit == w.drawn.visit &&
		want.warning == w.drawn.warning && want.panel == w.drawn.panel
	if canvas != nil {
		if p, ok := canvas.Focused().(kit.Pressable); ok {
			if same {
				focus = p.Name()
			}
		}
		if canvas.Focused() != nil {
			canvas.Unfocus() // the focus manager would hold the old page alive
		}
	}
	if w.page.close != nil {
		w.page.close()
	}
	for _, old := range w.root.Objects {
		kit.Forget(old) // Fyne's caches hold on to objects for a minute: they hold no words
	}
	set := w.state.Settings
	w.words = w.o.Words.In(set.Language)
	w.look = kit.NewLook(w.o.Metrics, kit.PaletteOf(set.Theme), set.Size)
	w.look.Calm, w.look.Canvas = set.Calm, w.attached
	w.look.Cleared, w.look.Drawn = w.o.Cleared == w.look.Palette.Name, &w.drawings
	w.look.Hear = &kit.Hear{Touched: w.touched, Focused: w.focused, Rune: w.TypedRune, Key: w.key}

	if !same {
		w.changed = w.o.Now()
	}
	w.page = w.compose()
	if w.page.frame.Header == nil && !w.page.bare {
		w.page.frame.Header = w.header()
	}
	content := kit.NewFrame(w.look, w.page.frame)
	w.root.Objects = []fyne.CanvasObject{content}
	if !w.state.Screen.ForStaff() {
		w.root.Objects = append(w.root.Objects, w.staffCorner())
	}
	w.root.Refresh()
	if !same {
		w.fadeIn()
	}
	fresh := !same || want.settings.Language != w.drawn.settings.Language
	w.drawn, w.built = want, true
	if canvas != nil {
		w.restoring = true // the patient did nothing: no sign of life, nothing said
		kit.FocusID(canvas, w.root, focus)
		w.restoring = false
	}
	if fresh {
		w.announce()
	}
}

// again builds the page anew at the window's own wish.
func (w *Window) again() {
	w.local++
	w.Render(w.state, w.view)
}

// elsewhere is again for a page that looks different: presses that come too
// soon after it are accidents.
func (w *Window) elsewhere() {
	w.changed = w.o.Now()
	w.again()
	w.announce()
}

// settled tells that the page has stood long enough for a press to be meant.
func (w *Window) settled() bool { return w.o.Now().Sub(w.changed) >= guardFor }

// compose picks what to draw.
func (w *Window) compose() page {
	s := w.state
	switch {
	case s.Screen.ForStaff():
		return page{frame: kit.Frame{Body: kit.Space(0)}, bare: true}
	case s.Warning():
		return w.warning()
	case w.panel == settingsPanel:
		return w.settings()
	case w.panel == languagePanel:
		return w.languages()
	}
	switch s.Screen {
	case flow.Attract:
		return w.attract()
	case flow.Scan:
		return w.scanning()
	case flow.Passcode:
		return w.passcode()
	case flow.Fetching:
		if !w.signed.IsZero() {
			return w.codeRead()
		}
		return w.working("fetching")
	case flow.Wait:
		return w.waiting()
	case flow.Review:
		return w.reviewPage()
	case flow.Who:
		return w.who()
	case flow.Identity:
		return w.identity()
	case flow.Fact:
		return w.factPage()
	case flow.Matching:
		return w.working("matching")
	case flow.Consent:
		return w.consent()
	case flow.Sending:
		return w.working("sending")
	case flow.Done:
		return w.done()
	case flow.Trouble, flow.Desk:
		return w.trouble()
	}
	return w.outOfService()
}

func (w *Window) press(a flow.Action) func() {
	return func() { w.o.Send(flow.Press{Action: a}) }
}

func (w *Window) touched() { w.o.Send(flow.Touched{}) }

// The buttons that every screen has.

func (w *Window) desk() *kit.Button {
	return kit.NewButton(w.look, kit.Secondary, w.words.T("button.desk"), kit.IconDesk, w.press(flow.ActHelp)).Named("desk")
}

func (w *Window) back() *kit.Button {
	if w.narrow() { // an arrow needs no words, and large words need the room
		return kit.NewButton(w.look, kit.Secondary, "", kit.IconBack, w.press(flow.ActBack)).Named("back").Says(w.words.T("button.back"))
	}
	return kit.NewButton(w.look, kit.Secondary, w.words.T("button.back"), kit.IconBack, w.press(flow.ActBack)).Named("back")
}

func (w *Window) mainButton(key string, icon kit.Icon, act func()) *kit.Button {
	return kit.NewButton(w.look, kit.Primary, w.words.T(key), icon, act).Named("main")
}

// pages are blocks of text and other things, one under the other.
func (w *Window) pages(blocks ...fyne.CanvasObject) *kit.Pages {
	return kit.NewPages(w.look, kit.PageWords{Up: w.words.T("button.page.up"), Down: w.words.T("button.page.down")},
		w.look.MM(5), blocks...)
}

func (w *Window) title(s string) *kit.Text { return kit.NewText(w.look, kit.Title, s) }
func (w *Window) body(s string) *kit.Text  { return kit.NewText(w.look, kit.Body, s) }
