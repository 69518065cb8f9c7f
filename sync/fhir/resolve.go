package fhir

import (
	"bytes"
	"strconv"
	"strings"
)

// Place names an entry in a set of Bundles by positions in the slices.
type Place struct{ Bundle, Entry int }

// Standing says what became of a reference.
type Standing int

// The standings of a [Resolution].
const (
	Missing     Standing = iota // literal or urn, but its target is not in the set
	Found                       // an entry of the set
	Internal                    // #fragment of a contained resource that is there
	Broken                      // #fragment without a contained resource
	Ambiguous                   // several entries answer to it with different content
	Conditional                 // Type?query: a search on the reader's server; never forwarded
)

// Resolution is the answer of [Index.Resolve].
type Resolution struct {
	Standing Standing
	Place    Place // when Found
}

// Index finds the targets of references in a set of Bundles that belong
// together, such as all files of one health link.
type Index struct {
	bundles []Bundle
	full    []map[string][]int // per Bundle: fullUrl -> entries
	local   []map[string][]int // per Bundle: Type/id -> entries
	bare    []map[string][]int // per Bundle: id -> entries without fullUrl
}

// NewIndex indexes the Bundles, which must not change afterwards.
func NewIndex(bundles ...Bundle) *Index {
	x := &Index{bundles: bundles}
	for _, b := range bundles {
		full, local, bare := map[string][]int{}, map[string][]int{}, map[string][]int{}
		for i, e := range b.Entries {
			if e.FullURL != "" {
				full[e.FullURL] = append(full[e.FullURL], i)
			}
			if id := e.Resource.ID(); id != "" {
				k := e.Resource.Type() + "/" + id
				local[k] = append(local[k], i)
				if e.FullURL == "" {
					bare[id] = append(bare[id], i)
				}
			}
		}
		x.full, x.local, x.bare = append(x.full, full), append(x.local, local), append(x.bare, bare)
	}
	return x
}

// Entry returns the entry at a place.
func (x *Index) Entry(p Place) Entry { return x.bundles[p.Bundle].Entries[p.Entry] }

// Resolve finds what the reference text means when it stands in the entry at
// from. In order (FHIR R4 bundle.html#references, widened by what senders do):
// #fragment; conditional; fullUrl as written, here and then in the other
// Bundles; relative to the base of the entry's own fullUrl; resource:N by
// position; type and id where that is unique here, then in the whole set. An
// absolute address is never taken for a relative one unless its target has no
// address of its own to contradict it. A version suffix is dropped: the Bundle
// holds one version.
func (x *Index) Resolve(from Place, text string) Resolution {
	switch {
	case strings.HasPrefix(text, "#"):
		return x.fragment(from, text[1:])
	case strings.Contains(text, "?"):
		return Resolution{Standing: Conditional}
	}
	if r := x.byFullURL(from, text); r.Standing != Missing {
		return r
	}
	if id, ok := strings.CutPrefix(text, "urn:uuid:"); ok {
		return x.pick(from.Bundle, x.bare[from.Bundle][id])
	}
	if n, ok := strings.CutPrefix(text, "resource:"); ok {
		return x.byPosition(from.Bundle, n)
	}
	lit, ok := ParseLiteral(text)
	if !ok {
		return Resolution{}
	}
	if lit.Base != "" {
		if lit.Version != "" {
			if r := x.byFullURL(from, lit.Base+"/"+lit.Local()); r.Standing != Missing {
				return r
			}
		}
		return x.byLocal(from.Bundle, lit.Local(), true)
	}
	if own, ok := ParseLiteral(x.Entry(from).FullURL); ok && own.Base != "" {
		if r := x.byFullURL(from, own.Base+"/"+lit.Local()); r.Standing != Missing {
			return r
		}
	}
	return x.byLocal(from.Bundle, lit.Local(), false)
}

func (x *Index) fragment(from Place, id string) Resolution {
	r := x.Entry(from).Resource
	if id == "" {
		return Resolution{Standing: Internal}
	}
	for _, c := range r.Get("contained").Elements() {
		if c.Get("id").String() == id {
			return Resolution{Standing: Internal}
		}
	}
	return Resolution{Standing: Broken}
}

func (x *Index) byFullURL(from Place, url string) Resolution {
	if r := x.pick(from.Bundle, x.full[from.Bundle][url]); r.Standing != Missing {
		return r
	}
	var found Resolution
	for b := range x.bundles {
		if b == from.Bundle || strings.HasPrefix(url, "resource:") {
			continue // resource:N counts inside one Bundle
		}
		r := x.pick(b, x.full[b][url])
		switch {
		case r.Standing == Missing:
		case found.Standing == Missing:
			found = r
		case !x.same(found.Place, r.Place):
			return Resolution{Standing: Ambiguous}
		}
	}
	return found
}

func (x *Index) byPosition(bundle int, n string) Resolution {
	i, err := strconv.Atoi(n)
	if err != nil {
		return Resolution{}
	}
	for k, e := range x.bundles[bundle].Entries {
		if e.Index == i && !strings.HasPrefix(e.FullURL, "resource:") {
			return Resolution{Standing: Found, Place: Place{bundle, k}}
		}
	}
	return Resolution{}
}

// byLocal looks for type and id here, then in the other Bundles. With absolute
// set, only entries without a web address of their own qualify.
func (x *Index) byLocal(bundle int, local string, absolute bool) Resolution {
	look := func(b int) Resolution {
		var fit []int
		for _, i := range x.local[b][local] {
			if absolute && strings.HasPrefix(x.bundles[b].Entries[i].FullURL, "http") {
				continue
			}
			fit = append(fit, i)
		}
		return x.pick(b, fit)
	}
	if r := look(bundle); r.Standing != Missing {
		return r
	}
	var found Resolution
	for b := range x.bundles {
		if b == bundle {
			continue
		}
		r := look(b)
		switch {
		case r.Standing == Missing:
		case r.Standing == Ambiguous, found.Standing == Found && !x.same(found.Place, r.Place):
			return Resolution{Standing: Ambiguous}
		default:
			found = r
		}
	}
	return found
}

// pick chooses among entries that share a name: one, or several of equal
// bytes, or the one whose meta.lastUpdated is the latest of all.
func (x *Index) pick(bundle int, entries []int) Resolution {
	if len(entries) == 0 {
		return Resolution{}
	}
	best, sure := entries[0], true
	for _, i := range entries[1:] {
		if x.same(Place{bundle, best}, Place{bundle, i}) {
			continue
		}
		a, b := x.updated(bundle, best), x.updated(bundle, i)
		switch {
		case a == "" || b == "" || a == b:
			sure = false
		case b > a:
			best = i
		}
	}
	if !sure {
		return Resolution{Standing: Ambiguous}
	}
	return Resolution{Standing: Found, Place: Place{bundle, best}}
}

func (x *Index) updated(bundle, entry int) string {
	return x.bundles[bundle].Entries[entry].Resource.Get("meta", "lastUpdated").String()
}

func (x *Index) same(a, b Place) bool {
	return bytes.Equal(x.Entry(a).Resource.raw, x.Entry(b).Resource.raw)
}
