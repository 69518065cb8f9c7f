package match

import (
	"maps"
	"strings"
	"testing"
)

// Every trap is a pair of two people who share family name, birth date, sex,
// address, phone and mail, as twins on their parents' account do.
func TestTwinsOnOneAccountAreNeverCertain(t *testing.T) {
	twin := func(given string, more string) string {
		return `"name":[{"family":"Rivera","given":[` + given + `]}],"gender":"female","birthDate":"1990-06-01",
			"telecom":[{"value":"+12125550142","system":"phone"},{"value":"rivera@example.org","system":"email"}],
			"address":[{"line":["12 Oak Street"],"city":"Springfield","state":"IL","postalCode":"62701"}]` + more
	}
	for _, c := range [][2]string{
		{`"Jon"`, `"John"`}, {`"Ana"`, `"Anna"`}, {`"Marina"`, `"Martina"`}, {`"Kayla"`, `"Layla"`}, {`"Jack"`, `"John"`},
		{`"Molly"`, `"Mary"`}, {`"Daniel"`, `"Daniela"`}, {`"Patsy"`, `"Patty"`}, {`"Alexander"`, `"Alexandra"`}, {`"Emma"`, `"Emily"`},
		{`"María José"`, `"María Luisa"`}, {`"Maria","Jose"`, `"Maria","Luisa"`}, {`"Jean-Paul"`, `"Jean-Pierre"`},
		{`"James","Robert"`, `"John","Robert"`}, {`"Mary","Ann"`, `"Ann","Marie"`}, {`"Baby Girl A"`, `"Baby Girl B"`},
		{`"Baby Boy"`, `"Baby Boy"`}, {`"Jayden"`, `"Kayden"`}, {`"Christian"`, `"Christina"`}, {`"Eric"`, `"Erica"`},
		{`"Hala"`, `"Hana"`}, {`"Nour"`, `"Noor"`}, {`"Linh"`, `"Minh"`}, {`"Thuy"`, `"Thu"`}, {`"Nils"`, `"Niel"`}, {`"Amir"`, `"Samir"`},
		{`"Usha"`, `"Asha"`}, {`"Vijay"`, `"Bijay"`}, {`"Nandini"`, `"Mandini"`}, {`"Ajay"`, `"Jay"`}, {`"Rani"`, `"Ravi"`}, {`"Ilya"`, `"Ilia"`}, {`"Xuan"`, `"Juan"`}, {`"Mary","Lynn"`, `"Cary","Lynn"`},
	} {
		v := Compare(chart(t, "a", twin(c[0], "")), chart(t, "b", twin(c[1], "")), testNow)
		if v.Grade == Certain {
			t.Errorf("%s and %s: certain by %s", c[0], c[1], v.Rule)
		}
	}
	born := func(s, date string) string { return strings.Replace(s, "1990-06-01", date, 1) }
	if v := Compare(chart(t, "a", born(twin(`"T."`, ""), "2019-06-01")), chart(t, "b", born(twin(`"Tara"`, ""), "2019-06-01")), testNow); v.Grade == Certain {
		t.Error("a child's initial is certain")
	}
	if v := Compare(chart(t, "a", twin(`"Tim"`, `,"multipleBirthBoolean":true`)), chart(t, "b", twin(`"Timothy"`, "")), testNow); v.Grade == Certain {
		t.Error("a short form is certain although the chart says twin")
	}
	for _, c := range [][2]string{ // one person
		{`"Mary"`, `"Mqry"`}, {`"John"`, `"Jphn"`}, {`"Anna"`, `"Annqa"`}, // spelt as nobody is
		{`"Katherine"`, `"Kate"`}, {`"Katherine"`, `"Kathreine"`}, {`"Katherine","Ann"`, `"KATHERINE","A."`}, {`"Tim"`, `"Timothy"`},
	} {
		if v := Compare(chart(t, "a", twin(c[0], "")), chart(t, "b", twin(c[1], "")), testNow); v.Grade != Certain {
			t.Errorf("%s and %s are one person: %s %s %s", c[0], c[1], v.Grade, v.Rule, v.Objection)
		}
	}
}

// Children registered under their mother's number are two people still, also
// when their names are one letter apart; a second name in full tells one child.
func TestTwinsOnTheirMothersNumber(t *testing.T) {
	child := func(given string) string {
		return `"name":[{"family":"Rivera","given":[` + given + `]}],"gender":"female","birthDate":"2015-06-01",
			"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"536221478"}],"telecom":[{"value":"+12125550142","system":"phone"}],
			"address":[{"line":["12 Oak Street"],"city":"Springfield","state":"IL","postalCode":"62701"}]`
	}
	for pair, certain := range map[[2]string]bool{
		{`"Kayla"`, `"Layla"`}: false, {`"Kayla","Ann"`, `"Layla","Jo"`}: false, {`"Kayla","A."`, `"Layla","A"`}: false, {`"Kayla","Ann"`, `"Layla"`}: false,
		{`"Kayla","Ann"`, `"Kayle","Ann"`}: true, {`"Kayla"`, `"Kayla"`}: true,
	} {
		if v := Compare(chart(t, "a", child(pair[0])), chart(t, "b", child(pair[1])), testNow); (v.Grade == Certain) != certain {
			t.Errorf("%s and %s: %s by %s, %s", pair[0], pair[1], v.Grade, v.Rule, v.Objection)
		}
	}
}

