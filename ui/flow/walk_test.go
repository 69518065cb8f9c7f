package flow

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shlkiosk/sync/phi"
)

// begin is the moment every walk starts at.
var begin = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// machines are the courses that the walks are made on.
func machines() []*Machine {
	return []*Machine{
		New(Options{Languages: []string{"en", "es", "fr"}}),
		New(Options{Languages: []string{"es"}, AskFact: true, Theme: "grey", IdleScan: 45 * time.Second,
			Warn: 20 * time.Second, LongestWait: 30 * time.Second}),
	}
}

// walk is one course under test: the state, the clock, and everything that
// came out, by visit.
type walk struct {
	m       *Machine
	s       State
	now     time.Time
	wipes   map[uint64]int
	stores  map[uint64]int
	agreed  map[uint64]bool // a Yes was pressed on the consent screen of the visit
	met     map[uint64]bool // a screen of a patient was shown in the visit
	secrets []*phi.Secret   // every passcode that was typed
	handed  map[*phi.Secret]bool
	last    Event
	out     []Effect // of the last step
	trail   []string
}

func newWalk(m *Machine) *walk {
	return &walk{m: m, s: m.Start(begin), now: begin, wipes: map[uint64]int{}, stores: map[uint64]int{},
		agreed: map[uint64]bool{}, met: map[uint64]bool{}, handed: map[*phi.Secret]bool{}}
}

// step lets time pass and then the event happen.
func (w *walk) step(after time.Duration, e Event) {
	w.now = w.now.Add(after)
	if p, ok := e.(PasscodeGiven); ok && p.Passcode != nil {
		w.secrets = append(w.secrets, p.Passcode)
	}
	if p, ok := e.(Press); ok && p.Action == ActYes && w.s.Screen == Consent {
		w.agreed[w.s.Visit] = true
	}
	before := w.s
	w.s, w.out = w.m.Step(w.s, e, w.now)
	w.last = e
	w.trail = append(w.trail, fmt.Sprintf("%s +%v %T%+v -> %s %d", before.Screen, after, e, e, w.s.Screen, w.s.Visit))
	if w.s.Screen.visit() {
		w.met[w.s.Visit] = true
	}
	for _, o := range w.out {
		switch o := o.(type) {
		case Wipe:
			w.wipes[o.Visit]++
			w.met[o.Visit] = true
		case Store:
			w.stores[o.Visit]++
		case Resolve:
			if o.Passcode != nil {
				w.handed[o.Passcode] = true
			}
		}
	}
}

// run makes the steps, a second apart.
func (w *walk) run(events ...Event) *walk {
	for _, e := range events {
		w.step(time.Second, e)
	}
	return w
}

// onward is what brings a screen forward.
func onward(s State, r *rand.Rand) Event {
	pick := func(all ...Event) Event { return one(r, all) }
	switch s.Screen {
	case Attract:
		return pick(Press{ActStart}, Scanned{Kind: CodeLink})
	case Scan:
		return pick(Scanned{Kind: CodeLink, Passcode: true}, Scanned{Kind: CodeLink}, Scanned{Kind: CodeCard},
			Scanned{Kind: CodePart, Have: 1, Of: 3})
	case Passcode:
		return PasscodeGiven{phi.SecretFromString("4711-geheim")}
	case Fetching:
		return pick(Fetched{s.Visit}, Fetched{s.Visit}, FetchFailed{Visit: s.Visit, Passcode: true, Wrong: true, Left: 2},
			FetchFailed{Visit: s.Visit, Wait: 20 * time.Second}, FetchFailed{Visit: s.Visit, Retry: true, Reason: "dns"})
	case Review:
		return Press{ActContinue}
	case Who:
		return pick(WhoChosen{ForSelf}, WhoChosen{ForOther})
	case Identity:
		return FactsGiven{BirthDate: "1971-05-06"}
	case Fact:
		return pick(FactsGiven{Second: "02115"}, Press{ActContinue})
	case Matching:
		return pick(MatchDone{s.Visit, OutcomeChart}, MatchDone{s.Visit, OutcomeNew}, MatchDone{s.Visit, OutcomeStaff},
			MatchDone{s.Visit, OutcomeRefused})
	case Consent:
		return Press{ActYes}
	case Sending:
		return pick(Stored{s.Visit, "K7-42"}, StoreFailed{s.Visit, "disk-full"})
	case Done, Desk, Trouble:
		return pick(Press{ActFinish}, Press{ActRetry}, ReceiptMade{s.Visit, "K7-43"})
	case OutOfService:
		return pick(HealthChanged{}, StaffAsked{})
	case StaffLogin:
		return StaffIn{}
	}
	return StaffOut{}
}

