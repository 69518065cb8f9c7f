package fhir

import (
	"bytes"
	"slices"
	"strings"
)

// member is the role of the member of the given name of a value of role r.
func (r role) member(name []byte) role {
	switch r {
	case root:
		switch string(name) {
		case "resourceType":
			return typeOfRoot
		case "id":
			return idOfRoot
		case "type":
			return bundleType
		case "timestamp":
			return bundleStamp
		case "entry":
			return entryList
		}
	case entryItem:
		switch string(name) {
		case "fullUrl":
			return fullURL
		case "resource":
			return entryBody
		}
	case entryBody:
		switch string(name) {
		case "resourceType":
			return typeOfBody
		case "id":
			return idOfBody
		}
	}
	return plain
}

// entry begins an element of Bundle.entry at i.
func (s *scanner) entry(i int) {
	o := &s.found
	o.elements++
	if o.elements > o.most {
		return
	}
	if n := len(o.entries); n == cap(o.entries) && n >= 64 {
		// The entries so far tell how many more the rest will have.
		all := int(float64(n) * float64(len(s.b)) / float64(i) * 1.05)
		more := min(max(all-n, n/4), o.most-n)
		o.entries = slices.Grow(o.entries, more)
		o.words = slices.Grow(o.words, 2*more)
	}
	o.entries = append(o.entries, Entry{Index: o.elements - 1})
}

// take notes the value from i to end. The members of a value come before it.
func (s *scanner) take(as role, i, end int) {
	o := &s.found
	v := Value{raw: s.b[i:end:end]}
	switch as {
	case root:
		o.root.raw = v.raw
		return
	case typeOfRoot:
		o.root.typ = typeText(v, "")
		return
	case idOfRoot:
		o.root.id = v.String()
		return
	case bundleType:
		o.bundleType = v
		return
	case bundleStamp:
		o.timestamp = v
		return
	}
	if o.elements > o.most || len(o.entries) == 0 {
		return
	}
	e := &o.entries[len(o.entries)-1]
	switch as {
	case entryItem:
		if e.Resource.raw == nil {
			o.entries = o.entries[:len(o.entries)-1] // only entries with a resource are kept
			for n := len(o.words); n > 0 && o.words[n-1].entry == len(o.entries); n-- {
				o.words = o.words[:n-1]
			}
		}
	case entryBody:
		e.Resource.raw = v.raw
	case fullURL:
		o.keep(v, i, len(o.entries)-1, false)
	case typeOfBody:
		last := ""
		if n := len(o.entries); n > 1 {
			last = o.entries[n-2].Resource.typ
		}
		e.Resource.typ = typeText(v, last)
	case idOfBody:
		o.keep(v, i, len(o.entries)-1, true)
	}
}

// word is where an id or fullUrl without escapes stands in the document.
type word struct {
	entry, at int
	n         int32
	id        bool
}

// keep notes an entry's id or fullUrl, the string v at at. All of them become
// one string in the end, and not two for each entry.
func (o *outline) keep(v Value, at, entry int, id bool) {
	w := word{entry: entry, at: at + 1, id: id}
	switch {
	case !v.IsString():
		return
	case bytes.IndexByte(v.raw, '\\') >= 0:
		o.set(w, v.String())
	default:
		w.n = int32(len(v.raw) - 2)
		o.words = append(o.words, w)
	}
}

func (o *outline) set(w word, text string) {
	if e := &o.entries[w.entry]; w.id {
		e.Resource.id = text
	} else {
		e.FullURL = text
	}
}

// settle gives the entries their words.
func (o *outline) settle(b []byte) {
	size := 0
	for _, w := range o.words {
		size += int(w.n)
	}
	var text strings.Builder
	text.Grow(size)
	for _, w := range o.words {
		text.Write(b[w.at : w.at+int(w.n)])
	}
	all := text.String()
	for _, w := range o.words {
		o.set(w, all[:w.n])
		all = all[w.n:]
	}
	o.words = nil
}

// typeText makes the resource type a string, "" when it is none. Entries of one
// type tend to stand together and share the string of the one before.
func typeText(v Value, last string) string {
	if last != "" && v.IsString() && string(v.raw[1:len(v.raw)-1]) == last {
		return last
	}
	if t := v.String(); typeName(t) {
		return t
	}
	return ""
}
