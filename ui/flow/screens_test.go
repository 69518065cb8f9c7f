package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/phi"
)

// way brings a walk to a screen by the shortest road.
func way(t *testing.T, o Options, to Screen) *walk {
	t.Helper()
	w := newWalk(New(o))
	link := []Event{Press{ActStart}, Scanned{Kind: CodeLink}}
	review := append(slices.Clone(link), Fetched{1})
	identity := append(slices.Clone(review), Press{ActContinue}, WhoChosen{ForSelf})
	consent := append(slices.Clone(identity), FactsGiven{BirthDate: "1971-05-06"}, MatchDone{1, OutcomeChart})
	roads := map[Screen][]Event{
		Attract: nil, Scan: link[:1], Fetching: link, Review: review, Who: review[:3], Identity: identity,
		Passcode:     {Press{ActStart}, Scanned{Kind: CodeLink, Passcode: true}},
		Wait:         append(slices.Clone(link), FetchFailed{Visit: 1, Wait: 20 * time.Second}),
		Fact:         append(slices.Clone(identity), FactsGiven{BirthDate: "1971-05-06"}),
		Matching:     append(slices.Clone(identity), FactsGiven{BirthDate: "1971-05-06"}),
		Consent:      consent,
		Sending:      append(slices.Clone(consent), Press{ActYes}),
		Done:         append(slices.Clone(consent), Press{ActYes}, Stored{1, "K7-42"}),
		Trouble:      append(slices.Clone(link), FetchFailed{Visit: 1, Reason: "dns", Retry: true}),
		Desk:         {Press{ActStart}, Press{ActHelp}},
		OutOfService: {HealthChanged{"camera-missing"}},
		StaffLogin:   {StaffAsked{}},
		Staff:        {StaffAsked{}, StaffIn{}},
	}
	roads[Who] = append(slices.Clone(review), Press{ActContinue})
	road, ok := roads[to]
	if !ok {
		t.Fatalf("no road to %s", to)
	}
	w.run(road...)
	if w.s.Screen != to {
		t.Fatalf("the road to %s led to %s", to, w.s.Screen)
	}
	w.now = w.now.Add(time.Second)
	return w
}

