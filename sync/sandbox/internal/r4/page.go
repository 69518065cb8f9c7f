package r4

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

type bundleJSON struct {
	ResourceType string      `json:"resourceType"`
	ID           string      `json:"id,omitempty"`
	Type         string      `json:"type"`
	Timestamp    string      `json:"timestamp,omitempty"`
	Total        *int        `json:"total,omitempty"`
	Link         []linkJSON  `json:"link,omitempty"`
	Entry        []entryJSON `json:"entry,omitempty"`
}

type linkJSON struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

type entryJSON struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Search   *searchJSON     `json:"search,omitempty"`
	Request  *requestJSON    `json:"request,omitempty"`
	Response *responseJSON   `json:"response,omitempty"`
}

type searchJSON struct {
	Extension []extensionJSON `json:"extension,omitempty"`
	Mode      string          `json:"mode"`
	Score     json.Number     `json:"score,omitempty"`
}

type extensionJSON struct {
	URL         string `json:"url"`
	ValueCode   string `json:"valueCode,omitempty"`
	ValueString string `json:"valueString,omitempty"`
}

type requestJSON struct {
	Method string `json:"method"`
	URL    string `json:"url"`
}

type responseJSON struct {
	Status       string          `json:"status"`
	Location     string          `json:"location,omitempty"`
	ETag         string          `json:"etag,omitempty"`
	LastModified string          `json:"lastModified,omitempty"`
	Outcome      json.RawMessage `json:"outcome,omitempty"`
}

// search answers a search on a type with a searchset.
func (srv *Server) search(t *tx, rq *request, kind string) (*answer, error) {
	lenient := srv.behaviour().LenientSearch
	switch rq.prefer.handling {
	case "lenient":
		lenient = true
	case "strict":
		lenient = false
	}
	q, err := srv.parseQuery(t, kind, rq.query, lenient)
	if err != nil {
		return nil, err
	}
	hits := srv.run(t, q)
	self := srv.opt.Base + "/" + kind
	out := bundleJSON{ResourceType: "Bundle", ID: NewUUID(), Type: "searchset", Timestamp: instant(t.now)}
	if total := len(hits); q.total != "none" && (!srv.behaviour().NoTotal || q.total != "") || q.summary == "count" {
		out.Total = &total
	}
	out.Link = append(out.Link, linkJSON{"self", pageURL(self, rq.query, -1)})
	if q.summary == "count" || q.count == 0 {
		return &answer{status: 200, body: encode(out)}, nil
	}
	from := min(q.offset, len(hits))
	page := hits[from:min(from+q.count, len(hits))]
	out.Link = append(out.Link, linkJSON{"first", pageURL(self, rq.query, 0)})
	if from+len(page) < len(hits) {
		out.Link = append(out.Link, linkJSON{"next", pageURL(self, rq.query, from+len(page))})
	}
	if from > 0 {
		out.Link = append(out.Link, linkJSON{"previous", pageURL(self, rq.query, max(from-q.count, 0))})
	}
	for _, r := range page {
		out.Entry = append(out.Entry, srv.entry(r, q, "match"))
	}
	for _, r := range srv.included(t, q, page) {
		out.Entry = append(out.Entry, srv.entry(r, q, "include"))
	}
	return &answer{status: 200, body: encode(out)}, nil
}

func (srv *Server) entry(r *Record, q *query, mode string) entryJSON {
	raw := r.Raw
	if mode == "match" {
		raw = q.trim(raw)
	}
	return entryJSON{FullURL: srv.opt.Base + "/" + r.String(), Resource: raw, Search: &searchJSON{Mode: mode}}
}

// pageURL is the address of a page: the query with another offset.
func pageURL(self string, params url.Values, offset int) string {
	p := url.Values{}
	for k, v := range params {
		if k != "_offset" {
			p[k] = v
		}
	}
	if offset >= 0 {
		p.Set("_offset", strconv.Itoa(offset))
	} else if at := params.Get("_offset"); at != "" {
		p.Set("_offset", at)
	}
	if len(p) == 0 {
		return self
	}
	return self + "?" + p.Encode()
}

// included gives what _include and _revinclude add to a page, each once.
func (srv *Server) included(t *tx, q *query, page []*Record) []*Record {
	if len(q.include)+len(q.reverse) == 0 {
		return nil
	}
	seen := map[Key]bool{}
	for _, r := range page {
		seen[r.Key] = true
	}
	var out []*Record
	add := func(r *Record) {
		if !seen[r.Key] {
			seen[r.Key] = true
			out = append(out, r)
		}
	}
	level, first := page, true
	for len(level) > 0 {
		before := len(out)
		for _, r := range level {
			for _, inc := range q.include {
				if first || inc.iterate {
					srv.forward(t, r, inc, add)
				}
			}
			for _, inc := range q.reverse {
				if first || inc.iterate {
					srv.backward(t, r, inc, add)
				}
			}
		}
		level, first = out[before:], false
	}
	return out
}

func (srv *Server) forward(t *tx, r *Record, inc inclusion, add func(*Record)) {
	if r.Type != inc.source {
		return
	}
	var refs []string
	if inc.name == "*" {
		eachReference(r.view, func(s string) { refs = append(refs, s) })
		slices.Sort(refs)
	} else {
		p, _ := paramOf(inc.source, inc.name)
		for _, v := range p.values(r.view) {
			refs = append(refs, text(v, "reference"))
		}
	}
	for _, ref := range refs {
		if kind, id, ok := t.s.local(ref); ok && (inc.target == "" || inc.target == kind) {
			if hit, ok := t.live(Key{kind, id}); ok {
				add(hit)
			}
		}
	}
}

func (srv *Server) backward(t *tx, r *Record, inc inclusion, add func(*Record)) {
	if inc.target != "" && inc.target != r.Type {
		return
	}
	if inc.name == "*" {
		for _, by := range t.referrers(r.Key) {
			add(by)
		}
		return
	}
	for _, by := range t.posted([]posting{{inc.source, 'r', r.ID}}) {
		srv.forward(t, by, inc, func(hit *Record) {
			if hit.Key == r.Key {
				add(by)
			}
		})
	}
}

// trim cuts a resource to what _summary or _elements ask for and marks it.
func (q *query) trim(raw []byte) []byte {
	var keep func(name string) bool
	switch {
	case q.summary == "text":
		keep = func(n string) bool { return n == "text" || n == "id" || n == "meta" }
	case q.summary == "data", q.summary == "true":
		keep = func(n string) bool { return n != "text" }
	case len(q.elements) > 0:
		keep = func(n string) bool {
			return slices.Contains(q.elements, n) || slices.Contains(q.elements, strings.TrimPrefix(n, "_")) || n == "id" || n == "meta"
		}
	default:
		return raw
	}
	top, _ := rescan(raw, nil)
	out := []byte("{")
	for _, m := range top {
		if m.name != "resourceType" && !keep(m.name) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if m.name == "meta" {
			out = append(out, `"meta":`...)
			out = append(out, subsetted(raw[m.valueAt:m.valueTo])...)
			continue
		}
		out = append(out, raw[m.start:m.end]...)
	}
	return append(out, '}')
}

// subsetted adds the tag that says the resource is not whole.
func subsetted(meta []byte) []byte {
	var m map[string]json.RawMessage
	var tags []json.RawMessage
	if json.Unmarshal(meta, &m) != nil {
		return meta
	}
	_ = json.Unmarshal(m["tag"], &tags) // no tags: none to keep
	tags = append(tags, json.RawMessage(`{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`))
	m["tag"] = encode(tags)
	return encode(m)
}
