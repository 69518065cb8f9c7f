package shl

import "encoding/binary"

// codes undoes a block of Huffman codes (RFC 1951 3.2.3). While there is plenty
// of input and room the fast loop runs; near the ends of either, one symbol at
// a time is taken with every check.
func (z *inflater) codes() progress {
	for {
		if done, ok := z.fast(); !ok {
			return corrupt
		} else if done {
			return finished
		}
		switch p, again := z.one(); {
		case p != finished:
			return p
		case !again:
			return finished
		}
	}
}

// fast undoes symbols for as long as eight bytes of input can be taken at once
// and the longest match fits. Every bound is checked by the condition of the
// loop: 56 bits are there after a refill, of which three literals take at most
// 45, and a match at most 48.
func (z *inflater) fast() (done, ok bool) {
	src, dst, at, o := z.src, z.out[:cap(z.out)], z.at, len(z.out)
	hold, left := z.hold, z.left
	ok = true
loop:
	for at+8 <= len(src) && o+wide <= len(dst) {
		hold |= binary.LittleEndian.Uint64(src[at:]) << (left & 63)
		at += int((63 - left) >> 3)
		left |= 56
		e := z.lit[hold&(1<<litBits-1)]
		if e&isLiteral != 0 {
			dst[o] = byte(e >> 16)
			o++
			hold >>= e & 63
			left -= uint(e & 63)
			if e = z.lit[hold&(1<<litBits-1)]; e&isLiteral != 0 {
				dst[o] = byte(e >> 16)
				o++
				hold >>= e & 63
				left -= uint(e & 63)
				if e = z.lit[hold&(1<<litBits-1)]; e&isLiteral != 0 {
					dst[o] = byte(e >> 16)
					o++
					hold >>= e & 63
					left -= uint(e & 63)
					continue
				}
			}
			if at+8 > len(src) {
				break // nothing of e was taken yet
			}
			hold |= binary.LittleEndian.Uint64(src[at:]) << (left & 63)
			at += int((63 - left) >> 3)
			left |= 56
		}
		if e&isTable != 0 {
			e = z.lit[(e>>16&valueBits+uint32(hold>>litBits)&(1<<(e>>8&15)-1))&(litRoom-1)]
		}
		hold >>= e & 63
		left -= uint(e & 63)
		switch {
		case e&isLiteral != 0:
			dst[o] = byte(e >> 16)
			o++
			continue
		case e&isBlockEnd != 0:
			done = true
			break loop
		case e == 0:
			ok = false
			break loop
		}
		extra := e >> 8 & 15
		length := int(e>>16&valueBits) + int(hold&(1<<extra-1))
		hold >>= extra
		left -= uint(extra)

		e = z.dist[hold&(1<<distBits-1)]
		if e&isDistTable != 0 {
			e = z.dist[(e>>16&distValue+uint32(hold>>distBits)&(1<<(e>>8&15)-1))&(distRoom-1)]
		}
		hold >>= e & 63
		left -= uint(e & 63)
		extra = e >> 8 & 15
		back := int(e>>16&distValue) + int(hold&(1<<extra-1))
		hold >>= extra
		left -= uint(extra)
		if e == 0 || back > o {
			ok = false
			break
		}
		repeat(dst, o, back, length)
		o += length
	}
	z.out, z.at, z.hold, z.left = dst[:o], at, hold, left
	return done, ok
}

// repeat copies length bytes from back bytes before o to o. It may write up to
// 16 bytes more, which the caller has room for and writes over.
func repeat(dst []byte, o, back, length int) {
	from := o - back
	if length <= 16 && back >= 8 {
		a := binary.LittleEndian.Uint64(dst[from:])
		binary.LittleEndian.PutUint64(dst[o:], a)
		b := binary.LittleEndian.Uint64(dst[from+8:]) // after the write above: they may overlap
		binary.LittleEndian.PutUint64(dst[o+8:], b)
		return
	}
	for end := o + length; o < end; {
		o += copy(dst[o:end], dst[from:o])
	}
}

// one undoes a single symbol. again tells that the block goes on.
func (z *inflater) one() (p progress, again bool) {
	z.fill()
	hold, left := z.hold, z.left
	e := z.lit[hold&(1<<litBits-1)]
	if e&isTable != 0 {
		e = z.lit[(e>>16&valueBits+uint32(hold>>litBits)&(1<<(e>>8&15)-1))&(litRoom-1)]
	}
	n := uint(e & 63)
	if n == 0 || n > left {
		return corrupt, false
	}
	hold >>= n
	left -= n
	switch {
	case e&isBlockEnd != 0:
		z.hold, z.left = hold, left
		return finished, false
	case e&isLiteral != 0:
		if len(z.out) == cap(z.out) {
			return needRoom, true
		}
		z.out = append(z.out, byte(e>>16))
		z.hold, z.left = hold, left
		return finished, true
	}
	extra := uint(e >> 8 & 15)
	length := int(e>>16&valueBits) + int(hold&(1<<extra-1))
	if left < extra {
		return corrupt, false
	}
	hold >>= extra
	left -= extra
	e = z.dist[hold&(1<<distBits-1)]
	if e&isDistTable != 0 {
		e = z.dist[(e>>16&distValue+uint32(hold>>distBits)&(1<<(e>>8&15)-1))&(distRoom-1)]
	}
	n, extra = uint(e&63), uint(e>>8&15)
	if n == 0 || n+extra > left {
		return corrupt, false
	}
	hold >>= n
	back := int(e>>16&distValue) + int(hold&(1<<extra-1))
	hold >>= extra
	left -= n + extra
	o := len(z.out)
	if back > o {
		return corrupt, false
	}
	if cap(z.out)-o < length {
		return needRoom, true
	}
	z.out = z.out[:o+length]
	for end, from := o+length, o-back; o < end; {
		o += copy(z.out[o:end], z.out[from:o])
	}
	z.hold, z.left = hold, left
	return finished, true
}
