package patient

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"shlkiosk/sync/summary"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
)

// kiosk is the window with the real course of a visit behind it.
type kiosk struct {
	*bench
	machine *flow.Machine
	state   flow.State
	record  *summary.View
	effects []flow.Effect
}

func newKiosk(t testing.TB) *kiosk {
	k := &kiosk{bench: newBench(t, displays["21"]), record: sampleView(t)}
	k.machine = flow.New(flow.Options{Languages: k.o.Languages, AskFact: true})
	k.state = k.machine.Start(k.now)
	k.o.Send = k.event
	k.now = k.now.Add(time.Second)
	k.Render(k.state, nil)
	return k
}

func (k *kiosk) event(e flow.Event) {
	var effects []flow.Effect
	k.state, effects = k.machine.Step(k.state, e, k.now)
	k.effects = append(k.effects, effects...)
	k.Render(k.state, k.record)
}

// later lets a second go by: what comes right after a change is an accident.
func (k *kiosk) later() { k.now = k.now.Add(time.Second) }

func (k *kiosk) want(t *testing.T, s flow.Screen) {
	t.Helper()
	if k.state.Screen != s {
		t.Fatalf("on %s, want %s", k.state.Screen, s)
	}
	k.later()
}

// hands is a way to use the kiosk.
type hands interface {
	press(k *kiosk, id string) // the thing of that name
	digits(k *kiosk, s string)
}

// fingers touch.
type fingers struct{ t *testing.T }

func (f fingers) press(k *kiosk, id string) {
	f.t.Helper()
	for _, p := range kit.Pressables(k.Content()) {
		if p.Name() == id {
			b := p.(*kit.Button)
			b.MouseDown(&desktop.MouseEvent{})
			b.MouseUp(&desktop.MouseEvent{})
			test.Tap(b)
			return
		}
	}
	f.t.Fatalf("%s has no %q", k.state.Screen, id)
}

func (f fingers) digits(k *kiosk, s string) {
	for _, r := range s {
		f.press(k, "key-"+string(r))
		k.later()
	}
}

// pad is six keys: four arrows, Enter, Esc.
type pad struct{ t *testing.T }

func (p pad) key(k *kiosk, name fyne.KeyName) {
	if f := k.canvas.Focused(); f != nil {
		f.TypedKey(&fyne.KeyEvent{Name: name})
		return
	}
	k.TypedKey(name)
}

func (p pad) press(k *kiosk, id string) {
	p.t.Helper()
	for range 80 {
		if f, ok := k.canvas.Focused().(kit.Pressable); ok && f.Name() == id {
			p.key(k, fyne.KeyReturn)
			return
		}
		p.key(k, fyne.KeyRight)
	}
	p.t.Fatalf("%s: the arrows do not come to %q", k.state.Screen, id)
}

func (p pad) digits(k *kiosk, s string) {
	for _, r := range s {
		p.press(k, "key-"+string(r))
		k.later()
	}
}

// typist uses a keyboard: what is typed goes where it belongs, Enter is the main
// action, Tab reaches the rest.
type typist struct{ pad }

func (p typist) press(k *kiosk, id string) {
	p.t.Helper()
	if id == "main" {
		k.canvas.Unfocus()
		p.key(k, fyne.KeyEnter)
		return
	}
	for range 80 {
		if f, ok := k.canvas.Focused().(kit.Pressable); ok && f.Name() == id {
			p.key(k, fyne.KeySpace)
			return
		}
		k.canvas.FocusNext() // Tab
	}
	p.t.Fatalf("%s: Tab does not come to %q", k.state.Screen, id)
}

func (p typist) digits(k *kiosk, s string) {
	for _, r := range s {
		if f := k.canvas.Focused(); f != nil {
			f.TypedRune(r)
		} else {
			k.TypedRune(r)
		}
		k.later()
	}
}

