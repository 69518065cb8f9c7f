package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// drawn is a random Bundle: a graph of resources that name each other in
// random ways, circles, self-references, missing targets and decimals included.
func drawn(t *rapid.T) []entry {
	type node struct{ typ, id, full string }
	base := rapid.SampledFrom([]string{"https://src.example/fhir/", "http://other.example/r4/"}).Draw(t, "base")
	style := rapid.SampledFrom([]string{"urn", "rest", "none", "mixed"}).Draw(t, "style")
	full := func(i int, typ, id string) string {
		s := style
		if s == "mixed" {
			s = rapid.SampledFrom([]string{"urn", "rest"}).Draw(t, "s")
		}
		switch s {
		case "urn":
			return urn(i)
		case "rest":
			return base + typ + "/" + id
		}
		return ""
	}
	n := rapid.IntRange(1, 12).Draw(t, "n")
	nodes := []node{{"Patient", "1", full(1, "Patient", "1")}}
	types := []string{"Encounter", "Observation", "Condition", "Practitioner", "Organization", "DiagnosticReport", "CarePlan"}
	for i := range n {
		typ := rapid.SampledFrom(types).Draw(t, "typ")
		id := fmt.Sprint(i%3+1, "-", typ[:1], i) // ids of different types look alike
		nodes = append(nodes, node{typ, id, full(i+2, typ, id)})
	}
	link := func(from int) string {
		to := rapid.IntRange(0, len(nodes)+1).Draw(t, "to")
		if to >= len(nodes) {
			return rapid.SampledFrom([]string{"Observation/nowhere", "urn:uuid:99999999-0000-4000-8000-000000000000", "https://gone.example/Practitioner/4", "Patient?identifier=a|b"}).Draw(t, "missing")
		}
		x := nodes[to]
		forms := []string{}
		if x.full != "" {
			forms = append(forms, x.full)
		}
		if !strings.HasPrefix(x.full, "urn:") || style == "urn" {
			forms = append(forms, x.typ+"/"+x.id)
		}
		return rapid.SampledFrom(forms).Draw(t, "form")
	}
	patientRef := nodes[0].full
	if patientRef == "" {
		patientRef = "Patient/1"
	}
	out := []entry{{nodes[0].full, `{"resourceType":"Patient","id":"1","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03"}`}}
	for i, x := range nodes[1:] {
		dec := rapid.SampledFrom([]string{"1.00", "1E-22", "0.10", "-0.0", "120"}).Draw(t, "dec")
		var ext []string
		for range rapid.IntRange(0, 3).Draw(t, "links") {
			ext = append(ext, fmt.Sprintf(`{"url":"http://x.example/link","valueReference":{"reference":%q}}`, link(i+1)))
		}
		ext = append(ext, fmt.Sprintf(`{ "url" : "http://x.example/odd" , "valueDecimal" : %s }`, dec))
		subject := ""
		switch x.typ {
		case "Practitioner", "Organization":
		default:
			subject = fmt.Sprintf(`,"subject":{"reference":%q}`, patientRef)
		}
		body := fmt.Sprintf(`{"resourceType":%q,"id":%q,"meta":{"versionId":"7","tag":[{"code":"TEST"}]},"extension":[%s]%s%s}`,
			x.typ, x.id, strings.Join(ext, ","), subject, required(x.typ, i))
		out = append(out, entry{x.full, body})
	}
	return out
}

func required(typ string, i int) string {
	switch typ {
	case "Encounter":
		return `,"status":"finished","class":{"code":"AMB"}` + fmt.Sprintf(`,"period":{"start":"2024-01-%02d"}`, i+1)
	case "Observation":
		return `,"status":"final","code":{"text":"x"}` + fmt.Sprintf(`,"effectiveDateTime":"2024-01-%02d"`, i+1)
	case "Condition":
		return fmt.Sprintf(`,"code":{"text":"c%d"}`, i)
	case "Practitioner":
		return fmt.Sprintf(`,"name":[{"family":"P%d"}]`, i)
	case "Organization":
		return fmt.Sprintf(`,"name":"O%d"`, i)
	case "DiagnosticReport":
		return fmt.Sprintf(`,"status":"final","code":{"text":"r%d"}`, i)
	}
	return fmt.Sprintf(`,"status":"active","intent":"plan","title":"t%d"`, i)
}

// TestRewriteProperties: in the transaction every reference is to an entry of
// it, to what the server has, or no literal at all; and every byte that is not
// id, meta or reference is the source's.
func TestRewriteProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entries := drawn(rt)
		p, err := newPlan(envelope(bundle(entries...)), fhir.DefaultLimits())
		if err != nil {
			rt.Fatal(err)
		}
		if err := p.prepare(); err != nil {
			rt.Fatal(err)
		}
		keys, together := map[string]*item{}, map[*item]bool{}
		for _, it := range p.items {
			if it.verdict != file {
				rt.Fatalf("%s not filed: %s", it.source, it.why)
			}
			keys[it.key], together[it] = it, true
		}
		for _, it := range p.items {
			body, late := render(it, keys, together)
			if late {
				rt.Fatalf("%s: something is to follow though all travels together", it.source)
			}
			i := 0
			for ref := range body.References() {
				if keys[ref.Text()] == nil {
					rt.Fatalf("%s: a literal %q leaves", it.source, ref.Text())
				}
				i++
			}
			resolved := 0
			for _, e := range it.edges {
				if e.target != nil {
					resolved++
				}
			}
			if i != resolved {
				rt.Fatalf("%s: %d references of %d that resolve", it.source, i, resolved)
			}
			wantUntouched(rt, it, body)
		}
	})
}

