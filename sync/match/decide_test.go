package match

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"shlkiosk/sync/fhir"
)

// server is a chart server as bad as some are: it compares accents and phone
// texts exactly, and names by prefix without regard to case.
type server struct {
	charts   []fhir.Resource
	match    func(q fhir.Resource, onlyCertain bool, count int) ([]Graded, error)
	queries  []fhir.Resource
	mu       sync.Mutex
	searched []url.Values
	readErr  error
	fail     error
	failKey  string // only searches with this parameter fail
}

func (s *server) Match(_ context.Context, q fhir.Resource, onlyCertain bool, count int) ([]Graded, error) {
	s.queries = append(s.queries, q)
	if s.match == nil {
		return nil, ErrUnsupported
	}
	return s.match(q, onlyCertain, count)
}

func (s *server) Read(_ context.Context, ref string) (fhir.Resource, error) {
	for _, c := range s.charts {
		if "Patient/"+c.ID() == ref {
			return c, s.readErr
		}
	}
	return fhir.Resource{}, errors.New("404")
}

func (s *server) Search(_ context.Context, params url.Values) ([]fhir.Resource, error) {
	s.mu.Lock()
	s.searched = append(s.searched, params)
	s.mu.Unlock()
	if s.fail != nil && (s.failKey == "" || params.Has(s.failKey)) {
		return nil, s.fail
	}
	var out []fhir.Resource
	for _, c := range s.charts {
		if fits(c, params) {
			out = append(out, c)
		}
	}
	n := 0
	fmt.Sscan(params.Get("_count"), &n)
	return out[:min(len(out), n)], nil
}

func fits(c fhir.Resource, params url.Values) bool {
	for key, values := range params {
		var have []string
		prefix := false
		switch key {
		case "_count":
			continue
		case "birthdate":
			have, prefix = []string{c.Get("birthDate").String()}, true
		case "family", "given":
			prefix = true
			for _, n := range c.Get("name").Elements() {
				have = append(have, strings.ToLower(n.Get("family").String()))
				for _, g := range n.Get("given").Elements() {
					if key == "given" {
						have = append(have, strings.ToLower(g.String()))
					}
				}
				if key == "given" {
					have = have[1:]
				}
			}
		case "telecom":
			for _, t := range c.Get("telecom").Elements() {
				have = append(have, t.Get("value").String())
			}
		case "identifier":
			for _, id := range c.Get("identifier").Elements() {
				have = append(have, id.Get("system").String()+"|"+id.Get("value").String())
			}
		case "address-postalcode":
			have = []string{c.Get("address", 0, "postalCode").String()}
		}
		ok := false
		for _, want := range strings.Split(values[0], ",") {
			if key == "family" || key == "given" {
				want = strings.ToLower(want)
			}
			ok = ok || slices.ContainsFunc(have, func(h string) bool {
				return h != "" && (h == want || prefix && strings.HasPrefix(h, want))
			})
		}
		if !ok {
			return false
		}
	}
	return true
}

