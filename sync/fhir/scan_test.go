package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// acceptable is what scan promises, said slowly and in another way: JSON after
// encoding/json, in UTF-8, without half surrogates, no name twice in an object,
// not too deep.
func acceptable(b []byte, maxDepth int) bool {
	if !utf8.Valid(b) || !json.Valid(b) || halfSurrogate(b) {
		return false
	}
	type open struct {
		names map[string]bool // nil in an array
		value bool            // a value comes next, not a name
	}
	var stack []open
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err != nil {
			return len(stack) == 0
		}
		switch t {
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
			continue
		}
		if n := len(stack); n > 0 && stack[n-1].names != nil {
			top := &stack[n-1]
			if !top.value {
				name := t.(string)
				if top.names[name] {
					return false
				}
				top.names[name], top.value = true, true
				continue
			}
			top.value = false
		}
		switch t {
		case json.Delim('{'):
			stack = append(stack, open{names: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, open{})
		}
		if len(stack) > maxDepth {
			return false
		}
	}
}

func halfSurrogate(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		i++
		if b[i] != 'u' {
			continue
		}
		u, _ := hex4(b, i+1)
		i += 4
		if !utf16.IsSurrogate(rune(u)) {
			continue
		}
		if u >= 0xDC00 || i+6 >= len(b) || b[i+1] != '\\' || b[i+2] != 'u' {
			return true
		}
		low, _ := hex4(b, i+3)
		if low < 0xDC00 || low > 0xDFFF {
			return true
		}
		i += 6
	}
	return false
}

// sameVerdict holds scan to acceptable, and to keeping its hands off the bytes.
func sameVerdict(t *testing.T, in []byte) {
	t.Helper()
	b := bytes.TrimPrefix(in, []byte("\xef\xbb\xbf"))
	before := bytes.Clone(b)
	_, err := scan(b, 64, 1000)
	if want := acceptable(b, 64); (err == nil) != want {
		t.Fatalf("%q: scan says %v, acceptable %v", in, err, want)
	}
	if !bytes.Equal(before, b) {
		t.Fatalf("%q: the bytes were changed", before)
	}
}

// Objects whose names are alike in all the ways that a comparison of words
// could mistake: the same beginning, end, length, one bit apart, with white
// space before the colon, escaped; in places where objects went another way
// before; now and then twice in one object.
func TestScanTellsNamesApart(t *testing.T) {
	r := rand.New(rand.NewPCG(20261123, 33))
	for round := range 300 {
		base := strings.Repeat("abcdefgh", 10)
		names := []string{"", "id", "status"}
		for range 3 + r.IntN(8) {
			b := []byte(base[:1+r.IntN(1+r.IntN(70))])
			if r.IntN(2) == 0 {
				b[r.IntN(len(b))] ^= 1 << r.IntN(5)
			}
			for i, c := range b {
				if c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
					b[i] = '_'
				}
			}
			names = append(names, string(b))
		}
		texts := []string{`""`, `"http://loinc.org"`, `"http://loinc.orG"`, `"http://loinc.org/x"`, `"2024-01-02"`, `"2024-01-03"`, `"12345678\""`, `"12345678\\"`, `"ä€😀abcdefgh"`}
		if round%10 == 0 {
			texts = append(texts, "\"bad\xffbytes\"", "\"new\nline\"", `"\ud800 half"`, `"open`)
		}
		var value func(depth int) string
		object := func(depth int) string {
			var parts []string
			order := r.Perm(len(names))[:r.IntN(len(names))]
			if r.IntN(2) == 0 { // mostly the same way as before
				order = order[:0]
				for i := range r.IntN(len(names)) {
					order = append(order, i)
				}
			}
			if r.IntN(40) == 0 && len(order) > 0 {
				order = append(order, order[r.IntN(len(order))])
			}
			for _, i := range order {
				name := names[i]
				if r.IntN(30) == 0 && name != "" {
					name = fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
				}
				gap := [...]string{"", "", "", "", " ", "\n\t"}[r.IntN(6)]
				parts = append(parts, `"`+name+`"`+gap+":"+[...]string{"", "", " "}[r.IntN(3)]+value(depth-1))
			}
			return "{" + strings.Join(parts, [...]string{",", ",", ", ", ",\n          "}[r.IntN(4)]) + "}"
		}
		value = func(depth int) string {
			if depth > 0 && r.IntN(3) == 0 {
				if r.IntN(2) == 0 {
					return object(depth)
				}
				var list []string
				for range r.IntN(6) {
					list = append(list, value(depth-1))
				}
				return "[" + strings.Join(list, ",") + "]"
			}
			return [...]string{texts[r.IntN(len(texts))], texts[r.IntN(len(texts))], "1.50", "true", "null", "-0"}[r.IntN(6)]
		}
		var all []string
		for range 1 + r.IntN(30) {
			all = append(all, object(3))
		}
		sameVerdict(t, []byte("["+strings.Join(all, ",")+"]"))
	}
}

// Wide, deep and many: what is above the bounds of the shapes is judged alike.
func TestScanBeyondTheShapes(t *testing.T) {
	wide := func(n int, twice bool) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(`"k%d":[{"a%d":1}]`, i, i%7))
		}
		if twice {
			parts = append(parts, `"k3":{"b":1}`)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	for _, n := range []int{mostBeside - 1, mostBeside + 1, mostSteps - 1, mostSteps, mostSteps + 1, mostShapes + 1} {
		sameVerdict(t, []byte("["+wide(n, false)+","+wide(n, false)+"]"))
		sameVerdict(t, []byte("["+wide(n, false)+","+wide(n, true)+"]"))
		var others []string // each beginning with another name
		for i := range n {
			others = append(others, fmt.Sprintf(`{"x%d":1,"y":2,"z%d":{"x%d":{}}}`, i, i, i))
		}
		sameVerdict(t, []byte("["+strings.Join(others, ",")+"]"))
		sameVerdict(t, []byte("["+strings.Join(others, ",")+`,{"x1":1,"y":2,"x1":3}]`))
	}
	for _, n := range []int{62, 63, 64, 65} {
		sameVerdict(t, []byte(strings.Repeat(`{"a":`, n)+"1"+strings.Repeat("}", n)))
		sameVerdict(t, []byte(strings.Repeat(`[`, n)+"1"+strings.Repeat("]", n)))
	}
}
