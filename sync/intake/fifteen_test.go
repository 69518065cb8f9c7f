package intake

import (
	"context"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// The tests of this file are the fifteen gaps of the nearest existing product
// (standards/servers.md section 1), in its numbering. Gap 1 (manifest links and
// passcodes) is about opening links and lives with sync/shl; what is ours of it
// is that an import does not care which kind of link a file came from.

func TestFault01AnyKindOfLinkBringsFiles(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	for _, kind := range []string{"link", "bundle", "card"} {
		env := envelope(bundle(patient(`,"identifier":[{"system":"urn:x","value":"`+kind+`"}]`), condition(urn(2), "c", "38341003", patURL)))
		env.Source.Kind = kind
		if kind == "card" { // a card's file is its JWS; the FHIR inside comes beside it
			env.Files[0].FHIR, env.Files[0].Bytes, env.Files[0].ContentType = env.Files[0].Bytes, []byte(`{"verifiableCredential":["a.b.c"]}`), "application/smart-health-card"
		}
		r, _ := w.deliver(env)
		wantVerified(t, r)
		if counts(r) != "created 2 existing 0 left-out 0 refused 0" {
			t.Errorf("%s: %s", kind, counts(r))
		}
	}
}

func TestFault02EveryFileIsFiled(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	env := envelope(
		bundle(patient(""), condition(urn(2), "c", "38341003", patURL)),
		bundle(patient(""), condition(urn(3), "c", "44054006", patURL), condition(urn(4), "d", "38341003", patURL)),
		[]byte("%PDF-1.4 a letter"))
	env.Files[2].ContentType = "application/pdf"
	r, _ := w.deliver(env)
	wantVerified(t, r)
	if got := len(w.ours("Condition")); got != 2 {
		t.Errorf("%d conditions, want 2: one in each Bundle, one in both", got)
	}
	wantLine(t, r, urn(4), ResultExisting, WhyTwice)
	pdf := 0
	for _, d := range w.ours("DocumentReference") {
		if d.Get("content", 0, "attachment", "contentType").String() == "application/pdf" {
			pdf++
		}
	}
	if pdf != 1 {
		t.Errorf("%d PDFs kept, want 1", pdf)
	}
}

func TestFault03NoOrphanPatientAndNoSecondOne(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{
		"transaction refused": {RefuseTypes: []string{"Condition"}},
		"one by one":          {RefuseTypes: []string{"Condition"}, NoTransaction: 400},
		"silent batch":        {RefuseTypes: []string{"Condition"}, TransactionAsBatch: true},
	} {
		w := newWorld(t, b)
		before := len(w.all("Patient", nil))
		env := envelope(bundle(patient(""), condition(urn(2), "c", "38341003", patURL)))
		r, env, err := w.try(env, 5)
		if err == nil || Classify(err).Class != Park {
			t.Fatalf("%s: %v, want parked\n%s", name, err, pretty(r))
		}
		if got := len(w.all("Patient", nil)); got != before {
			t.Errorf("%s: an orphan chart stays", name)
		}
		if err := w.SetBehaviour(sandbox.Behaviour{}); err != nil {
			t.Fatal(err)
		}
		env.Journal.Refused = nil // staff: try again
		r, _ = w.deliver(env)
		wantVerified(t, r)
		if got := len(w.all("Patient", nil)); got != before+1 {
			t.Errorf("%s: %d new charts, want 1", name, got-before)
		}
	}
}

func TestFault04NoSearchParameterThatTheServerLacks(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	r, _ := w.deliver(envelope(sample(t, "hl7-ips-bundle-01.json")))
	w.ResetCounts()
	r, _ = w.deliver(toChart(envelope(sample(t, "hl7-ips-bundle-01.json")), r.Patient.Reference))
	wantVerified(t, r)
	for status, n := range w.Counts().Status {
		if status >= 400 {
			t.Errorf("%d answers of %d", n, status)
		}
	}
}

// everyType has one resource of each type that the peer duplicates.
func everyType() []byte {
	ref := func(n int) string { return `{"reference":"` + urn(n) + `"}` }
	p := `"subject":` + ref(1)
	q := `"patient":` + ref(1)
	return bundle(patient(""),
		entry{urn(2), `{"resourceType":"Medication","id":"1","code":{"text":"Aspirin"}}`},
		entry{urn(3), `{"resourceType":"MedicationRequest","id":"1","status":"active","intent":"order","medicationReference":` + ref(2) + `,` + p + `,"encounter":` + ref(4) + `}`},
		entry{urn(4), `{"resourceType":"Encounter","id":"1","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},` + p + `,"participant":[{"individual":` + ref(5) + `}],"serviceProvider":` + ref(6) + `}`},
		entry{urn(5), `{"resourceType":"Practitioner","id":"1","name":[{"family":"Ray"}]}`},
		entry{urn(6), `{"resourceType":"Organization","id":"1","name":"North Clinic"}`},
		entry{urn(7), `{"resourceType":"Location","id":"1","name":"Room 4","managingOrganization":` + ref(6) + `}`},
		entry{urn(8), `{"resourceType":"Coverage","id":"1","status":"active","beneficiary":` + ref(1) + `,"payor":[` + ref(6) + `]}`},
		entry{urn(9), `{"resourceType":"Composition","id":"1","status":"final","type":{"text":"Summary"},` + p + `,"date":"2026-01-01","author":[` + ref(5) + `],"title":"S","section":[{"title":"M","entry":[` + ref(3) + `,` + ref(10) + `]}]}`},
		entry{urn(10), `{"resourceType":"MedicationStatement","id":"1","status":"active","medicationCodeableConcept":{"text":"Aspirin"},` + p + `}`},
		entry{urn(11), `{"resourceType":"Immunization","id":"1","status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"208"}]},` + q + `,"occurrenceDateTime":"2021-03-04"}`},
		entry{urn(12), `{"resourceType":"AllergyIntolerance","id":"1","code":{"text":"Nuts"},` + q + `}`},
		entry{urn(13), `{"resourceType":"Procedure","id":"1","status":"completed","code":{"text":"Suture"},` + p + `}`},
		entry{urn(14), `{"resourceType":"DiagnosticReport","id":"1","status":"final","code":{"text":"CBC"},` + p + `,"result":[` + ref(15) + `]}`},
		observation(urn(15), "1", "2024-01-01T08:00:00Z", "120", patURL, `,"encounter":`+ref(4)),
		entry{urn(16), `{"resourceType":"CareTeam","id":"1",` + p + `,"participant":[{"member":` + ref(5) + `}]}`},
		entry{urn(17), `{"resourceType":"Goal","id":"1","lifecycleStatus":"active","description":{"text":"Walk"},` + p + `}`},
		entry{urn(18), `{"resourceType":"ExplanationOfBenefit","id":"1","status":"active","type":{"text":"t"},"use":"claim",` + q + `,"created":"2024-01-01","insurer":` + ref(6) + `,"provider":` + ref(6) + `,"outcome":"complete","insurance":[{"focal":true,"coverage":` + ref(8) + `}]}`},
		entry{urn(19), `{"resourceType":"RelatedPerson","id":"1",` + q + `,"name":[{"family":"Zorn","given":["Eva"]}]}`},
	)
}

func TestFault05SecondImportDuplicatesNothing(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	r, _ := w.deliver(envelope(everyType()))
	wantVerified(t, r)
	if counts(r) != "created 19 existing 0 left-out 0 refused 0" {
		t.Fatalf("%s\n%s", counts(r), pretty(r))
	}
	w.ResetCounts()
	r, _ = w.deliver(toChart(envelope(everyType()), r.Patient.Reference))
	wantVerified(t, r)
	if counts(r) != "created 0 existing 19 left-out 0 refused 0" {
		t.Errorf("%s\n%s", counts(r), pretty(r))
	}
	if n := w.Counts().Commits; n != 0 {
		t.Errorf("the second import wrote %d times", n)
	}
	// A chart that was filled by somebody else, without our tags.
	if err := w.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.put(`{"resourceType":"Patient","id":"x","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03"}`,
		`{"resourceType":"Immunization","id":"i","status":"completed","vaccineCode":{"coding":[{"code":"208","system":"http://hl7.org/fhir/sid/cvx","display":"Covid"}]},"patient":{"reference":"Patient/x"},"occurrenceDateTime":"2021-03-04","recorded":"2021-03-05"}`)
	r, _ = w.deliver(toChart(envelope(everyType()), "Patient/x"))
	wantVerified(t, r)
	wantLine(t, r, urn(11), ResultExisting, WhySameMeaning)
}

func TestFault06TwoReadingsOfOneDayStayTwo(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	two := bundle(patient(""),
		observation(urn(2), "a", "2024-01-01T08:00:00Z", "120", patURL, ""),
		observation(urn(3), "b", "2024-01-01T20:00:00Z", "140", patURL, ""),
		observation(urn(4), "c", "2024-01-01T20:00:00Z", "140", patURL, ""), // noted twice at the source: two there, two here
		observation(urn(5), "d", "2024-01-01", "120", patURL, ""))
	r, _ := w.deliver(envelope(two))
	wantVerified(t, r)
	if n := len(w.ours("Observation")); n != 4 {
		t.Fatalf("%d readings, want 4", n)
	}
	chart := r.Patient.Reference
	more := bundle(patient(""),
		observation(urn(2), "a", "2024-01-01T08:00:00Z", "120", patURL, ""),
		observation(urn(6), "e", "2024-01-01T12:00:00Z", "120", patURL, ""),
		// The same moment in another zone and the same value in another spelling.
		observation(urn(7), "f", "2024-01-01T21:00:00+01:00", "140.0", patURL, ""))
	r, _ = w.deliver(toChart(envelope(more), chart))
	wantVerified(t, r)
	wantLine(t, r, urn(2), ResultExisting, WhySameBefore)
	wantLine(t, r, urn(6), ResultCreated, "")
	wantLine(t, r, urn(7), ResultExisting, WhySameMeaning)
}

func TestFault06bIdentifiersCountForThisPatientOnly(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	w.put(`{"resourceType":"Patient","id":"first","name":[{"family":"Other"}]}`,
		`{"resourceType":"Patient","id":"second","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03"}`,
		`{"resourceType":"Condition","id":"theirs","identifier":[{"system":"urn:lab","value":"77"}],"code":{"text":"x"},"subject":{"reference":"Patient/first"}}`)
	withID := entry{urn(2), `{"resourceType":"Condition","id":"c","identifier":[{"system":"urn:lab","value":"77"}],"code":{"text":"x"},"subject":{"reference":"` + patURL + `"}}`}
	r, _ := w.deliver(toChart(envelope(bundle(patient(""), withID)), "Patient/second"))
	wantVerified(t, r)
	l := lineOf(t, r, urn(2))
	if l.Result != ResultCreated || l.Reference == "Condition/theirs" {
		t.Errorf("%+v", l)
	}
}

func TestFault07NoConditionalEntriesSoNoLimitOfThem(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{ConditionalEntryLimit: 8, NoConditionalCreate: true})
	r, _ := w.deliver(envelope(sample(t, "hl7-ips-bundle-01.json")))
	wantVerified(t, r)
	if n := w.Counts().Transactions; n != 1 {
		t.Errorf("%d transactions, want 1", n)
	}
}

