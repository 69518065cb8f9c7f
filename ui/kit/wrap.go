package kit

import (
	"strings"
	"unicode"
)

// wrap breaks s into lines no wider than width. It breaks at spaces, after
// hyphens and slashes, and between Chinese characters; a single word that is
// too long (an address, a code) is broken anywhere rather than cut. Newlines
// are kept.
func wrap(s string, width float32, wide func(string) float32) []string {
	var out []string
	for _, paragraph := range strings.Split(s, "\n") {
		out = append(out, wrapParagraph(paragraph, width, wide)...)
	}
	return out
}

func wrapParagraph(s string, width float32, wide func(string) float32) []string {
	var lines []string
	line, used, gap := "", float32(0), false
	space := wide("n n") - wide("nn")
	put := func(word string, w float32, spaced bool) {
		need := w
		if spaced && line != "" {
			need += space
		}
		if line != "" && used+need > width {
			lines = append(lines, line)
			line, used, spaced, need = "", 0, false, w
		}
		if spaced && line != "" {
			line += " "
		}
		line, used = line+word, used+need
	}
	for _, p := range pieces(s) {
		if p == " " {
			gap = true
			continue
		}
		w := wide(p)
		if w <= width {
			put(p, w, gap)
			gap = false
			continue
		}
		for _, part := range shatter(p, width, wide) {
			put(part, wide(part), gap)
			gap = false
		}
	}
	return append(lines, line)
}

// pieces are what must stay together, and single spaces between.
func pieces(s string) []string {
	var out []string
	word := ""
	flush := func() {
		if word != "" {
			out = append(out, word)
			word = ""
		}
	}
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case r == ' ' || r == '\t' || r == '\r':
			flush()
			if len(out) > 0 && out[len(out)-1] != " " {
				out = append(out, " ")
			}
		case ideograph(r):
			// A closing mark must not begin a line: it stays with what is before
			// it. An opening one stays with what follows.
			if clings(r) && word == "" && len(out) > 0 && out[len(out)-1] != " " {
				out[len(out)-1] += string(r)
				continue
			}
			if word != "" && !opens([]rune(word)[len([]rune(word))-1]) && !clings(r) {
				flush()
			}
			word += string(r)
			if !opens(r) && (i+1 == len(runes) || !clings(runes[i+1])) {
				flush()
			}
		default:
			word += string(r)
			if (r == '-' || r == '/' || r == '\u2013') && i+1 < len(runes) && unicode.IsLetter(runes[i+1]) {
				flush()
			}
		}
	}
	flush()
	return out
}

func ideograph(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF || r >= 0xFF00 && r <= 0xFFEF || r >= 0x20000
}

func clings(r rune) bool {
	return strings.ContainsRune("，。、；：？！）》」』】〉”’…％,.;:?!)]}", r)
}
func opens(r rune) bool { return strings.ContainsRune("（《「『【〈“‘([{", r) }

func shatter(word string, width float32, wide func(string) float32) []string {
	var out []string
	part := ""
	for _, r := range word {
		if part != "" && wide(part+string(r)) > width {
			out = append(out, part)
			part = ""
		}
		part += string(r)
	}
	return append(out, part)
}

// balance finds the narrowest width that needs no more lines, so that a title
// does not end in a lonely word.
func balance(s string, width float32, wide func(string) float32) []string {
	best := wrap(s, width, wide)
	if len(best) < 2 || len(best) > 4 {
		return best
	}
	low, high := width/2, width
	for _, p := range pieces(s) {
		low = max(low, wide(p)) // never so narrow that a word breaks
	}
	if low >= high {
		return best
	}
	for range 6 {
		mid := (low + high) / 2
		if got := wrap(s, mid, wide); len(got) <= len(best) {
			best, high = got, mid
		} else {
			low = mid
		}
	}
	return best
}
