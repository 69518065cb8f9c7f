package intake

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"shlkiosk/sync/fhir"
)

// The systems of what an import stamps on everything it files. They name the
// import, the entry and the content, never a person.
const (
	SystemImport  = "urn:shlkiosk:import"  // code: the import's id
	SystemEntry   = "urn:shlkiosk:entry"   // code: UUID of the entry in its import
	SystemContent = "urn:shlkiosk:content" // code: hash of the source content

	systemObservationValue = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
	codePatientAsserted    = "PATAST" // HL7 v3: asserted by the patient (KTC)
	systemURI              = "urn:ietf:rfc:3986"
)

// prepare makes the body of every entry that is filed: id and server's meta
// off, stamps on, references to what is filed as urn:uuid of the target, all
// other references made harmless. All other bytes are the source's.
func (p *plan) prepare() error {
	for again := true; again; {
		again = false
		for _, it := range p.items {
			if it.verdict != file && it.verdict != existing || it.twin != nil {
				continue
			}
			body, err := p.body(it)
			switch {
			case err == nil:
				it.base = body
			case it == p.subject:
				return fatal(ReasonUnreadable, err)
			default:
				// A resource so odd that it cannot be changed safely stays out,
				// and whoever points to it has to be told.
				it.verdict, it.why, again = refused, WhyText, true
			}
		}
	}
	return nil
}

func (p *plan) body(it *item) (fhir.Resource, error) {
	ed := fhir.NewEditor(it.res)
	root := it.res.Value()
	var set []fhir.Member

	if meta := it.res.Get("meta"); meta.IsObject() {
		ed.Object(meta, ofServer, p.stamps(it)...)
	} else {
		set = append(set, fhir.Member{Key: "meta", Raw: p.meta(it)})
	}
	people := newGuests(p, it)
	if it.kind == inChart {
		if name, _ := p.aboutWhom(it); name != "" {
			ref := []byte(`{"reference":"` + p.subject.key + `"}`)
			if v := it.res.Get(name); v.IsObject() {
				ed.Object(v, nil, fhir.Member{Key: "reference", Raw: fhir.Quote(p.subject.key)})
			} else {
				set = append(set, fhir.Member{Key: name, Raw: ref})
			}
		}
	}
	for _, e := range it.edges {
		p.rewrite(ed, e, people)
	}
	hidden := p.hideNarrative(it, ed)
	if guests := people.contained(); guests != nil {
		if have := it.res.Get("contained"); have.IsArray() {
			ed.Append(have, guests)
		} else {
			set = append(set, fhir.Member{Key: "contained", Raw: append(append([]byte{'['}, guests...), ']')})
		}
	}
	ed.Object(root, func(k string) bool {
		return k == "id" || k == "_id" || hidden && (k == "text" || k == "_text")
	}, set...)
	return ed.Done()
}

// hideNarrative takes the prose out of a Composition when the patient left
// something out: a section's prose repeats its entries.
func (p *plan) hideNarrative(it *item, ed *fhir.Editor) bool {
	if it.res.Type() != "Composition" || !p.leftSomething() {
		return false
	}
	for _, s := range sections(it.res.Get("section")) {
		ed.Object(s, func(k string) bool { return k == "text" || k == "_text" })
	}
	return true
}

// sections walks nested sections; inner ones come first, so that an outer edit
// never swallows one.
func sections(list fhir.Value) []fhir.Value {
	var out []fhir.Value
	for _, s := range list.Elements() {
		out = append(out, sections(s.Get("section"))...)
		out = append(out, s)
	}
	return out
}

func (p *plan) leftSomething() bool {
	return slices.ContainsFunc(p.items, func(it *item) bool { return it.why == WhyPatient })
}

// ofServer names the parts of meta that belong to the sending server: its
// versions, and labels whose meaning is a promise of that server (R, HTEST).
func ofServer(key string) bool {
	switch strings.TrimPrefix(key, "_") {
	case "id", "versionId", "lastUpdated", "security", "tag":
		return true
	}
	return false
}

