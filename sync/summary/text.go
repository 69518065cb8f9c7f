package summary

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"shlkiosk/sync/phi"
)

// Lengths at which text is cut for display, in runes.
const (
	cutTitle = 160
	cutLine  = 600
)

// clean makes record text fit for a screen: control, format (bidirectional,
// zero-width, tag), private-use and unassigned characters are dropped, line
// breaks become spaces, runs of spaces become one, more than two combining
// marks on a letter are dropped, and what is longer than limit runes is cut
// with an ellipsis. It is idempotent.
func clean(s string, limit int) phi.Text {
	var b strings.Builder
	n, marks, space := 0, 0, false
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case r == utf8.RuneError && size <= 1:
			continue
		case unicode.IsSpace(r):
			space = n > 0
			continue
		case !unicode.IsGraphic(r): // Cc, Cf, Co, Cs, Cn
			continue
		case unicode.Is(unicode.Mn, r):
			if marks++; marks > 2 || n == 0 || space {
				continue
			}
		default:
			marks = 0
		}
		if space {
			if n+1 >= limit {
				return phi.Text(b.String() + "…")
			}
			b.WriteByte(' ')
			n++
			space = false
		}
		if n >= limit-1 && more(s) {
			return phi.Text(strings.TrimRight(b.String(), " ") + "…")
		}
		b.WriteRune(r)
		n++
	}
	return phi.Text(b.String())
}

// more tells whether anything that clean would keep is left.
func more(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// tail is the last 4 characters of an identifier, but never more than half of
// it: U24 of kiosk-people.md.
func tail(id string) phi.Text {
	r := []rune(clean(id, 64).Reveal())
	n := min(4, len(r)/2)
	return phi.Text(r[len(r)-n:])
}

// joinText joins the parts that are not empty.
func joinText(sep string, parts ...phi.Text) phi.Text {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(p.Reveal())
	}
	return phi.Text(b.String())
}
