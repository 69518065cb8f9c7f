package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"shlkiosk/sync/phi"
)

// Service is the kiosk as the front desk sees it. The engine implements it; on
// the kiosk's own staff screens it is used directly, on another machine through
// Server and Client. All errors are *Error.
type Service interface {
	// People lists who may log in, for the choice on the screen.
	People(ctx context.Context) ([]Person, error)
	// Login checks a PIN. "pin-wrong" comes with Error.Left, "pin-throttled" with
	// Error.Wait.
	Login(ctx context.Context, id, pin string) (Session, error)
}

// Session is what one member of staff may do. Every call is written into the
// audit trail under that person by the implementation.
type Session interface {
	Who() Person
	List(ctx context.Context) ([]Item, error)
	// Case is what a person needs to decide about a parked record. It holds
	// protected data.
	Case(ctx context.Context, id string) (Case, error)
	// Preview compares a waiting record with a chart ("Patient/123"), or with the
	// one that was found for it when chart is "". It only reads, and holds
	// protected data.
	Preview(ctx context.Context, id, chart string) (Preview, error)
	// Export is the import's receipt as JSON, codes and references only, to be
	// kept where the desk is.
	Export(ctx context.Context, id string) (json.RawMessage, error)
	Retry(ctx context.Context, id string) error
	Park(ctx context.Context, id string) error
	Resolve(ctx context.Context, id string, r Resolution) error
	// Accept takes or declines one proposed change of the chart.
	Accept(ctx context.Context, id, proposal string, yes bool) error
	// Discard gives a record up: its content is destroyed.
	Discard(ctx context.Context, id string) error
	// Pause stops deliveries, or lets them go on.
	Pause(ctx context.Context, paused bool) error
	Diagnostics(ctx context.Context) (Diagnostics, error)
	// Logout ends the session. Calls after it fail with "session-ended".
	Logout(ctx context.Context) error
}

// Person is a member of staff.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Item is one record of the ledger; no protected data.
type Item struct {
	ID       string    `json:"id"`
	Code     string    `json:"code"` // receipt code, as the patient was shown it
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	Attempts int       `json:"attempts"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Next     time.Time `json:"next"`
	Size     int64     `json:"size"`
}

// Shown is protected text on its way to a staff screen. It prints as phi.Text
// does; only JSON, which goes nowhere but through the authenticated connection,
// carries the content.
type Shown string

// Reveal returns the content, for the screen.
func (s Shown) Reveal() string { return string(s) }

// Format implements fmt.Formatter.
func (s Shown) Format(f fmt.State, verb rune) { phi.Text(s).Format(f, verb) }

// String implements fmt.Stringer.
func (Shown) String() string { return phi.Redacted }

// Case is what is needed to decide about a record, and what became of it.
type Case struct {
	Item       Item        `json:"item"`
	Why        string      `json:"why"`
	OnBehalf   bool        `json:"onBehalf,omitempty"` // somebody checked in for the patient
	Facts      []Fact      `json:"facts,omitempty"`    // what record and patient say
	Candidates []Candidate `json:"candidates,omitempty"`
	MayCreate  bool        `json:"mayCreate,omitempty"` // a new chart may be chosen
	Chart      string      `json:"chart,omitempty"`     // that was found or chosen for it
	Changes    []Change    `json:"changes,omitempty"`
	Proposals  []Proposal  `json:"proposals,omitempty"`
	Receipt    *Receipt    `json:"receipt,omitempty"` // nil before a delivery
}

// Preview is how a record stands against a chart before a delivery.
type Preview struct {
	Chart     string     `json:"chart"` // reference, after replaced-by links
	Equal     string     `json:"equal"` // demographics: equal, differs, not-read
	Changes   []Change   `json:"changes,omitempty"`
	Proposals []Proposal `json:"proposals,omitempty"` // what staff would be asked afterwards
	Blind     []string   `json:"blind,omitempty"`     // types that could not be compared
}

// Fact is one line about the patient, under a code for its label.
type Fact struct {
	Name  string `json:"name"`
	Value Shown  `json:"value"`
}

// Candidate is one chart that may be the patient's.
type Candidate struct {
	Reference string  `json:"reference"` // "Patient/123"
	Grade     string  `json:"grade"`
	Score     float64 `json:"score"` // 0 to 1
	Rule      string  `json:"rule"`
	Note      string  `json:"note,omitempty"` // code: deceased, inactive, objection
	Fields    []Field `json:"fields,omitempty"`
}

// Field compares one field of record and chart.
type Field struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"` // agree, differ, missing, fuzzy
	Ours    Shown  `json:"ours"`
	Theirs  Shown  `json:"theirs"`
}

