package match

import (
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
		{`"Katherine"`, `"Kate"`}, {`"Katherine"`, `"Kathreine"`}, {`"Katherine","Ann"`, `"KATHERINE","A."`}, {`"Tim"`, `"Timothy"`},
	} {
		if v := Compare(chart(t, "a", twin(c[0], "")), chart(t, "b", twin(c[1], "")), testNow); v.Grade != Certain {
			t.Errorf("%s and %s are one person: %s %s %s", c[0], c[1], v.Grade, v.Rule, v.Objection)
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
