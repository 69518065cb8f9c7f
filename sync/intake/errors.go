package intake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"shlkiosk/sync/fhir"
)

// Class tells the outbox worker what to do with a delivery that did not end.
type Class string

// The classes of an [Error].
const (
	Retry Class = "retry" // try again by itself, after RetryAfter if that is set
	Park  Class = "park"  // a person must decide or repair something first
	Fatal Class = "fatal" // will never work: the content or the order is wrong
)

// Reason is a public code; staff screens map it to words.
type Reason string

// The reasons of an [Error].
const (
	ReasonUnreachable    Reason = "server-unreachable"
	ReasonBusy           Reason = "server-busy"
	ReasonServerError    Reason = "server-error"
	ReasonConflict       Reason = "server-conflict"
	ReasonUnauthorised   Reason = "not-authorised"
	ReasonServerRefused  Reason = "server-refused"
	ReasonPatientRefused Reason = "patient-refused"
	ReasonTooLarge       Reason = "too-large-for-server"
	ReasonUnreadable     Reason = "content-unreadable"
	ReasonNoPatient      Reason = "no-patient"
	ReasonWhichPatient   Reason = "subject-unclear"
	ReasonMatchUnsure    Reason = "match-unsure"
	ReasonChartUnfit     Reason = "chart-not-usable" // deceased, inactive, replaced and not followed
	ReasonChartMissing   Reason = "chart-missing"
	ReasonChartChanged   Reason = "chart-changed" // between what staff saw and what they accepted
	ReasonVersion        Reason = "fhir-version"
	ReasonSave           Reason = "journal-not-saved"
	ReasonOrder          Reason = "order-invalid"
)

// Error is what [Importer.Deliver] returns when it did not come to an end. Its
// text holds codes only.
type Error struct {
	Class      Class
	Reason     Reason
	RetryAfter time.Duration // 0: the worker's own pace
	Unknown    bool          // the server may have acted: the next try looks first
	Err        error
}

func (e *Error) Error() string {
	s := fmt.Sprintf("import: %s (%s)", e.Reason, e.Class)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func park(r Reason, err error) *Error  { return &Error{Class: Park, Reason: r, Err: err} }
func fatal(r Reason, err error) *Error { return &Error{Class: Fatal, Reason: r, Err: err} }

// Classify turns an error of the FHIR client into one that says what to do.
func Classify(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := &Error{Class: Retry, Reason: ReasonUnreachable, Unknown: fhir.Unknown(err), Err: err}
	var he *fhir.HTTPError
	var fe *fhir.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.As(err, &he):
		e.RetryAfter = he.RetryAfter
		switch he.Status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			e.Reason = ReasonBusy
		case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked, http.StatusTooEarly:
			e.Reason = ReasonConflict
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
			e.Class, e.Reason = Park, ReasonUnauthorised
		case http.StatusRequestEntityTooLarge:
			e.Class, e.Reason = Park, ReasonTooLarge
		default:
			e.Reason = ReasonServerError
			if he.Status < 500 && he.Status != http.StatusRequestTimeout {
				e.Class, e.Reason = Park, ReasonServerRefused
			}
		}
	case errors.As(err, &fe):
		switch fe.Reason {
		case fhir.ReasonAuthorisation:
			e.Class, e.Reason = Park, ReasonUnauthorised
			if errors.As(fe.Err, new(*fhir.TransportError)) {
				e.Class, e.Reason = Retry, ReasonUnreachable
			}
		case fhir.ReasonAnswer:
			e.Reason = ReasonServerError
		default:
			e.Class, e.Reason = Park, ReasonServerRefused
		}
	}
	return e
}
