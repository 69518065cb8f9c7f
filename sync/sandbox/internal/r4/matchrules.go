package r4

import (
	"regexp"
	"slices"
	"strings"
)

// features are what two charts are compared by: each field is the set of all its
// values, folded.
type features struct {
	set     map[string][]string
	names   []string
	ids     []string
	telecom []string // as written
	suffix  []string
}

// matchRules are the combinations that make a match certain (CMS Patient
// Matching proposal 3.2.2 as Medplum has it): field names, "*" where one of the
// marked fields may be fuzzy.
var matchRules = []string{
	"first* last* dob street*", "first last dob phone", "first* last* dob email", "first* last dob ssn4", "first last* dob ssn4",
	"first* last dob itin4", "first last* dob itin4", "first dob mbi", "first dob legal", "last* dob legal", "first dob phone",
	"first dob email", "last phone ssn4", "last phone itin4", "last* email ssn4", "last* email itin4", "first phone ssn4",
	"first phone itin4", "first email ssn4", "first email itin4", "phone mbi", "phone legal", "email mbi", "email legal",
	"legal mbi", "cspUuid", "empi",
}

const cmsIDs = "https://bluebutton.cms.gov/resources/identifiers/"

var idFields = map[string]string{
	"http://hl7.org/fhir/sid/us-ssn": "ssn4", "http://hl7.org/fhir/sid/us-itin": "itin4",
	cmsIDs + "mbi": "mbi", "http://hl7.org/fhir/sid/us-mbi": "mbi", cmsIDs + "beneficiary-id": "legal", cmsIDs + "csp-uuid": "cspUuid",
}

var suffixes = map[string]string{
	"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "2", "2nd": "2", "second": "2",
	"iii": "3", "3rd": "3", "third": "3", "iv": "4", "4th": "4", "fourth": "4",
}

var fullDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// featuresOf reads a Patient.
func featuresOf(p map[string]any) features {
	f := features{set: map[string][]string{}}
	put := func(field, v string) {
		if v != "" && !slices.Contains(f.set[field], v) {
			f.set[field] = append(f.set[field], v)
		}
	}
	for _, s := range texts(p, "name.given") {
		put("first", fold(s))
	}
	for _, s := range texts(p, "name.family") {
		put("last", fold(s))
	}
	f.names = append(append(f.names, f.set["first"]...), f.set["last"]...)
	for _, s := range texts(p, "name.text") {
		f.names = append(f.names, fold(s))
	}
	for _, s := range texts(p, "name.suffix") {
		if canon, ok := suffixes[fold(s)]; ok {
			f.suffix = append(f.suffix, canon)
		}
	}
	if born, _ := p["birthDate"].(string); fullDate.MatchString(born) {
		put("dob", born)
	}
	for _, s := range texts(p, "address.line") {
		put("street", fold(s))
	}
	for _, c := range pick(p, "telecom") {
		v := text(c, "value")
		switch text(c, "system") {
		case "phone", "sms":
			put("phone", phoneDigits(v))
		case "email":
			put("email", fold(v))
		default:
			continue
		}
		if v != "" {
			f.telecom = append(f.telecom, v)
		}
	}
	for _, id := range pick(p, "identifier") {
		v := fold(text(id, "value"))
		if v == "" {
			continue
		}
		f.ids = append(f.ids, v)
		system := text(id, "system")
		field, known := idFields[system]
		switch {
		case field == "ssn4" || field == "itin4":
			put(field, v[max(0, len(v)-4):])
		case known:
			put(field, v)
		case system != "":
			put("empi", v)
		}
	}
	return f
}

func phoneDigits(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	d := b.String()
	if len(d) == 11 && d[0] == '1' {
		d = d[1:]
	}
	return d
}

// fieldNames are the fields that the score counts.
var fieldNames = []string{"first", "last", "dob", "street", "phone", "email", "ssn4", "itin4", "mbi", "legal", "cspUuid", "empi"}

// grade compares two charts.
func grade(a, b features) candidate {
	if len(a.suffix) > 0 && len(b.suffix) > 0 && !meet(a.suffix, b.suffix) {
		return candidate{grade: "certainly-not"}
	}
	exact, near := map[string]bool{}, map[string]bool{}
	points := 0.0
	for _, name := range fieldNames {
		if meet(a.set[name], b.set[name]) {
			exact[name] = true
			points++
		} else if fuzzyMeet(a.set[name], b.set[name]) {
			near[name] = true
			points += 0.5
		}
	}
	for _, rule := range matchRules {
		fuzzies, ok := 0, true
		for _, field := range strings.Fields(rule) {
			name, mayBe := strings.CutSuffix(field, "*")
			switch {
			case exact[name]:
			case mayBe && near[name]:
				fuzzies++
			default:
				ok = false
			}
		}
		if ok && fuzzies <= 1 {
			return candidate{grade: "certain", score: 1, rule: rule, fuzzy: fuzzies == 1}
		}
	}
	c := candidate{score: min(points/float64(len(fieldNames)), 0.9)}
	switch {
	case c.score >= 0.65:
		c.grade = "probable"
	case c.score >= 0.2:
		c.grade = "possible"
	default:
		c.grade = "certainly-not"
	}
	return c
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// fuzzyMeet: some pair of at least 5 characters each is one edit apart.
func fuzzyMeet(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if len(x) >= 5 && len(y) >= 5 && oneEdit(x, y) {
				return true
			}
		}
	}
	return false
}

// oneEdit tells whether at most one insertion, deletion, replacement or swap of
// neighbours (OSA distance 1) turns x into y.
func oneEdit(x, y string) bool {
	if len(x) > len(y) {
		x, y = y, x
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) == len(y) {
		if i == len(x) || x[i+1:] == y[i+1:] {
			return true
		}
		return i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && x[i+2:] == y[i+2:]
	}
	return len(y) == len(x)+1 && x[i:] == y[i+1:]
}
