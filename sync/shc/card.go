package shc

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"shlkiosk/sync/phi"
)

const (
	cardType    = "https://smarthealth.cards#health-card"
	maxInflated = 5 << 20
	millisAbove = 1e11 // old issuers wrote milliseconds
	lastSecond  = 253402300799
)

// Card is one card as it says it is. Whether that is so is the Status beside
// it. It prints nothing of its content.
type Card struct {
	Issuer      string    // iss
	IssuerName  string    // from the directory, "" when not listed
	KeyID       string    // kid
	NotBefore   time.Time // nbf
	Expires     time.Time // exp, zero when there is none
	Types       []string  // vc.type
	FHIRVersion string
	Bundle      []byte // fhirBundle as it came, nil when there is none
	JWS         string // the card itself

	rid      string
	hasNBF   bool
	problems []string
}

// Format keeps the content out of every verb.
func (Card) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, phi.Redacted) }

// LogValue implements slog.LogValuer.
func (Card) LogValue() slog.Value { return slog.StringValue(phi.Redacted) }

// Parse reads a card without verifying anything: only for showing what a card
// claims beside its Status. The error is an *Error.
func Parse(jws string) (Card, error) {
	c, err := parse(jws)
	if err != nil {
		return Card{}, err
	}
	return c.Card, nil
}

// parsed is a card with what verifying needs.
type parsed struct {
	Card
	alg       string
	signature []byte
}

func parse(jws string) (*parsed, *Error) {
	if len(jws) > maxJWS {
		return nil, fail(TooBig, "")
	}
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return nil, fail(NotACard, "not a JWS")
	}
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return nil, fail(Damaged, "header")
	}
	h, err := members(head)
	if err != nil {
		return nil, fail(Damaged, "header")
	}
	p := &parsed{Card: Card{JWS: jws}}
	p.alg, p.KeyID = str(h["alg"]), str(h["kid"])
	if _, ok := h["crit"]; ok {
		return nil, fail(Damaged, "crit")
	}
	if p.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return nil, fail(Damaged, "signature")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fail(Damaged, "payload")
	}
	switch zip := str(h["zip"]); {
	case zip == "DEF":
		if payload, err = inflate(payload); errors.Is(err, errTooBig) {
			return nil, fail(TooBig, "inflated")
		} else if err != nil {
			return nil, fail(Damaged, "deflate")
		}
	case len(h["zip"]) > 0:
		return nil, fail(Damaged, "zip")
	default:
		// The norm says SHALL; an uncompressed card can still be read.
		p.problems = append(p.problems, "not-compressed")
	}
	if perr := p.claims(payload); perr != nil {
		return nil, perr
	}
	return p, nil
}

func (p *parsed) claims(payload []byte) *Error {
	m, err := members(payload)
	if err != nil {
		return fail(Damaged, "payload")
	}
	p.Issuer = str(m["iss"])
	vc, err := members(m["vc"])
	if err != nil || p.Issuer == "" {
		return fail(NotACard, "iss or vc is missing")
	}
	_ = json.Unmarshal(vc["type"], &p.Types)
	if !slices.Contains(p.Types, cardType) {
		return fail(NotACard, "vc.type")
	}
	var ok bool
	if p.NotBefore, ok = numericDate(m["nbf"]); ok {
		p.hasNBF = true
	} else {
		p.problems = append(p.problems, "nbf")
	}
	if raw, there := m["exp"]; there {
		if p.Expires, ok = numericDate(raw); !ok {
			return fail(Damaged, "exp")
		}
	}
	p.rid = str(vc["rid"])
	if subject, err := members(vc["credentialSubject"]); err == nil {
		p.FHIRVersion = str(subject["fhirVersion"])
		if b := subject["fhirBundle"]; len(b) > 0 && b[0] == '{' {
			p.Bundle = slices.Clone(b)
		}
	}
	return nil
}

// numericDate reads seconds since 1970, fractions allowed; above 1e11 they are
// milliseconds.
func numericDate(raw json.RawMessage) (time.Time, bool) {
	var v float64
	if len(raw) == 0 || raw[0] == 'n' || json.Unmarshal(raw, &v) != nil {
		return time.Time{}, false
	}
	if v > millisAbove {
		v /= 1000
	}
	if v < 0 || v > lastSecond {
		return time.Time{}, false
	}
	sec, frac := math.Modf(v)
	return time.Unix(int64(sec), int64(math.Round(frac*1e3))*1e6).UTC(), true
}

var errTooBig = fail(TooBig, "inflated")

// inflate undoes raw DEFLATE under maxInflated; nothing may follow it.
func inflate(b []byte) ([]byte, error) {
	source := bytes.NewReader(b)
	r := flate.NewReader(source)
	out, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("shc: inflate: %w", err)
	case len(out) > maxInflated:
		return nil, errTooBig
	case source.Len() > 0:
		return nil, fail(Damaged, "bytes after the end")
	}
	return out, nil
}

// members reads one JSON object; a name that occurs twice is refused.
func members(b []byte) (map[string]json.RawMessage, error) {
	bad := fail(Damaged, "json")
	if len(b) == 0 || !json.Valid(b) {
		return nil, bad
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	out := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		var v json.RawMessage
		if err != nil || !ok || dec.Decode(&v) != nil {
			return nil, bad
		}
		if _, twice := out[name]; twice {
			return nil, bad
		}
		out[name] = v
	}
	return out, nil
}

func str(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
