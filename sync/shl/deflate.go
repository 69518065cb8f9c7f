package shl

import (
	"encoding/binary"
	"math/bits"
)

// inflater undoes raw DEFLATE (RFC 1951) from one slice into another. The
// output is its own window, so nothing passes through a ring buffer, and the
// input is taken eight bytes at a time: about twice as fast as compress/flate,
// which accepts and refuses the same streams (FuzzInflate).
type inflater struct {
	src  []byte
	at   int    // of the next byte to go into hold
	hold uint64 // bits taken from src, the next one lowest
	left uint   // how many of them; what lies above is right too, or zero

	out []byte // everything written so far

	state  inflateState
	last   bool // this block is the final one
	stored int  // bytes left of a stored block
	lit    [litRoom]uint32
	dist   [distRoom]uint32
	lens   [maxLit + maxDist]uint8
}

type inflateState uint8

const (
	atHeader inflateState = iota
	inStored
	inCodes
	atEnd
)

// progress is why run returned.
type progress uint8

const (
	finished progress = iota
	needRoom          // the next symbol does not fit into out
	corrupt           // or cut off
)

const (
	maxLit  = 288 // of which 286 may be used; RFC 1951 3.2.6
	maxDist = 32  // of which 30

	litBits  = 11
	distBits = 8
	// Subtables all have the size of the largest. A subtable has two codes or
	// more, so 286 symbols have fewer than 143 of 16 entries behind 11 bits, and
	// 30 fewer than 15 of 128 behind 8. Powers of two spare the bounds checks.
	litRoom  = 8192
	distRoom = 4096

	longestMatch = 258
	// wide is the room the fast loop wants: three literals, a match, and what
	// copying in words may write beyond it.
	wide = 3 + longestMatch + 16
)

// A table entry has the bits to take in its low byte, those of extra bits or of
// a subtable's index in the next, and the value above: a literal, the base of a
// length or distance, or where a subtable begins. 0 is no code.
const (
	isLiteral  = 1 << 31
	isBlockEnd = 1 << 30
	isTable    = 1 << 29
	valueBits  = 1<<13 - 1 // of a literal, a length or a subtable's place

	isDistTable = 1 << 31
	distValue   = 1<<15 - 1
)

// run goes on until the stream ends, is found corrupt, or out[:cap] is full.
func (z *inflater) run() progress {
	for {
		var p progress
		switch z.state {
		case atHeader:
			if !z.header() {
				return corrupt
			}
			continue
		case inStored:
			p = z.copyStored()
		case inCodes:
			p = z.codes()
		case atEnd:
			return finished
		}
		if p != finished {
			return p
		}
		z.state = atHeader
		if z.last {
			z.state = atEnd
			z.giveBack()
		}
	}
}

// fill takes bytes one by one, for the ends of the input.
func (z *inflater) fill() {
	for z.left < 56 && z.at < len(z.src) {
		z.hold |= uint64(z.src[z.at]) << z.left
		z.at++
		z.left += 8
	}
}

func (z *inflater) take(n uint) (uint, bool) {
	if z.left < n {
		if z.fill(); z.left < n {
			return 0, false
		}
	}
	v := uint(z.hold) & (1<<n - 1)
	z.hold >>= n
	z.left -= n
	return v, true
}

// giveBack returns whole bytes that were taken ahead.
func (z *inflater) giveBack() {
	z.at -= int(z.left / 8)
	z.hold, z.left = 0, 0
}

func (z *inflater) header() bool {
	v, ok := z.take(3)
	if !ok {
		return false
	}
	z.last = v&1 != 0
	switch v >> 1 {
	case 0:
		return z.beginStored()
	case 1:
		for i := range maxLit {
			z.lens[i] = 8
			switch {
			case i >= 144 && i < 256:
				z.lens[i] = 9
			case i >= 256 && i < 280:
				z.lens[i] = 7
			}
		}
		for i := range maxDist {
			z.lens[maxLit+i] = 5
		}
		return z.build(maxLit, maxDist)
	case 2:
		return z.dynamic()
	}
	return false
}

func (z *inflater) beginStored() bool {
	z.giveBack()
	if len(z.src)-z.at < 4 {
		return false
	}
	n := binary.LittleEndian.Uint16(z.src[z.at:])
	if n != ^binary.LittleEndian.Uint16(z.src[z.at+2:]) {
		return false
	}
	z.at += 4
	z.stored = int(n)
	z.state = inStored
	return true
}