// does names the effects of the last step, in order.
func (w *walk) does() string {
	var names []string
	for _, o := range w.out {
		name := strings.TrimPrefix(fmt.Sprintf("%T", o), "flow.")
		if c, ok := o.(Chime); ok {
			name += " " + string(c.Tone)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func TestScreens(t *testing.T) {
	ask := Options{AskFact: true}
	for _, tc := range []struct {
		from Screen
		o    Options
		e    Event
		to   Screen
		does string
	}{
		{Attract, Options{}, Press{ActStart}, Scan, "StartCamera"},
		{Attract, Options{}, Press{ActYes}, Attract, ""},
		{Attract, Options{}, Press{ActHelp}, Desk, "Wipe, HandOver, Chime notice"},
		{Attract, Options{}, Scanned{Kind: CodeLink}, Fetching, "StartCamera, Chime read, StopCamera, Resolve"},
		{Attract, Options{}, Scanned{Kind: CodeOther, Reason: "wifi"}, Scan, "StartCamera, Chime notice"},
		{Attract, Options{}, StaffAsked{}, StaffLogin, ""},
		{Attract, Options{}, HealthChanged{"key-missing"}, OutOfService, ""},

		{Scan, Options{}, Scanned{Kind: CodeLink}, Fetching, "Chime read, StopCamera, Resolve"},
		{Scan, Options{}, Scanned{Kind: CodeLink, Passcode: true}, Passcode, "Chime read, StopCamera"},
		{Scan, Options{}, Scanned{Kind: CodeCard}, Fetching, "Chime read, StopCamera, Resolve"},
		{Scan, Options{}, Scanned{Kind: CodePart, Have: 1, Of: 3}, Scan, "Chime read"},
		{Scan, Options{}, Scanned{Kind: CodePart}, Scan, ""},
		{Scan, Options{}, Scanned{Kind: CodeOther, Reason: "expired"}, Scan, "Chime notice"},
		{Scan, Options{}, Press{ActBack}, Attract, "StopCamera, Wipe"},
		{Scan, Options{}, Press{ActCancel}, Attract, "StopCamera, Wipe"},
		{Scan, Options{}, Press{ActHelp}, Desk, "StopCamera, Wipe, HandOver, Chime notice"},
		{Scan, Options{}, HealthChanged{"key-missing"}, Scan, ""},
		{Scan, Options{}, StaffAsked{}, StaffLogin, "StopCamera, Wipe"},

		{Passcode, Options{}, PasscodeGiven{phi.SecretFromString("1234")}, Fetching, "Resolve"},
		{Passcode, Options{}, PasscodeGiven{}, Passcode, ""},
		{Passcode, Options{}, Press{ActBack}, Scan, "Wipe, StartCamera"},
		{Passcode, Options{}, Scanned{Kind: CodeLink}, Passcode, ""},

		{Fetching, Options{}, Fetched{1}, Review, "Chime read"},
		{Fetching, Options{}, FetchFailed{Visit: 1, Passcode: true, Left: -1}, Passcode, ""},
		{Fetching, Options{}, FetchFailed{Visit: 1, Passcode: true, Wrong: true, Left: 3}, Passcode, "Chime notice"},
		{Fetching, Options{}, FetchFailed{Visit: 1, Passcode: true, Wrong: true, Left: 0}, Desk,
			"StopFetch, Wipe, HandOver, Chime notice"},
		{Fetching, Options{}, FetchFailed{Visit: 1, Wait: 2 * time.Minute}, Wait, ""},
		{Fetching, Options{}, FetchFailed{Visit: 1, Wait: 2*time.Minute + 1}, Desk, "StopFetch, Wipe, HandOver, Chime notice"},
		{Fetching, Options{}, FetchFailed{Visit: 1, Reason: "dns", Retry: true}, Trouble,
			"StopFetch, Wipe, HandOver, Chime notice"},
		{Fetching, Options{}, FetchFailed{Visit: 1, Reason: "expired"}, Desk, "StopFetch, Wipe, HandOver, Chime notice"},
		{Fetching, Options{}, Press{ActBack}, Fetching, ""}, // the way out is offered at 8 s
		{Fetching, Options{}, Press{ActCancel}, Attract, "StopFetch, Wipe"},

		{Wait, Options{}, Press{ActBack}, Scan, "StopFetch, Wipe, StartCamera"},
		{Wait, Options{}, Fetched{1}, Wait, ""},

		{Review, Options{}, Press{ActContinue}, Who, ""},
		{Review, Options{}, Press{ActNotMine}, Attract, "Wipe"},
		{Review, Options{}, Press{ActBack}, Scan, "Wipe, StartCamera"},
		{Review, Options{}, Press{ActHelp}, Desk, "Wipe, HandOver, Chime notice"},
		{Who, Options{}, WhoChosen{ForOther}, Identity, ""},
		{Who, Options{}, WhoChosen{"dog"}, Who, ""},
		{Who, Options{}, Press{ActBack}, Review, ""},
		{Identity, Options{}, FactsGiven{BirthDate: "1971-05-06"}, Matching, "MatchPerson"},
		{Identity, Options{}, FactsGiven{}, Identity, ""},
		{Identity, ask, FactsGiven{BirthDate: "1971-05-06"}, Fact, "KeepFacts"},
		{Identity, Options{}, Press{ActBack}, Who, ""},
		{Fact, ask, FactsGiven{Second: "02115"}, Matching, "MatchPerson"},
		{Fact, ask, Press{ActContinue}, Matching, "MatchPerson"},
		{Fact, ask, Press{ActBack}, Identity, ""},
		{Matching, Options{}, MatchDone{1, OutcomeNew}, Consent, ""},
		{Matching, Options{}, MatchDone{1, OutcomeRefused}, Desk, "StopFetch, Wipe, HandOver, Chime notice"},

		{Consent, Options{}, Press{ActYes}, Sending, "Store"},
		{Consent, Options{}, Press{ActNo}, Attract, "Wipe"},
		{Consent, Options{}, Press{ActBack}, Identity, ""},
		{Consent, Options{}, Press{ActContinue}, Consent, ""},
		{Sending, Options{}, Stored{1, "K7-42"}, Done, "Wipe, Chime done"},
		{Sending, Options{}, StoreFailed{1, "disk-full"}, Desk, "Wipe, HandOver, Chime notice"},
		{Sending, Options{}, Press{ActCancel}, Sending, ""},
		{Sending, Options{}, Press{ActHelp}, Sending, ""},
		{Sending, Options{}, StaffAsked{}, Sending, ""},
		{Done, Options{}, Press{ActFinish}, Attract, ""},
		{Done, Options{}, StaffAsked{}, StaffLogin, ""},

		{Trouble, Options{}, Press{ActRetry}, Scan, "StartCamera"},
		{Trouble, Options{}, Press{ActFinish}, Attract, ""},
		{Trouble, Options{}, ReceiptMade{1, "K7-42"}, Trouble, ""},
		{Desk, Options{}, Press{ActRetry}, Desk, ""},
		{Desk, Options{}, Press{ActFinish}, Attract, ""},
		{OutOfService, Options{}, HealthChanged{}, Attract, ""},
		{OutOfService, Options{}, Press{ActStart}, OutOfService, ""},
		{OutOfService, Options{}, StaffAsked{}, StaffLogin, ""},

		{StaffLogin, Options{}, StaffIn{}, Staff, "OpenStaff"},
		{StaffLogin, Options{}, StaffOut{}, Attract, ""},
		{StaffLogin, Options{}, Press{ActCancel}, Attract, ""},
		{Staff, Options{}, StaffOut{}, Attract, "CloseStaff"},
		{Staff, Options{}, Scanned{Kind: CodeLink}, Staff, ""},
		{Staff, Options{}, Press{ActStart}, Staff, ""},
	} {
		t.Run(fmt.Sprintf("%s/%T%+v", tc.from, tc.e, tc.e), func(t *testing.T) {
			w := way(t, tc.o, tc.from)
			w.run(tc.e)
			if w.s.Screen != tc.to || w.does() != tc.does {
				t.Errorf("led to %s doing %q, want %s doing %q", w.s.Screen, w.does(), tc.to, tc.does)
			}
		})
	}
}

// Every screen that waits for a person is left by time alone, at its own limit
// and not before, and "more time" makes that limit ten times as long.
func TestLimitsAndMoreTime(t *testing.T) {
	for _, tc := range []struct {
		on      Screen
		limit   time.Duration
		to      Screen // after the limit
		warns   bool
		more    bool // more time counts here
		askFact bool
	}{
		{Scan, 60 * time.Second, Scan, true, true, false},
		{Passcode, 60 * time.Second, Passcode, true, true, false},
		{Review, 120 * time.Second, Review, true, true, false},
		{Who, 120 * time.Second, Who, true, true, false},
		{Identity, 120 * time.Second, Identity, true, true, false},
		{Fact, 120 * time.Second, Fact, true, true, true},
		{Consent, 120 * time.Second, Consent, true, true, false},
		{Done, 10 * time.Second, Attract, false, true, false},
		{Desk, 15 * time.Second, Attract, false, true, false},
		{Trouble, 15 * time.Second, Attract, false, true, false},
		{Fetching, 30 * time.Second, Trouble, false, false, false},
		{Matching, 10 * time.Second, Consent, false, false, false},
		{Sending, 5 * time.Second, Desk, false, false, false},
		{StaffLogin, 120 * time.Second, Attract, false, false, false},
		{Staff, 120 * time.Second, Attract, false, false, false},
	} {
		for _, more := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s more=%v", tc.on, more), func(t *testing.T) {
				w := way(t, Options{AskFact: tc.askFact}, tc.on)
				limit := tc.limit
				if more {
					settings := w.s.Settings
					settings.MoreTime = true
					w.step(0, Set{settings})
					if tc.more {
						limit *= 10
					}
				}
				from := w.s.Entered
				if tc.limit == w.m.idle(w.s) || w.m.shown(w.s) > 0 || tc.warns || tc.on.ForStaff() {
					from = w.s.Active
				}
				s, out := w.m.Step(w.s, Tick{}, from.Add(limit-time.Millisecond))
				if s.Screen != tc.on || s.Warning() || len(out) > 0 {
					t.Fatalf("before %v: %s, warning %v, %v", limit, s.Screen, s.Warning(), out)
				}
				s, _ = w.m.Step(w.s, Tick{}, from.Add(limit))
				if s.Screen != tc.to || s.Warning() != tc.warns {
					t.Errorf("at %v: %s, warning %v, want %s, %v", limit, s.Screen, s.Warning(), tc.to, tc.warns)
				}
			})
		}
	}
}

