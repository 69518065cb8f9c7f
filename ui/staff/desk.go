package staff

import (
	"context"
	"image"
	"time"

	"shlkiosk/sync/phi"
)

// Desk is the kiosk as the staff screens need it. Every call is written into
// the audit trail under the person who is logged in, by the implementation. It
// is called off the Fyne thread and ends when ctx does. Errors that staff can
// do something about are *Error; errors.ErrUnsupported means that this desk
// cannot do it (settings from another machine).
type Desk interface {
	// People lists who may log in; one with an empty ID: a shared PIN.
	People(ctx context.Context) ([]Person, error)
	// Login checks a PIN and wipes it. "pin-wrong" comes with Error.Left,
	// "pin-throttled" with Error.Wait.
	Login(ctx context.Context, id string, pin *phi.Secret) (Person, error)
	// Logout ends what Login began. It is called on every way out.
	Logout(ctx context.Context)

	// Cases lists all records, newest first. No protected data.
	Cases(ctx context.Context) ([]Case, error)
	// Case opens one. It holds protected data.
	Case(ctx context.Context, id string) (Detail, error)
	// Preview compares a waiting record with a chart, or with the one that was
	// found for it when chart is "", and writes nothing. It may take seconds.
	Preview(ctx context.Context, id, chart string) (Preview, error)
	Retry(ctx context.Context, id string) error
	Park(ctx context.Context, id string) error
	Resolve(ctx context.Context, id string, r Resolution) error
	// Accept takes or declines one proposed change of the chart.
	Accept(ctx context.Context, id, proposal string, yes bool) error
	// Discard gives a record up: its content is destroyed.
	Discard(ctx context.Context, id string) error
	// Export writes the receipt, without clinical content, where the clinic wants
	// it, and tells where that is.
	Export(ctx context.Context, id string) (where string, err error)
	// Pause stops deliveries, or lets them go on.
	Pause(ctx context.Context, paused bool) error

	Diagnostics(ctx context.Context) (Diagnostics, error)
	Settings(ctx context.Context) ([]Setting, error)
	// SaveSettings checks all changes (path to text) and writes them, or none of
	// them and tells every problem. No problems and no error: written.
	SaveSettings(ctx context.Context, changes map[string]string) ([]Problem, error)
}

// Person is a member of staff.
type Person struct{ ID, Name string }

// Error is what staff can do something about. Reason is a code with words
// under staff.why.desk.
type Error struct {
	Reason string
	Wait   time.Duration // until the next try is allowed
	Left   int           // tries left before a wait
	Err    error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return "desk: " + e.Reason + ": " + e.Err.Error()
	}
	return "desk: " + e.Reason
}

func (e *Error) Unwrap() error { return e.Err }

// State is where a record stands; the values are the ledger's.
type State string

// The states.
const (
	Queued    State = "queued"
	Sending   State = "sending"
	Delivered State = "delivered"
	Verified  State = "verified"
	Parked    State = "parked"
	Expired   State = "expired"
	// HandedOver is a visit that ended at the desk: a code and a reason, and
	// nothing to deliver.
	HandedOver State = "handed-over"
)

// Case is one record as the queue shows it: nothing of a person.
type Case struct {
	ID       string
	Code     string // receipt code, as the patient was shown it: "K7-42"
	State    State
	Reason   string // code
	Attempts int
	Created  time.Time
	Updated  time.Time
	Next     time.Time // next try; zero: none is planned
}

// Waits tells whether a person must do something.
func (c Case) Waits() bool { return c.State == Parked || c.State == HandedOver }

// Detail is an open case.
type Detail struct {
	Case       Case
	Why        string // code of why staff are asked: "several", "typed-not-record"
	OnBehalf   bool   // somebody checked in for the patient
	Facts      []Fact // what record and patient say
	Candidates []Candidate
	MayCreate  bool   // a new chart may be chosen
	Chart      string // that was found or chosen for it; may be empty
	Changes    []Change
	Proposals  []Proposal
	Receipt    *Receipt // nil before a delivery
}

// Fact is one line about the patient under a code for its label.
type Fact struct {
	Name  string
	Value phi.Text
}

// Verdict is how one field compares.
type Verdict string

