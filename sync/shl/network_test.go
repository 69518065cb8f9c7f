package shl

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/phi"
)

// outcome is what a resolve gave, as the tables compare it.
func outcome(rec *Record, err error) string {
	var e *Error
	switch {
	case err == nil && rec.Partial:
		return "partial"
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		return string(e.Stage) + " " + string(e.Reason)
	}
	return err.Error()
}

func answer(status int, body string, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// Items 22, 25 to 28, 31: one answer, direct and manifest, with and without a
// passcode. One request each, whatever the answer.
func TestBadInputAnswers(t *testing.T) {
	for _, c := range []struct {
		item, flag string
		answer     func(http.ResponseWriter, *http.Request)
		want       string
		wait       time.Duration
		left       int // remaining attempts, -1 when not told
	}{
		{"23 redirect of a POST 307", "", answer(307, "", "Location", "/other"), "retrieve redirect", 0, -1},
		{"23 redirect of a POST 302", "P", answer(302, "", "Location", "https://evil.example/"), "retrieve redirect", 0, -1},
		{"25 html", "U", answer(200, "<html>", "Content-Type", "text/html; charset=utf-8"), "retrieve html-answer", 0, -1},
		{"25 html manifest", "", answer(200, "<html>", "Content-Type", "text/html"), "retrieve html-answer", 0, -1},
		{"25 empty 200", "U", answer(200, ""), "retrieve empty-answer", 0, -1},
		{"25 204", "U", answer(204, ""), "retrieve empty-answer", 0, -1},
		{"25 206", "U", answer(206, "x"), "retrieve unexpected-status", 0, -1},
		{"25 304", "U", answer(304, ""), "retrieve unexpected-status", 0, -1},
		{"26 wrong, 3 left", "P", answer(401, `{"remainingAttempts":3}`), "retrieve wrong-passcode", 0, 3},
		{"26 wrong, 0 left", "P", answer(401, `{"remainingAttempts":0}`), "retrieve passcode-locked", 0, 0},
		{"26 no body", "P", answer(401, ""), "retrieve wrong-passcode", 0, -1},
		{"26 not JSON", "P", answer(401, "no!"), "retrieve wrong-passcode", 0, -1},
		{"26 count as text", "P", answer(401, `{"remainingAttempts":"3"}`), "retrieve wrong-passcode", 0, 3},
		{"26 count -1", "P", answer(401, `{"remainingAttempts":-1}`), "retrieve wrong-passcode", 0, -1},
		{"26 count 1e9", "P", answer(401, `{"remainingAttempts":1e9}`), "retrieve wrong-passcode", 0, -1},
		{"26 count 1000000000", "P", answer(401, `{"remainingAttempts":1000000000}`), "retrieve wrong-passcode", 0, -1},
		{"26 challenge", "P", answer(401, ``, "WWW-Authenticate", "Basic realm=x"), "retrieve wrong-passcode", 0, -1},
		{"26 401 without P", "", answer(401, `{"remainingAttempts":3}`), "retrieve refused-by-server", 0, -1},
		{"trap 10 400", "P", answer(400, `{"error":"Invalid SMART Health Link passcode"}`), "retrieve wrong-passcode", 0, -1},
		{"trap 10 403", "P", answer(403, `Wrong Passcode`), "retrieve wrong-passcode", 0, -1},
		{"trap 10 400 locked", "P", answer(400, `passcode locked`), "retrieve passcode-locked", 0, -1},
		{"trap 10 400 blocked", "P", answer(400, `passcode: request blocked`), "retrieve wrong-passcode", 0, -1},
		{"26 wrong, slow down", "P", answer(401, `{"remainingAttempts":2}`, "Retry-After", "11"), "retrieve wrong-passcode", 11 * time.Second, 2},
		{"trap 10 400 expired", "P", answer(400, `{"error":"SMART Health Link has expired"}`), "retrieve expired-at-server", 0, -1},
		{"27 404", "U", answer(404, ""), "retrieve not-active", 0, -1},
		{"27 404 manifest", "P", answer(404, ""), "retrieve not-active", 0, -1},
		{"27 410", "U", answer(410, ""), "retrieve not-active", 0, -1},
		{"27 400 expired", "U", answer(400, `{"error":"SMART Health Link has expired"}`), "retrieve expired-at-server", 0, -1},
		{"27 400", "U", answer(400, `{"error":"recipient is required"}`), "retrieve refused-by-server", 0, -1},
		{"27 403", "U", answer(403, ""), "retrieve refused-by-server", 0, -1},
		{"27 405", "", answer(405, ""), "retrieve unexpected-status", 0, -1},
		{"27 500", "P", answer(500, ""), "retrieve server-error", 0, -1},
		{"27 503", "", answer(503, ""), "retrieve server-error", 0, -1},
		{"27 503 with a wait", "", answer(503, "", "Retry-After", "9"), "retrieve rate-limited", 9 * time.Second, -1},
		{"28 429 without", "", answer(429, ""), "retrieve rate-limited", defaultWait, -1},
		{"28 429 20", "P", answer(429, "", "Retry-After", "20"), "retrieve rate-limited", 20 * time.Second, -1},
		{"28 429 86400", "", answer(429, "", "Retry-After", "86400"), "retrieve rate-limited", 24 * time.Hour, -1},
		{"28 429 soon", "U", answer(429, "", "Retry-After", "soon"), "retrieve rate-limited", defaultWait, -1},
		{"28 429 negative", "U", answer(429, "", "Retry-After", "-5"), "retrieve rate-limited", defaultWait, -1},
		{"28 429 0", "U", answer(429, "", "Retry-After", "0"), "retrieve rate-limited", defaultWait, -1},
		{"28 429 huge", "U", answer(429, "", "Retry-After", "1e300"), "retrieve rate-limited", 24 * time.Hour, -1},
		{"28 429 date", "U", answer(429, "", "Date", testNow.Add(time.Hour).Format(http.TimeFormat), "Retry-After", testNow.Add(time.Hour+45*time.Second).Format(http.TimeFormat)), "retrieve rate-limited", 45 * time.Second, -1},
		{"28 429 date past", "U", answer(429, "", "Date", testNow.Format(http.TimeFormat), "Retry-After", testNow.Add(-time.Hour).Format(http.TimeFormat)), "retrieve rate-limited", defaultWait, -1},
		{"29 manifest not JSON", "", answer(200, "nope"), "retrieve manifest-invalid", 0, -1},
		{"29 manifest array", "", answer(200, "[]"), "retrieve manifest-invalid", 0, -1},
		{"29 files missing", "", answer(200, "{}"), "retrieve manifest-invalid", 0, -1},
		{"29 files object", "", answer(200, `{"files":{}}`), "retrieve manifest-invalid", 0, -1},
		{"29 files null", "", answer(200, `{"files":null}`), "retrieve manifest-invalid", 0, -1},
		{"29 files twice", "", answer(200, `{"files":[],"files":[]}`), "retrieve manifest-invalid", 0, -1},
		{"29 files empty", "", answer(200, `{"files":[]}`), "retrieve no-files", 0, -1},
		{"29 10000 files", "", answer(200, `{"files":[`+strings.Repeat("{},", 9999)+`{}]}`), "retrieve too-many-files", 0, -1},
		{"29 null entry", "", answer(200, `{"files":[null]}`), "retrieve file-entry", 0, -1},
		{"29 neither", "", answer(200, `{"files":[{"contentType":"application/fhir+json"}]}`), "retrieve file-entry", 0, -1},
		{"29 relative", "", answer(200, `{"files":[{"location":"/f"}]}`), "retrieve url-invalid", 0, -1},
		{"29 private", "", answer(200, `{"files":[{"location":"https://192.168.1.1/f"}]}`), "retrieve blocked-address", 0, -1},
		{"29 http", "", answer(200, `{"files":[{"location":"http://example.com/f"}]}`), "retrieve url-scheme", 0, -1},
		{"withdrawn", "", answer(200, `{"files":[{"location":"https://example.com/f","status":"no-longer-valid"}]}`), "retrieve withdrawn", 0, -1},
		{"32 not a JWE", "U", answer(200, "hello"), "decrypt not-a-jwe", 0, -1},
		{"32 embedded not a JWE", "", answer(200, `{"files":[{"embedded":"hello"}]}`), "decrypt not-a-jwe", 0, -1},
		{"FHIR in the clear", "U", answer(200, `{"resourceType":"Bundle"}`), "decrypt clear-text", 0, -1},
	} {
		t.Run(c.item, func(t *testing.T) {
			s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) { c.answer(w, r) })
			l := mustLink(t, s.URL+"/link", c.flag)
			rec, err := s.resolver(t).Resolve(context.Background(), l, phi.SecretFromString("1234"))
			if got := outcome(rec, err); got != c.want {
				t.Fatalf("%s, want %s", got, c.want)
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests: %+v", n, s.requests())
			}
			var e *Error
			errors.As(err, &e)
			if e.RetryAfter != c.wait {
				t.Errorf("wait %s, want %s", e.RetryAfter, c.wait)
			}
			left := -1
			if e.Remaining != nil {
				left = *e.Remaining
			}
			if left != c.left {
				t.Errorf("remaining %d, want %d", left, c.left)
			}
			if _, ok := Explain(e.Reason); !ok {
				t.Errorf("reason %s is not in the table", e.Reason)
			}
			if e.RetryAfter > 0 {
				// Pressing again early asks nobody.
				if _, err := s.resolver(t).Resolve(context.Background(), l, phi.SecretFromString("1234")); ReasonOf(err) != RateLimited || len(s.requests()) != 1 {
					t.Errorf("an early second try gave %v after %d requests", err, len(s.requests()))
				}
			}
		})
	}
}

