package fhir

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"
)

// scanner checks one JSON document in one pass, so that everything after it
// can walk the bytes without checking again, and takes down on the way where
// the entries of a Bundle are: a second walk to find them would cost as much
// as the check.
type scanner struct {
	b     []byte
	depth int
	max   int
	err   *Error

	// keys is a stack of the member names of the open objects; an object looks
	// only at its own part. One slice for the whole document keeps the scan
	// from allocating for every object.
	keys    []keyAt
	decoded []byte // names that were written with escapes, for keys to point into
	escaped bool   // the string that text passed last has escapes
	seed    maphash.Seed

	found outline
}

// outline is what a scan takes down besides the verdict.
type outline struct {
	root       Resource
	bundleType Value
	timestamp  Value
	entries    []Entry
	elements   int // of Bundle.entry, with a resource or without
	most       int // entries beyond this are counted, not kept; 0 keeps none
}

// role is what a value is to the outline.
type role uint8

const (
	plain      role = iota
	root            // the document
	entryList       // Bundle.entry
	entryItem       // an element of it
	entryBody       // its resource
	typeOfRoot      // resourceType
	idOfRoot
	bundleType
	bundleStamp
	fullURL
	typeOfBody
	idOfBody
)

// scan checks b and outlines it, with at most the given number of entries.
// The outline shares the bytes of b.
func scan(b []byte, maxDepth, entries int) (outline, *Error) {
	s := scanner{b: b, max: maxDepth, found: outline{most: entries}}
	start := skipSpace(b, 0)
	end := s.value(start, root)
	if end >= 0 {
		if end = skipSpace(b, end); end != len(b) {
			end = s.fail(end, ReasonInvalidJSON)
		}
	}
	if end < 0 {
		return outline{}, s.err
	}
	return s.found, nil
}

// Each of the methods below takes the index where something begins and returns
// the one after its end, or -1 when s.err says what is wrong.

func (s *scanner) fail(at int, r Reason) int {
	s.err = &Error{Op: "scan", Reason: r, Offset: at}
	return -1
}

func (s *scanner) value(i int, as role) int {
	if i >= len(s.b) {
		return s.fail(i, ReasonInvalidJSON)
	}
	var end int
	switch c := s.b[i]; {
	case c == '"':
		end = s.text(i)
	case c == '{':
		end = s.object(i, as)
	case c == '[':
		end = s.array(i, as)
	case c == '-' || c >= '0' && c <= '9':
		end = s.number(i)
	case c == 't':
		end = s.word(i, "true")
	case c == 'f':
		end = s.word(i, "false")
	case c == 'n':
		end = s.word(i, "null")
	default:
		return s.fail(i, ReasonInvalidJSON)
	}
	if as != plain && end >= 0 {
		s.take(as, Value{raw: s.b[i:end:end]})
	}
	return end
}

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
// end.
func (s *scanner) text(i int) int {
	s.escaped = false
	i = plainText(s.b, i+1)
	if i < len(s.b) && s.b[i] == '"' {
		return i + 1
	}
	return s.restOfText(i)
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

// open steps into an object or array.
func (s *scanner) open(i int) int {
	if s.depth++; s.depth > s.max {
		return s.fail(i, ReasonTooDeep)
	}
	return skipSpace(s.b, i+1)
}

// next passes what follows a member or element: a comma, and with it the space
// after it, or the closing byte, which closed tells.
func (s *scanner) next(i int, closing byte) (end int, closed bool) {
	b := s.b
	i = skipSpace(b, i)
	switch {
	case i >= len(b):
	case b[i] == ',':
		return skipSpace(b, i+1), false
	case b[i] == closing:
		return i + 1, true
	}
	return s.fail(i, ReasonInvalidJSON), true
}

func (s *scanner) array(i int, as role) int {
	if i = s.open(i); i < 0 {
		return i
	}
	element := plain
	if as == entryList {
		element = entryItem
	}
	closed := false
	if i < len(s.b) && s.b[i] == ']' {
		i, closed = i+1, true
	}
	for !closed {
		if element == entryItem {
			s.entry(i)
		}
		if i = s.value(i, element); i < 0 {
			return i
		}
		i, closed = s.next(i, ']')
	}
	s.depth--
	return i
}

func (s *scanner) object(i int, as role) int {
	if i = s.open(i); i < 0 {
		return i
	}
	b := s.b
	names := nameSet{base: len(s.keys), decoded: len(s.decoded)}
	closed := false
	if i < len(b) && b[i] == '}' {
		i, closed = i+1, true
	}
	for !closed {
		if i >= len(b) || b[i] != '"' {
			return s.fail(i, ReasonInvalidJSON)
		}
		at := i
		if i = s.text(at); i < 0 {
			return i
		}
		name := keyAt{at: at + 1, n: i - at - 2}
		if s.escaped {
			name = s.decode(name)
		}
		if s.duplicate(&names, name) {
			return s.fail(at, ReasonDuplicateKey)
		}
		value := plain
		if as != plain {
			value = as.member(s.name(name))
		}
		if i < len(b) && b[i] <= ' ' {
			i = skipSpace(b, i)
		}
		if i >= len(b) || b[i] != ':' {
			return s.fail(i, ReasonInvalidJSON)
		}
		i++
		if i < len(b) && b[i] <= ' ' {
			i = skipSpace(b, i)
		}
		if value == plain && i < len(b) && b[i] == '"' {
			i = s.text(i)
		} else {
			i = s.value(i, value)
		}
		if i < 0 {
			return i
		}
		if i+1 < len(b) && b[i] == ',' && b[i+1] == '"' {
			i++ // the usual way, short
			continue
		}
		i, closed = s.next(i, '}')
	}
	s.keys, s.decoded = s.keys[:names.base], s.decoded[:names.decoded]
	s.depth--
	return i
}
