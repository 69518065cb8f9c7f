package people

import (
	"encoding/json"
	"fmt"
	"time"
)

// Code systems.
const (
	snomed = "http://snomed.info/sct"
	loinc  = "http://loinc.org"
	rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
	cvx    = "http://hl7.org/fhir/sid/cvx"
	ucum   = "http://unitsofmeasure.org"
	term   = "http://terminology.hl7.org/CodeSystem/"
)

type item struct{ code, display string }

var (
	problems  = []item{{"38341003", "Hypertensive disorder"}, {"44054006", "Type 2 diabetes mellitus"}, {"195967001", "Asthma"}, {"55822004", "Hyperlipidemia"}, {"35489007", "Depressive disorder"}, {"239873007", "Osteoarthritis of knee"}}
	drugs     = []item{{"197361", "amlodipine 5 MG Oral Tablet"}, {"860975", "metformin hydrochloride 500 MG Extended Release Oral Tablet"}, {"617311", "atorvastatin 40 MG Oral Tablet"}, {"314076", "lisinopril 10 MG Oral Tablet"}, {"312938", "sertraline 25 MG Oral Tablet"}}
	allergens = []item{{"91936005", "Allergy to penicillin"}, {"300916003", "Latex allergy"}, {"91935009", "Allergy to peanut"}, {"294505008", "Allergy to amoxicillin"}}
	vaccines  = []item{{"140", "Influenza, split virus, trivalent, PF"}, {"115", "Tdap"}, {"187", "Zoster recombinant"}, {"33", "Pneumococcal polysaccharide PPV23"}}
)

// clinic makes the organisations and practitioners.
func (m *maker) clinic() {
	for i, name := range clinics {
		id := m.id("organization")
		m.org = append(m.org, "Organization/"+id)
		m.out.Resources = append(m.out.Resources, raw(object{"resourceType": "Organization", "id": id, "meta": testTag(), "active": true, "name": name,
			"identifier": []any{object{"system": "urn:oid:2.999.5550.2", "value": fmt.Sprintf("CLINIC-%d", i+1)}}}))
	}
	for i := range 5 {
		id := m.id("practitioner")
		d := m.person("plain")
		m.dr = append(m.dr, "Practitioner/"+id)
		m.out.Resources = append(m.out.Resources, raw(object{"resourceType": "Practitioner", "id": id, "meta": testTag(), "active": true, "gender": d.Gender,
			"identifier": []any{object{"system": "urn:oid:2.999.5550.3", "value": fmt.Sprintf("STAFF-%03d", i+1)}},
			"name":       []any{object{"family": d.Family, "given": []string{d.Given}, "prefix": []string{"Dr."}}}}))
	}
}

func (m *maker) put(o object) string {
	kind, _ := o["resourceType"].(string)
	id := m.id(kind)
	o["id"], o["meta"] = id, testTag()
	m.out.Resources = append(m.out.Resources, raw(o))
	return kind + "/" + id
}

// history gives somebody some clinical content.
func (m *maker) history(d draft) {
	me := object{"reference": d.Reference}
	doctor := object{"reference": pickOne(m.rng, m.dr)}
	day := m.now.AddDate(0, -2-m.rng.IntN(20), -m.rng.IntN(27))
	date := day.Format(time.DateOnly)
	visit := m.put(object{"resourceType": "Encounter", "status": "finished",
		"class": object{"system": term + "v3-ActCode", "code": "AMB", "display": "ambulatory"}, "subject": me,
		"type":            []any{concept(snomed, "185349003", "Encounter for check up")},
		"participant":     []any{object{"individual": doctor}},
		"serviceProvider": object{"reference": m.org[0]},
		"period":          object{"start": date + "T14:00:00Z", "end": date + "T14:25:00Z"}})
	during := object{"reference": visit}
	problem, drug := pickOne(m.rng, problems), pickOne(m.rng, drugs)
	because := m.put(object{"resourceType": "Condition", "clinicalStatus": status("condition-clinical", "active"), "verificationStatus": status("condition-ver-status", "confirmed"),
		"category": []any{concept(term+"condition-category", "problem-list-item", "Problem List Item")},
		"code":     concept(snomed, problem.code, problem.display), "subject": me, "encounter": during,
		"onsetDateTime": day.AddDate(-m.rng.IntN(8), 0, 0).Format("2006-01"), "recordedDate": date})
	m.put(object{"resourceType": "MedicationRequest", "status": "active", "intent": "order", "medicationCodeableConcept": concept(rxnorm, drug.code, drug.display),
		"subject": me, "encounter": during, "authoredOn": date, "requester": doctor, "reasonReference": []any{object{"reference": because}},
		"dosageInstruction": []any{object{"text": "Take 1 tablet by mouth once daily"}}})
	if m.rng.IntN(2) == 0 {
		a := pickOne(m.rng, allergens)
		m.put(object{"resourceType": "AllergyIntolerance", "clinicalStatus": status("allergyintolerance-clinical", "active"), "verificationStatus": status("allergyintolerance-verification", "confirmed"),
			"code": concept(snomed, a.code, a.display), "patient": me, "recordedDate": date, "criticality": pickOne(m.rng, []string{"low", "high", "unable-to-assess"})})
	}
	v := pickOne(m.rng, vaccines)
	m.put(object{"resourceType": "Immunization", "status": "completed", "vaccineCode": concept(cvx, v.code, v.display), "patient": me, "occurrenceDateTime": date, "lotNumber": fmt.Sprintf("DEMO%04d", m.rng.IntN(10000))})
	o := pressure(me, date+"T14:05:00Z", 105+m.rng.IntN(50), 60+m.rng.IntN(35))
	o["encounter"], o["performer"] = during, []any{doctor}
	m.put(o)
}

func status(system, code string) object {
	return object{"coding": []any{object{"system": term + system, "code": code}}}
}

func quantity(value, unit, code string) object {
	return object{"value": json.Number(value), "unit": unit, "system": ucum, "code": code}
}

// pressure is a blood pressure with its two components.
func pressure(subject object, at string, systolic, diastolic int) object {
	part := func(code, display string, v int) object {
		return object{"code": concept(loinc, code, display), "valueQuantity": quantity(fmt.Sprint(v), "mmHg", "mm[Hg]")}
	}
	return object{"resourceType": "Observation", "status": "final", "category": []any{concept(term+"observation-category", "vital-signs", "Vital Signs")},
		"code": concept(loinc, "85354-9", "Blood pressure panel with all children optional"), "subject": subject, "effectiveDateTime": at,
		"component": []any{part("8480-6", "Systolic blood pressure", systolic), part("8462-4", "Diastolic blood pressure", diastolic)}}
}
