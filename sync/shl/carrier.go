package shl

import (
	"net/url"
	"strings"
)

// Ceilings of the text. A QR holds at most 4296 characters; a pasted message
// may be longer. A label may be absurdly long and is cut, not refused.
const (
	maxText    = 128 << 10
	maxEncoded = 96 << 10
)

const scheme = "shlink"

// find returns the one link payload in the text, still encoded.
func find(text string) (string, *Error) {
	if len(text) > maxText {
		return "", fail(StageDecode, TextTooBig, "")
	}
	text = trim(text)
	if text == "" {
		return "", fail(StageDecode, Empty, "")
	}
	payloads, seen := payloadsIn(text)
	switch {
	case !seen:
		return "", &Error{Stage: StageDecode, Reason: NotALink, Kind: Classify(text)}
	case len(payloads) == 0:
		return "", fail(StageDecode, Damaged, "no payload")
	case len(payloads) > 1:
		return "", fail(StageDecode, TwoLinks, "")
	case len(payloads[0]) > maxEncoded:
		return "", fail(StageDecode, TextTooBig, "")
	}
	return payloads[0], nil
}

// trim takes off white space, byte order marks and zero-width characters that
// scanners and messengers add.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0xfeff || r == 0xa0 || r == 0x200b || r == 0x200e || r == 0x200f || r == 0x2060 || r == 0x7f
	})
}

// payloadsIn returns the different non-empty payloads in the text, at most
// two, and whether the scheme occurs at all.
func payloadsIn(text string) (payloads []string, seen bool) {
	for rest := text; len(payloads) < 2; {
		at := indexFold(rest, scheme)
		if at < 0 {
			break
		}
		before, after := rest[:at], rest[at+len(scheme):]
		rest = after
		if partOfWord(before) {
			continue
		}
		body, escaped, ok := afterScheme(after)
		if !ok {
			continue
		}
		seen = true
		p := leadingPayload(body, escaped)
		if p != "" && (len(payloads) == 0 || payloads[0] != p) {
			payloads = append(payloads, p)
		}
	}
	return payloads, seen
}

// partOfWord tells whether what stands before makes another scheme of it
// (xshlink:). A percent escape before it (%23shlink) does not.
func partOfWord(before string) bool {
	n := len(before)
	if n == 0 {
		return false
	}
	if n >= 3 && before[n-3] == '%' && isHex(before[n-2]) && isHex(before[n-1]) {
		return false
	}
	c := before[n-1]
	return isLetter(c) || c >= '0' && c <= '9' || c == '+' || c == '.' || c == '-'
}

// afterScheme takes ":/" or "://" in plain or percent-encoded form (also
// encoded twice) off the front.
func afterScheme(s string) (rest string, escaped, ok bool) {
	take := func(plain string, forms ...string) bool {
		if r, found := strings.CutPrefix(s, plain); found {
			s = r
			return true
		}
		for _, f := range forms {
			if len(s) >= len(f) && strings.EqualFold(s[:len(f)], f) {
				s, escaped = s[len(f):], true
				return true
			}
		}
		return false
	}
	if !take(":", "%3A", "%253A") || !take("/", "%2F", "%252F") {
		return "", false, false
	}
	take("/", "%2F", "%252F")
	return s, escaped, true
}

// leadingPayload is the longest run of payload characters. Standard base64 and
// padding are tolerated (receiver.md trap 25).
func leadingPayload(s string, escaped bool) string {
	end := 0
	for end < len(s) {
		c := s[end]
		if isPayload(c) {
			end++
			continue
		}
		if c == '%' && escapedPayload(s[end:]) > 0 {
			escaped = true
			end += escapedPayload(s[end:])
			continue
		}
		break
	}
	p := s[:end]
	for range 2 { // encoded twice at most
		if !escaped || !strings.Contains(p, "%") {
			break
		}
		if u, err := url.PathUnescape(p); err == nil {
			p = u
		}
	}
	return strings.TrimRight(p, "=/")
}

// escapedPayload is the length of a percent escape of a payload character at
// the front of s, or 0.
func escapedPayload(s string) int {
	for _, f := range []string{"%3D", "%2B", "%2F", "%2D", "%5F", "%253D", "%252B", "%252F"} {
		if len(s) >= len(f) && strings.EqualFold(s[:len(f)], f) {
			return len(f)
		}
	}
	return 0
}

func isPayload(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '+' || c == '/' || c == '='
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// indexFold is strings.Index without regard to ASCII case, in linear time.
func indexFold(s, lower string) int {
	for i := 0; i+len(lower) <= len(s); i++ {
		if s[i]|0x20 == lower[0] && strings.EqualFold(s[i:i+len(lower)], lower) {
			return i
		}
	}
	return -1
}
