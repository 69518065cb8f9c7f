package guard

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseURL(t *testing.T) {
	for _, c := range []struct {
		raw    string
		reason Reason // "" for good
		host   string
	}{
		{"https://example.com/a?b=c", "", "example.com"},
		{"https://EXAMPLE.com./a", "", "example.com"},
		{"https://bücher.example/x", "", "xn--bcher-kva.example"},
		{"https://аррӏе.com/", "", "xn--80ak6aa92e.com"}, // Cyrillic: shown as what it is
		{"https://a_b.example.com/", "", "a_b.example.com"},
		{"", BadURL, ""},
		{"example.com/x", BadURL, ""},
		{"//example.com/x", BadURL, ""},
		{"/x", BadURL, ""},
		{"https:example.com", BadURL, ""},
		{"https:///x", BadURL, ""},
		{"https://user@example.com/", BadURL, ""},
		{"https://user:pw@example.com/", BadURL, ""},
		{"https://@example.com/", BadURL, ""},
		{"https://example.com/#x", BadURL, ""},
		{"https://example.com/#", BadURL, ""},
		{`https://example.com\@evil.example/`, BadURL, ""},
		{"https://exam\tple.com/", BadURL, ""},
		{"https://example.com/a\nb", BadURL, ""},
		{"https://example.com/a b", BadURL, ""},
		{"https://example.com:0/", BadURL, ""},
		{"https://example.com:99999/", BadURL, ""},
		{"https://example.com:/", BadURL, ""},
		{"https://exa mple.com/", BadURL, ""},
		{"https://a..b/", BadURL, ""},
		{"ftp://example.com/", BadScheme, ""},
		{"file:///etc/passwd", BadScheme, ""},
		{"javascript:alert(1)", BadScheme, ""},
		{"data:text/plain,x", BadScheme, ""},
		{"https://example.com/" + strings.Repeat("a", DefaultMaxURL), URLTooLong, ""},
	} {
		u, err := ParseURL(c.raw)
		if reason(err) != c.reason {
			t.Errorf("ParseURL(%.60q) = %v, want reason %q", c.raw, err, c.reason)
		}
		if err == nil && u.Host != c.host {
			t.Errorf("ParseURL(%q).Host = %q, want %q", c.raw, u.Host, c.host)
		}
	}
}

func TestAllow(t *testing.T) {
	g, err := New(Options{Allow: []string{"shl.clinic.lan", "kiosk:8443", "10.2.0.0/16", "http://127.0.0.1:8080", "http://sandbox", "https://[::1]:9443", " "}})
	if err != nil {
		t.Fatal(err)
	}
	for u, want := range map[string]bool{
		"https://shl.clinic.lan/x":      true,
		"https://shl.clinic.lan:8443/x": false,
		"http://shl.clinic.lan/x":       false,
		"https://kiosk:8443/":           true,
		"https://kiosk/":                false,
		"https://10.2.3.4/":             true,
		"https://10.3.3.4/":             false,
		"https://10.2.3.4:8443/":        false,
		"http://127.0.0.1:8080/":        true,
		"https://127.0.0.1:8080/":       false,
		"http://127.0.0.1:8081/":        false,
		"http://sandbox/":               true,
		"https://[::1]:9443/":           true,
	} {
		if _, err := g.CheckURL(u); (err == nil) != want {
			t.Errorf("CheckURL(%s) = %v, want allowed %v", u, err, want)
		}
	}
	for _, bad := range []string{"ftp://x", "http://x/path", "http://u@x", "10.0.0.0/40", "::ffff:10.0.0.0/104", "a b", "http://", "https://x?y"} {
		if _, err := New(Options{Allow: []string{bad}}); err == nil {
			t.Errorf("allow entry %q was taken", bad)
		}
	}
	if _, err := New(Options{Proxy: "nonsense"}); err == nil {
		t.Error("a proxy without scheme was taken")
	}
}

// site is a loopback server that remembers its requests.
type site struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
}

func newSite(t *testing.T, h http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r)
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

func guardFor(t *testing.T, o Options, sites ...*site) *Guard {
	t.Helper()
	for _, s := range sites {
		o.Allow = append(o.Allow, s.URL)
	}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func fetch(g *Guard, method, raw string, change ...func(*Request)) (*Response, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	r := Request{Method: method, URL: u, MaxBytes: 1 << 20}
	if method == http.MethodPost {
		r.Body, r.ContentType = []byte(`{"passcode":"1"}`), "application/json"
	}
	for _, c := range change {
		c(&r)
	}
	return g.Fetch(context.Background(), r)
}

func TestWhatIsSent(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "track", Value: "me"})
		w.Header().Set("WWW-Authenticate", "Basic")
		io.WriteString(w, "ok")
	})
	g := guardFor(t, Options{}, s)
	for range 2 {
		if _, err := fetch(g, http.MethodGet, s.URL, func(r *Request) { r.Accept = "application/jose" }); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range s.seen {
		if r.UserAgent() != DefaultUserAgent || r.Header.Get("Accept") != "application/jose" || r.Referer() != "" || len(r.Cookies()) != 0 || r.Header.Get("Authorization") != "" {
			t.Errorf("headers sent: %v", r.Header)
		}
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy := newSite(t, func(w http.ResponseWriter, r *http.Request) {})
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	if _, err := fetch(guardFor(t, Options{}, s), http.MethodGet, s.URL); err != nil {
		t.Fatal(err)
	}
	if proxy.count() != 0 {
		t.Error("the environment's proxy was used")
	}
}

func TestRedirects(t *testing.T) {
	inside := newSite(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "secret") })
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{
			"/once": "/end", "/twice": "/once", "/thrice": "/twice", "/loop": "/loop",
			"/inside": inside.URL, "/metadata": "https://169.254.169.254/", "/file": "file:///etc/passwd", "/plain": "http://example.com/",
		}[r.URL.Path]
		if to == "" {
			io.WriteString(w, "end")
			return
		}
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
	})
	g := guardFor(t, Options{}, s)
	for _, c := range []struct {
		method, path string
		want         string // body, or reason, or status
	}{
		{"GET", "/once", "end"}, {"GET", "/twice", "end"}, {"GET", "/thrice", string(Redirected)}, {"GET", "/loop", string(Redirected)},
		{"GET", "/inside", string(BadScheme)}, {"GET", "/metadata", string(Blocked)}, {"GET", "/file", string(BadScheme)}, {"GET", "/plain", string(BadScheme)},
		{"POST", "/once", "307"}, {"POST", "/inside", "307"},
	} {
		before := s.count()
		res, err := fetch(g, c.method, s.URL+c.path)
		got := string(reason(err))
		if err == nil {
			got = string(res.Body)
			if res.Status >= 300 {
				got = fmt.Sprint(res.Status)
			}
		}
		if got != c.want {
			t.Errorf("%s %s = %q (%v), want %q", c.method, c.path, got, err, c.want)
		}
		if c.method == "POST" && s.count() != before+1 {
			t.Errorf("POST %s made %d requests", c.path, s.count()-before)
		}
	}
	if inside.count() != 0 {
		t.Errorf("%d requests to the address that was not allowed", inside.count())
	}
	for _, r := range s.seen {
		if r.Referer() != "" {
			t.Errorf("referrer %q", r.Referer())
		}
	}
}

