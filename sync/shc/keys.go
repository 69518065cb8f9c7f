package shc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"shlkiosk/sync/guard"
)

const (
	maxJWKS       = 1 << 20
	maxKeys       = 100
	keysFreshFor  = time.Hour
	failureKept   = time.Minute // an issuer that is down is not asked for every card
	refetchPeriod = time.Minute // a kid that is not there: ask again, but not in a loop
)

// parseKey checks one JWK: EC, P-256, use sig, alg ES256, no private part, and
// a kid that is its RFC 7638 thumbprint. why is a code when it is not so.
func parseKey(raw json.RawMessage) (k issuerKey, why string) {
	m, err := members(raw)
	if err != nil {
		return k, "jwk-not-json"
	}
	if _, private := m["d"]; private {
		return k, "jwk-private"
	}
	if str(m["kty"]) != "EC" || str(m["crv"]) != "P-256" {
		return k, "jwk-not-p256"
	}
	if str(m["use"]) != "sig" || str(m["alg"]) != "ES256" {
		return k, "jwk-use-or-alg"
	}
	var jwk jose.JSONWebKey
	// x5c is not a source of trust here; a chain that go-jose cannot read must
	// not hide the key.
	small, err := json.Marshal(map[string]string{"kty": "EC", "crv": "P-256", "x": str(m["x"]), "y": str(m["y"])})
	if err != nil || json.Unmarshal(small, &jwk) != nil || !jwk.Valid() {
		return k, "jwk-point"
	}
	public, ok := jwk.Key.(*ecdsa.PublicKey)
	if !ok {
		return k, "jwk-point"
	}
	print, err := jwk.Thumbprint(crypto.SHA256)
	kid := str(m["kid"])
	if err != nil || kid == "" || base64.RawURLEncoding.EncodeToString(print) != kid {
		return k, "jwk-thumbprint"
	}
	k = issuerKey{kid: kid, public: public}
	_ = json.Unmarshal(m["crlVersion"], &k.crlVersion)
	return k, ""
}

// keySet is what an issuer's JWKS gave.
type keySet struct {
	keys    map[string]issuerKey
	refused map[string]string // kid -> why
	err     string            // why there is none at all
	fetched time.Time
	until   time.Time
}

func parseKeySet(b []byte) keySet {
	s := keySet{keys: map[string]issuerKey{}, refused: map[string]string{}}
	m, err := members(b)
	var list []json.RawMessage
	if err != nil || json.Unmarshal(m["keys"], &list) != nil {
		s.err = "jwks-form"
		return s
	}
	if len(list) > maxKeys {
		s.err = "jwks-too-many-keys"
		return s
	}
	for _, raw := range list {
		k, why := parseKey(raw)
		if why == "" {
			s.keys[k.kid] = k
			continue
		}
		if m, err := members(raw); err == nil {
			s.refused[str(m["kid"])] = why
		}
	}
	return s
}

// keyStore gets keys from the directory, then from its cache, then from the
// issuer.
type keyStore struct {
	guard     *guard.Guard
	directory func() *Directory
	now       func() time.Time

	mu   sync.Mutex
	sets map[string]keySet
	crls map[string]revocations // by iss and kid
}

// key finds the key of an issuer, or says why there is none.
func (s *keyStore) key(ctx context.Context, iss, kid string) (issuerKey, string) {
	if l := s.directory().find(iss); l != nil {
		if k, ok := l.keys[kid]; ok {
			return k, ""
		}
	}
	if s.guard == nil {
		return issuerKey{}, "offline"
	}
	set := s.set(ctx, iss, kid)
	if k, ok := set.keys[kid]; ok {
		return k, ""
	}
	switch {
	case set.err != "":
		return issuerKey{}, set.err
	case set.refused[kid] != "":
		return issuerKey{}, set.refused[kid]
	}
	return issuerKey{}, "kid-unknown"
}

func (s *keyStore) set(ctx context.Context, iss, kid string) keySet {
	now := s.now()
	s.mu.Lock()
	set, ok := s.sets[iss]
	s.mu.Unlock()
	_, has := set.keys[kid]
	if ok && now.Before(set.until) && (has || now.Sub(set.fetched) < refetchPeriod) {
		return set
	}
	body, why := s.fetch(ctx, iss+"/.well-known/jwks.json")
	if why == "" {
		set = parseKeySet(body)
	} else {
		set = keySet{err: why}
	}
	set.fetched, set.until = now, now.Add(keysFreshFor)
	if set.err != "" {
		if ctx.Err() != nil {
			return set // the visit ended; that says nothing about the issuer
		}
		set.until = now.Add(failureKept)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sets) > 256 { // cards of many made-up issuers must not fill the memory
		clear(s.sets)
	}
	s.sets[iss] = set
	return set
}

// fetch gets a small JSON document of an issuer, or says why not.
func (s *keyStore) fetch(ctx context.Context, address string) ([]byte, string) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, "issuer-address"
	}
	res, err := s.guard.Fetch(ctx, guard.Request{Method: http.MethodGet, URL: u, Accept: "application/json", MaxBytes: maxJWKS, NoRedirects: true})
	if err != nil {
		var g *guard.Error
		if errors.As(err, &g) {
			return nil, "issuer-" + string(g.Reason)
		}
		return nil, "issuer-unreachable"
	}
	if res.Status != http.StatusOK {
		return nil, "issuer-status"
	}
	return res.Body, ""
}
