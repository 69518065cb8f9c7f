package outbox

import (
	"context"
	"time"
)

// Deliverer brings one record to where it belongs: the FHIR server of the
// clinic, or a broker that many kiosks share.
//
// Deliver may be called again for the same record, after a crash at any point
// of an earlier call. It must not do twice what may be done once: when
// Job.Unknown is set it looks at the destination first. It must return soon
// after ctx ends. It never puts protected data into Outcome.Reason or Err.
type Deliverer interface {
	Deliver(ctx context.Context, job Job) Outcome
}

// DelivererFunc is a function as a Deliverer.
type DelivererFunc func(ctx context.Context, job Job) Outcome

// Deliver calls f.
func (f DelivererFunc) Deliver(ctx context.Context, job Job) Outcome { return f(ctx, job) }

// Job is one delivery.
type Job struct {
	ID      ID
	Code    string // receipt code
	Attempt int    // 1 for the first
	State   State  // before this delivery: Queued, Sending (crashed) or Delivered (only the check is left)
	// Unknown: an earlier delivery was begun, so the destination may have it.
	Unknown bool
	Body    []byte // wiped when the delivery has ended: keep nothing of it
	// Save replaces the stored body, durably, before it returns nil: the journal
	// before each step that cannot be taken back. After an error the step must
	// not be taken.
	Save func(body []byte) error
}

// Outcome is how a delivery ended.
type Outcome struct {
	// State is Verified, Delivered (stored there, not checked yet), Parked (a
	// person must decide) or Queued (try again later). Anything else counts as
	// Queued.
	State  State
	Reason string // code: why parked or why not yet
	// RetryAfter is what the server asked for; 0 when it did not. It holds for
	// all deliveries, since it is the server that asks.
	RetryAfter time.Duration
	// Body replaces the stored body. For Verified it is what is kept for the
	// receipt; nil destroys the body.
	Body []byte
	Err  error // for the log; without protected data
}
