package shl

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

// Stage is where on its way a link was stopped. The words are those of the
// KTC conformance vectors.
type Stage string

// The stages, in order.
const (
	StageDecode   Stage = "decode"   // text -> payload
	StagePayload  Stage = "payload"  // what the payload says
	StageRetrieve Stage = "retrieve" // the network
	StageDecrypt  Stage = "decrypt"  // JWE -> plaintext
	StageBundle   Stage = "bundle"   // what the plaintext is
)

// Reason is the public code of a refusal; Reasons lists all of them.
type Reason string

// Error is the typed error of this room. Every field is safe for logs and for
// staff; the link, key, passcode, payload and names are in none of them.
type Error struct {
	Stage      Stage
	Reason     Reason
	Host       string        // the server's name, ASCII, or empty
	Status     int           // HTTP status, or 0
	Remaining  *int          // passcode attempts left, when the server said so sanely
	RetryAfter time.Duration // how long to wait at least before another try, or 0
	Kind       Kind          // with Reason NotALink: what the text is
	Expired    time.Time     // with Reason Expired: since when
	Rule       string        // which rule or limit refused, for staff
	Files      []Problem     // with several files: what was wrong with each
	ServerDate time.Time     // the clock of the server that refused, zero when it sent none

	label   phi.Text
	payload *Payload
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("shl: ")
	b.WriteString(string(e.Stage))
	b.WriteString(": ")
	b.WriteString(string(e.Reason))
	if e.Kind != "" {
		b.WriteString(" (" + string(e.Kind) + ")")
	}
	if e.Rule != "" {
		b.WriteString(" (" + e.Rule + ")")
	}
	if e.Host != "" {
		b.WriteString(" at " + e.Host)
	}
	if e.Status != 0 {
		b.WriteString(" status " + strconv.Itoa(e.Status))
	}
	if e.Remaining != nil {
		b.WriteString(" remaining " + strconv.Itoa(*e.Remaining))
	}
	if e.RetryAfter > 0 {
		b.WriteString(" retry after " + e.RetryAfter.String())
	}
	return b.String()
}

// Format keeps %#v and %+v from walking into the unexported fields.
func (e *Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Is lets errors.Is(err, &Error{Reason: r}) ask for a reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason && (t.Stage == "" || t.Stage == e.Stage)
}

// Label is the label of a link that was refused although its payload could be
// read: a newer version and an expired link may be named to the patient.
func (e *Error) Label() phi.Text { return e.label }

// Payload is what could be read of the payload before it was refused, for
// kioskctl and the conformance tests. The key is not in it.
func (e *Error) Payload() (Payload, bool) {
	if e.payload == nil {
		return Payload{}, false
	}
	return *e.payload, true
}

// ReasonOf is the code in err, or "" when err is not of this room.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func fail(stage Stage, reason Reason, rule string) *Error {
	return &Error{Stage: stage, Reason: reason, Rule: rule}
}

// fromGuard translates the guard's reasons; they are the same words.
func fromGuard(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var g *guard.Error
	if !errors.As(err, &g) {
		return fail(StageRetrieve, Unreachable, "")
	}
	e := &Error{Stage: StageRetrieve, Reason: Reason(g.Reason), Host: g.Host, Rule: g.Rule}
	switch g.Reason {
	case guard.BadURL, guard.URLTooLong, guard.BadScheme:
		e.Stage = StagePayload
	}
	return e
}
