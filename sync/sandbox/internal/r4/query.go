package r4

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// criterion is one search parameter of a query: any of its values must match.
type criterion struct {
	param    param
	modifier string
	values   []string
	keys     map[Key]bool // the resources that a _has or a chain found; then values is unused
	onSelf   bool         // keys are the searched resources themselves (_has)
}

// query is a search as it was understood.
type query struct {
	kind     string
	tests    []criterion
	count    int
	offset   int
	sort     []sortKey
	total    string
	summary  string
	elements []string
	include  []inclusion
	reverse  []inclusion
}

type sortKey struct {
	param param
	down  bool
}

// inclusion is an _include or _revinclude.
type inclusion struct {
	source, name, target string // name "*": every reference
	iterate              bool
}

// Page sizes: the default is HAPI's and Medplum's, the ceiling Medplum's.
const (
	defaultCount = 20
	maxCount     = 1000
)

// silent are the parameters that change nothing here.
var silent = []string{"_format", "_pretty", "_contained", "_containedType", "_score"}

// parseQuery reads the parameters of a search on a type. Unknown parameters are
// an error 400, or are left out when lenient.
func (srv *Server) parseQuery(t *tx, kind string, params url.Values, lenient bool) (*query, error) {
	q := &query{kind: kind, count: defaultCount}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range params[name] {
			if err := srv.parseParam(t, q, name, value, lenient); err != nil {
				return nil, err
			}
		}
	}
	return q, nil
}

func (srv *Server) parseParam(t *tx, q *query, name, value string, lenient bool) error {
	bare, modifier, _ := strings.Cut(name, ":")
	switch bare {
	case "_count", "_offset":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fail(400, "value", name+" must be a number from 0")
		}
		if bare == "_count" {
			q.count = min(n, maxCount)
		} else {
			q.offset = n
		}
		return nil
	case "_sort":
		return q.parseSort(value)
	case "_total":
		if !slices.Contains([]string{"none", "estimate", "accurate"}, value) {
			return fail(400, "value", "_total must be none, estimate or accurate")
		}
		q.total = value
		return nil
	case "_summary":
		if !slices.Contains([]string{"true", "false", "count", "text", "data"}, value) {
			return fail(400, "value", "_summary must be true, false, count, text or data")
		}
		q.summary = value
		return nil
	case "_elements":
		q.elements = append(q.elements, strings.Split(value, ",")...)
		return nil
	case "_include", "_revinclude":
		inc, err := parseInclusion(q.kind, bare, value)
		if err != nil {
			return err
		}
		inc.iterate = modifier == "iterate" || modifier == "recurse"
		if bare == "_include" {
			q.include = append(q.include, inc)
		} else {
			q.reverse = append(q.reverse, inc)
		}
		return nil
	case "_has":
		return srv.parseHas(t, q, modifier, value, lenient)
	}
	if slices.Contains(silent, bare) {
		return nil
	}
	c, known, err := srv.parseCriterion(t, q.kind, name, value, lenient)
	if err != nil {
		return err
	}
	if !known {
		if lenient {
			return nil
		}
		return fail(400, "invalid", "Unknown search parameter: "+name)
	}
	if c != nil {
		q.tests = append(q.tests, *c)
	}
	return nil
}

// parseCriterion reads "name", "name:modifier" and the chained "name.other" and
// "name:Type.other". A nil criterion with known true is an empty value.
func (srv *Server) parseCriterion(t *tx, kind, name, value string, lenient bool) (*criterion, bool, error) {
	head, chain, chained := strings.Cut(name, ".")
	bare, modifier, _ := strings.Cut(head, ":")
	p, ok := paramOf(kind, bare)
	if !ok {
		return nil, false, nil
	}
	if value == "" {
		return nil, true, nil
	}
	if chained {
		if p.kind != "ref" {
			return nil, true, fail(400, "invalid", "Parameter "+bare+" cannot be chained: it is no reference")
		}
		return srv.parseChain(t, p, modifier, chain, value, lenient)
	}
	if !modifierFits(p.kind, modifier) {
		return nil, true, fail(400, "not-supported", "Modifier :"+modifier+" is not supported on "+bare)
	}
	c := &criterion{param: p, modifier: modifier, values: splitEscaped(value, ',')}
	for _, v := range c.values {
		if err := checkValue(p, modifier, v); err != nil {
			return nil, true, err
		}
	}
	return c, true, nil
}

