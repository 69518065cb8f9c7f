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
	// Receipt is the import's receipt as JSON, for export.
	Receipt(ctx context.Context, id string) (json.RawMessage, error)
	Retry(ctx context.Context, id string) error
	Park(ctx context.Context, id, reason string) error
	Resolve(ctx context.Context, id string, r Resolution) error
	// Expire gives a record up and destroys its body.
	Expire(ctx context.Context, id, reason string) error
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
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

// Case is what is needed to decide whose record it is.
type Case struct {
	Item       Item        `json:"item"`
	Why        string      `json:"why"`
	Facts      []Fact      `json:"facts"` // what the link and the patient say
	Candidates []Candidate `json:"candidates"`
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
	Score     float64 `json:"score"`
	Rule      string  `json:"rule"`
	Fields    []Field `json:"fields"`
}

// Field compares one field of the two.
type Field struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"` // agree, differ, missing, fuzzy
	Ours    Shown  `json:"ours"`
	Theirs  Shown  `json:"theirs"`
}

// Resolution is what a person decided.
type Resolution struct {
	Chart string `json:"chart,omitempty"` // "Patient/123"; empty with New
	New   bool   `json:"new,omitempty"`   // a new chart
}

// Diagnostics is the kiosk's state in codes and figures.
type Diagnostics struct {
	Version  string            `json:"version"`
	Kiosk    string            `json:"kiosk"`
	Paused   string            `json:"paused,omitempty"` // who paused deliveries
	Counts   map[string]int    `json:"counts"`           // records by state
	Warnings []string          `json:"warnings"`
	Alarms   []string          `json:"alarms"`
	Checks   map[string]string `json:"checks"` // e.g. "fhir": "ok"
	At       time.Time         `json:"at"`
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
