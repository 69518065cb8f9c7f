package r4

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const form = "Content-Type: application/x-www-form-urlencoded"

func (r *rig) token() string { return strings.TrimSuffix(r.url, "/fhir") + "/oauth2/token" }

func TestTokens(t *testing.T) {
	r := newRig(t, Behaviour{RequireAuth: true})
	if err := r.srv.Register(Client{ID: "kiosk", Secret: "s:e c"}); err != nil {
		t.Fatal(err)
	}
	if rep := r.want(401, "GET", "Patient", ""); texts(rep.body, "issue.code")[0] != "login" || rep.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s %v", rep.raw, rep.header)
	}
	r.want(200, "GET", "metadata", "")
	smart := r.want(200, "GET", ".well-known/smart-configuration", "")
	if smart.body["token_endpoint"] != r.token() {
		t.Fatalf("%s", smart.raw)
	}
	good := r.want(200, "POST", r.token(), "grant_type=client_credentials&scope=system/*.cruds&client_id=kiosk&client_secret=s%3Ae+c", form)
	access, _ := good.body["access_token"].(string)
	if good.body["token_type"] != "bearer" || good.body["expires_in"] != float64(300) || good.body["scope"] != "system/*.cruds" {
		t.Errorf("%s", good.raw)
	}
	bearer := "Authorization: Bearer " + access
	r.want(200, "GET", "Patient", "", bearer)
	r.want(401, "GET", "Patient", "", bearer+"x")
	r.advance(301 * time.Second)
	r.want(401, "GET", "Patient", "", bearer)
	again := r.want(200, "POST", r.token(), "grant_type=client_credentials", form, "Authorization: Basic a2lvc2s6cyUzQWUrYw==") // kiosk:s%3Ae+c
	access, _ = again.body["access_token"].(string)
	r.want(200, "GET", "Patient", "", "Authorization: Bearer "+access)
	r.srv.RevokeTokens()
	r.want(401, "GET", "Patient", "", "Authorization: Bearer "+access)

	bad := "grant_type=client_credentials&client_id=kiosk&client_secret=wrong"
	if rep := r.want(401, "POST", r.token(), bad, form); rep.body["error"] != "invalid_client" {
		t.Errorf("%s", rep.raw)
	}
	r.want(401, "POST", r.token(), strings.Replace(bad, "kiosk", "nobody", 1), form)
	r.want(400, "POST", r.token(), strings.Replace(bad, "client_credentials", "password", 1), form)
	r.want(400, "POST", r.token(), "{}", "Content-Type: application/json")
	r.want(405, "GET", r.token(), "")
	r.behave(Behaviour{MedplumAuth: true, RequireAuth: true, TokenSeconds: 3600})
	if rep := r.want(400, "POST", r.token(), bad, form); rep.body["error"] != "invalid_request" || rep.body["error_description"] != "Invalid secret" {
		t.Errorf("%s", rep.raw)
	}
	// Medplum splits Basic at the colon and does not decode.
	r.want(400, "POST", r.token(), "grant_type=client_credentials", form, "Authorization: Basic a2lvc2s6cyUzQWUrYw==")
	r.behave(Behaviour{Faults: []Fault{{Kind: "status", Status: 503, What: "token", RetryAfter: "3"}}})
	r.want(503, "POST", r.token(), bad, form)
}

// assertion signs a client assertion.
func assertion(t *testing.T, alg jose.SignatureAlgorithm, key crypto.Signer, kid string, c jwt.Claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return "grant_type=client_credentials&client_assertion_type=" + url.QueryEscape("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") + "&client_assertion=" + s
}

func TestPrivateKeyJWT(t *testing.T) {
	r := newRig(t, Behaviour{})
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ec.Public(), KeyID: "ec", Algorithm: "ES384"}, {Key: rs.Public(), KeyID: "rs", Algorithm: "RS384"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.srv.Register(Client{ID: "kiosk", JWKS: jwks}); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.UnixMilli(r.clock.Load()) }
	claims := func(jti string) jwt.Claims {
		return jwt.Claims{Issuer: "kiosk", Subject: "kiosk", Audience: jwt.Audience{r.token()}, Expiry: jwt.NewNumericDate(now().Add(4 * time.Minute)), ID: jti}
	}
	for alg, key := range map[jose.SignatureAlgorithm]struct {
		kid string
		key crypto.Signer
	}{jose.ES384: {"ec", ec}, jose.RS384: {"rs", rs}} {
		body := assertion(t, alg, key.key, key.kid, claims(string(alg)))
		if rep := r.want(200, "POST", r.token(), body, form); rep.body["access_token"] == nil {
			t.Errorf("%s: %s", alg, rep.raw)
		}
		r.want(401, "POST", r.token(), body, form) // replay
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		key crypto.Signer
		kid string
		set func(*jwt.Claims)
	}{
		"foreign key":  {other, "ec", func(*jwt.Claims) {}},
		"no such kid":  {ec, "nobody", func(*jwt.Claims) {}},
		"expired":      {ec, "ec", func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(now().Add(-2 * time.Minute)) }},
		"too long":     {ec, "ec", func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(now().Add(time.Hour)) }},
		"no expiry":    {ec, "ec", func(c *jwt.Claims) { c.Expiry = nil }},
		"audience":     {ec, "ec", func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://other"} }},
		"no jti":       {ec, "ec", func(c *jwt.Claims) { c.ID = "" }},
		"iss not sub":  {ec, "ec", func(c *jwt.Claims) { c.Issuer = "other" }},
		"other client": {ec, "ec", func(c *jwt.Claims) { c.Issuer, c.Subject = "nobody", "nobody" }},
	} {
		c := claims("x" + name)
		tc.set(&c)
		if rep := r.send("POST", r.token(), assertion(t, jose.ES384, tc.key, tc.kid, c), form); rep.status != 401 {
			t.Errorf("%s: %d %s", name, rep.status, rep.raw)
		}
	}
	r.behave(Behaviour{MedplumAuth: true})
	body := assertion(t, jose.ES384, ec, "ec", claims("m"))
	r.want(200, "POST", r.token(), body, form)
	r.want(200, "POST", r.token(), body, form) // Medplum does not refuse replay
	c := claims("base")
	c.Audience = jwt.Audience{r.url}
	if rep := r.want(400, "POST", r.token(), assertion(t, jose.ES384, ec, "ec", c), form); rep.body["error_description"] != "Invalid client assertion audience" {
		t.Errorf("%s", rep.raw)
	}
}
