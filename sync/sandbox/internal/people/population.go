package people

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// MRN is the identifier system of the demo clinic's chart numbers.
const MRN = "urn:oid:2.999.5550.1" // 2.999 is the OID arc for examples

// object is a JSON object in the making.
type object = map[string]any

// town is where somebody lives.
type town struct{ city, state, zip string }

// draft is a person before the resource is written.
type draft struct {
	Person
	id       string
	middle   string
	maiden   string
	suffix   string
	phones   []string
	inactive bool
	died     string
	replaced string // reference of the chart that took over
}

// maker makes people with one source of chance.
type maker struct {
	rng  *rand.Rand
	seed uint64
	now  time.Time
	n    int
	out  Population
	dr   []string // practitioners
	org  []string
}

// Make makes n people (at least the ones of the stories), some with clinical
// content, and the clinic's organisations and practitioners.
func Make(seed uint64, n int, now time.Time) Population {
	m := &maker{rng: rand.New(rand.NewPCG(seed, 0x5eed)), seed: seed, now: now}
	m.clinic()
	for _, d := range storyCharts() {
		m.add(d)
	}
	for len(m.out.People) < n {
		m.group(n - len(m.out.People))
	}
	return m.out
}

// id gives the next UUID of this seed (version 8, RFC 9562: made from a hash).
func (m *maker) id(what string) string {
	m.n++
	h := sha256.Sum256(fmt.Appendf(nil, "shlkiosk demo %d %s %d", m.seed, what, m.n))
	u := h[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func pickOne[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// person draws somebody.
func (m *maker) person(kind string) draft {
	d := draft{}
	d.Kind = kind
	d.Gender = pickOne(m.rng, []string{"female", "male"})
	d.Given = m.given(d.Gender)
	d.Family = pickOne(m.rng, familyNames)
	d.middle = pickOne(m.rng, middleNames)
	born := time.Date(1935, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, m.rng.IntN(85*365))
	d.BirthDate = born.Format(time.DateOnly)
	t := pickOne(m.rng, towns)
	d.City, d.State, d.ZIP = t.city, t.state, t.zip
	d.Line = fmt.Sprintf("%d %s", 10+m.rng.IntN(890), pickOne(m.rng, streets))
	d.Phone = fmt.Sprintf("(%d) 555-%04d", 201+m.rng.IntN(700), 100+m.rng.IntN(100))
	d.Email = fmt.Sprintf("%s.%s%02d@example.org", letters(d.Given), letters(d.Family), m.rng.IntN(100))
	return d
}

func (m *maker) given(gender string) string {
	if gender == "female" {
		return pickOne(m.rng, femaleNames)
	}
	return pickOne(m.rng, maleNames)
}

// letters is s in lower case, its letters a to z only.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// group adds one person, or a pair or family that is easily confused.
func (m *maker) group(room int) {
	pairs := []func(){m.twins, m.nearTwin, m.namesakes, m.replaced}
	switch pick := m.rng.IntN(20); {
	case pick < 4 && room >= 2:
		pairs[pick]()
	case pick < 6 && room >= 4:
		m.household()
	case pick < 12:
		m.single(pick)
	default:
		m.add(m.person("plain"))
	}
}

// single adds somebody with one peculiarity.
func (m *maker) single(which int) {
	d := m.person("plain")
	switch which {
	case 4, 5, 6:
		d.Kind, d.Family = "accent", pickOne(m.rng, accented)
		if m.rng.IntN(2) == 0 {
			d.Given = pickOne(m.rng, accentFirst)
		}
		d.Email = fmt.Sprintf("person%03d@example.org", m.rng.IntN(1000))
	case 7:
		d.Kind, d.Gender = "maiden", "female"
		d.Given = m.given(d.Gender)
		d.maiden = pickOne(m.rng, familyNames)
	case 8:
		d.Kind = "phones"
		d.phones = []string{fmt.Sprintf("+1-%d-555-%04d", 201+m.rng.IntN(700), 100+m.rng.IntN(100)), fmt.Sprintf("%d.555.%04d", 201+m.rng.IntN(700), 100+m.rng.IntN(100))}
	case 9:
		d.Kind, d.inactive = "inactive", true
	case 10:
		d.Kind, d.died = "deceased", m.now.AddDate(0, -1-m.rng.IntN(60), 0).Format(time.DateOnly)
		if d.died < d.BirthDate {
			d.died = d.BirthDate
		}
	default:
		d.Kind = "sparse"
		d.Phone, d.Email, d.Line, d.City, d.State, d.ZIP = "", "", "", "", "", ""
	}
	m.add(d)
}

// twins: one birth date, address and phone, two names of one gender.
func (m *maker) twins() {
	a := m.person("twin")
	b := a
	for b.Given == a.Given {
		b.Given = m.given(a.Gender)
	}
	b.Email = fmt.Sprintf("%s.%s@example.org", letters(b.Given), letters(b.Family))
	m.pair(a, b)
}

// nearTwin: the same name, the birth date one digit or swapped, all else
// different; or the same person in all but a slip.
func (m *maker) nearTwin() {
	a := m.person("near-twin")
	b := m.person("near-twin")
	b.Given, b.Family, b.Gender = a.Given, a.Family, a.Gender
	born, err := time.Parse(time.DateOnly, a.BirthDate)
	if err != nil {
		panic("people: own birth date: " + err.Error())
	}
	switch day := born.Day(); {
	case day <= 12 && day != int(born.Month()):
		b.BirthDate = fmt.Sprintf("%04d-%02d-%02d", born.Year(), day, int(born.Month())) // day and month swapped
	case day > 1:
		b.BirthDate = born.AddDate(0, 0, -1).Format(time.DateOnly)
	default:
		b.BirthDate = born.AddDate(1, 0, 0).Format(time.DateOnly)
	}
	m.pair(a, b)
}

// namesakes: parent and child of one name at one address.
func (m *maker) namesakes() {
	a := m.person("namesake")
	born, err := time.Parse(time.DateOnly, a.BirthDate)
	if err != nil {
		panic("people: own birth date: " + err.Error())
	}
	b := a
	if born.Year() > 1990 {
		born = born.AddDate(-40, 0, 0)
		a.BirthDate = born.Format(time.DateOnly)
	}
	b.BirthDate = born.AddDate(24+m.rng.IntN(10), m.rng.IntN(12), m.rng.IntN(28)).Format(time.DateOnly)
	if m.rng.IntN(2) == 0 {
		a.suffix, b.suffix = "Sr", "Jr"
	}
	b.Email = ""
	m.pair(a, b)
}

// replaced: two charts of one person, the older replaced by the newer.
func (m *maker) replaced() {
	a := m.person("plain")
	b := a
	b.Kind, b.inactive = "replaced", true
	if short, ok := nicknames[b.Given]; ok {
		b.Given = short
	}
	newer := m.add(a)
	b.replaced, b.Other = newer, newer
	older := m.add(b)
	m.out.People[len(m.out.People)-2].Other = older
}

// household: two adults and two children who share address and phone.
func (m *maker) household() {
	a := m.person("household")
	members := []draft{a}
	for i := range 3 {
		b := m.person("household")
		b.Family, b.Line, b.City, b.State, b.ZIP, b.Phone = a.Family, a.Line, a.City, a.State, a.ZIP, a.Phone
		if i > 0 {
			b.BirthDate = m.now.AddDate(-3-m.rng.IntN(14), -m.rng.IntN(12), -m.rng.IntN(28)).Format(time.DateOnly)
			b.Email = a.Email
		}
		members = append(members, b)
	}
	for _, d := range members {
		m.add(d)
	}
}

func (m *maker) pair(a, b draft) {
	first := m.add(a)
	b.Other = first
	second := m.add(b)
	m.out.People[len(m.out.People)-2].Other = second
}

// add writes the chart and gives its reference.
func (m *maker) add(d draft) string {
	if d.id == "" {
		d.id = m.id("patient")
	}
	d.Reference = "Patient/" + d.id
	d.Resource = m.patient(d)
	m.out.Resources = append(m.out.Resources, d.Resource)
	m.out.People = append(m.out.People, d.Person)
	if len(m.out.People)%3 == 1 && d.died == "" {
		m.history(d)
	}
	return d.Reference
}

// patient writes the Patient resource.
func (m *maker) patient(d draft) json.RawMessage {
	name := object{"use": "official", "family": d.Family, "given": []string{d.Given}}
	if d.middle != "" {
		name["given"] = []string{d.Given, d.middle}
	}
	if d.suffix != "" {
		name["suffix"] = []string{d.suffix}
	}
	names := []any{name}
	if d.maiden != "" {
		names = append(names, object{"use": "maiden", "family": d.maiden, "given": []string{d.Given}})
	}
	p := object{
		"resourceType": "Patient", "id": d.id, "meta": testTag(), "active": !d.inactive,
		"identifier": []any{object{"use": "usual", "type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical record number"),
			"system": MRN, "value": fmt.Sprintf("DEMO-%05d", 10000+len(m.out.People))}},
		"name": names, "gender": d.Gender, "birthDate": d.BirthDate,
	}
	var telecom []any
	if d.Phone != "" {
		telecom = append(telecom, object{"system": "phone", "use": "mobile", "value": d.Phone})
	}
	for _, s := range d.phones {
		telecom = append(telecom, object{"system": "phone", "use": "home", "value": s})
	}
	if d.Email != "" {
		telecom = append(telecom, object{"system": "email", "value": d.Email})
	}
	if len(telecom) > 0 {
		p["telecom"] = telecom
	}
	if d.Line != "" {
		p["address"] = []any{object{"use": "home", "line": []string{d.Line}, "city": d.City, "state": d.State, "postalCode": d.ZIP, "country": "US"}}
	}
	if d.died != "" {
		p["deceasedDateTime"] = d.died
	}
	if d.replaced != "" {
		p["link"] = []any{object{"other": object{"reference": d.replaced}, "type": "replaced-by"}}
	}
	if len(m.org) > 0 {
		p["managingOrganization"] = object{"reference": m.org[0]}
	}
	return raw(p)
}

// testTag marks a resource as made up.
func testTag() object {
	return object{"security": []any{object{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST", "display": "test health data"}}}
}

func concept(system, code, display string) object {
	return object{"coding": []any{object{"system": system, "code": code, "display": display}}, "text": display}
}

// raw writes an object as JSON; what this package makes always encodes.
func raw(o object) json.RawMessage {
	b, err := json.Marshal(o)
	if err != nil {
		panic("people: own resource: " + err.Error())
	}
	return b
}
