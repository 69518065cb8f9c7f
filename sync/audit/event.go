package audit

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Event is what one line says. All fields are codes; see Validate.
type Event struct {
	Actor  string            `json:"actor"`            // "kiosk" or "staff:ID"
	Action string            `json:"action"`           // e.g. "import.delivered"
	Object string            `json:"object,omitempty"` // identifier of what it was done to
	Result string            `json:"result"`           // "ok", "refused", "failed", or a reason code
	Detail map[string]string `json:"detail,omitempty"` // codes by name; at most 8
}

// Entry is one line: an event with its place in the chain.
type Entry struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Event
	Prev string `json:"prev"` // hash of the line before
	Hash string `json:"hash"` // over this line without "hash"
}

// Reason is a public code for what is wrong.
type Reason string

// The reasons of this room.
const (
	ReasonInvalid Reason = "audit-invalid" // a field is not a code
	ReasonBusy    Reason = "audit-busy"    // another process has the log open
	ReasonBroken  Reason = "audit-broken"  // the chain does not fit
	ReasonIO      Reason = "audit-io"      // the disk refused
)

// Error is every error of this package.
type Error struct {
	Reason Reason
	File   string // base name, where it is about one
	Line   int
	Seq    uint64
	Err    error
}

func (e *Error) Error() string {
	msg := "audit: " + string(e.Reason)
	if e.File != "" {
		msg += fmt.Sprintf(": %s line %d", e.File, e.Line)
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

var (
	validActor  = regexp.MustCompile(`^(kiosk|staff:[A-Za-z0-9._-]{1,32})$`)
	validAction = regexp.MustCompile(`^[a-z][a-z0-9]*([.-][a-z0-9]+){0,5}$`)
	// Identifiers: of imports, files, keys, charts ("Patient/123"). No blank, no
	// comma, no letter outside ASCII: a name in full or an address does not fit.
	validObject = regexp.MustCompile(`^[A-Za-z0-9._/:-]{0,80}$`)
	validCode   = regexp.MustCompile(`^[a-z0-9][a-z0-9._:+-]{0,79}$`)
	validName   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
)

// Validate tells whether every field is a code. The shapes: actor "kiosk" or
// "staff:ID"; action and detail names lower-case with dots and dashes; result
// and detail values lower-case codes, figures and hashes up to 80; object an
// identifier up to 80. It cannot know that a code is not a name written in lower
// case: callers pass constants and identifiers, never data.
func (e Event) Validate() error {
	check := func(what, s string, re *regexp.Regexp) error {
		if len(s) > 80 || !re.MatchString(s) {
			return &Error{Reason: ReasonInvalid, Err: fmt.Errorf("%s is not a code", what)} // not the value: it may be anything
		}
		return nil
	}
	errs := []error{
		check("actor", e.Actor, validActor), check("action", e.Action, validAction),
		check("object", e.Object, validObject), check("result", e.Result, validCode),
	}
	if len(e.Detail) > 8 {
		errs = append(errs, &Error{Reason: ReasonInvalid, Err: errors.New("more than 8 details")})
	}
	for name, v := range e.Detail {
		errs = append(errs, check("detail name", name, validName), check("detail", v, validCode))
	}
	return errors.Join(errs...)
}
