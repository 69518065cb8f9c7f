package shc

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
)

const (
	maxText  = 1 << 20 // a card file with several cards
	maxCards = 20      // of one file
	// maxJWS bounds one card. A card in a code has at most 1195 characters; one
	// in a file may be an International Patient Summary.
	maxJWS = 1 << 20
)

const (
	numericPrefix = "shc:/"
	smallest      = 45 // '-', the lowest character of a JWS: digits are value - 45
	largestPair   = 77 // 'z' - 45
)

// Read finds the cards in a text: numeric form, bare JWS, card file JSON, or a
// web address with one of them behind '#'. A part of a chunked card is not
// read here but by a Collector. The error is an *Error.
func Read(text string) ([]string, error) {
	if len(text) > maxText {
		return nil, fail(TooBig, "")
	}
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\ufeff"))
	if i := strings.IndexByte(text, '#'); i >= 0 && hasPrefixFold(text, "http") {
		text = text[i+1:]
		if u, err := url.PathUnescape(text); err == nil {
			text = u
		}
	}
	switch {
	case text == "":
		return nil, fail(NotACard, "empty")
	case hasPrefixFold(text, numericPrefix):
		digits := strings.TrimLeft(text[len(numericPrefix):], "/")
		if strings.Contains(digits, "/") {
			return nil, fail(ChunkInvalid, "one part of a card")
		}
		jws, err := Numeric(digits)
		if err != nil {
			return nil, err
		}
		return one(jws)
	case text[0] == '{':
		return File([]byte(text))
	}
	return one(text)
}

// Numeric decodes the digits behind shc:/ into a JWS.
func Numeric(digits string) (string, error) {
	switch {
	case len(digits) == 0 || len(digits)%2 != 0:
		return "", fail(Damaged, "number of digits")
	case len(digits) > 2*maxJWS:
		return "", fail(TooBig, "")
	}
	var b strings.Builder
	b.Grow(len(digits) / 2)
	for i := 0; i < len(digits); i += 2 {
		hi, lo := digits[i]-'0', digits[i+1]-'0'
		if hi > 9 || lo > 9 {
			return "", fail(Damaged, "not a digit")
		}
		pair := hi*10 + lo
		if pair > largestPair {
			return "", fail(Damaged, "pair above 77")
		}
		b.WriteByte(pair + smallest)
	}
	return b.String(), nil
}

// File reads the content of a .smart-health-card file, which is also what a
// link gives as application/smart-health-card.
func File(b []byte) ([]string, error) {
	if len(b) > maxText {
		return nil, fail(TooBig, "")
	}
	var f struct {
		Credentials []json.RawMessage `json:"verifiableCredential"`
	}
	if json.Unmarshal(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), &f) != nil {
		return nil, fail(Damaged, "json")
	}
	switch {
	case len(f.Credentials) == 0:
		return nil, fail(NoCards, "")
	case len(f.Credentials) > maxCards:
		return nil, fail(TooBig, "cards")
	}
	var out []string
	for _, raw := range f.Credentials {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil, fail(Damaged, "verifiableCredential")
		}
		jws, err := one(s)
		if err != nil {
			return nil, err
		}
		out = append(out, jws...)
	}
	return out, nil
}

// one checks that s has the form of a compact JWS.
func one(s string) ([]string, error) {
	s = strings.TrimSpace(s)
	if len(s) > maxJWS {
		return nil, fail(TooBig, "")
	}
	if strings.Count(s, ".") != 2 {
		return nil, fail(NotACard, "not a JWS")
	}
	if strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) {
		return nil, fail(Damaged, "not base64url")
	}
	return []string{s}, nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
