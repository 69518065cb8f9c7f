package shl

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const testBundle = `{"resourceType":"Bundle","type":"collection","entry":[]}`

// server is a loopback server that remembers what it was asked.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []request
}

type request struct{ Method, Path, Query, Body string }

func newServer(t testing.TB, handle func(w http.ResponseWriter, r *http.Request, nth int)) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen = append(s.seen, request{r.Method, r.URL.Path, r.URL.RawQuery, string(body)})
		n := len(s.seen)
		s.mu.Unlock()
		handle(w, r, n)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.seen...)
}

func (s *server) resolver(t testing.TB, change ...func(*Options)) *Resolver {
	t.Helper()
	g, err := guard.New(guard.Options{Allow: []string{s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Guard: g, Recipient: "Test clinic, kiosk 1", Now: func() time.Time { return testNow }}
	for _, c := range change {
		c(&o)
	}
	return NewResolver(o)
}

func mustLink(t testing.TB, url, flag string) *Link {
	t.Helper()
	l, err := NewLink(LinkOptions{URL: url, Flag: flag, Expires: testNow.Add(time.Hour), Label: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := Parse(l.Encode("https://viewer.example/"), testNow)
	if err != nil {
		t.Fatalf("parse what was encoded: %v", err)
	}
	return parsed
}

func mustSeal(t testing.TB, l *Link, plain string, o SealOptions) string {
	t.Helper()
	s, err := l.Seal([]byte(plain), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDirectFile(t *testing.T) {
	for _, zip := range []bool{false, true} {
		t.Run(fmt.Sprint("zip ", zip), func(t *testing.T) {
			var body string
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ int) { io.WriteString(w, body) })
			l := mustLink(t, s.URL+"/file?x=1", "LU")
			body = mustSeal(t, l, testBundle, SealOptions{ContentType: "fhir+json", Zip: zip}) + "\n"
			rec, err := s.resolver(t).Resolve(context.Background(), l, phi.SecretFromString("1234"))
			if err != nil {
				t.Fatal(err)
			}
			if len(rec.Files) != 1 || string(rec.Files[0].Bytes) != testBundle || rec.Files[0].ContentType != TypeFHIR || rec.Files[0].Content != ContentFHIR {
				t.Errorf("files = %+v", rec.Files)
			}
			got := s.requests()
			if len(got) != 1 || got[0].Method != "GET" || got[0].Query != "x=1&recipient=Test%20clinic%2C%20kiosk%201" || got[0].Body != "" {
				t.Errorf("requests = %+v", got)
			}
		})
	}
}

func TestManifestWithPasscode(t *testing.T) {
	const passcode = `pass"\word é`
	var s *server
	var l *Link
	s = newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.URL.Path == "/located" {
			io.WriteString(w, mustSeal(t, l, testBundle, SealOptions{Zip: true}))
			return
		}
		w.Header().Set("Retry-After", "7")
		json.NewEncoder(w).Encode(map[string]any{"files": []any{
			map[string]any{"contentType": TypeFHIR, "embedded": mustSeal(t, l, testBundle, SealOptions{}), "fhirVersion": "4.0.1"},
			map[string]any{"contentType": TypeFHIR, "location": s.URL + "/located", "status": "can-change"},
			map[string]any{"contentType": TypeFHIR, "location": s.URL + "/located", "status": "no-longer-valid"},
		}})
	})
	l = mustLink(t, s.URL+"/manifest", "P")
	rec, err := s.resolver(t, func(o *Options) { o.EmbeddedLengthMax = 4096 }).Resolve(context.Background(), l, phi.SecretFromString(passcode))
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Files) != 2 || rec.Partial || len(rec.Problems) != 1 || rec.Problems[0].Reason != Withdrawn || rec.RetryAfter != 7*time.Second {
		t.Errorf("record = %+v", rec)
	}
	got := s.requests()
	if len(got) != 2 || got[0].Method != "POST" || got[1].Method != "GET" || got[1].Query != "" {
		t.Fatalf("requests = %+v", got)
	}
	var sent struct {
		Recipient, Passcode string
		EmbeddedLengthMax   int
	}
	if err := json.Unmarshal([]byte(got[0].Body), &sent); err != nil || sent.Passcode != passcode || sent.EmbeddedLengthMax != 4096 || sent.Recipient != "Test clinic, kiosk 1" {
		t.Errorf("sent %q: %v", got[0].Body, err)
	}
	if !strings.HasPrefix(got[0].Body, `{"recipient"`) {
		t.Errorf("body %q", got[0].Body)
	}
}

func newBenchServer(b *testing.B, handle func(w http.ResponseWriter, r *http.Request, url string)) *server {
	var s *server
	s = newServer(b, func(w http.ResponseWriter, r *http.Request, _ int) { handle(w, r, s.URL) })
	return s
}
