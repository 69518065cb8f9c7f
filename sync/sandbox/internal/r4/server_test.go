package r4

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a server on a loopback listener.
type rig struct {
	t   *testing.T
	srv *Server
	url string
	// clock moves a millisecond at each look.
	clock *atomic.Int64
}

func newRig(t *testing.T, b Behaviour) *rig {
	t.Helper()
	done := make(chan struct{})
	var srv *Server
	mux := http.NewServeMux()
	ts := httptest.NewServer(mux)
	clock := new(atomic.Int64)
	clock.Store(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC).UnixMilli())
	srv, err := New(Options{Base: ts.URL + "/fhir", Token: ts.URL + "/oauth2/token", Behave: b, Done: done,
		Now: func() time.Time { return time.UnixMilli(clock.Add(1)).UTC() }})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/fhir", srv)
	mux.Handle("/fhir/", srv)
	mux.HandleFunc("/oauth2/token", srv.Token)
	t.Cleanup(func() {
		close(done)
		ts.CloseClientConnections()
		ts.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return &rig{t, srv, ts.URL + "/fhir", clock}
}

func (r *rig) advance(d time.Duration) { r.clock.Add(d.Milliseconds()) }

func (r *rig) behave(b Behaviour) {
	r.t.Helper()
	if err := r.srv.SetBehaviour(b); err != nil {
		r.t.Fatal(err)
	}
}

type reply struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// send makes a request; headers are "Name: value".
func (r *rig) send(method, path, body string, headers ...string) reply {
	r.t.Helper()
	rep, err := r.try(method, path, body, headers...)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	return rep
}

func (r *rig) try(method, path, body string, headers ...string) (reply, error) {
	url := path
	if !strings.HasPrefix(path, "http") {
		url = strings.TrimSuffix(r.url+"/"+path, "/")
	}
	rq, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if body != "" {
		rq.Header.Set("Content-Type", "application/fhir+json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		rq.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	rep := reply{status: resp.StatusCode, header: resp.Header, raw: raw}
	_ = json.Unmarshal(raw, &rep.body) // some answers are no JSON
	return rep, nil
}

// want sends and checks the status.
func (r *rig) want(status int, method, path, body string, headers ...string) reply {
	r.t.Helper()
	rep := r.send(method, path, body, headers...)
	if rep.status != status {
		r.t.Fatalf("%s %s: status %d, want %d: %s", method, path, rep.status, status, rep.raw)
	}
	return rep
}

func (r reply) id() string { s, _ := r.body["id"].(string); return s }

func (r reply) ids() []string {
	out := []string{}
	for _, e := range pick(r.body, "entry.resource") {
		out = append(out, text(e, "id"))
	}
	return out
}

func TestCreateReadUpdateDelete(t *testing.T) {
	r := newRig(t, Behaviour{})
	made := r.want(201, "POST", "Patient", `{"resourceType":"Patient","id":"mine","meta":{"versionId":"9","tag":[{"code":"x"}]},"name":[{"family":"Test"}],"extension":[{"url":"u","valueDecimal":1.00}],"unknownElement":{"a":1e-22}}`)
	id := made.id()
	if id == "mine" || id == "" {
		t.Fatalf("id %q must be the server's own", id)
	}
	if got, want := made.header.Get("Location"), r.url+"/Patient/"+id+"/_history/1"; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	if made.header.Get("ETag") != `W/"1"` {
		t.Errorf("ETag %q", made.header.Get("ETag"))
	}
	for _, kept := range []string{`"valueDecimal":1.00`, `"unknownElement":{"a":1e-22}`, `"tag":[{"code":"x"}]`, `"versionId":"1"`} {
		if !strings.Contains(string(made.raw), kept) {
			t.Errorf("lost %s in %s", kept, made.raw)
		}
	}
	read := r.want(200, "GET", "Patient/"+id, "")
	if string(read.raw) != string(made.raw) {
		t.Errorf("read differs from create")
	}
	r.want(304, "GET", "Patient/"+id, "", `If-None-Match: W/"1"`)
	r.want(412, "PUT", "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`"}`, `If-Match: W/"7"`)
	r.want(400, "PUT", "Patient/"+id, `{"resourceType":"Patient","id":"other"}`)
	up := r.want(200, "PUT", "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","active":true}`, `If-Match: W/"1"`)
	if up.header.Get("ETag") != `W/"2"` {
		t.Errorf("ETag after update %q", up.header.Get("ETag"))
	}
	r.want(200, "GET", "Patient/"+id+"/_history/1", "")
	r.want(404, "GET", "Patient/"+id+"/_history/7", "")
	if h := r.want(200, "GET", "Patient/"+id+"/_history", ""); len(pick(h.body, "entry")) != 2 {
		t.Errorf("history %s", h.raw)
	}
	r.want(204, "DELETE", "Patient/"+id, "")
	r.want(410, "GET", "Patient/"+id, "")
	r.want(204, "DELETE", "Patient/"+id, "")
	r.want(204, "DELETE", "Patient/nobody", "")
	r.want(404, "GET", "Patient/nobody", "")
	r.want(404, "GET", "Nonsense/1", "")
	r.want(201, "PUT", "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","active":true}`)
}

func TestConditionalCreate(t *testing.T) {
	r := newRig(t, Behaviour{})
	body := `{"resourceType":"Patient","identifier":[{"system":"urn:s","value":"a b&c"}]}`
	cond := "If-None-Exist: identifier=urn:s|a%20b%26c"
	first := r.want(201, "POST", "Patient", body, cond)
	second := r.want(200, "POST", "Patient", body, cond)
	if first.id() != second.id() {
		t.Errorf("conditional create made a second one")
	}
	r.want(201, "POST", "Patient", body)
	r.want(412, "POST", "Patient", body, cond)
	r.want(400, "POST", "Patient", body, "If-None-Exist: nonsense=1")
	r.want(412, "POST", "Patient", body, "If-None-Exist: _count=1")
}

func TestTransactionResolves(t *testing.T) {
	r := newRig(t, Behaviour{})
	tx := `{"resourceType":"Bundle","type":"transaction","entry":[
	 {"fullUrl":"urn:uuid:b","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:a"},"valueQuantity":{"value":1.00}},"request":{"method":"POST","url":"Observation"}},
	 {"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:a"}]},"request":{"method":"POST","url":"Patient"}}]}`
	rep := r.want(200, "POST", "", tx)
	if rep.body["type"] != "transaction-response" {
		t.Fatalf("%s", rep.raw)
	}
	pid := text(pick(rep.body, "entry.resource")[1], "id")
	got := r.want(200, "GET", "Observation?patient="+pid, "")
	if len(got.ids()) != 1 || !strings.Contains(string(got.raw), `"reference":"Patient/`+pid+`"`) || !strings.Contains(string(got.raw), `"value":1.00`) {
		t.Errorf("%s", got.raw)
	}
	p := r.want(200, "GET", "Patient/"+pid, "")
	if !strings.Contains(string(p.raw), `"value":"urn:uuid:a"`) {
		t.Errorf("an identifier's value was rewritten: %s", p.raw)
	}
	loc := texts(rep.body, "entry.response.location")
	if len(loc) != 2 || !strings.HasPrefix(loc[0], "Observation/") || !strings.HasSuffix(loc[1], "/_history/1") {
		t.Errorf("locations %v", loc)
	}
	before := string(r.srv.Store().Dump())
	bad := r.want(400, "POST", "", strings.Replace(tx, `"status":"final",`, "", 1))
	if string(r.srv.Store().Dump()) != before {
		t.Errorf("a failed transaction left traces")
	}
	if e := texts(bad.body, "issue.expression"); len(e) == 0 || !strings.HasPrefix(e[0], "Bundle.entry[0].resource") {
		t.Errorf("expression %v", e)
	}
}

func TestSearchPages(t *testing.T) {
	r := newRig(t, Behaviour{})
	for i := range 45 {
		r.want(201, "POST", "Patient", fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":"Page"}],"birthDate":"1990-01-%02d"}`, i%28+1))
	}
	seen := map[string]bool{}
	next := "Patient?family=page&_count=20"
	pages := 0
	for next != "" {
		rep := r.want(200, "GET", next, "")
		pages++
		for _, id := range rep.ids() {
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			seen[id] = true
		}
		next = ""
		for _, l := range pick(rep.body, "link") {
			if text(l, "relation") == "next" {
				next = text(l, "url")
			}
		}
	}
	if pages != 3 || len(seen) != 45 {
		t.Errorf("%d pages, %d people", pages, len(seen))
	}
}
