package match

import (
	"slices"
	"strings"
	"time"

	"shlkiosk/sync/fhir"
)

// person is one FHIR Patient in the normal form that rules compare. Every
// field is a set of all values, old ones included.
type person struct {
	names     []personName
	suffixes  []string
	dob       birth
	sex       string
	streets   []street
	zips      []string
	phones    []string
	emails    []string
	ssn       []string // nine digits
	ssn4      []string
	itin4     []string
	mbi       []string
	legal     []string
	csp       []string
	member    []string
	record    []string
	multiple  bool // Patient.multipleBirth: twin, triplet
	adult     bool // 26 or older: past the age at which brothers and sisters share home, phone and mail
	deceased  bool
	inactive  bool
	reference string
	source    fhir.Resource
}

// personName is one HumanName. first holds the spellings of the first given
// name ("maryann" and "mary" for "Mary Ann"), middle what comes after it.
type personName struct {
	first, middle []string
	last          string   // whole, folded
	parts         []string // parts of a double name
}

// read takes a Patient apart.
func read(r fhir.Resource, now time.Time) person {
	p := person{source: r, dob: parseBirth(r.Get("birthDate").String(), now)}
	if r.ID() != "" {
		p.reference = "Patient/" + r.ID()
	}
	if s := r.Get("gender").String(); s == "male" || s == "female" {
		p.sex = s
	}
	for _, n := range r.Get("name").Elements() {
		p.addName(n)
	}
	for _, a := range r.Get("address").Elements() {
		s := readAddress(a)
		if s.usable() {
			p.streets = append(p.streets, s)
		}
		if s.zip != "" {
			p.zips = append(p.zips, s.zip)
		}
	}
	for _, t := range r.Get("telecom").Elements() {
		value := t.Get("value").String()
		switch sys := t.Get("system").String(); {
		case sys == "email", sys == "" && strings.Contains(value, "@"):
			add(&p.emails, email(value))
		case sys == "phone", sys == "sms", sys == "":
			add(&p.phones, phone(value))
		}
	}
	for _, id := range r.Get("identifier").Elements() {
		kind, v := readIdentifier(id)
		switch kind {
		case idSSN:
			if len(v) == 9 {
				add(&p.ssn, v)
			}
			add(&p.ssn4, v[len(v)-4:])
		case idITIN:
			add(&p.itin4, v[len(v)-4:])
		case idMBI:
			add(&p.mbi, v)
		case idLegal:
			add(&p.legal, v)
		case idCSP:
			add(&p.csp, v)
		case idMember:
			add(&p.member, v)
		case idRecord:
			add(&p.record, v)
		}
	}
	p.multiple = r.Get("multipleBirthBoolean").Bool() || r.Get("multipleBirthInteger").Number() != ""
	p.adult = p.dob.older(26, now)
	p.deceased = r.Get("deceasedBoolean").Bool() || r.Get("deceasedDateTime").IsString()
	p.inactive = r.Get("active").Exists() && !r.Get("active").Bool()
	return p
}

func add(list *[]string, v string) {
	if v != "" && !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

func (p *person) addName(n fhir.Value) {
	family := n.Get("family").String()
	var given []string
	for _, g := range n.Get("given").Elements() {
		if strings.TrimSpace(g.String()) != "" {
			given = append(given, g.String())
		}
	}
	if family == "" && len(given) == 0 {
		family, given = splitText(n.Get("text").String())
	}
	for _, s := range n.Get("suffix").Elements() {
		add(&p.suffixes, generation(s.String()))
	}
	var out personName
	fw := words(family)
	if k := len(fw); k > 1 {
		if g := generation(fw[k-1]); g != "" {
			add(&p.suffixes, g)
			fw = fw[:k-1]
		}
	}
	if whole := strings.Join(fw, ""); len([]rune(whole)) > 1 && !placeholderName(whole) {
		out.last = whole
		if len(fw) > 1 {
			for _, w := range fw {
				if len([]rune(w)) >= 3 && !particle(w) {
					out.parts = append(out.parts, w)
				}
			}
		}
	}
	for i, g := range given {
		gw := words(g)
		whole := strings.Join(gw, "")
		if whole == "" || placeholderName(whole) {
			continue
		}
		if i > 0 && len(out.first) > 0 {
			add(&out.middle, whole)
			continue
		}
		add(&out.first, whole)
		if len(gw) > 1 {
			add(&out.first, gw[0])
			for _, w := range gw[1:] {
				add(&out.middle, w)
			}
		}
	}
	if out.last != "" || len(out.first) > 0 {
		p.names = append(p.names, out)
	}
}

// splitText reads a name that is only text: "Family, Given" or "Given Family".
func splitText(text string) (family string, given []string) {
	if f, g, ok := strings.Cut(text, ","); ok && generation(g) == "" {
		return f, strings.Fields(g)
	}
	w := strings.Fields(strings.ReplaceAll(text, ",", " "))
	if len(w) < 2 {
		return text, nil
	}
	last := len(w) - 1
	if last > 1 && generation(w[last]) != "" {
		last--
	}
	return strings.Join(w[last:], " "), w[:last]
}

// generation reads a suffix that tells father from son; titles are none.
func generation(s string) string {
	switch fold(s) {
	case "jr", "junior", "jnr":
		return "jr"
	case "sr", "senior", "snr":
		return "sr"
	case "ii", "2nd", "second":
		return "2"
	case "iii", "3rd", "third":
		return "3"
	case "iv", "4th", "fourth":
		return "4"
	}
	return ""
}

func particle(w string) bool {
	switch w {
	case "van", "von", "der", "den", "del", "della", "dela", "las", "los", "dos", "das", "the", "bin", "ibn", "abu", "saint", "san",
		"santa", "mac", "ter", "ten", "vander":
		return true
	}
	return false
}

// firsts and lasts list the values over all names.
func (p person) firsts() (out []string) {
	for _, n := range p.names {
		for _, f := range n.first {
			add(&out, f)
		}
	}
	return out
}

func (p person) lasts() (out []string) {
	for _, n := range p.names {
		add(&out, n.last)
	}
	return out
}
