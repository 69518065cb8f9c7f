package people

import (
	"encoding/json"
	"time"
)

// Story is a patient of the demonstration and what is on the phone.
type Story struct {
	Key    string // short name: returning, new, passcode, near-twin, ips, expired, card
	Person Person
	Shows  string // one line: what the story shows
	Label  string
	// Bundles are the FHIR files; Card is the Bundle of a SMART Health Card.
	Bundles []json.RawMessage
	Card    json.RawMessage
	PDF     []byte
	// Passcode of the link, "" for none; Expired: the link has run out.
	Passcode string
	Expired  bool
	Located  bool
	// KTC tells that the link and the Bundle keep the KTC profile.
	KTC bool
}

// Stories makes what the demo patients bring, as of now.
func Stories(now time.Time) []Story {
	charts := map[string]Person{}
	for _, d := range storyCharts() {
		if _, twice := charts[d.Given]; !twice {
			charts[d.Given] = d.Person
		}
	}
	tomas := Person{Given: "Tomas", Family: "Eriksen", BirthDate: "1979-11-08", Gender: "male", Phone: "(541) 555-0126", Email: "tomas.eriksen@example.org", Line: "630 Sycamore Boulevard", City: "Port Marlow", State: "OR", ZIP: "00197"}
	elena := Person{Given: "Elena", Family: "Marchetti", BirthDate: "1991-07-03", Gender: "female", Phone: "(612) 555-0187", Line: "9 Willow Drive, Apt 4", City: "Lakemont", State: "MN", ZIP: "00145"}
	walter := Person{Given: "Walter", Family: "Novak", BirthDate: "1949-02-27", Gender: "male", Phone: "(216) 555-0119", Line: "5 Elm Court", City: "Fairview Hollow", State: "OH", ZIP: "00121"}
	imani := charts["Imani"]
	first, second := imaniRecord(imani, now)
	return []Story{
		{Key: "returning", Person: charts["Rosa"], KTC: true, Label: "Health summary for the clinic", Bundles: []json.RawMessage{rosaRecord(charts["Rosa"], now)},
			Shows: "A returning patient with exactly one chart at the clinic; a full record with two PDFs."},
		{Key: "new", Person: tomas, KTC: true, Label: "My records", Bundles: []json.RawMessage{tomasRecord(tomas, now)},
			Shows: "A new patient: nobody at the clinic is like him, so a chart is made if policy allows."},
		{Key: "passcode", Person: imani, Label: "Okafor family records", Passcode: "2468", Located: true, Bundles: []json.RawMessage{first, second}, Card: cardBundle(imani, now),
			Shows: "A manifest link with a passcode and several files: record, insurance, and a vaccination card."},
		{Key: "near-twin", Person: elena, KTC: true, Label: "Check-in", Bundles: []json.RawMessage{elenaRecord(elena, now)},
			Shows: "Three charts come close and none is certain: the front desk decides."},
		{Key: "ips", Person: charts["Keiko"], Label: "International Patient Summary", Bundles: []json.RawMessage{keikoRecord(charts["Keiko"], now)},
			Shows: "An International Patient Summary: a document with sections, absolute links and a medication of its own."},
		{Key: "expired", Person: walter, KTC: true, Label: "Visit summary", Expired: true, Bundles: []json.RawMessage{tomasRecord(walter, now)},
			Shows: "A code that has run out: the kiosk says so and asks for a new one."},
		{Key: "card", Person: charts["Priya"], Label: "Vaccination card", Card: cardBundle(charts["Priya"], now),
			Shows: "A SMART Health Card with a child's vaccinations; it names too little to be sure of the chart, so the front desk confirms."},
	}
}

