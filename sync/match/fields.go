package match

import (
	"strings"
	"unicode"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/phi"
)

// fields lays the two records side by side.
func fields(ours, theirs person, g agreement) []Field {
	verdict := map[string]Verdicts{
		"first": g.first.verdict(), "last": g.last.verdict(), "suffix": g.suffix.verdict(), "birthDate": g.dob.verdict(),
		"sex": g.sex.verdict(), "address": g.street.verdict(), "postalCode": g.zip.verdict(), "phone": g.phone.verdict(),
		"email": g.email.verdict(), "ssn": g.ssn4.verdict(), "itin": g.itin4.verdict(), "mbi": g.mbi.verdict(),
		"legalId": g.legal.verdict(), "csp": g.csp.verdict(), "memberId": g.mem.verdict(), "recordNumber": g.rec.verdict(),
	}
	a, b := shown(ours), shown(theirs)
	var out []Field
	for _, name := range FieldNames() {
		if a[name] == "" && b[name] == "" {
			continue
		}
		out = append(out, Field{Name: name, Verdict: verdict[name], Ours: phi.Text(a[name]), Theirs: phi.Text(b[name])})
	}
	return out
}

func (t tier) verdict() Verdicts {
	switch {
	case t == exact:
		return Agree
	case t < differ:
		return Fuzzy
	case t == differ:
		return Differ
	}
	return Absent
}

func (t dobTier) verdict() Verdicts {
	switch t {
	case dobSame:
		return Agree
	case dobDay, dobNear, dobPartial:
		return Fuzzy
	case dobDecade, dobFar:
		return Differ
	}
	return Absent
}

// shown is what staff read: values as written, cleaned, numbers of the tax
// office as their last four.
func shown(p person) map[string]string {
	r := p.source
	m := map[string]string{}
	put := func(name, v string) {
		v = printable(v)
		if v == "" || strings.Contains(" / "+m[name]+" / ", " / "+v+" / ") {
			return
		}
		if m[name] != "" {
			v = m[name] + " / " + v
		}
		m[name] = v
	}
	for _, n := range r.Get("name").Elements() {
		var given []string
		for _, g := range n.Get("given").Elements() {
			given = append(given, g.String())
		}
		put("first", strings.Join(given, " "))
		put("last", n.Get("family").String())
		if len(given) == 0 && n.Get("family").String() == "" {
			put("last", n.Get("text").String())
		}
		for _, s := range n.Get("suffix").Elements() {
			put("suffix", s.String())
		}
	}
	put("birthDate", r.Get("birthDate").String())
	put("sex", r.Get("gender").String())
	for _, a := range r.Get("address").Elements() {
		var line []string
		for _, l := range a.Get("line").Elements() {
			line = append(line, l.String())
		}
		line = append(line, a.Get("city").String(), a.Get("state").String())
		put("address", strings.Join(noEmpty(line), ", "))
		put("postalCode", a.Get("postalCode").String())
	}
	for _, t := range r.Get("telecom").Elements() {
		put(telecomField(t), t.Get("value").String())
	}
	for _, id := range r.Get("identifier").Elements() {
		kind, v := readIdentifier(id)
		raw := id.Get("value").String()
		switch kind {
		case idSSN:
			put("ssn", "…"+v[len(v)-4:])
		case idITIN:
			put("itin", "…"+v[len(v)-4:])
		case idMBI:
			put("mbi", raw)
		case idLegal:
			put("legalId", raw)
		case idCSP:
			put("csp", raw)
		case idMember:
			put("memberId", raw)
		case idRecord:
			put("recordNumber", raw)
		}
	}
	return m
}

func telecomField(t fhir.Value) string {
	if t.Get("system").String() == "email" || strings.Contains(t.Get("value").String(), "@") {
		return "email"
	}
	return "phone"
}

func noEmpty(in []string) []string {
	var out []string
	for _, s := range in {
		if strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	return out
}

// printable drops what must not reach a screen and cuts at 200 runes.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:199]) + "…"
	}
	return s
}
