package r4

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// run gives all resources that meet q's criteria, in the order asked for; the
// page is not cut out.
func (srv *Server) run(t *tx, q *query) []*Record {
	loose := q.kind == "Patient" && len(q.tests) > 1 && srv.behaviour().LooseSearch
	var hits []*Record
	try := func(r *Record) {
		if r.Type != q.kind {
			return
		}
		met := 0
		for i := range q.tests {
			if q.tests[i].meets(srv, t, r) {
				met++
			} else if !loose {
				return
			}
		}
		if 2*met >= len(q.tests) {
			hits = append(hits, r)
		}
	}
	best, narrow := -1, []posting(nil)
	for i := range q.tests {
		if ps := q.tests[i].postings(t.s, q.kind); ps != nil {
			if w := t.weight(ps); best < 0 || w < best {
				best, narrow = w, ps
			}
		}
	}
	if loose {
		t.all(q.kind, try)
	} else if id, ok := q.byID(); ok {
		for _, id := range id {
			if r, ok := t.live(Key{q.kind, id}); ok {
				try(r)
			}
		}
	} else if best >= 0 {
		for _, r := range t.posted(narrow) {
			try(r)
		}
	} else {
		t.all(q.kind, try)
	}
	sortHits(hits, q.sort)
	return hits
}

// byID gives the ids of an _id criterion, each once.
func (q *query) byID() ([]string, bool) {
	for _, c := range q.tests {
		if c.param.name == "_id" && c.modifier == "" && c.keys == nil {
			ids := slices.Clone(c.values)
			slices.Sort(ids)
			return slices.Compact(ids), true
		}
	}
	return nil, false
}

