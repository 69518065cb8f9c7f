package flow

import "time"

// Machine is the course with its numbers. It has no state of its own.
type Machine struct{ o Options }

// New returns a machine with the options' numbers.
func New(o Options) *Machine { return &Machine{o: o.withDefaults()} }

// Start is the state of a kiosk that was just switched on.
func (m *Machine) Start(now time.Time) State {
	return State{Screen: Attract, Visit: 1, Settings: m.settings(), Entered: now, Active: now, Left: -1}
}

// Languages are the ones offered, the default first.
func (m *Machine) Languages() []string { return m.o.Languages }

func (m *Machine) settings() Settings {
	return Settings{Language: m.o.Languages[0], Size: 100, Theme: m.o.Theme}
}

// Step is the whole course. It never blocks and never fails: an event that the
// screen has no use for leaves the state as it is.
func (m *Machine) Step(s State, e Event, now time.Time) (State, []Effect) {
	t := &turn{m: m, s: s, now: now}
	t.take(e)
	return t.s, t.out
}

// turn is one call of Step under way.
type turn struct {
	m   *Machine
	s   State
	now time.Time
	out []Effect
}

func (t *turn) do(e ...Effect) { t.out = append(t.out, e...) }

func (t *turn) take(e Event) {
	switch e := e.(type) {
	case Tick:
		t.tick()
	case Touched:
		t.alive()
	case Press:
		t.press(e.Action)
	case Set:
		t.alive()
		t.set(e.Settings)
	case SpeechOn:
		if !t.s.Screen.ForStaff() {
			t.alive()
			t.s.Settings.Speech = true
		}
	case PasscodeGiven:
		t.passcode(e)
	case WhoChosen:
		if t.s.Screen == Who && !t.early() && (e.Who == ForSelf || e.Who == ForOther) {
			t.s.Who = e.Who
			t.show(Identity)
		}
	case FactsGiven:
		t.facts(e)
	case Scanned:
		t.scanned(e)
	case CameraChanged:
		if t.s.Screen == Scan {
			t.s.Camera = e.Camera
		}
	case Aimed:
		if t.s.Screen == Scan {
			t.s.Aim = e.Aim
		}
	case Fetched:
		if t.mine(e.Visit) && t.s.Screen == Fetching {
			t.s.Held |= HeldRecord
			t.s.Held &^= HeldLink // address and key are of no more use
			t.show(Review)
			t.do(Chime{ToneRead})
		}
	case FetchFailed:
		t.fetchFailed(e)
	case MatchDone:
		t.matched(e)
	case Stored:
		t.stored(e)
	case StoreFailed:
		if t.mine(e.Visit) && t.s.Screen == Sending {
			t.desk(e.Reason)
		}
	case ReceiptMade:
		if t.mine(e.Visit) && (t.s.Screen == Desk || t.s.Screen == Trouble) {
			t.s.Receipt = e.Receipt
		}
	case HealthChanged:
		t.health(e.Reason)
	case StaffAsked:
		t.staffAsked()
	case StaffIn:
		if t.s.Screen == StaffLogin {
			t.show(Staff)
			t.do(OpenStaff{})
		}
	case StaffOut:
		if t.s.Screen.ForStaff() {
			t.attract()
		}
	}
}

// mine drops what came for a visit that is over.
func (t *turn) mine(visit uint64) bool { return visit == t.s.Visit }

// early tells that the screen has just changed under the finger (U7).
func (t *turn) early() bool { return t.now.Sub(t.s.Entered) < guardFor }

func (t *turn) alive() {
	t.s.Active = t.now
	t.s.WarnUntil = time.Time{}
}

// show changes the screen and keeps the visit.
func (t *turn) show(to Screen) {
	if t.s.Screen == Scan && to != Scan {
		t.do(StopCamera{})
		t.s.Held &^= HeldFrames
		t.s.Camera, t.s.Aim = CameraOff, AimNone
	}
	t.s.Screen, t.s.Entered, t.s.Pace = to, t.now, PaceFresh
	t.s.Hint, t.s.HintAt, t.s.ExpiredAt = ReasonNone, time.Time{}, time.Time{}
	if to == Scan {
		t.s.Held |= HeldFrames
		t.s.Camera = CameraStarting
		t.do(StartCamera{t.s.Visit})
	}
	t.alive()
}

// wipe orders the one Wipe of the visit.
func (t *turn) wipe() {
	t.s.Held = 0
	t.s.Who, t.s.Outcome, t.s.Consented = "", OutcomeNone, false
	if !t.s.Wiped {
		t.s.Wiped = true
		t.do(Wipe{t.s.Visit})
	}
}

// leave stops whatever runs for the visit and wipes it.
func (t *turn) leave() {
	switch t.s.Screen {
	case Fetching, Wait, Matching:
		t.do(StopFetch{t.s.Visit})
	case Scan:
		t.do(StopCamera{})
	case Staff:
		t.do(CloseStaff{})
	}
	if t.s.Screen.visit() {
		t.wipe()
	}
}

// fresh begins a new visit with the given settings on Attract.
func (t *turn) fresh(settings Settings) {
	t.s = State{Screen: Attract, Visit: t.s.Visit + 1, Settings: settings, Entered: t.now, Active: t.now,
		Left: -1, Health: t.s.Health}
}

// attract ends the visit: all wiped, all settings as at the start.
func (t *turn) attract() {
	t.leave()
	t.fresh(t.m.settings())
	if t.s.Health != ReasonNone {
		t.s.Screen, t.s.Reason = OutOfService, t.s.Health
	}
}

// end shows Trouble or Desk: wiped on entry, known to staff by a receipt code.
func (t *turn) end(screen Screen, why Reason, retry bool) {
	t.leave()
	t.wipe()
	visit, settings, health := t.s.Visit, t.s.Settings, t.s.Health
	t.s = State{Screen: screen, Visit: visit, Settings: settings, Health: health, Wiped: true,
		Entered: t.now, Active: t.now, Left: -1, Reason: why, Retry: retry}
	t.do(HandOver{visit, why}, Chime{ToneNotice})
}

func (t *turn) desk(why Reason)              { t.end(Desk, why, false) }
func (t *turn) trouble(why Reason, try bool) { t.end(Trouble, why, try) }

func (t *turn) set(to Settings) {
	if t.s.Screen.ForStaff() {
		return
	}
	if !contains(t.m.o.Languages, to.Language) {
		to.Language = t.s.Settings.Language
	}
	switch to.Size {
	case 100, 125, 150, 200:
	default:
		to.Size = t.s.Settings.Size
	}
	if !contains(Themes(), to.Theme) {
		to.Theme = t.s.Settings.Theme
	}
	t.s.Settings = to
}

func contains(all []string, one string) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}

func (t *turn) health(r Reason) {
	t.s.Health = r
	switch {
	case r != ReasonNone && t.s.Screen == Attract:
		t.s.Screen, t.s.Reason, t.s.Entered = OutOfService, r, t.now
	case r != ReasonNone && t.s.Screen == OutOfService:
		t.s.Reason = r
	case r == ReasonNone && t.s.Screen == OutOfService:
		t.attract()
	}
}

func (t *turn) staffAsked() {
	if t.s.Screen.ForStaff() || t.s.Screen == Sending {
		return // Sending ends within the limit of the store, with Done or Desk
	}
	t.leave()
	t.fresh(t.m.settings())
	t.s.Screen = StaffLogin
}
