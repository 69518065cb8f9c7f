package fhir

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-resty/resty/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"
)

// BearerFile is an [Authoriser] that reads a bearer token from a file each time
// it is refused or a minute old, so that somebody else may renew it.
type BearerFile struct {
	path string
	now  func() time.Time

	mu    sync.Mutex
	token string
	read  time.Time
}

// NewBearerFile reads the token for the first time.
func NewBearerFile(path string, now func() time.Time) (*BearerFile, error) {
	if now == nil {
		now = time.Now
	}
	b := &BearerFile{path: path, now: now}
	_, err := b.Token(context.Background(), "")
	return b, err
}

// Token implements [Authoriser].
func (b *BearerFile) Token(_ context.Context, stale string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token != "" && stale != b.token && b.now().Sub(b.read) < time.Minute {
		return b.token, nil
	}
	raw, err := os.ReadFile(b.path)
	if err != nil {
		return "", authError(errors.New("the token file cannot be read"))
	}
	t := string(bytes.TrimSpace(raw))
	if t == "" || strings.ContainsAny(t, " \r\n\t") {
		return "", authError(errors.New("the token file must hold one token and nothing else"))
	}
	b.token, b.read = t, b.now()
	return t, nil
}

func authError(err error) error {
	return &Error{Op: "authorise", Reason: ReasonAuthorisation, Offset: -1, Err: err}
}

// How a client proves itself at the token endpoint.
const (
	MethodSecretBasic = "client_secret_basic"
	MethodSecretPost  = "client_secret_post"
	MethodKey         = "private_key_jwt"
)

// GrantOptions configure a [Grant].
type GrantOptions struct {
	Base     string // FHIR base, for discovery of the token endpoint
	TokenURL string // set it where the server has no .well-known/smart-configuration
	ClientID string
	Method   string // MethodSecretBasic (default with Secret), MethodSecretPost, MethodKey (default with Key)
	Secret   func() (string, error)
	Key      *Key
	Scopes   []string // default system/*.cruds

	RootCAs      *x509.CertPool
	Certificates []tls.Certificate
	Timeout      time.Duration
	Now          func() time.Time
	Transport    http.RoundTripper
}

// Grant is an [Authoriser] that gets tokens by client_credentials: with a
// secret, or with a signed assertion (SMART Backend Services). Several callers
// that need a token at the same time cause one request. There are no refresh
// tokens: before a token ends, a new one is asked for.
type Grant struct {
	opt  GrantOptions
	http *resty.Client

	flight singleflight.Group
	mu     sync.Mutex
	url    string
	token  string
	until  time.Time
}