// Items 20 to 24 at the level of the resolver; the guard's own tests have the
// rest.
func TestBadInputConnections(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.URL.Path {
		case "/silent":
			<-r.Context().Done()
		case "/endless":
			for {
				if _, err := io.WriteString(w, strings.Repeat("a", 1<<16)); err != nil {
					return
				}
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				io.WriteString(z, strings.Repeat("a", 1<<16))
			}
			z.Close()
		case "/cut":
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, "cut")
		case "/inwards":
			http.Redirect(w, r, "https://169.254.169.254/latest", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	})
	for path, want := range map[string]string{
		"/silent": "retrieve timeout", "/endless": "retrieve too-large", "/bomb": "retrieve too-large", "/cut": "retrieve unreachable",
		"/inwards": "retrieve blocked-address", "/loop": "retrieve redirect",
	} {
		r := s.resolver(t, func(o *Options) { o.Timeout = 300 * time.Millisecond; o.Limits.File = 1 << 20 })
		if path != "/silent" {
			r.timeout = 10 * time.Second
		}
		rec, err := r.Resolve(context.Background(), mustLink(t, s.URL+path, "U"), nil)
		if got := outcome(rec, err); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if rec, err := s.resolver(t).Resolve(ctx, mustLink(t, s.URL+"/x", "U"), nil); outcome(rec, err) != "retrieve cancelled" {
		t.Errorf("cancelled: %v", err)
	}
	dead := s.URL
	r := s.resolver(t)
	l := mustLink(t, dead+"/x", "U")
	s.Close()
	if rec, err := r.Resolve(context.Background(), l, nil); outcome(rec, err) != "retrieve unreachable" {
		t.Errorf("refused connection: %v", err)
	}
}

