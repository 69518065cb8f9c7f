package shl

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"testing"
)

// beside is what the standard library makes of a stream that must be the whole
// of b and at most limit bytes long.
func beside(b []byte, limit int64, open func(io.Reader) (io.Reader, error)) ([]byte, bool) {
	source := bytes.NewReader(b)
	r, err := open(source)
	if err != nil {
		return nil, false
	}
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	return out, err == nil && int64(len(out)) <= limit && source.Len() == 0
}

func rawBeside(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil }

func zlibBeside(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }

// sameAsBeside fails when inflate accepts what the standard library refuses,
// refuses what it accepts, or gives other bytes.
func sameAsBeside(t *testing.T, b []byte, limit int64) {
	t.Helper()
	got, zlibbed, err := inflate(b, limit)
	want, ok := beside(b, limit, rawBeside)
	wrapped := false
	if !ok && int64(len(want)) <= limit {
		want, ok = beside(b, limit, zlibBeside)
		wrapped = ok
	}
	switch {
	case (err == nil) != ok:
		t.Fatalf("%d bytes, limit %d: accepted %v, by the standard library %v (%v)", len(b), limit, err == nil, ok, err)
	case ok && (!bytes.Equal(got, want) || zlibbed != wrapped):
		t.Fatalf("%d bytes, limit %d: other bytes (%d, want %d), zlib %v, want %v", len(b), limit, len(got), len(want), zlibbed, wrapped)
	case err != nil && got != nil:
		t.Fatal("plaintext beside an error")
	}
}

// What is inflated is what the standard library inflates, whoever made the
// stream: every level, stored and fixed blocks, flushes in between, short and
// far matches, and the same with bits flipped, cut off and lengthened.
func TestInflatesAsTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(20261123, 3))
	record := record(40<<10, 3)
	for round := range 150 {
		var plain []byte
		switch n := 1 + r.IntN(90<<10); r.IntN(5) {
		case 0: // nothing repeats
			for range n / 8 {
				plain = append(plain, byte(r.Uint32()))
			}
		case 1: // few letters: long codes of one symbol, short of others
			for range n {
				plain = append(plain, byte(r.ExpFloat64()*4))
			}
		case 2: // matches of every distance and length, and over themselves
			for len(plain) < n {
				if len(plain) == 0 || r.IntN(3) == 0 {
					plain = append(plain, byte(r.Uint32()))
					continue
				}
				back := 1 + int(float64(min(len(plain), 32768)-1)*r.Float64()*r.Float64()*r.Float64())
				for range 3 + r.IntN(256) {
					plain = append(plain, plain[len(plain)-back])
				}
			}
		case 3:
			plain = bytes.Clone(record[:min(n, len(record))])
		}
		var out bytes.Buffer
		var w interface {
			io.WriteCloser
			Flush() error
		}
		level := r.IntN(12) - 2 // HuffmanOnly to BestCompression
		if r.IntN(6) == 0 {
			w, _ = zlib.NewWriterLevel(&out, min(level, 9))
		} else {
			w, _ = flate.NewWriter(&out, min(level, 9))
		}
		for rest := plain; ; {
			n := min(len(rest), 1+r.IntN(30<<10))
			w.Write(rest[:n])
			if rest = rest[n:]; len(rest) == 0 {
				break
			}
			if r.IntN(2) == 0 {
				w.Flush()
			}
		}
		w.Close()
		b := out.Bytes()
		for _, limit := range []int64{1 << 20, int64(len(plain)), int64(len(plain)) - 1} {
			if limit >= 0 {
				sameAsBeside(t, b, limit)
			}
		}
		got, _, err := inflate(b, 1<<20)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("round %d: %v", round, err)
		}
		for range 6 {
			bad := bytes.Clone(b)
			switch r.IntN(4) {
			case 0:
				bad = bad[:r.IntN(len(bad))]
			case 1:
				bad = append(bad, byte(r.Uint32()))
			default:
				bad[r.IntN(min(len(bad), 1<<(1+r.IntN(16))))] ^= 1 << r.IntN(8)
			}
			sameAsBeside(t, bad, 1<<20)
		}
	}
}

// Streams that nobody's compressor makes, in hexadecimal where the bits are.
func TestInflateOddStreams(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":                    {},
		"one bit short of a header":  {0x01},
		"reserved block type":        {0x07},
		"empty fixed block":          {0x03, 0x00},
		"empty stored block":         {0x01, 0x00, 0x00, 0xff, 0xff},
		"stored, length not matched": {0x01, 0x01, 0x00, 0xff, 0xff, 'a'},
		"stored, cut":                {0x01, 0x02, 0x00, 0xfd, 0xff, 'a'},
		"fixed, length symbol 286":   {0x1b, 0x03, 0x00},
		"fixed, distance 30":         {0x63, 0x00, 0x3e, 0x00},
		"fixed, before the start":    {0x03, 0x02, 0x00},
		"no codes at all":            {0x05, 0xc0, 0x81, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0xff, 0x6b, 0x05, 0x00},
		"three empty, one full":      {0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0x01, 0x01, 0x00, 0xfe, 0xff, 'a'},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int64{0, 1, 1000} {
				sameAsBeside(t, b, limit)
			}
		})
	}
	// Every header of a dynamic block, as far as two bytes and zeros decide it.
	for v := range 1 << 14 {
		b := []byte{byte(v)<<3 | 5, byte(v >> 5), byte(v >> 13), byte(v), byte(v >> 8), 0, 0, 0, 0, 0, 0, 0}
		sameAsBeside(t, b, 1000)
	}
}
