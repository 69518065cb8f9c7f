package engine

import (
	"context"
	"errors"

	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
)

// Deliverer brings imports from the ledger to the clinic's FHIR server.
type Deliverer struct {
	Importer *intake.Importer
	// Forget is called after each delivery and must not block; may be nil. See the
	// function Forget.
	Forget func()
}

var _ outbox.Deliverer = (*Deliverer)(nil)

// Deliver implements outbox.Deliverer.
func (d *Deliverer) Deliver(ctx context.Context, job outbox.Job) (out outbox.Outcome) {
	if d.Forget != nil {
		defer d.Forget()
	}
	phi.Washed(func() { out = d.deliver(ctx, job) })
	return out
}

func (d *Deliverer) deliver(ctx context.Context, job outbox.Job) outbox.Outcome {
	env, err := intake.UnmarshalEnvelope(job.Body)
	if err != nil {
		return outbox.Outcome{State: outbox.Parked, Reason: string(intake.ReasonUnreadable), Err: errors.New("the envelope cannot be read")}
	}
	save := func(e *intake.Envelope) error {
		body, err := intake.MarshalEnvelope(e)
		if err != nil {
			return err
		}
		defer phi.Wipe(body)
		return job.Save(body)
	}
	receipt, err := d.Importer.Deliver(ctx, env, save)
	return outcomeOfDelivery(env, receipt, err)
}

func outcomeOfDelivery(env *intake.Envelope, receipt intake.Receipt, err error) outbox.Outcome {
	if err != nil {
		e := intake.Classify(err)
		out := outbox.Outcome{State: outbox.Queued, Reason: string(e.Reason), RetryAfter: e.RetryAfter, Err: e}
		if e.Class != intake.Retry {
			out.State = outbox.Parked
		}
		out.Body = reseal(env)
		return out
	}
	env.Journal.Receipt = &receipt
	switch receipt.State {
	case intake.StateVerified:
		forget(env)
		return outbox.Outcome{State: outbox.Verified, Body: reseal(env)}
	case intake.StateDelivered:
		// Everything arrived; what the check found is for a person. The files
		// stay until they have looked.
		return outbox.Outcome{State: outbox.Parked, Reason: "verification-incomplete", Body: reseal(env)}
	default:
		reason := receipt.Reason
		if reason == "" {
			reason = string(intake.ReasonMatchUnsure)
		}
		return outbox.Outcome{State: outbox.Parked, Reason: reason, Body: reseal(env)}
	}
}

// reseal is the envelope as the new body; nil leaves the stored one.
func reseal(env *intake.Envelope) []byte {
	body, err := intake.MarshalEnvelope(env)
	if err != nil {
		return nil
	}
	return body
}

// forget leaves of a verified import what its receipt needs: the files, what
// was typed and what is not for staff any more are gone from the body.
func forget(env *intake.Envelope) {
	for i := range env.Files {
		phi.Wipe(env.Files[i].Bytes)
		phi.Wipe(env.Files[i].FHIR)
		env.Files[i].Bytes, env.Files[i].FHIR = nil, nil
	}
	env.Typed = intake.Typed{}
	env.Source.Label = ""
}