// rosaRecord is a full record with every kind that KTC names.
func rosaRecord(p Person, now time.Time) json.RawMessage {
	r := newRecord("rosa", now)
	r.who(p, "Ann")
	org := r.add(object{"resourceType": "Organization", "active": true, "name": "Fairview Hollow Heart Clinic (demo)"})
	doctor := r.add(object{"resourceType": "Practitioner", "name": []any{object{"family": "Lindqvist", "given": []string{"Simone"}, "prefix": []string{"Dr."}}}})
	visit := r.add(object{"resourceType": "Encounter", "status": "finished", "class": object{"system": term + "v3-ActCode", "code": "AMB", "display": "ambulatory"},
		"type": []any{concept(snomed, "390906007", "Follow-up encounter")}, "subject": r.me(), "participant": []any{object{"individual": ref(doctor)}},
		"serviceProvider": ref(org), "period": object{"start": r.day(0, 4, 3) + "T09:30:00-05:00", "end": r.day(0, 4, 3) + "T10:05:00-05:00"}})
	pressureHigh := r.condition("38341003", "Hypertensive disorder", "2012-06", "active")
	sugar := r.condition("44054006", "Type 2 diabetes mellitus", "2017", "active")
	r.condition("10509002", "Acute bronchitis", r.day(3, 2, 0), "resolved")
	r.allergy("91936005", "Allergy to penicillin", "Hives", "high")
	r.allergy("300916003", "Latex allergy", "Itching", "low")
	r.medicine("314076", "lisinopril 10 MG Oral Tablet", "Take 1 tablet by mouth once daily", pressureHigh, doctor)
	r.medicine("860975", "metformin hydrochloride 500 MG Extended Release Oral Tablet", "Take 2 tablets with the evening meal", sugar, doctor)
	r.medicine("617311", "atorvastatin 40 MG Oral Tablet", "Take 1 tablet at bedtime", "", doctor)
	r.vaccine("140", "Influenza, split virus, trivalent, PF", r.day(0, 1, 12), "DEMO0142")
	r.vaccine("187", "Zoster recombinant", r.day(2, 5, 0), "DEMO7781")
	morning := pressure(r.me(), r.day(0, 0, 9)+"T07:40:00-05:00", 138, 86)
	evening := pressure(r.me(), r.day(0, 0, 9)+"T20:15:00-05:00", 129, 81)
	morning["encounter"] = ref(visit)
	r.add(morning)
	r.add(evening)
	a1c := r.lab("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "7.10", "%", "%", r.day(0, 4, 3)+"T09:45:00-05:00")
	ldl := r.lab("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "98.0", "mg/dL", "mg/dL", r.day(0, 4, 3)+"T09:45:00-05:00")
	r.add(object{"resourceType": "DiagnosticReport", "status": "final", "category": []any{concept(term+"v2-0074", "LAB", "Laboratory")},
		"code": concept(loinc, "11502-2", "Laboratory report"), "subject": r.me(), "encounter": ref(visit), "effectiveDateTime": r.day(0, 4, 3) + "T09:45:00-05:00",
		"issued": r.day(0, 4, 2) + "T16:00:00-05:00", "performer": []any{ref(org)}, "result": []any{ref(a1c), ref(ldl)}})
	r.add(object{"resourceType": "Procedure", "status": "completed", "code": concept(snomed, "73761001", "Colonoscopy"), "subject": r.me(), "performedDateTime": r.day(2, 1, 0)})
	r.add(object{"resourceType": "Goal", "lifecycleStatus": "active", "description": object{"text": "Walk 30 minutes on five days a week"}, "subject": r.me(), "startDate": r.day(0, 4, 3)})
	r.add(object{"resourceType": "CareTeam", "status": "active", "name": "Heart and sugar team", "subject": r.me(),
		"participant": []any{object{"role": []any{object{"text": "Cardiologist"}}, "member": ref(doctor)}}})
	plan := r.coverage(p)
	r.claim(plan, org, r.day(0, 4, 3))
	r.document("60591-5", "Patient summary Document", PDF("Health summary", []string{"Health summary", "Rosa Ann Castellano, born April 12, 1968", "", "Problems: hypertensive disorder, type 2 diabetes mellitus", "Allergies: penicillin (hives), latex (itching)"},
		[]string{"Medicines", "lisinopril 10 mg, once daily", "metformin XR 500 mg, two with the evening meal", "atorvastatin 40 mg, at bedtime"}))
	r.document("51855-5", "Patient note", PDF("My story", []string{"My story", "I get dizzy when I stand up fast since the new pills.", "Please speak slowly and face me: I hear badly on the left.", "My daughter drives me; mornings are best."}))
	return r.bundle()
}

func tomasRecord(p Person, now time.Time) json.RawMessage {
	r := newRecord("new "+p.Given, now)
	r.who(p, "")
	asthma := r.condition("195967001", "Asthma", "1994", "active")
	r.medicine("745679", "albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", "2 puffs every 4 hours as needed", asthma, "")
	r.allergy("91935009", "Allergy to peanut", "Swelling of the lips", "high")
	r.vaccine("115", "Tdap", r.day(4, 0, 5), "")
	r.add(pressure(r.me(), r.day(0, 2, 1)+"T11:00:00-08:00", 121, 77))
	r.coverage(p)
	r.document("60591-5", "Patient summary Document", PDF("Health summary", []string{"Health summary", p.Given + " " + p.Family + ", born " + p.BirthDate, "", "Problem: asthma", "Allergy: peanut", "Medicine: albuterol inhaler as needed"}))
	return r.bundle()
}

// imaniRecord is two files about one person: the record and the insurance.
func imaniRecord(p Person, now time.Time) (record, insurance json.RawMessage) {
	r := newRecord("imani", now)
	r.who(p, "Grace")
	mood := r.condition("35489007", "Depressive disorder", "2020-02", "active")
	r.medicine("312938", "sertraline 25 MG Oral Tablet", "Take 1 tablet every morning", mood, "")
	r.allergy("294505008", "Allergy to amoxicillin", "Rash", "low")
	r.lab("718-7", "Hemoglobin [Mass/volume] in Blood", "12.40", "g/dL", "g/dL", r.day(0, 1, 20)+"T08:00:00-08:00")
	r.document("51855-5", "Patient note", PDF("A note from me", []string{"A note from me", "I am expecting and would like to talk about my medicines."}))
	i := newRecord("imani insurance", now)
	i.who(p, "Grace")
	i.coverage(p)
	return r.bundle(), i.bundle()
}

func elenaRecord(p Person, now time.Time) json.RawMessage {
	r := newRecord("elena", now)
	r.who(p, "")
	r.condition("37796009", "Migraine", "2010", "active")
	r.medicine("312962", "sumatriptan 50 MG Oral Tablet", "Take 1 tablet at the start of a headache", "", "")
	r.vaccine("140", "Influenza, split virus, trivalent, PF", r.day(0, 1, 2), "")
	r.document("60591-5", "Patient summary Document", PDF("Health summary", []string{"Health summary", "Elena Marchetti, born July 3, 1991", "", "Problem: migraine", "Medicine: sumatriptan 50 mg as needed"}))
	return r.bundle()
}
