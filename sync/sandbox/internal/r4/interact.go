package r4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// writes tells whether a request may change the store.
func (rq *request) writes() bool {
	last := rq.path[strings.LastIndexByte(rq.path, '/')+1:]
	if strings.HasPrefix(last, "$") || last == "_search" {
		return false
	}
	return rq.method != http.MethodGet && rq.method != http.MethodHead
}

// do works on one interaction other than a Bundle.
func (srv *Server) do(t *tx, rq *request) (*answer, error) {
	part := split(rq.path)
	if len(part) == 0 {
		return nil, fail(404, "not-found", "nothing is served here; see metadata")
	}
	for _, p := range part {
		if p == "" {
			return nil, fail(404, "not-found", "empty path segment")
		}
	}
	get := rq.method == http.MethodGet || rq.method == http.MethodHead
	switch {
	case part[0] == "metadata" && len(part) == 1:
		if !get {
			return nil, notAllowed("GET")
		}
		return &answer{status: 200, body: srv.capabilities()}, nil
	case part[0] == "_history" && len(part) == 1 && get:
		return srv.historyOf(t, rq, "")
	case !isType(part[0]):
		return nil, fail(404, "not-supported", "Unknown resource type: "+part[0])
	case len(part) == 1:
		return srv.onType(t, rq, part[0])
	case part[1] == "_search" && len(part) == 2:
		if rq.method != http.MethodPost {
			return nil, notAllowed("POST")
		}
		return srv.search(t, rq, part[0])
	case part[1] == "_history" && len(part) == 2 && get:
		return srv.historyOf(t, rq, part[0])
	case part[1] == "$match" && len(part) == 2:
		if part[0] != "Patient" {
			return nil, fail(404, "not-supported", "$match is an operation of Patient")
		}
		return srv.match(t, rq)
	case strings.HasPrefix(part[1], "$"):
		return nil, fail(404, "not-supported", "Unknown operation: "+part[0]+"/"+part[1])
	case !validID(part[1]):
		return nil, fail(400, "value", "not a FHIR id: "+part[1])
	}
	k := Key{part[0], part[1]}
	switch {
	case len(part) == 2:
		return srv.onInstance(t, rq, k)
	case part[2] == "_history" && len(part) == 3 && get:
		return srv.history(t, k)
	case part[2] == "_history" && len(part) == 4 && get:
		return srv.vread(t, rq, k, part[3])
	case part[2] == "$everything" && len(part) == 3:
		return srv.everything(t, rq, k)
	case strings.HasPrefix(part[2], "$"):
		return nil, fail(404, "not-supported", "Unknown operation: "+part[2])
	case isType(part[2]) && len(part) == 3 && get && part[0] == "Patient":
		return srv.compartment(t, rq, k, part[2])
	}
	return nil, fail(404, "not-found", "nothing is served at "+rq.path)
}

func notAllowed(allow string) *Outcome {
	o := fail(405, "not-supported", "method not allowed here; allowed: "+allow)
	o.Headers = map[string]string{"Allow": allow}
	return o
}

func (srv *Server) onType(t *tx, rq *request, kind string) (*answer, error) {
	switch rq.method {
	case http.MethodGet, http.MethodHead:
		return srv.search(t, rq, kind)
	case http.MethodPost:
		return srv.create(t, rq, kind)
	case http.MethodPut:
		return nil, unsupported("conditional update")
	case http.MethodDelete:
		return nil, unsupported("conditional delete")
	case http.MethodPatch:
		return nil, unsupported("patch")
	}
	return nil, notAllowed("GET, POST")
}

// unsupported refuses an interaction that the CapabilityStatement does not list.
func unsupported(what string) *Outcome {
	o := fail(405, "not-supported", what+" is not supported by this server")
	o.Headers = map[string]string{"Allow": "GET, POST"}
	return o
}

func (srv *Server) onInstance(t *tx, rq *request, k Key) (*answer, error) {
	switch rq.method {
	case http.MethodGet, http.MethodHead:
		return srv.read(t, rq, k)
	case http.MethodPut:
		return srv.update(t, rq, k)
	case http.MethodDelete:
		return srv.remove(t, rq, k)
	case http.MethodPatch:
		return nil, unsupported("patch")
	}
	return nil, notAllowed("GET, PUT, DELETE")
}

func (srv *Server) read(t *tx, rq *request, k Key) (*answer, error) {
	r, ok := t.get(k)
	if !ok {
		return nil, fail(404, "not-found", "Resource "+k.String()+" is not known")
	}
	if r.Deleted {
		return nil, fail(410, "deleted", "Resource "+k.String()+" was deleted")
	}
	if rq.ifNoneMatch != "" && strings.Contains(rq.ifNoneMatch, r.ETag()) {
		return &answer{status: 304, record: r}, nil
	}
	if at, err := http.ParseTime(rq.ifModified); err == nil && rq.ifNoneMatch == "" && !r.Updated.Truncate(time.Second).After(at) {
		return &answer{status: 304, record: r}, nil
	}
	body := r.Raw
	if s, e := rq.query.Get("_summary"), rq.query.Get("_elements"); s != "" || e != "" {
		q := &query{summary: s}
		if e != "" {
			q.elements = strings.Split(e, ",")
		}
		body = q.trim(body)
	}
	return &answer{status: 200, record: r, body: body}, nil
}

