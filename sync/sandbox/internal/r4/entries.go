package r4

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
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
	// found is what a conditional create of a transaction matched before it began;
	// like is the earlier step with the same condition.
	found *Record
	like  *step
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
		ifNoneExist: e.Request.IfNoneExist, inEntry: true,
	}}
	part := split(path)
	switch st.rq.method {
	case "POST", "PUT":
		if len(e.Resource) == 0 {
			return nil, fail(400, "required", "entry has no resource", fmt.Sprintf("Bundle.entry[%d].resource", i))
		}
		if e.Resource[0] != '{' {
			return nil, fail(400, "structure", "resource is no object", fmt.Sprintf("Bundle.entry[%d].resource", i))
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

// allocate gives every created resource its place, settles the conditional
// creates, and rewrites the links among the entries.
func (srv *Server) allocate(t *tx, steps []*step, strict bool) error {
	places := map[string]string{}
	touched := map[string]int{}
	firsts := map[string]*step{} // by type and condition
	for _, st := range steps {
		place := st.rq.path
		switch st.rq.method {
		case "POST":
			if st.kind == "" || st.rq.path != st.kind {
				continue // an operation or a search
			}
			st.rq.id = srv.newID(t, st.kind)
			if own, _ := view(st.rq.body)["id"].(string); srv.behaviour().KeepClientIDs && validID(own) {
				st.rq.id = own
			}
			place = st.kind + "/" + st.rq.id
			if st.rq.ifNoneExist != "" {
				var err error
				if place, err = srv.settle(t, st, firsts, strict); err != nil {
					return asOutcome(err).at(st.index)
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
		st.rq.body = rewrite(st.rq.body, st.fullURL, places)
	}
	return nil
}

// settle decides a conditional create on the state before the bundle, so that
// links to the entry can be rewritten, and gives its place. Entries with the
// same condition are one resource (as HAPI does, where each making its own was a
// bug).
func (srv *Server) settle(t *tx, st *step, firsts map[string]*step, strict bool) (string, error) {
	own := st.kind + "/" + st.rq.id
	if strict && srv.behaviour().NoConditionalCreate {
		return "", fail(412, "not-supported", "conditional create is not supported")
	}
	params, err := conditionOf(st.rq.ifNoneExist)
	var hits []*Record
	if err == nil {
		hits, err = srv.find(t, st.kind, params)
	}
	first := firsts[st.kind+"?"+st.rq.ifNoneExist]
	switch {
	case err != nil && strict:
		return "", err
	case err != nil:
		return own, nil //nolint:nilerr // the entry fails by itself
	case len(hits) > 1 && strict:
		return "", fail(412, "multiple-matches", fmt.Sprintf("the condition matches %d resources of type %s", len(hits), st.kind))
	case len(hits) == 1:
		if strict {
			st.found = hits[0]
		}
		return hits[0].String(), nil
	case first != nil:
		if strict {
			st.like = first
		}
		return first.kind + "/" + first.rq.id, nil
	}
	firsts[st.kind+"?"+st.rq.ifNoneExist] = st
	if strict {
		st.rq.ifNoneExist = "" // decided: it is made
	}
	return own, nil
}
