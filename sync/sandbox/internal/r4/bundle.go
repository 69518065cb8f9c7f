package r4

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// bundle works on a POST to the base; body came through scan.
func (srv *Server) bundle(ctx context.Context, body []byte, pf prefer) (*answer, error) {
	b := srv.behaviour()
	var in struct {
		ResourceType string    `json:"resourceType"`
		Type         string    `json:"type"`
		Entry        []inEntry `json:"entry"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fail(400, "structure", "Bundle: "+err.Error())
	}
	if in.ResourceType != "Bundle" {
		return nil, fail(400, "invalid", "only a Bundle can be posted to the base", "resourceType")
	}
	if in.Type != "transaction" && in.Type != "batch" {
		return nil, fail(400, "invalid", fmt.Sprintf("Bundle.type must be transaction or batch, not %q", in.Type), "Bundle.type")
	}
	transaction := in.Type == "transaction"
	refused := b.NoBatch
	if transaction {
		refused = b.NoTransaction
	}
	if refused != 0 {
		return nil, fail(refused, "not-supported", "a Bundle of type "+in.Type+" is not supported by this server", "Bundle.type")
	}
	if err := limits(b, in.Entry); err != nil {
		return nil, err
	}
	if transaction && !b.TransactionAsBatch {
		return srv.transaction(ctx, in.Entry, pf)
	}
	return srv.batch(ctx, in.Entry, pf, transaction)
}

func limits(b *behaving, entries []inEntry) error {
	if b.EntryLimit > 0 && len(entries) > b.EntryLimit {
		return fail(400, "too-costly", fmt.Sprintf("the Bundle has %d entries, at most %d are allowed", len(entries), b.EntryLimit), "Bundle.entry")
	}
	if b.ConditionalEntryLimit > 0 && len(entries) > b.ConditionalEntryLimit {
		for _, e := range entries {
			if e.Request != nil && e.Request.IfNoneExist != "" {
				return fail(400, "too-costly", fmt.Sprintf("a Bundle with conditional entries may have %d entries at most, this one has %d", b.ConditionalEntryLimit, len(entries)), "Bundle.entry")
			}
		}
	}
	return nil
}

// order of work in a transaction (R4 http.html#trules).
var order = map[string]int{"DELETE": 0, "POST": 1, "PUT": 2, "GET": 3, "HEAD": 3}

// transaction works on all entries or none.
func (srv *Server) transaction(ctx context.Context, entries []inEntry, pf prefer) (*answer, error) {
	steps := make([]*step, len(entries))
	for i, e := range entries {
		st, err := srv.prepare(ctx, i, e, pf)
		if err != nil {
			return nil, asOutcome(err).at(i)
		}
		st.rq.inBundle = true
		steps[i] = st
	}
	answers := make([]*answer, len(steps))
	written, err := srv.store.Update(srv.now(), func(t *tx) error {
		if err := srv.allocate(t, steps, true); err != nil {
			return err
		}
		sorted := slices.Clone(steps)
		slices.SortStableFunc(sorted, func(a, b *step) int { return order[a.rq.method] - order[b.rq.method] })
		for _, st := range sorted {
			a, err := srv.inTransaction(t, st)
			if err != nil {
				return asOutcome(err).at(st.index)
			}
			answers[st.index] = a
		}
		return srv.settled(t, steps, answers)
	})
	if err != nil {
		return nil, err
	}
	srv.counts.wrote(written, true)
	return srv.bundleAnswer("transaction-response", steps, answers, pf), nil
}

func (srv *Server) inTransaction(t *tx, st *step) (*answer, error) {
	if r := st.found; r != nil {
		return &answer{status: 200, record: r, located: true, body: r.Raw, existing: true}, nil
	}
	if st.like != nil {
		r, ok := t.live(Key{st.like.kind, st.like.rq.id})
		if !ok {
			return nil, fail(412, "conflict", "an entry with the same ifNoneExist was not created")
		}
		return &answer{status: 200, record: r, located: true, body: r.Raw, existing: true}, nil
	}
	if st.rq.method == "POST" || st.rq.method == "PUT" {
		body, err := t.resolveConditional(srv, st.rq.body)
		if err != nil {
			return nil, err
		}
		st.rq.body = body
	}
	return srv.do(t, st.rq)
}

// settled checks the references when all entries are in place.
func (srv *Server) settled(t *tx, steps []*step, answers []*answer) error {
	if srv.behaviour().AcceptDangling {
		return nil
	}
	for i, a := range answers {
		if a.record == nil || a.existing || steps[i].rq.method == "GET" {
			continue
		}
		if a.record.Deleted {
			if by := t.referrers(a.record.Key); len(by) > 0 {
				return fail(409, "conflict", "cannot delete "+a.record.String()+": "+by[0].String()+" refers to it").at(i)
			}
			continue
		}
		if err := t.dangling(a.record); err != nil {
			return asOutcome(err).at(i)
		}
	}
	return nil
}

// batch works on every entry by itself. A transaction that is treated as one
// has its links rewritten.
func (srv *Server) batch(ctx context.Context, entries []inEntry, pf prefer, pretend bool) (*answer, error) {
	steps := make([]*step, len(entries))
	answers := make([]*answer, len(entries))
	ready := make([]*step, 0, len(entries))
	for i, e := range entries {
		st, err := srv.prepare(ctx, i, e, pf)
		if err != nil {
			answers[i] = failed(asOutcome(err))
			continue
		}
		steps[i] = st
		ready = append(ready, st)
	}
	if pretend || srv.behaviour().BatchResolves {
		if _, err := srv.store.Update(srv.now(), func(t *tx) error { return srv.allocate(t, ready, false) }); err != nil {
			return nil, err
		}
	}
	for _, st := range ready {
		a, err := srv.single(st.rq)
		if err != nil {
			a = failed(asOutcome(err).at(st.index))
		}
		answers[st.index] = a
	}
	kind := "batch-response"
	if pretend {
		kind = "transaction-response"
	}
	return srv.bundleAnswer(kind, steps, answers, pf), nil
}

// failed is an answer that carries an error outcome.
func failed(o *Outcome) *answer { return &answer{status: o.Status, outcome: o.JSON()} }

// single works on one interaction in a transaction of its own.
func (srv *Server) single(rq *request) (*answer, error) {
	var a *answer
	work := func(t *tx) (err error) {
		a, err = srv.do(t, rq)
		return err
	}
	if !rq.writes() {
		if err := srv.store.View(srv.now(), work); err != nil {
			return nil, err
		}
		return a, nil
	}
	written, err := srv.store.Update(srv.now(), work)
	if err != nil {
		return nil, err
	}
	srv.counts.wrote(written, false)
	return a, nil
}

// bundleAnswer writes the response Bundle, one entry for each of the request's.
func (srv *Server) bundleAnswer(kind string, steps []*step, answers []*answer, pf prefer) *answer {
	b := srv.behaviour()
	out := bundleJSON{ResourceType: "Bundle", ID: NewUUID(), Type: kind, Timestamp: instant(srv.now())}
	for i, a := range answers {
		e := entryJSON{Response: &responseJSON{Status: b.status(a.status), Outcome: a.outcome}}
		if r := a.record; r != nil {
			e.Response.ETag = r.ETag()
			e.Response.LastModified = instant(r.Updated)
			if a.located && !b.NoLocation {
				e.Response.Location = srv.location(r, b.AbsoluteLocations)
			}
			if !r.Deleted {
				e.FullURL = srv.opt.Base + "/" + r.String()
			}
		}
		reading := steps[i] != nil && (steps[i].rq.method == "GET" || !steps[i].rq.writes())
		if reading || !pf.minimal && !b.NoRepresentation && !pf.outcome {
			e.Resource = a.body
		}
		if pf.outcome && a.outcome == nil && a.record != nil && !reading {
			e.Response.Outcome = allOK(a.status, "done").JSON()
		}
		out.Entry = append(out.Entry, e)
	}
	return &answer{status: http.StatusOK, body: encode(out)}
}

func (srv *Server) location(r *Record, absolute bool) string {
	at := fmt.Sprintf("%s/_history/%d", r, r.Version)
	if absolute {
		return srv.opt.Base + "/" + at
	}
	return at
}

// asOutcome gives any error the form of an outcome.
func asOutcome(err error) *Outcome {
	var o *Outcome
	if errors.As(err, &o) {
		return o
	}
	return fail(500, "exception", err.Error())
}