func TestNoRequestWhereNoneMayBeMade(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {})
	r := s.resolver(t)
	passcode := mustLink(t, s.URL+"/x", "P")
	if _, err := r.Resolve(context.Background(), passcode, nil); ReasonOf(err) != PasscodeNeeded {
		t.Errorf("without passcode: %v", err)
	}
	wiped := mustLink(t, s.URL+"/x", "U")
	wiped.Wipe()
	if _, err := r.Resolve(context.Background(), wiped, nil); ReasonOf(err) != Wiped {
		t.Errorf("wiped: %v", err)
	}
	late := s.resolver(t, func(o *Options) { o.Now = func() time.Time { return testNow.Add(24 * time.Hour) } })
	if _, err := late.Resolve(context.Background(), mustLink(t, s.URL+"/x", "U"), nil); ReasonOf(err) != Expired {
		t.Errorf("expired since it was scanned: %v", err)
	}
	nameless := s.resolver(t, func(o *Options) { o.Recipient = " " })
	if _, err := nameless.Resolve(context.Background(), mustLink(t, s.URL+"/x", "U"), nil); !errors.Is(err, ErrNotConfigured) {
		t.Errorf("without recipient: %v", err)
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A located file that is gone: one fresh manifest, then stop; with a passcode
// none, because a passcode is POSTed once for each press. What was fetched is
// not fetched again.
func TestLocationsThatAreGone(t *testing.T) {
	for _, c := range []struct {
		flag          string
		heal          bool
		want          string
		posts, firsts int
	}{
		{"", true, "ok", 2, 1},
		{"", false, "partial", 2, 1},
		{"P", true, "partial", 1, 1},
	} {
		t.Run(fmt.Sprintf("flag %q heal %v", c.flag, c.heal), func(t *testing.T) {
			var s *server
			var l *Link
			posts, firsts := 0, 0
			s = newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				s.mu.Lock()
				defer s.mu.Unlock()
				switch {
				case r.Method == http.MethodPost:
					posts++
					entry := func(name string) map[string]any {
						return map[string]any{"contentType": TypeFHIR, "location": fmt.Sprintf("%s/%s?t=%d", s.URL, name, posts)}
					}
					json.NewEncoder(w).Encode(map[string]any{"files": []any{entry("first"), entry("second")}})
				case r.URL.Path == "/first":
					firsts++
					io.WriteString(w, mustSeal(t, l, testBundle, SealOptions{}))
				case c.heal && r.URL.Query().Get("t") == "2":
					io.WriteString(w, mustSeal(t, l, testBundle, SealOptions{}))
				default:
					w.WriteHeader(http.StatusNotFound)
				}
			})
			l = mustLink(t, s.URL+"/m", c.flag)
			rec, err := s.resolver(t).Resolve(context.Background(), l, phi.SecretFromString("1"))
			if got := outcome(rec, err); got != c.want || posts != c.posts || firsts != c.firsts {
				t.Errorf("%s with %d POSTs and %d first files, want %s, %d, %d", got, posts, firsts, c.want, c.posts, c.firsts)
			}
			if c.want == "partial" && (rec.Problems[0].Reason != LocationGone || rec.Problems[0].Status != 404 || rec.Problems[0].Index != 1) {
				t.Errorf("problems %+v", rec.Problems)
			}
		})
	}
}

