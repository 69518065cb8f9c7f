package match

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"shlkiosk/sync/fhir"
)

// all hands every chart to every search: what is left is the rules.
type all struct{ charts []fhir.Resource }

func (all) Match(context.Context, fhir.Resource, bool, int) ([]Graded, error) {
	return nil, ErrUnsupported
}
func (a all) Search(context.Context, url.Values) ([]fhir.Resource, error) { return a.charts, nil }
func (a all) Read(_ context.Context, ref string) (fhir.Resource, error) {
	return fhir.Resource{}, fmt.Errorf("no %s", ref)
}

// drawHuman draws people out of so few values that they collide all the time.
func drawHuman(t *rapid.T, id string) human {
	s := func(name string, list ...string) string { return rapid.SampledFrom(list).Draw(t, name) }
	h := human{
		ID: id, Given: s("given", "ana", "anna", "john", "jon", "katherine", "kate", "kathrine", "k", "marina", "martina", ""),
		Middle: s("middle", "", "lee", "ann", "john"), Last: s("last", "garcia", "garcia lopez", "garcla", "smith", "smyth", "john", ""),
		Suffix: s("suffix", "", "", "Jr", "Sr"), Sex: s("sex", "male", "female", ""),
		DOB:    s("dob", "1980-02-03", "1980-03-02", "1980-02-04", "1950-02-03", "1980", ""),
		Street: s("street", "12 Oak Street", "12 Oak St", "14 Oak St", "", "PO Box 12"), Unit: s("unit", "", "Apt 4", "#4", "Apt 5"),
		City: s("city", "Springfield", ""), ZIP: s("zip", "62701", ""), Email: s("email", "", "a@b.org", "none@none.com"),
		SSN: s("ssn", "", "", "536228731", "8731", "536228732", "000000000"), MRN: s("mrn", "", "7781", "9912"),
		MRNSystem: s("system", "", "https://h.example/mrn", "https://clinic.example/mrn"), Twin: s("twin", "", "", "yes") != "",
		PhoneStyle: rapid.IntRange(0, 3).Draw(t, "style"), Upper: rapid.Bool().Draw(t, "upper"),
	}
	h.Phones = append(h.Phones, rapid.SliceOfN(rapid.SampledFrom([]string{"2125550142", "3125550199", "5555555555"}), 0, 2).Draw(t, "phones")...)
	return h
}

func TestComparingIsSymmetric(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawHuman(rt, "a").patient(t), drawHuman(rt, "b").patient(t)
		x, y := Compare(a, b, testNow), Compare(b, a, testNow)
		if x.Grade != y.Grade || x.Rule != y.Rule || x.Objection != y.Objection || x.Score != y.Score {
			rt.Fatalf("%v %v", x, y)
		}
	})
}

func TestGuardsHoldWhateverRuleFires(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawHuman(rt, "a").patient(t), drawHuman(rt, "b").patient(t)
		v := Compare(a, b, testNow)
		if v.Grade != Certain {
			return
		}
		g := v.agreement
		if g.suffix == differ || g.first == differ || g.dob == dobFar || g.recClash {
			rt.Fatalf("certain by %s although %+v", v.Rule, g)
		}
		if g.first == similar && g.ssn4 != exact && g.rec != exact {
			rt.Fatalf("two names of their own are certain by %s", v.Rule)
		}
	})
}

// More candidates never make a decision less strict: a chart that is not
// chosen among few is not chosen among more, and staff are not relieved by
// "nobody".
func TestMoreCandidatesNeverMakeItLessStrict(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ours := drawHuman(rt, "rec").patient(t)
		var charts []fhir.Resource
		for i := range rapid.IntRange(1, 6).Draw(rt, "charts") {
			charts = append(charts, drawHuman(rt, fmt.Sprint("c", i)).patient(t))
		}
		pol := Policy{CreateNew: true, NoTyped: true}
		decide := func(list []fhir.Resource) Decision {
			d, err := Decide(t.Context(), all{list}, ours, Typed{}, pol, testNow)
			if err != nil {
				rt.Fatal(err)
			}
			return d
		}
		few := charts[:rapid.IntRange(0, len(charts)-1).Draw(rt, "few")]
		small, large := decide(few), decide(charts)
		if large.Outcome == OutcomeCertain && small.Chart != large.Chart &&
			slices.ContainsFunc(few, func(r fhir.Resource) bool { return "Patient/"+r.ID() == large.Chart }) {
			rt.Fatalf("chosen among %d, not among %d of them (%s)", len(charts), len(few), small.Why)
		}
		if small.Outcome != OutcomeNone && large.Outcome == OutcomeNone {
			rt.Fatalf("%s among %d, nobody among %d", small.Outcome, len(few), len(charts))
		}
		slices.Reverse(charts)
		if turned := decide(charts); turned.Outcome != large.Outcome || turned.Chart != large.Chart || turned.Why != large.Why {
			rt.Fatalf("the order of answers matters: %s %s, %s %s", large.Outcome, large.Why, turned.Outcome, turned.Why)
		}
	})
}

func TestNormalFormsAreStable(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if x := fold(string(r)); fold(x) != x {
			t.Errorf("fold %U: %q, then %q", r, x, fold(x))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("aÅéßıŁ'-. #0159+()xStreet")))).Draw(t, "s")
		if x := fold(s); fold(x) != x {
			t.Fatalf("fold %q, then %q", x, fold(x))
		}
		if x := phone(s); x != "" && phone(x) != x {
			t.Fatalf("phone %q, then %q", x, phone(x))
		}
		if x := email(s); x != "" && email(x) != x {
			t.Fatalf("email %q, then %q", x, email(x))
		}
		if x := postal(s); postal(x) != x {
			t.Fatalf("postal %q, then %q", x, postal(x))
		}
		if x := standard(tokens(s)); !slices.Equal(standard(x), x) {
			t.Fatalf("street %q, then %q", x, standard(x))
		}
	})
}

func FuzzCompare(f *testing.F) {
	f.Add(`{"resourceType":"Patient",`+jess+`}`, `{"resourceType":"Patient",`+jessTwin+`}`)
	f.Add(`{"resourceType":"Patient","name":[{"text":"Doe, John"}],"identifier":[{"system":"urn:x:1","value":"0012"}]}`, `{"resourceType":"Patient","name":{"family":5}}`)
	f.Fuzz(func(t *testing.T, x, y string) {
		a, err1 := fhir.ParseResource([]byte(x), fhir.DefaultLimits())
		b, err2 := fhir.ParseResource([]byte(y), fhir.DefaultLimits())
		if err1 != nil || err2 != nil {
			return
		}
		v, w := Compare(a, b, testNow), Compare(b, a, testNow)
		if v.Grade != w.Grade || v.Rule != w.Rule {
			t.Fatal("not symmetric")
		}
		q, _, err := Query(a)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(q.Raw()), `"contact"`) {
			t.Fatal("the query holds what is not its business")
		}
		searches(read(a, testNow))
	})
}
