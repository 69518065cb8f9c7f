package fhir

import (
	"bytes"
	"math/big"
	"slices"
	"strings"
)

// Canonical writes JSON in one spelling: members sorted, escapes decoded,
// numbers as mantissa and exponent, white space and empty elements gone. Two
// values with equal canonical forms say the same.
type Canonical struct {
	// Ref maps what a Reference or a pointing Attachment.url says. Where it is
	// nil, the whole Reference object is replaced by a mark: what remains is the
	// skeleton of a resource, the same in every Bundle and on every server.
	Ref func(uri string) string
	// Pointer tells an Attachment.url that names a resource from a web address.
	Pointer func(url string) bool
	// Narrative keeps the text of resources; servers clean or generate it.
	Narrative bool
}

const refMark = `"@"`

// Append writes r without what belongs to its server: id and meta.
func (c Canonical) Append(dst []byte, r Resource) []byte {
	dst, _ = c.value(slices.Grow(dst, len(r.raw)), r.raw, 0, true)
	return dst
}

// AppendValue writes any value.
func (c Canonical) AppendValue(dst []byte, v Value) []byte {
	if !v.Exists() {
		return dst
	}
	dst, _ = c.value(dst, v.raw, 0, false)
	return dst
}

// value writes the value at i and returns the index after it. Every byte is
// looked at once; sorting moves what was written.
func (c Canonical) value(dst, b []byte, i int, root bool) ([]byte, int) {
	if i >= len(b) {
		return dst, i
	}
	switch b[i] {
	case '{':
		return c.object(dst, b, i, root)
	case '[':
		start := len(dst)
		dst = append(dst, '[')
		i = skipSpace(b, i+1)
		for i < len(b) && b[i] != ']' {
			if len(dst) > start+1 {
				dst = append(dst, ',')
			}
			dst, i = c.value(dst, b, i, false)
			i = skipSpace(b, i)
			if i < len(b) && b[i] == ',' {
				i = skipSpace(b, i+1)
			}
		}
		return append(dst, ']'), min(i+1, len(b))
	case '"':
		end := skipString(b, i)
		return appendString(dst, b[i:end]), end
	}
	end := skipValue(b, i)
	if n := string(b[i:end]); n[0] == '-' || n[0] >= '0' && n[0] <= '9' {
		return append(dst, PlainNumber(n)...), end
	}
	return append(dst, b[i:end]...), end
}

// appendString writes a JSON string as Quote would write its content.
func appendString(dst, raw []byte) []byte {
	plain := true
	for _, ch := range raw[1 : len(raw)-1] {
		if ch == '\\' || ch >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return append(dst, raw...)
	}
	return append(dst, Quote(Value{raw: raw}.String())...)
}

// segment is one member as it stands in dst.
type segment struct {
	key        []byte
	start, end int
}

func (c Canonical) object(dst, b []byte, i int, root bool) ([]byte, int) {
	var buf [24]segment
	segs := buf[:0]
	open := len(dst)
	dst = append(dst, '{')
	isResource, isRef := root, false
	at := skipSpace(b, i+1)
	for at < len(b) && b[at] == '"' {
		kend := skipString(b, at)
		key := plainKey(b[at+1 : kend-1])
		v := skipSpace(b, skipSpace(b, kend)+1)
		var end int
		text := v < len(b) && b[v] == '"'
		switch {
		case string(key) == "reference" && text && c.Ref == nil:
			isRef = true
			end = skipString(b, v)
		case root && c.dropped(key):
			end = skipValue(b, v)
		default:
			if string(key) == "resourceType" {
				isResource = true
			}
			start := len(dst)
			dst = appendString(dst, b[at:kend])
			dst = append(dst, ':')
			body := len(dst)
			switch {
			case string(key) == "reference" && text:
				end = skipString(b, v)
				dst = append(dst, Quote(c.Ref(Value{raw: b[v:end]}.String()))...)
			case string(key) == "url" && text && !root && c.Pointer != nil && c.Pointer(Value{raw: b[v:skipString(b, v)]}.String()):
				end = skipString(b, v)
				if c.Ref == nil {
					dst = append(dst, refMark...)
				} else {
					dst = append(dst, Quote(c.Ref(Value{raw: b[v:end]}.String()))...)
				}
			default:
				dst, end = c.value(dst, b, v, false)
			}
			if w := dst[body:]; len(w) == 2 && (w[0] == '{' || w[0] == '[') {
				dst = dst[:start] // empty: says nothing, and servers drop it
			} else {
				segs = append(segs, segment{key, start, len(dst)})
			}
		}
		at = skipSpace(b, end)
		if at < len(b) && b[at] == ',' {
			at = skipSpace(b, at+1)
		}
	}
	at = min(at+1, len(b))
	if isRef {
		return append(dst[:open], refMark...), at
	}
	if isResource {
		segs = slices.DeleteFunc(segs, func(s segment) bool {
			return string(s.key) == "meta" || !c.Narrative && (string(s.key) == "text" || string(s.key) == "_text")
		})
	}
	return order(dst, segs, open), at
}