// The verdicts.
const (
	Agree   Verdict = "agree"
	Nearly  Verdict = "fuzzy"
	Differ  Verdict = "differ"
	Missing Verdict = "missing"
)

// Candidate is one chart that may be the patient's.
type Candidate struct {
	Reference string // "Patient/123"
	Grade     string
	Score     float64 // 0 to 1
	Rule      string
	Note      string // code: deceased, inactive, objection; may be empty
	Fields    []Field
}

// Field compares one field of record and chart.
type Field struct {
	Name         string
	Verdict      Verdict
	Ours, Theirs phi.Text
}

// Resolution is what a person decided about a case. Exactly one is set.
type Resolution struct {
	Chart  string // "Patient/123"
	New    bool
	Reject bool // not this clinic's, or nobody's: discarded
}

// ChangeState is how an entry of the record stands against the chart.
type ChangeState string

// The states of a Change.
const (
	ChangeNew       ChangeState = "new"
	ChangeSame      ChangeState = "same"
	ChangeDifferent ChangeState = "different"
	ChangeLeftOut   ChangeState = "left-out"
	ChangeRefused   ChangeState = "refused" // not filed, for a reason of its own
)

// Change is one entry of the record against the chart.
type Change struct {
	Type  string // FHIR resource type
	Title phi.Text
	State ChangeState
	Ours  phi.Text // for different ones
	Chart phi.Text
}

// Preview is how a record stands against a chart before a delivery.
type Preview struct {
	Chart     string // reference, after replaced-by links
	Equal     string // demographics: equal, differs, not-read
	Changes   []Change
	Proposals []Proposal // what staff would be asked afterwards
	Blind     []string   // types that could not be compared
}

// Proposal is a change of the chart itself that staff accept or decline.
type Proposal struct {
	ID       string
	Kind     string // phone, email, address, contact, language, insurance, update
	Now, New phi.Text
	State    string // open, accepted, declined
	By       string
}

// Receipt is what became of an import.
type Receipt struct {
	State     string
	Patient   string // reference
	Created   bool
	Grade     string
	Rule      string
	Counts    []Count // by result: created, existing, left-out, refused
	Refused   []Line  // entries that were left out or refused, with why
	Verified  bool    // it was read back
	Equal     string  // demographics: equal, differs, not-read
	Missing   []string
	Total     int // references
	Dangling  int
	Twins     int // other charts of the same person
	Alarms    []Alarm
	Delivered time.Time
}

// Count is how many resources of a type have a result.
type Count struct {
	Type, Result string
	N            int
}

// Line is one entry with a code of why.
type Line struct{ Type, Source, Result, Why string }

// Alarm is something to look at: a code, what to do, where.
type Alarm struct{ Code, ToDo, Where string }

// Health is how one part of the kiosk is.
type Health string

// The healths.
const (
	HealthOK      Health = "ok"
	HealthWarning Health = "warning"
	HealthFailed  Health = "failed"
)

// Check is one part of the kiosk under diagnostics.
type Check struct {
	Name   string // code: fhir, clock, disk, ledger, key, camera, speech, documents
	Health Health
	Detail string // figures, no patient data
	ToDo   string // what to do when it is not ok
}

// CameraFigures are live figures of the camera and the reader.
type CameraFigures struct {
	Name     string
	State    string // live, starting, missing, black
	Width    int
	Height   int
	FPS      float64
	ReaderMS float64 // one frame, mean of the last second
	Read     int     // codes read since the start
	Hint     string  // the reader's last hint
	Picture  image.Image
}

// Diagnostics is the kiosk's state in codes and figures.
type Diagnostics struct {
	Version string
	Kiosk   string
	Uptime  time.Duration
	Paused  string // who paused deliveries; "" nobody
	Counts  map[State]int
	Checks  []Check
	Camera  *CameraFigures // nil: not from this machine
}

// Setting is one key of the configuration.
type Setting struct {
	Path    string // "camera.fps"
	Doc     string
	Value   string
	Default string
	Source  string   // default, file, environment, flag
	Choices []string // a closed set; empty: free text
	Bool    bool
	Secret  bool // Value is empty; typing replaces it
	Fixed   bool // set by environment or flag: the file would not count
}

// Problem is one thing wrong with a setting.
type Problem struct{ Path, Wrong, Fix string }
