package summary

import (
	"strings"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/phi"
)

// person files a Patient entry: as the person, as another entry for the same
// person, or as somebody else.
func (b *builder) person(p fhir.Place, key string) {
	who := b.readPerson(b.index.Entry(p).Resource, key)
	switch {
	case b.subject[p] && b.view.Person.Key == "":
		b.view.Person = who
	case b.subject[p]:
		who.Same = true
		b.view.People = append(b.view.People, who)
	default:
		b.view.People = append(b.view.People, who)
	}
}

func (b *builder) readPerson(r fhir.Resource, key string) Person {
	names := r.Get("name").Array()
	best := bestName(names)
	who := Person{
		Key:       key,
		Name:      humanName(best),
		Given:     givenName(best),
		Family:    clean(best.Get("family").String(), cutTitle),
		Sex:       word("sex", r.Get("gender").String()),
		BirthDate: parseDate(r.Get("birthDate").String()),
		Deceased:  r.Get("deceasedBoolean").Bool() || r.Get("deceasedDateTime").IsString(),
		Inactive:  r.Get("active").Exists() && !r.Get("active").Bool(),
		IDTail:    tail(r.Get("identifier", 0, "value").String()),
	}
	if d := who.BirthDate; d.Year > b.now.Year()+1 {
		who.BirthDate = Date{}
	}
	who.BirthYear = who.BirthDate.Year
	for _, n := range names {
		if t := humanName(n); t != "" && t != who.Name {
			who.OtherNames = append(who.OtherNames, t)
		}
	}
	who.AddressLine = address(bestUse(r.Get("address").Array(), "home"))
	for _, t := range r.Get("telecom").Elements() {
		value := clean(t.Get("value").String(), 80)
		switch sys := t.Get("system").String(); {
		case t.Get("use").String() == "old" || value == "":
		case (sys == "phone" || sys == "sms") && who.Phone == "":
			who.Phone = value
		case sys == "email" && who.Email == "":
			who.Email = value
		}
	}
	for _, c := range r.Get("communication").Elements() {
		code := c.Get("language", "coding", 0, "code").String()
		if code != "" && (who.Language == "" || c.Get("preferred").Bool()) {
			who.Language = clean(code, 35).Reveal() // BCP 47 tags are at most 35 characters (RFC 5646 4.4.1)
		}
	}
	return who
}

// bestName prefers what the person is called now: official, usual, any that
// is not old.
func bestName(names []fhir.Value) fhir.Value {
	for _, use := range []string{"official", "usual", "", "nickname", "anonymous", "temp"} {
		for _, n := range names {
			if n.Get("use").String() == use && humanName(n) != "" {
				return n
			}
		}
	}
	if len(names) > 0 {
		return names[0]
	}
	return fhir.Value{}
}

func bestUse(list []fhir.Value, use string) fhir.Value {
	for _, v := range list {
		if v.Get("use").String() == use {
			return v
		}
	}
	for _, v := range list {
		if v.Get("use").String() != "old" {
			return v
		}
	}
	return fhir.Value{}
}

func givenName(n fhir.Value) phi.Text {
	var given []string
	for _, g := range n.Get("given").Elements() {
		given = append(given, g.String())
	}
	return clean(strings.Join(given, " "), cutTitle)
}

// humanName writes a HumanName: its parts, else its text.
func humanName(n fhir.Value) phi.Text {
	var suffix []string
	for _, s := range n.Get("suffix").Elements() {
		suffix = append(suffix, s.String())
	}
	parts := joinText(" ", givenName(n), clean(n.Get("family").String(), cutTitle))
	if parts == "" {
		return clean(n.Get("text").String(), cutTitle)
	}
	return clean(joinText(" ", parts, clean(strings.Join(suffix, " "), 40)).Reveal(), cutTitle)
}

// address writes an Address on one line.
func address(a fhir.Value) phi.Text {
	var lines []phi.Text
	for _, l := range a.Get("line").Elements() {
		lines = append(lines, clean(l.String(), 80))
	}
	region := joinText(" ", clean(a.Get("state").String(), 40), clean(a.Get("postalCode").String(), 20))
	full := joinText(", ", append(lines, clean(a.Get("city").String(), 60), region)...)
	if full == "" {
		full = clean(a.Get("text").String(), cutLine)
	}
	return clean(full.Reveal(), cutLine)
}
