package people

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// keikoRecord is a document Bundle in the manner of the International Patient
// Summary: a Composition whose sections name the entries, RESTful fullUrls and
// relative references.
func keikoRecord(p Person, now time.Time) json.RawMessage {
	const base = "https://ehr.example.org/fhir/"
	r := newRecord("keiko", now)
	r.who(p, "")
	author := r.add(object{"resourceType": "Practitioner", "name": []any{object{"family": "Tanaka", "given": []string{"Kenji"}}}})
	custodian := r.add(object{"resourceType": "Organization", "name": "Lakemont Travel Medicine (demo)"})
	heart := r.condition("49436004", "Atrial fibrillation", "2019-03-14", "active")
	allergy := r.allergy("294499007", "Allergy to bisoprolol", "Wheezing", "high")
	pill := r.add(object{"resourceType": "Medication", "status": "active", "code": concept(rxnorm, "1364445", "apixaban 5 MG Oral Tablet")})
	takes := r.add(object{"resourceType": "MedicationStatement", "status": "active", "medicationReference": ref(pill), "subject": r.me(),
		"effectivePeriod": object{"start": "2019-04"}, "reasonReference": []any{ref(heart)}, "dosage": []any{object{"text": "1 tablet twice daily"}}})
	shot := r.vaccine("33", "Pneumococcal polysaccharide PPV23", "2022-10-03", "DEMO3301")
	inr := r.lab("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "0.90", "mg/dL", "mg/dL", r.day(0, 3, 0))
	pacer := r.add(object{"resourceType": "Device", "status": "active", "type": concept(snomed, "14106009", "Cardiac pacemaker"), "patient": r.me()})
	uses := r.add(object{"resourceType": "DeviceUseStatement", "status": "active", "subject": r.me(), "device": ref(pacer), "timingPeriod": object{"start": "2021-01-18"}})
	section := func(code, title string, entries ...string) object {
		var refs []any
		for _, e := range entries {
			refs = append(refs, ref(e))
		}
		return object{"title": title, "code": concept(loinc, code, title), "entry": refs,
			"text": object{"status": "generated", "div": `<div xmlns="http://www.w3.org/1999/xhtml"><p>` + title + "</p></div>"}}
	}
	r.add(object{"resourceType": "Composition", "status": "final", "type": concept(loinc, "60591-5", "Patient summary Document"), "subject": r.me(), "date": r.now.UTC().Format(time.RFC3339),
		"author": []any{ref(author)}, "custodian": ref(custodian), "title": "Patient summary", "section": []any{
			section("11450-4", "Problem list", heart), section("48765-2", "Allergies and adverse reactions", allergy), section("10160-0", "Medication summary", takes),
			section("11369-6", "Immunizations", shot), section("30954-2", "Results", inr), section("46264-8", "Medical devices", uses)}})
	// The Composition comes first, and every address becomes RESTful.
	last := len(r.entries) - 1
	r.entries = append([]any{r.entries[last]}, r.entries[:last]...)
	swap := make([]string, 0, 4*len(r.entries))
	for _, e := range r.entries {
		o := e.(object)["resource"].(object)
		url := e.(object)["fullUrl"].(string)
		to := fmt.Sprintf("%s/%s", o["resourceType"], o["id"])
		swap = append(swap, `"fullUrl":"`+url+`"`, `"fullUrl":"`+base+to+`"`, `"reference":"`+url+`"`, `"reference":"`+to+`"`)
	}
	doc := raw(object{"resourceType": "Bundle", "type": "document", "timestamp": now.UTC().Format(time.RFC3339),
		"identifier": object{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:7f0c2a52-31b8-4c1e-9a54-0d6f3ad61957"}, "entry": r.entries})
	return json.RawMessage(strings.NewReplacer(swap...).Replace(string(doc)))
}

// cardBundle is the Bundle of a SMART Health Card: small, references resource:N,
// no text, no ids (SHC, "minimal data").
func cardBundle(p Person, now time.Time) json.RawMessage {
	shot := func(code, date string) object {
		return object{"resourceType": "Immunization", "status": "completed", "vaccineCode": object{"coding": []any{object{"system": cvx, "code": code}}},
			"patient": ref("resource:0"), "occurrenceDateTime": date, "performer": []any{object{"actor": object{"display": "Lakemont Pharmacy (demo)"}}}}
	}
	resources := []object{
		{"resourceType": "Patient", "name": []any{object{"family": p.Family, "given": []string{p.Given}}}, "birthDate": p.BirthDate},
		shot("94", now.AddDate(-6, -2, 0).Format(time.DateOnly)), shot("115", now.AddDate(-4, 0, -9).Format(time.DateOnly)), shot("140", now.AddDate(0, -1, -20).Format(time.DateOnly)),
	}
	var entries []any
	for i, o := range resources {
		entries = append(entries, object{"fullUrl": fmt.Sprintf("resource:%d", i), "resource": o})
	}
	return raw(object{"resourceType": "Bundle", "type": "collection", "entry": entries})
}
