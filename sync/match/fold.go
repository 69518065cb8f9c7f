package match

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold reduces text to what is compared: compatibility forms resolved,
// diacritics gone, lower case, letters and digits only. It is idempotent.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		// Again: a compatibility form may hide a capital (ᴭ is Æ).
		switch r = unicode.ToLower(r); r {
		case 'ß':
			b.WriteString("ss")
		case 'æ':
			b.WriteString("ae")
		case 'œ':
			b.WriteString("oe")
		case 'ø':
			b.WriteByte('o')
		case 'ł':
			b.WriteByte('l')
		case 'đ', 'ð':
			b.WriteByte('d')
		case 'þ':
			b.WriteString("th")
		case 'ı':
			b.WriteByte('i')
		case 'ħ':
			b.WriteByte('h')
		default:
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				b.WriteRune(r)
			}
		}
	}
	return norm.NFC.String(b.String())
}

// words splits a name at spaces and hyphens and folds the parts.
func words(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '-' || r == '‐' || r == '–' || r == ',' || r == '/'
	}) {
		if f := fold(w); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// digitsOf keeps the ASCII digits.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// oneEdit tells that two texts differ by one insertion, deletion,
// substitution or swap of neighbours (optimal string alignment distance 1).
// at is the index of the edit in the shorter text.
func oneEdit(a, b string) (at int, ok bool) {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	switch len(y) - len(x) {
	case 0:
		if i == len(x) {
			return 0, false // equal
		}
		if equal(x[i+1:], y[i+1:]) {
			return i, true
		}
		if i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && equal(x[i+2:], y[i+2:]) {
			return i, true
		}
	case 1:
		if equal(x[i:], y[i+1:]) {
			return i, true
		}
	}
	return 0, false
}

func equal(a, b []rune) bool { return string(a) == string(b) }

// fuzzyMin is the length below which one edit makes another name rather than
// a misspelling (CMS proposal: never under 5 characters).
const fuzzyMin = 5

// fuzzy is the one tolerance of the rules: distance 1, both at least 5 long.
func fuzzy(a, b string) bool {
	if len([]rune(a)) < fuzzyMin || len([]rune(b)) < fuzzyMin {
		return false
	}
	_, ok := oneEdit(a, b)
	return ok
}
