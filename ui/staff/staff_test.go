package staff

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"shlkiosk/ui/kit"
)

// deskPanel is the display of most tests: few pixels, so that they are drawn
// fast.
var deskPanel = kit.Metrics{WidthMM: 476, WidthPx: 1190, HeightPx: 670}

// TestScreens walks by every screen, and writes pictures where SCREENS_OUT
// names a folder (make screens). A word that is missing fails in newBench.
func TestScreens(t *testing.T) {
	for _, tc := range []struct {
		name  string
		m     kit.Metrics
		theme string
	}{{"21", kit.Metrics{WidthMM: 476, WidthPx: 1920, HeightPx: 1080}, "light"}, {"laptop", kit.Metrics{WidthMM: 344, WidthPx: 1366, HeightPx: 768}, "white-on-black"}} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, tc.m, tc.theme, sample())
			picture(t, b, tc.name+"_login")
			b.loggedIn()
			picture(t, b, tc.name+"_queue")
			b.choose("1")
			picture(t, b, tc.name+"_chosen")
			b.press("case.open")
			picture(t, b, tc.name+"_case")
			b.press("match.use Patient/4711")
			picture(t, b, tc.name+"_sure")
			all := *b.queue.open
			b.queue.open.Receipt, b.queue.open.Changes, b.queue.open.Proposals = nil, nil, nil // as before a delivery
			b.drawCase()
			b.scrolls["case"].ScrollToBottom()
			picture(t, b, tc.name+"_preview")
			*b.queue.open = all
			b.desk.detail.Candidates, b.desk.detail.MayCreate = nil, false
			b.choose("6")
			b.press("case.open")
			picture(t, b, tc.name+"_receipt")
			b.key(fyne.KeyF3)
			picture(t, b, tc.name+"_diagnostics")
			b.key(fyne.KeyF4)
			b.press("group-camera")
			picture(t, b, tc.name+"_settings")
			b.key(fyne.KeyF6)
			picture(t, b, tc.name+"_paste")
		})
	}
}

// names are what only an open case may show.
var names = []string{"Jessica", "Argonaut", "1971", "Washtenaw", "555", "Penicillin", "Metformin"}

func TestNoNameBeforeACaseIsOpenedNorAfter(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample())
	clean := func(when string) {
		t.Helper()
		s := b.texts()
		for _, n := range names {
			if strings.Contains(s, n) {
				t.Errorf("%s: %q can be read", when, n)
			}
		}
	}
	clean("login")
	b.loggedIn()
	if !strings.Contains(b.texts(), "K7-42") {
		t.Fatal("the queue is not shown")
	}
	clean("queue")
	b.choose("1")
	clean("chosen")
	if slices.Contains(b.desk.did, "open 1") {
		t.Error("asked for the case before it was opened")
	}
	b.press("case.open")
	s := b.texts()
	for _, n := range names {
		if !strings.Contains(s, n) {
			t.Errorf("open: %q cannot be read", n)
		}
	}
	b.press("case.close")
	clean("closed")
	b.press("case.open")
	b.choose("2")
	clean("another chosen")
	b.choose("1")
	b.press("case.open")
	b.key(fyne.KeyF3)
	clean("diagnostics")
	b.key(fyne.KeyF2)
	b.Close()
	clean("logged out")
}

func TestChoosingAChartTakesTwoPresses(t *testing.T) {
	for name, want := range map[string]string{"match.use Patient/4712": "chart 1 Patient/4712", "match.new": "new 1",
		"match.reject": "reject 1", "case.discard": "discard 1"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, deskPanel, "light", sample()).loggedIn()
			b.choose("1")
			b.press("case.open")
			before := len(b.desk.did)
			b.press(name)
			if len(b.desk.did) != before {
				t.Fatalf("one press did %v", b.desk.did[before:])
			}
			b.press(name)
			if got := b.desk.did[before:]; !slices.Equal(got, []string{want}) {
				t.Errorf("did %v, want %s", got, want)
			}
			if b.queue.open != nil {
				t.Error("the case is still open")
			}
		})
	}
	// the second press must be on the same button
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.choose("1")
	b.press("case.open")
	before := len(b.desk.did)
	b.press("match.use Patient/4711")
	b.press("match.use Patient/4712")
	if len(b.desk.did) != before {
		t.Errorf("did %v", b.desk.did[before:])
	}
}

func TestDifferencesAreNotByColourAlone(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.choose("1")
	b.press("case.open")
	s := b.texts()
	for _, word := range []string{"agrees", "nearly", "differs", "not given", "twin, sibling", "Score", "is new", "there already"} {
		if !strings.Contains(strings.ToLower(s), strings.ToLower(word)) {
			t.Errorf("%q cannot be read", word)
		}
	}
}

