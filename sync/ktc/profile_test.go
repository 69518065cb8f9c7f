package ktc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/guard"
	"shlkiosk/sync/shl"
)

func baseline(t *testing.T) map[string]any {
	t.Helper()
	b, err := os.ReadFile("testdata/skill-ktc-valid-baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func resource(m map[string]any, typ string) map[string]any {
	for _, e := range m["entry"].([]any) {
		if r := e.(map[string]any)["resource"].(map[string]any); r["resourceType"] == typ {
			return r
		}
	}
	return nil
}

func findings(t *testing.T, m map[string]any) Report {
	t.Helper()
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	b, err := fhir.ParseBundle(raw, fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r := Report{KTC: true}
	checkBundle(b, &r)
	return r
}

// Each rule of the profile, broken alone in a Bundle that is otherwise valid.
func TestBundleRules(t *testing.T) {
	if r := findings(t, baseline(t)); !r.KTC || len(r.Findings) != 0 {
		t.Fatalf("the valid Bundle has findings: %+v", r.Findings)
	}
	doc := func(m map[string]any) map[string]any { return resource(m, "DocumentReference") }
	coding := func(d map[string]any) map[string]any {
		return d["type"].(map[string]any)["coding"].([]any)[0].(map[string]any)
	}
	for _, c := range []struct {
		code  string
		spoil func(m map[string]any)
	}{
		{"ktc-bundle-type", func(m map[string]any) { m["type"] = "document" }},
		{"ktc-bundle-timestamp", func(m map[string]any) { delete(m, "timestamp") }},
		{"ktc-bundle-patient", func(m map[string]any) {
			m["entry"] = append(m["entry"].([]any), map[string]any{"fullUrl": "urn:uuid:99999999-9999-4999-8999-999999999999",
				"resource": map[string]any{"resourceType": "Patient"}})
		}},
		{"ktc-document-status", func(m map[string]any) { doc(m)["status"] = "superseded" }},
		{"ktc-document-type", func(m map[string]any) { coding(doc(m))["code"] = "11488-4" }},
		{"ktc-document-type", func(m map[string]any) {
			d := doc(m)["type"].(map[string]any)
			d["coding"] = []any{map[string]any{"system": LOINC, "code": RenderedCode}, map[string]any{"system": LOINC, "code": StoryCode}}
		}},
		{"ktc-document-category", func(m map[string]any) { delete(doc(m), "category") }},
		{"ktc-document-subject", func(m map[string]any) { doc(m)["subject"] = map[string]any{"reference": "Patient/somebody-else"} }},
		{"ktc-document-subject", func(m map[string]any) { delete(doc(m), "subject") }},
		{"ktc-document-author", func(m map[string]any) { delete(doc(m), "author") }},
		{"ktc-document-author", func(m map[string]any) { doc(m)["author"] = []any{map[string]any{"reference": "Practitioner/x"}} }},
		{"ktc-document-date", func(m map[string]any) { delete(doc(m), "date") }},
		{"ktc-document-content", func(m map[string]any) {
			d := doc(m)
			d["content"] = append(d["content"].([]any), d["content"].([]any)[0])
		}},
		{"ktc-document-pdf", func(m map[string]any) {
			a := doc(m)["content"].([]any)[0].(map[string]any)["attachment"].(map[string]any)
			a["url"], a["data"] = "https://example.com/x.pdf", nil
		}},
		{"ktc-document-label", func(m map[string]any) { delete(doc(m), "meta") }},
	} {
		m := baseline(t)
		c.spoil(m)
		r := findings(t, m)
		if len(r.Findings) != 1 || r.Findings[0].Code != c.code || r.KTC == r.Findings[0].Refuses {
			t.Errorf("%s: %+v", c.code, r)
		}
	}
	// A clinic's letter is not the profile's.
	m := baseline(t)
	m["entry"] = append(m["entry"].([]any), map[string]any{"resource": map[string]any{"resourceType": "DocumentReference", "status": "superseded"}})
	if r := findings(t, m); len(r.Findings) != 0 {
		t.Errorf("another DocumentReference: %+v", r.Findings)
	}
}

func TestEveryCodeIsExplained(t *testing.T) {
	seen := map[shl.Reason]bool{}
	for _, e := range append(shl.Reasons(), Reasons()...) {
		if seen[e.Code] {
			t.Errorf("%s is in the table twice", e.Code)
		}
		seen[e.Code] = true
		if e.Stage == "" || e.Key == "" || e.Patient == "" || e.Staff == "" || e.Do == "" {
			t.Errorf("%s lacks words: %+v", e.Code, e)
		}
		if !strings.HasSuffix(e.Patient, ".") || !strings.HasSuffix(e.Do, ".") {
			t.Errorf("%s: words are not sentences: %q %q", e.Code, e.Patient, e.Do)
		}
	}
	if _, ok := Explain("no-such-code"); ok {
		t.Error("a code that does not exist is explained")
	}
}

func TestFHIRVersion(t *testing.T) {
	for v, want := range map[string]bool{"": true, "4.0.1": true, "4.0.0": true, "4.0": true, "4.3.0": true, "4.3.0-snapshot1": true,
		"5.0.0": false, "3.0.2": false, "1.0.2": false, "4.1.0": false, "4": false, "40.0": false, "R4": false} {
		if got := KnownFHIRVersion(v); got != want {
			t.Errorf("KnownFHIRVersion(%q) = %v", v, got)
		}
	}
}

// signer makes attestations.
type signer struct {
	key *ecdsa.PrivateKey
	kid string
}

func newSigner(t *testing.T) signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{k, "app-1"}
}

func (s signer) keys(t *testing.T) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: s.kid, Algorithm: "ES256"}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s signer) sign(t *testing.T, claims string, alg jose.SignatureAlgorithm, kid string) string {
	t.Helper()
	var key any = s.key
	if alg == jose.HS256 {
		key = []byte(strings.Repeat("k", 32))
	}
	o := &jose.SignerOptions{}
	if kid != "" {
		o = o.WithHeader("kid", kid)
	}
	sg, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	obj, err := sg.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	out, err := obj.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAttestation(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	iss := "https://" + suiteHost + "/app"
	good := fmt.Sprintf(`{"iss":%q,"iat":%d,"jti":"1"}`, iss, vectorTime.Unix())
	listed := []Issuer{{Issuer: iss, Name: "App", Keys: s.keys(t)}}
	for _, c := range []struct {
		name, jws string
		want      AttestationState
	}{
		{"good", s.sign(t, good, jose.ES256, s.kid), AttestationVerified},
		{"by another key", other.sign(t, good, jose.ES256, s.kid), AttestationFailed},
		{"kid missing", s.sign(t, good, jose.ES256, ""), AttestationFailed},
		{"kid unknown", s.sign(t, good, jose.ES256, "x"), AttestationFailed},
		{"HS256", s.sign(t, good, jose.HS256, s.kid), AttestationFailed},
		{"issuer not listed", s.sign(t, strings.Replace(good, "/app", "/other", 1), jose.ES256, s.kid), AttestationUnlisted},
		{"issuer with a slash", s.sign(t, strings.Replace(good, "/app", "/app/", 1), jose.ES256, s.kid), AttestationUnlisted},
		{"with exp", s.sign(t, strings.Replace(good, `"jti"`, `"exp":9999999999,"jti"`, 1), jose.ES256, s.kid), AttestationFailed},
		{"without jti", s.sign(t, strings.Replace(good, `,"jti":"1"`, "", 1), jose.ES256, s.kid), AttestationFailed},
		{"jti a number", s.sign(t, strings.Replace(good, `"jti":"1"`, `"jti":1`, 1), jose.ES256, s.kid), AttestationFailed},
		{"from the future", s.sign(t, fmt.Sprintf(`{"iss":%q,"iat":%d,"jti":"1"}`, iss, vectorTime.Add(time.Hour).Unix()), jose.ES256, s.kid), AttestationFailed},
		{"not a JWS", "hello", AttestationFailed},
		{"empty", "", AttestationFailed},
		{"JSON form", `{"payload":"e30","signatures":[]}`, AttestationFailed},
	} {
		a := newAttestor(Options{Issuers: listed, Now: func() time.Time { return vectorTime }})
		got := a.verify(context.Background(), c.jws)
		if got.State != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
		if got.State != AttestationVerified && got.State != AttestationFailed && got.Issuer+got.Name != "" {
			t.Errorf("%s: a stranger's text is shown: %+v", c.name, got)
		}
	}
}

// An unlisted issuer is never asked for anything; a listed one whose keys
// cannot be had changes nothing but the mark.
func TestAttestationMakesNoRequestForAnUnlistedIssuer(t *testing.T) {
	s := newSigner(t)
	iss := "https://" + suiteHost + "/app"
	jws := s.sign(t, fmt.Sprintf(`{"iss":%q,"iat":%d,"jti":"1"}`, iss, vectorTime.Unix()), jose.ES256, s.kid)
	keys := s.keys(t)
	up := true
	w := newWorld(t, map[string]func(http.ResponseWriter){iss + "/.well-known/jwks.json": func(rw http.ResponseWriter) {
		if !up {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		rw.Write(keys)
	}})
	now := vectorTime
	ask := func(a *attestor) AttestationState { return a.verify(context.Background(), jws).State }
	unlisted := newAttestor(Options{Guard: w.guard, Now: func() time.Time { return now }})
	if got := ask(unlisted); got != AttestationUnlisted || len(w.requests()) != 0 {
		t.Errorf("unlisted: %s after %v", got, w.requests())
	}
	listed := newAttestor(Options{Guard: w.guard, Issuers: []Issuer{{Issuer: iss}}, Now: func() time.Time { return now }})
	up = false
	for range 2 {
		if got := ask(listed); got != AttestationUnreachable || len(w.requests()) != 1 {
			t.Errorf("issuer down: %s after %v", got, w.requests())
		}
	}
	up, now = true, now.Add(2*time.Minute)
	for range 2 {
		if got := ask(listed); got != AttestationVerified || len(w.requests()) != 2 {
			t.Errorf("issuer back: %s after %v", got, w.requests())
		}
	}
	offline := newAttestor(Options{Issuers: []Issuer{{Issuer: iss}}, Now: func() time.Time { return now }})
	if got := ask(offline); got != AttestationUnreachable {
		t.Errorf("without a guard: %s", got)
	}
}

// Item 43, 44: files that are encrypted well and are no FHIR end at the stage
// bundle, each with its own code; beside a good file they are its problem.
func TestFHIRThatCannotBeRead(t *testing.T) {
	p := New(Options{Now: func() time.Time { return vectorTime }})
	good := []byte(`{"resourceType":"Patient"}`)
	for _, c := range []struct {
		name, plain string
		want        shl.Reason
	}{
		{"nested", `{"resourceType":"Bundle","x":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`, "fhir-too-deep"},
		{"duplicate key", `{"resourceType":"Patient","id":"1","id":"2"}`, "fhir-duplicate-key"},
		{"not UTF-8", "{\"resourceType\":\"Patient\",\"id\":\"\xff\"}", "fhir-invalid-utf8"},
		{"half a surrogate", `{"resourceType":"Patient","id":"\ud800"}`, "fhir-invalid-unicode"},
		{"cut", `{"resourceType":"Patient","id":`, "fhir-invalid-json"},
		{"type a number", `{"resourceType":5}`, "fhir-not-fhir"},
	} {
		file := func(b []byte) shl.File { return shl.File{Content: shl.ContentFHIR, Declared: shl.TypeFHIR, Bytes: b} }
		rec := &shl.Record{Files: []shl.File{file([]byte(c.plain))}}
		_, err := p.Record(context.Background(), nil, rec)
		var e *shl.Error
		if !errors.As(err, &e) || e.Stage != shl.StageBundle || e.Reason != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if _, ok := Explain(c.want); !ok {
			t.Errorf("%s is not explained", c.want)
		}
		rec = &shl.Record{Files: []shl.File{file([]byte(c.plain)), file(good)}}
		reading, err := p.Record(context.Background(), nil, rec)
		if err != nil || shl.ReasonOf(reading.Documents[0].Err) != c.want || reading.Documents[1].Resources["Patient"] != 1 {
			t.Errorf("%s beside a good file: %v", c.name, err)
		}
		if r := Summarise(nil, rec, &reading, nil); r.Outcome != "partial" || r.Files[0].Reason != c.want {
			t.Errorf("%s: outcome %s", c.name, r.Outcome)
		}
	}
}

// What is printed never has the key in it.
func TestResultHoldsNoKey(t *testing.T) {
	const key = "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q"
	l, err := shl.NewLink(shl.LinkOptions{URL: "https://shl.example.com/x", Flag: "U", Expires: vectorTime.Add(-time.Hour * 9000)})
	if err != nil {
		t.Fatal(err)
	}
	text := l.Encode("")
	_, perr := shl.Parse(text, vectorTime)
	b, err := json.Marshal(Summarise(nil, nil, nil, perr))
	if err != nil || strings.Contains(string(b), key) || strings.Contains(string(b), `"key"`) {
		t.Errorf("%s %v", b, err)
	}
	var r Result
	if json.Unmarshal(b, &r) != nil || r.Outcome != "refused" || r.Reason != shl.Expired || r.Payload == nil || r.Payload.URL != "https://shl.example.com/x" || r.Message == "" {
		t.Errorf("%s", b)
	}
	if r := Summarise(nil, nil, nil, &guard.Error{}); r.Outcome != "refused" || r.Reason != "internal" {
		t.Errorf("%+v", r)
	}
}
