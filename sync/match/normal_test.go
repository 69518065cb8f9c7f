package match

import (
	"fmt"
	"strings"
	"testing"
)

func TestPhones(t *testing.T) {
	for in, want := range map[string]string{
		"(212) 555-0142": "+12125550142", "212.555.0142": "+12125550142", "+1 212 555 0142": "+12125550142",
		"1-212-555-0142 ext. 12": "+12125550142", "212-555-0142x9": "+12125550142", "tel:+12125550142": "+12125550142",
		"+31 78 870 08 00": "+31788700800", "0031788700800": "+31788700800",
		"555-555-5555": "", "000-000-0000": "", "999-999-9999": "", "123-456-7890": "", "1-800-123-4988": "", "5550142": "", "": "", "none": "",
	} {
		if got := phone(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestStreets(t *testing.T) {
	at := func(place string, lines ...string) street {
		s := parseStreet(lines)
		s.zip = place
		return s
	}
	for _, c := range []struct {
		a, b street
		want tier
	}{
		{at("62701", "123 North Main Street", "Apt 4B"), at("62701", "123 N. MAIN ST APT 4-B"), exact},
		{at("62701", "123 Main St #4"), at("62701", "123 Main Street", "Unit 4"), exact},
		{at("62701", "123 Main St"), at("62701", "123 Main"), exact},
		{at("10455", "620 TRINITY AVE", "D16"), at("10455", "620 Trinity Avenue D16"), exact},
		{at("62701", "1 First Avenue"), at("62701", "1 1st Ave"), exact},
		{at("62701", "c/o Smith", "12 Oak Ln"), at("62701", "12 Oak Lane"), exact},
		{at("62701", "Sunset Apartments LLC", "12 Oak Ln"), at("62701", "12 Oak Lane"), exact},
		{at("3317db", "Laan Van Europa 1600"), at("3317db", "LAAN VAN EUROPA 1600"), exact},
		{at("62701", "P.O. Box 12"), at("62701", "PO BOX 12"), exact},
		{at("62701", "123 Lafayete Rd"), at("62701", "123 Lafayette Road"), near},
		{at("62701", "123 Main St Apt 4"), at("62701", "123 Main St Apt 5"), differ},
		{at("62701", "123 Main St"), at("62701", "124 Main St"), differ},
		{at("62701", "123 Main St"), at("62701", "123 Main Ave"), differ},
		{at("62701", "123 5th Ave"), at("62701", "123 6th Ave"), differ},
		{at("62701", "123 Main St"), at("90210", "123 Main St"), differ},
		{at("62701", "PO Box 12"), at("62702", "PO Box 12"), differ},
		{at("62701", "Homeless"), at("62701", "Homeless"), missing},
		{at("62701", "General Delivery"), at("62701", "General Delivery"), missing},
		{at("62701", "Apt 2"), at("62701", "Apt 2"), missing},
		{at("62701", "Main Street"), at("62701", "Main Street"), missing},
	} {
		if got, back := compareStreet(c.a, c.b), compareStreet(c.b, c.a); got != c.want || back != got {
			t.Errorf("%+v and %+v: %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

func TestFirstNames(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want tier
	}{
		{"katherine", "katherine", exact}, {"katherine", "kate", short}, {"bob", "robert", short}, {"alexander", "alexandra", differ},
		{"patsy", "patty", similar}, {"jack", "john", similar}, {"ana", "anna", similar}, {"jon", "john", similar}, {"marina", "martina", similar},
		{"daniel", "daniela", similar}, {"kayla", "layla", similar}, {"christian", "christina", similar},
		{"katherine", "kathreine", near}, {"barbara", "arbara", near}, {"k", "katherine", initial}, {"k", "mary", differ},
		{"mary", "susan", differ}, {"mar", "mary", similar},
	} {
		if got, back := firstTier(c.a, c.b), firstTier(c.b, c.a); got != c.want || back != got {
			t.Errorf("%s and %s: %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

func TestBirthDates(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want dobTier
	}{
		{"1985-03-15", "1985-03-15", dobSame}, {"1985-03-15", "1985-03-16", dobDay}, {"1985-03-31", "1985-04-01", dobDay},
		{"1985-03-05", "1985-05-03", dobNear}, {"1985-03-15", "1986-03-15", dobNear}, {"1985-03-15", "1985-03-25", dobNear},
		{"1985-03-15", "1965-03-15", dobDecade}, {"1985-03-15", "1962-03-15", dobFar}, {"1985-03-15", "1990-11-02", dobFar},
		{"1985-03-15", "1985", dobPartial}, {"1985-03-15", "1985-03", dobPartial}, {"1985-03-15", "1985-04", dobFar},
		{"1985-03-15", "", dobMissing}, {"1900-01-01", "1900-01-01", dobMissing}, {"2000-01-01", "2000-01-01", dobMissing},
		{"2027-03-15", "2027-03-15", dobMissing}, {"1850-03-15", "1850-03-15", dobMissing}, {"2026-13-40", "2026-13-40", dobMissing},
		{"1985-03-15T00:00:00Z", "1985-03-15", dobSame},
	} {
		a, b := parseBirth(c.a, testNow), parseBirth(c.b, testNow)
		if got := compareBirth(a, b); got != c.want || compareBirth(b, a) != got {
			t.Errorf("%s and %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestIdentifiersCountOnlyInTheirNamespace(t *testing.T) {
	id := func(system, value, code string) string {
		return fmt.Sprintf(`"name":[{"family":"Stone","given":["Ann"]}],"identifier":[{"system":%q,"value":%q,"type":{"coding":[{"code":%q}]}}]`, system, value, code)
	}
	for _, c := range []struct {
		name, a, b string
		certain    bool
	}{
		{"one number, one hospital", id("https://h.example/mrn", "77812", "MR"), id("https://h.example/mrn", "77812", "MR"), true},
		{"one number, two hospitals", id("https://h.example/mrn", "77812", "MR"), id("https://g.example/mrn", "77812", "MR"), false},
		{"no namespace", id("", "77812", "MR"), id("", "77812", "MR"), false},
		{"a word for a namespace", id("MRN", "77812", "MR"), id("MRN", "77812", "MR"), false},
		{"the name of the type for a namespace", id(systemV20203, "77812", "MR"), id(systemV20203, "77812", "MR"), false},
		{"an account", id("https://h.example/acc", "77812", "AN"), id("https://h.example/acc", "77812", "AN"), false},
		{"a family's member number", id("https://plan.example", "77812", "MB"), id("https://plan.example", "77812", "MB"), false},
		{"a dummy", id("https://h.example/mrn", "000000", "MR"), id("https://h.example/mrn", "000000", "MR"), false},
	} {
		if v := Compare(chart(t, "a", c.a), chart(t, "b", c.b), testNow); (v.Grade == Certain) != c.certain {
			t.Errorf("%s: %s %s %s", c.name, v.Grade, v.Rule, v.Objection)
		}
	}
	spouse := strings.Replace(id("https://h.example/mrn", "77812", "MR"), "Ann", "Bob", 1)
	if v := Compare(chart(t, "a", id("https://h.example/mrn", "77812", "MR")), chart(t, "b", spouse), testNow); v.Grade == Certain {
		t.Error("a record number with another first name is certain")
	}
}
