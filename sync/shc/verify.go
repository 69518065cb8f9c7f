package shc

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"shlkiosk/sync/guard"
)

// signatureBytes of ES256 in JOSE: r and s, 32 bytes each (RFC 7518 3.4).
const signatureBytes = 64

// DefaultSkew is the allowance for a clock that is wrong.
const DefaultSkew = 2 * time.Minute

// Options configures a Verifier.
type Options struct {
	// Guard gets keys and revocation lists of issuers; nil means offline: only
	// what the Directory holds is known.
	Guard *guard.Guard
	// Directory lists the trusted issuers; nil trusts none.
	Directory *Directory
	// Skew allowed for nbf and exp; 0 means DefaultSkew.
	Skew time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Verifier verifies cards. It is safe for concurrent use and keeps keys and
// revocation lists, never cards.
type Verifier struct {
	guard     *guard.Guard
	directory atomic.Pointer[Directory]
	keys      *keyStore
	skew      time.Duration
	now       func() time.Time
}

// NewVerifier returns a Verifier.
func NewVerifier(o Options) *Verifier {
	v := &Verifier{guard: o.Guard, skew: o.Skew, now: o.Now}
	if v.skew == 0 {
		v.skew = DefaultSkew
	}
	if v.now == nil {
		v.now = time.Now
	}
	v.directory.Store(o.Directory)
	v.keys = &keyStore{guard: o.Guard, directory: v.directory.Load, now: v.now, sets: map[string]keySet{}, crls: map[string]revocations{}}
	return v
}

// SetDirectory puts a newer directory in place, for cards verified from now on.
func (v *Verifier) SetDirectory(d *Directory) { v.directory.Store(d) }

// Verify judges one card. The Card is what it claims, for showing beside the
// Status; it is zero when Unreadable.
func (v *Verifier) Verify(ctx context.Context, jws string) (Card, Status) {
	p, err := parse(strings.TrimSpace(jws))
	if err != nil {
		return Card{}, Status{Unreadable, string(err.Reason)}
	}
	status := v.judge(ctx, p)
	if name, ok := v.directory.Load().Lists(p.Issuer); ok {
		p.IssuerName = name
	}
	return p.Card, status
}

func (v *Verifier) judge(ctx context.Context, p *parsed) Status {
	switch {
	case p.alg != "ES256":
		return Status{BadSignature, "algorithm"}
	case len(p.signature) != signatureBytes:
		return Status{BadSignature, "signature-length"} // DER, or cut off
	case p.KeyID == "":
		return Status{KeyUnknown, "kid-missing"}
	}
	if why := v.issuerForm(p.Issuer); why != "" {
		return Status{KeyUnknown, why}
	}
	key, why := v.keys.key(ctx, p.Issuer, p.KeyID)
	if why != "" {
		return Status{KeyUnknown, why}
	}
	signed, err := jose.ParseSignedCompact(p.JWS, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return Status{BadSignature, "form"}
	}
	if _, err := signed.Verify(key.public); err != nil {
		return Status{BadSignature, "signature"}
	}
	return v.afterSignature(ctx, p, key)
}

// afterSignature believes the claims.
func (v *Verifier) afterSignature(ctx context.Context, p *parsed, key issuerKey) Status {
	now := v.now()
	if p.rid != "" && key.crlVersion > 0 {
		if len(p.rid) > maxRID {
			return Status{KeyUnknown, "rid-form"}
		}
		list, why := v.keys.revocation(ctx, p.Issuer, key)
		if why != "" {
			return Status{KeyUnknown, why}
		}
		if list.revoked(p.rid, p.NotBefore) {
			return Status{Revoked, "rid"}
		}
	}
	switch {
	case !p.Expires.IsZero() && now.After(p.Expires.Add(v.skew)):
		return Status{Expired, "exp"}
	case !p.hasNBF:
		return Status{NotYetValid, "nbf-missing"}
	case p.NotBefore.After(now.Add(v.skew)):
		return Status{NotYetValid, "nbf"}
	}
	if _, ok := v.directory.Load().Lists(p.Issuer); ok {
		return Status{Trusted, ""}
	}
	return Status{UnknownIssuer, ""}
}

// issuerForm refuses addresses from which no key is taken, before anything is
// asked of them.
func (v *Verifier) issuerForm(iss string) string {
	switch {
	case strings.HasSuffix(iss, "/"):
		return "issuer-trailing-slash"
	case strings.ContainsAny(iss, "?#"):
		return "issuer-address"
	}
	if v.guard == nil {
		if u, err := url.Parse(iss); err != nil || u.Scheme != "https" || u.Host == "" {
			return "issuer-not-https"
		}
		return ""
	}
	if _, err := v.guard.CheckURL(iss + "/.well-known/jwks.json"); err != nil {
		var g *guard.Error
		if errors.As(err, &g) {
			return "issuer-" + string(g.Reason)
		}
		return "issuer-address"
	}
	return ""
}