// Change is one entry of the record against the chart.
type Change struct {
	Type  string `json:"type"` // FHIR resource type
	Title Shown  `json:"title"`
	State string `json:"state"` // new, same, different, left-out, refused
	Ours  Shown  `json:"ours"`
	Chart Shown  `json:"chart"`
}

// Proposal is a change of the chart itself that staff accept or decline.
type Proposal struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"` // phone, email, address, contact, language, insurance, update
	Now   Shown  `json:"now"`
	New   Shown  `json:"new"`
	State string `json:"state"` // open, accepted, declined
	By    string `json:"by,omitempty"`
}

// Receipt is what became of an import: codes, counts and references.
type Receipt struct {
	State     string    `json:"state"`
	Patient   string    `json:"patient"` // reference
	Created   bool      `json:"created"`
	Grade     string    `json:"grade"`
	Rule      string    `json:"rule"`
	Counts    []Count   `json:"counts,omitempty"`
	Refused   []Line    `json:"refused,omitempty"` // left out or refused, with why
	Verified  bool      `json:"verified"`          // it was read back
	Equal     string    `json:"equal"`             // demographics: equal, differs, not-read
	Missing   []string  `json:"missing,omitempty"`
	Total     int       `json:"total"` // references
	Dangling  int       `json:"dangling"`
	Twins     int       `json:"twins"` // other charts of the same person
	Alarms    []Alarm   `json:"alarms,omitempty"`
	Delivered time.Time `json:"delivered,omitzero"`
}

// Count is how many resources of a type have a result.
type Count struct {
	Type   string `json:"type"`
	Result string `json:"result"` // created, existing, left-out, refused
	N      int    `json:"n"`
}

// Line is one entry with a code of why.
type Line struct {
	Type   string `json:"type"`
	Source string `json:"source"`
	Result string `json:"result"`
	Why    string `json:"why"`
}

// Alarm is something to look at: a code, what to do, where.
type Alarm struct {
	Code  string `json:"code"`
	ToDo  string `json:"toDo"`
	Where string `json:"where"`
}

// Resolution is what a person decided. Exactly one is set.
type Resolution struct {
	Chart  string `json:"chart,omitempty"` // "Patient/123"
	New    bool   `json:"new,omitempty"`   // a new chart
	Reject bool   `json:"reject,omitempty"`
}

// Diagnostics is the kiosk's state in codes and figures.
type Diagnostics struct {
	Version string         `json:"version"`
	Kiosk   string         `json:"kiosk"`
	Uptime  time.Duration  `json:"uptime"`
	Paused  string         `json:"paused,omitempty"` // who paused deliveries
	Counts  map[string]int `json:"counts"`           // records by state
	Checks  []Check        `json:"checks,omitempty"`
}

// Check is one part of the kiosk.
type Check struct {
	Name   string `json:"name"`   // code: fhir, clock, disk, ledger, key, ...
	Health string `json:"health"` // ok, warning, failed
	Detail string `json:"detail,omitempty"`
	ToDo   string `json:"toDo,omitempty"`
}

// Error is every error of this package and of a Service. Reason is a code:
// "pin-wrong", "pin-throttled", "session-ended", "not-found", "state",
// "being-sent", "not-enrolled", "unreachable", "refused", "internal", and the
// codes of the ledger.
type Error struct {
	Reason string        `json:"reason"`
	Wait   time.Duration `json:"wait,omitempty"`
	Left   int           `json:"left,omitempty"`
	Err    error         `json:"-"` // never crosses the network
}

func (e *Error) Error() string {
	msg := "desk: " + e.Reason
	if e.Wait > 0 {
		msg += ": try again in " + e.Wait.Round(time.Second).String()
	}
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is compare by reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}
