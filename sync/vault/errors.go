package vault

import "fmt"

// Reason is a public code for what is wrong with a key. The screens and the
// documentation turn it into words.
type Reason string

// The reasons of this room.
const (
	ReasonMissing   Reason = "key-missing"   // the source holds nothing
	ReasonMode      Reason = "key-mode"      // others could read or change the file
	ReasonOwner     Reason = "key-owner"     // the file belongs to another user
	ReasonKind      Reason = "key-kind"      // a link, a folder, a device
	ReasonMalformed Reason = "key-malformed" // not a key ring and not a bare key
	ReasonNewer     Reason = "key-newer"     // a key ring of a later version of this program
	ReasonWrong     Reason = "key-wrong"     // sealed with a key that is not in this ring
	ReasonTampered  Reason = "key-tampered"  // the right key, but the sealed bytes do not authenticate
	ReasonSource    Reason = "key-source"    // the source is not one this package knows, or cannot be reached
	ReasonClosed    Reason = "key-closed"    // the vault was closed
)

// Error says what is wrong and, in Hint, what to do now. It never holds key
// bytes or sealed content.
type Error struct {
	Reason Reason
	Source string // as given to Open, e.g. "file:/etc/shlkiosk/key"
	Hint   string
	Err    error
}

func (e *Error) Error() string {
	msg := "vault: " + string(e.Reason)
	if e.Source != "" {
		msg += ": " + e.Source
	}
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is compare by reason: errors.Is(err, &Error{Reason: ReasonWrong}).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

func refuse(r Reason, source, hint string, format string, args ...any) *Error {
	return &Error{Reason: r, Source: source, Hint: hint, Err: fmt.Errorf(format, args...)}
}
