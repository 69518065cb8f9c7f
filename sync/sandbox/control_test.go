package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

func send(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestIssueOverHTTP(t *testing.T) {
	w := start(t, Options{People: -1})
	status, body := send(t, "POST", w.SHLBase()+"/issue", `{"bundle":{"resourceType":"Bundle","type":"collection"},"label":"Hi","expires":60,"viewer":"default","zip":true}`)
	var out Issued
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	if !strings.HasPrefix(out.Link, w.SHLBase()+"/view#shlink:/") || out.Flag != "U" || time.Until(out.Expires) > time.Minute {
		t.Errorf("%+v", out)
	}
	if status, files := opened(t, out.Link, ""); status != 200 || string(files[0]) != `{"resourceType":"Bundle","type":"collection"}` {
		t.Errorf("%d %s", status, files)
	}
	if status, body := send(t, "GET", w.Base()+"/control/links/"+out.ID, ""); status != 200 || !strings.Contains(body, `"recipient":"test"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := send(t, "DELETE", w.Base()+"/control/links/"+out.ID, ""); status != 204 {
		t.Errorf("%d", status)
	}
	if status, _ := opened(t, out.Link, ""); status != 404 {
		t.Errorf("%d after revocation", status)
	}
	for _, bad := range []string{``, `{}`, `{"bundle":{},"nonsense":1}`, `{"bundle":{},"flag":"U","passcode":"1"}`} {
		if status, body := send(t, "POST", w.SHLBase()+"/issue", bad); status != 400 || !strings.Contains(body, `"error"`) {
			t.Errorf("%q: %d %s", bad, status, body)
		}
	}
}

func TestControl(t *testing.T) {
	w := start(t, Options{People: 20})
	at := w.Base() + "/control/"
	if status, body := send(t, "POST", at+"behaviour", `{"preset":"hapi","faults":[{"kind":"drop-after","what":"transaction","times":1}]}`); status != 200 || !strings.Contains(body, `"numericIds":true`) {
		t.Fatalf("%d %s", status, body)
	}
	if b := w.Behaviour(); b.NoMatch != 400 || len(b.Faults) != 1 {
		t.Errorf("%+v", b)
	}
	if status, _ := send(t, "POST", at+"behaviour", `{"noMatch":501}`); status != 200 || w.Behaviour().NoMatch != 501 || !w.Behaviour().NumericIDs {
		t.Errorf("%d %+v", status, w.Behaviour())
	}
	if status, _ := send(t, "PUT", at+"behaviour", `{"noMatch":501}`); status != 200 || w.Behaviour().NumericIDs {
		t.Errorf("%d %+v", status, w.Behaviour())
	}
	if status, body := send(t, "POST", at+"behaviour", `{"nonsense":1}`); status != 400 || w.Behaviour().NoMatch != 501 {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := send(t, "DELETE", at+"behaviour", ""); status != 200 || w.Behaviour().NoMatch != 0 {
		t.Errorf("%d", status)
	}
	send(t, "GET", w.FHIRBase()+"/Patient", "")
	if status, body := send(t, "GET", at+"counts", ""); status != 200 || !strings.Contains(body, `"GET Patient":1`) {
		t.Errorf("%d %s", status, body)
	}
	send(t, "DELETE", at+"counts", "")
	if c := w.Counts(); len(c.Requests) != 0 || len(c.Duplicates) != 0 {
		t.Errorf("%+v", c)
	}
	if status, body := send(t, "GET", at+"people", ""); status != 200 || strings.Count(body, `"reference"`) < 20 {
		t.Errorf("%d %.200s", status, body)
	}
	if status, body := send(t, "GET", at+"dump", ""); status != 200 || body != string(w.Dump()) {
		t.Errorf("%d %.200s", status, body)
	}
	if status, body := send(t, "POST", at+"clients", `{"id":"me","secret":"s"}`); status != 200 || body != "{\"registered\":\"me\"}\n" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := send(t, "POST", at+"clients", `{"secret":"s"}`); status != 400 {
		t.Errorf("%d", status)
	}
	if status, _ := send(t, "DELETE", at+"tokens", ""); status != 204 {
		t.Errorf("%d", status)
	}
	if status, _ := send(t, "POST", at+"revoke", `{"rid":"demo-card"}`); status != 200 {
		t.Errorf("%d", status)
	}
	if status, _ := send(t, "POST", at+"reset", ""); status != 200 {
		t.Errorf("%d", status)
	}
	for path, want := range map[string]string{"/": "demo world", "/fhir": "made-up people", "/shl/": "SMART Health Link host", "/shl": "SMART Health Link host", "/shl/view": "viewer", "/shl/demo": "shlink:/"} {
		if status, body := send(t, "GET", w.Base()+path, ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
}

// TestOnlyLoopback: neither another address to listen on nor a page of the
// browser that reaches us under another name.
func TestOnlyLoopback(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.org:80", "nonsense"} {
		if w, err := Start(t.Context(), Options{Listen: listen}); err == nil {
			w.Close()
			t.Errorf("listens on %s", listen)
		}
	}
	w := start(t, Options{People: -1})
	rq, err := http.NewRequestWithContext(t.Context(), "GET", w.Base()+"/control/behaviour", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]func(*http.Request){
		"a foreign Host":   func(rq *http.Request) { rq.Host = "evil.example" },
		"a foreign Origin": func(rq *http.Request) { rq.Header.Set("Origin", "https://evil.example") },
	} {
		foreign := rq.Clone(t.Context())
		set(foreign)
		resp, err := http.DefaultClient.Do(foreign)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 403 {
			t.Errorf("%s gets %d", name, resp.StatusCode)
		}
	}
}

func TestTLS(t *testing.T) {
	w := start(t, Options{People: -1, TLS: true})
	pool := x509.NewCertPool()
	if !strings.HasPrefix(w.FHIRBase(), "https://") || !pool.AppendCertsFromPEM(w.CA()) {
		t.Fatal(w.FHIRBase())
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(w.FHIRBase() + "/metadata")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp, err := http.Get(w.FHIRBase() + "/metadata"); err == nil {
		resp.Body.Close()
		t.Error("trusted without its authority")
	}
	if !strings.HasPrefix(w.CardIssuer(), "https://") {
		t.Error(w.CardIssuer())
	}
}

// TestEndsWithContext: a world ends with the context it was started with, hung
// requests and all, and Close may come twice.
func TestEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, err := Start(ctx, Options{People: -1, Behave: Behaviour{Faults: []Fault{{Kind: "hang"}}}})
	if err != nil {
		t.Fatal(err)
	}
	hung, sent := make(chan error, 1), make(chan struct{})
	trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) }})
	rq, err := http.NewRequestWithContext(trace, "GET", w.FHIRBase()+"/Patient", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		resp, err := http.DefaultClient.Do(rq)
		if err == nil {
			resp.Body.Close()
		}
		hung <- err
	}()
	<-sent
	cancel()
	if err := <-hung; err == nil {
		t.Error("a hung request was answered")
	}
	http.DefaultClient.CloseIdleConnections()
	for range 2 {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Start(ctx, Options{}); err == nil {
		t.Error("starts with a context that has ended")
	}
}
