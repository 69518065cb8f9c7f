package fhir

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestPlainNumber(t *testing.T) {
	for _, same := range [][]string{{"1", "1.0", "1.00", "10E-1", "0.1e1", "1e0"}, {"0", "0.0", "-0.0", "0E5"}, {"-120", "-1.2e2", "-120.000"}, {"1E-22", "0.1E-21"}, {"1e999999", "10e999998"}} {
		for _, n := range same[1:] {
			if PlainNumber(n) != PlainNumber(same[0]) {
				t.Errorf("%s and %s: %s %s", same[0], n, PlainNumber(same[0]), PlainNumber(n))
			}
		}
	}
	if PlainNumber("1.0") == PlainNumber("1.01") || PlainNumber("-1") == PlainNumber("1") || PlainNumber("1e99999999999999") == "" {
		t.Error("different numbers read equal")
	}
}

// TestCanonicalForgetsSpellingOnly: another order of members, other white
// space and other escapes give the same form; another content gives another.
func TestCanonicalForgetsSpellingOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genJSON(3).Draw(t, "v")
		w := genJSON(3).Draw(t, "w")
		seed := rapid.Uint64().Draw(t, "seed")
		one := respell(v, rand.New(rand.NewPCG(seed, 1)))
		two := respell(v, rand.New(rand.NewPCG(seed, 2)))
		if a, b := canonOf(t, one), canonOf(t, two); a != b {
			t.Fatalf("%s and %s: %s, %s", one, two, a, b)
		}
		plain, _ := json.Marshal(v)
		other, _ := json.Marshal(w)
		if string(plain) != string(other) && canonOf(t, string(plain)) == canonOf(t, string(other)) && says(plain) && says(other) && !hollow(v) && !hollow(w) {
			t.Fatalf("%s and %s read equal", plain, other)
		}
	})
}

// hollow tells that there are empty elements inside, which canonical forms
// leave out.
func hollow(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return true
		}
		for k, x := range v {
			if k == "reference" || k == "meta" || k == "text" || k == "id" || k == "_id" || k == "_text" || hollow(x) {
				return true
			}
		}
	case []any:
		if len(v) == 0 {
			return true
		}
		for _, x := range v {
			if hollow(x) {
				return true
			}
		}
	}
	return false
}

func canonOf(t *rapid.T, s string) string {
	r, err := ParseResource([]byte(`{"resourceType":"Basic","v":`+s+`}`), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return string(Canonical{}.AppendValue(nil, r.Get("v")))
}

// respell writes v as JSON in a random spelling.
func respell(v any, rng *rand.Rand) string {
	space := func() string { return []string{"", " ", "\n"}[rng.IntN(3)] }
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		s := "{" + space()
		for i, k := range keys {
			if i > 0 {
				s += ","
			}
			s += space() + respell(k, rng) + space() + ":" + space() + respell(v[k], rng) + space()
		}
		return s + "}"
	case []any:
		s := "["
		for i, x := range v {
			if i > 0 {
				s += "," + space()
			}
			s += respell(x, rng)
		}
		return s + space() + "]"
	}
	b, _ := json.Marshal(v)
	return string(b)
}
