package flow

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shlkiosk/sync/phi"
)

// Nothing is stored unless Yes was pressed on the consent screen of the same
// visit, and then once.
func TestNothingIsStoredWithoutConsent(t *testing.T) {
	stored := 0
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, before State) {
		for _, o := range w.out {
			s, ok := o.(Store)
			if !ok {
				continue
			}
			stored++
			if p, pressed := w.last.(Press); !pressed || p.Action != ActYes || before.Screen != Consent || before.Visit != s.Visit {
				t.Fatalf("Store from %s by %T:\n%s", before.Screen, w.last, strings.Join(w.trail, "\n"))
			}
			if s.Language != before.Settings.Language {
				t.Fatalf("consent recorded in %q, shown in %q", s.Language, before.Settings.Language)
			}
		}
		for visit, n := range w.stores {
			if n != 1 || !w.agreed[visit] {
				t.Fatalf("visit %d stored %d times, agreed %v", visit, n, w.agreed[visit])
			}
		}
		if w.s.Screen == Sending && !w.s.Consented {
			t.Fatal("Sending without consent in the state")
		}
	})
	if stored == 0 && !t.Failed() {
		t.Error("no walk came by the case: the test shows nothing")
	}
}

// Between two visits there is exactly one Wipe if anything of a patient's
// visit was shown, and none otherwise.
func TestExactlyOneWipeAVisit(t *testing.T) {
	wiped := 0
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, before State) {
		for visit, n := range w.wipes {
			wiped += n
			if n > 1 {
				t.Fatalf("visit %d was wiped %d times:\n%s", visit, n, strings.Join(w.trail, "\n"))
			}
		}
		for visit := range w.met {
			if visit < w.s.Visit && w.wipes[visit] != 1 {
				t.Fatalf("visit %d is over and was wiped %d times:\n%s", visit, w.wipes[visit], strings.Join(w.trail, "\n"))
			}
		}
		if w.s.Visit != before.Visit && w.s.Visit != before.Visit+1 {
			t.Fatalf("visit %d after %d", w.s.Visit, before.Visit)
		}
	})
	if wiped == 0 && !t.Failed() {
		t.Error("no walk came by the case: the test shows nothing")
	}
}

// What is held is what the table of the flow section says.
func TestWhatIsHeldOnEachScreen(t *testing.T) {
	may := map[Screen]Held{
		Scan: HeldFrames | HeldLink, Passcode: HeldLink, Fetching: HeldLink, Wait: HeldLink, Review: HeldRecord,
		Who: HeldRecord | HeldFacts, Identity: HeldRecord | HeldFacts, Fact: HeldRecord | HeldFacts,
		Matching: HeldRecord | HeldFacts, Consent: HeldRecord | HeldFacts, Sending: HeldRecord | HeldFacts,
	}
	may[Review] |= HeldFacts // back from Who after the birth date was typed
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, before State) {
		if extra := w.s.Held &^ may[w.s.Screen]; extra != 0 {
			t.Fatalf("%s holds %b:\n%s", w.s.Screen, extra, strings.Join(w.trail, "\n"))
		}
		if w.s.Wiped && w.s.Held != 0 {
			t.Fatalf("%s holds %b after the wipe", w.s.Screen, w.s.Held)
		}
		if (w.s.Screen == Scan) != (w.s.Held&HeldFrames != 0) {
			t.Fatalf("%s: frames held %v", w.s.Screen, w.s.Held&HeldFrames != 0)
		}
	})
}

// The camera is on while Scan is shown and at no other time.
func TestTheCameraIsOnOnlyWhileScanning(t *testing.T) {
	on := map[*walk]bool{}
	along(t, func(t *rapid.T, _ *rand.Rand, w *walk, _ State) {
		for _, o := range w.out {
			switch o.(type) {
			case StartCamera:
				if on[w] {
					t.Fatal("started twice")
				}
				on[w] = true
			case StopCamera:
				if !on[w] {
					t.Fatalf("stopped twice:\n%s", strings.Join(w.trail, "\n"))
				}
				on[w] = false
			}
		}
		if on[w] != (w.s.Screen == Scan) {
			t.Fatalf("camera %v on %s:\n%s", on[w], w.s.Screen, strings.Join(w.trail, "\n"))
		}
	})
}

