package r4

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// inEntry is a Bundle entry of a transaction or batch as sent.
type inEntry struct {
	FullURL  string          `json:"fullUrl"`
	Resource json.RawMessage `json:"resource"`
	Request  *struct {
		Method          string `json:"method"`
		URL             string `json:"url"`
		IfMatch         string `json:"ifMatch"`
		IfNoneMatch     string `json:"ifNoneMatch"`
		IfModifiedSince string `json:"ifModifiedSince"`
		IfNoneExist     string `json:"ifNoneExist"`
	} `json:"request"`
}

// step is an entry ready to be worked on.
type step struct {
	index   int
	fullURL string
	rq      *request
	kind    string // type of a POST or PUT
}

// bundle works on a POST to the base.
func (srv *Server) bundle(ctx context.Context, body []byte, pf prefer) (*answer, error) {
	b := srv.behaviour()
	if _, _, err := scan(body, nil); err != nil {
		return nil, fail(400, "structure", "body: "+err.Error())
	}
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

// prepare reads one entry's request.
func (srv *Server) prepare(ctx context.Context, i int, e inEntry, pf prefer) (*step, error) {
	if e.Request == nil {
		return nil, fail(400, "required", "entry has no request", fmt.Sprintf("Bundle.entry[%d].request", i))
	}
	target := strings.TrimPrefix(strings.TrimPrefix(e.Request.URL, srv.opt.Base), "/")
	path, q, _ := strings.Cut(target, "?")
	query, err := url.ParseQuery(q)
	if err != nil || e.Request.URL == "" || strings.Contains(path, "://") {
		return nil, fail(400, "value", "request.url cannot be read: "+e.Request.URL, fmt.Sprintf("Bundle.entry[%d].request.url", i))
	}
	st := &step{index: i, fullURL: e.FullURL, rq: &request{
		ctx: ctx, method: e.Request.Method, path: path, query: query, body: e.Resource, prefer: pf,
		ifMatch: e.Request.IfMatch, ifNoneMatch: e.Request.IfNoneMatch, ifModified: e.Request.IfModifiedSince,
		ifNoneExist: e.Request.IfNoneExist,
	}}
	part := split(path)
	switch st.rq.method {
	case "POST", "PUT":
		if len(e.Resource) == 0 {
			return nil, fail(400, "required", "entry has no resource", fmt.Sprintf("Bundle.entry[%d].resource", i))
		}
		if _, _, err := scan(e.Resource, nil); err != nil {
			return nil, fail(400, "structure", err.Error(), fmt.Sprintf("Bundle.entry[%d].resource", i))
		}
		if len(part) > 0 && isType(part[0]) {
			st.kind = part[0]
		}
	case "GET", "HEAD", "DELETE":
	case "PATCH":
		return nil, unsupported("patch")
	default:
		return nil, fail(400, "value", "request.method "+st.rq.method+" is none of GET, HEAD, POST, PUT, DELETE", fmt.Sprintf("Bundle.entry[%d].request.method", i))
	}
	if b := srv.behaviour(); b.RefuseEntry == i+1 {
		return nil, fail(422, "business-rule", "this entry is refused", fmt.Sprintf("Bundle.entry[%d].resource", i))
	}
	return st, nil
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
	if st.rq.method == "POST" || st.rq.method == "PUT" {
		body, err := t.resolveConditional(srv, st.rq.body)
		if err != nil {
			return nil, err
		}
		st.rq.body = body
	}
	return srv.do(t, st.rq)
}

// allocate gives every created resource its place, settles the conditional
// creates, and rewrites the links among the entries.
func (srv *Server) allocate(t *tx, steps []*step, strict bool) error {
	places := map[string]string{}
	touched := map[string]int{}
	for _, st := range steps {
		place := st.rq.path
		switch st.rq.method {
		case "POST":
			if st.kind == "" || st.rq.path != st.kind {
				continue // an operation or a search
			}
			st.rq.id = srv.newID(t)
			place = st.kind + "/" + st.rq.id
			if st.rq.ifNoneExist != "" {
				if params, err := conditionOf(st.rq.ifNoneExist); err == nil {
					if hits, err := srv.find(t, st.kind, params); err == nil && len(hits) == 1 {
						place = hits[0].String()
					}
				}
			}
		case "PUT", "DELETE":
			if first, twice := touched[place]; twice && strict {
				return fail(400, "duplicate", fmt.Sprintf("entries %d and %d are about the same resource %s", first, st.index, place)).at(st.index)
			}
			touched[place] = st.index
			if st.rq.method == "DELETE" {
				continue
			}
		default:
			continue
		}
		if st.fullURL == "" {
			continue
		}
		if _, twice := places[st.fullURL]; twice && strict {
			return fail(400, "duplicate", "fullUrl "+st.fullURL+" appears twice", fmt.Sprintf("Bundle.entry[%d].fullUrl", st.index)).at(st.index)
		}
		places[st.fullURL] = place
	}
	for _, st := range steps {
		if st.rq.method != "POST" && st.rq.method != "PUT" {
			continue
		}
		body, err := rewrite(st.rq.body, st.fullURL, places)
		if err != nil {
			return fail(400, "structure", err.Error()).at(st.index)
		}
		st.rq.body = body
	}
	return nil
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