func TestSameLocationTwiceIsFetchedOnce(t *testing.T) {
	var s *server
	var l *Link
	s = newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.Method == http.MethodPost {
			fmt.Fprintf(w, `{"files":[{"location":"%s/f"},{"location":"%s/f"}],"list":{"resourceType":"List","x":1}}`, s.URL, s.URL)
			return
		}
		io.WriteString(w, mustSeal(t, l, testBundle, SealOptions{ContentType: TypeFHIR}))
	})
	l = mustLink(t, s.URL+"/m", "L")
	rec, err := s.resolver(t).Resolve(context.Background(), l, nil)
	if outcome(rec, err) != "ok" || len(rec.Problems) != 1 || rec.Problems[0].Reason != LocationTwice || len(s.requests()) != 2 {
		t.Errorf("%s, %d requests, %+v", outcome(rec, err), len(s.requests()), rec)
	}
	if !strings.Contains(string(rec.List), "List") || !l.LongTerm() {
		t.Errorf("list %s", rec.List)
	}
}

// An hour after the manifest request a location is not used any more.
func TestLocationIsNotUsedAfterAnHour(t *testing.T) {
	var s *server
	now := testNow
	s = newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		s.mu.Lock()
		now = now.Add(10 * time.Minute)
		s.mu.Unlock()
		fmt.Fprintf(w, `{"files":[{"location":"%s/f"}]}`, s.URL)
	})
	calls := 0
	r := s.resolver(t, func(o *Options) {
		o.Now = func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			if calls++; calls > 4 { // the check, the hold, the answer, the manifest's time
				return now.Add(2 * time.Hour)
			}
			return now
		}
	})
	l := mustLink(t, s.URL+"/m", "P")
	l.expires = time.Time{}
	_, err := r.Resolve(context.Background(), l, phi.SecretFromString("1"))
	if ReasonOf(err) != LocationGone || len(s.requests()) != 1 {
		t.Errorf("%v after %+v", err, s.requests())
	}
}

