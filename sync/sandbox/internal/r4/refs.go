package r4

import (
	"net/url"
	"strings"
)

// eachReference calls f with the content of every Reference.reference in v,
// contained resources included.
func eachReference(v any, f func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			if s, ok := below.(string); ok {
				if name == "reference" {
					f(s)
				}
				continue
			}
			eachReference(below, f)
		}
	case []any:
		for _, below := range v {
			eachReference(below, f)
		}
	}
}

// linkNames are the members whose string may be a link that a transaction
// rewrites: Reference.reference and elements of type url, uri, uuid and oid (R4
// http.html#trules). Identifier.value is a string and stays.
func linkNames(name string) bool {
	switch name {
	case "reference", "url", "valueUri", "valueUrl", "valueUuid", "valueOid":
		return true
	}
	return false
}

func onlyReference(name string) bool { return name == "reference" }

// rewrite puts the new places of a transaction's entries into raw. places maps
// each fullUrl to "Type/id"; fullURL is the entry's own, against whose base a
// relative reference is read.
func rewrite(raw []byte, fullURL string, places map[string]string) []byte {
	_, leaves := rescan(raw, linkNames)
	base := serviceBase(fullURL)
	return splice(raw, leaves, func(l leaf, s string) []byte {
		target, fragment, cut := strings.Cut(s, "#")
		if target == "" {
			return nil
		}
		plain, version, _ := strings.Cut(target, "/_history/")
		if version != "" && l.name != "reference" {
			plain = target
		}
		to, ok := places[plain]
		if !ok && l.name == "reference" && base != "" {
			to, ok = places[base+plain]
		}
		if !ok {
			return nil
		}
		if cut {
			to += "#" + fragment
		}
		return quote(to)
	})
}

// serviceBase is what stands before "Type/id" in a RESTful fullUrl, "" if it is
// none.
func serviceBase(fullURL string) string {
	part := strings.Split(fullURL, "/")
	n := len(part)
	if n < 4 || !strings.HasPrefix(fullURL, "http") || !isType(part[n-2]) {
		return ""
	}
	return strings.Join(part[:n-2], "/") + "/"
}

// conditional tells whether a reference is a search ("Patient?identifier=x").
func conditional(ref string) (kind string, query url.Values, ok bool) {
	kind, q, found := strings.Cut(ref, "?")
	if !found || !isType(kind) {
		return "", nil, false
	}
	query, err := url.ParseQuery(q)
	return kind, query, err == nil
}

// resolveConditional replaces conditional references by what they find.
func (t *tx) resolveConditional(srv *Server, raw []byte) ([]byte, error) {
	_, leaves := rescan(raw, onlyReference)
	var bad error
	out := splice(raw, leaves, func(_ leaf, s string) []byte {
		kind, query, ok := conditional(s)
		if !ok || bad != nil {
			return nil
		}
		hits, err := srv.find(t, kind, query)
		switch {
		case err != nil:
			bad = err
		case len(hits) != 1:
			bad = fail(412, "multiple-matches", "conditional reference "+s+" does not match exactly one resource", kind)
		default:
			return quote(hits[0].String())
		}
		return nil
	})
	return out, bad
}

// dangling gives an outcome for the first reference of r that should be found on
// this server and is not.
func (t *tx) dangling(r *Record) error {
	var bad error
	eachReference(r.view, func(ref string) {
		if bad != nil || ref == "" || strings.HasPrefix(ref, "#") {
			return
		}
		if strings.HasPrefix(ref, "urn:uuid:") || strings.HasPrefix(ref, "urn:oid:") {
			bad = fail(422, "not-found", "reference "+ref+" does not resolve: no entry has this fullUrl", r.Type)
			return
		}
		if _, _, ok := conditional(ref); ok {
			bad = fail(400, "not-supported", "conditional reference "+ref+" is allowed in a transaction only", r.Type)
			return
		}
		kind, id, ok := t.s.local(ref)
		if !ok {
			if !strings.Contains(ref, ":") {
				bad = fail(422, "value", "reference "+ref+" is not Type/id", r.Type)
			}
			return
		}
		if _, ok := t.live(Key{kind, id}); !ok {
			bad = fail(422, "not-found", "resource "+kind+"/"+id+" not found, referred to by "+r.Type, r.Type)
		}
	})
	return bad
}