func TestTheWarningSwallowsThePress(t *testing.T) {
	w := way(t, Options{}, Consent)
	w.step(2*time.Minute, Tick{})
	for _, a := range []Action{ActStay, ActYes, ActNo, ActBack, ActContinue} {
		s, out := w.m.Step(w.s, Press{a}, w.now.Add(time.Second))
		if s.Screen != Consent || s.Warning() || len(out) != 0 || s.Extensions != w.s.Extensions+1 {
			t.Errorf("%s under the warning led to %s doing %v", a, s.Screen, out)
		}
	}
	if s, _ := w.m.Step(w.s, Press{ActCancel}, w.now.Add(time.Second)); s.Screen != Attract {
		t.Errorf("cancel under the warning led to %s", s.Screen)
	}
	if s, _ := w.m.Step(w.s, Touched{}, w.now.Add(time.Second)); s.Warning() || s.Screen != Consent {
		t.Error("a touch did not answer the warning")
	}
}

func TestAWaitThatNeverEndsGoesToTheDesk(t *testing.T) {
	w := way(t, Options{}, Fetching)
	for range mostWaits {
		w.run(FetchFailed{Visit: 1, Wait: 20 * time.Second})
		if w.s.Screen != Wait || w.s.Until != w.now.Add(20*time.Second) {
			t.Fatalf("on %s until %v", w.s.Screen, w.s.Until)
		}
		w.step(19*time.Second, Tick{})
		if w.s.Screen != Wait {
			t.Fatal("asked too early")
		}
		w.step(time.Second, Tick{})
		if w.s.Screen != Fetching || w.does() != "Resolve" {
			t.Fatalf("after the wait on %s doing %q", w.s.Screen, w.does())
		}
	}
	w.run(FetchFailed{Visit: 1, Wait: 20 * time.Second})
	if w.s.Screen != Desk || w.s.Reason != ReasonLongWait {
		t.Errorf("on %s for %q, want the desk", w.s.Screen, w.s.Reason)
	}
}

