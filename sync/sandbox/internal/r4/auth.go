package r4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Client is a registered client of the token endpoint.
type Client struct {
	ID     string          `json:"id"`
	Secret string          `json:"secret,omitempty"`
	JWKS   json.RawMessage `json:"jwks,omitempty"` // public keys of private_key_jwt
}

// authority is the token endpoint's memory.
type authority struct {
	mu      sync.Mutex
	clients map[string]Client
	tokens  map[[32]byte]time.Time // hash of the token, when it ends
	used    map[string]time.Time   // jti seen, until when to remember
}

// Register adds or replaces a client.
func (srv *Server) Register(c Client) error {
	if c.ID == "" {
		return fail(400, "required", "a client needs an id")
	}
	if len(c.JWKS) > 0 {
		if _, err := keySet(c.JWKS); err != nil {
			return fail(400, "value", "jwks cannot be read")
		}
	}
	srv.auth.mu.Lock()
	defer srv.auth.mu.Unlock()
	srv.auth.clients[c.ID] = c
	return nil
}

func keySet(raw []byte) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	err := json.Unmarshal(raw, &set)
	return set, err
}

// RevokeTokens makes every token so far unusable.
func (srv *Server) RevokeTokens() {
	srv.auth.mu.Lock()
	defer srv.auth.mu.Unlock()
	srv.auth.tokens = nil
}

// authorised refuses a request without a living token, if tokens are wanted.
func (srv *Server) authorised(r *http.Request) error {
	if !srv.behaviour().RequireAuth {
		return nil
	}
	o := fail(401, "login", "Unauthorized")
	o.Headers = map[string]string{"WWW-Authenticate": `Bearer realm="demo"`}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return o
	}
	srv.auth.mu.Lock()
	defer srv.auth.mu.Unlock()
	if end, ok := srv.auth.tokens[sha256.Sum256([]byte(token))]; ok && srv.now().Before(end) {
		return nil
	}
	return o
}

// Token serves the token endpoint (SMART Backend Services; OAuth 2.0 client
// credentials).
func (srv *Server) Token(w http.ResponseWriter, r *http.Request) {
	b := srv.behaviour()
	srv.counts.request(r.Method + " token")
	w.Header().Set("Date", srv.now().UTC().Format(http.TimeFormat))
	ex := &exchange{srv: srv, b: b, w: w, r: r, what: "token", fault: b.strike(r.Method, "token")}
	if ex.struckBefore() {
		return
	}
	status, body := srv.grant(r)
	raw := encode(body)
	if ex.struckAfter(status, raw) {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	srv.counts.status(status)
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client may be gone
}

func oauthError(status int, code, text string) (int, any) {
	return status, map[string]string{"error": code, "error_description": text}
}

func (srv *Server) grant(r *http.Request) (int, any) {
	if r.Method != http.MethodPost {
		return oauthError(405, "invalid_request", "POST only")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return oauthError(400, "invalid_request", "Unsupported content type")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return oauthError(400, "invalid_request", "Body ended early")
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return oauthError(400, "invalid_request", "Body is no form")
	}
	if g := form.Get("grant_type"); g != "client_credentials" {
		return oauthError(400, "unsupported_grant_type", "Unsupported grant_type")
	}
	if status, body := srv.identify(r, form); status != 0 {
		return status, body
	}
	token := NewUUID() + NewUUID()
	life := srv.behaviour().TokenSeconds
	if life == 0 {
		life = 300
	}
	srv.auth.mu.Lock()
	defer srv.auth.mu.Unlock()
	if srv.auth.tokens == nil {
		srv.auth.tokens = map[[32]byte]time.Time{}
	}
	srv.auth.tokens[sha256.Sum256([]byte(token))] = srv.now().Add(time.Duration(life) * time.Second)
	scope := form.Get("scope")
	if scope == "" && srv.behaviour().MedplumAuth {
		scope = "openid"
	}
	return 200, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": life, "scope": scope}
}

// identify checks who asks; status 0 is yes.
func (srv *Server) identify(r *http.Request, form url.Values) (int, any) {
	bad, code := 401, "invalid_client"
	if srv.behaviour().MedplumAuth {
		bad, code = 400, "invalid_request"
	}
	if assertion := form.Get("client_assertion"); assertion != "" {
		if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			return oauthError(400, "invalid_request", "Unsupported client_assertion_type")
		}
		if text := srv.checkAssertion(assertion); text != "" {
			return oauthError(bad, code, text)
		}
		return 0, nil
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if basic, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic "); ok {
		raw, err := base64.StdEncoding.DecodeString(basic)
		if err != nil {
			return oauthError(400, "invalid_request", "Authorization cannot be read")
		}
		id, secret, _ = strings.Cut(string(raw), ":")
		if !srv.behaviour().MedplumAuth { // RFC 6749 2.3.1: both parts are form-encoded
			id, secret = unform(id), unform(secret)
		}
	}
	srv.auth.mu.Lock()
	c, ok := srv.auth.clients[id]
	srv.auth.mu.Unlock()
	switch {
	case id == "":
		return oauthError(bad, code, "Missing client_id")
	case !ok:
		return oauthError(bad, code, "Invalid client")
	case c.Secret == "" || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) != 1:
		return oauthError(bad, code, "Invalid secret")
	}
	return 0, nil
}