func (srv *Server) vread(t *tx, _ *request, k Key, version string) (*answer, error) {
	for _, r := range t.history(k) {
		if strconv.Itoa(r.Version) == version {
			if r.Deleted {
				return nil, fail(410, "deleted", "version "+version+" of "+k.String()+" is its deletion")
			}
			return &answer{status: 200, record: r, body: r.Raw}, nil
		}
	}
	return nil, fail(404, "not-found", "Resource "+k.String()+" has no version "+version)
}

func (srv *Server) create(t *tx, rq *request, kind string) (*answer, error) {
	if rq.ifNoneExist != "" {
		if srv.behaviour().NoConditionalCreate {
			return nil, fail(412, "not-supported", "conditional create is not supported")
		}
		params, err := conditionOf(rq.ifNoneExist)
		if err != nil {
			return nil, err
		}
		hits, err := srv.find(t, kind, params)
		switch {
		case err != nil:
			return nil, err
		case len(hits) > 1:
			return nil, fail(412, "multiple-matches", "the condition matches "+strconv.Itoa(len(hits))+" resources of type "+kind)
		case len(hits) == 1:
			return &answer{status: 200, record: hits[0], located: true, body: hits[0].Raw, existing: true}, nil
		}
	}
	if err := srv.check(rq, kind, ""); err != nil {
		return nil, err
	}
	id := rq.id
	if own, _ := rq.parsed["id"].(string); srv.behaviour().KeepClientIDs && validID(own) {
		if _, taken := t.get(Key{kind, own}); taken {
			return nil, fail(409, "duplicate", kind+"/"+own+" exists already", kind+".id")
		}
		id = own
	}
	if id == "" {
		id = srv.newID(t, kind)
	}
	return srv.put(t, rq, "POST", Key{kind, id}, 201)
}

// conditionOf reads the search of an If-None-Exist header: only what stands
// behind a "?", if one is there.
func conditionOf(s string) (url.Values, error) {
	if _, q, ok := strings.Cut(s, "?"); ok {
		s = q
	}
	params, err := url.ParseQuery(s)
	if err != nil {
		return nil, fail(400, "value", "If-None-Exist cannot be read: "+s)
	}
	return params, nil
}

func (srv *Server) update(t *tx, rq *request, k Key) (*answer, error) {
	if err := srv.check(rq, k.Type, k.ID); err != nil {
		return nil, err
	}
	old, known := t.get(k)
	if err := meetsIfMatch(rq, old); err != nil {
		return nil, err
	}
	if !known && srv.behaviour().NoClientIDs {
		return nil, fail(404, "not-found", "Resource "+k.String()+" is not known and clients may not choose ids")
	}
	status := 200
	if !known || old.Deleted {
		status = 201
	}
	return srv.put(t, rq, "PUT", k, status)
}

func meetsIfMatch(rq *request, old *Record) error {
	if rq.ifMatch == "" || rq.ifMatch == "*" && old != nil {
		return nil
	}
	if old == nil || weak(rq.ifMatch) != old.ETag() {
		return fail(412, "conflict", "If-Match "+rq.ifMatch+" is not the present version")
	}
	return nil
}

// weak gives an entity tag its weak form, as FHIR writes them.
func weak(tag string) string {
	if strings.HasPrefix(tag, "W/") {
		return tag
	}
	return `W/"` + strings.Trim(tag, `"`) + `"`
}

// put stores the checked body.
func (srv *Server) put(t *tx, rq *request, method string, k Key, status int) (*answer, error) {
	r, err := t.write(method, k, rq.body, rq.parsed)
	if err != nil {
		return nil, err
	}
	// In a transaction the references are checked when all entries are there.
	if !rq.inBundle && !srv.behaviour().AcceptDangling {
		if err := t.dangling(r); err != nil {
			return nil, err
		}
	}
	return &answer{status: status, record: r, located: true, body: r.Raw}, nil
}

func (srv *Server) remove(t *tx, rq *request, k Key) (*answer, error) {
	old, known := t.get(k)
	if err := meetsIfMatch(rq, old); err != nil {
		return nil, err
	}
	if !known { // R4: deleting what is not there is no error
		return &answer{status: 204}, nil
	}
	if old.Deleted {
		return &answer{status: 204, record: old}, nil
	}
	if !rq.inBundle && !srv.behaviour().AcceptDangling {
		if by := t.referrers(k); len(by) > 0 {
			return nil, fail(409, "conflict", "cannot delete "+k.String()+": "+by[0].String()+" refers to it")
		}
	}
	r, err := t.write("DELETE", k, nil, nil)
	if err != nil {
		return nil, err
	}
	return &answer{status: 204, record: r}, nil
}

// check refuses a body that is not a resource of the type (and id).
func (srv *Server) check(rq *request, kind, id string) error {
	if !rq.inEntry { // a Bundle was scanned as a whole
		if _, _, err := scan(rq.body, nil); err != nil {
			return fail(400, "structure", "body: "+err.Error(), kind)
		}
	}
	rq.parsed = view(rq.body)
	if got, _ := rq.parsed["resourceType"].(string); got != kind {
		return fail(400, "invalid", "resourceType "+strconv.Quote(got)+" does not fit the request's "+kind, kind+".resourceType")
	}
	if got, _ := rq.parsed["id"].(string); id != "" && got != id {
		return fail(400, "invalid", "the resource's id does not fit the request's "+id, kind+".id")
	}
	if slices.Contains(srv.behaviour().RefuseTypes, kind) {
		return fail(422, "business-rule", "this server does not take "+kind+" resources", kind)
	}
	if srv.behaviour().NoValidation {
		return nil
	}
	return validate(kind, rq.parsed)
}
