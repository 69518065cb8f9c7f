package fhir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answering is a server that answers by path and counts.
type answering struct {
	*httptest.Server
	hits map[string]int
}

func serve(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, base string)) (*Client, *answering) {
	t.Helper()
	a := &answering{hits: map[string]int{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.hits[r.Method+" "+r.URL.Path]++
		handle(w, r, a.URL+"/fhir")
	}))
	t.Cleanup(a.Close)
	c, err := New(Options{Base: a.URL + "/fhir/", PollEvery: time.Millisecond, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c, a
}

func TestBaseIsHTTPSOrLoopback(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://fhir.example/r4": true, "http://127.0.0.1:80/x": true, "http://localhost:8080": true, "http://[::1]:1/": true,
		"http://fhir.example": false, "http://10.0.0.1": false, "ftp://x": false, "": false, "https://u:p@x": false, "https://x/?a=b": false,
		"http://127.0.0.1.example.com": false, "http://localhost.example": false, "/fhir": false,
	} {
		_, err := New(Options{Base: base})
		if (err == nil) != ok || !ok && reason(err) != ReasonUnsafeAddress {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestSearchFollowsPagesOfItsOwnServerOnly(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another server was asked") }))
	defer other.Close()
	next := ""
	c, a := serve(t, func(w http.ResponseWriter, r *http.Request, base string) {
		if r.URL.Query().Get("page") == "" {
			fmt.Fprintf(w, `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"x"},{"relation":"next","url":%q}],"entry":[
				{"resource":{"resourceType":"Condition","id":"1"},"search":{"mode":"match"}},
				{"resource":{"resourceType":"Patient","id":"p"},"search":{"mode":"include"}},
				{"resource":{"resourceType":"OperationOutcome"},"search":{"mode":"outcome"}}]}`, strings.Replace(next, "BASE", base, 1))
			return
		}
		if got := r.URL.Query().Get("patient"); got != "" {
			t.Errorf("the next link was changed")
		}
		fmt.Fprint(w, `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Condition","id":"2"}}]}`)
	})
	for _, next = range []string{"BASE/Condition?page=2", "Condition?page=2", "/fhir/Condition?page=2"} {
		rs, err := c.Search(context.Background(), "Condition", url.Values{"patient": {"Patient/a&b c+d"}}, 10)
		if err != nil || len(rs) != 2 || rs[1].ID() != "2" {
			t.Errorf("%s: %d, %v", next, len(rs), err)
		}
	}
	for _, next = range []string{other.URL + "/fhir/Condition?page=2", "//evil.example/x", "https://u@" + strings.TrimPrefix(a.URL, "http://") + "/fhir/Condition?page=2", "file:///etc/passwd"} {
		if _, err := c.Search(context.Background(), "Condition", nil, 10); reason(err) != ReasonUnsafeAddress {
			t.Errorf("%s: %v", next, err)
		}
	}
	next = "BASE/Condition"
	if _, err := c.Search(context.Background(), "Condition", nil, 10); reason(err) != ReasonAnswer {
		t.Errorf("a circle of pages: %v", err)
	}
	next = "Condition?page=2"
	if rs, err := c.Search(context.Background(), "Condition", nil, 1); !errors.Is(err, ErrTruncated) || len(rs) != 1 {
		t.Errorf("limit: %d %v", len(rs), err)
	}
	if _, err := c.Search(context.Background(), "../admin", nil, 1); reason(err) != ReasonUnsafeAddress {
		t.Errorf("type: %v", err)
	}
}

func TestAnswersThatAreNoSuccess(t *testing.T) {
	status, header, body := 0, http.Header{}, ""
	c, a := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		for k, v := range header {
			w.Header()[k] = v
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	read := func() error { _, err := c.Read(context.Background(), "Patient/1"); return err }
	status, header, body = 429, http.Header{"Retry-After": {"17"}}, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled","diagnostics":"Mrs Zzyzx","expression":["Bundle.entry[3]"]}]}`
	var he *HTTPError
	if err := read(); !errors.As(err, &he) || he.Status != 429 || he.RetryAfter != 17*time.Second || he.Outcome[0].Expression[0] != "Bundle.entry[3]" {
		t.Errorf("%v", err)
	} else if strings.Contains(fmt.Sprintf("%v %+v %#v", err, he, he.Outcome), "Zzyzx") || !he.Outcome.Says("zzyzx") || !strings.Contains(err.Error(), "throttled") {
		t.Errorf("the server's words in an error, or lost: %v", err)
	}
	status, header, body = 302, http.Header{"Location": {a.URL + "/elsewhere"}}, ""
	if err := read(); Status(err) != 302 {
		t.Errorf("redirect: %v", err)
	}
	if a.hits["GET /elsewhere"] != 0 {
		t.Error("the redirect was followed")
	}
	status, header, body = 200, nil, "<html>"
	if err := read(); reason(err) != ReasonAnswer || !Unknown(err) {
		t.Errorf("HTML: %v", err)
	}
	if n := a.hits["GET /fhir/Patient/1"]; n != 3 {
		t.Errorf("%d requests for 3 reads: something was retried", n)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{"": 0, "0": 0, "5": 5 * time.Second, "-9": 0, "3600": time.Hour, "999999999999": time.Hour, "soon": 0, "1.5": 0,
		"Thu, 01 Jan 2026 12:00:30 GMT": 30 * time.Second, "Thu, 01 Jan 2026 11:00:00 GMT": 0, "Thu, 01 Jan 2037 11:00:00 GMT": time.Hour} {
		if got := retryAfter(http.Header{"Retry-After": {in}}, now); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func TestCreateReadsEveryKindOfLocation(t *testing.T) {
	where, body := "", ""
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request, base string) {
		if r.Header.Get("Content-Type") != MediaType {
			w.WriteHeader(415)
			return
		}
		if where != "" {
			w.Header().Set("Location", strings.Replace(where, "BASE", base, 1))
		}
		w.WriteHeader(201)
		fmt.Fprint(w, body)
	})
	r, _ := ParseResource([]byte(`{"resourceType":"Patient"}`), DefaultLimits())
	for _, where = range []string{"BASE/Patient/7", "BASE/Patient/7/_history/1", "Patient/7", "/fhir/Patient/7/_history/1", "/Patient/7", "https://proxy.example/fhir/Patient/7"} {
		if w, err := c.Create(context.Background(), r, nil); err != nil || w.Reference != "Patient/7" {
			t.Errorf("%s: %q %v", where, w.Reference, err)
		}
	}
	where, body = "", `{"resourceType":"Patient","id":"8"}`
	if w, err := c.Create(context.Background(), r, nil); err != nil || w.Reference != "Patient/8" {
		t.Errorf("no location: %q %v", w.Reference, err)
	}
	for where, body = range map[string]string{"": "", "Observation/7": "", "Patient/..": ""} {
		if _, err := c.Create(context.Background(), r, nil); !Unknown(err) {
			t.Errorf("%q: %v must leave the outcome unknown", where, err)
		}
	}
	where, body = "Patient/9", `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]}`
	if _, err := c.Create(context.Background(), r, nil); Status(err) != 201 {
		t.Errorf("success with an error inside: %v", err)
	}
}

func TestUnknownTellsWhatMayHaveHappened(t *testing.T) {
	refused := httptest.NewServer(nil)
	refused.Close()
	c, err := New(Options{Base: refused.URL})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := ParseResource([]byte(`{"resourceType":"Patient","name":[{"family":"Zzyzx"}]}`), DefaultLimits())
	_, err = c.Create(context.Background(), r, nil)
	if err == nil || Unknown(err) {
		t.Errorf("connection refused: %v cannot have been carried out", err)
	}
	_, err = c.Search(context.Background(), "Patient", url.Values{"family": {"Zzyzx"}}, 1)
	if err == nil || strings.Contains(err.Error(), "Zzyzx") {
		t.Errorf("the query is in the error: %v", err)
	}
	c, _ = serve(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	})
	if _, err = c.Create(context.Background(), r, nil); !Unknown(err) {
		t.Errorf("dropped: %v may have been carried out", err)
	}
	for status, want := range map[int]bool{400: false, 409: false, 412: false, 422: false, 429: false, 503: false, 500: true, 502: true, 504: true, 408: true} {
		if got := Unknown(&HTTPError{Status: status}); got != want {
			t.Errorf("%d: %t", status, got)
		}
	}
}

func TestAsyncJobsInAllTheirForms(t *testing.T) {
	result := `{"resourceType":"Bundle","type":"transaction-response","entry":[{"response":{"status":"201 Created","location":"Patient/1/_history/1","etag":"W/\"1\""}},{"response":{"status":"400","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]}}}]}`
	forms := map[string]string{
		"plain":   result,
		"wrapped": `{"resourceType":"Bundle","type":"batch-response","entry":[{"resource":` + result + `,"response":{"status":"200"}}]}`,
		"binary":  `{"resourceType":"AsyncJob","status":"completed","output":{"resourceType":"Parameters","parameter":[{"name":"results","valueReference":{"reference":"Binary/b"}}]}}`,
		"inside":  `{"resourceType":"AsyncJob","status":"completed","output":{"resourceType":"Parameters","parameter":[{"name":"r","resource":` + result + `}]}}`,
	}
	for name, form := range forms {
		polls := 0
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request, base string) {
			switch r.URL.Path {
			case "/fhir":
				if r.Header.Get("Prefer") != "respond-async" {
					t.Errorf("%s: not asked for", name)
				}
				w.Header().Set("Content-Location", base+"/job/1/status")
				w.WriteHeader(202)
			case "/fhir/job/1/status":
				if polls++; polls < 3 {
					w.WriteHeader(202)
					return
				}
				fmt.Fprint(w, form)
			case "/fhir/Binary/b":
				fmt.Fprint(w, result)
			}
		})
		res, err := c.PostBundle(context.Background(), []byte(`{}`), true)
		if err != nil || len(res.Entries) != 2 || res.Entries[0].Reference != "Patient/1" || !res.Entries[0].OK() || res.Entries[1].OK() || res.Entries[1].Outcome.Codes()[0] != "invalid" {
			t.Errorf("%s: %+v %v", name, res, err)
		}
	}
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		w.Header().Set("Content-Location", "https://evil.example/status")
		w.WriteHeader(202)
	})
	if _, err := c.PostBundle(context.Background(), []byte(`{}`), true); !Unknown(err) {
		t.Errorf("a job elsewhere: %v", err)
	}
}

