package qr

import (
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// byteSegment is the data of one byte segment in a version below 10.
func byteSegment(b []byte) []uint8 {
	bits := []int{0, 1, 0, 0}
	put := func(v, n int) {
		for i := n - 1; i >= 0; i-- {
			bits = append(bits, v>>i&1)
		}
	}
	put(len(b), 8)
	for _, c := range b {
		put(int(c), 8)
	}
	put(0, 4)
	var out []uint8
	for i := 0; i < len(bits); i += 8 {
		var v uint8
		for k := range 8 {
			v <<= 1
			if i+k < len(bits) {
				v |= uint8(bits[i+k])
			}
		}
		out = append(out, v)
	}
	return out
}

func TestTextOf(t *testing.T) {
	v, err := decoder.Version_GetVersionForNumber(5)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, bytes, want string }{
		{"ASCII", "shlink:/abc-_", "shlink:/abc-_"},
		{"UTF-8", "Ärztin 漢 €", "Ärztin 漢 €"},
		{"short UTF-8", "ä", "ä"},
		{"ISO-8859-1", "Gr\xfc\xdfe aus K\xf6ln", "Grüße aus Köln"},
	} {
		got, ok := textOf(byteSegment([]byte(c.bytes)), v, decoder.ErrorCorrectionLevel_M)
		if !ok || got != c.want {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
	if _, ok := textOf([]uint8{0x4f, 0xff}, v, decoder.ErrorCorrectionLevel_M); ok {
		t.Error("a segment longer than the data was taken")
	}
}
