package fhir

import "slices"

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
		o.entries = slices.Grow(o.entries, min(max(all-n, n/4), o.most-n))
	}
	o.entries = append(o.entries, Entry{Index: o.elements - 1})
}

// take notes a value that was passed. The members of a value come before it.
func (s *scanner) take(as role, v Value) {
	o := &s.found
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
		}
	case entryBody:
		e.Resource.raw = v.raw
	case fullURL:
		e.FullURL = v.String()
	case typeOfBody:
		last := ""
		if n := len(o.entries); n > 1 {
			last = o.entries[n-2].Resource.typ
		}
		e.Resource.typ = typeText(v, last)
	case idOfBody:
		e.Resource.id = v.String()
	}
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
