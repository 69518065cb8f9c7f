package r4

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func goodTx() string {
	return bundleOf("transaction", entryOf("urn:uuid:a", patientA, "POST", "Patient", ""), entryOf("urn:uuid:o", obsOfA, "POST", "Observation", ""))
}

func TestCapabilitySwitches(t *testing.T) {
	r := newRig(t, Behaviour{})
	for _, status := range []int{400, 404, 422} {
		r.behave(Behaviour{NoTransaction: status})
		r.want(status, "POST", "", goodTx())
		r.want(200, "POST", "", strings.Replace(goodTx(), `"transaction"`, `"batch"`, 1))
		r.behave(Behaviour{NoBatch: status})
		r.want(status, "POST", "", strings.Replace(goodTx(), `"transaction"`, `"batch"`, 1))
	}
	match := `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","birthDate":"1980-01-01"}}]}`
	for _, status := range []int{400, 403, 404, 405, 501} {
		r.behave(Behaviour{NoMatch: status})
		r.want(status, "POST", "Patient/$match", match)
	}
	r.behave(Behaviour{EntryLimit: 1})
	r.want(400, "POST", "", goodTx())
	r.behave(Behaviour{ConditionalEntryLimit: 1})
	r.want(200, "POST", "", goodTx())
	r.want(400, "POST", "", strings.Replace(goodTx(), `"url":"Patient"`, `"url":"Patient","ifNoneExist":"identifier=x"`, 1))
	r.behave(Behaviour{BodyLimit: 100})
	r.want(413, "POST", "", goodTx())
	r.behave(Behaviour{BodyLimit: 100, BodyLimitStatus: 400})
	r.want(400, "POST", "", goodTx())
	r.want(202, "POST", "", goodTx(), "Prefer: respond-async")
	r.behave(Behaviour{NoConditionalCreate: true})
	r.want(412, "POST", "Patient", patientA, "If-None-Exist: identifier=x")
	r.behave(Behaviour{NoClientIDs: true})
	r.want(404, "PUT", "Patient/mine", `{"resourceType":"Patient","id":"mine"}`)
	r.behave(Behaviour{RefuseTypes: []string{"Observation"}})
	rep := r.want(422, "POST", "", goodTx())
	if got := texts(rep.body, "issue.expression"); !slices.Equal(got, []string{"Bundle.entry[1].resource"}) {
		t.Errorf("expression %v", got)
	}
	r.behave(Behaviour{RefuseEntry: 2})
	before := string(r.srv.Store().Dump())
	rep = r.want(422, "POST", "", goodTx())
	if got := texts(rep.body, "issue.expression"); !slices.Equal(got, []string{"Bundle.entry[1].resource"}) || before != string(r.srv.Store().Dump()) {
		t.Errorf("expression %v", got)
	}
	r.behave(Behaviour{NoValidation: true})
	r.want(201, "POST", "Observation", `{"resourceType":"Observation"}`)
}

func TestPeculiarServers(t *testing.T) {
	r := newRig(t, Behaviour{LooseSearch: true})
	seedSearch(t, r)
	if ids := r.want(200, "GET", "Patient?family=smith&gender=male", "").ids(); !slices.Equal(ids, []string{"p1", "p2"}) {
		t.Errorf("loose: %v", ids)
	}
	if ids := r.want(200, "GET", "Patient?family=smith", "").ids(); !slices.Equal(ids, []string{"p2"}) {
		t.Errorf("one criterion: %v", ids)
	}
	r.behave(Behaviour{KeepClientIDs: true})
	if id := r.want(201, "POST", "Patient", `{"resourceType":"Patient","id":"mine"}`).id(); id != "mine" {
		t.Errorf("id %s", id)
	}
	r.want(409, "POST", "Patient", `{"resourceType":"Patient","id":"mine"}`)
	tx := bundleOf("transaction", entryOf("urn:uuid:a", `{"resourceType":"Patient","id":"kept"}`, "POST", "Patient", ""), entryOf("urn:uuid:o", obsOfA, "POST", "Observation", ""))
	if rep := r.want(200, "POST", "", tx); !strings.Contains(string(rep.raw), `"reference":"Patient/kept"`) {
		t.Errorf("%s", rep.raw)
	}
	before := string(r.srv.Store().Dump())
	r.want(409, "POST", "", tx)
	if string(r.srv.Store().Dump()) != before {
		t.Error("a refused transaction left traces")
	}
	r.behave(Behaviour{PlainErrors: true})
	if rep := r.want(404, "GET", "Patient/nobody", ""); rep.body["resourceType"] != nil || text(rep.body["error"], "message") == "" {
		t.Errorf("%s", rep.raw)
	}
}

