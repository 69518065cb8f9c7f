package fhir

import "encoding/binary"

// shape is one step on a way that objects of this document went: a member name
// after those of the steps before it. Resources repeat themselves, so nearly
// every name is one that stood in the same place of an object before: two
// comparisons of eight bytes find it, and that it is no duplicate was decided
// when the step was made. A tree of them is for one scan only and bounded;
// where it does not reach, the set of names takes over.
type shape struct {
	// head and tail are the first and last eight bytes of the name with its
	// quotes and colon; mask is what counts of them where it has fewer.
	head, tail, mask uint64
	at               int    // of the quote that opens the name
	n                uint16 // bytes of the name with its quotes and colon
	back             uint16 // where the last eight begin
	steps            uint16 // from the beginning

	up     *shape // the step before; nil where objects begin
	follow *shape // one of those that follow
	beside *shape // another one that follows the same step
	within *shape // where the objects in this member's value begin

	saidAt   int    // the string that this member had last, with its quotes
	said     int    // and its length, 0 when there is none to compare with
	saidTail uint64 // and its last eight bytes
}

const (
	mostShapes  = 4096 // half a megabyte at most; a large export of twenty types has about 1500
	mostSteps   = 32   // names in one object
	mostBeside  = 24
	longestName = 60
)

// newShape returns a shape, nil when there are enough.
func (s *scanner) newShape() *shape {
	if s.shapes >= mostShapes {
		return nil
	}
	s.shapes++
	if len(s.spare) == 0 {
		s.spare = make([]shape, min(s.shapes+15, 256)) // a small record needs few
	}
	c := &s.spare[0]
	s.spare = s.spare[1:]
	return c
}

// known returns the step after on for the name at i, nil when there is none.
func (s *scanner) known(on *shape, i int) *shape {
	if i+longestName+8 > len(s.b) {
		return nil
	}
	at := s.b[i : i+longestName+8]
	first := binary.LittleEndian.Uint64(at)
	var before *shape
	for c := on.follow; c != nil; before, c = c, c.beside {
		if ((first^c.head)|(binary.LittleEndian.Uint64(at[c.back&63:])^c.tail))&c.mask != 0 { // | and ^ bind alike
			continue
		}
		if c.n > 16 && string(at[8:c.back]) != string(s.b[c.at+8:c.at+int(c.back)]) {
			continue
		}
		if before != nil { // what comes now tends to come again
			before.beside, c.beside, on.follow = c.beside, on.follow, c
		}
		return c
	}
	return nil
}

// grow makes a step after on of the name at at, of n bytes with its quotes and
// without escapes. It returns nil when the name is on the way already, and
// when no step can be made.
func (s *scanner) grow(on *shape, at, n int) *shape {
	if n+1 > longestName || on.steps >= mostSteps {
		return nil
	}
	var name [longestName + 8]byte
	copy(name[:], s.b[at:at+n])
	name[n] = ':'
	size := uint16(n + 1)
	same := func(o *shape) bool {
		return o.n == size && string(s.b[o.at:o.at+n]) == string(name[:n])
	}
	for p := on; p != nil; p = p.up {
		if same(p) {
			return nil
		}
	}
	beside := 0
	for p := on.follow; p != nil; p = p.beside {
		if same(p) {
			return p // white space before the colon, or near the end
		}
		beside++
	}
	if beside >= mostBeside {
		return nil
	}
	c := s.newShape()
	if c == nil {
		return nil
	}
	c.at, c.n, c.steps, c.up, c.beside, c.mask = at, size, on.steps+1, on, on.follow, ^uint64(0)
	if size < 8 {
		c.mask >>= 64 - 8*size
	} else {
		c.back = size - 8
	}
	c.head = binary.LittleEndian.Uint64(name[:])
	c.tail = binary.LittleEndian.Uint64(name[c.back:])
	on.follow = c
	return c
}

// inside returns where the objects begin that are in the value of the member
// that step stands for.
func (s *scanner) inside(step *shape) *shape {
	if step == nil {
		return nil
	}
	if step.within == nil {
		step.within = s.newShape()
	}
	return step.within
}