// A passcode is never sent twice for one press: after a wait it is typed anew.
func TestAfterAWaitThePasscodeIsTypedAnew(t *testing.T) {
	w := way(t, Options{}, Passcode)
	w.run(PasscodeGiven{phi.SecretFromString("1234")}, FetchFailed{Visit: 1, Wait: 2 * time.Second}, Tick{}, Tick{})
	if w.s.Screen != Passcode || w.s.Wrong {
		t.Errorf("on %s, wrong %v", w.s.Screen, w.s.Wrong)
	}
}

func TestPaceOfAWorkingScreen(t *testing.T) {
	for _, on := range []Screen{Fetching, Matching} {
		w := way(t, Options{}, on)
		for _, tc := range []struct {
			after time.Duration
			want  Pace
		}{{0, PaceFresh}, {calmAfter - 1, PaceFresh}, {calmAfter, PaceCalm}, {wayOutAfter - 1, PaceCalm}, {wayOutAfter, PaceWayOut}} {
			if s, _ := w.m.Step(w.s, Tick{}, w.s.Entered.Add(tc.after)); s.Pace != tc.want {
				t.Errorf("%s after %v: pace %d, want %d", on, tc.after, s.Pace, tc.want)
			}
		}
	}
	w := way(t, Options{}, Fetching)
	w.step(wayOutAfter, Tick{})
	w.run(Press{ActBack})
	if w.s.Screen != Scan || w.does() != "StopFetch, Wipe, StartCamera" {
		t.Errorf("the way out led to %s doing %q", w.s.Screen, w.does())
	}
}

