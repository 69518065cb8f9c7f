package match

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"shlkiosk/sync/fhir"
)

// medplumCertain is the rule set of Medplum's Patient/$match as matching.md
// section 1 describes it (server 5.0.10), written here from that description
// for comparison: what peers answer on the same pairs. Its blocking, which
// loses candidates before the rules see them, is not part of it.
func medplumCertain(a, b fhir.Resource) bool {
	x, y := medplumFields(a), medplumFields(b)
	if xs, ys := x["suffix"], y["suffix"]; len(xs) > 0 && len(ys) > 0 && !shareOne(xs, ys) {
		return false
	}
	for _, rule := range medplumRules {
		slack, ok := 0, true
		for _, need := range strings.Fields(rule) {
			name, fuzzy := strings.CutSuffix(need, "*")
			switch {
			case shareOne(x[name], y[name]):
			case fuzzy && closeOne(x[name], y[name]):
				slack++
			default:
				ok = false
			}
		}
		if ok && slack <= 1 {
			return true
		}
	}
	return false
}

var medplumRules = []string{
	"first* last* dob street*", "first last* dob phone", "first* last* dob email", "first* last dob ssn4", "first last* dob ssn4",
	"first* last dob itin4", "first last* dob itin4", "first dob mbi", "first dob legal", "last* dob legal", "first dob phone",
	"first dob email", "last phone ssn4", "last phone itin4", "last* email ssn4", "last* email itin4", "first phone ssn4",
	"first phone itin4", "first email ssn4", "first email itin4", "phone mbi", "phone legal", "email mbi", "email legal",
	"legal mbi", "csp", "empi",
}

func shareOne(a, b []string) bool {
	return slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}

func closeOne(a, b []string) bool {
	for _, v := range a {
		for _, w := range b {
			if fuzzy(v, w) {
				return true
			}
		}
	}
	return false
}

func medplumFold(s string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, norm.NFD.String(s))
}

func medplumFields(r fhir.Resource) map[string][]string {
	m := map[string][]string{}
	put := func(field, v string) {
		if v != "" {
			m[field] = append(m[field], v)
		}
	}
	for _, n := range r.Get("name").Elements() {
		put("last", medplumFold(n.Get("family").String()))
		for _, g := range n.Get("given").Elements() {
			put("first", medplumFold(g.String()))
		}
		for _, s := range n.Get("suffix").Elements() {
			put("suffix", generation(s.String()))
		}
	}
	if d := r.Get("birthDate").String(); len(d) == 10 {
		put("dob", d)
	}
	for _, a := range r.Get("address").Elements() {
		for _, l := range a.Get("line").Elements() {
			put("street", medplumFold(l.String()))
		}
	}
	for _, t := range r.Get("telecom").Elements() {
		v := t.Get("value").String()
		if t.Get("system").String() == "email" {
			put("email", strings.ToLower(strings.TrimSpace(v)))
			continue
		}
		d := digitsOf(v)
		if len(d) == 11 && d[0] == '1' {
			d = d[1:]
		}
		put("phone", d)
	}
	for _, id := range r.Get("identifier").Elements() {
		v := medplumFold(id.Get("value").String())
		switch id.Get("system").String() {
		case systemSSN:
			put("ssn4", v[max(0, len(v)-4):])
		case systemITIN:
			put("itin4", v[max(0, len(v)-4):])
		case systemMBI:
			put("mbi", v)
		default:
			put("empi", v)
		}
	}
	return m
}
