package flow

import "time"

// Options are the numbers of the course. Zero fields take the default.
type Options struct {
	Languages []string // offered, the first is the default
	Theme     string   // the default theme
	AskFact   bool     // ask for one more fact after the birth date

	IdleScan     time.Duration // default 60 s
	IdlePasscode time.Duration // default 60 s
	IdleReview   time.Duration // default 120 s; also identity and consent
	Warn         time.Duration // default 30 s; WCAG 2.2.1 asks for at least 20 s
	IdleStaff    time.Duration // default 120 s; VVSG: 2 to 5 minutes
	ShowDone     time.Duration // default 10 s
	ShowDesk     time.Duration // default 15 s; also Trouble
	FetchLimit   time.Duration // default 30 s, then Trouble
	MatchLimit   time.Duration // default 10 s, then staff finish
	StoreLimit   time.Duration // default 5 s, then Desk
	LongestWait  time.Duration // default 2 min; a longer Retry-After goes to the desk
}

const (
	guardFor    = 300 * time.Millisecond // U7: presses right after a change are accidents
	calmAfter   = 3 * time.Second        // U8
	wayOutAfter = 8 * time.Second        // U8
	moreTime    = 10                     // U9: "more time" multiplies every limit
	hintFor     = 12 * time.Second       // a hint on the scan screen goes by itself
	mostWaits   = 3                      // a sender that says "later" for ever ends at the desk
)

func or(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}

func (o Options) withDefaults() Options {
	if len(o.Languages) == 0 {
		o.Languages = []string{"en"}
	}
	if o.Theme == "" {
		o.Theme = "light"
	}
	o.IdleScan = or(o.IdleScan, 60*time.Second)
	o.IdlePasscode = or(o.IdlePasscode, 60*time.Second)
	o.IdleReview = or(o.IdleReview, 120*time.Second)
	o.Warn = or(o.Warn, 30*time.Second)
	o.IdleStaff = or(o.IdleStaff, 120*time.Second)
	o.ShowDone = or(o.ShowDone, 10*time.Second)
	o.ShowDesk = or(o.ShowDesk, 15*time.Second)
	o.FetchLimit = or(o.FetchLimit, 30*time.Second)
	o.MatchLimit = or(o.MatchLimit, 10*time.Second)
	o.StoreLimit = or(o.StoreLimit, 5*time.Second)
	o.LongestWait = or(o.LongestWait, 2*time.Minute)
	return o
}

// idle is how long the screen waits for a sign of the patient before it warns;
// 0: it never does.
func (m *Machine) idle(s State) time.Duration {
	var d time.Duration
	switch s.Screen {
	case Scan:
		d = m.o.IdleScan
	case Passcode:
		d = m.o.IdlePasscode
	case Review, Who, Identity, Fact, Consent:
		d = m.o.IdleReview
	default:
		return 0
	}
	return m.stretch(s, d)
}

// shown is how long a screen that ends by itself stays; 0: it does not.
func (m *Machine) shown(s State) time.Duration {
	switch s.Screen {
	case Done:
		return m.stretch(s, m.o.ShowDone)
	case Desk, Trouble:
		return m.stretch(s, m.o.ShowDesk)
	}
	return 0
}

func (m *Machine) stretch(s State, d time.Duration) time.Duration {
	if s.Settings.MoreTime {
		return d * moreTime
	}
	return d
}

// WarnLeft is what is left of the idle warning at now, for the countdown; 0
// when none is up.
func (s State) WarnLeft(now time.Time) time.Duration {
	if s.WarnUntil.IsZero() {
		return 0
	}
	return max(0, s.WarnUntil.Sub(now))
}
