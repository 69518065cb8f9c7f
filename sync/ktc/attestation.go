package ktc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/guard"
)

// AttestationState is what is known about an app attestation.
type AttestationState string

// The states. None of them is a reason to refuse.
const (
	AttestationAbsent      AttestationState = "absent"
	AttestationVerified    AttestationState = "verified"
	AttestationFailed      AttestationState = "failed"      // signature, form or claims
	AttestationUnlisted    AttestationState = "unlisted"    // issuer not on the configured list: nothing was fetched
	AttestationUnreachable AttestationState = "unreachable" // the listed issuer's keys could not be had
)

// Attestation is the mark to show.
type Attestation struct {
	State AttestationState `json:"state"`
	// Issuer and Name are set only for a listed issuer: no text of a stranger
	// reaches a screen.
	Issuer   string    `json:"issuer,omitempty"`
	Name     string    `json:"name,omitempty"`
	IssuedAt time.Time `json:"issuedAt,omitzero"`
	// Why is a code for staff when State is failed or unreachable.
	Why string `json:"why,omitempty"`
}

// Issuer is an app whose attestation is verified.
type Issuer struct {
	// Issuer is the iss claim, compared exactly.
	Issuer string
	// Name is shown to patients.
	Name string
	// Keys is a JWKS that is used in place of fetching, for offline sites.
	Keys json.RawMessage
}

const (
	maxJWKS         = 256 << 10
	maxAttestation  = 8 << 10
	keysFreshFor    = time.Hour
	keysRetryAfter  = time.Minute
	attestationSkew = 5 * time.Minute // reliability.md F15
)

type attestor struct {
	guard   *guard.Guard
	issuers map[string]Issuer
	now     func() time.Time

	mu    sync.Mutex
	cache map[string]cached
}

type cached struct {
	keys  *jose.JSONWebKeySet // nil when the last try failed
	until time.Time
}

func newAttestor(o Options) *attestor {
	a := &attestor{guard: o.Guard, now: o.Now, issuers: map[string]Issuer{}, cache: map[string]cached{}}
	for _, i := range o.Issuers {
		a.issuers[i.Issuer] = i
	}
	return a
}

// attestation finds and verifies the mark of the first Bundle that has one.
func (p *Profile) attestation(ctx context.Context, out *Reading) {
	for _, d := range out.Documents {
		if jws, n := attestationOf(d.Bundle); n == 1 {
			out.Attestation = p.attest.verify(ctx, jws)
			return
		} else if n > 1 {
			out.Attestation = Attestation{State: AttestationFailed, Why: "several"}
			return
		}
	}
}

func attestationOf(b fhir.Bundle) (jws string, n int) {
	if len(b.Raw) == 0 || b.Type == "" {
		return "", 0
	}
	r, err := fhir.ParseResource(b.Raw, fhir.Limits{})
	if err != nil {
		return "", 0
	}
	for _, e := range r.Get("meta", "extension").Elements() {
		if e.Get("url").String() == attestationURL {
			n++
			jws = e.Get("valueString").String()
		}
	}
	return jws, n
}

type claims struct {
	Iss *string  `json:"iss"`
	Iat *float64 `json:"iat"`
	Jti *string  `json:"jti"`
}

func (a *attestor) verify(ctx context.Context, compact string) Attestation {
	failed := func(why string) Attestation { return Attestation{State: AttestationFailed, Why: why} }
	if len(compact) > maxAttestation || strings.Count(compact, ".") != 2 {
		return failed("not a compact JWS")
	}
	jws, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(jws.Signatures) != 1 {
		return failed("not an ES256 JWS")
	}
	kid := jws.Signatures[0].Protected.KeyID
	if kid == "" {
		return failed("kid is missing")
	}
	c, ok := readClaims(jws.UnsafePayloadWithoutVerification())
	if !ok {
		return failed("claims")
	}
	issuer, listed := a.issuers[*c.Iss]
	if !listed {
		return Attestation{State: AttestationUnlisted}
	}
	out := Attestation{State: AttestationFailed, Issuer: issuer.Issuer, Name: issuer.Name}
	keys := a.keys(ctx, issuer)
	if keys == nil {
		out.State, out.Why = AttestationUnreachable, "keys"
		return out
	}
	found := keys.Key(kid)
	if len(found) != 1 {
		out.Why = "kid is unknown"
		return out
	}
	public, ok := found[0].Key.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		out.Why = "key is not EC P-256"
		return out
	}
	if _, err := jws.Verify(public); err != nil {
		out.Why = "signature"
		return out
	}
	sec, frac := math.Modf(*c.Iat)
	out.IssuedAt = time.Unix(int64(sec), int64(frac*1e9)).UTC()
	if out.IssuedAt.After(a.now().Add(attestationSkew)) {
		out.Why = "issued in the future"
		return out
	}
	out.State = AttestationVerified
	return out
}

// readClaims wants exactly iss, iat and jti (profile 0.10.2).
func readClaims(payload []byte) (claims, bool) {
	var c claims
	var names map[string]json.RawMessage
	if json.Unmarshal(payload, &names) != nil || len(names) != 3 || json.Unmarshal(payload, &c) != nil {
		return c, false
	}
	return c, c.Iss != nil && c.Iat != nil && c.Jti != nil && *c.Jti != "" && *c.Iat > 0 && *c.Iat < 1e11
}

// keys returns the issuer's keys, from configuration, cache or its server.
func (a *attestor) keys(ctx context.Context, issuer Issuer) *jose.JSONWebKeySet {
	if len(issuer.Keys) > 0 {
		return parseKeys(issuer.Keys)
	}
	if a.guard == nil {
		return nil
	}
	a.mu.Lock()
	c, ok := a.cache[issuer.Issuer]
	a.mu.Unlock()
	if ok && a.now().Before(c.until) {
		return c.keys
	}
	c = cached{keys: a.fetch(ctx, issuer.Issuer), until: a.now().Add(keysFreshFor)}
	if c.keys == nil {
		if ctx.Err() != nil {
			return nil // the visit ended; that says nothing about the issuer
		}
		c.until = a.now().Add(keysRetryAfter)
	}
	a.mu.Lock()
	a.cache[issuer.Issuer] = c
	a.mu.Unlock()
	return c.keys
}

func (a *attestor) fetch(ctx context.Context, iss string) *jose.JSONWebKeySet {
	u, err := url.Parse(strings.TrimSuffix(iss, "/") + "/.well-known/jwks.json")
	if err != nil {
		return nil
	}
	res, err := a.guard.Fetch(ctx, guard.Request{Method: http.MethodGet, URL: u, Accept: "application/json", MaxBytes: maxJWKS})
	if err != nil || res.Status != http.StatusOK {
		return nil
	}
	return parseKeys(res.Body)
}

func parseKeys(b []byte) *jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	if json.Unmarshal(b, &set) != nil || len(set.Keys) == 0 {
		return nil
	}
	return &set
}
