package flow

import (
	"time"

	"shlkiosk/sync/phi"
)

// Event is something that happened. The set is closed: the types of this file.
type Event interface{ event() }

// Action is a button. One press is one action, on touch up (U7).
type Action string

// The actions. Not every screen has every one; a press that the screen does
// not have does nothing.
const (
	ActStart    Action = "start"
	ActContinue Action = "continue"
	ActYes      Action = "yes"
	ActNo       Action = "no"
	ActBack     Action = "back"
	ActCancel   Action = "cancel" // start over: nothing is kept
	ActHelp     Action = "help"   // the front desk
	ActRetry    Action = "retry"
	ActNotMine  Action = "not-mine"
	ActStay     Action = "stay" // answers the idle warning
	ActFinish   Action = "finish"
	ActDismiss  Action = "dismiss" // closes the hint on the scan screen
)

// Tick tells that time has passed; a few times a second.
type Tick struct{}

// Touched is any sign of the patient: a touch, a key, a look at a section.
type Touched struct{}

// Press is a button pressed.
type Press struct{ Action Action }

// Set changes the patient's settings. Zero fields of Settings are not special:
// the whole value replaces the old one.
type Set struct{ Settings Settings }

// SpeechOn tells that headphones were plugged in: whoever does that wants to
// listen (U13). The other settings stay.
type SpeechOn struct{}

// PasscodeGiven carries what was typed. The flow hands it on and keeps nothing;
// whoever carries out Resolve wipes it.
type PasscodeGiven struct{ Passcode *phi.Secret }

// WhoChosen answers "is this for you or for somebody you care for?".
type WhoChosen struct{ Who WhoFor }

// FactsGiven carries the birth date (YYYY-MM-DD), or on the Fact screen the
// second fact.
type FactsGiven struct{ BirthDate, Second phi.Text }

// CodeKind is what a code or a pasted text turned out to be.
type CodeKind string

// The kinds.
const (
	CodeLink  CodeKind = "link"  // a link that can be fetched
	CodeCard  CodeKind = "card"  // a whole SMART Health Card
	CodePart  CodeKind = "part"  // one of several codes of a card
	CodeOther CodeKind = "other" // not usable; Reason tells why
)

// Scanned tells what the camera, the wedge or staff's paste brought. The text
// itself stays with the engine.
type Scanned struct {
	Kind      CodeKind
	Passcode  bool      // CodeLink: needs one
	Have, Of  int       // CodePart
	Reason    Reason    // CodeOther
	ExpiredAt time.Time // CodeOther, expired
}

// CameraChanged tells the state of the camera.
type CameraChanged struct{ Camera Camera }

// Aimed is the reader's hint.
type Aimed struct{ Aim Aim }

// Fetched tells that the record is open and can be reviewed.
type Fetched struct{ Visit uint64 }

// FetchFailed tells why the link was not opened.
type FetchFailed struct {
	Visit  uint64
	Reason Reason
	// Passcode: a (new) passcode is needed. Left is how many tries are left,
	// -1 when the sender does not say. Wrong tells that one was tried.
	Passcode, Wrong bool
	Left            int
	// Wait: the sender asked for patience; ask again after this long.
	Wait time.Duration
	// Retry: the same code may work a little later (network, server trouble).
	Retry bool
}

// MatchDone tells what the clinic's server came to.
type MatchDone struct {
	Visit   uint64
	Outcome Outcome
}

// Stored tells that the import is on disk.
type Stored struct {
	Visit   uint64
	Receipt string
}

// StoreFailed tells that the disk would not take it.
type StoreFailed struct {
	Visit  uint64
	Reason Reason
}

// ReceiptMade gives the code under which staff find a case that ended at the
// desk.
type ReceiptMade struct {
	Visit   uint64
	Receipt string
}

// HealthChanged tells whether the kiosk can serve: "" it can.
type HealthChanged struct{ Reason Reason }

// StaffAsked is the corner gesture or the key for staff.
type StaffAsked struct{}

// StaffIn tells that a member of staff has logged in.
type StaffIn struct{}

// StaffOut tells that staff are done, or were away too long.
type StaffOut struct{}

func (Tick) event()          {}
func (Touched) event()       {}
func (Press) event()         {}
func (Set) event()           {}
func (SpeechOn) event()      {}
func (PasscodeGiven) event() {}
func (WhoChosen) event()     {}
func (FactsGiven) event()    {}
func (Scanned) event()       {}
func (CameraChanged) event() {}
func (Aimed) event()         {}
func (Fetched) event()       {}
func (FetchFailed) event()   {}
func (MatchDone) event()     {}
func (Stored) event()        {}
func (StoreFailed) event()   {}
func (ReceiptMade) event()   {}
func (HealthChanged) event() {}
func (StaffAsked) event()    {}
func (StaffIn) event()       {}
func (StaffOut) event()      {}

// Effect is something that must be done. The set is closed.
type Effect interface{ effect() }

// StartCamera turns the camera on and the reader loose.
type StartCamera struct{ Visit uint64 }

// StopCamera turns the camera off and drops every frame.
type StopCamera struct{}

// Resolve opens the link or card that the engine holds. Passcode is nil when
// none was asked for; the one who resolves wipes it.
type Resolve struct {
	Visit    uint64
	Passcode *phi.Secret
}

// StopFetch gives up whatever the engine is fetching or asking for this visit.
type StopFetch struct{ Visit uint64 }

// KeepFacts holds the typed birth date until the second fact is there.
type KeepFacts struct {
	Visit     uint64
	BirthDate phi.Text
}

// MatchPerson asks the clinic's server who this is.
type MatchPerson struct {
	Visit             uint64
	Who               WhoFor
	BirthDate, Second phi.Text // BirthDate empty: as kept by KeepFacts
}

// Store puts the import into the ledger. The engine answers Stored only after
// it is on disk.
type Store struct {
	Visit    uint64
	Who      WhoFor
	Outcome  Outcome
	Language string // the consent's
}

// HandOver opens a case for the front desk: code and reason, no patient data.
// The engine answers ReceiptMade.
type HandOver struct {
	Visit  uint64
	Reason Reason
}

// Wipe ends everything that is held of the visit.
type Wipe struct{ Visit uint64 }

// Chime asks for a short sound.
type Chime struct{ Tone Tone }

// Tone is a kind of sound.
type Tone string

// The tones.
const (
	ToneRead   Tone = "read"   // a code was read
	ToneDone   Tone = "done"   // on disk
	ToneNotice Tone = "notice" // something needs a look
	ToneWarn   Tone = "warn"   // time is running out
)

// OpenStaff and CloseStaff let the desk in and out.
type (
	OpenStaff  struct{}
	CloseStaff struct{}
)

func (StartCamera) effect() {}
func (StopCamera) effect()  {}
func (Resolve) effect()     {}
func (StopFetch) effect()   {}
func (KeepFacts) effect()   {}
func (MatchPerson) effect() {}
func (Store) effect()       {}
func (HandOver) effect()    {}
func (Wipe) effect()        {}
func (Chime) effect()       {}
func (OpenStaff) effect()   {}
func (CloseStaff) effect()  {}