// dropped names the members of the outermost resource that are not written.
func (c Canonical) dropped(key []byte) bool {
	switch string(key) {
	case "id", "_id", "meta":
		return true
	case "text", "_text":
		return !c.Narrative
	}
	return false
}

// order rewrites the members after open in the order of their keys. They are
// put together behind what is written and moved to their place from there.
func order(dst []byte, segs []segment, open int) []byte {
	slices.SortFunc(segs, func(a, b segment) int { return bytes.Compare(a.key, b.key) })
	end := len(dst)
	for i, s := range segs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, dst[s.start:s.end]...)
	}
	n := copy(dst[open+1:], dst[end:])
	return append(dst[:open+1+n], '}')
}

// PlainNumber writes equal numbers equally: 1.0, 1.00 and 10E-1 are "1E0".
func PlainNumber(n string) string {
	if len(n) < 16 && !strings.ContainsAny(n, ".eE") && n[len(n)-1] != '0' {
		return n + "E0" // the common whole number
	}
	neg := strings.HasPrefix(n, "-")
	mant, exp, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(n, "-")), "e")
	whole, frac, _ := strings.Cut(mant, ".")
	if len(exp) > 12 {
		return n // out of all reason: its own spelling is its name
	}
	e := new(big.Int)
	if exp != "" {
		e.SetString(strings.TrimPrefix(exp, "+"), 10)
	}
	e.Sub(e, big.NewInt(int64(len(frac))))
	digits := strings.TrimLeft(whole+frac, "0")
	short := strings.TrimRight(digits, "0")
	e.Add(e, big.NewInt(int64(len(digits)-len(short))))
	if short == "" {
		return "0E0"
	}
	if neg {
		short = "-" + short
	}
	return short + "E" + e.String()
}

// Same tells whether two resources say the same apart from id, meta and
// narrative, each side's references mapped by its own function. It is the
// comparison of canonical forms with a short way: members that are equal byte
// for byte are not taken apart.
func Same(a, b Resource, refA, refB func(string) string, pointer func(string) bool) bool {
	var buf [32]member
	other := buf[:0]
	for m := range b.Value().members() {
		if !ofItsPlace(m.key) {
			other = append(other, m)
		}
	}
	ca, cb := Canonical{Ref: refA, Pointer: pointer}, Canonical{Ref: refB, Pointer: pointer}
	for m := range a.Value().members() {
		if ofItsPlace(m.key) {
			continue
		}
		at := slices.IndexFunc(other, func(o member) bool { return bytes.Equal(plainKey(o.key), plainKey(m.key)) })
		if at < 0 {
			if says(ca.AppendValue(nil, m.value)) {
				return false
			}
			continue
		}
		w := other[at].value
		other = slices.Delete(other, at, at+1)
		if bytes.Equal(m.value.raw, w.raw) && !bytes.Contains(m.value.raw, []byte(`"reference"`)) {
			continue
		}
		if !bytes.Equal(ca.AppendValue(nil, m.value), cb.AppendValue(nil, w)) {
			return false
		}
	}
	return !slices.ContainsFunc(other, func(o member) bool { return says(cb.AppendValue(nil, o.value)) })
}

func says(canonical []byte) bool {
	return string(canonical) != "[]" && string(canonical) != "{}"
}

// ofItsPlace names the members of a resource that its server owns or tends.
func ofItsPlace(key []byte) bool {
	switch string(plainKey(key)) {
	case "id", "_id", "meta", "text", "_text":
		return true
	}
	return false
}