// modifierFits tells which modifiers a parameter kind takes.
func modifierFits(kind, modifier string) bool {
	switch modifier {
	case "", "missing":
		return true
	case "exact", "contains":
		return kind == "string"
	case "not", "text", "of-type":
		return kind == "token"
	case "identifier":
		return kind == "ref"
	case "below", "above":
		return kind == "uri"
	}
	return kind == "ref" && isType(modifier)
}

// checkValue refuses values that cannot be of the parameter's type.
func checkValue(p param, modifier, v string) error {
	bad := fail(400, "value", "Invalid value for search parameter "+p.name+": "+v)
	if modifier == "missing" {
		if v != "true" && v != "false" {
			return bad
		}
		return nil
	}
	_, rest := splitPrefix(v)
	switch p.kind {
	case "date":
		if _, ok := parseSpan(rest); !ok {
			return bad
		}
	case "quantity", "number":
		written := splitEscaped(rest, '|')[0]
		if _, err := strconv.ParseFloat(written, 64); err != nil {
			return bad
		}
	}
	return nil
}

// parseChain turns "patient.identifier=x" into the set of patients that it
// finds.
func (srv *Server) parseChain(t *tx, p param, modifier, chain, value string, lenient bool) (*criterion, bool, error) {
	var kinds []string
	switch {
	case isType(modifier):
		kinds = []string{modifier}
	case modifier != "":
		return nil, true, fail(400, "not-supported", "Modifier :"+modifier+" is not supported in a chain")
	case p.target != "":
		kinds = []string{p.target}
	default:
		for kind := range searchParams() {
			kinds = append(kinds, kind)
		}
	}
	c := &criterion{param: p, keys: map[Key]bool{}}
	known := false
	for _, kind := range kinds {
		sub, ok, err := srv.parseCriterion(t, kind, chain, value, lenient)
		if err != nil {
			if len(kinds) > 1 {
				continue // the chain makes sense on another type
			}
			return nil, true, err
		}
		if !ok {
			continue
		}
		known = true
		if sub == nil {
			continue
		}
		for _, r := range srv.run(t, &query{kind: kind, tests: []criterion{*sub}}) {
			c.keys[r.Key] = true
		}
	}
	return c, known, nil
}

// parseHas reads "_has:Observation:patient:code=x".
func (srv *Server) parseHas(t *tx, q *query, modifier, value string, lenient bool) error {
	part := strings.SplitN(modifier, ":", 3)
	if len(part) != 3 || !isType(part[0]) {
		return fail(400, "invalid", "_has must be _has:Type:reference:parameter")
	}
	by, ok := paramOf(part[0], part[1])
	if !ok || by.kind != "ref" {
		return fail(400, "invalid", "Unknown search parameter: "+part[0]+"."+part[1])
	}
	sub := &query{kind: part[0], count: maxCount}
	if err := srv.parseParam(t, sub, part[2], value, lenient); err != nil {
		return err
	}
	c := criterion{keys: map[Key]bool{}, onSelf: true}
	for _, r := range srv.run(t, sub) {
		for _, v := range by.values(r.view) {
			if kind, id, ok := t.s.local(text(v, "reference")); ok {
				c.keys[Key{kind, id}] = true
			}
		}
	}
	q.tests = append(q.tests, c)
	return nil
}

func (q *query) parseSort(value string) error {
	for _, name := range strings.Split(value, ",") {
		plainName, down := strings.CutPrefix(name, "-")
		p, ok := paramOf(q.kind, plainName)
		if !ok {
			return fail(400, "invalid", "Unknown search parameter for _sort: "+plainName)
		}
		q.sort = append(q.sort, sortKey{p, down})
	}
	return nil
}

func parseInclusion(kind, what, value string) (inclusion, error) {
	part := strings.Split(value, ":")
	if value == "*" {
		return inclusion{source: kind, name: "*"}, nil
	}
	if len(part) < 2 || len(part) > 3 || !isType(part[0]) {
		return inclusion{}, fail(400, "invalid", "Invalid "+what+" value: "+value)
	}
	inc := inclusion{source: part[0], name: part[1]}
	if len(part) == 3 {
		inc.target = part[2]
	}
	if inc.name == "*" {
		return inc, nil
	}
	p, ok := paramOf(inc.source, inc.name)
	if !ok || p.kind != "ref" {
		return inclusion{}, fail(400, "invalid", "Invalid "+what+" value: "+value+" is no reference parameter")
	}
	return inc, nil
}