func (z *inflater) copyStored() progress {
	if len(z.src)-z.at < z.stored {
		return corrupt
	}
	n := min(z.stored, cap(z.out)-len(z.out))
	z.out = append(z.out, z.src[z.at:z.at+n]...)
	z.at += n
	if z.stored -= n; z.stored > 0 {
		return needRoom
	}
	return finished
}

// dynamic reads the code lengths of a block (RFC 1951 3.2.7).
func (z *inflater) dynamic() bool {
	v, ok := z.take(14)
	if !ok {
		return false
	}
	nlit, ndist, n := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if nlit > 286 || ndist > 30 {
		return false
	}
	var lens [19]uint8
	for _, i := range []uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:n] {
		if v, ok = z.take(3); !ok {
			return false
		}
		lens[i] = uint8(v)
	}
	var codes [128]uint32
	if !table(codes[:], 7, lens[:], func(s int) uint32 { return isLiteral | uint32(s)<<16 }, 0) {
		return false
	}
	for i := 0; i < nlit+ndist; {
		z.fill()
		e := codes[z.hold&127]
		n := uint(e & 0xff)
		if n == 0 || n > z.left {
			return false
		}
		z.hold >>= n
		z.left -= n
		symbol := e >> 16 & valueBits
		if symbol < 16 {
			z.lens[i] = uint8(symbol)
			i++
			continue
		}
		value, more, base := uint8(0), uint(7), 11
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			value, more, base = z.lens[i-1], 2, 3
		case 17:
			more, base = 3, 3
		}
		v, ok := z.take(more)
		count := base + int(v)
		if !ok || i+count > nlit+ndist {
			return false
		}
		for range count {
			z.lens[i] = value
			i++
		}
	}
	return z.build(nlit, ndist)
}

func (z *inflater) build(nlit, ndist int) bool {
	z.state = inCodes
	return table(z.lit[:], litBits, z.lens[:nlit], litEntry, isTable) &&
		table(z.dist[:], distBits, z.lens[nlit:nlit+ndist], distEntry, isDistTable)
}

// litEntry is the entry of a literal or length symbol without its bits.
func litEntry(s int) uint32 {
	switch {
	case s < 256:
		return isLiteral | uint32(s)<<16
	case s == 256:
		return isBlockEnd
	case s < 265:
		return uint32(s-257+3) << 16
	case s < 285:
		extra := uint32(s-261) / 4
		return (3+(4+uint32(s-265)%4)<<extra)<<16 | extra<<8
	case s == 285:
		return longestMatch << 16
	}
	return 0
}

func distEntry(s int) uint32 {
	switch {
	case s < 4:
		return uint32(s+1) << 16
	case s < 30:
		extra := uint32(s-2) / 2
		return (1+(2+uint32(s)%2)<<extra)<<16 | extra<<8
	}
	return 0
}

// table fills t, whose first 1<<width entries are looked up with the next bits
// of the stream, from code lengths (RFC 1951 3.2.2). Longer codes go on in
// subtables behind them. It refuses codes that are not complete, but for one
// of a single bit and none at all, as zlib does.
func table(t []uint32, width int, lens []uint8, entry func(int) uint32, subtable uint32) bool {
	var count, next [16]int
	longest := 0
	for _, n := range lens {
		count[n]++
		longest = max(longest, int(n))
	}
	clear(t)
	if longest == 0 {
		return true
	}
	count[0] = 0
	code := 0
	for n := 1; n <= longest; n++ {
		code <<= 1
		next[n] = code
		code += count[n]
	}
	if code != 1<<longest && !(code == 1 && longest == 1) {
		return false
	}
	free := 1 << width
	long := longest - width // bits of the index of every subtable
	for s, n := range lens {
		if n == 0 {
			continue
		}
		r := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		e := entry(s)
		if e == 0 {
			continue
		}
		e |= uint32(n)
		if int(n) <= width {
			for ; r < 1<<width; r += 1 << n {
				t[r] = e
			}
			continue
		}
		top := &t[r&(1<<width-1)]
		if *top == 0 {
			if free+1<<long > len(t) {
				return false
			}
			*top = subtable | uint32(free)<<16 | uint32(long)<<8
			free += 1 << long
		}
		begin := int(*top >> 16 & valueBits)
		for r >>= width; r < 1<<long; r += 1 << (int(n) - width) {
			t[begin+r] = e
		}
	}
	return true
}
