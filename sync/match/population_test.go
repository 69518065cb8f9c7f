package match

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/fhir"
)

var testNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// human is a synthetic person before it becomes a FHIR Patient.
type human struct {
	ID                 string
	Given, Middle      string
	Last, Maiden       string
	Suffix             string
	Sex                string
	DOB                string
	Street, Unit, City string
	State, ZIP         string
	Phones             []string
	Email              string
	SSN                string // nine digits, or the last four
	MRN                string
	MRNSystem          string
	OldLast            bool // the maiden name is on record too
	PhoneStyle         int
	Upper              bool
	Twin               bool // Patient.multipleBirth
}

// world draws people.
type world struct {
	*rand.Rand
	female, male, last []string
	n                  int
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	read := func(name string) (out []string) {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			if !strings.HasPrefix(line, "#") {
				out = append(out, strings.Fields(line)...)
			}
		}
		return out
	}
	return &world{Rand: rand.New(rand.NewPCG(seed, 1)), female: read("female.txt"), male: read("male.txt"), last: read("lastnames.txt")}
}

// ranked draws from a list in order of frequency, so that frequent names are frequent.
func (w *world) ranked(list []string) string {
	x := w.Float64()
	return list[int(x*x*float64(len(list)))]
}

func (w *world) chance(p float64) bool { return w.Float64() < p }

func pick[T any](w *world, list []T) T { return list[w.IntN(len(list))] }

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

var (
	streetNames = []string{"Main", "Oak", "Maple", "Washington", "Lake", "Hill", "Walnut", "Spring", "Ridge", "Church", "Willow",
		"Jefferson", "Highland", "Franklin", "River", "Cherry", "Dogwood", "Hickory", "Sunset", "Jackson", "Trinity", "Hazen",
		"Kings", "Bedford", "Lafayette", "Chestnut", "Prospect", "Magnolia", "Sycamore", "Lincoln"}
	streetKinds = []string{"Street", "Avenue", "Road", "Drive", "Lane", "Boulevard", "Court", "Place", "Terrace", "Highway"}
	cities      = [][3]string{{"Springfield", "IL", "627"}, {"Brooklyn", "NY", "112"}, {"Newark", "NJ", "071"}, {"Austin", "TX", "787"},
		{"Fresno", "CA", "937"}, {"Tampa", "FL", "336"}, {"Columbus", "OH", "432"}, {"Denver", "CO", "802"}, {"Madison", "WI", "537"}}
	mailHosts = []string{"gmail.com", "yahoo.com", "outlook.com", "aol.com", "comcast.net"}
)

func (w *world) date(from, to int) string {
	d := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w.IntN((to-from+1)*365))
	s := d.Format(time.DateOnly)
	if placeholderDate(s) {
		return w.date(from, to)
	}
	return s
}

func (w *world) phone() string {
	for {
		d := fmt.Sprintf("%d%02d%d%02d%04d", 2+w.IntN(8), w.IntN(100), 2+w.IntN(8), w.IntN(100), w.IntN(10000))
		if phone(d) != "" && d[3:6] != "555" {
			return d
		}
	}
}

func (w *world) ssn() string {
	for {
		d := fmt.Sprintf("%03d%02d%04d", 1+w.IntN(898), 1+w.IntN(99), 1+w.IntN(9999))
		if !placeholderSSN(d) && !placeholderLast4(d[5:]) {
			return d
		}
	}
}

func (w *world) person() human {
	w.n++
	h := human{ID: fmt.Sprint("p", w.n), Sex: pick(w, []string{"female", "male"}), Last: w.ranked(w.last), DOB: w.date(1930, 2024)}
	h.Given = w.given(h.Sex)
	if w.chance(0.6) {
		h.Middle = w.given(h.Sex)
	}
	w.home(&h)
	if w.chance(0.92) {
		h.Phones = append(h.Phones, w.phone())
	}
	if w.chance(0.6) {
		h.Email = fmt.Sprintf("%s.%s%d@%s", h.Given, h.Last, w.IntN(1000), pick(w, mailHosts))
	}
	switch x := w.Float64(); { // the published set has an SSN on about two of three records
	case x < 0.45:
		h.SSN = w.ssn()
	case x < 0.65:
		h.SSN = w.ssn()[5:]
	}
	h.MRN, h.MRNSystem = fmt.Sprintf("%07d", w.IntN(10_000_000)), fmt.Sprintf("https://hospital%d.example/mrn", w.IntN(40))
	h.PhoneStyle = w.IntN(4)
	return h
}

