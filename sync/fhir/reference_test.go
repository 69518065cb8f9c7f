package fhir

import (
	"fmt"
	"strings"
	"testing"
)

func TestReferencesAreFoundWhereverTheyStand(t *testing.T) {
	r, err := ParseResource([]byte(`{"resourceType":"DocumentReference","url":"https://not.a/Binary/pointer",
		"extension":[{"url":"http://x/Binary/1","valueReference":{"reference":"Organization/ext"}}],
		"contained":[{"resourceType":"Practitioner","id":"c","url":"x","qualification":[{"issuer":{"reference":"Organization/in"}}]}],
		"subject":{"ref\u0065rence":"Patient/1"},
		"author":[{"display":"nobody"},{"reference":"#c"}],
		"content":[{"attachment":{"url":"Binary/1","extension":[{"url":"urn:e"}]}}],
		"context":{"related":[{"reference":5},{"identifier":{"value":"reference"}}]}}`), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for ref := range r.References() {
		got = append(got, fmt.Sprintf("%s=%s/%t/%t", ref.Key, ref.Text(), ref.Attachment, ref.Contained))
		if string(ref.Object.Get("reference").Raw()) != string(ref.URI.Raw()) && !ref.Attachment {
			t.Errorf("%s: the object does not hold the reference", ref.Text())
		}
	}
	want := "valueReference=Organization/ext/false/false issuer=Organization/in/false/true subject=Patient/1/false/false author=#c/false/false attachment=Binary/1/true/false"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestResolve(t *testing.T) {
	parse := func(s string) Bundle {
		b, err := ParseBundle([]byte(`{"resourceType":"Bundle","entry":[`+s+`]}`), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	res := func(full, typ, id, more string) string {
		s := `{"resource":{"resourceType":"` + typ + `"` + more
		if id != "" {
			s += `,"id":"` + id + `"`
		}
		s += "}"
		if full != "" {
			s += `,"fullUrl":"` + full + `"`
		}
		return s + "}"
	}
	x := NewIndex(
		parse(strings.Join([]string{
			res("https://a.example/fhir/Patient/1", "Patient", "1", `,"contained":[{"resourceType":"Organization","id":"in"}]`), // 0
			res("https://b.example/fhir/Patient/1", "Patient", "1", ""),                                                         // 1
			res("https://a.example/fhir/Practitioner/1", "Practitioner", "1", ""),                                               // 2
			res("urn:uuid:aaa", "Encounter", "other", ""),                                                                       // 3
			res("", "Organization", "o", ""),                                                                                    // 4
			res("resource:7", "Location", "", ""),                                                                               // 5
			res("urn:uuid:twice", "Device", "x", ""),                                                                            // 6
			res("urn:uuid:twice", "Device", "y", ""),                                                                            // 7
			res("urn:uuid:v", "Goal", "g", `,"meta":{"lastUpdated":"2024-01-01T00:00:00Z"}`),                                    // 8
			res("urn:uuid:v", "Goal", "g2", `,"meta":{"lastUpdated":"2025-01-01T00:00:00Z"}`),                                   // 9
		}, ",")),
		parse(res("https://a.example/fhir/Medication/m", "Medication", "m", "")+","+res("", "Substance", "s", "")),
	)
	at := func(b, e int) Place { return Place{b, e} }
	for _, c := range []struct {
		from Place
		text string
		want Standing
		to   Place
	}{
		{at(0, 0), "https://b.example/fhir/Patient/1", Found, at(0, 1)},
		{at(0, 0), "Patient/1", Found, at(0, 0)},
		{at(0, 1), "Patient/1", Found, at(0, 1)},
		{at(0, 0), "Patient/1/_history/2", Found, at(0, 0)},
		{at(0, 0), "https://a.example/fhir/Patient/1/_history/2", Found, at(0, 0)},
		{at(0, 3), "Patient/1", Ambiguous, Place{}},
		{at(0, 0), "https://c.example/fhir/Patient/1", Missing, Place{}},
		{at(0, 0), "Practitioner/1", Found, at(0, 2)},
		{at(0, 0), "Encounter/other", Found, at(0, 3)},
		{at(0, 0), "urn:uuid:aaa", Found, at(0, 3)},
		{at(0, 0), "urn:uuid:o", Found, at(0, 4)},
		{at(0, 0), "Organization/o", Found, at(0, 4)},
		{at(0, 0), "https://z.example/Organization/o", Found, at(0, 4)},
		{at(0, 0), "resource:7", Found, at(0, 5)},
		{at(0, 0), "resource:4", Found, at(0, 4)},
		{at(0, 0), "resource:5", Missing, Place{}},
		{at(0, 0), "resource:99", Missing, Place{}},
		{at(1, 0), "resource:7", Missing, Place{}},
		{at(0, 0), "urn:uuid:twice", Ambiguous, Place{}},
		{at(0, 0), "urn:uuid:v", Found, at(0, 9)},
		{at(0, 0), "Medication/m", Found, at(1, 0)},
		{at(0, 0), "Substance/s", Found, at(1, 1)},
		{at(0, 0), "#in", Internal, Place{}},
		{at(0, 0), "#", Internal, Place{}},
		{at(0, 0), "#out", Broken, Place{}},
		{at(0, 0), "Patient?identifier=x|y", Conditional, Place{}},
		{at(0, 0), "Condition/1", Missing, Place{}},
		{at(0, 0), "", Missing, Place{}},
		{at(0, 0), "../Patient/1", Missing, Place{}},
	} {
		got := x.Resolve(c.from, c.text)
		if got.Standing != c.want || c.want == Found && got.Place != c.to {
			t.Errorf("%v %q: %v %v, want %v %v", c.from, c.text, got.Standing, got.Place, c.want, c.to)
		}
	}
}

func TestParseLiteral(t *testing.T) {
	for s, want := range map[string]string{
		"Patient/1":                             "|Patient|1|",
		"Patient/1/_history/3":                  "|Patient|1|3",
		"https://h/fhir/Patient/a.b-c_d":        "https://h/fhir|Patient|a.b-c_d|",
		"http://h/Patient/1/_history/x":         "http://h|Patient|1|x",
		"Patient":                               "",
		"patient/1":                             "",
		"Patient/1?x":                           "",
		"Patient/1#x":                           "",
		"Patient/..":                            "",
		"ftp://h/Patient/1":                     "",
		"x/Patient/1":                           "",
		"urn:uuid:1":                            "",
		"Patient/a b":                           "",
		"Patient/1/_history/":                   "",
		"Patient/" + strings.Repeat("x", 300):   "",
		"javascript:alert(1)//x/Patient/1":      "",
		"https://h/fhir/Patient/1\\@evil/Basic": "",
	} {
		l, ok := ParseLiteral(s)
		got := ""
		if ok {
			got = strings.Join([]string{l.Base, l.Type, l.ID, l.Version}, "|")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
