package shl

import (
	"strings"
	"unicode"
)

const maxLabel = 80 // characters, SHL 1.0.0

// cleanLabel makes a label safe to show as plain text: one line, no control
// characters, no bidirectional overrides or invisible characters, at most 80
// characters. Joiners stay, because scripts and emoji need them. Legitimate
// labels come out exactly as they went in. Changed tells whether it was not one.
func cleanLabel(s string) (clean string, changed bool) {
	var b strings.Builder
	n, space := 0, true
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == 0x2028 || r == 0x2029:
			if space {
				continue
			}
			r = ' '
		case r == 0x200c || r == 0x200d: // zero-width joiners
		case r == unicode.ReplacementChar, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co):
			// Cf also holds the tag characters of flag emoji; losing those is
			// the lesser evil.
			continue
		}
		if n == maxLabel {
			break
		}
		space = r == ' '
		b.WriteRune(r)
		n++
	}
	clean = strings.TrimSpace(b.String())
	clean = strings.TrimRight(clean, "\u200c\u200d")
	return clean, clean != s
}
