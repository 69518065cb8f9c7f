package fhir

import (
	"encoding/binary"
	"hash/maphash"
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
	shapes  int     // made so far
	spare   []shape // made and not used

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
	words      []word
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
	end := s.value(start, root, s.newShape())
	if end >= 0 {
		if end = skipSpace(b, end); end != len(b) {
			end = s.fail(end, ReasonInvalidJSON)
		}
	}
	if end < 0 {
		return outline{}, s.err
	}
	s.found.settle(b)
	return s.found, nil
}

// Each of the methods below takes the index where something begins and returns
// the one after its end, or -1 when s.err says what is wrong.

func (s *scanner) fail(at int, r Reason) int {
	s.err = &Error{Op: "scan", Reason: r, Offset: at}
	return -1
}

// value passes the value at i. base is where the shapes of objects in it begin,
// nil for none.
func (s *scanner) value(i int, as role, base *shape) int {
	if i >= len(s.b) {
		return s.fail(i, ReasonInvalidJSON)
	}
	var end int
	switch c := s.b[i]; {
	case c == '"':
		end = s.text(i)
	case c == '{':
		end = s.object(i, as, base)
	case c == '[':
		end = s.array(i, as, base)
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
		s.take(as, i, end)
	}
	return end
}

// open steps into an object or array.
func (s *scanner) open(i int) int {
	if s.depth++; s.depth > s.max {
		return s.fail(i, ReasonTooDeep)
	}
	if i++; i < len(s.b) && s.b[i] <= ' ' {
		i = skipSpace(s.b, i)
	}
	return i
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

func (s *scanner) array(i int, as role, base *shape) int {
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
		if element == plain && i < len(s.b) && s.b[i] == '{' {
			i = s.object(i, plain, base)
		} else {
			i = s.value(i, element, base)
		}
		if i < 0 {
			return i
		}
		i, closed = s.next(i, ']')
	}
	s.depth--
	return i
}

// object passes the object at i. While it goes a way that objects in its place
// went before, its names are known to be all different; where it leaves them,
// the new name is compared with those on the way, or with a set.
func (s *scanner) object(i int, as role, base *shape) int {
	if i = s.open(i); i < 0 {
		return i
	}
	b := s.b
	on := base
	var names nameSet // opened when on becomes nil
	closed := false
	if i < len(b) && b[i] == '}' {
		i, closed = i+1, true
	}
	for !closed {
		at, n := i, 0 // the name and its quotes
		var step *shape
		if on != nil {
			step = s.known(on, i)
		}
		if step != nil {
			n = int(step.n) - 1
			i += n + 1
		} else {
			if i >= len(b) || b[i] != '"' {
				return s.fail(i, ReasonInvalidJSON)
			}
			if i = s.text(at); i < 0 {
				return i
			}
			n = i - at
			escaped := s.escaped
			if i = skipSpace(b, i); i >= len(b) || b[i] != ':' {
				return s.fail(i, ReasonInvalidJSON)
			}
			i++
			if on != nil && !escaped {
				step = s.grow(on, at, n)
			}
			if step == nil && !s.fresh(&names, on, keyAt{at: at + 1, n: n - 2}, escaped) {
				return s.fail(at, ReasonDuplicateKey)
			}
		}
		on = step
		if i < len(b) && b[i] <= ' ' {
			i = skipSpace(b, i)
		}
		if as == plain {
			i = s.plainMember(i, step)
		} else {
			i = s.value(i, as.member(s.nameAt(at, n, &names)), s.inside(step))
		}
		if i < 0 {
			return i
		}
		if i+1 < len(b) {
			if c := b[i]; c == ',' && b[i+1] == '"' {
				i++ // the usual ways, short
				continue
			} else if c == '}' {
				i++
				break
			}
		}
		i, closed = s.next(i, '}')
	}
	if names.open {
		s.keys, s.decoded = s.keys[:names.base], s.decoded[:names.decoded]
	}
	s.depth--
	return i
}

// plainMember passes the value at i of a member that the outline does not want.
func (s *scanner) plainMember(i int, step *shape) int {
	b := s.b
	if i >= len(b) {
		return s.fail(i, ReasonInvalidJSON)
	}
	switch b[i] {
	case '"':
		if step == nil {
			return s.text(i)
		}
		// Systems, units and profiles are the same again and again. What was
		// passed once is passed again by comparing.
		c := step
		if n := c.said; n >= 8 && i+n <= len(b) && binary.LittleEndian.Uint64(b[i+n-8:]) == c.saidTail &&
			string(b[i:i+n-8]) == string(b[c.saidAt:c.saidAt+n-8]) {
			return i + n
		}
		end := s.text(i)
		if n := end - i; n >= 8 && !s.escaped {
			c.saidAt, c.said, c.saidTail = i, n, binary.LittleEndian.Uint64(b[end-8:])
		}
		return end
	case '{':
		return s.object(i, plain, s.inside(step))
	case '[':
		return s.array(i, plain, s.inside(step))
	}
	return s.value(i, plain, nil)
}