func TestTransactionAsBatch(t *testing.T) {
	r := newRig(t, Behaviour{TransactionAsBatch: true, RefuseEntry: 2, NumberStatus: true, AcceptDangling: true})
	rep := r.want(200, "POST", "", goodTx())
	if rep.body["type"] != "transaction-response" || !slices.Equal(statuses(rep), []string{"201", "422"}) {
		t.Fatalf("%s", rep.raw)
	}
	if c := r.srv.Counts(); c.Transactions != 0 || c.Created["Patient"] != 1 || c.Created["Observation"] != 0 {
		t.Errorf("%+v", c)
	}
	r.behave(Behaviour{TransactionAsBatch: true})
	rep = r.want(200, "POST", "", goodTx())
	if got := texts(rep.body, "entry.resource.subject.reference"); len(got) != 1 || got[0] != "Patient/"+texts(rep.body, "entry.resource.id")[0] {
		t.Errorf("links are not rewritten: %v", got)
	}
	r.behave(Behaviour{BatchResolves: true})
	rep = r.want(200, "POST", "", strings.Replace(goodTx(), `"transaction"`, `"batch"`, 1))
	if !slices.Equal(statuses(rep), []string{"201 Created", "201 Created"}) {
		t.Errorf("%s", rep.raw)
	}
}

func TestForms(t *testing.T) {
	r := newRig(t, Behaviour{NumericIDs: true, AbsoluteLocations: true, NumberStatus: true})
	rep := r.want(200, "POST", "", goodTx())
	loc := texts(rep.body, "entry.response.location")
	if !slices.Equal(loc, []string{r.url + "/Patient/1/_history/1", r.url + "/Observation/2/_history/1"}) || !slices.Equal(statuses(rep), []string{"201", "201"}) {
		t.Errorf("%v %v", loc, statuses(rep))
	}
	r.want(201, "PUT", "Patient/3", `{"resourceType":"Patient","id":"3"}`)
	if id := r.want(201, "POST", "Patient", patientA).id(); id != "4" {
		t.Errorf("id %s was taken by a client or is not next", id)
	}
	for name, tc := range map[string]struct {
		b      Behaviour
		prefer string
		want   string
	}{
		"default": {Behaviour{}, "", "Patient"}, "minimal": {Behaviour{}, "return=minimal", ""}, "representation": {Behaviour{}, "return=representation", "Patient"},
		"outcome": {Behaviour{}, "return=OperationOutcome", "OperationOutcome"}, "never": {Behaviour{NoRepresentation: true}, "return=representation", ""},
	} {
		r.behave(tc.b)
		rep := r.want(201, "POST", "Patient", patientA, "Prefer: "+tc.prefer)
		if got, _ := rep.body["resourceType"].(string); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		if rep.header.Get("Location") == "" {
			t.Errorf("%s: no Location", name)
		}
		inTx := r.want(200, "POST", "", goodTx(), "Prefer: "+tc.prefer)
		if got := len(pick(inTx.body, "entry.resource")); (got == 2) != (tc.want == "Patient") {
			t.Errorf("%s: %d resources in the answer", name, got)
		}
		if got := len(pick(inTx.body, "entry.response.outcome")); (got == 2) != (tc.want == "OperationOutcome") {
			t.Errorf("%s: %d outcomes in the answer", name, got)
		}
	}
	r.behave(Behaviour{NoLocation: true})
	if rep := r.want(201, "POST", "Patient", patientA); rep.header.Get("Location") != "" {
		t.Errorf("a Location: %s", rep.header.Get("Location"))
	}
	r.behave(Behaviour{ClockSkewSeconds: 86400})
	date, err := http.ParseTime(r.want(200, "GET", "metadata", "").header.Get("Date"))
	if err != nil || date.Day() != 24 {
		t.Errorf("Date %v %v", date, err)
	}
	r.want(406, "GET", "Patient", "", "Accept: application/fhir+xml")
	r.want(406, "GET", "Patient?_format=xml", "")
	r.want(415, "POST", "Patient", patientA, "Content-Type: text/plain")
	for _, refused := range []struct{ method, path string }{{"PATCH", "Patient/x"}, {"PUT", "Patient?identifier=x"}, {"DELETE", "Patient?identifier=x"}, {"PATCH", "Patient"}, {"DELETE", "metadata"}} {
		if rep := r.want(405, refused.method, refused.path, ""); rep.header.Get("Allow") == "" {
			t.Errorf("%s %s without Allow", refused.method, refused.path)
		}
	}
	if rep := r.want(200, "HEAD", "Patient", ""); len(rep.raw) != 0 {
		t.Error("HEAD has a body")
	}
}