// The whole way, by touch, by a pad of six keys, by keyboard alone (U16).
func TestTheWholeWay(t *testing.T) {
	for name, h := range map[string]hands{"fingers": fingers{t}, "pad": pad{t}, "keyboard": typist{pad{t}}} {
		t.Run(name, func(t *testing.T) {
			k := newKiosk(t)
			h.press(k, "main")
			k.want(t, flow.Scan)
			k.event(flow.Scanned{Kind: flow.CodeLink, Passcode: true})
			k.want(t, flow.Passcode)
			h.digits(k, "2718")
			h.press(k, "main")
			k.want(t, flow.Fetching)
			k.event(flow.Fetched{Visit: k.state.Visit})
			k.want(t, flow.Review)
			h.press(k, "section-medicines")
			k.later()
			s, _ := k.record.Section(summary.Medicines)
			h.press(k, "send-"+s.Items[1].Key)
			k.later()
			h.press(k, "main")
			k.later()
			if out := k.LeftOut(); !slices.Contains(out, s.Items[1].Key) {
				t.Errorf("left out %v, want %s among them", out, s.Items[1].Key)
			}
			h.press(k, "main")
			k.want(t, flow.Who)
			h.press(k, "who.self")
			k.want(t, flow.Identity)
			if name == "keyboard" {
				h.digits(k, "03"+"14"+"1943") // the order of English: month, day, year
			} else {
				h.press(k, "key-month-3")
				k.later()
				h.digits(k, "141943")
			}
			h.press(k, "main")
			k.want(t, flow.Fact)
			h.digits(k, "53715")
			h.press(k, "main")
			k.want(t, flow.Matching)
			k.event(flow.MatchDone{Visit: k.state.Visit, Outcome: flow.OutcomeChart})
			k.want(t, flow.Consent)
			h.press(k, "main")
			k.want(t, flow.Sending)
			k.event(flow.Stored{Visit: k.state.Visit, Receipt: "K7-42"})
			k.want(t, flow.Done)
			h.press(k, "main")
			k.want(t, flow.Attract)
			k.check(t)
		})
	}
}

// check looks at what the way left in the effects.
func (k *kiosk) check(t *testing.T) {
	t.Helper()
	var passcode, born, second string
	for _, e := range k.effects {
		switch e := e.(type) {
		case flow.Resolve:
			_ = e.Passcode.Use(func(b []byte) error { passcode = string(b); return nil })
		case flow.KeepFacts:
			born = e.BirthDate.Reveal()
		case flow.MatchPerson:
			second = e.Second.Reveal()
		}
	}
	if passcode != "2718" || born != "1943-03-14" || second != "53715" {
		t.Errorf("typed %q, %q and %q; want 2718, 1943-03-14 and 53715", passcode, born, second)
	}
}

// From every screen the start is at most two presses away, and there is a way
// to the front desk on every screen where a patient can be stuck (U17).
func TestEveryScreenIsLeftInTwoPresses(t *testing.T) {
	k := newKiosk(t)
	for _, s := range scenes() {
		if s.state.Screen == flow.Attract || s.state.Screen == flow.Sending || s.state.Screen == flow.OutOfService {
			continue // the start itself; over in five seconds; nothing to leave
		}
		k.at(s)
		var ids []string
		for _, p := range kit.Pressables(k.Content()) {
			ids = append(ids, p.Name())
		}
		// What is meant for it is tried first.
		slices.SortStableFunc(ids, func(a, b string) int { return rank(a) - rank(b) })
		if !slices.ContainsFunc(ids, func(id string) bool {
			k.at(s)
			k.later()
			fingers{t}.press(k, id)
			k.later()
			if k.state.Screen == flow.Attract {
				return true
			}
			for _, p := range kit.Pressables(k.Content()) {
				if rank(p.Name()) < len(exits) && !p.Disabled() {
					p.Do()
					break
				}
			}
			return k.state.Screen == flow.Attract
		}) {
			t.Errorf("no two presses lead from %s to the start: it has %v", s.name, ids)
		}
	}
}

// exits are the names of what leads out, the likeliest first.
var exits = []string{"finish", "not-mine", "no", "leave", "desk", "main", "back"}

func rank(id string) int {
	if i := slices.Index(exits, id); i >= 0 {
		return i
	}
	return len(exits)
}

// at puts the kiosk onto a scene, from the start.
func (k *kiosk) at(s scene) {
	k.state = k.machine.Start(k.now)
	k.Render(k.state, nil)
	st := s.state
	st.Settings = k.state.Settings
	st.Active, st.Entered = k.now, k.now.Add(-time.Minute)
	k.state = st
	k.Render(st, k.record)
	if s.do != nil {
		s.do(k.Window)
	}
}

