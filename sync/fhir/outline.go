package fhir

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

// entry begins an element of Bundle.entry.
func (s *scanner) entry() {
	o := &s.found
	o.elements++
	if o.elements <= o.most {
		o.entries = append(o.entries, Entry{Index: o.elements - 1})
	}
}

// take notes a value that was passed. The members of a value come before it.
func (s *scanner) take(as role, v Value) {
	o := &s.found
	switch as {
	case root:
		o.root.raw = v.raw
		if !typeName(o.root.typ) {
			o.root.typ = ""
		}
		return
	case typeOfRoot:
		o.root.typ = v.String()
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
		if !typeName(e.Resource.typ) {
			e.Resource.typ = ""
		}
	case fullURL:
		e.FullURL = v.String()
	case typeOfBody:
		e.Resource.typ = o.typeText(v)
	case idOfBody:
		e.Resource.id = v.String()
	}
}

// typeText makes the resource type a string; entries of one type, which tend
// to stand together, share it.
func (o *outline) typeText(v Value) string {
	if n := len(o.entries); n > 1 && v.IsString() {
		if last := o.entries[n-2].Resource.typ; last == string(v.raw[1:len(v.raw)-1]) {
			return last
		}
	}
	return v.String()
}