func TestAHintGoesByItself(t *testing.T) {
	w := way(t, Options{}, Scan)
	ran := begin.Add(-time.Hour)
	w.run(Scanned{Kind: CodeOther, Reason: "expired", ExpiredAt: ran})
	if w.s.Hint != "expired" || w.s.ExpiredAt != ran {
		t.Fatalf("hint %q at %v", w.s.Hint, w.s.ExpiredAt)
	}
	w.step(time.Second, Scanned{Kind: CodeOther, Reason: "expired", ExpiredAt: ran})
	if w.does() != "" {
		t.Errorf("the same code in the picture again does %q", w.does())
	}
	w.step(hintFor, Tick{})
	if w.s.Hint != ReasonNone || !w.s.ExpiredAt.IsZero() {
		t.Errorf("hint %q is still there", w.s.Hint)
	}
	w.run(Scanned{Kind: CodeOther, Reason: "wifi"}, Press{ActDismiss})
	if w.s.Hint != ReasonNone || w.s.Screen != Scan {
		t.Errorf("hint %q on %s after it was dismissed", w.s.Hint, w.s.Screen)
	}
}

// Trying again keeps the language and the size: nobody wants to choose twice.
func TestAgainKeepsTheSettings(t *testing.T) {
	w := newWalk(New(Options{Languages: []string{"en", "vi"}}))
	mine := Settings{Language: "vi", Size: 200, Theme: "grey", Speech: true, MoreTime: true}
	w.run(Set{mine}, Press{ActStart}, Scanned{Kind: CodeLink}, FetchFailed{Visit: 1, Retry: true, Reason: "dns"}, Press{ActRetry})
	if w.s.Screen != Scan || w.s.Settings != mine || w.s.Visit != 2 {
		t.Errorf("on %s, visit %d with %+v", w.s.Screen, w.s.Visit, w.s.Settings)
	}
	w.run(Press{ActCancel})
	if want := w.m.Start(begin).Settings; w.s.Settings != want {
		t.Errorf("settings %+v after the visit, want %+v", w.s.Settings, want)
	}
}

func TestOutOfServiceWaitsForTheEndOfTheVisit(t *testing.T) {
	w := way(t, Options{}, Review)
	w.run(HealthChanged{"key-missing"})
	if w.s.Screen != Review {
		t.Fatalf("the visit was cut off: %s", w.s.Screen)
	}
	w.run(Press{ActNotMine})
	if w.s.Screen != OutOfService || w.s.Reason != "key-missing" || w.s.Held != 0 {
		t.Errorf("after the visit %s for %q", w.s.Screen, w.s.Reason)
	}
	w.run(HealthChanged{})
	if w.s.Screen != Attract {
		t.Errorf("in good health %s", w.s.Screen)
	}
}

func TestStepsOnlyRise(t *testing.T) {
	last := 0
	for _, s := range Screens()[1:13] { // Scan to Done, as declared
		if s.Step() < last || s.Step() > Steps {
			t.Errorf("%s is step %d after %d", s, s.Step(), last)
		}
		last = s.Step()
	}
	if last != Steps || Attract.Step() != 0 || Desk.Step() != 0 {
		t.Error("the way does not end at its last step")
	}
}

func BenchmarkStep(b *testing.B) {
	m := New(Options{})
	s := m.Start(begin)
	for b.Loop() {
		_, _ = m.Step(s, Tick{}, begin.Add(time.Second))
	}
}
