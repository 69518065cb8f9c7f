package fhir

import (
	"bytes"
	"unicode/utf8"
)

// scanner checks one JSON document once, so that everything after it can walk
// the bytes without checking again.
type scanner struct {
	b     []byte
	i     int
	depth int
	max   int
	// keys is a stack of the keys of the open objects; an object looks only at
	// its own part. One slice for the whole document keeps the scan from
	// allocating for every object.
	keys [][]byte // decoded, between the quotes
}

// manyKeys is where looking through the keys one by one stops and a map
// begins, so that an object of a million keys costs no quadratic time.
const manyKeys = 24

func scan(b []byte, maxDepth int) *Error {
	s := scanner{b: b, max: maxDepth}
	s.space()
	if err := s.value(); err != nil {
		return err
	}
	s.space()
	if s.i != len(s.b) {
		return s.fail(ReasonInvalidJSON)
	}
	return nil
}

func (s *scanner) fail(r Reason) *Error {
	return &Error{Op: "scan", Reason: r, Offset: s.i}
}

func (s *scanner) space() { s.i = skipSpace(s.b, s.i) }

func (s *scanner) value() *Error {
	if s.i >= len(s.b) {
		return s.fail(ReasonInvalidJSON)
	}
	switch c := s.b[s.i]; {
	case c == '{':
		return s.object()
	case c == '[':
		return s.array()
	case c == '"':
		_, _, err := s.text()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.fail(ReasonInvalidJSON)
}

func (s *scanner) word(w string) *Error {
	if !bytes.HasPrefix(s.b[s.i:], []byte(w)) {
		return s.fail(ReasonInvalidJSON)
	}
	s.i += len(w)
	return nil
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

// number follows RFC 8259 section 6: no leading zero, plus sign or bare dot.
func (s *scanner) number() *Error {
	if s.b[s.i] == '-' {
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '0' {
		s.i++
	} else if !s.digits() {
		return s.fail(ReasonInvalidJSON)
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if !s.digits() {
			return s.fail(ReasonInvalidJSON)
		}
	}
	if s.i < len(s.b) && (s.b[s.i] == 'e' || s.b[s.i] == 'E') {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if !s.digits() {
			return s.fail(ReasonInvalidJSON)
		}
	}
	return nil
}

// text checks a string and returns the bytes between its quotes.
func (s *scanner) text() (inner []byte, escaped bool, _ *Error) {
	s.i++
	start := s.i
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			inner = s.b[start:s.i]
			s.i++
			return inner, escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		case c < 0x20:
			return nil, false, s.fail(ReasonInvalidJSON)
		case c < utf8.RuneSelf:
			s.i++
		default:
			r, n := utf8.DecodeRune(s.b[s.i:])
			if r == utf8.RuneError && n <= 1 {
				return nil, false, s.fail(ReasonInvalidUTF8)
			}
			s.i += n
		}
	}
	return nil, false, s.fail(ReasonInvalidJSON)
}

func (s *scanner) escape() *Error {
	if s.i+1 >= len(s.b) {
		return s.fail(ReasonInvalidJSON)
	}
	switch s.b[s.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i += 2
		return nil
	case 'u':
		u, ok := hex4(s.b, s.i+2)
		if !ok {
			return s.fail(ReasonInvalidJSON)
		}
		switch {
		case u >= 0xDC00 && u <= 0xDFFF:
			return s.fail(ReasonInvalidUnicode)
		case u >= 0xD800 && u <= 0xDBFF:
			low, ok := uint16(0), false
			if s.i+7 < len(s.b) && s.b[s.i+6] == '\\' && s.b[s.i+7] == 'u' {
				low, ok = hex4(s.b, s.i+8)
			}
			if !ok || low < 0xDC00 || low > 0xDFFF {
				return s.fail(ReasonInvalidUnicode)
			}
			s.i += 12
		default:
			s.i += 6
		}
		return nil
	}
	return s.fail(ReasonInvalidJSON)
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

func (s *scanner) open() *Error {
	s.depth++
	if s.depth > s.max {
		return s.fail(ReasonTooDeep)
	}
	s.i++
	s.space()
	return nil
}

func (s *scanner) array() *Error {
	if err := s.open(); err != nil {
		return err
	}
	defer func() { s.depth-- }()
	if s.i < len(s.b) && s.b[s.i] == ']' {
		s.i++
		return nil
	}
	for {
		if err := s.value(); err != nil {
			return err
		}
		s.space()
		if s.i >= len(s.b) {
			return s.fail(ReasonInvalidJSON)
		}
		switch s.b[s.i] {
		case ',':
			s.i++
			s.space()
		case ']':
			s.i++
			return nil
		default:
			return s.fail(ReasonInvalidJSON)
		}
	}
}

func (s *scanner) object() *Error {
	if err := s.open(); err != nil {
		return err
	}
	base := len(s.keys)
	defer func() { s.depth--; s.keys = s.keys[:base] }()
	if s.i < len(s.b) && s.b[s.i] == '}' {
		s.i++
		return nil
	}
	var seen map[string]bool
	for {
		if s.i >= len(s.b) || s.b[s.i] != '"' {
			return s.fail(ReasonInvalidJSON)
		}
		at := s.i
		raw, escaped, err := s.text()
		if err != nil {
			return err
		}
		if s.duplicate(base, raw, escaped, &seen) {
			s.i = at
			return s.fail(ReasonDuplicateKey)
		}
		s.space()
		if s.i >= len(s.b) || s.b[s.i] != ':' {
			return s.fail(ReasonInvalidJSON)
		}
		s.i++
		s.space()
		if err := s.value(); err != nil {
			return err
		}
		s.space()
		if s.i >= len(s.b) {
			return s.fail(ReasonInvalidJSON)
		}
		switch s.b[s.i] {
		case ',':
			s.i++
			s.space()
		case '}':
			s.i++
			return nil
		default:
			return s.fail(ReasonInvalidJSON)
		}
	}
}

// duplicate tells whether the open object has the key already, in whatever
// spelling: "id" and "\u0069d" are one key.
func (s *scanner) duplicate(base int, raw []byte, escaped bool, seen *map[string]bool) bool {
	if escaped {
		raw = unescape(raw)
	}
	if *seen != nil {
		if (*seen)[string(raw)] {
			return true
		}
		(*seen)[string(raw)] = true
		return false
	}
	for _, k := range s.keys[base:] {
		if bytes.Equal(k, raw) {
			return true
		}
	}
	s.keys = append(s.keys, raw)
	if len(s.keys)-base > manyKeys {
		m := make(map[string]bool, 4*manyKeys)
		for _, k := range s.keys[base:] {
			m[string(k)] = true
		}
		*seen = m
	}
	return false
}