func TestDeedsOfTheQueue(t *testing.T) {
	for _, tc := range []struct{ id, press, want string }{
		{"1", "case.retry", "retry 1"}, {"4", "case.park", "park 4"}, {"4", "case.retry", "retry 4"}, {"6", "case.export", "export 6"},
	} {
		b := newBench(t, deskPanel, "light", sample()).loggedIn()
		b.choose(tc.id)
		b.press(tc.press)
		if got := b.desk.did[len(b.desk.did)-1]; got != tc.want {
			t.Errorf("%s on %s did %q", tc.press, tc.id, got)
		}
		if b.said == "" {
			t.Errorf("%s on %s said nothing", tc.press, tc.id)
		}
	}
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	for id, not := range map[string][]string{"5": {"case.retry", "case.park", "case.discard"}, "6": {"case.retry", "case.discard"},
		"8": {"case.open", "case.retry", "case.export"}, "3": {"case.open", "case.retry"}} {
		b.choose(id)
		for _, n := range not {
			if b.has(n) {
				t.Errorf("%s is offered %s", id, n)
			}
		}
	}
}

func TestProposals(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.choose("1")
	b.press("case.open")
	b.press("staff.proposal.decline p1")
	if !slices.Contains(b.desk.did, "decline 1 p1") || b.queue.open == nil {
		t.Errorf("did %v", b.desk.did)
	}
	if b.has("staff.proposal.accept p2") {
		t.Error("a decided proposal can be decided again")
	}
}

func TestFilterAndSearch(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	codes := func() (out []string) {
		for _, c := range b.queue.matches() {
			out = append(out, c.Code)
		}
		return out
	}
	for f, want := range map[filter][]string{filterWaits: {"K7-42", "M2-81", "A9-15"}, filterMoves: {"C4-77", "B3-30", "E1-19"},
		filterDone: {"D8-02", "F6-64"}} {
		b.press("filter-" + string(f))
		if got := codes(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", f, got, want)
		}
	}
	for typed, want := range map[string][]string{"d802": {"D8-02"}, "K7-4": {"K7-42"}, "zz": nil} {
		b.queue.search = typed
		if got := codes(); !slices.Equal(got, want) {
			t.Errorf("search %q: %v, want %v", typed, got, want)
		}
	}
}

func TestTheQueueIsAskedAnewAndKeepsWhatIsChosen(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.choose("1")
	b.press("case.open")
	b.desk.cases = append([]Case{{ID: "9", Code: "Z1-11", State: Parked, Created: b.now}}, b.desk.cases...)
	b.now = b.now.Add(4 * time.Second)
	b.Refresh()
	if len(b.queue.all) != 8 {
		t.Error("asked too soon")
	}
	b.now = b.now.Add(time.Second)
	b.Refresh()
	if len(b.queue.all) != 9 || b.queue.chosen != "1" || b.queue.open == nil {
		t.Errorf("%d cases, chosen %q, open %v", len(b.queue.all), b.queue.chosen, b.queue.open != nil)
	}
}

func TestSettings(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.key(fyne.KeyF4)
	if p := find(b.root, "save"); !p.Disabled() {
		t.Error("nothing was changed and it can be saved")
	}
	b.settings.changes["camera.fps"] = "900"
	b.settings.changes["fhir.auth.kind"] = "bearer"
	b.draw()
	b.desk.problems = []Problem{{"camera.fps", "900 is above 120", "Write 5 to 120"}, {"fhir.auth.token_file", "missing", "Name the file"}}
	b.press("save")
	if want := map[string]string{"camera.fps": "900", "fhir.auth.kind": "bearer"}; len(b.desk.saved) != 2 || b.desk.saved["camera.fps"] != want["camera.fps"] {
		t.Errorf("saved %v", b.desk.saved)
	}
	s := b.texts()
	for _, want := range []string{"2 things are not right", "900 is above 120", "Write 5 to 120", "fhir.auth.token_file"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q cannot be read", want)
		}
	}
	if b.settings.group != "camera" || len(b.settings.changes) != 2 {
		t.Error("the changes, or the place of the first problem, are lost")
	}
	b.desk.problems = nil
	b.press("save")
	if b.said == "" || len(b.settings.changes) != 0 {
		t.Error("saved and not said so")
	}
}

func TestPaste(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.key(fyne.KeyF6)
	if p := find(b.root, "paste-open"); !p.Disabled() {
		t.Error("an empty link can be opened")
	}
	for _, e := range entries(b.root) {
		e.SetText("  shlink:/abc  ")
	}
	if strings.Contains(b.texts(), "abc") {
		t.Error("the link can be read")
	}
	b.press("paste-open")
	if b.pasted != "shlink:/abc" {
		t.Errorf("pasted %q", b.pasted)
	}
	for _, e := range entries(b.root) {
		if e.Text != "" {
			t.Error("the link is still in the entry")
		}
	}
}

