package host

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer signs SMART Health Cards and serves its keys and revocations below its
// base, which is the cards' iss.
type Issuer struct {
	base, path string
	now        func() time.Time
	key        jose.JSONWebKey
	mu         sync.Mutex
	revoked    []string
	crlVersion int
}

// NewIssuer makes an issuer with a fresh P-256 key. SHC wants iss to be https:
// over http its cards are readable but no strict verifier will vouch for them.
func NewIssuer(base string, now func() time.Time) (*Issuer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("card issuer: %w", err)
	}
	is := &Issuer{base: base, now: now, key: jose.JSONWebKey{Key: private, Algorithm: "ES256", Use: "sig"}, crlVersion: 1}
	_, rest, _ := strings.Cut(base, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		is.path = rest[i:]
	}
	print, err := thumbprint(is.key)
	if err != nil {
		return nil, fmt.Errorf("card issuer: %w", err)
	}
	is.key.KeyID = print
	return is, nil
}

// ServeHTTP serves .well-known/jwks.json and .well-known/crl/{kid}.json.
func (is *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	is.mu.Lock()
	defer is.mu.Unlock()
	switch r.URL.Path {
	case is.path + "/.well-known/jwks.json":
		pub, err := json.Marshal(is.key.Public())
		var jwk map[string]any
		if err != nil || json.Unmarshal(pub, &jwk) != nil {
			http.Error(w, "no key", http.StatusInternalServerError)
			return
		}
		jwk["crlVersion"] = is.crlVersion
		writeJSON(w, http.StatusOK, map[string]any{"keys": []any{jwk}})
	case is.path + "/.well-known/crl/" + is.key.KeyID + ".json":
		rids := append([]string{}, is.revoked...)
		writeJSON(w, http.StatusOK, map[string]any{"kid": is.key.KeyID, "method": "rid", "ctr": is.crlVersion, "rids": rids})
	default:
		http.NotFound(w, r)
	}
}

// Revoke puts a rid (at most 24 characters of the base64url alphabet), or
// "rid.timestamp", on the revocation list.
func (is *Issuer) Revoke(rid string) {
	is.mu.Lock()
	defer is.mu.Unlock()
	is.revoked = append(is.revoked, rid)
	is.crlVersion++
}

// CardRequest says what card to sign.
type CardRequest struct {
	Bundle json.RawMessage // FHIR collection Bundle; references resource:N
	Types  []string        // besides https://smarthealth.cards#health-card
	RID    string          // "" for a card that cannot be revoked
	NotBy  time.Time       // exp; zero: none
}

// Sign makes a card: a compact JWS, ES256, payload deflated.
func (is *Issuer) Sign(rq CardRequest) (string, error) {
	vc := map[string]any{
		"type":              append([]string{"https://smarthealth.cards#health-card"}, rq.Types...),
		"credentialSubject": map[string]any{"fhirVersion": "4.0.1", "fhirBundle": rq.Bundle},
	}
	if rq.RID != "" {
		vc["rid"] = rq.RID
	}
	claims := map[string]any{"iss": is.base, "nbf": is.now().Add(-time.Minute).Unix(), "vc": vc}
	if !rq.NotBy.IsZero() {
		claims["exp"] = rq.NotBy.Unix()
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign card: %w", err)
	}
	small, err := deflate(payload)
	if err != nil {
		return "", fmt.Errorf("sign card: %w", err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: is.key}, (&jose.SignerOptions{}).WithHeader("zip", "DEF"))
	if err != nil {
		return "", fmt.Errorf("sign card: %w", err)
	}
	jws, err := signer.Sign(small)
	if err != nil {
		return "", fmt.Errorf("sign card: %w", err)
	}
	return jws.CompactSerialize()
}

// Numeric is the text of a card's QR code: "shc:/" and two digits a character.
func Numeric(jws string) string {
	var b strings.Builder
	b.WriteString("shc:/")
	for _, c := range []byte(jws) {
		fmt.Fprintf(&b, "%02d", c-45)
	}
	return b.String()
}

// CardFile is the content of a .smart-health-card file.
func CardFile(jws ...string) []byte {
	out, _ := json.Marshal(map[string][]string{"verifiableCredential": jws}) // strings always encode
	return out
}
