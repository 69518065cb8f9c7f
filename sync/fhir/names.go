package fhir

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// keyAt is a member name: its place in the document, or from escapedKey on in
// scanner.decoded, and a word that is equal for equal names.
type keyAt struct {
	word  uint64
	at, n int
}

// escapedKey stands in front of the places of names that were decoded.
const escapedKey = 1 << 40

// nameSet is the set of names of one open object that goes its own way.
type nameSet struct {
	open    bool
	base    int    // of scanner.keys
	decoded int    // of scanner.decoded
	seen    uint64 // one bit of 64 for each name: an unset one is a new name
	table   []int32
}

// manyNames is where looking through the names one by one stops and a hash
// table begins, so that an object of a million names costs no quadratic time.
const manyNames = 24

func (s *scanner) name(k keyAt) []byte {
	if k.at >= escapedKey {
		return s.decoded[k.at-escapedKey:][:k.n]
	}
	return s.b[k.at:][:k.n]
}

// decode takes the escapes out of a name: "id" and "\u0069d" are one.
func (s *scanner) decode(k keyAt) keyAt {
	at := len(s.decoded)
	s.decoded = append(s.decoded, unescape(s.name(k))...)
	return keyAt{at: escapedKey + at, n: len(s.decoded) - at}
}

// fresh tells whether the object has no such name yet, and adds it to the set.
// A set that is not open yet begins with the names on the way to the shape on.
func (s *scanner) fresh(set *nameSet, on *shape, k keyAt, escaped bool) bool {
	if !set.open {
		*set = nameSet{open: true, base: len(s.keys), decoded: len(s.decoded)}
		for ; on != nil && on.up != nil; on = on.up {
			s.duplicate(set, keyAt{at: on.at + 1, n: int(on.n) - 3})
		}
	}
	if escaped {
		k = s.decode(k)
	}
	return !s.duplicate(set, k)
}

// nameAt is the meaning of the name that was passed last, whose quote is at at
// and which has n bytes with its quotes.
func (s *scanner) nameAt(at, n int, set *nameSet) []byte {
	if set.open {
		return s.name(s.keys[len(s.keys)-1])
	}
	return s.b[at+1 : at+n-1]
}

// duplicate tells whether the set has the name already, and adds it.
func (s *scanner) duplicate(set *nameSet, k keyAt) bool {
	k.word = nameWord(s.name(k))
	bit := uint64(1) << (k.word * 0x9e3779b97f4a7c15 >> 58)
	fresh := set.seen&bit == 0
	set.seen |= bit
	s.keys = append(s.keys, k)
	mine := s.keys[set.base:]
	if len(mine) > manyNames {
		return s.hashed(set, mine)
	}
	if fresh {
		return false
	}
	for _, o := range mine[:len(mine)-1] {
		if o.word == k.word && bytes.Equal(s.name(o), s.name(k)) {
			return true
		}
	}
	return false
}

// nameWord is equal for equal names, and for hardly any others that people
// give: the name itself up to eight bytes, its ends when it is longer.
func nameWord(name []byte) uint64 {
	n := len(name)
	switch {
	case n >= 8:
		return binary.LittleEndian.Uint64(name) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(name[n-8:])+uint64(n), 23)
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	}
	w := uint64(n) << 32
	for _, c := range name {
		w = w<<8 | uint64(c)
	}
	return w
}

// hashed looks the last name up among many. The hash is seeded: nobody can
// choose names that fall together.
func (s *scanner) hashed(set *nameSet, mine []keyAt) bool {
	if s.seed == (maphash.Seed{}) {
		s.seed = maphash.MakeSeed()
	}
	last := len(mine) - 1
	if 2*len(mine) > len(set.table) {
		set.table = make([]int32, 1<<bits.Len(uint(4*len(mine))))
		for i := range last {
			s.insert(set.table, mine, i)
		}
	}
	return s.insert(set.table, mine, last)
}

// insert puts the name at i into the table, which is more than half empty,
// and tells whether an equal one was there.
func (s *scanner) insert(table []int32, mine []keyAt, i int) bool {
	name := s.name(mine[i])
	for slot := maphash.Bytes(s.seed, name); ; slot++ {
		at := &table[slot%uint64(len(table))]
		if *at == 0 {
			*at = int32(i + 1)
			return false
		}
		if o := mine[*at-1]; o.word == mine[i].word && bytes.Equal(s.name(o), name) {
			return true
		}
	}
}