// wantUntouched compares source and body member by member: all but id, meta
// and Reference objects must be the same bytes.
func wantUntouched(t *rapid.T, it *item, body fhir.Resource) {
	for k, v := range it.res.Value().Members() {
		if k == "id" || k == "meta" {
			continue
		}
		sameBytes(t, v, body.Get(k), k)
	}
}

func sameBytes(t *rapid.T, a, b fhir.Value, path string) {
	switch {
	case a.IsObject() && a.Get("reference").Exists():
	case a.IsArray():
		if a.Len() != b.Len() {
			t.Fatalf("%s: length", path)
		}
		for i, v := range a.Elements() {
			sameBytes(t, v, b.Get(i), path)
		}
	case a.IsObject() && strings.Contains(string(a.Raw()), `"reference"`):
		for k, v := range a.Members() {
			sameBytes(t, v, b.Get(k), path+"."+k)
		}
	case !bytes.Equal(a.Raw(), b.Raw()):
		t.Fatalf("%s: %s became %s", path, a.Raw(), b.Raw())
	}
}

// TestOrderOfEntriesDoesNotMatter: the same entries in another order give the
// same resources under the same keys.
func TestOrderOfEntriesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entries := drawn(rt)
		for _, e := range entries {
			if e.full == "" {
				rt.Skip("positions are names where there is no fullUrl")
			}
		}
		env := envelope(bundle(entries...))
		bodies := func(list []entry) map[string]string {
			env.Files[0].Bytes = bundle(list...)
			p, err := newPlan(env, fhir.DefaultLimits())
			if err != nil {
				rt.Fatal(err)
			}
			if err := p.prepare(); err != nil {
				rt.Fatal(err)
			}
			out := map[string]string{}
			for _, it := range p.items {
				out[it.key] = fmt.Sprint(it.verdict, it.why, string(it.base.Raw()))
			}
			return out
		}
		first := bodies(entries)
		shuffled := slices.Clone(entries)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		second := bodies(shuffled)
		if fmt.Sprint(first) != fmt.Sprint(second) {
			rt.Fatal("the order of entries changed the outcome")
		}
	})
}

// TestTwiceIsOnce: importing a random Bundle a second time, with new ids, in
// another order, by any way of sending, creates nothing.
func TestTwiceIsOnce(t *testing.T) {
	checks := 12
	if os.Getenv("INTAKE_LONG") != "" {
		checks = 300
	}
	for n := range checks {
		b := []sandbox.Behaviour{{}, {NoTransaction: 400}, {TransactionAsBatch: true, AcceptDangling: true}}[n%3]
		entries := rapid.Custom(drawn).Example(n)
		w := newWorld(t, b)
		r, _ := w.deliver(envelope(bundle(entries...)))
		if r.Count(ResultCreated) != len(entries) || len(r.Verification.Missing) > 0 || r.Verification.References.Unresolved > 0 {
			t.Fatalf("example %d first: %s\n%s\n%s", n, counts(r), pretty(r), bundle(entries...))
		}
		again := slices.Clone(entries)
		slices.Reverse(again)
		if strings.HasPrefix(again[0].full, "urn:") { // the app makes new fullUrls each time it shares
			var renamed []entry
			for _, e := range again {
				renamed = append(renamed, entry{strings.ReplaceAll(e.full, "-8000-0000", "-8000-7777"), strings.ReplaceAll(e.body, "-8000-0000", "-8000-7777")})
			}
			again = renamed
		}
		r2, _ := w.deliver(toChart(envelope(bundle(again...)), r.Patient.Reference))
		if r2.Count(ResultCreated) != 0 || r2.Count(ResultExisting) != len(entries) {
			t.Fatalf("example %d second: %s\n%s\n%s", n, counts(r2), pretty(r2), bundle(entries...))
		}
	}
}

func TestEnvelopeSurvivesTheLedger(t *testing.T) {
	env := ips(t)
	env.Typed = Typed{BirthDate: "1980-02-03", Second: "12180"}
	env.LeaveOut = []string{"Condition"}
	b, err := MarshalEnvelope(env)
	if err != nil {
		t.Fatal(err)
	}
	back, err := UnmarshalEnvelope(b)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := MarshalEnvelope(back)
	if !bytes.Equal(b, again) || back.Typed.BirthDate.Reveal() != "1980-02-03" {
		t.Error("the envelope changed on its way")
	}
	if _, err := UnmarshalEnvelope([]byte(`{"version":99}`)); Classify(err).Class != Fatal {
		t.Error("a newer envelope was read")
	}
	if s := fmt.Sprintf("%v %+v %#v %s", env, *env, env.Typed, env.Files[0].SHA256); strings.Contains(s, "1980-02-03") {
		t.Error("typed facts are printed")
	}
	if !json.Valid(b) {
		t.Error("no JSON")
	}
}
