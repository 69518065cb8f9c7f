package r4

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plain is s for string search: without case and accents (R4 search.html#string).
func plain(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// fold is s for matching: plain, and only letters a to z and digits (matching
// rules of Medplum's $match).
func fold(s string) string {
	var b strings.Builder
	for _, r := range plain(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}