func TestFaults(t *testing.T) {
	r := newRig(t, Behaviour{})
	patients := func() int { return r.srv.Counts().Created["Patient"] }

	r.behave(Behaviour{Faults: []Fault{{Kind: "status", Status: 429, RetryAfter: "7", What: "transaction", Skip: 1, Times: 2}}})
	for i, want := range []int{200, 429, 429, 200} {
		if rep := r.want(want, "POST", "", goodTx()); want == 429 && rep.header.Get("Retry-After") != "7" {
			t.Errorf("%d: Retry-After %q", i, rep.header.Get("Retry-After"))
		}
		r.want(200, "GET", "Patient", "")
	}
	if patients() != 2 {
		t.Errorf("%d patients", patients())
	}
	// Faults in a row: the first that fits and is not used up strikes.
	r.behave(Behaviour{Faults: []Fault{{Kind: "status", Status: 503, Times: 1}, {Kind: "status", Status: 429, Times: 1}}})
	for _, want := range []int{503, 429, 200} {
		r.want(want, "GET", "Patient", "")
	}
	for _, after := range []string{"Wed, 21 Oct 2026 07:28:00 GMT", "soon", "-5"} {
		r.behave(Behaviour{Faults: []Fault{{Kind: "status", Status: 503, RetryAfter: after}}})
		if rep := r.want(503, "GET", "Patient", ""); rep.header.Get("Retry-After") != after {
			t.Errorf("Retry-After %q", rep.header.Get("Retry-After"))
		}
	}
	for kind, commits := range map[string]int{"drop-before": 0, "drop-after": 1} {
		before := patients()
		r.behave(Behaviour{Faults: []Fault{{Kind: kind, Method: "POST", Times: 1}}})
		if rep, err := r.try("POST", "", goodTx()); err == nil {
			t.Errorf("%s: answered %d", kind, rep.status)
		}
		if got := patients() - before; got != commits {
			t.Errorf("%s: %d committed, want %d", kind, got, commits)
		}
	}
	before := patients()
	r.behave(Behaviour{Faults: []Fault{{Kind: "status-after", Status: 500, Times: 1}}})
	if rep := r.want(500, "POST", "Patient", patientA); patients() != before+1 || rep.header.Get("Location") != "" {
		t.Errorf("status-after: %d, Location %q", patients()-before, rep.header.Get("Location"))
	}
	r.behave(Behaviour{Faults: []Fault{{Kind: "truncate"}}})
	if _, err := r.try("GET", "Patient", ""); err == nil {
		t.Error("a truncated answer was whole")
	}
	r.behave(Behaviour{Faults: []Fault{{Kind: "garbage"}}})
	if rep := r.want(200, "GET", "Patient", ""); !strings.Contains(string(rep.raw), "<html>") {
		t.Errorf("%s", rep.raw)
	}
	r.behave(Behaviour{Down: true})
	if _, err := r.try("GET", "metadata", ""); err == nil {
		t.Error("answered while down")
	}
	r.behave(Behaviour{RequestsPerMinute: 2})
	r.want(200, "GET", "Patient", "")
	if rep := r.want(200, "GET", "Patient", ""); rep.header.Get("RateLimit") != `"requests";r=0;t=60` {
		t.Errorf("%v", rep.header)
	}
	if rep := r.want(429, "GET", "Patient", ""); rep.header.Get("Retry-After") == "" || rep.header.Get("RateLimit") == "" {
		t.Errorf("%v", rep.header)
	}
	r.advance(time.Minute)
	r.want(200, "GET", "Patient", "")
	if c := r.srv.Counts(); c.Status[0] < 3 || c.Requests["POST transaction"] < 4 {
		t.Errorf("%+v", c)
	}
}

func TestSlowFaults(t *testing.T) {
	r := newRig(t, Behaviour{Faults: []Fault{{Kind: "drip", DripMillis: 1, What: "Patient"}}})
	if rep := r.want(404, "GET", "Patient/nobody", ""); rep.body["resourceType"] != "OperationOutcome" {
		t.Errorf("dripped %q", rep.raw)
	}
	resp, err := http.Get(r.url + "/Patient?_summary=count")
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, first); err != nil || first[0] != '{' {
		t.Errorf("%q %v", first, err)
	}
	resp.Body.Close()
	r.behave(Behaviour{Faults: []Fault{{Kind: "hang"}}})
	client := &http.Client{Timeout: 50 * time.Millisecond}
	if resp, err := client.Get(r.url + "/Patient"); err == nil {
		resp.Body.Close()
		t.Error("a hung request was answered")
	}
	client.CloseIdleConnections()
}

