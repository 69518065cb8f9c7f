package fhir

import "fmt"

// Reason is a public code for why bytes were not accepted as FHIR.
type Reason string

// The reasons of an [Error].
const (
	ReasonInvalidJSON    Reason = "invalid-json"
	ReasonInvalidUTF8    Reason = "invalid-utf8"      // bytes that are not UTF-8
	ReasonInvalidUnicode Reason = "invalid-unicode"   // half of a surrogate pair in a \u escape
	ReasonDuplicateKey   Reason = "duplicate-key"     // RFC 8259 section 4: meaning would depend on the reader
	ReasonTooDeep        Reason = "too-deep"          // Limits.MaxDepth
	ReasonTooLarge       Reason = "too-large"         // Limits.MaxBytes
	ReasonTooManyEntries Reason = "too-many-entries"  // Limits.MaxEntries
	ReasonNotFHIR        Reason = "not-fhir"          // JSON, but no object with a resourceType
	ReasonEditConflict   Reason = "edit-conflict"     // two edits of one place
	ReasonUnsafeAddress  Reason = "unsafe-address"    // http to somewhere else than loopback, other origin
	ReasonAuthorisation  Reason = "authorisation"     // no token to be had
	ReasonAnswer         Reason = "unreadable-answer" // the server's answer is not FHIR
)

// Error is what this package returns for bytes and addresses it will not take.
// It never holds content, so it is safe in logs.
type Error struct {
	Op     string
	Reason Reason
	Offset int // byte offset in the input, -1 where there is none
	Err    error
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.Op, e.Reason)
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", e.Offset)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }
