package fhir

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// authority is a token endpoint with a FHIR server beside it.
type authority struct {
	*httptest.Server
	mu     sync.Mutex
	asked  int
	forms  []url.Values
	basics []string
	jtis   map[string]bool
	live   string
	life   any
	status int
	key    *Key
	hold   chan struct{}
}

func newAuthority(t *testing.T) *authority {
	a := &authority{jtis: map[string]bool{}, life: 300}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /fhir/.well-known/smart-configuration", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"token_endpoint":%q}`, a.URL+"/token")
	})
	mux.HandleFunc("POST /token", a.token)
	mux.HandleFunc("GET /fhir/Patient/1", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+a.live {
			w.WriteHeader(401)
			return
		}
		fmt.Fprint(w, `{"resourceType":"Patient","id":"1"}`)
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *authority) token(w http.ResponseWriter, r *http.Request) {
	if a.hold != nil {
		<-a.hold
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	_ = r.ParseForm()
	a.forms = append(a.forms, r.PostForm)
	a.basics = append(a.basics, r.Header.Get("Authorization"))
	if a.status != 0 {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(a.status)
		fmt.Fprint(w, `{"error":"invalid_client"}`)
		return
	}
	if a.key != nil {
		tok, err := jwt.ParseSigned(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES384, jose.RS384})
		var c jwt.Claims
		if err != nil || tok.Claims(a.key.private.Public(), &c) != nil || c.Issuer != "client-1" || c.Subject != "client-1" ||
			len(c.Audience) != 1 || c.Audience[0] != a.URL+"/token" || a.jtis[c.ID] || c.ID == "" ||
			time.Until(c.Expiry.Time()) > 5*time.Minute || tok.Headers[0].KeyID != a.key.ID() {
			w.WriteHeader(401)
			return
		}
		a.jtis[c.ID] = true
	}
	a.live = fmt.Sprint("token-", a.asked)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": a.live, "token_type": "Bearer", "expires_in": a.life})
}

func (a *authority) client(t *testing.T, opt GrantOptions) *Client {
	t.Helper()
	opt.Base = a.URL + "/fhir"
	if opt.ClientID == "" {
		opt.ClientID = "client-1"
	}
	g, err := NewGrant(opt)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Base: opt.Base, Auth: g})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func secret() (string, error) { return "s3cr:et+1", nil }

func TestBackendServicesWithBothAlgorithms(t *testing.T) {
	for _, alg := range []string{"ES384", "RS384"} {
		k, err := NewKey(alg)
		if err != nil {
			t.Fatal(err)
		}
		file, err := k.PEM()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey(file)
		if err != nil || again.ID() != k.ID() || again.Algorithm() != alg {
			t.Fatalf("%s: key does not survive its file: %v", alg, err)
		}
		set, err := k.JWKS()
		if err != nil || strings.Contains(string(set), `"d"`) || !strings.Contains(string(set), k.ID()) {
			t.Fatalf("%s: key set", alg)
		}
		if s := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Contains(s, "D:") || len(s) > 400 {
			t.Errorf("%s: printing the key shows more than its id", alg)
		}
		a := newAuthority(t)
		a.key = k
		if _, err := a.client(t, GrantOptions{Key: again}).Read(context.Background(), "Patient/1"); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if _, err := NewKey("HS256"); err == nil {
		t.Error("HS256 accepted")
	}
}

func TestClientSecretBasicAndPost(t *testing.T) {
	a := newAuthority(t)
	for _, m := range []string{MethodSecretBasic, MethodSecretPost} {
		if _, err := a.client(t, GrantOptions{Secret: secret, Method: m}).Read(context.Background(), "Patient/1"); err != nil {
			t.Fatal(err)
		}
	}
	if a.forms[0].Has("client_secret") || !strings.HasPrefix(a.basics[0], "Basic ") {
		t.Error("basic: the secret must be in the header only")
	}
	if a.forms[1].Get("client_secret") != "s3cr:et+1" || a.basics[1] != "" {
		t.Error("post: the secret must be in the form only")
	}
}

func TestOneTokenForManyCallers(t *testing.T) {
	a := newAuthority(t)
	a.hold = make(chan struct{})
	c := a.client(t, GrantOptions{Secret: secret})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Read(context.Background(), "Patient/1"); err != nil {
				t.Error(err)
			}
		})
	}
	close(a.hold)
	wg.Wait()
	if a.asked != 1 {
		t.Errorf("%d token requests for 20 callers", a.asked)
	}
}

