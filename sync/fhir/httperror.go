package fhir

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shlkiosk/sync/phi"
)

// MaxRetryAfter caps what a server may ask for: reliability.md F9.
const MaxRetryAfter = time.Hour

// Issue is one issue of an OperationOutcome.
type Issue struct {
	Severity   string
	Code       string
	Details    phi.Text // details.text and diagnostics: the server's words, which may quote the data
	Expression []string
}

// Outcome is a parsed OperationOutcome, empty when there was none.
type Outcome []Issue

// Failed tells whether an issue is an error or fatal.
func (o Outcome) Failed() bool {
	for _, i := range o {
		if i.Severity == "error" || i.Severity == "fatal" {
			return true
		}
	}
	return false
}

// Codes are the issue codes in order, safe for logs.
func (o Outcome) Codes() []string {
	var out []string
	for _, i := range o {
		if safeWord(i.Code) {
			out = append(out, i.Code)
		}
	}
	return out
}

// Says tells whether an issue's text contains the words, without case.
func (o Outcome) Says(words string) bool {
	for _, i := range o {
		if strings.Contains(strings.ToLower(i.Details.Reveal()), strings.ToLower(words)) {
			return true
		}
	}
	return false
}

func safeWord(s string) bool {
	return s != "" && len(s) <= 40 && !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && c != '-' })
}

// ParseOutcome reads an OperationOutcome; nil for anything else.
func ParseOutcome(v Value) Outcome {
	if v.Get("resourceType").String() != "OperationOutcome" {
		return nil
	}
	var out Outcome
	for _, i := range v.Get("issue").Elements() {
		is := Issue{Severity: i.Get("severity").String(), Code: i.Get("code").String()}
		is.Details = phi.Text(strings.TrimSpace(i.Get("details", "text").String() + " " + i.Get("diagnostics").String()))
		for _, e := range i.Get("expression").Elements() {
			is.Expression = append(is.Expression, e.String())
		}
		out = append(out, is)
	}
	return out
}

// HTTPError is an answer with a status of 300 or more. Error() holds no text
// of the server, so it is safe for logs; Outcome is for staff.
type HTTPError struct {
	Op         string
	Status     int
	RetryAfter time.Duration // 0 when the server named none, at most MaxRetryAfter
	Outcome    Outcome
}

func (e *HTTPError) Error() string {
	s := fmt.Sprintf("%s: the server answered %d", e.Op, e.Status)
	if c := e.Outcome.Codes(); len(c) > 0 {
		s += " (" + strings.Join(c, ", ") + ")"
	}
	return s
}

// TransportError is a request without a complete answer.
type TransportError struct {
	Op   string
	Sent bool // the request's head had left: the server may have acted on it
	Err  error
}

func (e *TransportError) Error() string { return e.Op + ": no answer: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// plainCause takes the address out of an error: query strings hold names.
func plainCause(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// Unknown tells whether a write that returned err may still have happened:
// look before sending again.
func Unknown(err error) bool {
	var te *TransportError
	if errors.As(err, &te) {
		return te.Sent
	}
	var he *HTTPError
	if errors.As(err, &he) {
		switch he.Status {
		case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	var fe *Error
	return errors.As(err, &fe) && fe.Reason == ReasonAnswer
}

// Status is the HTTP status inside err, 0 when there is none.
func Status(err error) int {
	var he *HTTPError
	if errors.As(err, &he) {
		return he.Status
	}
	return 0
}

func httpError(op string, a answer, lim Limits, now time.Time) *HTTPError {
	e := &HTTPError{Op: op, Status: a.status, RetryAfter: retryAfter(a.header, now)}
	if r, err := ParseResource(a.body, lim); err == nil {
		e.Outcome = ParseOutcome(r.Value())
	}
	return e
}

// retryAfter reads seconds or an HTTP date (RFC 9110 section 10.2.3); what is
// neither, or lies in the past, is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	var d time.Duration
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		d = time.Duration(min(n, int64(MaxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return max(0, min(d, MaxRetryAfter))
}
