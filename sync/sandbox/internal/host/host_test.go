package host

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

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type rig struct {
	t     *testing.T
	h     *Host
	url   string
	clock atomic.Int64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t}
	r.clock.Store(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC).Unix())
	done := make(chan struct{})
	mux := http.NewServeMux()
	ts := httptest.NewServer(mux)
	r.url = ts.URL + "/shl"
	r.h = New(Options{Base: r.url, Now: r.now, Done: done})
	mux.Handle("/shl/", r.h)
	t.Cleanup(func() {
		close(done)
		ts.CloseClientConnections()
		ts.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

func (r *rig) now() time.Time { return time.Unix(r.clock.Load(), 0).UTC() }

// mustB64 decodes base64url texts that stand one behind the other.
func mustB64(t *testing.T, texts ...string) []byte {
	t.Helper()
	var out []byte
	for _, s := range texts {
		b, err := b64.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

type payload struct {
	URL   string `json:"url"`
	Flag  string `json:"flag"`
	Key   string `json:"key"`
	Exp   int64  `json:"exp"`
	Label string `json:"label"`
	V     int    `json:"v"`
}

func (r *rig) issue(rq Request) (Issued, payload) {
	r.t.Helper()
	out, err := r.h.Issue(r.t.Context(), rq)
	if err != nil {
		r.t.Fatal(err)
	}
	text, ok := strings.CutPrefix(out.Bare, "shlink:/")
	raw, err := b64.DecodeString(text)
	var p payload
	if !ok || err != nil || json.Unmarshal(raw, &p) != nil {
		r.t.Fatalf("link %q: %v", out.Bare, err)
	}
	return out, p
}

func (r *rig) do(method, url, body string) (int, http.Header, []byte, error) {
	rq, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		rq.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, raw, err
}

func (r *rig) want(status int, method, url, body string) (http.Header, []byte) {
	r.t.Helper()
	got, h, raw, err := r.do(method, url, body)
	if err != nil || got != status {
		r.t.Fatalf("%s: status %d, want %d: %v %s", method, got, status, err, raw)
	}
	return h, raw
}

// open decrypts with another implementation than the one that sealed.
func open(t *testing.T, jwe, key string) (string, *jose.Header) {
	t.Helper()
	raw, err := b64.DecodeString(key)
	if err != nil || len(raw) != 32 {
		t.Fatalf("key: %d bytes, %v", len(raw), err)
	}
	obj, err := jose.ParseEncryptedCompact(jwe, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := obj.Decrypt(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain), &obj.Header
}

const bundle = `{"resourceType":"Bundle","type":"collection"}`

func TestDirectLink(t *testing.T) {
	r := newRig(t)
	for _, zip := range []bool{false, true} {
		out, p := r.issue(Request{Bundle: json.RawMessage(bundle), Label: "Grüße ☂", Zip: zip, Expires: time.Hour})
		if p.Flag != "U" || p.Label != "Grüße ☂" || p.Exp != r.clock.Load()+3600 || p.V != 0 || len(p.URL) > 128 {
			t.Errorf("%+v", p)
		}
		r.want(400, "GET", p.URL, "")
		r.want(405, "POST", p.URL, `{"recipient":"x"}`)
		h, raw := r.want(200, "GET", p.URL+"?recipient=Test+kiosk", "")
		if h.Get("Content-Type") != "application/jose" {
			t.Errorf("%s", h.Get("Content-Type"))
		}
		plain, header := open(t, string(raw), p.Key)
		if plain != bundle || header.ExtraHeaders["cty"] != TypeFHIR || (header.ExtraHeaders["zip"] == "DEF") != zip {
			t.Errorf("%q %v", plain, header.ExtraHeaders)
		}
		seen := r.h.Accesses(out.ID)
		if len(seen) != 3 || seen[2].Recipient != "Test kiosk" || seen[2].Status != 200 || seen[0].Status != 400 {
			t.Errorf("%+v", seen)
		}
	}
}

func TestExpiryUsesRevocation(t *testing.T) {
	r := newRig(t)
	_, past := r.issue(Request{Bundle: json.RawMessage(bundle), Expires: -time.Minute})
	if past.Exp >= r.clock.Load() {
		t.Errorf("exp %d", past.Exp)
	}
	r.want(404, "GET", past.URL+"?recipient=x", "")
	_, soon := r.issue(Request{Bundle: json.RawMessage(bundle)})
	r.want(200, "GET", soon.URL+"?recipient=x", "")
	r.clock.Add(15 * 60)
	r.want(404, "GET", soon.URL+"?recipient=x", "")
	_, ever := r.issue(Request{Bundle: json.RawMessage(bundle), NoExp: true, Flags: "LU"})
	if ever.Exp != 0 || ever.Flag != "LU" {
		t.Errorf("%+v", ever)
	}
	r.clock.Add(1e9)
	r.want(200, "GET", ever.URL+"?recipient=x", "")
	_, twice := r.issue(Request{Bundle: json.RawMessage(bundle), Uses: 2})
	r.want(200, "GET", twice.URL+"?recipient=x", "")
	r.want(200, "GET", twice.URL+"?recipient=x", "")
	r.want(404, "GET", twice.URL+"?recipient=x", "")
	out, gone := r.issue(Request{Bundle: json.RawMessage(bundle)})
	if !r.h.Revoke(out.ID) || r.h.Revoke(out.ID) {
		t.Error("revoke")
	}
	r.want(404, "GET", gone.URL+"?recipient=x", "")
	_, busy := r.issue(Request{Bundle: json.RawMessage(bundle), Throttle: 1, RetryAfter: "9"})
	if h, _ := r.want(429, "GET", busy.URL+"?recipient=x", ""); h.Get("Retry-After") != "9" {
		t.Errorf("%v", h)
	}
	r.want(200, "GET", busy.URL+"?recipient=x", "")
}

type manifest struct {
	Files []manifestFile `json:"files"`
}

func TestManifest(t *testing.T) {
	r := newRig(t)
	files := []File{{Content: []byte(bundle), FHIRVersion: "4.0.1", Status: "can-change", LastUpdated: "2026-01-01T00:00:00Z"}, {ContentType: TypeCard, JSON: json.RawMessage(`{"verifiableCredential":[]}`)}, {ContentType: TypeFHIR, Content: []byte(strings.Repeat("x", 5000)), NoCty: true}}
	_, p := r.issue(Request{Files: files, Flags: "L", RetryAfter: "60"})
	if p.Flag != "L" {
		t.Errorf("flag %q", p.Flag)
	}
	r.want(405, "GET", p.URL, "")
	r.want(400, "POST", p.URL, `{}`)
	h, raw := r.want(200, "POST", p.URL, `{"recipient":"x"}`)
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil || len(m.Files) != 3 || h.Get("Retry-After") != "60" {
		t.Fatalf("%s %v", raw, h)
	}
	for i, f := range m.Files {
		plain, _ := open(t, f.Embedded, p.Key)
		want := string(files[i].Content) + string(files[i].JSON)
		if plain != want || f.Location != "" {
			t.Errorf("file %d: %.60q", i, plain)
		}
	}
	if f := m.Files[0]; f.FHIRVersion != "4.0.1" || f.Status != "can-change" || f.LastUpdated == "" || m.Files[1].ContentType != TypeCard {
		t.Errorf("%+v", f)
	}
	_, raw = r.want(200, "POST", p.URL, `{"recipient":"x","embeddedLengthMax":1000}`)
	m = manifest{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if m.Files[0].Embedded == "" || m.Files[2].Embedded != "" || m.Files[2].Location == "" {
		t.Errorf("embeddedLengthMax is not kept: %.200s", raw)
	}
	spot := m.Files[2].Location
	_, jwe := r.want(200, "GET", spot, "")
	if plain, header := open(t, string(jwe), p.Key); len(plain) != 5000 || header.ExtraHeaders["cty"] != nil {
		t.Errorf("%d bytes, %v", len(plain), header.ExtraHeaders)
	}
	r.want(404, "GET", spot, "") // used
	_, raw = r.want(200, "POST", p.URL, `{"recipient":"x","embeddedLengthMax":0}`)
	m = manifest{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	r.clock.Add(301)
	r.want(404, "GET", m.Files[0].Location, "") // too late
}

func TestPasscode(t *testing.T) {
	r := newRig(t)
	out, p := r.issue(Request{Bundle: json.RawMessage(bundle), Passcode: "1234", Attempts: 2, Located: true})
	if p.Flag != "P" {
		t.Errorf("flag %q", p.Flag)
	}
	remaining := func(raw []byte) int {
		var in struct {
			N *int `json:"remainingAttempts"`
		}
		if json.Unmarshal(raw, &in) != nil || in.N == nil {
			t.Fatalf("%s", raw)
		}
		return *in.N
	}
	_, raw := r.want(401, "POST", p.URL, `{"recipient":"x"}`)
	if remaining(raw) != 2 {
		t.Errorf("no passcode counts as a guess: %s", raw)
	}
	_, raw = r.want(401, "POST", p.URL, `{"recipient":"x","passcode":"0"}`)
	if remaining(raw) != 1 {
		t.Errorf("%s", raw)
	}
	r.want(200, "POST", p.URL, `{"recipient":"x","passcode":"1234"}`)
	_, raw = r.want(401, "POST", p.URL, `{"recipient":"x","passcode":"1"}`) // lifetime: the right one does not reset
	if remaining(raw) != 0 {
		t.Errorf("%s", raw)
	}
	r.want(404, "POST", p.URL, `{"recipient":"x","passcode":"1234"}`)
	if seen := r.h.Accesses(out.ID); len(seen) != 5 || !seen[1].Passcode || seen[0].Passcode || strings.Contains(fmt.Sprint(seen), "1234") {
		t.Errorf("%+v", seen)
	}
	_, m := r.issue(Request{Bundle: json.RawMessage(bundle), Passcode: "1234", Hostile: "medplum"})
	if _, raw := r.want(400, "POST", m.URL, `{"recipient":"x","passcode":"1"}`); !strings.Contains(string(raw), "Invalid SMART Health Link passcode") {
		t.Errorf("%s", raw)
	}
}

func TestRequestRefused(t *testing.T) {
	r := newRig(t)
	for name, rq := range map[string]Request{
		"nothing": {}, "U and P": {Bundle: json.RawMessage(bundle), Flags: "U", Passcode: "1"}, "U and two": {Flags: "U", Files: []File{{Content: []byte("a")}, {Content: []byte("b")}}},
		"long label": {Bundle: json.RawMessage(bundle), Label: strings.Repeat("x", 81)}, "hostile": {Bundle: json.RawMessage(bundle), Hostile: "nice"}, "viewer": {Bundle: json.RawMessage(bundle), Viewer: "https://v.example/"}, "empty file": {Files: []File{{}}}, "P without passcode": {Bundle: json.RawMessage(bundle), Flags: "P"},
	} {
		if _, err := r.h.Issue(t.Context(), rq); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	out, _ := r.issue(Request{Bundle: json.RawMessage(bundle), Viewer: "https://v.example/p?x=1#", Version: 2})
	if !strings.HasPrefix(out.Link, "https://v.example/p?x=1#shlink:/") {
		t.Errorf("%s", out.Link)
	}
}

func TestRequestJSON(t *testing.T) {
	var rq Request
	if err := json.Unmarshal([]byte(`{"bundle":{"a":1.00},"expires":1.5,"flag":"L","passcode":"7","files":[{"contentType":"x","data":"aGk="}]}`), &rq); err != nil {
		t.Fatal(err)
	}
	if rq.Expires != 1500*time.Millisecond || rq.Flags != "L" || string(rq.Bundle) != `{"a":1.00}` || string(rq.Files[0].Content) != "hi" {
		t.Errorf("%+v", rq)
	}
	raw, err := json.Marshal(rq)
	var back Request
	if err != nil || json.Unmarshal(raw, &back) != nil || back.Expires != rq.Expires || back.Passcode != "7" {
		t.Errorf("%s %v", raw, err)
	}
	for _, bad := range []string{`{"nonsense":1}`, `{"expires":"soon"}`, `{"expires":1e300}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &rq); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
