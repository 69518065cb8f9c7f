package r4

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const fhirJSON = "application/fhir+json; charset=utf-8"

// ServeHTTP serves everything below the base.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b := srv.behaviour()
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, srv.path), "/")
	w.Header().Set("Date", srv.now().UTC().Format(http.TimeFormat))
	ex := &exchange{srv: srv, b: b, w: w, r: r, path: path}
	ex.serve()
}

// exchange is one HTTP request on its way.
type exchange struct {
	srv   *Server
	b     *behaving
	w     http.ResponseWriter
	r     *http.Request
	path  string
	what  string
	fault *Fault
}

func (ex *exchange) serve() {
	ex.what = whatOf(ex.r.Method, ex.path)
	body, err := ex.readBody()
	if ex.what == "bundle" && err == nil {
		ex.what, err = bundleType(body)
	}
	ex.srv.counts.request(ex.r.Method + " " + ex.what)
	ex.fault = ex.b.strike(ex.r.Method, ex.what)
	if ex.struckBefore() {
		return
	}
	if err != nil {
		ex.fail(err)
		return
	}
	if left, wait := ex.b.spend(ex.srv.now()); wait > 0 {
		ex.w.Header().Set("RateLimit", fmt.Sprintf(`"requests";r=%d;t=%d`, max(left, 0), wait))
		if left < 0 {
			o := fail(429, "throttled", "Too many requests")
			o.Headers = map[string]string{"Retry-After": strconv.Itoa(wait)}
			ex.fail(o)
			return
		}
	}
	if a, ok := ex.open(); ok {
		ex.send(a)
		return
	}
	if err := ex.srv.authorised(ex.r); err != nil {
		ex.fail(err)
		return
	}
	a, err := ex.work(body)
	if err != nil {
		ex.fail(err)
		return
	}
	ex.send(a)
}

// open answers what needs no token.
func (ex *exchange) open() (*answer, bool) {
	if ex.r.Method != http.MethodGet {
		return nil, false
	}
	switch ex.path {
	case "metadata":
		return &answer{status: 200, body: ex.srv.capabilities()}, true
	case ".well-known/smart-configuration":
		return &answer{status: 200, body: ex.srv.smartConfiguration(), headers: map[string]string{"Content-Type": "application/json"}}, true
	case "":
		return &answer{status: 200, body: []byte(aboutPage), headers: map[string]string{"Content-Type": "text/html; charset=utf-8"}}, true
	}
	return nil, false
}

const aboutPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo FHIR server</title>
<h1>Demo FHIR server</h1><p>This is a FHIR R4 server with made-up people, held in memory by <b>kioskctl sandbox</b>.
It is for demonstrations and tests. Nothing here is about a real person, and nothing is kept when it stops.</p>
<p><a href="fhir/metadata">What it can do (CapabilityStatement)</a></p></html>
`

func (ex *exchange) work(body []byte) (*answer, error) {
	if wrapped, ok := wrapBinary(ex.r, ex.path, body); ok {
		body = wrapped
	} else if err := ex.negotiate(); err != nil {
		return nil, err
	}
	if job, rest, ok := jobPath(ex.path); ok {
		return ex.srv.jobStatus(ex.r.Method, job, rest)
	}
	if a, ok := ex.srv.jobBinary(ex.r.Method, ex.path); ok {
		return a, nil
	}
	pf := parsePrefer(ex.r.Header.Values("Prefer"))
	if ex.path == "" {
		if ex.r.Method != http.MethodPost {
			return nil, notAllowed("POST")
		}
		if pf.async || ex.b.AsyncOnly {
			return ex.srv.startJob(ex.r, body, pf), nil
		}
		return ex.srv.bundle(ex.r.Context(), body, pf)
	}
	query, err := url.ParseQuery(ex.r.URL.RawQuery)
	if err != nil {
		return nil, fail(400, "value", "the query cannot be read")
	}
	rq := &request{
		ctx: ex.r.Context(), method: ex.r.Method, path: ex.path, query: query, body: body, prefer: pf,
		ifMatch: ex.r.Header.Get("If-Match"), ifNoneMatch: ex.r.Header.Get("If-None-Match"),
		ifModified: ex.r.Header.Get("If-Modified-Since"), ifNoneExist: ex.r.Header.Get("If-None-Exist"),
	}
	if strings.HasSuffix(ex.path, "/_search") && ex.r.Method == http.MethodPost {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, fail(400, "value", "the form cannot be read")
		}
		for k, v := range form {
			query[k] = append(query[k], v...)
		}
	}
	a, err := ex.srv.single(rq)
	if err != nil {
		return nil, err
	}
	return unwrapBinary(ex.r, a), nil
}

// negotiate refuses what is not FHIR JSON.
func (ex *exchange) negotiate() error {
	format := ex.r.URL.Query().Get("_format")
	accept := ex.r.Header.Get("Accept")
	if strings.Contains(format, "xml") || format == "" && strings.Contains(accept, "xml") && !strings.Contains(accept, "json") && !strings.Contains(accept, "*/*") {
		return fail(406, "not-supported", "this server speaks JSON only (application/fhir+json)")
	}
	if ex.r.Method != http.MethodPost && ex.r.Method != http.MethodPut || ex.r.ContentLength == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(ex.r.Header.Get("Content-Type"))
	want := []string{"application/fhir+json", "application/json", "application/json+fhir"}
	if strings.HasSuffix(ex.path, "_search") {
		want = []string{"application/x-www-form-urlencoded"}
	}
	for _, ok := range want {
		if err == nil && kind == ok {
			return nil
		}
	}
	return fail(415, "not-supported", "Content-Type must be "+want[0])
}

const defaultBody = 64 << 20

func (ex *exchange) readBody() ([]byte, error) {
	limit, status := ex.b.BodyLimit, ex.b.BodyLimitStatus
	if limit <= 0 || ex.path == "" && parsePrefer(ex.r.Header.Values("Prefer")).async {
		limit = defaultBody
	}
	if status == 0 {
		status = 413
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, ex.r.Body, limit))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return body, fail(status, "too-long", fmt.Sprintf("File too large: at most %d bytes", limit))
	}
	if err != nil {
		return nil, fail(400, "incomplete", "the body ended early")
	}
	return body, nil
}

func (ex *exchange) fail(err error) {
	o := asOutcome(err)
	a := &answer{status: o.Status, body: o.JSON(), headers: o.Headers}
	if ex.b.PlainErrors {
		a.body = encode(map[string]any{"error": map[string]any{"code": o.Status, "message": o.Error(), "status": "FAILED_PRECONDITION"}})
		a.headers = maps.Clone(o.Headers)
		if a.headers == nil {
			a.headers = map[string]string{}
		}
		a.headers["Content-Type"] = "application/json; charset=utf-8"
	}
	ex.send(a)
}

// send writes the answer, or what a fault makes of it.
func (ex *exchange) send(a *answer) {
	h := ex.w.Header()
	body := a.body
	h.Set("Content-Type", fhirJSON)
	if r := a.record; r != nil {
		h.Set("ETag", r.ETag())
		h.Set("Last-Modified", r.Updated.UTC().Format(http.TimeFormat))
		if a.located && !ex.b.NoLocation {
			h.Set("Location", ex.srv.location(r, true))
		}
		writing := ex.r.Method == http.MethodPost || ex.r.Method == http.MethodPut
		pf := parsePrefer(ex.r.Header.Values("Prefer"))
		switch {
		case !writing || a.status >= 300:
		case pf.minimal || ex.b.NoRepresentation:
			body = nil
		case pf.outcome:
			body = allOK(a.status, "stored as "+r.String()).JSON()
		}
	}
	for k, v := range a.headers {
		h.Set(k, v)
	}
	if len(body) == 0 {
		h.Del("Content-Type")
	}
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		body = nil
	}
	if ex.struckAfter(a.status, body) {
		return
	}
	ex.srv.counts.status(a.status)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if body == nil && (a.status == 204 || a.status == 304) {
		h.Del("Content-Length")
	}
	ex.w.WriteHeader(a.status)
	if ex.r.Method != http.MethodHead {
		_, _ = ex.w.Write(body) // the client may be gone
	}
}

// whatOf names a request for the counters and the faults.
func whatOf(method, path string) string {
	part := split(path)
	if len(part) == 0 {
		if method == http.MethodPost {
			return "bundle"
		}
		return "base"
	}
	last := part[len(part)-1]
	if strings.HasPrefix(last, "$") {
		return last
	}
	return part[0]
}

// bundleType scans a body that was posted to the base and gives "transaction" or
// "batch", else "bundle".
func bundleType(body []byte) (string, error) {
	top, _, err := scan(body, nil)
	if err != nil {
		return "bundle", fail(400, "structure", "body: "+err.Error())
	}
	for _, m := range top {
		if m.name == "type" && body[m.valueAt] == '"' {
			if t := unquote(body[m.valueAt:m.valueTo]); t == "transaction" || t == "batch" {
				return t, nil
			}
		}
	}
	return "bundle", nil
}

// spend counts a request and gives how many are left in this minute (below 0:
// too many) and the seconds until the next; 0 and 0 without a quota.
func (b *behaving) spend(now time.Time) (left, wait int) {
	if b.RequestsPerMinute <= 0 {
		return 0, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !now.Before(b.quotaTo) {
		b.quotaTo, b.quota = now.Add(time.Minute), 0
	}
	b.quota++
	return b.RequestsPerMinute - b.quota, max(1, int(b.quotaTo.Sub(now).Round(time.Second)/time.Second))
}
