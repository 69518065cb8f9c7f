package outbox

import "slices"

// State is where a record stands.
type State string

// The states. Their text is stored and must not change.
const (
	Queued    State = "queued"    // waits for its (next) delivery
	Sending   State = "sending"   // a delivery was begun; the server may have heard of it
	Delivered State = "delivered" // the server has it; the check afterwards is still to come
	Verified  State = "verified"  // the server was asked and has it whole
	Parked    State = "parked"    // a person must decide; Header.Reason says why
	Expired   State = "expired"   // given up by a person; the body is destroyed
)

// transitions is the whole table: nothing else is ever written.
var transitions = map[State][]State{
	"":        {Queued, Parked},
	Queued:    {Sending, Parked, Expired},
	Sending:   {Sending, Queued, Delivered, Verified, Parked},
	Delivered: {Sending, Verified, Parked},
	Parked:    {Queued, Expired, Parked},
	Verified:  {},
	Expired:   {},
}

// CanBecome tells whether a record may go from s to next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Valid tells whether s is one of the states.
func (s State) Valid() bool { _, ok := transitions[s]; return ok && s != "" }

// Final tells whether nothing more will happen to a record in this state.
func (s State) Final() bool { return s == Verified || s == Expired }

// Waiting tells whether the worker will deliver a record in this state by
// itself.
func (s State) Waiting() bool { return s == Queued || s == Sending || s == Delivered }