// The front desk is one touch away wherever the flow takes the press.
func TestFrontDeskOnEveryScreen(t *testing.T) {
	without := map[flow.Screen]bool{flow.Desk: true, flow.Trouble: true, flow.Done: true, flow.Sending: true, flow.OutOfService: true}
	k := newKiosk(t)
	for _, s := range scenes() {
		k.at(s)
		var has bool
		for _, p := range kit.Pressables(k.Content()) {
			has = has || p.Name() == "desk"
		}
		if has == without[s.state.Screen] {
			t.Errorf("%s: front desk button is %v", s.name, has)
		}
		if !has {
			continue
		}
		k.later()
		fingers{t}.press(k, "desk")
		if k.state.Screen != flow.Desk {
			t.Errorf("%s: the front desk button leads to %s", s.name, k.state.Screen)
		}
	}
}

// Language and settings are one touch away on every patient's screen, and a
// change shows at once.
func TestSettingsOnEveryScreen(t *testing.T) {
	k := newKiosk(t)
	for _, s := range scenes() {
		if s.state.Warning() || s.name == "settings" || s.name == "settings-speech" || s.name == "languages" {
			continue
		}
		k.at(s)
		k.later()
		fingers{t}.press(k, "settings")
		fingers{t}.press(k, "size-150")
		fingers{t}.press(k, "theme-white-on-black")
		if set := k.state.Settings; set.Size != 150 || set.Theme != "white-on-black" || k.look.Percent != 150 || !k.look.Palette.Dark() {
			t.Errorf("%s: settings are %+v", s.name, set)
		}
		fingers{t}.press(k, "main")
		if k.panel != noPanel || k.state.Screen != s.state.Screen {
			t.Errorf("%s: closing the settings leads elsewhere", s.name)
		}
		fingers{t}.press(k, "language")
		fingers{t}.press(k, "language-en")
		if k.panel != noPanel {
			t.Errorf("%s: choosing a language leaves the chooser open", s.name)
		}
	}
}

// A press paints at once, and only one action comes of it; a key that belongs to
// a scanner presses nothing.
func TestPressing(t *testing.T) {
	b := newBench(t, displays["21"])
	b.Render(at(flow.Attract), nil)
	start := b.page.frame.Main
	before := start.Face()
	start.MouseDown(&desktop.MouseEvent{})
	if start.Face() == before {
		t.Error("a press is not painted")
	}
	start.MouseUp(&desktop.MouseEvent{})
	start.Tapped(nil)
	if got := fmt.Sprint(b.sent); got != fmt.Sprint([]flow.Event{flow.Touched{}, flow.Press{Action: flow.ActStart}}) {
		t.Errorf("one press sent %s", got)
	}
	b.sent = nil
	var runes []rune
	b.o.OnRune = func(r rune) { runes = append(runes, r) }
	b.o.OnKey = func(name fyne.KeyName) bool { return name == fyne.KeyReturn }
	b.canvas.Focus(start)
	b.sent = nil
	for _, r := range "shlink:/x" {
		start.TypedRune(r)
	}
	start.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if string(runes) != "shlink:/x" || len(b.sent) != 0 {
		t.Errorf("a scanner's text arrived as %q and sent %v", string(runes), b.sent)
	}
}

// Five touches in the corner, and no fewer, ask for staff.
func TestStaffCorner(t *testing.T) {
	b := newBench(t, displays["21"])
	b.Render(at(flow.Attract), nil)
	m := b.look.Metrics
	for i := range 5 {
		b.sent = nil
		test.TapCanvas(b.canvas, fyne.NewPos(m.Width()-4, 4))
		asked := slices.Contains(b.sent, flow.Event(flow.StaffAsked{}))
		if asked != (i == 4) {
			t.Errorf("after %d touches staff are asked for: %v", i+1, asked)
		}
		b.now = b.now.Add(400 * time.Millisecond)
	}
	for range 8 { // slowly: somebody wiping the screen
		b.sent = nil
		test.TapCanvas(b.canvas, fyne.NewPos(m.Width()-4, 4))
		if slices.Contains(b.sent, flow.Event(flow.StaffAsked{})) {
			t.Error("slow touches ask for staff")
		}
		b.now = b.now.Add(2 * time.Second)
	}
}
