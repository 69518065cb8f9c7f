package shl

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
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
	out, err := inflateWith(deflated, limit, rawDeflate)
	if err == nil || err.Reason == InflatedTooBig || !zlibHeader(deflated) {
		return out, false, err
	}
	wrapped, zerr := inflateWith(deflated, limit, zlibDeflate)
	if zerr != nil {
		return nil, false, err
	}
	return wrapped, true, nil
}

type opener func(*bytes.Reader) (io.Reader, error)

func rawDeflate(r *bytes.Reader) (io.Reader, error) { return flate.NewReader(r), nil }

func zlibDeflate(r *bytes.Reader) (io.Reader, error) { return zlib.NewReader(r) }

// zlibHeader is the check of RFC 1950 2.2.
func zlibHeader(b []byte) bool {
	return len(b) > 2 && b[0]&0x0f == 8 && (uint(b[0])<<8|uint(b[1]))%31 == 0
}

func inflateWith(deflated []byte, limit int64, open opener) ([]byte, *Error) {
	source := bytes.NewReader(deflated)
	r, err := open(source)
	if err != nil {
		return nil, fail(StageDecrypt, InflateFailed, "deflate")
	}
	n := int64(len(deflated))
	buf := make([]byte, 0, min(sampleSize, limit+1))
	for {
		if len(buf) == cap(buf) {
			next := room(int64(len(buf)), n-int64(source.Len()), n)
			if next > max(suspicious*n, alwaysHonest) {
				size, err := inflatedSize(deflated, limit, open)
				if err != nil {
					phi.Wipe(buf)
					return nil, err
				}
				next = size
			}
			grown := make([]byte, len(buf), max(min(next, limit), int64(len(buf)))+1)
			copy(grown, buf)
			phi.Wipe(buf)
			buf = grown
		}
		k, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+k]
		if int64(len(buf)) > limit {
			phi.Wipe(buf)
			return nil, fail(StageDecrypt, InflatedTooBig, "")
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			phi.Wipe(buf)
			return nil, fail(StageDecrypt, InflateFailed, "deflate")
		}
	}
	if source.Len() > 0 {
		phi.Wipe(buf)
		return nil, fail(StageDecrypt, InflateFailed, "bytes after the end")
	}
	return buf, nil
}

// inflatedSize counts without keeping anything.
func inflatedSize(deflated []byte, limit int64, open opener) (int64, *Error) {
	r, err := open(bytes.NewReader(deflated))
	if err != nil {
		return 0, fail(StageDecrypt, InflateFailed, "deflate")
	}
	size, err := io.Copy(io.Discard, io.LimitReader(r, limit+1))
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