func TestClockOfTheServerIsReported(t *testing.T) {
	var l *Link
	s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Date", testNow.Add(3*time.Hour).Format(http.TimeFormat))
		io.WriteString(w, mustSeal(t, l, testBundle, SealOptions{}))
	})
	l = mustLink(t, s.URL+"/x", "U")
	rec, err := s.resolver(t).Resolve(context.Background(), l, nil)
	if err != nil || !rec.ServerDate.Equal(testNow.Add(3*time.Hour)) {
		t.Errorf("date %v, %v", rec.ServerDate, err)
	}
}

func TestTotalBudget(t *testing.T) {
	var s *server
	var l *Link
	big := `{"resourceType":"Bundle","x":"` + strings.Repeat("a", 100<<10) + `"}`
	s = newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.Method == http.MethodPost {
			fmt.Fprintf(w, `{"files":[{"location":"%[1]s/1"},{"location":"%[1]s/2"},{"location":"%[1]s/3"}]}`, s.URL)
			return
		}
		io.WriteString(w, mustSeal(t, l, big, SealOptions{}))
	})
	l = mustLink(t, s.URL+"/m", "")
	rec, err := s.resolver(t, func(o *Options) { o.Limits.Total = 300 << 10 }).Resolve(context.Background(), l, nil)
	if outcome(rec, err) != "partial" || rec.Problems[0].Reason != TooLarge {
		t.Errorf("%s %+v", outcome(rec, err), rec)
	}
}

// What a manifest says about a file reaches screens and logs only in the form
// it must have.
func TestManifestTextIsHeldToItsForm(t *testing.T) {
	var l *Link
	s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		jwe, _ := json.Marshal(mustSeal(t, l, testBundle, SealOptions{}))
		fmt.Fprintf(w, `{"files":[{"embedded":%[1]s,"contentType":"application/fhir+json\u001b[2J","fhirVersion":"4.0.1\n","lastUpdated":"2026-01-01T00:00:00.5+01:00","status":"FINALIZED"},
			{"embedded":%[1]s,"fhirVersion":"<b>","lastUpdated":"yesterday \u202e","status":"\u001b"}]}`, jwe)
	})
	l = mustLink(t, s.URL+"/m", "")
	rec, err := s.resolver(t).Resolve(context.Background(), l, nil)
	if err != nil || len(rec.Files) != 2 {
		t.Fatal(err)
	}
	a, b := rec.Files[0], rec.Files[1]
	if a.Declared != "" || a.FHIRVersion != "4.0.1" || a.LastUpdated != "2026-01-01T00:00:00.5+01:00" || a.Status != "finalized" {
		t.Errorf("first file: %q %q %q %q", a.Declared, a.FHIRVersion, a.LastUpdated, a.Status)
	}
	if b.FHIRVersion != "" || b.LastUpdated != "" || b.Status != "" {
		t.Errorf("second file: %q %q %q", b.FHIRVersion, b.LastUpdated, b.Status)
	}
}

// F14: a passcode is POSTed once, also when the connection breaks at any point
// after it was sent.
func TestPasscodeIsPostedOnceWhenTheConnectionBreaks(t *testing.T) {
	for name, end := range map[string]func(w http.ResponseWriter){
		"no answer": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"half a head": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(200)
			panic(http.ErrAbortHandler)
		},
		"half a body": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"answer lost": func(w http.ResponseWriter) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				c.Close()
			}
		},
	} {
		s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) { end(w) })
		rec, err := s.resolver(t).Resolve(context.Background(), mustLink(t, s.URL+"/m", "P"), phi.SecretFromString("1234"))
		if got := outcome(rec, err); got != "retrieve unreachable" || len(s.requests()) != 1 {
			t.Errorf("%s: %s after %d requests", name, got, len(s.requests()))
		}
	}
}

// A passcode that the link does not ask for is sent nowhere.
func TestPasscodeThatIsNotAskedForIsNotSent(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) { w.WriteHeader(http.StatusNotFound) })
	for _, flag := range []string{"", "L", "U", "LU"} {
		_, _ = s.resolver(t).Resolve(context.Background(), mustLink(t, s.URL+"/x", flag), phi.SecretFromString("NOT-ASKED-FOR"))
	}
	for _, r := range s.requests() {
		if strings.Contains(r.Body+r.Query+r.Path, "NOT-ASKED-FOR") || strings.Contains(r.Body, "passcode") {
			t.Errorf("sent: %+v", r)
		}
	}
	if n := len(s.requests()); n != 4 {
		t.Errorf("%d requests", n)
	}
}