func TestErrorsSayWhatToDoAndNothingElse(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	b.choose("1")
	b.desk.err = errTest
	b.press("case.retry")
	if s := b.texts(); strings.Contains(s, "stairs") || !strings.Contains(s, "This did not work") {
		t.Error("an unknown error is shown, or nothing is said")
	}
	b.desk.err = &Error{Reason: "being-sent"}
	b.press("case.retry")
	if !strings.Contains(b.texts(), "Wait a moment.") {
		t.Error("a known error has no words")
	}
	b.desk.err = &Error{Reason: "session-ended"}
	b.press("case.retry")
	if b.at != viewLogin || !strings.Contains(b.texts(), "You were logged out.") {
		t.Error("the end of the session is not said")
	}
}

// An answer that comes after the view was left is dropped.
func TestLateAnswersAreDropped(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	var later []func()
	b.o.Go = func(f func()) { later = append(later, f) }
	b.choose("1")
	b.openCase()
	ctx := b.ctx
	b.Close()
	if ctx.Err() == nil {
		t.Error("the question is still being asked")
	}
	for _, f := range later {
		f()
	}
	if b.queue.open != nil || b.at != viewLogin || b.who.ID != "" {
		t.Error("a case opened after the logout")
	}
}

func TestEveryPressIsASignOfLife(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample())
	before := b.touch
	b.press("who-ana")
	b.write("1")
	if b.touch < before+2 {
		t.Errorf("%d signs of life", b.touch-before)
	}
	b.key(fyne.KeyBackspace)
	b.loggedIn()
	before = b.touch
	b.choose("1")
	b.key(fyne.KeyF3)
	b.press("pause")
	if b.touch < before+3 || !slices.Contains(b.desk.did, "pause") {
		t.Errorf("%d signs of life, did %v", b.touch-before, b.desk.did)
	}
	b.key(fyne.KeyF10)
	if b.done != 1 {
		t.Error("F10 does not end it")
	}
}

// The way without a mouse: arrows choose, Enter opens, function keys go
// anywhere, also out of a field that is typed into.
func TestKeyboardAlone(t *testing.T) {
	b := newBench(t, deskPanel, "light", sample()).loggedIn()
	press := func(name fyne.KeyName) {
		t.Helper()
		if f := b.canvas.Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: name})
		} else {
			b.key(name)
		}
	}
	b.canvas.Focus(b.queue.box)
	press(fyne.KeyDown)
	press(fyne.KeyDown)
	if b.queue.chosen != "1" {
		t.Fatalf("chosen %q", b.queue.chosen)
	}
	press(fyne.KeyDown)
	press(fyne.KeyDown)
	press(fyne.KeyDown)
	if b.queue.chosen != "3" {
		t.Errorf("chosen %q at the end", b.queue.chosen)
	}
	press(fyne.KeyUp)
	press(fyne.KeyReturn)
	if b.queue.chosen != "2" || b.queue.open == nil || b.listFocus() != "list" {
		t.Errorf("chosen %q, open %v, focus %q", b.queue.chosen, b.queue.open != nil, b.listFocus())
	}
	press(fyne.KeyEscape)
	if b.queue.open != nil || b.listFocus() != "list" {
		t.Errorf("open %v, focus %q after Esc", b.queue.open != nil, b.listFocus())
	}
	b.now = b.now.Add(10 * time.Second)
	b.desk.cases = append([]Case{{ID: "9", Code: "Z1-11", State: Parked, Created: b.now}}, b.desk.cases...)
	b.Refresh()
	if b.listFocus() != "list" || b.queue.chosen != "2" {
		t.Error("the list lost its focus when the queue was asked anew")
	}
	press(fyne.KeyReturn)
	b.canvas.Focus(find(b.root, "match.use Patient/4711"))
	press(fyne.KeyReturn)
	press(fyne.KeyReturn)
	if got := b.desk.did[len(b.desk.did)-1]; got != "chart 2 Patient/4711" {
		t.Errorf("two presses of Enter did %q", got)
	}
	press(fyne.KeyF4)
	b.canvas.Focus(firstField(b.root))
	press(fyne.KeyF2)
	if b.at != viewQueue {
		t.Error("a field keeps the function keys")
	}
}

// firstField is the first field to type into.
func firstField(o fyne.CanvasObject) fyne.Focusable {
	switch o := o.(type) {
	case *entry:
		return o
	case *fyne.Container:
		for _, c := range o.Objects {
			if f := firstField(c); f != nil {
				return f
			}
		}
	case *container.Scroll:
		return firstField(o.Content)
	case kit.Made:
		for _, c := range o.Parts() {
			if f := firstField(c); f != nil {
				return f
			}
		}
	}
	return nil
}
