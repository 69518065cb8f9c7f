package shl

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/adler32"
	"io"

	"shlkiosk/sync/phi"
)

const (
	sampleSize   = 64 << 10 // inflated first; its ratio says how much room the rest needs
	secondSample = 1 << 20  // and once more here, where the ratio is settled
	suspicious   = 32       // above this ratio the size is counted before it is allocated
	alwaysHonest = 1 << 20  // below this nothing is counted
)

// inflate undoes raw DEFLATE (RFC 1951) under an absolute bound and no bound
// on the ratio: a record with ten thousand alike observations is honest. A
// bomb costs its counting and no memory. Bytes after the stream are refused; a
// zlib wrapper, a known mistake of senders, is read and reported.
func inflate(deflated []byte, limit int64) ([]byte, bool, *Error) {
	out, used, err := inflateRaw(deflated, limit)
	if err == nil && used < len(deflated) {
		phi.Wipe(out)
		err = fail(StageDecrypt, InflateFailed, "bytes after the end")
	}
	if err == nil {
		return out, false, nil
	}
	if err.Reason != InflatedTooBig && zlibHeader(deflated) {
		if out, ok := unwrapZlib(deflated, limit); ok {
			return out, true, nil
		}
	}
	return nil, false, err
}

// zlibHeader is the check of RFC 1950 2.2: method 8, a window of at most 32 kB,
// no preset dictionary.
func zlibHeader(b []byte) bool {
	return len(b) > 2 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && b[1]&0x20 == 0 && (uint(b[0])<<8|uint(b[1]))%31 == 0
}

// unwrapZlib reads a whole zlib stream: header, deflated, Adler-32.
func unwrapZlib(b []byte, limit int64) ([]byte, bool) {
	const head, sum = 2, 4
	out, used, err := inflateRaw(b[head:], limit)
	if err != nil {
		return nil, false
	}
	if rest := b[head+used:]; len(rest) != sum || binary.BigEndian.Uint32(rest) != adler32.Checksum(out) {
		phi.Wipe(out)
		return nil, false
	}
	return out, true
}

// inflateRaw returns what the stream at the beginning of deflated holds, and
// how many bytes the stream has.
func inflateRaw(deflated []byte, limit int64) ([]byte, int, *Error) {
	n := int64(len(deflated))
	z := &inflater{src: deflated, out: make([]byte, 0, min(sampleSize, limit+1))}
	for {
		switch z.run() {
		case finished:
			if int64(len(z.out)) > limit {
				phi.Wipe(z.out)
				return nil, 0, fail(StageDecrypt, InflatedTooBig, "")
			}
			return z.out, z.at, nil
		case corrupt:
			phi.Wipe(z.out)
			return nil, 0, fail(StageDecrypt, InflateFailed, "deflate")
		}
		if int64(cap(z.out)) > limit {
			phi.Wipe(z.out)
			return nil, 0, fail(StageDecrypt, InflatedTooBig, "")
		}
		next := room(int64(len(z.out)), int64(z.at), n)
		if next > max(suspicious*n, alwaysHonest) {
			size, err := inflatedSize(deflated, limit)
			if err != nil {
				phi.Wipe(z.out)
				return nil, 0, err
			}
			next = max(size, int64(len(z.out)))
		}
		// The longest match is more than what may be left of the room.
		grown := make([]byte, len(z.out), max(min(next, limit), min(int64(len(z.out))+longestMatch, limit))+1)
		copy(grown, z.out)
		phi.Wipe(z.out)
		z.out = grown
	}
}

// inflatedSize counts without keeping anything.
func inflatedSize(deflated []byte, limit int64) (int64, *Error) {
	size, err := io.Copy(io.Discard, io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), limit+1))
	if size > limit {
		return 0, fail(StageDecrypt, InflatedTooBig, "")
	}
	if err != nil {
		return 0, fail(StageDecrypt, InflateFailed, "deflate")
	}
	return size, nil
}

// room extrapolates the whole size from what has been inflated of the part of
// the input that was read, with a margin: the first block of a stream compresses worse than the rest.
func room(out, read, all int64) int64 {
	guess := float64(out) / float64(max(read, 1)) * float64(all)
	if out >= secondSample {
		return max(int64(guess*1.1), out+out/4)
	}
	next := max(int64(guess*1.3), out+out/4)
	if next > 2*secondSample {
		return secondSample
	}
	return next
}