// The rules of our own ask for each thing that they name: without any one of
// them the pair is for staff.
func TestOwnRulesNeedAllTheyAskFor(t *testing.T) {
	base := map[string]string{"given": `"Mary"`, "family": "Li", "birth": "1980-04-05", "sex": "female", "line": "12 Oak Street", "phone": "2125550142"}
	who := func(change map[string]string) string {
		v := func(k string) string {
			if c, ok := change[k]; ok {
				return c
			}
			return base[k]
		}
		return `"name":[{"family":"` + v("family") + `","given":[` + v("given") + `]}],"gender":"` + v("sex") + `","birthDate":"` + v("birth") + `","identifier":[` + v("id") + `],
			"telecom":[{"value":"` + v("phone") + `","system":"phone"}],"address":[{"line":["` + v("line") + `"],"city":"Springfield","state":"IL","postalCode":"62701"}]`
	}
	ssn := `{"system":"http://hl7.org/fhir/sid/us-ssn","value":"536221478"}`
	type m = map[string]string
	for rule, c := range map[string]struct {
		a, b  m
		spoil []m // each laid over b
	}{
		"OWN-1": {m{"id": ssn}, m{"id": ssn, "family": "Okafor", "phone": "3125550177", "line": "9 Elm Road"},
			[]m{{"id": ""}, {"birth": "1980-04-06"}, {"given": `"Rose"`}, {"sex": "male"}}},
		"OWN-5": {m{}, m{"given": `"Mqry"`}, []m{{"given": `"Cary"`}, {"family": "Lo"}, {"birth": "1980-04-06"}, {"sex": "male"}, {"line": "9 Elm Road"}, {"phone": "3125550177"}}},
		"OWN-6": {m{"phone": ""}, m{"phone": "", "family": "Lo"}, []m{{"given": `"Cary"`}, {"family": "Okafor"}, {"birth": "1980-04-06"}, {"sex": "male"}, {"line": "9 Elm Road"}}},
		"OWN-7": {m{"phone": "", "given": `"Mary","Ann"`}, m{"phone": "", "given": `"Mary","Ann"`, "birth": "1983-04-05"},
			[]m{{"given": `"Mary"`}, {"given": `"Mary","A"`}, {"birth": "1960-04-05"}, {"sex": "male"}, {"line": "9 Elm Road"}, {"family": "Okafor"}}},
	} {
		judgement := func(b m) Verdict { return Compare(chart(t, "a", who(c.a)), chart(t, "b", who(b)), testNow) }
		if v := judgement(c.b); v.Grade != Certain || v.Rule != rule {
			t.Errorf("%s: %s by %q, %s", rule, v.Grade, v.Rule, v.Objection)
		}
		for _, s := range c.spoil {
			b := maps.Clone(c.b)
			maps.Copy(b, s)
			if v := judgement(b); v.Grade == Certain {
				t.Errorf("%s without %v: certain by %s", rule, s, v.Rule)
			}
		}
	}
}

func TestFatherAndSon(t *testing.T) {
	man := func(birth, suffix string) string {
		return `"name":[{"family":"Stone","given":["Robert"]` + suffix + `}],"gender":"male","birthDate":"` + birth + `",
			"telecom":[{"value":"+12125550142","system":"phone"}],"address":[{"line":["12 Oak Street"],"postalCode":"62701"}]`
	}
	for name, c := range map[string][2]string{
		"thirty years, one digit":      {man("1954-03-15", ""), man("1984-03-15", "")},
		"sixteen years":                {man("1954-03-15", ""), man("1970-03-15", "")},
		"suffix, and one date by slip": {man("1984-03-15", `,"suffix":["Sr."]`), man("1984-03-15", `,"suffix":["Jr"]`)},
		"suffix in the family name":    {man("1984-03-15", ""), strings.Replace(man("1984-03-15", `,"suffix":["III"]`), "Stone", "Stone Jr", 1)},
	} {
		a, b := chart(t, "a", c[0]), chart(t, "b", c[1])
		if name == "suffix in the family name" {
			a = chart(t, "a", strings.Replace(c[0], "Stone", "Stone Sr.", 1))
		}
		if v := Compare(a, b, testNow); v.Grade == Certain {
			t.Errorf("%s: certain by %s", name, v.Rule)
		}
	}
}
