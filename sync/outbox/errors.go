package outbox

import "fmt"

// Reason is a public code for why the ledger refused. Screens and
// documentation turn it into words.
type Reason string

// The reasons of this room.
const (
	ReasonBusy         Reason = "ledger-busy"           // another process owns it
	ReasonWrongKey     Reason = "ledger-wrong-key"      // sealed with a key that is not in the ring
	ReasonNewer        Reason = "ledger-newer"          // written by a later version of this program
	ReasonMissing      Reason = "ledger-missing"        // there was a ledger here and it is gone
	ReasonOutOfService Reason = "ledger-out-of-service" // the disk failed while writing; ends with the process
	ReasonDiskFull     Reason = "disk-full"             // no room for another record
	ReasonFull         Reason = "ledger-full"           // the limit of records or bytes is reached
	ReasonTooLarge     Reason = "record-too-large"
	ReasonNotFound     Reason = "not-found"
	ReasonExists       Reason = "exists-differently" // the ID is taken by other content
	ReasonState        Reason = "state"              // the change is not in the table of transitions
	ReasonInUse        Reason = "being-sent"         // a delivery of this record is running
	ReasonDamaged      Reason = "record-damaged"     // the record does not authenticate
	ReasonInvalid      Reason = "invalid"            // an argument that is not allowed
	ReasonGone         Reason = "body-shredded"      // the body was destroyed on purpose
	ReasonClosed       Reason = "closed"
	ReasonIO           Reason = "ledger-io" // the folder or file cannot be used
)

// Error says what was refused and, in Hint, what to do now. It never holds
// protected data.
type Error struct {
	Reason Reason
	ID     ID // the record, where there is one
	Hint   string
	Err    error
}

func (e *Error) Error() string {
	msg := "outbox: " + string(e.Reason)
	if e.ID != "" {
		msg += ": " + string(e.ID)
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

// Is lets errors.Is compare by reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

func refuse(r Reason, id ID, hint, format string, args ...any) *Error {
	return &Error{Reason: r, ID: id, Hint: hint, Err: fmt.Errorf(format, args...)}
}
