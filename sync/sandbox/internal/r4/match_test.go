package r4

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func seedMatch(t *testing.T, r *rig) {
	t.Helper()
	var all []json.RawMessage
	for _, s := range []string{
		`{"resourceType":"Patient","id":"ann","identifier":[{"system":"urn:mrn","value":"100"}],"name":[{"family":"Peterson","given":["Annette"]}],"birthDate":"1980-01-02","telecom":[{"system":"phone","value":"212-555-0142"},{"system":"email","value":"ann@example.org"}],"address":[{"line":["1 Elm Street"]}]}`,
		`{"resourceType":"Patient","id":"bob","name":[{"family":"Peterson","given":["Robert"],"suffix":["Sr."]}],"birthDate":"1950-01-02","telecom":[{"system":"phone","value":"212-555-0142"}],"address":[{"line":["1 Elm Street"]}]}`,
		`{"resourceType":"Patient","id":"nun","name":[{"family":"Nuñez","given":["José"]}],"birthDate":"1970-07-07","telecom":[{"system":"phone","value":"(212) 555-0199"}]}`,
	} {
		all = append(all, json.RawMessage(s))
	}
	if err := r.srv.Seed(all); err != nil {
		t.Fatal(err)
	}
}

func matchBody(patient string, more ...string) string {
	return `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + patient + `}` + strings.Join(append([]string{""}, more...), ",") + `]}`
}

func TestMatch(t *testing.T) {
	r := newRig(t, Behaviour{})
	seedMatch(t, r)
	for _, tc := range []struct{ name, patient, want, rule string }{
		{"all agree", `"name":[{"family":"Peterson","given":["Annette"]}],"birthDate":"1980-01-02","address":[{"line":["1 Elm Street"]}]`, "ann certain", "first* last* dob street*"},
		{"one fuzzy", `"name":[{"family":"Petersen","given":["Annette"]}],"birthDate":"1980-01-02","address":[{"line":["1 Elm Street"]}]`, "ann certain", "first* last* dob street*"},
		{"two fuzzy", `"name":[{"family":"Petersen","given":["Anette"]}],"birthDate":"1980-01-02","telecom":[{"system":"phone","value":"212-555-0142"}],"address":[{"line":["1 Elm Street"]}]`, "ann possible bob possible", ""},
		{"name and date only", `"name":[{"family":"Peterson","given":["Annette"]}],"birthDate":"1980-01-02"`, "ann possible", ""},
		{"phone", `"name":[{"family":"Peterson","given":["Annette"]}],"birthDate":"1980-01-02","telecom":[{"system":"phone","value":"+1 (212) 555-0142"}]`, "ann certain", "first last dob phone"},
		{"email", `"name":[{"given":["Annette"]}],"birthDate":"1980-01-02","telecom":[{"system":"email","value":"ANN@example.org"}]`, "ann certain", "first dob email"},
		{"shared identifier", `"identifier":[{"system":"urn:other","value":"100"}]`, "", ""},
		{"identifier", `"identifier":[{"system":"urn:mrn","value":"100"}]`, "ann certain", "empi"},
		{"accent is not gathered", `"name":[{"family":"Nunez","given":["Jose"]}],"birthDate":"1970-07-07"`, "", ""},
		{"accent is folded once gathered", `"name":[{"family":"Nunez","given":["Jose"]}],"birthDate":"1970-07-07","telecom":[{"system":"phone","value":"(212) 555-0199"}]`, "nun certain", "first last dob phone"},
		{"phone in another format is not gathered", `"telecom":[{"system":"phone","value":"2125550199"}]`, "", ""},
		{"suffix against", `"name":[{"family":"Peterson","given":["Robert"],"suffix":["Jr"]}],"birthDate":"1950-01-02","telecom":[{"system":"phone","value":"212-555-0142"}]`, "ann possible", ""},
		{"suffix for", `"name":[{"family":"Peterson","given":["Robert"],"suffix":["Senior"]}],"birthDate":"1950-01-02","telecom":[{"system":"phone","value":"212-555-0142"}]`, "bob certain ann possible", "first last dob phone"},
	} {
		rep := r.want(200, "POST", "Patient/$match", matchBody(`{"resourceType":"Patient",`+tc.patient+`}`))
		var got []string
		rule := ""
		for _, e := range pick(rep.body, "entry") {
			id := texts(e, "resource.id")[0]
			got = append(got, id)
			for _, x := range pick(e, "search.extension") {
				switch text(x, "url") {
				case gradeURL:
					got = append(got, text(x, "valueCode"))
				case combinationURL:
					rule = text(x, "valueString")
				}
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", tc.name, got, tc.want)
		}
		if rule != tc.rule {
			t.Errorf("%s: rule %q, want %q", tc.name, rule, tc.rule)
		}
	}
}

func TestMatchForms(t *testing.T) {
	r := newRig(t, Behaviour{})
	seedMatch(t, r)
	ann := `{"resourceType":"Patient","name":[{"family":"Peterson","given":["Annette"]}],"birthDate":"1980-01-02","telecom":[{"system":"phone","value":"212-555-0142"}]}`
	for name, body := range map[string]string{
		"Parameters": matchBody(ann), "plain": `{"resource":` + ann + `}`, "only": matchBody(ann, `{"name":"onlyCertainMatches","valueBoolean":true}`), "plain only": `{"resource":` + ann + `,"onlyCertainMatches":true,"count":1}`,
	} {
		rep := r.want(200, "POST", "Patient/$match", body)
		if ids := rep.ids(); len(ids) == 0 || ids[0] != "ann" || strings.Contains(name, "only") && len(ids) != 1 {
			t.Errorf("%s: %v", name, ids)
		}
		if s := pick(rep.body, "entry.search.score"); s[0] != float64(1) {
			t.Errorf("%s: score %v", name, s)
		}
	}
	if ids := r.want(200, "POST", "Patient/$match", matchBody(ann, `{"name":"count","valueInteger":1}`)).ids(); !slices.Equal(ids, []string{"ann"}) {
		t.Errorf("count: %v", ids)
	}
	for name, body := range map[string]string{
		"nothing known": matchBody(`{"resourceType":"Patient","gender":"male"}`), "no Patient": `{"resourceType":"Parameters"}`, "an Observation": matchBody(`{"resourceType":"Observation"}`),
		"two": matchBody(ann, `{"name":"resource","resource":`+ann+`}`), "only is text": matchBody(ann, `{"name":"onlyCertainMatches","valueBoolean":"yes"}`), "count 0": matchBody(ann, `{"name":"count","valueInteger":0}`), "not JSON": `{`,
	} {
		if rep := r.send("POST", "Patient/$match", body); rep.status != 400 {
			t.Errorf("%s: %d %s", name, rep.status, rep.raw)
		}
	}
	r.want(405, "GET", "Patient/$match", "")
	// Two certain ones are none for onlyCertainMatches.
	if err := r.srv.Seed([]json.RawMessage{json.RawMessage(strings.Replace(ann, `"resourceType":"Patient"`, `"resourceType":"Patient","id":"ann2"`, 1))}); err != nil {
		t.Fatal(err)
	}
	if ids := r.want(200, "POST", "Patient/$match", matchBody(ann, `{"name":"onlyCertainMatches","valueBoolean":true}`)).ids(); len(ids) != 0 {
		t.Errorf("two certain: %v", ids)
	}
}

func TestOneEdit(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{{"maria", "maria", true}, {"maria", "marai", true}, {"maria", "mari", true}, {"maria", "mxria", true}, {"maria", "xmaria", true}, {"maria", "amrai", false}, {"maria", "mar", false}, {"abcde", "abced", true}, {"abcde", "bacde", true}, {"ab", "ba", true}, {"", "a", true}} {
		if got := oneEdit(tc.a, tc.b); got != tc.want || oneEdit(tc.b, tc.a) != tc.want {
			t.Errorf("oneEdit(%q, %q) = %t", tc.a, tc.b, got)
		}
	}
}