// silent answers 202 for ever.
type silent struct{ polls int }

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.polls++
	h := http.Header{"Content-Location": {"https://fhir.example/r4/job/1"}, "Retry-After": {"10"}}
	return &http.Response{StatusCode: 202, Header: h, Body: http.NoBody, Request: r}, nil
}

func TestAnEndlessJobIsGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &silent{}
		c, err := New(Options{Base: "https://fhir.example/r4", Transport: s, PollFor: time.Minute, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = c.PostBundle(context.Background(), []byte(`{}`), true)
		if !Unknown(err) || time.Since(began) != time.Minute || s.polls < 6 || s.polls > 7 {
			t.Errorf("%v after %v and %d requests", err, time.Since(began), s.polls)
		}
	})
}

func TestCapabilities(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		fmt.Fprint(w, `{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","software":{"name":"X","version":"2"},"rest":[{"mode":"client","interaction":[{"code":"transaction"}]},
			{"mode":"server","interaction":[{"code":"batch"}],"resource":[{"type":"Patient","conditionalCreate":true,"interaction":[{"code":"read"},{"code":"create"}],"searchParam":[{"name":"_tag"}]}]}]}`)
	})
	got, err := c.Capabilities(context.Background())
	if err != nil || got.Transaction || !got.Batch || got.Software != "X 2" || !got.Can("Patient", "create") || got.Can("Patient", "delete") || !got.Searches("Patient", "_tag") {
		t.Errorf("%+v %v", got, err)
	}
}

// An answer is read whole up to the limit, announced or in chunks, and not
// one byte beyond it.
func TestAnswersAreReadUpToTheLimit(t *testing.T) {
	const limit = 64 << 10
	doc := func(size int) string {
		const frame = `{"resourceType":"Basic","x":""}`
		return frame[:len(frame)-2] + strings.Repeat("a", size-len(frame)) + frame[len(frame)-2:]
	}
	for _, c := range []struct {
		size    int
		chunked bool
		ok      bool
	}{{100, false, true}, {100, true, true}, {limit, false, true}, {limit, true, true}, {limit + 1, false, false}, {limit + 1, true, false}} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := doc(c.size)
			if c.chunked {
				_, _ = io.WriteString(w, body[:50])
				w.(http.Flusher).Flush()
				body = body[50:]
			}
			_, _ = io.WriteString(w, body)
		}))
		client, err := New(Options{Base: s.URL, Limits: Limits{MaxBytes: limit}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := client.Read(t.Context(), "Basic/1")
		if (err == nil) != c.ok || c.ok && string(r.Raw()) != doc(c.size) {
			t.Errorf("%d bytes, chunked %v: %v", c.size, c.chunked, err)
		}
		s.Close()
	}
}
