package r4

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// compartmentParams are the parameters that tie a type to the Patient
// compartment (R4 compartmentdefinition-patient.html), in order of trial.
var compartmentParams = []string{"patient", "subject", "beneficiary", "target", "link", "actor"}

// compartment answers Patient/[id]/[type].
func (srv *Server) compartment(t *tx, rq *request, k Key, kind string) (*answer, error) {
	if _, ok := t.live(k); !ok {
		return nil, fail(404, "not-found", "Resource "+k.String()+" is not known")
	}
	for _, name := range compartmentParams {
		if p, ok := paramOf(kind, name); ok && p.kind == "ref" {
			with := url.Values{}
			for key, v := range rq.query {
				with[key] = v
			}
			with.Add(name, k.String())
			inner := *rq
			inner.query = with
			return srv.search(t, &inner, kind)
		}
	}
	return nil, fail(404, "not-supported", kind+" is not in the Patient compartment")
}

// everything answers Patient/[id]/$everything: the patient, what refers to it,
// and what those refer to.
func (srv *Server) everything(t *tx, rq *request, k Key) (*answer, error) {
	if rq.method != http.MethodGet && rq.method != http.MethodPost {
		return nil, notAllowed("GET, POST")
	}
	if k.Type != "Patient" {
		return nil, fail(404, "not-supported", "$everything is an operation of Patient")
	}
	patient, ok := t.live(k)
	if !ok {
		return nil, fail(404, "not-found", "Resource "+k.String()+" is not known")
	}
	found := []*Record{patient}
	seen := map[Key]bool{k: true}
	add := func(r *Record) {
		// Other persons' charts that this one is linked with are not part of it.
		if !seen[r.Key] && r.Type != "Patient" {
			seen[r.Key] = true
			found = append(found, r)
		}
	}
	for _, r := range t.posted([]posting{{"", 'r', k.String()}}) {
		add(r)
	}
	for i := 0; i < len(found); i++ {
		refs := []string{}
		eachReference(found[i].view, func(s string) { refs = append(refs, s) })
		slices.Sort(refs)
		for _, ref := range refs {
			if kind, id, ok := t.s.local(ref); ok {
				if r, ok := t.live(Key{kind, id}); ok {
					add(r)
				}
			}
		}
		for _, r := range t.posted([]posting{{"", 'r', found[i].String()}}) {
			if r.Type == "Provenance" {
				add(r)
			}
		}
	}
	if kinds := rq.query.Get("_type"); kinds != "" {
		found = slices.DeleteFunc(found, func(r *Record) bool { return !slices.Contains(strings.Split(kinds, ","), r.Type) })
	}
	if since, ok := parseSpan(rq.query.Get("_since")); ok {
		found = slices.DeleteFunc(found, func(r *Record) bool { return r.Updated.Before(since.from) })
	}
	return srv.everythingPage(t, rq, k, found)
}

// everythingPage writes the answer, cut by _count and _offset if they are given.
func (srv *Server) everythingPage(t *tx, rq *request, k Key, found []*Record) (*answer, error) {
	self, total := srv.opt.Base+"/"+k.String()+"/$everything", len(found)
	out := bundleJSON{ResourceType: "Bundle", ID: NewUUID(), Type: "searchset", Timestamp: instant(t.now), Total: &total,
		Link: []linkJSON{{"self", pageURL(self, rq.query, -1)}}}
	page := &query{count: total}
	for _, name := range []string{"_count", "_offset"} {
		if v := rq.query.Get(name); v != "" {
			if err := srv.parseParam(t, page, name, v, false); err != nil {
				return nil, err
			}
		}
	}
	from := min(page.offset, total)
	to := min(from+page.count, total)
	if to < total && page.count > 0 {
		out.Link = append(out.Link, linkJSON{"next", pageURL(self, rq.query, to)})
	}
	for _, r := range found[from:to] {
		mode := "match"
		if r.Key != k {
			mode = "include"
		}
		out.Entry = append(out.Entry, entryJSON{FullURL: srv.opt.Base + "/" + r.String(), Resource: r.Raw, Search: &searchJSON{Mode: mode}})
	}
	return &answer{status: 200, body: encode(out)}, nil
}
