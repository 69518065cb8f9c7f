package intake

import (
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

const motherURL = "urn:uuid:00000000-0000-4000-8000-000000000077"

func mother(more string) entry {
	return entry{motherURL, `{"resourceType":"Patient","id":"m","meta":{"versionId":"4"},"text":{"status":"generated","div":"<div/>"},"identifier":[{"system":"urn:mrn","value":"88"}],` +
		`"name":[{"family":"Zorn","given":["Eva"]}],"birthDate":"1950-01-01","gender":"female","telecom":[{"system":"phone","value":"212-555-0101"}],` +
		`"generalPractitioner":[{"display":"Dr. Ray"}]` + more + `}`}
}

func insured(relationship string) entry {
	rel := ""
	if relationship != "" {
		rel = `,"relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/subscriber-relationship","code":"` + relationship + `"}]}`
	}
	return entry{urn(2), `{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"` + patURL + `"},"subscriber":{"reference":"` + motherURL + `","type":"Patient"},` +
		`"policyHolder":{"reference":"` + motherURL + `"},"payor":[{"display":"Acme"}]` + rel + `}`}
}

// about the child, told by its mother.
func told() entry {
	return observation(urn(3), "o", "2024-01-01T08:00:00Z", "120", patURL, `,"performer":[{"reference":"`+motherURL+`"}],"focus":[{"reference":"`+motherURL+`"}]`)
}

// The subscriber whose relation the record says becomes a RelatedPerson of the
// chart, once, and everything that may point to one does.
func TestSubscriberBecomesARelatedPerson(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{"transaction": {}, "singles": {NoTransaction: 400}, "silent batch": {TransactionAsBatch: true}, "no tags": {LenientSearch: true}} {
		for target, prepare := range map[string]func(*Envelope) *Envelope{"new chart": func(e *Envelope) *Envelope { return e },
			"a chart": func(e *Envelope) *Envelope { return toChart(e, "Patient/x") }} {
			t.Run(name+", "+target, func(t *testing.T) {
				w := newWorld(t, b)
				if target == "a chart" {
					w.put(`{"resourceType":"Patient","id":"x","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03"}`)
				}
				rec := bundle(mother(""), patient(""), insured("child"), told(), condition(urn(4), "theirs", "38341003", motherURL))
				people := len(w.all("Patient", nil))
				r, env := w.deliver(prepare(envelope(rec)))
				wantVerified(t, r)
				wantLine(t, r, motherURL, ResultCreated, WhyRelated)
				wantLine(t, r, urn(4), ResultRefused, WhySomeoneElse)
				rel := w.ours("RelatedPerson")
				if len(rel) != 1 {
					t.Fatalf("%d RelatedPerson", len(rel))
				}
				at := "RelatedPerson/" + rel[0].ID()
				if rel[0].Get("patient", "reference").String() != r.Patient.Reference || rel[0].Get("relationship", 0, "coding", 0, "code").String() != "PRN" ||
					rel[0].Get("name", 0, "given", 0).String() != "Eva" || rel[0].Get("telecom", 0, "value").String() != "212-555-0101" ||
					rel[0].Get("birthDate").String() != "1950-01-01" || rel[0].Get("text").Exists() || rel[0].Get("generalPractitioner").Exists() ||
					!strings.Contains(string(rel[0].Raw()), codePatientAsserted) || lineOf(t, r, motherURL).Reference != at {
					t.Errorf("%s", rel[0].Raw())
				}
				cov := w.ours("Coverage")[0]
				if cov.Get("subscriber", "reference").String() != at || cov.Get("subscriber", "type").String() != "RelatedPerson" ||
					cov.Get("policyHolder", "reference").String() != at || cov.Get("contained").Exists() || cov.Get("beneficiary", "reference").String() != r.Patient.Reference {
					t.Errorf("%s", cov.Raw())
				}
				obs := w.ours("Observation")[0]
				if obs.Get("performer", 0, "reference").String() != at || !strings.HasPrefix(obs.Get("focus", 0, "reference").String(), "#") || obs.Get("contained").Len() != 1 {
					t.Errorf("%s", obs.Raw())
				}
				if n := len(w.all("Patient", nil)) - people; n != map[string]int{"new chart": 1}[target] {
					t.Errorf("%d Patients were made", n)
				}
				w.wantNoDangling("Coverage", "Observation", "RelatedPerson")

				again, _ := w.deliver(toChart(envelope(rec), r.Patient.Reference))
				wantVerified(t, again)
				if again.Count(ResultCreated) != 0 || len(w.ours("RelatedPerson")) != 1 || lineOf(t, again, motherURL).Reference != at {
					t.Errorf("second import: %s, %d RelatedPerson", counts(again), len(w.ours("RelatedPerson")))
				}
				if _, err := w.im.Undo(t.Context(), env, nothing); err != nil || len(w.ours("RelatedPerson")) != 0 {
					t.Errorf("undo: %v, %d RelatedPerson stay", err, len(w.ours("RelatedPerson")))
				}
			})
		}
	}
}

func TestRelationThatIsNotSaidMakesNobodyARelative(t *testing.T) {
	for _, said := range []string{"", "self", "other", "injured", "no-such-code"} {
		w := newWorld(t, sandbox.Behaviour{})
		r, _ := w.deliver(envelope(bundle(mother(""), patient(""), insured(said), told())))
		wantVerified(t, r)
		wantLine(t, r, motherURL, ResultCreated, WhyAttached)
		if n := len(w.ours("RelatedPerson")); n != 0 {
			t.Errorf("%q: %d RelatedPerson", said, n)
		}
		if cov := w.ours("Coverage")[0]; cov.Get("contained").Len() != 1 || !strings.HasPrefix(cov.Get("subscriber", "reference").String(), "#") {
			t.Errorf("%q: %s", said, cov.Raw())
		}
	}
	for said, code := range map[string]string{"parent": "CHILD", "spouse": "SPS", "common": "DOMPART"} {
		w := newWorld(t, sandbox.Behaviour{})
		w.deliver(envelope(bundle(mother(""), patient(""), insured(said))))
		if rel := w.ours("RelatedPerson"); len(rel) != 1 || rel[0].Get("relationship", 0, "coding", 0, "code").String() != code {
			t.Errorf("%q: %d", said, len(rel))
		}
	}
}

// A RelatedPerson that the record itself has stands for the mother's Patient
// entry; none is made beside it.
func TestRelatedPersonOfTheRecordStands(t *testing.T) {
	linked := `{"resourceType":"RelatedPerson","id":"r","patient":{"reference":"` + patURL + `"},"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"MTH"}]}]`
	for name, list := range map[string][]entry{
		"by link":                {mother(`,"link":[{"other":{"reference":"` + urn(9) + `"},"type":"seealso"}]`), {urn(9), linked + `}`}},
		"by name and birth date": {mother(""), {urn(9), linked + `,"name":[{"family":"Zorn","given":["Eva"]}],"birthDate":"1950-01-01"}`}},
	} {
		w := newWorld(t, sandbox.Behaviour{})
		r, _ := w.deliver(envelope(bundle(append(list, patient(""), insured(""), told())...)))
		wantVerified(t, r)
		wantLine(t, r, motherURL, ResultCreated, WhyRelated)
		rel := w.ours("RelatedPerson")
		if len(rel) != 1 || lineOf(t, r, urn(9)).Reference != "RelatedPerson/"+rel[0].ID() || w.ours("Coverage")[0].Get("subscriber", "reference").String() != "RelatedPerson/"+rel[0].ID() {
			t.Errorf("%s: %d RelatedPerson\n%s", name, len(rel), pretty(r))
		}
	}
	// Somebody of the same name who is no relative of this patient's.
	w := newWorld(t, sandbox.Behaviour{})
	other := strings.Replace(linked, patURL, motherURL, 1)
	r, _ := w.deliver(envelope(bundle(mother(""), patient(""), insured(""), entry{urn(9), other + `,"name":[{"family":"Zorn","given":["Eva"]}],"birthDate":"1950-01-01"}`})))
	wantLine(t, r, urn(9), ResultRefused, WhySomeoneElse)
	if n := len(w.ours("RelatedPerson")); n != 0 {
		t.Errorf("%d RelatedPerson", n)
	}
}

func TestFamilyHistorySaysTheRelation(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	fam := entry{urn(5), about("FamilyMemberHistory", `,"status":"completed","relationship":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"MTH"}]},`+
		`"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/familymemberhistory-patient-record","valueReference":{"reference":"`+motherURL+`"}}]`)}
	fam.body = strings.Replace(fam.body, `"subject"`, `"patient"`, 1)
	r, _ := w.deliver(envelope(bundle(mother(""), patient(""), fam, told())))
	wantVerified(t, r)
	rel := w.ours("RelatedPerson")
	if len(rel) != 1 || rel[0].Get("relationship", 0, "coding", 0, "code").String() != "MTH" || w.ours("Observation")[0].Get("performer", 0, "reference").String() != "RelatedPerson/"+rel[0].ID() {
		t.Errorf("%d RelatedPerson\n%s", len(rel), pretty(r))
	}
}

// Where the server has no RelatedPerson, or refuses this one, nobody is lost
// silently; where the patient left the mother out, she stays out.
func TestRelatedPersonThatCannotBe(t *testing.T) {
	rec := bundle(mother(""), patient(""), insured("child"), told())
	w := newWorld(t, sandbox.Behaviour{})
	w.im.caps = &fhir.Capabilities{Transaction: true, Types: map[string]fhir.TypeCapability{}}
	for _, typ := range []string{"Patient", "Coverage", "Observation", "Provenance", "DocumentReference"} {
		w.im.caps.Types[typ] = fhir.TypeCapability{}
	}
	r, _ := w.deliver(envelope(rec))
	wantLine(t, r, motherURL, ResultCreated, WhyAttached)
	if cov := w.ours("Coverage")[0]; cov.Get("contained").Len() != 1 {
		t.Errorf("a server without RelatedPerson: %s", cov.Raw())
	}

	w = newWorld(t, sandbox.Behaviour{RefuseTypes: []string{"RelatedPerson"}})
	r, _ = w.deliver(envelope(bundle(mother(""), patient(""), insured("child"))))
	if cov := w.ours("Coverage"); r.State != StateDelivered || len(cov) != 1 || cov[0].Get("subscriber", "reference").Exists() || lineOf(t, r, motherURL).Result != ResultRefused {
		t.Errorf("a RelatedPerson that is refused:\n%s", pretty(r))
	}
	w.wantNoDangling("Coverage", "Observation")

	w = newWorld(t, sandbox.Behaviour{})
	env := envelope(rec)
	env.LeaveOut = []string{motherURL}
	w.deliver(env)
	if n := len(w.ours("RelatedPerson")); n != 0 || strings.Contains(string(w.ours("Coverage")[0].Raw()), "Eva") {
		t.Error("the patient left her out, and she is there")
	}
}
