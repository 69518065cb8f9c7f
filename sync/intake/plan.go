package intake

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/summary"
)

// plan is what an envelope means: every entry of every file with its verdict.
// It is computed afresh from the envelope on every try and is the same each
// time; only the journal remembers.
type plan struct {
	env     *Envelope
	bundles []fhir.Bundle
	index   *fhir.Index
	items   []*item
	at      map[fhir.Place]*item
	subject *item   // the Patient entry whose record it is
	same    []*item // other Patient entries of the same person
	notes   []string
}

// verdict is what becomes of an entry.
type verdict int

const (
	file      verdict = iota // goes to the server
	existing                 // the server has it
	leftOut                  // patient's choice, or wrong by its own words
	refused                  // not filed
	contained                // goes inside the resources that name it
)

// item is one resource on its way.
type item struct {
	place  fhir.Place
	source string // how reports name it
	res    fhir.Resource
	key    string // urn:uuid, derived from import and source
	kind   kindOfType
	verdict
	why string

	edges   []edge        // resolved references, in the order of the bytes
	base    fhir.Resource // the resource as it will be filed, references still the source's
	skel    string        // skeleton of res, once asked for
	content string        // hash of the source content, the same in every import
	ref     string        // "Type/id" on the server, once known
	twin    *item         // the entry that stands for this one (twice-in-the-record)
	stands  *item         // the RelatedPerson that stands for this other Patient
	added   bool          // made by the import, not in the source
	unless  url.Values    // If-None-Exist: create it unless the server has one
}

// edge is one reference with its target.
type edge struct {
	at     fhir.Reference
	target *item // nil when not in the record
	found  fhir.Standing
}

// newPlan reads the files and judges every entry.
func newPlan(env *Envelope, lim fhir.Limits) (*plan, error) {
	if env.Version > EnvelopeVersion {
		return nil, fatal(ReasonOrder, fmt.Errorf("envelope version %d is newer than this program", env.Version))
	}
	if _, err := uuid.Parse(env.ID); err != nil {
		return nil, fatal(ReasonOrder, fmt.Errorf("import id is no UUID"))
	}
	p := &plan{env: env, at: map[fhir.Place]*item{}}
	for i := range env.Files {
		f := &env.Files[i]
		body := f.FHIR
		if body == nil && isFHIR(f) {
			body = f.Bytes
		}
		var b fhir.Bundle
		if body != nil {
			if v := f.FHIRVersion; v != "" && !strings.HasPrefix(v, "4.0") && !strings.HasPrefix(v, "4.3") {
				return nil, park(ReasonVersion, fmt.Errorf("file %d is FHIR of another version", i))
			}
			var err error
			if b, err = fhir.ParseBundle(body, lim); err != nil {
				return nil, fatal(ReasonUnreadable, fmt.Errorf("file %d: %w", i, err))
			}
		}
		// A file without FHIR keeps its place, so that file numbers agree with
		// what the patient saw.
		p.bundles = append(p.bundles, b)
	}
	p.index = fhir.NewIndex(p.bundles...)
	p.list()
	p.resolve()
	if err := p.chooseSubject(); err != nil {
		return nil, err
	}
	p.judge()
	for _, s := range env.LeaveOut {
		if !p.knows(s) {
			// Somebody meant something by it: the receipt must not look as if it
			// had been left out.
			p.note("leave-out-names-nothing")
		}
	}
	return p, nil
}

// knows tells whether a leave-out word names an entry or a loose file.
func (p *plan) knows(s string) bool {
	for i, b := range p.bundles {
		if b.Raw == nil && s == summary.Key(i, 0) {
			return true
		}
	}
	return slices.ContainsFunc(p.items, func(it *item) bool { return p.named(it, []string{s}) })
}

func isFHIR(f *File) bool {
	ct, _, _ := strings.Cut(strings.ToLower(f.ContentType), ";")
	switch strings.TrimSpace(ct) {
	case "application/fhir+json", "application/json+fhir", "fhir+json":
		return true
	case "", "application/json", "text/json":
		return bytes.Contains(f.Bytes, []byte(`"resourceType"`))
	}
	return false
}

// list makes an item of every entry.
func (p *plan) list() {
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:shlkiosk:import:"+p.env.ID))
	taken := map[string]bool{}
	for b := range p.bundles {
		for e, entry := range p.bundles[b].Entries {
			at := fhir.Place{Bundle: b, Entry: e}
			it := &item{place: at, res: entry.Resource, source: entry.FullURL, kind: filed[entry.Resource.Type()]}
			if it.source == "" && entry.Resource.ID() != "" {
				it.source = entry.Resource.Type() + "/" + entry.Resource.ID()
			}
			if it.source == "" {
				it.source = "resource:" + strconv.Itoa(entry.Index)
			}
			// The key hangs on what the source calls it, so that the order of
			// entries does not matter; a name used twice falls back on position.
			name := strconv.Itoa(b) + "|" + it.source
			if taken[name] {
				name += "|" + strconv.Itoa(entry.Index)
			}
			taken[name] = true
			it.key = "urn:uuid:" + uuid.NewSHA1(space, []byte(name)).String()
			p.items = append(p.items, it)
			p.at[at] = it
		}
	}
}

// addedItem makes an item for a resource that the import itself adds.
func (p *plan) addedItem(name, typ string) *item {
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:shlkiosk:import:"+p.env.ID))
	return &item{source: sourceImport, kind: filed[typ], added: true,
		key: "urn:uuid:" + uuid.NewSHA1(space, []byte("added|"+name)).String()}
}

// resolve finds the target of every reference.
func (p *plan) resolve() {
	for _, it := range p.items {
		for ref := range it.res.References() {
			text := ref.Text()
			if ref.Attachment && !mayBeInRecord(text) {
				continue
			}
			r := p.index.Resolve(it.place, text)
			e := edge{at: ref, found: r.Standing}
			if r.Standing == fhir.Found {
				e.target = p.at[r.Place]
			}
			it.edges = append(it.edges, e)
		}
	}
}

// mayBeInRecord tells an Attachment.url that points to a Binary from one that
// points to the web.
func mayBeInRecord(url string) bool {
	if strings.HasPrefix(url, "urn:uuid:") || strings.HasPrefix(url, "urn:oid:") || strings.HasPrefix(url, "resource:") || strings.HasPrefix(url, "#") {
		return true
	}
	l, ok := fhir.ParseLiteral(url)
	return ok && l.Type == "Binary"
}

// named tells whether one of the patient's or staff's words means this item.
func (p *plan) named(it *item, list []string) bool {
	for _, s := range list {
		switch {
		case s == "":
		case s == it.res.Type(), s == it.source,
			it.res.ID() != "" && s == it.res.Type()+"/"+it.res.ID(),
			s == summary.Key(it.place.Bundle, p.index.Entry(it.place).Index):
			return true
		}
	}
	return false
}