// Whoever walks away leads the kiosk back to Attract with nothing held,
// whatever was under way: only time passes.
func TestWalkingAwayLeadsToAttract(t *testing.T) {
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, _ State) {
		away := &walk{m: w.m, s: w.s, now: w.now, wipes: map[uint64]int{}, met: map[uint64]bool{},
			stores: map[uint64]int{}, agreed: map[uint64]bool{}, handed: map[*phi.Secret]bool{}}
		limit := 10 * time.Minute
		if away.s.Settings.MoreTime {
			limit *= moreTime
		}
		home := func() bool { return away.s.Screen == Attract || away.s.Screen == OutOfService }
		for spent := time.Duration(0); spent <= limit && !home(); spent += 5 * time.Second {
			away.step(5*time.Second, Tick{})
		}
		if !home() || away.s.Held != 0 {
			t.Fatalf("left on %s holding %b after %v:\n%s", away.s.Screen, away.s.Held, limit,
				strings.Join(append(w.trail, away.trail...), "\n"))
		}
		if away.s.Screen == OutOfService && away.s.Health == ReasonNone {
			t.Fatal("out of service in good health")
		}
		if w.s.Held != 0 && len(away.wipes) != 1 {
			t.Fatalf("held %b and wiped %d visits", w.s.Held, len(away.wipes))
		}
	})
}

// A warning that is not answered ends the visit at once, with two events.
func TestIdleThenWarnExpired(t *testing.T) {
	warned := 0
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, _ State) {
		limit := w.m.idle(w.s)
		if limit == 0 || w.s.Warning() {
			return
		}
		s, _ := w.m.Step(w.s, Tick{}, w.s.Active.Add(limit-time.Millisecond))
		if s.Screen != w.s.Screen || s.Warning() {
			t.Fatalf("%s: warned before %v", w.s.Screen, limit)
		}
		at := w.s.Active.Add(limit)
		s, out := w.m.Step(w.s, Tick{}, at)
		if !s.Warning() || s.Screen != w.s.Screen || len(out) != 1 || out[0] != (Chime{ToneWarn}) {
			t.Fatalf("%s: no warning, seen and heard, after %v: %v", w.s.Screen, limit, out)
		}
		least := 20 * time.Second // WCAG 2.2.1
		if s.WarnLeft(at) < least {
			t.Fatalf("the warning lasts %v, want at least %v", s.WarnLeft(at), least)
		}
		// one simple action is enough, and as often as it takes
		for range 12 {
			stay, _ := w.m.Step(s, Press{ActStay}, at.Add(time.Second))
			if stay.Warning() || stay.Screen != w.s.Screen || stay.Held != w.s.Held {
				t.Fatalf("%s: staying did not bring it back", w.s.Screen)
			}
			at = stay.Active.Add(limit)
			s, _ = w.m.Step(stay, Tick{}, at)
			if !s.Warning() {
				t.Fatal("no second warning")
			}
		}
		gone, _ := w.m.Step(s, Tick{}, s.WarnUntil)
		if gone.Screen != Attract && gone.Screen != OutOfService || gone.Held != 0 {
			t.Fatalf("%s: the warning ran out and led to %s", w.s.Screen, gone.Screen)
		}
		warned++
	})
	if warned == 0 && !t.Failed() {
		t.Error("no walk came by the case: the test shows nothing")
	}
}

// Staff screens never open while something of a patient is held, and nothing
// of a patient is shown or done on them.
func TestStaffNeverMeetsAPatientsData(t *testing.T) {
	met := 0
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, before State) {
		if !w.s.Screen.ForStaff() {
			return
		}
		met++
		if w.s.Held != 0 || w.s.Consented || w.s.Receipt != "" || w.s.Who != "" {
			t.Fatalf("%s holds something of a patient: %+v", w.s.Screen, w.s)
		}
		if before.Screen.visit() && w.wipes[before.Visit] != 1 {
			t.Fatalf("staff came over visit %d without a wipe", before.Visit)
		}
		if w.s.Screen == Staff && before.Screen != Staff && before.Screen != StaffLogin {
			t.Fatalf("staff got in from %s without a login", before.Screen)
		}
	})
	if met == 0 && !t.Failed() {
		t.Error("no walk came by the case: the test shows nothing")
	}
}

// From every state Attract is at most two events away (out of service, when
// the kiosk cannot serve: that is where Attract would be).
func TestAttractIsTwoEventsAway(t *testing.T) {
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, _ State) {
		home := func(s State) bool {
			return s.Held == 0 && (s.Screen == Attract || s.Screen == OutOfService && s.Health != ReasonNone)
		}
		outs := []Event{Press{ActCancel}, Press{ActFinish}, StaffOut{}, HealthChanged{}, Stored{w.s.Visit, "K7-42"}, Tick{}}
		later := w.now.Add(guardFor)
		for _, first := range outs {
			one, _ := w.m.Step(w.s, first, later)
			if home(one) {
				return
			}
			for _, second := range outs {
				if two, _ := w.m.Step(one, second, later.Add(guardFor)); home(two) {
					return
				}
			}
		}
		t.Fatalf("%s: no two events lead to Attract", w.s.Screen)
	})
}

// Answers to another visit change nothing.
func TestAnswersToAnotherVisitAreDropped(t *testing.T) {
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, _ State) {
		other := w.s.Visit + uint64(one(r, []int{-1, 1, 7}))
		for _, e := range []Event{Fetched{other}, FetchFailed{Visit: other, Reason: "dns"}, MatchDone{other, OutcomeChart},
			FetchFailed{Visit: other, Passcode: true, Left: 3}, Stored{other, "K7-42"}, StoreFailed{other, "disk-full"},
			ReceiptMade{other, "K7-42"}} {
			s, out := w.m.Step(w.s, e, w.now)
			if s != w.s || len(out) != 0 {
				t.Fatalf("%s: %T of another visit did something: %v", w.s.Screen, e, out)
			}
		}
	})
}

