package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"

	"shlkiosk/sync/phi"
)

// Value is a view of one JSON value inside a resource. It copies nothing and
// re-encodes nothing. The zero Value is "absent": it exists not, and every
// further Get of it is absent too, so a path can be followed without checks.
type Value struct {
	raw []byte
	off int // of raw in the resource it was taken from
}

// Exists tells whether there is a value, a JSON null included.
func (v Value) Exists() bool { return len(v.raw) > 0 }

// Raw is the value as written, nil when absent. It must not be changed.
func (v Value) Raw() json.RawMessage { return v.raw }

func (v Value) first() byte {
	if len(v.raw) == 0 {
		return 0
	}
	return v.raw[0]
}

// IsObject, IsArray and IsString tell the kind of the value.
func (v Value) IsObject() bool { return v.first() == '{' }

// IsArray tells whether the value is an array.
func (v Value) IsArray() bool { return v.first() == '[' }

// IsString tells whether the value is a string.
func (v Value) IsString() bool { return v.first() == '"' }

// String is the content of a JSON string, "" for every other kind.
func (v Value) String() string {
	if !v.IsString() || len(v.raw) < 2 {
		return ""
	}
	inner := v.raw[1 : len(v.raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	return string(unescape(inner))
}

// Number is a JSON number exactly as written ("1.00"), "" for other kinds.
func (v Value) Number() string {
	if c := v.first(); c == '-' || c >= '0' && c <= '9' {
		return string(v.raw)
	}
	return ""
}

// Bool is true for the JSON literal true only.
func (v Value) Bool() bool { return string(v.raw) == "true" }

// Array returns the elements of an array, nil for other kinds.
func (v Value) Array() []Value {
	var out []Value
	for _, e := range v.Elements() {
		out = append(out, e)
	}
	return out
}

// Len is the number of elements of an array or members of an object.
func (v Value) Len() int {
	n := 0
	for range v.Elements() {
		n++
	}
	for range v.Members() {
		n++
	}
	return n
}

// Keys returns the member names of an object in their order.
func (v Value) Keys() []string {
	var out []string
	for k := range v.Members() {
		out = append(out, k)
	}
	return out
}

// Elements walks an array in order.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if !v.IsArray() {
			return
		}
		b := v.raw
		i := skipSpace(b, 1)
		for n := 0; i < len(b) && b[i] != ']'; n++ {
			end := skipValue(b, i)
			if !yield(n, Value{raw: b[i:end:end], off: v.off + i}) {
				return
			}
			i = skipSpace(b, end)
			if i < len(b) && b[i] == ',' {
				i = skipSpace(b, i+1)
			}
		}
	}
}

// member is one key and value of an object with its place in the bytes.
type member struct {
	key        []byte // between the quotes, as written
	start, end int    // from the quote of the key to the end of the value
	value      Value
}

func (m member) name() string {
	if bytes.IndexByte(m.key, '\\') < 0 {
		return string(m.key)
	}
	return string(unescape(m.key))
}

func (m member) is(name string) bool {
	if bytes.IndexByte(m.key, '\\') < 0 {
		return string(m.key) == name
	}
	return string(unescape(m.key)) == name
}

func (v Value) members() iter.Seq[member] {
	return func(yield func(member) bool) {
		if !v.IsObject() {
			return
		}
		b := v.raw
		i := skipSpace(b, 1)
		for i < len(b) && b[i] == '"' {
			k := skipString(b, i)
			at := skipSpace(b, k)
			at = skipSpace(b, at+1) // the colon
			end := skipValue(b, at)
			if end <= at || at > len(b) {
				return
			}
			m := member{key: b[i+1 : k-1], start: v.off + i, end: v.off + end,
				value: Value{raw: b[at:end:end], off: v.off + at}}
			if !yield(m) {
				return
			}
			i = skipSpace(b, end)
			if i < len(b) && b[i] == ',' {
				i = skipSpace(b, i+1)
			}
		}
	}
}

// Members walks an object in its order.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for m := range v.members() {
			if !yield(m.name(), m.value) {
				return
			}
		}
	}
}

// Get follows a path of member names (string) and array indexes (int). Where
// the path leaves the data, or a part is of another type, the result is absent.
func (v Value) Get(path ...any) Value {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.member(p)
		case int:
			v = v.element(p)
		default:
			return Value{}
		}
		if !v.Exists() {
			return Value{}
		}
	}
	return v
}

func (v Value) member(name string) Value {
	for m := range v.members() {
		if m.is(name) {
			return m.value
		}
	}
	return Value{}
}

func (v Value) element(n int) Value {
	for i, e := range v.Elements() {
		if i == n {
			return e
		}
	}
	return Value{}
}

// Format prints "[redacted]" for every verb: fmt must not call String.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, phi.Redacted) }

// LogValue implements slog.LogValuer.
func (Value) LogValue() slog.Value { return slog.StringValue(phi.Redacted) }
