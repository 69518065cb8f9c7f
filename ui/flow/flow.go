// Package flow is the kiosk's course: which screen follows which, what is held
// of a patient on each, when time runs out, and what must be done about it.
//
// It is pure. Step takes a State, an Event and the time, and returns the next
// State and the Effects that somebody else carries out. There is no clock, no
// network, no window and no patient's data in here: a State may be logged as
// it is. What the patient gave passes through events into effects as
// redacting types and is never kept.
//
// The window renders a State and turns touches into events; the engine carries
// out effects and turns what came of them into events. Headless runs and the
// tests do the same without a window.
//
// Promises, held by property tests:
//   - nothing is sent without consent given in the same visit;
//   - every visit ends with exactly one Wipe;
//   - whoever walks away leads the kiosk back to Attract with nothing held;
//   - staff screens never open while something of a patient is held;
//   - from every screen Attract is at most two events away.
package flow

import "time"

// Screen is what the display shows. The set is closed.
type Screen string

// The screens of a patient's visit, in order, then those beside the way.
const (
	Attract  Screen = "attract"  // languages, size, sound, more time; start
	Scan     Screen = "scan"     // live picture, hints
	Passcode Screen = "passcode" // keypad for a protected link
	Fetching Screen = "fetching" // the record is being fetched and opened
	Wait     Screen = "wait"     // the sender asked us to wait; counted down
	Review   Screen = "review"   // counts, sections, leaving out
	Who      Screen = "who"      // for you, or for somebody you care for?
	Identity Screen = "identity" // birth date, typed
	Fact     Screen = "fact"     // one more fact, where the clinic asks for it
	Matching Screen = "matching" // the clinic's server is being asked
	Consent  Screen = "consent"  // fixed words, yes or no
	Sending  Screen = "sending"  // on its way to the disk
	Done     Screen = "done"     // receipt code, no name

	Trouble      Screen = "trouble" // could not finish; may be tried again
	Desk         Screen = "desk"    // please see the front desk
	OutOfService Screen = "out-of-service"

	StaffLogin Screen = "staff-login"
	Staff      Screen = "staff"
)

// Screens lists them all.
func Screens() []Screen {
	return []Screen{Attract, Scan, Passcode, Fetching, Wait, Review, Who, Identity, Fact, Matching,
		Consent, Sending, Done, Trouble, Desk, OutOfService, StaffLogin, Staff}
}

// Private tells whether the screen may show something of the patient's record.
// On all others no canvas text may hold any of it (U23).
func (s Screen) Private() bool { return s == Review }

// ForStaff tells whether the screen belongs to the front desk.
func (s Screen) ForStaff() bool { return s == StaffLogin || s == Staff }

// visit tells whether a patient's visit is under way on the screen.
func (s Screen) visit() bool { return s != Attract && s != OutOfService && !s.ForStaff() }

// Steps is how many steps the patient is told the way has.
const Steps = 5

// Step is where on the way the screen is, 1 to Steps; 0 beside the way.
func (s Screen) Step() int {
	switch s {
	case Scan, Passcode, Fetching, Wait:
		return 1
	case Review:
		return 2
	case Who, Identity, Fact, Matching:
		return 3
	case Consent, Sending:
		return 4
	case Done:
		return 5
	}
	return 0
}

// Held is the set of things that the engine keeps of a patient.
type Held uint8

// What can be held.
const (
	HeldFrames Held = 1 << iota // the last pictures, for the reader
	HeldLink                    // address and key, or card text
	HeldRecord                  // the opened record
	HeldFacts                   // what the patient typed about themself
)

// Reason is a code that words and staff details are looked up by. Those that
// come from resolving a link are the codes of sync/shl and sync/shc.
type Reason string

// The reasons that the flow itself gives.
const (
	ReasonNone         Reason = ""
	ReasonHelp         Reason = "asked-for-help"
	ReasonSlowFetch    Reason = "fetch-timeout"
	ReasonSlowStore    Reason = "ledger-slow"
	ReasonLongWait     Reason = "wait-too-long"
	ReasonLocked       Reason = "passcode-locked"
	ReasonNotMine      Reason = "not-mine"
	ReasonNotAccepted  Reason = "not-accepted" // identity.policy sends the patient to staff
	ReasonTwoCodes     Reason = "two-codes"
	ReasonNotHealth    Reason = "not-health-code"
	ReasonCameraAbsent Reason = "camera-missing"
	ReasonCameraBlack  Reason = "camera-black"
)

