package r4

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep JSON may nest; FHIR data rarely passes 15.
const maxDepth = 64

// member is a member of a JSON object by its place in the text.
type member struct {
	name             string
	start, end       int // of the whole member, from its name's quote to the end of its value
	valueAt, valueTo int
}

// leaf is a string value found while walking: the name of the nearest member
// above it and where its token (with quotes) stands.
type leaf struct {
	name     string
	from, to int
}

// walker goes through JSON text that json.Valid has accepted.
type walker struct {
	b      []byte
	at     int
	depth  int
	top    []member
	leaves []leaf
	keep   func(name string) bool // which string values to note; nil: none
	known  bool                   // members were checked before
}

var errDepth = errors.New("nested too deep")

// scan checks b strictly (valid UTF-8, one JSON object, no member twice, at most
// maxDepth levels) and gives the members of the outermost object and the string
// values whose member name keep accepts.
func scan(b []byte, keep func(name string) bool) ([]member, []leaf, error) {
	if !utf8.Valid(b) {
		return nil, nil, errors.New("not valid UTF-8")
	}
	if !json.Valid(b) {
		return nil, nil, errors.New("not valid JSON")
	}
	w := &walker{b: b, keep: keep}
	w.space()
	if w.b[w.at] != '{' {
		return nil, nil, errors.New("not a JSON object")
	}
	if err := w.value(""); err != nil {
		return nil, nil, err
	}
	return w.top, w.leaves, nil
}

// rescan is scan for an object that came through scan before.
func rescan(b []byte, keep func(name string) bool) ([]member, []leaf) {
	w := &walker{b: b, keep: keep, known: true}
	if err := w.value(""); err != nil {
		panic("r4: a checked resource is not sound: " + err.Error())
	}
	return w.top, w.leaves
}

func (w *walker) space() {
	for w.at < len(w.b) {
		switch w.b[w.at] {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return
		}
	}
}

func (w *walker) value(name string) error {
	w.space()
	switch w.b[w.at] {
	case '{':
		return w.object()
	case '[':
		return w.array(name)
	case '"':
		from := w.at
		w.str()
		if w.keep != nil && w.keep(name) {
			w.leaves = append(w.leaves, leaf{name: name, from: from, to: w.at})
		}
	default:
		for w.at < len(w.b) && bytes.IndexByte([]byte(",]} \t\r\n"), w.b[w.at]) < 0 {
			w.at++
		}
	}
	return nil
}

// str moves behind the string token that starts here.
func (w *walker) str() {
	for w.at++; w.b[w.at] != '"'; w.at++ {
		if w.b[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
}

func (w *walker) object() error {
	if w.depth++; w.depth > maxDepth {
		return errDepth
	}
	defer func() { w.depth-- }()
	var few [12]string
	seen := few[:0]
	var many map[string]bool
	for w.at++; ; w.at++ {
		if w.space(); w.b[w.at] == '}' {
			w.at++
			return nil
		}
		from := w.at
		w.str()
		name := unquote(w.b[from:w.at])
		if !w.known {
			if many[name] || slices.Contains(seen, name) {
				return fmt.Errorf("member %.40q twice in one object", name)
			}
			if len(seen) < len(few) {
				seen = append(seen, name)
			} else {
				if many == nil {
					many = map[string]bool{}
				}
				many[name] = true
			}
		}
		w.space() // to the colon
		w.at++
		w.space()
		at := w.at
		if err := w.value(name); err != nil {
			return err
		}
		if w.depth == 1 {
			w.top = append(w.top, member{name: name, start: from, end: w.at, valueAt: at, valueTo: w.at})
		}
		if w.space(); w.b[w.at] == '}' {
			w.at++
			return nil
		}
	}
}

func (w *walker) array(name string) error {
	if w.depth++; w.depth > maxDepth {
		return errDepth
	}
	defer func() { w.depth-- }()
	for w.at++; ; w.at++ {
		if w.space(); w.b[w.at] == ']' {
			w.at++
			return nil
		}
		if err := w.value(name); err != nil {
			return err
		}
		if w.space(); w.b[w.at] == ']' {
			w.at++
			return nil
		}
	}
}

// unquote gives what a JSON string token stands for.
func unquote(token []byte) string {
	if bytes.IndexByte(token, '\\') < 0 {
		return string(token[1 : len(token)-1])
	}
	var s string
	if json.Unmarshal(token, &s) != nil {
		return ""
	}
	return s
}

// quote writes s as a JSON string token without escaping <, > and &.
func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}

// encode writes v without escaping <, > and & (they may stand in raw resources).
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		// Only values of this package come here, with resources that were
		// checked when they were stored.
		panic("r4: cannot encode own answer: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// view parses raw for searching; numbers stay as written.
func view(raw []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v map[string]any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// stamp gives raw (compact or not) a new id and the server's meta: the members
// versionId and lastUpdated are the server's, the rest of meta stays as sent.
// All other bytes but white space between tokens stay as they are.
func stamp(raw []byte, id string, version int, updated string) ([]byte, error) {
	top, _ := rescan(raw, nil)
	var out bytes.Buffer
	out.Grow(len(raw) + 120)
	out.WriteString(`{`)
	var kind, rest, meta []byte
	for _, m := range top {
		switch m.name {
		case "id":
		case "resourceType":
			kind = raw[m.start:m.end]
		case "meta":
			meta = raw[m.valueAt:m.valueTo]
		default:
			rest = append(append(rest, ','), raw[m.start:m.end]...)
		}
	}
	if kind != nil {
		out.Write(kind)
		out.WriteByte(',')
	}
	out.WriteString(`"id":`)
	out.Write(quote(id))
	out.WriteString(`,"meta":{"versionId":"` + strconv.Itoa(version) + `","lastUpdated":"` + updated + `"`)
	if len(meta) > 0 && meta[0] == '{' {
		inner, _ := rescan(meta, nil)
		for _, m := range inner {
			if m.name != "versionId" && m.name != "lastUpdated" {
				out.WriteByte(',')
				out.Write(meta[m.start:m.end])
			}
		}
	}
	out.WriteByte('}')
	out.Write(rest)
	out.WriteByte('}')
	var small bytes.Buffer
	small.Grow(out.Len())
	if err := json.Compact(&small, out.Bytes()); err != nil {
		return nil, err
	}
	return small.Bytes(), nil
}

// restamp brings a view in line with what stamp does to the text.
func restamp(v map[string]any, id string, version int, updated string) map[string]any {
	if v == nil {
		return nil
	}
	meta, ok := v["meta"].(map[string]any)
	if !ok {
		meta = map[string]any{}
	}
	meta["versionId"], meta["lastUpdated"] = strconv.Itoa(version), updated
	v["id"], v["meta"] = id, meta
	return v
}

// splice replaces the tokens at the leaves' places; put returns nil to leave one.
func splice(raw []byte, leaves []leaf, put func(leaf, string) []byte) []byte {
	var out []byte
	last := 0
	for _, l := range leaves {
		if with := put(l, unquote(raw[l.from:l.to])); with != nil {
			out = append(append(out, raw[last:l.from]...), with...)
			last = l.to
		}
	}
	if last == 0 {
		return raw
	}
	return append(out, raw[last:]...)
}
