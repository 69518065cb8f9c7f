package qr

import (
	"slices"
	"testing"

	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"pgregory.net/rapid"
)

// Errors and erasures within 2*errors + erasures <= check bytes are always
// repaired; words come from gozxing's encoder.
func TestCorrectsWithinReach(t *testing.T) {
	f := newField()
	enc := reedsolomon.NewReedSolomonEncoder(reedsolomon.GenericGF_QR_CODE_FIELD_256)
	rapid.Check(t, func(t *rapid.T) {
		nsym := rapid.IntRange(4, 30).Draw(t, "nsym")
		k := rapid.IntRange(1, 120).Draw(t, "k")
		ints := make([]int, k+nsym)
		for i := range k {
			ints[i] = rapid.IntRange(0, 255).Draw(t, "byte")
		}
		if err := enc.Encode(ints, nsym); err != nil {
			t.Fatal(err)
		}
		want := make([]uint8, len(ints))
		for i, v := range ints {
			want[i] = uint8(v)
		}
		erasures := rapid.IntRange(0, nsym).Draw(t, "erasures")
		errors := rapid.IntRange(0, (nsym-erasures)/2).Draw(t, "errors")
		erasures, errors = min(erasures, len(want)), min(errors, max(0, len(want)-erasures))
		perm := rapid.Permutation(indexes(len(want))).Draw(t, "places")
		word := slices.Clone(want)
		for _, p := range perm[:erasures] {
			word[p] = uint8(rapid.IntRange(0, 255).Draw(t, "erased"))
		}
		for _, p := range perm[erasures : erasures+errors] {
			word[p] ^= uint8(rapid.IntRange(1, 255).Draw(t, "error"))
		}
		n, ok := f.correct(word, nsym, perm[:erasures])
		if !ok || !slices.Equal(word, want) {
			t.Fatalf("not repaired: ok %v", ok)
		}
		if n != errors {
			t.Fatalf("counted %d errors, made %d", n, errors)
		}
	})
}

func indexes(n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = i
	}
	return v
}

// chance must refuse what accident could make: the corrections that ISO/IEC
// 18004 gives up in the small versions.
func TestEvidence(t *testing.T) {
	for _, c := range []struct {
		name          string
		n, nsym, errs int
		erased        int
		believed      bool
	}{
		{"1-L two errors", 26, 7, 2, 0, true},
		{"1-L three errors", 26, 7, 3, 0, false},
		{"1-M four errors", 26, 10, 4, 0, true},
		{"1-M five errors", 26, 10, 5, 0, false},
		{"10-L nine errors", 86, 18, 9, 0, true},
		{"10-L all erased", 86, 18, 0, 18, false},
		{"10-L fourteen erased", 86, 18, 0, 14, true},
	} {
		if got := chance(c.n, c.nsym, c.errs, c.erased) >= minEvidence; got != c.believed {
			t.Errorf("%s: believed %v, evidence %.1f bits", c.name, got, chance(c.n, c.nsym, c.errs, c.erased))
		}
	}
}
