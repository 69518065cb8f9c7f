package people

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// record is a Bundle in the making, as a patient's app would export it.
type record struct {
	seed    string
	now     time.Time
	entries []any
	patient string // fullUrl of the Patient
	n       int
}

func newRecord(seed string, now time.Time) *record { return &record{seed: seed, now: now} }

// add puts a resource in and gives its fullUrl.
func (r *record) add(o object) string {
	r.n++
	h := sha256.Sum256(fmt.Appendf(nil, "record %s %d", r.seed, r.n))
	u := h[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	url := fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
	o["id"] = url[len("urn:uuid:"):]
	r.entries = append(r.entries, object{"fullUrl": url, "resource": o})
	return url
}

func ref(url string) object { return object{"reference": url} }

func (r *record) me() object { return ref(r.patient) }

// day is a date some years, months and days before now.
func (r *record) day(years, months, days int) string {
	return r.now.AddDate(-years, -months, -days).Format(time.DateOnly)
}

// who adds the Patient.
func (r *record) who(p Person, middle string) {
	given := []string{p.Given}
	if middle != "" {
		given = append(given, middle)
	}
	o := object{"resourceType": "Patient", "name": []any{object{"use": "official", "family": p.Family, "given": given, "text": p.Given + " " + p.Family}},
		"gender": p.Gender, "birthDate": p.BirthDate}
	var telecom []any
	if p.Phone != "" {
		telecom = append(telecom, object{"system": "phone", "use": "mobile", "value": p.Phone})
	}
	if p.Email != "" {
		telecom = append(telecom, object{"system": "email", "value": p.Email})
	}
	if telecom != nil {
		o["telecom"] = telecom
	}
	if p.Line != "" {
		o["address"] = []any{object{"use": "home", "line": []string{p.Line}, "city": p.City, "state": p.State, "postalCode": p.ZIP, "country": "US"}}
	}
	r.patient = r.add(o)
}

func (r *record) condition(code, display, onset, state string) string {
	o := object{"resourceType": "Condition", "clinicalStatus": status("condition-clinical", state), "verificationStatus": status("condition-ver-status", "confirmed"),
		"category": []any{concept(term+"condition-category", "problem-list-item", "Problem List Item")}, "code": concept(snomed, code, display), "subject": r.me(), "onsetDateTime": onset}
	if state == "resolved" {
		o["abatementDateTime"] = r.day(3, 0, 0)
	}
	return r.add(o)
}

func (r *record) allergy(code, display, reaction, criticality string) string {
	return r.add(object{"resourceType": "AllergyIntolerance", "clinicalStatus": status("allergyintolerance-clinical", "active"), "verificationStatus": status("allergyintolerance-verification", "confirmed"),
		"type": "allergy", "criticality": criticality, "code": concept(snomed, code, display), "patient": r.me(),
		"reaction": []any{object{"manifestation": []any{object{"text": reaction}}}}})
}

func (r *record) medicine(code, display, dose string, reason, doctor string) string {
	o := object{"resourceType": "MedicationRequest", "status": "active", "intent": "order", "medicationCodeableConcept": concept(rxnorm, code, display),
		"subject": r.me(), "authoredOn": r.day(0, 4, 3), "dosageInstruction": []any{object{"text": dose}}}
	if reason != "" {
		o["reasonReference"] = []any{ref(reason)}
	}
	if doctor != "" {
		o["requester"] = ref(doctor)
	}
	return r.add(o)
}

func (r *record) vaccine(code, display, date, lot string) string {
	o := object{"resourceType": "Immunization", "status": "completed", "vaccineCode": concept(cvx, code, display), "patient": r.me(), "occurrenceDateTime": date}
	if lot != "" {
		o["lotNumber"] = lot
	}
	return r.add(o)
}

func (r *record) lab(code, display, value, unit, ucumCode, at string) string {
	return r.add(object{"resourceType": "Observation", "status": "final", "category": []any{concept(term+"observation-category", "laboratory", "Laboratory")},
		"code": concept(loinc, code, display), "subject": r.me(), "effectiveDateTime": at, "valueQuantity": quantity(value, unit, ucumCode)})
}

// document adds a PDF: kind 60591-5 is the FHIR-rendered summary, 51855-5 the
// patient's own story (KTC).
func (r *record) document(code, display string, pdf []byte) string {
	return r.add(object{"resourceType": "DocumentReference",
		"meta":   object{"security": []any{object{"system": term + "v3-ObservationValue", "code": "PATAST", "display": "patient asserted"}}},
		"status": "current", "type": concept(loinc, code, display),
		"category": []any{object{"coding": []any{object{"system": "https://cms.gov/fhir/CodeSystem/patient-shared-category", "code": "patient-shared", "display": "Patient Shared"}}}},
		"subject":  r.me(), "author": []any{r.me()}, "date": r.now.UTC().Format(time.RFC3339),
		"content": []any{object{"attachment": object{"contentType": "application/pdf", "data": base64.StdEncoding.EncodeToString(pdf), "title": display}}}})
}

// bundle writes the KTC form: a collection with a timestamp.
func (r *record) bundle() json.RawMessage {
	return raw(object{"resourceType": "Bundle", "type": "collection", "timestamp": r.now.UTC().Format(time.RFC3339), "entry": r.entries})
}