func TestTokenIsRenewedBeforeItEndsAndOnceAfterARefusal(t *testing.T) {
	a := newAuthority(t)
	now := time.Now()
	c := a.client(t, GrantOptions{Secret: secret, Now: func() time.Time { return now }})
	read := func() error { _, err := c.Read(context.Background(), "Patient/1"); return err }
	if err := read(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(269 * time.Second)
	if err := read(); err != nil || a.asked != 1 {
		t.Fatalf("renewed too early: %d, %v", a.asked, err)
	}
	now = now.Add(2 * time.Second)
	if err := read(); err != nil || a.asked != 2 {
		t.Fatalf("not renewed in time: %d, %v", a.asked, err)
	}
	a.mu.Lock()
	a.live = "revoked"
	a.mu.Unlock()
	if err := read(); err != nil || a.asked != 3 {
		t.Fatalf("after a 401: %d requests, %v", a.asked, err)
	}
}

func TestAuthorisationFailuresSayWhatToDo(t *testing.T) {
	a := newAuthority(t)
	a.status = 400
	_, err := a.client(t, GrantOptions{Secret: secret}).Read(context.Background(), "Patient/1")
	if reason(err) != ReasonAuthorisation || !strings.Contains(err.Error(), "invalid_client") || strings.Contains(err.Error(), "s3cr") {
		t.Errorf("wrong secret: %v", err)
	}
	if a.asked != 1 {
		t.Errorf("asked %d times", a.asked)
	}
	a.status = 503
	_, err = a.client(t, GrantOptions{Secret: secret}).Read(context.Background(), "Patient/1")
	var he *HTTPError
	if !errors.As(err, &he) || he.RetryAfter != 7*time.Second {
		t.Errorf("busy endpoint: %v", err)
	}
	for name, opt := range map[string]GrantOptions{
		"no client":  {Base: "https://x.example", Secret: secret},
		"no proof":   {Base: "https://x.example", ClientID: "a"},
		"http":       {Base: "http://x.example", ClientID: "a", Secret: secret},
		"no address": {ClientID: "a", Secret: secret},
	} {
		if _, err := NewGrant(opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBearerFileIsReadAgainWhenRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	write := func(s string) {
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	b, err := NewBearerFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	write("two\n")
	if tok, _ := b.Token(context.Background(), ""); tok != "one" {
		t.Error("read again too early")
	}
	if tok, _ := b.Token(context.Background(), "one"); tok != "two" {
		t.Error("a refused token was not replaced")
	}
	write("a b")
	if _, err := b.Token(context.Background(), "two"); reason(err) != ReasonAuthorisation {
		t.Errorf("two words: %v", err)
	}
}

func TestMutualTLSAndOwnAuthority(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) != 1 {
			w.WriteHeader(403)
			return
		}
		fmt.Fprint(w, `{"resourceType":"Patient","id":"1"}`)
	}))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	srv.StartTLS()
	defer srv.Close()
	roots := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c, err := New(Options{Base: srv.URL, RootCAs: roots, Certificates: srv.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(context.Background(), "Patient/1"); err != nil {
		t.Errorf("mutual TLS: %v", err)
	}
	c, _ = New(Options{Base: srv.URL})
	var te *TransportError
	if _, err := c.Read(context.Background(), "Patient/1"); !errors.As(err, &te) {
		t.Errorf("unknown authority: %v", err)
	}
}