func (w *world) given(sex string) string {
	for {
		n := w.ranked(w.male)
		if sex == "female" {
			n = w.ranked(w.female)
		}
		if len(n) > 1 && !placeholderName(n) {
			return n
		}
	}
}

func (w *world) home(h *human) {
	c := pick(w, cities)
	h.Street = fmt.Sprintf("%d %s %s", 1+w.IntN(9800), pick(w, streetNames), pick(w, streetKinds))
	h.Unit = ""
	if w.chance(0.3) {
		h.Unit = fmt.Sprintf("Apt %d%c", 1+w.IntN(30), 'A'+rune(w.IntN(6)))
	}
	h.City, h.State, h.ZIP = c[0], c[1], fmt.Sprintf("%s%02d", c[2], w.IntN(100))
}

func formatPhone(d string, style int) string {
	if len(d) != 10 {
		return d
	}
	switch style {
	case 0:
		return "(" + d[:3] + ") " + d[3:6] + "-" + d[6:]
	case 1:
		return d[:3] + "-" + d[3:6] + "-" + d[6:]
	case 2:
		return "+1" + d
	}
	return d
}

// patient writes the human as a FHIR Patient.
func (h human) patient(t testing.TB) fhir.Resource {
	t.Helper()
	up := func(s string) string {
		if h.Upper {
			return strings.ToUpper(s)
		}
		return title(s)
	}
	var given []string
	for _, g := range []string{h.Given, h.Middle} {
		if g != "" {
			given = append(given, up(g))
		}
	}
	name := map[string]any{"family": up(h.Last), "given": given}
	if h.Suffix != "" {
		name["suffix"] = []string{h.Suffix}
	}
	names := []any{name}
	if h.OldLast && h.Maiden != "" {
		names = append(names, map[string]any{"use": "maiden", "family": up(h.Maiden), "given": given[:1]})
	}
	m := map[string]any{"resourceType": "Patient", "id": h.ID, "name": names, "gender": h.Sex}
	if h.DOB != "" {
		m["birthDate"] = h.DOB
	}
	if h.Street != "" {
		lines := []string{h.Street}
		if h.Unit != "" {
			lines = append(lines, h.Unit)
		}
		if h.Upper {
			lines = []string{strings.ToUpper(strings.Join(lines, " "))}
		}
		m["address"] = []any{map[string]any{"line": lines, "city": h.City, "state": h.State, "postalCode": h.ZIP}}
	}
	var telecom []any
	for _, p := range h.Phones {
		telecom = append(telecom, map[string]any{"system": "phone", "value": formatPhone(p, h.PhoneStyle)})
	}
	if h.Email != "" {
		telecom = append(telecom, map[string]any{"system": "email", "value": h.Email})
	}
	if telecom != nil {
		m["telecom"] = telecom
	}
	var ids []any
	if h.SSN != "" {
		ids = append(ids, map[string]any{"system": systemSSN, "value": h.SSN})
	}
	if h.MRN != "" {
		ids = append(ids, map[string]any{"system": h.MRNSystem, "value": h.MRN,
			"type": map[string]any{"coding": []any{map[string]any{"system": systemV20203, "code": "MR"}}}})
	}
	if ids != nil {
		m["identifier"] = ids
	}
	if h.Twin {
		m["multipleBirthBoolean"] = true
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	r, err := fhir.ParseResource(raw, fhir.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// elsewhere is the same person as another organization has it: another record
// number, other habits of writing.
func (w *world) elsewhere(h human) human {
	c := h
	w.n++
	c.ID = fmt.Sprint("c", w.n)
	c.MRN, c.MRNSystem = fmt.Sprintf("%07d", w.IntN(10_000_000)), "https://clinic.example/mrn"
	c.PhoneStyle, c.Upper = w.IntN(4), w.chance(0.5)
	c.Phones = append([]string(nil), h.Phones...)
	return c
}