// What a finger does within 300 ms of a new screen is an accident.
func TestPressesUnderTheFingerAreIgnored(t *testing.T) {
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, _ State) {
		at := w.s.Entered.Add(one(r, []time.Duration{0, 1, 150 * time.Millisecond, guardFor - 1}))
		if at.Before(w.s.Active) || w.s.Warning() { // something has happened since
			return
		}
		code := phi.SecretFromString("geheim")
		events := []Event{PasscodeGiven{code}, WhoChosen{ForSelf}, FactsGiven{BirthDate: "1971-05-06"}}
		for _, a := range actions {
			events = append(events, Press{a})
		}
		for _, e := range events {
			s, out := w.m.Step(w.s, e, at)
			if s != w.s || len(out) != 0 {
				t.Fatalf("%s: %T %v did something after %v: %v", w.s.Screen, e, e, at.Sub(w.s.Entered), out)
			}
		}
		if code.Len() != 0 {
			t.Fatal("the ignored passcode was not wiped")
		}
	})
}

// All settings are as at the start when a visit is over.
func TestSettingsAreResetWithTheVisit(t *testing.T) {
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, before State) {
		fresh := w.m.Start(begin).Settings
		ended := w.s.Visit != before.Visit && w.s.Screen != Scan // on Scan the same patient goes on
		if (ended || w.s.Screen.ForStaff()) && w.s.Settings != fresh {
			t.Fatalf("%s after %s: settings %+v, want %+v:\n%s", w.s.Screen, before.Screen, w.s.Settings, fresh,
				strings.Join(w.trail, "\n"))
		}
		if w.s.Screen == Attract || w.s.Screen == OutOfService { // chosen, then left
			s, _ := w.m.Step(w.s, Tick{}, w.s.Active.Add(20*time.Minute))
			if s.Settings != fresh || s.Screen != w.s.Screen {
				t.Fatalf("%s: left alone with %+v", s.Screen, s.Settings)
			}
		}
		if w.s.Settings.Size < 100 || !contains(w.m.Languages(), w.s.Settings.Language) || w.s.Settings.Theme == "plaid" {
			t.Fatalf("settings that do not exist: %+v", w.s.Settings)
		}
	})
}

// A State can be logged as it is: it has no place for what a patient gave.
func TestAStateHoldsNothingOfThePatient(t *testing.T) {
	closed := []reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[Settings]()}
	var look func(path string, typ reflect.Type)
	look = func(path string, typ reflect.Type) {
		for f := range typ.Fields() {
			switch {
			case f.Type == closed[0]:
			case f.Type == closed[1]:
				look(path+f.Name+".", f.Type)
			case f.Type.Kind() == reflect.String && f.Type.PkgPath() == "" &&
				f.Name != "Receipt" && f.Name != "Language" && f.Name != "Theme":
				t.Errorf("%s%s is free text", path, f.Name)
			case f.Type.Kind() > reflect.Complex128 && f.Type.Kind() != reflect.String:
				t.Errorf("%s%s of type %v could carry anything", path, f.Name, f.Type)
			}
		}
	}
	look("", reflect.TypeFor[State]())
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, _ State) {
		if text := fmt.Sprintf("%+v %#v", w.s, w.s); strings.Contains(text, "geheim") || strings.Contains(text, "1971-05-06") {
			t.Fatalf("the state tells: %s", text)
		}
	})
}

// One passcode typed is one request at most, and none is left lying about.
func TestEveryPasscodeIsHandedOnOrWiped(t *testing.T) {
	handed := 0
	along(t, func(t *rapid.T, r *rand.Rand, w *walk, _ State) {
		resolves := 0
		for _, o := range w.out {
			if r, ok := o.(Resolve); ok {
				resolves++
				if r.Visit != w.s.Visit {
					t.Fatalf("Resolve for visit %d in visit %d", r.Visit, w.s.Visit)
				}
				if given, typed := w.last.(PasscodeGiven); typed != (r.Passcode != nil) || typed && given.Passcode != r.Passcode {
					t.Fatalf("Resolve with a passcode that was not typed just now, by %T", w.last)
				}
			}
		}
		if resolves > 1 {
			t.Fatalf("%d requests for one %T", resolves, w.last)
		}
		for _, s := range w.secrets {
			if s.Len() != 0 && !w.handed[s] {
				t.Fatal("a passcode was neither handed on nor wiped")
			}
		}
		handed += len(w.handed)
	})
	if handed == 0 && !t.Failed() {
		t.Error("no walk came by the case: the test shows nothing")
	}
}