func (p *plan) meta(it *item) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range p.stamps(it) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + m.Key + `":`)
		b.Write(m.Raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// stamps are the security label and the tags of a filed resource.
func (p *plan) stamps(it *item) []fhir.Member {
	tag := `[{"system":"` + SystemImport + `","code":"` + p.env.ID + `"},{"system":"` + SystemEntry + `","code":"` +
		strings.TrimPrefix(it.key, "urn:uuid:") + `"}`
	if !it.added {
		tag += `,{"system":"` + SystemContent + `","code":"` + it.contentHash() + `"}`
	}
	out := []fhir.Member{}
	if !it.added {
		out = append(out, fhir.Member{Key: "security",
			Raw: []byte(`[{"system":"` + systemObservationValue + `","code":"` + codePatientAsserted + `"}]`)})
	}
	return append(out, fhir.Member{Key: "tag", Raw: []byte(tag + "]")})
}

// rewrite turns one reference into what may leave the kiosk.
func (p *plan) rewrite(ed *fhir.Editor, e edge, people *guests) {
	t := e.target
	if t != nil && t.twin != nil {
		t = t.twin
	}
	switch {
	case e.found == fhir.Internal:
		return // #fragment stays
	case t != nil && (t.verdict == file || t.verdict == existing):
		ed.Replace(e.at.URI, fhir.Quote(t.key))
	case t != nil && t.verdict == contained && standFor(ed, people.host, e, t):
	case t != nil && t.verdict == contained:
		ed.Replace(e.at.URI, fhir.Quote("#"+people.invite(t)))
	case e.at.Attachment:
		ed.Object(e.at.Object, func(k string) bool { return k == "url" || k == "_url" },
			titleOf(e.at.Object, "not part of the shared record")...)
	default:
		p.disarm(ed, e, t)
	}
}

func titleOf(att fhir.Value, words string) []fhir.Member {
	if att.Get("title").Exists() {
		return nil
	}
	return []fhir.Member{{Key: "title", Raw: fhir.Quote(words)}}
}

// disarm takes the literal out of a Reference. What the patient left out keeps
// neither its name nor its identifier; what is merely missing keeps both, and
// an address that names it uniquely in the world stays as a logical reference.
func (p *plan) disarm(ed *fhir.Editor, e edge, t *item) {
	obj, text := e.at.Object, e.at.Text()
	if t != nil && t.why == WhyPatient {
		ed.Object(obj, func(k string) bool {
			switch strings.TrimPrefix(k, "_") {
			case "reference", "identifier", "display":
				return true
			}
			return false
		}, fhir.Member{Key: "display", Raw: fhir.Quote("left out by the patient")})
		return
	}
	var set []fhir.Member
	typ := ""
	if t != nil {
		typ = t.res.Type()
	} else if l, ok := fhir.ParseLiteral(text); ok {
		typ = l.Type
	}
	if !obj.Get("identifier").Exists() {
		if id := p.logical(e, t, text); id != "" {
			set = append(set, fhir.Member{Key: "identifier", Raw: []byte(`{"system":"` + systemURI + `","value":` + string(fhir.Quote(id)) + `}`)})
		} else if t != nil {
			if id := t.res.Get("identifier", 0); id.Get("system").Exists() && id.Get("value").Exists() {
				set = append(set, fhir.Member{Key: "identifier", Raw: id.Raw()})
			}
		}
	}
	if !obj.Get("display").Exists() {
		words := "not part of the shared record"
		if t != nil {
			words = "not filed"
		}
		if typ != "" {
			words = typ + ", " + words
		}
		set = append(set, fhir.Member{Key: "display", Raw: fhir.Quote(words)})
	}
	ed.Object(obj, func(k string) bool { return k == "reference" || k == "_reference" }, set...)
}

// logical is the URI that names the missing target everywhere, "" when there
// is none. A conditional reference is a search order and is never kept.
func (p *plan) logical(e edge, t *item, text string) string {
	switch {
	case e.found == fhir.Conditional, e.found == fhir.Ambiguous:
		return ""
	case strings.HasPrefix(text, "urn:uuid:"), strings.HasPrefix(text, "urn:oid:"):
		return text
	}
	if l, ok := fhir.ParseLiteral(text); ok && l.Base != "" {
		return l.Base + "/" + l.Local()
	}
	return ""
}

// guests are the other people who come along inside one resource.
type guests struct {
	plan *plan
	host *item
	ids  map[*item]string
	list []*item
}

func newGuests(p *plan, host *item) *guests { return &guests{plan: p, host: host} }

// invite returns the fragment id under which t is contained in the host.
func (g *guests) invite(t *item) string {
	if id, ok := g.ids[t]; ok {
		return id
	}
	if g.ids == nil {
		g.ids = map[*item]string{}
	}
	id := "person-" + strconv.Itoa(len(g.list)+1)
	for taken := true; taken; {
		taken = false
		for _, c := range g.host.res.Get("contained").Elements() {
			if c.Get("id").String() == id {
				id, taken = id+"x", true
			}
		}
	}
	g.ids[t] = id
	g.list = append(g.list, t)
	return id
}

// contained returns the guests as elements of a contained array, nil when
// there are none. A contained resource has no meta, no narrative and no
// contained of its own (dom-2 to dom-5).
func (g *guests) contained() []byte {
	if len(g.list) == 0 {
		return nil
	}
	var parts [][]byte
	for i := 0; i < len(g.list); i++ { // a guest may bring another
		t := g.list[i]
		ed := fhir.NewEditor(t.res)
		for _, e := range t.edges {
			if e.at.Contained {
				continue // goes with its contained resource
			}
			if e.found == fhir.Internal {
				e = edge{at: e.at, found: fhir.Broken}
			}
			g.plan.rewrite(ed, e, g)
		}
		ed.Object(t.res.Value(), func(k string) bool {
			switch strings.TrimPrefix(k, "_") {
			case "meta", "text", "contained":
				return true
			}
			return k == "_id"
		}, fhir.Member{Key: "id", Raw: fhir.Quote(g.ids[t])})
		if r, err := ed.Done(); err == nil {
			parts = append(parts, r.Raw())
		}
	}
	return bytes.Join(parts, []byte{','})
}