func TestAsync(t *testing.T) {
	r := newRig(t, Behaviour{AsyncOnly: true, AsyncPolls: 2})
	poll := func(started reply) reply {
		t.Helper()
		at := started.header.Get("Content-Location")
		r.want(202, "GET", at, "")
		r.want(202, "GET", at, "")
		return r.want(200, "GET", at, "")
	}
	done := poll(r.want(202, "POST", "", goodTx()))
	if texts(done.body, "entry.response.status")[0] != "200 OK" || len(pick(done.body, "entry.resource.entry")) != 2 {
		t.Errorf("%s", done.raw)
	}
	failed := poll(r.want(202, "POST", "", bundleOf("transaction", entryOf("", `{"resourceType":"Observation"}`, "POST", "Observation", ""))))
	if texts(failed.body, "entry.response.status")[0] != "400 Bad Request" || len(pick(failed.body, "entry.response.outcome.issue")) == 0 {
		t.Errorf("%s", failed.raw)
	}
	r.behave(Behaviour{AsyncStyle: "medplum", AsyncPolls: 2})
	done = poll(r.want(202, "POST", "", goodTx(), "Prefer: respond-async"))
	if done.body["resourceType"] != "AsyncJob" || done.body["status"] != "completed" {
		t.Fatalf("%s", done.raw)
	}
	result := r.want(200, "GET", texts(done.body, "output.parameter.valueReference.reference")[0], "")
	if result.body["type"] != "transaction-response" {
		t.Errorf("%s", result.raw)
	}
	r.want(404, "GET", "job/nonsense/status", "")
}

func TestBehaviourJSON(t *testing.T) {
	b, err := Behaviour{NoMatch: 404}.Merge([]byte(`{"entryLimit":5,"faults":[{"kind":"drop-after","what":"transaction","times":1}]}`))
	if err != nil || b.NoMatch != 404 || b.EntryLimit != 5 || len(b.Faults) != 1 {
		t.Errorf("%+v %v", b, err)
	}
	b, err = b.Merge([]byte(`{"preset":"medplum","noTotal":false}`))
	if err != nil || b.NoMatch != 0 || !b.TransactionAsBatch || b.NoTotal || b.ConditionalEntryLimit != 8 || len(b.Faults) != 0 {
		t.Errorf("%+v %v", b, err)
	}
	for _, bad := range []string{`{"nonsense":1}`, `{"noMatch":200}`, `{"preset":"nobody"}`, `{"faults":[{"kind":"x"}]}`, `{"faults":[{"kind":"status"}]}`, `{"asyncStyle":"x"}`, `[]`} {
		if _, err := (Behaviour{}).Merge([]byte(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	for _, name := range []string{"spec", "medplum", "medplum-transactions", "hapi", "azure", "google", "healthlake", "helios", "oracle", "epic", "aidbox"} {
		b, err := Preset(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := (Behaviour{}).Merge(raw); err != nil || fmt.Sprint(back) != fmt.Sprint(b) {
			t.Errorf("%s does not survive JSON: %v", name, err)
		}
	}
}

func TestCountsDuplicates(t *testing.T) {
	r := newRig(t, Behaviour{})
	id := r.want(201, "POST", "Patient", `{"resourceType":"Patient","active":true}`).id()
	obs := func(extra string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/` + id + `"}` + extra + `}`
	}
	tagged := `,"meta":{"tag":[{"system":"urn:import","code":"7"}]}`
	for _, body := range []string{obs(""), obs(""), obs(tagged), obs(tagged + `,"note":[{"text":"other"}]`), patientA} {
		r.want(201, "POST", map[bool]string{true: "Patient", false: "Observation"}[body == patientA], body)
	}
	if d := r.srv.Counts().Duplicates; len(d) != 0 {
		t.Fatalf("no duplicates expected: %+v", d)
	}
	r.want(201, "POST", "Observation", obs(tagged))
	r.want(201, "POST", "Patient", patientA)
	d := r.srv.Counts().Duplicates
	if len(d) != 2 || d[0].Type != "Observation" || d[0].Key != "content under tag urn:import|7" || d[1].Key != "identifier urn:s|a" || len(d[1].References) != 2 {
		t.Errorf("%+v", d)
	}
	r.srv.ResetCounts()
	if c := r.srv.Counts(); c.Commits != 0 || len(c.Requests) != 0 {
		t.Errorf("%+v", c)
	}
}