// postings gives where the criterion's resources can be found, nil if it cannot
// be narrowed.
func (c *criterion) postings(s *Store, kind string) []posting {
	var ps []posting
	if c.onSelf {
		return nil
	}
	if c.keys != nil {
		ps = []posting{}
		for k := range c.keys {
			ps = append(ps, posting{kind, 'r', k.ID})
		}
		return ps
	}
	for _, v := range c.values {
		switch {
		case c.modifier == "" && (c.param.name == "identifier" || c.param.name == "_tag") && c.param.kind == "token":
			part := splitEscaped(v, '|')
			code := part[len(part)-1]
			if code == "" {
				return nil
			}
			letter := byte('i')
			if c.param.name == "_tag" {
				letter = 't'
			}
			ps = append(ps, posting{kind, letter, code})
		case c.param.kind == "ref" && (c.modifier == "" || isType(c.modifier)):
			if validID(v) {
				ps = append(ps, posting{kind, 'r', v})
			} else if _, id, ok := s.local(v); ok {
				ps = append(ps, posting{kind, 'r', id})
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return ps
}

// meets tells whether r has a value that the criterion asks for.
func (c *criterion) meets(srv *Server, t *tx, r *Record) bool {
	if c.onSelf {
		return c.keys[r.Key]
	}
	vals := c.param.values(r.view)
	if c.modifier == "missing" {
		return slices.Contains(c.values, strconv.FormatBool(len(vals) == 0))
	}
	if c.param.kind == "deceased" {
		dead := false
		for _, v := range vals {
			b, isBool := v.(bool)
			dead = dead || !isBool || b
		}
		return slices.Contains(c.values, strconv.FormatBool(dead))
	}
	if c.modifier == "not" {
		for _, v := range vals {
			for _, want := range c.values {
				if testToken(v, want, "") {
					return false
				}
			}
		}
		return true
	}
	for _, v := range vals {
		if c.keys != nil {
			if kind, id, ok := t.s.local(text(v, "reference")); ok && c.keys[Key{kind, id}] {
				return true
			}
			continue
		}
		for _, want := range c.values {
			if c.test(srv, t, v, want) {
				return true
			}
		}
	}
	return false
}

func (c *criterion) test(srv *Server, t *tx, v any, want string) bool {
	switch c.param.kind {
	case "token":
		return testToken(v, want, c.modifier)
	case "string":
		return testString(v, unescape(want), c.modifier, srv.behaviour().AccentSensitive)
	case "date":
		prefix, rest := splitPrefix(want)
		q, ok := parseSpan(rest)
		if !ok {
			return false
		}
		for _, s := range spansOf(v) {
			if compareSpan(prefix, s, q, t.now) {
				return true
			}
		}
	case "ref":
		return c.testReference(t.s, v, unescape(want))
	case "quantity":
		return testQuantity(v, want)
	case "number":
		prefix, rest := splitPrefix(want)
		f, ok := number(v)
		return ok && compareNumber(prefix, f, rest)
	case "uri":
		s, _ := v.(string)
		want = unescape(want)
		switch c.modifier {
		case "below":
			return s == want || strings.HasPrefix(s, strings.TrimSuffix(want, "/")+"/")
		case "above":
			return s == want || strings.HasPrefix(want, strings.TrimSuffix(s, "/")+"/")
		}
		return s == want
	}
	return false
}

func unescape(s string) string { return strings.Join(splitEscaped(s, 0), "") }

// testToken tests a code, boolean, Coding, CodeableConcept, Identifier or
// ContactPoint.
func testToken(v any, want, modifier string) bool {
	if v, ok := v.(string); ok && !strings.ContainsAny(want, `|\`) {
		return modifier == "" && v == want // the short way for lists of ids
	}
	part := splitEscaped(want, '|')
	switch v := v.(type) {
	case string:
		return modifier == "" && v == part[len(part)-1]
	case bool:
		return modifier == "" && strconv.FormatBool(v) == part[len(part)-1]
	case map[string]any:
		switch modifier {
		case "text":
			return tokenText(v, unescape(want))
		case "of-type":
			return len(part) == 3 && text(v, "value") == part[2] && slices.ContainsFunc(pick(v, "type.coding"), func(c any) bool {
				return text(c, "system") == part[0] && text(c, "code") == part[1]
			})
		}
		codings := []any{v}
		if inner, ok := v["coding"].([]any); ok {
			codings = inner
		}
		return slices.ContainsFunc(codings, func(c any) bool { return testCoding(c, part) })
	}
	return false
}

func tokenText(v map[string]any, want string) bool {
	all := append(texts(v, "text"), texts(v, "display")...)
	all = append(append(all, texts(v, "coding.display")...), texts(v, "type.text")...)
	return slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(plain(s), plain(want)) })
}

func testCoding(c any, part []string) bool {
	code := text(c, "code")
	if m, ok := c.(map[string]any); ok && code == "" {
		code, _ = m["value"].(string)
	}
	system := text(c, "system")
	if len(part) == 1 {
		return code == part[0]
	}
	if part[0] != system && (part[0] == "" || part[0] != text(c, "use")) {
		return false
	}
	return part[1] == "" && part[0] != "" || code == part[1]
}

// testString tests a string, HumanName or Address: by default the start of any
// part, without case and accents.
func testString(v any, want, modifier string, accents bool) bool {
	switch v := v.(type) {
	case string:
		if accents && modifier != "exact" {
			v, want = strings.ToLower(v), strings.ToLower(want)
			return strings.HasPrefix(v, want) || modifier == "contains" && strings.Contains(v, want)
		}
		switch modifier {
		case "exact":
			return v == want
		case "contains":
			return strings.Contains(plain(v), plain(want))
		}
		return strings.HasPrefix(plain(v), plain(want))
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return testString(x, want, modifier, accents) })
	case map[string]any:
		for _, name := range []string{"text", "family", "given", "prefix", "suffix", "line", "city", "district", "state", "postalCode", "country"} {
			if x, ok := v[name]; ok && testString(x, want, modifier, accents) {
				return true
			}
		}
	}
	return false
}

// testReference tests a Reference (or a canonical) against "Type/id", "id", an
// absolute URL, or an identifier.
func (c *criterion) testReference(s *Store, v any, want string) bool {
	if c.modifier == "identifier" {
		m, _ := v.(map[string]any)
		return m["identifier"] != nil && testToken(m["identifier"], want, "")
	}
	ref := text(v, "reference")
	if plainText, ok := v.(string); ok {
		ref = plainText
	}
	kindWanted := c.param.target
	if isType(c.modifier) {
		kindWanted = c.modifier
	}
	kind, id, ok := s.local(ref)
	if !ok {
		return ref != "" && ref == want
	}
	if kindWanted != "" && kind != kindWanted {
		return false
	}
	if wantKind, wantID, ok := s.local(want); ok {
		return kind == wantKind && id == wantID
	}
	return id == want
}

// find is the search of a condition (If-None-Exist, conditional reference): all
// hits, and at least one criterion must be understood.
func (srv *Server) find(t *tx, kind string, params url.Values) ([]*Record, error) {
	q, err := srv.parseQuery(t, kind, params, false)
	if err != nil {
		return nil, err
	}
	if len(q.tests) == 0 {
		return nil, fail(412, "invalid", "the condition on "+kind+" has no search criteria")
	}
	return srv.run(t, q), nil
}
