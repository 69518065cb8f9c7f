package fhir

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

func (s *scanner) word(i int, w string) int {
	if !bytes.HasPrefix(s.b[i:], []byte(w)) {
		return s.fail(i, ReasonInvalidJSON)
	}
	return i + len(w)
}

func (s *scanner) digits(i int) int {
	for i < len(s.b) && s.b[i]-'0' < 10 {
		i++
	}
	return i
}

// number follows RFC 8259 section 6: no leading zero, plus sign or bare dot.
func (s *scanner) number(i int) int {
	b := s.b
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if end := s.digits(i); end > i {
		i = end
	} else {
		return s.fail(i, ReasonInvalidJSON)
	}
	if i < len(b) && b[i] == '.' {
		end := s.digits(i + 1)
		if end == i+1 {
			return s.fail(end, ReasonInvalidJSON)
		}
		i = end
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := s.digits(i)
		if end == i {
			return s.fail(end, ReasonInvalidJSON)
		}
		i = end
	}
	return i
}

// text checks the string whose quote is at i. Nearly all are plain to their
// end, and short.
func (s *scanner) text(i int) int {
	s.escaped = false
	b := s.b
	i++
	for ; i+16 <= len(b); i += 16 {
		if m := notPlain(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			if b[i] == '"' {
				return i + 1
			}
			return s.restOfText(i)
		}
		if m := notPlain(binary.LittleEndian.Uint64(b[i+8:])); m != 0 {
			i += 8 + bits.TrailingZeros64(m)>>3
			if b[i] == '"' {
				return i + 1
			}
			return s.restOfText(i)
		}
	}
	return s.restOfText(plainText(b, i))
}

// restOfText goes on from the first byte that is not plain text.
func (s *scanner) restOfText(i int) int {
	b := s.b
	for ; i < len(b); i = plainText(b, i) {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			s.escaped = true
			if i = s.escape(i); i < 0 {
				return i
			}
		case c < 0x20:
			return s.fail(i, ReasonInvalidJSON)
		default:
			for i < len(b) && b[i] >= utf8.RuneSelf {
				r, n := utf8.DecodeRune(b[i:])
				if r == utf8.RuneError && n <= 1 {
					return s.fail(i, ReasonInvalidUTF8)
				}
				i += n
			}
		}
	}
	return s.fail(len(b), ReasonInvalidJSON)
}

func (s *scanner) escape(i int) int {
	b := s.b
	if i+1 >= len(b) {
		return s.fail(i, ReasonInvalidJSON)
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		u, ok := hex4(b, i+2)
		if !ok {
			return s.fail(i, ReasonInvalidJSON)
		}
		switch {
		case u >= 0xDC00 && u <= 0xDFFF:
			return s.fail(i, ReasonInvalidUnicode)
		case u >= 0xD800 && u <= 0xDBFF:
			low, ok := uint16(0), false
			if i+7 < len(b) && b[i+6] == '\\' && b[i+7] == 'u' {
				low, ok = hex4(b, i+8)
			}
			if !ok || low < 0xDC00 || low > 0xDFFF {
				return s.fail(i, ReasonInvalidUnicode)
			}
			return i + 12
		}
		return i + 6
	}
	return s.fail(i, ReasonInvalidJSON)
}

func hex4(b []byte, i int) (uint16, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var u uint16
	for _, c := range b[i : i+4] {
		u <<= 4
		switch {
		case c >= '0' && c <= '9':
			u |= uint16(c - '0')
		case c >= 'a' && c <= 'f':
			u |= uint16(c-'a') + 10
		case c >= 'A' && c <= 'F':
			u |= uint16(c-'A') + 10
		default:
			return 0, false
		}
	}
	return u, true
}