// Who is the record about, as the person at the kiosk says.
type WhoFor string

// The two answers.
const (
	ForSelf  WhoFor = "self"
	ForOther WhoFor = "other"
)

// Outcome is what asking the clinic's server came to. It decides what happens
// after consent and is never shown to the patient.
type Outcome string

// The outcomes.
const (
	OutcomeNone    Outcome = ""
	OutcomeChart   Outcome = "chart" // one certain chart
	OutcomeNew     Outcome = "new"   // no chart, and policy lets the kiosk make one
	OutcomeStaff   Outcome = "staff" // staff decide; the import waits for them
	OutcomeLater   Outcome = "later" // server out of reach; asked again on delivery
	OutcomeRefused Outcome = "refused"
)

// Camera is the state of the eye.
type Camera string

// Camera states.
const (
	CameraOff      Camera = ""
	CameraStarting Camera = "starting"
	CameraLive     Camera = "live"
	CameraMissing  Camera = "missing"
	CameraBlack    Camera = "black"
)

// Aim is what the reader would have the patient do.
type Aim string

// The reader's hints.
const (
	AimNone    Aim = ""
	AimNearer  Aim = "nearer"
	AimFarther Aim = "farther"
	AimStill   Aim = "hold-still"
	AimDimmer  Aim = "brightness"
	AimOneCode Aim = "one-code"
)

// Settings are the patient's own, reset when the visit ends (U11).
type Settings struct {
	Language string // BCP 47: "en", "es", "zh-Hans", "vi", "fr"
	Size     int    // percent: 100, 125, 150, 200 (U2)
	Theme    string // "light", "black-on-white", "white-on-black", "grey" (U4)
	Speech   bool   // read screens aloud
	Aloud    bool   // the patient pressed "read aloud here": PHI may be spoken without headphones
	Slow     bool   // slower speech
	Loud     bool   // speech and sounds as loud as the loudspeaker goes (U15)
	Calm     bool   // reduced motion
	MoreTime bool   // all limits times ten (U9)
}

// Pace tells how long the patient has been waiting on a working screen (U8).
type Pace uint8

// Paces.
const (
	PaceFresh  Pace = iota
	PaceCalm        // 3 s: calm text
	PaceWayOut      // 8 s: a way out is offered
)

// Themes lists the four (U4).
func Themes() []string { return []string{"light", "black-on-white", "white-on-black", "grey"} }

// State is everything the window needs to know which screen to show. It is
// comparable and holds nothing of the patient.
type State struct {
	Screen   Screen
	Visit    uint64 // number of the visit; answers to an older visit are dropped
	Settings Settings
	Held     Held
	Wiped    bool // this visit's Wipe has been ordered

	Entered    time.Time // when the screen came up
	Active     time.Time // last sign of the patient
	WarnUntil  time.Time // end of the idle warning; zero: none is up
	Extensions int       // how often the patient asked for more time

	Camera    Camera
	Aim       Aim
	Hint      Reason    // Scan: why what was shown cannot be used; "" none
	HintAt    time.Time // Scan: when it was said
	ExpiredAt time.Time // with Hint "expired": when the code ran out
	Have, Of  int       // Scan: parts of a card in several codes

	Wrong      bool      // Passcode: the last one was wrong
	Left       int       // Passcode: tries left, -1 unknown
	Until      time.Time // Wait: when the sender may be asked again
	Asks       int       // Wait: how often we were told to wait
	Passworded bool      // the link needs a passcode
	Pace       Pace

	Who       WhoFor
	Outcome   Outcome
	Consented bool

	Reason  Reason // Trouble, Desk, OutOfService
	Retry   bool   // Trouble: trying again makes sense
	Receipt string // receipt code such as K7-42

	Health Reason // why the kiosk cannot serve; "" it can
}

// Warning tells whether the idle warning is up.
func (s State) Warning() bool { return !s.WarnUntil.IsZero() }
