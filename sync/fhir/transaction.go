package fhir

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// EntryResult is the server's answer for one entry of a batch or transaction.
type EntryResult struct {
	Status    int    // 0 when the server gave none
	Reference string // "Type/id" of what was created or found
	Version   string
	Outcome   Outcome
	Resource  Resource // when the server returned it
}

// OK tells whether the entry was carried out.
func (e EntryResult) OK() bool { return e.Status >= 200 && e.Status < 300 }

// BundleResult is the answer to a posted Bundle. Entries stand in the order of
// the request.
type BundleResult struct {
	Type    string // transaction-response, batch-response; what the server calls it
	Entries []EntryResult
}

// PostBundle posts a batch or transaction Bundle to the base. The HTTP status
// says nothing about the entries: each has its own, and some servers run a
// transaction as a batch and still call the answer a transaction-response.
// With async set the server is asked to work in the background (RFC 7240
// respond-async) and its job is polled; a server that answers at once is fine.
func (c *Client) PostBundle(ctx context.Context, bundle []byte, async bool) (BundleResult, error) {
	const op = "post bundle"
	h := http.Header{"Prefer": {"return=minimal"}}
	if async {
		h.Set("Prefer", "respond-async")
	}
	a, err := c.call(ctx, op, http.MethodPost, c.url("", nil), h, bundle)
	if err != nil {
		return BundleResult{}, err
	}
	if a.status == http.StatusAccepted {
		if a, err = c.await(ctx, op, a); err != nil {
			return BundleResult{}, err
		}
	}
	return c.bundleResult(ctx, op, a)
}

func (c *Client) bundleResult(ctx context.Context, op string, a answer) (BundleResult, error) {
	r, err := c.resource(op, a)
	if err != nil {
		return BundleResult{}, err
	}
	if r, err = c.unwrapJob(ctx, op, r); err != nil {
		return BundleResult{}, err
	}
	if o := ParseOutcome(r.Value()); o != nil {
		// 200 with an OperationOutcome in place of the Bundle (receiver.md 60).
		return BundleResult{}, &HTTPError{Op: op, Status: a.status, Outcome: o}
	}
	if r.Type() != "Bundle" {
		return BundleResult{}, &Error{Op: op, Reason: ReasonAnswer, Offset: -1}
	}
	out := BundleResult{Type: r.Get("type").String()}
	for _, e := range r.Get("entry").Elements() {
		resp := e.Get("response")
		er := EntryResult{Status: leadingNumber(resp.Get("status").String()), Version: etag(resp.Get("etag").String())}
		if l, ok := locationOf(resp.Get("location").String()); ok {
			er.Reference = l.Local()
			if l.Version != "" {
				er.Version = l.Version
			}
		}
		er.Outcome = ParseOutcome(resp.Get("outcome"))
		if res := view(e.Get("resource").raw); res.typ != "" {
			er.Resource = res
			if er.Reference == "" && res.id != "" && res.typ != "OperationOutcome" {
				er.Reference = res.typ + "/" + res.id
			}
			if er.Outcome == nil {
				er.Outcome = ParseOutcome(res.Value())
			}
		}
		out.Entries = append(out.Entries, er)
	}
	return out, nil
}

// leadingNumber reads "201" and "201 Created" alike.
func leadingNumber(s string) int {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	n, _ := strconv.Atoi(s)
	return n
}

// unwrapJob finds the answer inside the shapes that finished jobs have: the
// Bundle itself; a batch-response whose one entry holds it (FHIR R5 async
// bundle); or Medplum's AsyncJob, whose output names a Binary.
func (c *Client) unwrapJob(ctx context.Context, op string, r Resource) (Resource, error) {
	switch r.Type() {
	case "Bundle":
		if first := r.Get("entry", 0, "resource"); r.Get("entry").Len() == 1 && first.Get("resourceType").String() == "Bundle" {
			return view(first.raw), nil
		}
		return r, nil
	case "AsyncJob":
		switch r.Get("status").String() {
		case "completed":
		default:
			return Resource{}, &HTTPError{Op: op, Status: http.StatusInternalServerError, Outcome: jobOutcome(r)}
		}
		for _, p := range r.Get("output", "parameter").Elements() {
			if res := p.Get("resource"); res.Get("resourceType").String() == "Bundle" {
				return view(res.raw), nil
			}
			ref := p.Get("valueReference", "reference").String()
			if l, ok := ParseLiteral(ref); ok && l.Type == "Binary" {
				a, err := c.call(ctx, op+" result", http.MethodGet, c.url(l.Local(), nil), nil, nil)
				if err != nil {
					return Resource{}, err
				}
				return c.resource(op, a)
			}
		}
		return Resource{}, &Error{Op: op, Reason: ReasonAnswer, Offset: -1, Err: errors.New("finished job without a result")}
	}
	return r, nil
}

func jobOutcome(job Resource) Outcome {
	for _, p := range job.Get("output", "parameter").Elements() {
		if o := ParseOutcome(p.Get("resource")); o != nil {
			return o
		}
	}
	return nil
}

// await polls the status address of a 202 until the job is done. The job goes
// on at the server whatever happens here, so giving up leaves the outcome
// unknown.
func (c *Client) await(ctx context.Context, op string, a answer) (answer, error) {
	where, err := c.sameOrigin(a.header.Get("Content-Location"))
	if err != nil || a.header.Get("Content-Location") == "" {
		return answer{}, &Error{Op: op, Reason: ReasonAnswer, Offset: -1, Err: errors.New("accepted, but no status address on this server")}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.opt.PollFor, errors.New("the server's job takes too long"))
	defer cancel()
	wait := retryAfter(a.header, c.opt.Now())
	for {
		if wait <= 0 {
			wait = c.opt.PollEvery
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return answer{}, &TransportError{Op: op, Sent: true, Err: context.Cause(ctx)}
		case <-t.C:
		}
		a, err := c.call(ctx, op+" status", http.MethodGet, where, nil, nil)
		var he *HTTPError
		switch {
		case errors.As(err, &he) && (he.Status == http.StatusTooManyRequests || he.Status == http.StatusServiceUnavailable):
			wait = he.RetryAfter
			continue
		case errors.As(err, &he):
			// The job's own failure (a 4xx or 5xx of the work) comes this way.
			return answer{}, he
		case err != nil:
			return answer{}, &TransportError{Op: op, Sent: true, Err: err}
		case a.status != http.StatusAccepted:
			return a, nil
		}
		wait = retryAfter(a.header, c.opt.Now())
	}
}
