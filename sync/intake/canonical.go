package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"

	"shlkiosk/sync/fhir"
)

// canon writes JSON in one spelling: members sorted, escapes decoded, numbers
// as mantissa and exponent without trailing zeros. Two resources with equal
// canonical forms say the same.
type canon struct {
	// ref maps what a reference says. nil takes whole Reference objects out:
	// the result is the skeleton of a resource, the same in every Bundle and on
	// every server.
	ref func(uri string) string
	// narrative keeps text: servers clean or generate it, so comparing needs
	// to be able to do without.
	narrative bool
}

const refMark = `"@"`

// append writes v. root leaves out what belongs to the server (id, meta).
func (c canon) append(dst []byte, v fhir.Value, root bool) []byte {
	switch {
	case v.IsObject():
		return c.object(dst, v, root)
	case v.IsArray():
		dst = append(dst, '[')
		for i, e := range v.Elements() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = c.append(dst, e, false)
		}
		return append(dst, ']')
	case v.IsString():
		return append(dst, fhir.Quote(v.String())...)
	}
	if n := v.Number(); n != "" {
		return append(dst, plainNumber(n)...)
	}
	return append(dst, v.Raw()...)
}

type pair struct {
	key   string
	value fhir.Value
}

func (c canon) object(dst []byte, v fhir.Value, root bool) []byte {
	var buf [16]pair
	members := buf[:0]
	resource := false
	for k, m := range v.Members() {
		if k == "reference" && m.IsString() && c.ref == nil {
			return append(dst, refMark...)
		}
		resource = resource || k == "resourceType"
		members = append(members, pair{k, m})
	}
	slices.SortFunc(members, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	dst = append(dst, '{')
	first := true
	for _, m := range members {
		switch m.key {
		case "id", "_id":
			if root {
				continue
			}
		case "meta":
			if root || resource {
				continue
			}
		case "text", "_text":
			if resource && !c.narrative {
				continue
			}
		}
		if (m.value.IsArray() || m.value.IsObject()) && m.value.Len() == 0 {
			continue // empty elements say nothing, and servers drop them
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, fhir.Quote(m.key)...)
		dst = append(dst, ':')
		uri := m.value.String()
		switch {
		case m.key == "reference" && m.value.IsString():
			dst = append(dst, fhir.Quote(c.ref(uri))...)
		case m.key == "url" && m.value.IsString() && !root && mayBeInRecord(uri):
			if c.ref == nil {
				dst = append(dst, refMark...)
			} else {
				dst = append(dst, fhir.Quote(c.ref(uri))...)
			}
		default:
			dst = c.append(dst, m.value, false)
		}
	}
	return append(dst, '}')
}

// plainNumber writes equal numbers equally: 1.0, 1.00 and 10E-1 are "1E0".
func plainNumber(n string) string {
	neg := strings.HasPrefix(n, "-")
	n = strings.TrimPrefix(n, "-")
	mant, exp, _ := strings.Cut(strings.ToLower(n), "e")
	whole, frac, _ := strings.Cut(mant, ".")
	e := new(big.Int)
	if exp != "" {
		if len(exp) > 12 {
			return n // out of all reason: its own spelling is its name
		}
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

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// skeleton is the hash of what a resource says apart from its references.
func skeleton(r fhir.Resource) string { return digest(canon{}.append(nil, r.Value(), true)) }

// contentHash is the hash of an entry's source content with the skeletons of
// what it refers to: equal for the same content in another Bundle with other
// ids. It is what the content tag holds.
func (it *item) contentHash() string {
	if it.content == "" {
		b := canon{}.append(nil, it.res.Value(), true)
		for _, e := range it.edges {
			if e.target != nil && e.target != it {
				b = append(b, e.target.sourceSkeleton()...)
			}
		}
		it.content = digest(b)
	}
	return it.content
}

func (it *item) sourceSkeleton() string {
	if it.skel == "" {
		it.skel = skeleton(it.res)
	}
	return it.skel
}