var actions = []Action{ActStart, ActContinue, ActYes, ActNo, ActBack, ActCancel, ActHelp, ActRetry, ActNotMine, ActStay,
	ActFinish, ActDismiss, "no-such-action"}

// one picks evenly. (rapid's own generators prefer small values, which would
// leave the later screens and events nearly unvisited; so rapid gives the seed
// and the length of a walk, and shrinks those.)
func one[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// anything is any event at all, answers to older visits and to future ones
// among them.
func anything(s State, r *rand.Rand) Event {
	visit := s.Visit + uint64(one(r, []int{-1, 0, 0, 0, 1}))
	dice := func() bool { return r.IntN(2) == 0 }
	reason := one(r, []Reason{"", "expired", "dns", "disk-full"})
	switch r.IntN(20) {
	case 0, 1:
		return Press{one(r, actions)}
	case 2:
		return Touched{}
	case 3:
		return Set{Settings{Language: one(r, []string{"en", "es", "tlh", ""}), Size: one(r, []int{100, 125, 150, 200, 0, 300}),
			Theme: one(r, []string{"light", "grey", "plaid"}), Speech: dice(), Aloud: dice(), Slow: dice(), Loud: dice(), Calm: dice(),
			MoreTime: dice()}}
	case 4:
		if dice() {
			return PasscodeGiven{}
		}
		return PasscodeGiven{phi.SecretFromString(one(r, []string{"", "0000", "geheim"}))}
	case 5:
		return WhoChosen{one(r, []WhoFor{ForSelf, ForOther, "", "dog"})}
	case 6:
		return FactsGiven{BirthDate: one(r, []phi.Text{"", "1971-05-06"})}
	case 7:
		return Scanned{Kind: one(r, []CodeKind{CodeLink, CodeCard, CodePart, CodeOther, "?"}), Passcode: dice(),
			Have: r.IntN(4), Of: 3, Reason: reason}
	case 8:
		return CameraChanged{one(r, []Camera{CameraOff, CameraLive, CameraMissing, CameraBlack})}
	case 9:
		return Aimed{one(r, []Aim{AimNone, AimNearer, AimStill})}
	case 10:
		return Fetched{visit}
	case 11, 12:
		return FetchFailed{Visit: visit, Reason: reason, Passcode: dice(), Wrong: dice(), Left: r.IntN(6) - 2,
			Wait: time.Duration(r.IntN(200)-1) * time.Second, Retry: dice()}
	case 13:
		return MatchDone{visit, one(r, []Outcome{OutcomeNone, OutcomeChart, OutcomeNew, OutcomeStaff, OutcomeLater,
			OutcomeRefused})}
	case 14:
		return Stored{visit, "K7-42"}
	case 15:
		return StoreFailed{visit, reason}
	case 16:
		return ReceiptMade{visit, "K7-44"}
	case 17:
		return HealthChanged{reason}
	case 18:
		return one(r, []Event{StaffAsked{}, StaffIn{}, StaffOut{}})
	}
	return Tick{}
}

// pauses between events: under the finger guard, ordinary, and long enough for
// every limit to pass.
var pauses = []time.Duration{0, 100 * time.Millisecond, 301 * time.Millisecond, 500 * time.Millisecond, time.Second,
	time.Second, 3 * time.Second, 3 * time.Second, 9 * time.Second, 31 * time.Second, 61 * time.Second,
	151 * time.Second, 1600 * time.Second}

// along walks at random, three times of four onward, and calls check after
// every step with the state before it. At the end it must have come by every
// screen, or it would show nothing about the ones left out.
func along(t *testing.T, check func(t *rapid.T, r *rand.Rand, w *walk, before State)) {
	t.Helper()
	seen := map[Screen]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w := newWalk(machines()[r.IntN(2)])
		for range rapid.IntRange(150, 300).Draw(t, "steps") {
			e := onward(w.s, r)
			if r.IntN(4) == 0 {
				e = anything(w.s, r)
			}
			before := w.s
			w.step(one(r, pauses), e)
			seen[w.s.Screen]++
			check(t, r, w, before)
		}
	})
	for _, s := range Screens() {
		if seen[s] == 0 && !t.Failed() {
			t.Errorf("no walk came by %s: %v", s, seen)
		}
	}
}