// NewGrant checks the options and makes no request.
func NewGrant(opt GrantOptions) (*Grant, error) {
	for _, s := range []string{opt.Base, opt.TokenURL} {
		if s == "" {
			continue
		}
		if _, err := safeAddress(s); err != nil {
			return nil, err
		}
	}
	if opt.Base == "" && opt.TokenURL == "" {
		return nil, authError(errors.New("neither FHIR base nor token address"))
	}
	if opt.ClientID == "" {
		return nil, authError(errors.New("no client id"))
	}
	if opt.Method == "" {
		opt.Method = MethodSecretBasic
		if opt.Key != nil {
			opt.Method = MethodKey
		}
	}
	switch opt.Method {
	case MethodKey:
		if opt.Key == nil {
			return nil, authError(errors.New("private_key_jwt without a key; make one with: kioskctl key"))
		}
	case MethodSecretBasic, MethodSecretPost:
		if opt.Secret == nil {
			return nil, authError(errors.New("no client secret"))
		}
	default:
		return nil, authError(errors.New("unknown method"))
	}
	if len(opt.Scopes) == 0 {
		opt.Scopes = []string{"system/*.cruds"}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Timeout <= 0 {
		opt.Timeout = 20 * time.Second
	}
	g := &Grant{opt: opt, url: opt.TokenURL}
	g.http = newHTTP(opt.Transport, opt.RootCAs, opt.Certificates, opt.Timeout, "shlkiosk", 1<<20)
	return g, nil
}

// early is how long before its end a token is renewed.
const early = 30 * time.Second

// Token implements [Authoriser].
func (g *Grant) Token(ctx context.Context, stale string) (string, error) {
	g.mu.Lock()
	if g.token != "" && g.token != stale && g.opt.Now().Before(g.until) {
		defer g.mu.Unlock()
		return g.token, nil
	}
	g.mu.Unlock()
	// The shared request must not die with the caller who happened to start it.
	ch := g.flight.DoChan("token", func() (any, error) {
		g.mu.Lock()
		if g.token != "" && g.token != stale && g.opt.Now().Before(g.until) {
			defer g.mu.Unlock()
			return g.token, nil
		}
		g.mu.Unlock()
		return g.ask(context.WithoutCancel(ctx))
	})
	select {
	case <-ctx.Done():
		return "", authError(&TransportError{Op: "token", Err: context.Cause(ctx)})
	case r := <-ch:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	}
}

// discover finds the token endpoint.
func (g *Grant) discover(ctx context.Context) (string, error) {
	g.mu.Lock()
	url := g.url
	g.mu.Unlock()
	if url != "" {
		return url, nil
	}
	where := strings.TrimRight(g.opt.Base, "/") + "/.well-known/smart-configuration"
	resp, err := g.http.R().SetContext(ctx).SetHeader("Accept", "application/json").Get(where)
	if err != nil {
		return "", authError(&TransportError{Op: "discover token endpoint", Err: plainCause(err)})
	}
	var conf struct {
		TokenEndpoint string `json:"token_endpoint"`
	}
	if resp.StatusCode() != http.StatusOK || json.Unmarshal(resp.Body(), &conf) != nil || conf.TokenEndpoint == "" {
		return "", authError(fmt.Errorf("no token endpoint in .well-known/smart-configuration (status %d): name it in fhir.auth.token_url", resp.StatusCode()))
	}
	if _, err := safeAddress(conf.TokenEndpoint); err != nil {
		return "", err
	}
	g.mu.Lock()
	g.url = conf.TokenEndpoint
	g.mu.Unlock()
	return conf.TokenEndpoint, nil
}

// ask gets a new token.
func (g *Grant) ask(ctx context.Context) (string, error) {
	endpoint, err := g.discover(ctx)
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(g.opt.Scopes, " ")}}
	r := g.http.R().SetContext(ctx).SetHeader("Accept", "application/json")
	switch g.opt.Method {
	case MethodKey:
		assertion, err := g.assertion(endpoint)
		if err != nil {
			return "", err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	default:
		secret, err := g.opt.Secret()
		if err != nil || secret == "" {
			return "", authError(errors.New("the client secret cannot be read"))
		}
		if g.opt.Method == MethodSecretPost {
			form.Set("client_id", g.opt.ClientID)
			form.Set("client_secret", secret)
			break
		}
		// RFC 6749 2.3.1 wants both parts form-encoded first. Servers differ
		// (Medplum does not decode), but for ids and secrets without special
		// characters the two agree, and for others the RFC decides.
		pair := url.QueryEscape(g.opt.ClientID) + ":" + url.QueryEscape(secret)
		r.SetHeader("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	resp, err := r.SetHeader("Content-Type", "application/x-www-form-urlencoded").SetBody(form.Encode()).Post(endpoint)
	if err != nil {
		return "", authError(&TransportError{Op: "token", Err: plainCause(err)})
	}
	var ans struct {
		AccessToken string      `json:"access_token"`
		TokenType   string      `json:"token_type"`
		ExpiresIn   json.Number `json:"expires_in"`
		Error       string      `json:"error"`
	}
	perr := json.Unmarshal(resp.Body(), &ans)
	if s := resp.StatusCode(); s == http.StatusTooManyRequests || s >= 500 {
		return "", &HTTPError{Op: "token", Status: s, RetryAfter: retryAfter(resp.Header(), g.opt.Now())}
	}
	switch {
	case resp.StatusCode() != http.StatusOK || ans.Error != "":
		code := "no code"
		if safeWord(strings.ReplaceAll(ans.Error, "_", "-")) {
			code = ans.Error
		}
		return "", authError(fmt.Errorf("the token endpoint answered %d (%s): check client id, key or secret, and that the server knows this client", resp.StatusCode(), code))
	case perr != nil || ans.AccessToken == "" || !strings.EqualFold(ans.TokenType, "bearer"):
		return "", authError(errors.New("the token endpoint gave no bearer token"))
	}
	life := 5 * time.Minute // recommended where the answer does not say (SMART 2.2)
	if n, err := ans.ExpiresIn.Float64(); err == nil && n > 0 && n < 1e7 {
		life = time.Duration(n * float64(time.Second))
	}
	margin := min(early, life/10)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.token, g.until = ans.AccessToken, g.opt.Now().Add(life-margin)
	return g.token, nil
}

// assertion signs who we are, for four minutes (at most five: SMART 2.2) and
// one use.
func (g *Grant) assertion(audience string) (string, error) {
	k := g.opt.Key
	opts := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", k.id)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: k.private}, opts)
	if err != nil {
		return "", authError(errors.New("the key cannot sign"))
	}
	now := g.opt.Now()
	s, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: g.opt.ClientID, Subject: g.opt.ClientID, Audience: jwt.Audience{audience},
		Expiry: jwt.NewNumericDate(now.Add(4 * time.Minute)), IssuedAt: jwt.NewNumericDate(now),
		ID: uuid.NewString(),
	}).Serialize()
	if err != nil {
		return "", authError(errors.New("the key cannot sign"))
	}
	return s, nil
}

// TokenURL is the token endpoint in use, "" before discovery.
func (g *Grant) TokenURL() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.url
}

// CertPool reads PEM certificates for Options.RootCAs. With system set the
// system's authorities count too.
func CertPool(file []byte, system bool) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if system {
		if p, err := x509.SystemCertPool(); err == nil {
			pool = p
		}
	}
	if !pool.AppendCertsFromPEM(file) {
		return nil, errors.New("ca file: no certificate in it")
	}
	return pool, nil
}
