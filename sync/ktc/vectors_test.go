package ktc

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/shl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const suite = "testdata/ktc"

// vectorTime is between what has expired (2024) and what has not (2100).
var vectorTime = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

type vector struct {
	ID    string
	Input struct{ Shlink, ViewerPrefixed, Raw string }
	// Expect is the strict reading.
	Expect struct {
		Outcome   string
		FailStage shl.Stage
		Payload   map[string]any
		Decrypted struct {
			SHA256  string
			Bundle  string
			Entries int
		}
	}
	Responses map[string]struct {
		Status   int
		Headers  map[string]string
		BodyFile string
	}
}

// baseOpens are the vectors that are legal or readable outside the profile
// (README of the suite): the base reading goes on and reports the deviation.
var baseOpens = map[string]string{
	"ktc-d6-no-exp":       "ktc-exp-missing",
	"ktc-d7-flag-p":       "ktc-flag",
	"ktc-d8-flag-empty":   "ktc-flag",
	"ktc-b7-bad-type":     "ktc-bundle-type",
	"ktc-b8-single-entry": "ktc-bundle-entries",
}

// attested is the expected mark, by vector, with the suite's issuer listed.
var attested = map[string]AttestationState{
	"ktc-b5-attestation":        AttestationVerified,
	"ktc-b6-attestation-broken": AttestationFailed,
}

func loadVectors(t *testing.T) []vector {
	t.Helper()
	var index struct{ Vectors []struct{ File string } }
	readJSON(t, filepath.Join(suite, "index.json"), &index)
	var out []vector
	for _, v := range index.Vectors {
		var one vector
		readJSON(t, filepath.Join(suite, v.File), &one)
		out = append(out, one)
	}
	if len(out) != 22 {
		t.Fatalf("%d vectors, want the 22 of the suite", len(out))
	}
	return out
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// world answers https://ktc-spec.github.io on loopback: a TLS server with a
// certificate for that name behind a CONNECT proxy, which is the guard's own
// way of being told where connections go.
type world struct {
	guard *guard.Guard
	mu    sync.Mutex
	asked []string
}

func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.asked...)
}

const suiteHost = "ktc-spec.github.io"

func newWorld(t *testing.T, answers map[string]func(http.ResponseWriter)) *world {
	t.Helper()
	w := &world{}
	cert, pool := certificate(t, suiteHost)
	tlsServer := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		at := "https://" + suiteHost + r.URL.Path
		w.mu.Lock()
		w.asked = append(w.asked, r.Method+" "+at+" recipient="+r.URL.Query().Get("recipient"))
		w.mu.Unlock()
		answer, ok := answers[at]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		answer(rw)
	}))
	tlsServer.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)
	proxy := connectProxy(t, suiteHost+":443", tlsServer.Listener.Addr().String())
	g, err := guard.New(guard.Options{Proxy: proxy, RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	w.guard = g
	return w
}

func connectProxy(t *testing.T, target, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { tunnel(conn, target, to) })
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return "http://" + l.Addr().String()
}

func tunnel(conn net.Conn, target, to string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil || req.Method != http.MethodConnect || req.Host != target {
		io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\n\r\n")
		return
	}
	up, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer up.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	done := make(chan struct{})
	go func() { io.Copy(up, in); up.Close(); close(done) }()
	io.Copy(conn, up)
	conn.Close()
	<-done
}