func unform(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// assertionLife is the longest that a client assertion may be valid (SMART App
// Launch 2.2, backend services: five minutes); skewAllowed is for clocks.
const (
	assertionLife = 5 * time.Minute
	skewAllowed   = 60 * time.Second
)

// checkAssertion verifies a private_key_jwt; "" is good.
func (srv *Server) checkAssertion(assertion string) string {
	token, err := jwt.ParseSigned(assertion, []jose.SignatureAlgorithm{jose.ES384, jose.RS384, jose.ES256, jose.RS256})
	if err != nil || len(token.Headers) != 1 {
		return "Invalid client assertion"
	}
	var unsafe jwt.Claims
	if token.UnsafeClaimsWithoutVerification(&unsafe) != nil || unsafe.Subject == "" || unsafe.Issuer != unsafe.Subject {
		return "Invalid client assertion issuer"
	}
	srv.auth.mu.Lock()
	c, ok := srv.auth.clients[unsafe.Subject]
	srv.auth.mu.Unlock()
	if !ok || len(c.JWKS) == 0 {
		return "Client has no JWKS"
	}
	set, err := keySet(c.JWKS)
	if err != nil {
		return "Client has no JWKS"
	}
	kid := token.Headers[0].KeyID
	if kid == "" {
		return "Invalid client assertion: no kid"
	}
	var claims jwt.Claims
	verified := false
	for _, key := range set.Key(kid) {
		verified = verified || token.Claims(key.Public(), &claims) == nil
	}
	if !verified {
		return "Invalid client assertion signature"
	}
	return srv.checkClaims(claims)
}

func (srv *Server) checkClaims(claims jwt.Claims) string {
	now := srv.now()
	aud := claims.Audience.Contains(srv.opt.Token)
	if !srv.behaviour().MedplumAuth {
		aud = aud || claims.Audience.Contains(srv.opt.Base)
	}
	switch {
	case !aud:
		return "Invalid client assertion audience"
	case claims.Expiry == nil || !now.Before(claims.Expiry.Time().Add(skewAllowed)):
		return "Client assertion expired"
	case claims.Expiry.Time().After(now.Add(assertionLife + skewAllowed)):
		return "Client assertion lives too long"
	case claims.ID == "":
		return "Client assertion has no jti"
	}
	if srv.behaviour().MedplumAuth { // measured: replay is not refused
		return ""
	}
	srv.auth.mu.Lock()
	defer srv.auth.mu.Unlock()
	if srv.auth.used == nil {
		srv.auth.used = map[string]time.Time{}
	}
	for id, until := range srv.auth.used {
		if now.After(until) {
			delete(srv.auth.used, id)
		}
	}
	if _, again := srv.auth.used[claims.Issuer+"\x00"+claims.ID]; again {
		return "Client assertion was used before"
	}
	srv.auth.used[claims.Issuer+"\x00"+claims.ID] = claims.Expiry.Time().Add(skewAllowed)
	return ""
}