func TestFault08LinksAreResolvedByFullUrlAndType(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	src := "https://src.example/fhir/"
	b := bundle(
		entry{src + "Patient/p", `{"resourceType":"Patient","id":"p","name":[{"family":"Zorn"}],"birthDate":"1980-02-03"}`},
		// (a) fullUrl and id differ
		entry{urn(2), `{"resourceType":"Encounter","id":"not-the-urn","status":"finished","class":{"code":"AMB"},"subject":{"reference":"` + src + `Patient/p"},"participant":[{"individual":{"reference":"Practitioner/1"}}]}`},
		// (b) absolute, and with a version
		entry{src + "Condition/c", `{"resourceType":"Condition","id":"c","code":{"text":"x"},"subject":{"reference":"` + src + `Patient/p/_history/3"},"encounter":{"reference":"` + urn(2) + `"}}`},
		// (c) one id, two types
		entry{src + "Practitioner/1", `{"resourceType":"Practitioner","id":"1","name":[{"family":"Ray"}]}`},
		entry{src + "Encounter/1", `{"resourceType":"Encounter","id":"1","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p"},"participant":[{"individual":{"reference":"Practitioner/1"}}]}`},
		entry{src + "Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/1"},"performer":[{"reference":"Practitioner/1"}]}`})
	r, _ := w.deliver(envelope(b))
	wantVerified(t, r)
	w.wantNoDangling("Encounter", "Condition", "Observation")
	ref := func(s string) string { return lineOf(t, r, s).Reference }
	cond := w.ours("Condition")[0]
	if cond.Get("encounter", "reference").String() != ref(urn(2)) || cond.Get("subject", "reference").String() != r.Patient.Reference {
		t.Error("links by fullUrl and by absolute address")
	}
	obs := w.ours("Observation")[0]
	if obs.Get("encounter", "reference").String() != ref(src+"Encounter/1") || obs.Get("performer", 0, "reference").String() != ref(src+"Practitioner/1") {
		t.Error("equal ids of two types")
	}
}

func TestFault09WhatIsLeftOutLeavesNoLiteral(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	w.put(`{"resourceType":"Encounter","id":"1","status":"finished","class":{"code":"AMB"}}`) // a stranger with the same id
	env := envelope(bundle(patient(""),
		entry{urn(2), `{"resourceType":"Encounter","id":"1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"` + patURL + `"},"identifier":[{"system":"urn:v","value":"secret-visit"}]}`},
		entry{urn(3), `{"resourceType":"Condition","id":"c","code":{"text":"x"},"subject":{"reference":"` + patURL + `"},"encounter":{"reference":"Encounter/1","display":"Addiction clinic"},"recorder":{"reference":"Practitioner/77"},"asserter":{"reference":"https://other.example/fhir/Practitioner/8"}}`}))
	env.LeaveOut = []string{"Encounter/1"}
	r, _ := w.deliver(env)
	wantVerified(t, r)
	wantLine(t, r, urn(2), ResultLeftOut, WhyPatient)
	c := w.ours("Condition")[0]
	if c.Get("encounter", "reference").Exists() || strings.Contains(string(c.Raw()), "Addiction") {
		t.Error("what was left out shows through")
	}
	if c.Get("recorder", "reference").Exists() || c.Get("recorder", "display").String() == "" {
		t.Error("a missing target became no display reference")
	}
	if c.Get("asserter", "reference").Exists() || c.Get("asserter", "identifier", "value").String() != "https://other.example/fhir/Practitioner/8" {
		t.Error("an absolute missing target became no logical reference")
	}
	for _, typ := range []string{"DocumentReference", "Consent", "Provenance", "Condition"} {
		for _, d := range w.ours(typ) {
			if strings.Contains(unpacked(d), "secret-visit") {
				t.Errorf("%s holds what was left out", typ)
			}
		}
	}
}

// unpacked is a resource with its inline documents decoded beside it.
func unpacked(r fhir.Resource) string {
	s := string(r.Raw())
	for _, c := range r.Get("content").Elements() {
		s += decoded(c.Get("attachment", "data").String())
	}
	return s
}