func chart(t testing.TB, id, rest string) fhir.Resource {
	t.Helper()
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Patient","id":"`+id+`",`+rest+`}`), fhir.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	jess = `"name":[{"family":"Núñez","given":["Jessica","Ann"]}],"gender":"female","birthDate":"1985-03-15",
		"telecom":[{"system":"phone","value":"+1 212-555-0142"},{"system":"email","value":"Jess@example.org"}],
		"address":[{"line":["12 Oak Street","Apt 4"],"city":"Springfield","state":"IL","postalCode":"62701"}]`
	jessTwin = `"name":[{"family":"Núñez","given":["Jennifer"]}],"gender":"female","birthDate":"1985-03-15",
		"telecom":[{"system":"phone","value":"+1 212-555-0142"}],
		"address":[{"line":["12 Oak Street","Apt 4"],"city":"Springfield","state":"IL","postalCode":"62701"}]`
)

var typedJess = Typed{BirthDate: "1985-03-15"}

func decideFor(t testing.TB, s *server, patient string, typed Typed, pol Policy) Decision {
	t.Helper()
	d, err := Decide(t.Context(), s, chart(t, "rec", patient), typed, pol, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if d.RulesVersion != RulesVersion {
		t.Error("a decision without the version of its rules")
	}
	return d
}

func expect(t testing.TB, d Decision, out Outcome, chartRef, why string) {
	t.Helper()
	if d.Outcome != out || d.Chart != chartRef || d.Why != why {
		t.Errorf("%s %q %q, want %s %q %q (rule %s, %d candidates)", d.Outcome, d.Chart, d.Why, out, chartRef, why, d.Rule, len(d.Candidates))
	}
}

// The searches must find the person however the chart is written.
func TestSearchFindsWhomAnExactSearchMisses(t *testing.T) {
	phoneAndMail := `"telecom":[{"system":"phone","value":"(212) 555-0142"},{"system":"email","value":"jess@example.org"}]`
	for name, c := range map[string]string{
		"as it is":                     jess,
		"without accents":              strings.ReplaceAll(jess, "Núñez", "NUNEZ"),
		"phone otherwise":              strings.ReplaceAll(jess, "+1 212-555-0142", "(212) 555-0142"),
		"swapped names":                strings.ReplaceAll(jess, `"family":"Núñez","given":["Jessica","Ann"]`, `"family":"Jessica","given":["Nunez"]`),
		"married name, found by phone": `"name":[{"family":"Smith","given":["Jessica"]}],"birthDate":"1985-03-15",` + phoneAndMail,
		"maiden name on the chart":     `"name":[{"family":"Smith","given":["Jessica"]},{"use":"maiden","family":"Nunez","given":["Jessica"]}],"birthDate":"1985-03-15",` + phoneAndMail,
		"nickname":                     strings.ReplaceAll(jess, `"Jessica","Ann"`, `"Jess"`),
		"double name":                  strings.ReplaceAll(jess, "Núñez", "Nunez-Ortiz"),
	} {
		s := &server{charts: []fhir.Resource{chart(t, "other", `"name":[{"family":"Other","given":["Some"]}],"birthDate":"1970-05-05"`), chart(t, "7", c)}}
		d := decideFor(t, s, jess, typedJess, Policy{CreateNew: true})
		if d.Chart != "Patient/7" || d.Outcome != OutcomeCertain || !d.Typed {
			t.Errorf("%s: %s %s %s", name, d.Outcome, d.Why, d.Rule)
		}
		if len(s.searched) > maxSearches {
			t.Errorf("%d searches", len(s.searched))
		}
	}
	for name, c := range map[string]string{
		"partial birth date":   strings.ReplaceAll(jess, "1985-03-15", "1985"),
		"birth date a day off": strings.ReplaceAll(jess, "1985-03-15", "1985-03-16"),
		"wrong year":           strings.ReplaceAll(jess, "1985-03-15", "1986-03-15"),
	} {
		d := decideFor(t, &server{charts: []fhir.Resource{chart(t, "7", c)}}, jess, typedJess, Policy{CreateNew: true})
		if d.Outcome != OutcomeStaff || len(d.Candidates) != 1 {
			t.Errorf("%s: %s with %d candidates: a chart like that is staff's", name, d.Outcome, len(d.Candidates))
		}
	}
}

func TestPolicy(t *testing.T) {
	charts := func(rest ...string) *server {
		s := &server{}
		for i, r := range rest {
			s.charts = append(s.charts, chart(t, fmt.Sprint(i+1), r))
		}
		return s
	}
	create := Policy{CreateNew: true}
	for name, c := range map[string]struct {
		s     *server
		typed Typed
		pol   Policy
		out   Outcome
		chart string
		why   string
	}{
		"certain":                 {charts(jess), typedJess, create, OutcomeCertain, "Patient/1", ""},
		"second fact fits":        {charts(jess), Typed{BirthDate: "1985-03-15", Second: "62701"}, create, OutcomeCertain, "Patient/1", ""},
		"second fact is a phone":  {charts(jess), Typed{BirthDate: "1985-03-15", Second: "2125550142"}, create, OutcomeCertain, "Patient/1", ""},
		"second fact of nobody":   {charts(jess), Typed{BirthDate: "1985-03-15", Second: "99501"}, create, OutcomeStaff, "", WhyTypedSecond},
		"nothing typed":           {charts(jess), Typed{}, create, OutcomeStaff, "", WhyNoTyped},
		"nothing typed, allowed":  {charts(jess), Typed{}, Policy{NoTyped: true}, OutcomeCertain, "Patient/1", ""},
		"typed another birthday":  {charts(jess), Typed{BirthDate: "1985-03-16"}, Policy{NoTyped: true}, OutcomeStaff, "", WhyTypedRecord},
		"typed nonsense":          {charts(jess), Typed{BirthDate: "x"}, create, OutcomeStaff, "", WhyTypedRecord},
		"nobody":                  {charts(), typedJess, create, OutcomeNone, "", ""},
		"nobody, creating is off": {charts(), typedJess, Policy{}, OutcomeStaff, "", WhyCreateOff},
		"two charts":              {charts(jess, jess), typedJess, create, OutcomeStaff, "", WhySeveral},
		"the twin alone":          {charts(jessTwin), typedJess, create, OutcomeStaff, "", WhyNotCertain},
		"the twin beside":         {charts(jess, jessTwin), typedJess, create, OutcomeCertain, "Patient/1", ""},
		"deceased":                {charts(jess + `,"deceasedBoolean":true`), typedJess, create, OutcomeStaff, "", WhyDeceased},
		"died on a day":           {charts(jess + `,"deceasedDateTime":"2020-01-01"`), typedJess, create, OutcomeStaff, "", WhyDeceased},
		"inactive":                {charts(jess + `,"active":false`), typedJess, create, OutcomeStaff, "", WhyInactive},
		"replaced": {charts(jess+`,"active":false,"link":[{"type":"replaced-by","other":{"reference":"Patient/2"}}]`, jess),
			typedJess, create, OutcomeCertain, "Patient/2", ""},
		"replaced by one who is gone": {charts(jess + `,"link":[{"type":"replaced-by","other":{"reference":"Patient/9"}}]`),
			typedJess, create, OutcomeStaff, "", WhyReplaced},
		"replaced in a circle": {charts(jess+`,"link":[{"type":"replaced-by","other":{"reference":"Patient/2"}}]`,
			jess+`,"link":[{"type":"replaced-by","other":{"reference":"Patient/1"}}]`), typedJess, create, OutcomeStaff, "", WhySeveral},
		"replaced by a stranger": {charts(jess+`,"link":[{"type":"replaced-by","other":{"reference":"Patient/2"}}]`,
			`"name":[{"family":"X","given":["Yvonne"]}],"birthDate":"1950-01-01"`), typedJess, create, OutcomeStaff, "", WhyReplaced},
	} {
		t.Run(name, func(t *testing.T) {
			d := decideFor(t, c.s, jess, c.typed, c.pol)
			expect(t, d, c.out, c.chart, c.why)
			if d.Outcome == OutcomeNone && len(d.Candidates) > 0 {
				t.Error("nobody, and yet candidates")
			}
		})
	}
	expect(t, decideFor(t, charts(), `"name":[{"family":"Núñez"}],"birthDate":"1985-03-15"`, typedJess, create), OutcomeStaff, "", WhyTooLittle)
	expect(t, decideFor(t, charts(), jess+`,"deceasedBoolean":true`, typedJess, create), OutcomeStaff, "", WhyDeceased)
	observation, _ := fhir.ParseResource([]byte(`{"resourceType":"Observation"}`), fhir.DefaultLimits())
	d, err := Decide(t.Context(), charts(), observation, typedJess, create, testNow)
	if err != nil || d.Why != WhyNoPatient {
		t.Errorf("%v %v", d, err)
	}
}

func TestServersMatchIsAskedFirstAndNeverTrustedAlone(t *testing.T) {
	other := `"name":[{"family":"Stone","given":["Ann"]}],"birthDate":"1950-01-01"`
	answer := func(g ...Graded) func(fhir.Resource, bool, int) ([]Graded, error) {
		return func(_ fhir.Resource, onlyCertain bool, count int) ([]Graded, error) {
			if count < 1 || count > 5 {
				t.Errorf("count %d", count)
			}
			var out []Graded
			for _, x := range g {
				if !onlyCertain || serverGrade(x) == "certain" {
					out = append(out, x)
				}
			}
			return out, nil
		}
	}
	t.Run("agreement needs no search", func(t *testing.T) {
		s := &server{match: answer(Graded{chart(t, "1", jess), "certain", 1})}
		expect(t, decideFor(t, s, jess, typedJess, Policy{}), OutcomeCertain, "Patient/1", "")
		if len(s.searched) != 0 {
			t.Errorf("%d searches", len(s.searched))
		}
	})
	t.Run("score alone is read too", func(t *testing.T) {
		s := &server{match: answer(Graded{chart(t, "1", jess), "", 0.99})}
		expect(t, decideFor(t, s, jess, typedJess, Policy{}), OutcomeCertain, "Patient/1", "")
	})
	t.Run("certain for a stranger", func(t *testing.T) {
		s := &server{match: answer(Graded{chart(t, "1", other), "certain", 1})}
		expect(t, decideFor(t, s, jess, typedJess, Policy{CreateNew: true}), OutcomeStaff, "", WhyServer)
	})
	t.Run("certain for the twin", func(t *testing.T) {
		s := &server{match: answer(Graded{chart(t, "1", jessTwin), "certain", 1})}
		if d := decideFor(t, s, jess, typedJess, Policy{CreateNew: true}); d.Outcome != OutcomeStaff {
			t.Errorf("%s", d.Outcome)
		}
	})
	t.Run("another chart for certain", func(t *testing.T) {
		s := &server{charts: []fhir.Resource{chart(t, "1", jess)}, match: answer(Graded{chart(t, "2", other), "certain", 1}, Graded{chart(t, "1", jess), "possible", 0.3})}
		expect(t, decideFor(t, s, jess, typedJess, Policy{}), OutcomeStaff, "", WhyServer)
	})
	t.Run("finds nobody, the searches do", func(t *testing.T) {
		s := &server{charts: []fhir.Resource{chart(t, "1", jess)}, match: answer()}
		d := decideFor(t, s, jess, typedJess, Policy{CreateNew: true})
		expect(t, d, OutcomeCertain, "Patient/1", "")
		if d.Server != "match+search" {
			t.Errorf("server %q", d.Server)
		}
	})
	t.Run("possible only, the rules know better", func(t *testing.T) {
		s := &server{charts: []fhir.Resource{chart(t, "1", jess)}, match: answer(Graded{chart(t, "1", jess), "possible", 0.25})}
		expect(t, decideFor(t, s, jess, typedJess, Policy{}), OutcomeCertain, "Patient/1", "")
	})
}

func TestWholeSSNNeverLeaves(t *testing.T) {
	record := jess + `,"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"536-22-8731"},
		{"system":"http://hl7.org/fhir/sid/us-itin","value":"912-78-4432"},{"type":{"coding":[{"code":"SS"}]},"value":"536228731"},
		{"system":"http://odd.example/ids","value":"536-22-8731"},{"value":"536228731"},
		{"system":"http://hospital.example/mrn","value":"A-778"}],
		"text":{"status":"generated","div":"<div>536-22-8731</div>"},"contact":[{"name":{"text":"Mum 536228731"}}]`
	s := &server{match: func(fhir.Resource, bool, int) ([]Graded, error) { return nil, nil }}
	decideFor(t, s, record, typedJess, Policy{CreateNew: true})
	var sent strings.Builder
	for _, q := range s.queries {
		sent.Write(q.Raw())
	}
	for _, p := range s.searched {
		text, _ := url.QueryUnescape(p.Encode())
		sent.WriteString(text)
	}
	if d := digitsOf(sent.String()); strings.Contains(d, "536228731") || strings.Contains(d, "912784432") {
		t.Error("a whole tax number was sent")
	}
	if !strings.Contains(sent.String(), `"8731"`) || !strings.Contains(sent.String(), "A-778") {
		t.Error("last four or record number missing from the query")
	}
}

func TestServerTroubleIsAnErrorAndHalfASearchIsNotNobody(t *testing.T) {
	s := &server{fail: errors.New("503")}
	if _, err := Decide(t.Context(), s, chart(t, "r", jess), typedJess, Policy{CreateNew: true}, testNow); err == nil {
		t.Error("all searches failed and there is a decision")
	}
	s = &server{match: func(fhir.Resource, bool, int) ([]Graded, error) { return nil, errors.New("502") }}
	if _, err := Decide(t.Context(), s, chart(t, "r", jess), typedJess, Policy{}, testNow); err == nil {
		t.Error("a broken $match must not pass for an empty one")
	}
	for status, want := range map[int]Outcome{400: OutcomeNone, 503: OutcomeStaff} {
		picky := &server{failKey: "telecom", fail: &fhir.HTTPError{Op: "search", Status: status}}
		if d := decideFor(t, picky, jess, typedJess, Policy{CreateNew: true}); d.Outcome != want {
			t.Errorf("telecom answered %d: %s %s, want %s", status, d.Outcome, d.Why, want)
		}
	}
	many := &server{}
	for i := range 60 {
		many.charts = append(many.charts, chart(t, fmt.Sprint("n", i), `"name":[{"family":"Nunez","given":["Bob"]}],"birthDate":"1985-03-15"`))
	}
	expect(t, decideFor(t, many, jess, typedJess, Policy{CreateNew: true}), OutcomeStaff, "", WhyTruncated)
}

func TestDecisionKeepsToItselfInLogsAndOpensWhenSealed(t *testing.T) {
	s := &server{charts: []fhir.Resource{chart(t, "1", jessTwin)}}
	d := decideFor(t, s, jess, typedJess, Policy{})
	if len(d.Candidates) != 1 || len(d.Candidates[0].Fields) == 0 {
		t.Fatalf("%d candidates", len(d.Candidates))
	}
	verdicts := map[string]Verdicts{}
	for _, f := range d.Candidates[0].Fields {
		verdicts[f.Name] = f.Verdict
	}
	want := map[string]Verdicts{"first": Differ, "last": Agree, "birthDate": Agree, "sex": Agree, "address": Agree, "postalCode": Agree,
		"phone": Agree, "email": Absent}
	if fmt.Sprint(verdicts) != fmt.Sprint(want) {
		t.Errorf("fields %v", verdicts)
	}
	plain, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"Jennifer", "Jessica", "ñez", "555", "Oak", "1985"} {
		if strings.Contains(string(plain)+fmt.Sprintf("%v %+v %#v", d, d, d), word) {
			t.Errorf("%q shows in a log", word)
		}
	}
	sealed, err := json.Marshal(Sealed{d})
	if err != nil || !strings.Contains(string(sealed), "Jennifer") {
		t.Fatalf("sealed form lacks content: %v", err)
	}
	var back Sealed
	if err := json.Unmarshal(sealed, &back); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(back)
	if string(again) != string(sealed) || back.Candidates[0].Fields[0].Theirs.Reveal() != d.Candidates[0].Fields[0].Theirs.Reveal() {
		t.Error("sealing and opening changed the decision")
	}
}