func certificate(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func (v vector) answers(t *testing.T) map[string]func(http.ResponseWriter) {
	t.Helper()
	out := map[string]func(http.ResponseWriter){}
	for url, r := range v.Responses {
		var body []byte
		if r.BodyFile != "" {
			var err error
			if body, err = os.ReadFile(filepath.Join(suite, r.BodyFile)); err != nil {
				t.Fatal(err)
			}
		}
		out[url] = func(w http.ResponseWriter) {
			for k, h := range r.Headers {
				w.Header().Set(k, h)
			}
			w.WriteHeader(r.Status)
			w.Write(body)
		}
	}
	jwks, err := os.ReadFile(filepath.Join(suite, "attestation/well-known/jwks.json"))
	if err != nil {
		t.Fatal(err)
	}
	out["https://"+suiteHost+"/vectors/attestation/.well-known/jwks.json"] = func(w http.ResponseWriter) { w.Write(jwks) }
	return out
}

// run takes one text the whole way, as kioskctl resolve does.
func run(t *testing.T, w *world, text string, strict bool) (Result, *shl.Record) {
	t.Helper()
	now := func() time.Time { return vectorTime }
	profile := New(Options{Strict: strict, Guard: w.guard, Now: now,
		Issuers: []Issuer{{Issuer: "https://" + suiteHost + "/vectors/attestation", Name: "Test app"}}})
	link, err := shl.Parse(text, vectorTime)
	if err != nil {
		return Summarise(nil, nil, nil, err), nil
	}
	if _, err := profile.Link(link); err != nil {
		return Summarise(link, nil, nil, err), nil
	}
	rec, err := shl.NewResolver(shl.Options{Guard: w.guard, Recipient: "Vector test", Now: now}).Resolve(context.Background(), link, nil)
	if err != nil {
		return Summarise(link, nil, nil, err), nil
	}
	reading, err := profile.Record(context.Background(), link, rec)
	return Summarise(link, rec, &reading, err), rec
}

func (v vector) texts() []string {
	var out []string
	for _, s := range []string{v.Input.Shlink, v.Input.ViewerPrefixed, v.Input.Raw} {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func TestVectorsStrict(t *testing.T) {
	for _, v := range loadVectors(t) {
		for _, text := range v.texts() {
			t.Run(v.ID, func(t *testing.T) {
				w := newWorld(t, v.answers(t))
				got, rec := run(t, w, text, true)
				wantOutcome := map[string]string{"success": "ok", "reject": "refused"}[v.Expect.Outcome]
				if got.Outcome != wantOutcome || got.Stage != v.Expect.FailStage {
					t.Fatalf("outcome %s at %q (%s), want %s at %q", got.Outcome, got.Stage, got.Reason, wantOutcome, v.Expect.FailStage)
				}
				v.checkPayload(t, got, text)
				if v.Expect.Outcome == "success" {
					v.checkContent(t, got, rec)
					if !got.Profile.KTC {
						t.Errorf("a valid vector is not called KTC: %+v", got.Profile.Findings)
					}
				}
				v.checkRequests(t, w, got.Stage)
			})
		}
	}
}

func TestVectorsBase(t *testing.T) {
	for _, v := range loadVectors(t) {
		for _, text := range v.texts() {
			t.Run(v.ID, func(t *testing.T) {
				w := newWorld(t, v.answers(t))
				got, rec := run(t, w, text, false)
				code, goesOn := baseOpens[v.ID]
				switch {
				case v.Expect.Outcome == "success":
					if got.Outcome != "ok" {
						t.Fatalf("outcome %s at %q (%s)", got.Outcome, got.Stage, got.Reason)
					}
					v.checkContent(t, got, rec)
				case goesOn:
					// What no answer was published for ends at the network or at
					// the passcode question; what matters is that it got there.
					if v.Expect.FailStage == shl.StageBundle && got.Outcome != "ok" {
						t.Fatalf("outcome %s at %q (%s), want ok", got.Outcome, got.Stage, got.Reason)
					}
					if v.Expect.FailStage == shl.StagePayload && got.Stage == shl.StagePayload && got.Reason != shl.PasscodeNeeded {
						t.Fatalf("refused for %s: legal in the base specification", got.Reason)
					}
					if got.Profile.KTC || !hasFinding(got.Profile, code) {
						t.Errorf("findings %+v, want %s", got.Profile.Findings, code)
					}
				default:
					if got.Outcome != "refused" || got.Stage != v.Expect.FailStage {
						t.Fatalf("outcome %s at %q (%s), want refused at %q", got.Outcome, got.Stage, got.Reason, v.Expect.FailStage)
					}
				}
			})
		}
	}
}

func hasFinding(r Report, code string) bool {
	for _, f := range r.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

// checkPayload compares field by field, the key through the link that parses.
func (v vector) checkPayload(t *testing.T, got Result, text string) {
	t.Helper()
	if v.Expect.Payload == nil {
		return
	}
	if got.Payload == nil {
		t.Fatal("no payload in the result")
	}
	b, err := json.Marshal(got.Payload)
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]any
	if err := json.Unmarshal(b, &have); err != nil {
		t.Fatal(err)
	}
	want := maps.Clone(v.Expect.Payload)
	key, _ := want["key"].(string)
	delete(want, "key")
	want["v"] = 1.0
	if !maps.Equal(have, want) {
		t.Errorf("payload %v, want %v", have, want)
	}
	if link, err := shl.Parse(text, time.Unix(0, 0)); err != nil {
		t.Error(err)
	} else if again, err := shl.Parse(link.Encode(""), time.Unix(0, 0)); err != nil || !again.Same(link) {
		t.Errorf("the link does not survive being encoded again: %v", err)
	} else if !keyIs(link, key) {
		t.Error("key differs")
	}
}

// keyIs asks the link's own encoding for the key: there is no getter.
func keyIs(l *shl.Link, want string) bool {
	m := map[string]any{}
	b, err := decodePayload(l.Encode(""))
	return err == nil && json.Unmarshal(b, &m) == nil && m["key"] == want
}

func (v vector) checkContent(t *testing.T, got Result, rec *shl.Record) {
	t.Helper()
	if len(got.Files) != 1 || got.Files[0].SHA256 != v.Expect.Decrypted.SHA256 {
		t.Fatalf("files %+v, want one with sha256 %s", got.Files, v.Expect.Decrypted.SHA256)
	}
	n := 0
	for _, c := range got.Files[0].Resources {
		n += c
	}
	if n != v.Expect.Decrypted.Entries {
		t.Errorf("%d entries, want %d", n, v.Expect.Decrypted.Entries)
	}
	want, err := os.ReadFile(filepath.Join(suite, v.Expect.Decrypted.Bundle))
	if err != nil {
		t.Fatal(err)
	}
	if !jsonEqual(rec.Files[0].Bytes, want) {
		t.Error("the plaintext is not the published Bundle")
	}
	state := attested[v.ID]
	if state == "" {
		state = AttestationAbsent
	}
	if got.Attestation.State != state {
		t.Errorf("attestation %+v, want %s", got.Attestation, state)
	}
}

func (v vector) checkRequests(t *testing.T, w *world, stage shl.Stage) {
	t.Helper()
	asked := w.requests()
	want := 1
	switch {
	case stage == shl.StageDecode || stage == shl.StagePayload:
		want = 0
	case attested[v.ID] != "":
		want = 2
	}
	if len(asked) != want {
		t.Errorf("requests %q, want %d", asked, want)
	}
}