func TestCeilings(t *testing.T) {
	big := bytes.Repeat([]byte("a"), 3<<20)
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for {
				if _, err := w.Write(big); err != nil {
					return
				}
			}
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(big)
			z.Close()
		case "/br":
			w.Header().Set("Content-Encoding", "br")
			w.Write([]byte("x"))
		case "/twice":
			w.Header().Set("Content-Encoding", "identity, zstd")
			w.Write([]byte("x"))
		case "/left-behind":
			w.Header().Set("Content-Encoding", "aws-chunked")
			w.Write([]byte("x"))
		case "/long": // announces more than it sends
			w.Header().Set("Content-Length", "2000")
			w.Write([]byte("short"))
		case "/announced":
			w.Header().Set("Content-Length", fmt.Sprint(1<<40))
			w.WriteHeader(200)
		case "/error":
			w.WriteHeader(500)
			w.Write(big)
		default:
			w.Write(big[:1<<20])
		}
	})
	g := guardFor(t, Options{}, s)
	for path, want := range map[string]Reason{
		"/endless": TooLarge, "/gzip": TooLarge, "/br": Encoding, "/twice": Encoding, "/left-behind": "", "/long": Unreachable, "/announced": TooLarge, "/exact": "",
	} {
		if _, err := fetch(g, http.MethodGet, s.URL+path); reason(err) != want || (want == "") != (err == nil) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if res, err := fetch(g, http.MethodGet, s.URL+"/error"); err != nil || len(res.Body) != maxErrorBody {
		t.Errorf("/error: %v, %d bytes of body", err, len(res.Body))
	}
	budget := NewBudget(1<<20 + 1<<19)
	for i, want := range []Reason{"", TooLarge} {
		if _, err := fetch(g, http.MethodGet, s.URL+"/exact", func(r *Request) { r.Budget = budget }); reason(err) != want {
			t.Errorf("request %d within the budget: %v, want %q", i, err, want)
		}
	}
}

func TestDeadlineCoversTheLastByte(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/drip" {
			w.WriteHeader(200)
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(20 * time.Millisecond):
				}
			}
			return
		}
		<-r.Context().Done()
	})
	g := guardFor(t, Options{Timeout: 150 * time.Millisecond}, s)
	for _, path := range []string{"/drip", "/silent"} {
		if _, err := fetch(g, http.MethodGet, s.URL+path); reason(err) != TimedOut {
			t.Errorf("%s: %v, want %s", path, err, TimedOut)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	u, _ := url.Parse(s.URL)
	if _, err := g.Fetch(ctx, Request{Method: http.MethodGet, URL: u, MaxBytes: 1}); reason(err) != Cancelled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTLSHasNoWayPast(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	u, _ := url.Parse(s.URL)
	g, err := New(Options{Allow: []string{u.Host}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(g, http.MethodGet, s.URL); reason(err) != TLS {
		t.Errorf("unknown authority: %v, want %s", err, TLS)
	}
	plain := newSite(t, func(w http.ResponseWriter, r *http.Request) {})
	pu, _ := url.Parse(plain.URL)
	g, err = New(Options{Allow: []string{pu.Host}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(g, http.MethodGet, "https://"+pu.Host); reason(err) != TLS {
		t.Errorf("https to a plain server: %v, want %s", err, TLS)
	}
	dead := httptest.NewServer(nil)
	address := dead.URL
	dead.Close()
	g, err = New(Options{Allow: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(g, http.MethodGet, address); reason(err) != Unreachable {
		t.Errorf("refused connection: %v, want %s", err, Unreachable)
	}
}

func TestErrorsHoldNoAddressBeyondTheHost(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		panic(http.ErrAbortHandler)
	})
	g := guardFor(t, Options{}, s)
	_, err := fetch(g, http.MethodGet, s.URL+"/capability-SECRET?token=SECRET")
	if err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(fmt.Sprintf("%+v %#v", err, err), "SECRET") {
		t.Errorf("error %v", err)
	}
	if s.count() != 1 {
		t.Errorf("%d requests: a request leaves at most once", s.count())
	}
	var e *Error
	if !errors.As(err, &e) || e.Reason != Unreachable {
		t.Errorf("error %v", err)
	}
}

// The standard transport repeats a GET when a connection that was used before
// dies without an answer. A link may be good for one GET only.
func TestNoRequestIsRepeatedOnAnUsedConnection(t *testing.T) {
	n := 0
	var s *site
	s = newSite(t, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		n++
		dies := n > 1
		s.mu.Unlock()
		if !dies {
			io.WriteString(w, "ok")
			return
		}
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			c.Close()
		}
	})
	g := guardFor(t, Options{}, s)
	if _, err := fetch(g, http.MethodGet, s.URL); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(g, http.MethodGet, s.URL); reason(err) != Unreachable || s.count() != 2 {
		t.Errorf("%v after %d requests, want 2", err, s.count())
	}
}
