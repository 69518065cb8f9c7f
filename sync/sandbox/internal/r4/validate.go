package r4

import "strings"

// required are elements that R4 demands of a type; "a|b" is one of a choice.
// Reading what patients bring must not fail on what a real server would take, so
// only the elements that servers really insist on are here.
var required = map[string]string{
	"AllergyIntolerance":  "patient",
	"AuditEvent":          "type recorded agent source",
	"Bundle":              "type",
	"CarePlan":            "status intent subject",
	"Communication":       "status",
	"Composition":         "status type date author title",
	"Condition":           "subject",
	"Consent":             "status scope category",
	"Coverage":            "status beneficiary payor",
	"DiagnosticReport":    "status code",
	"DocumentReference":   "status content",
	"Encounter":           "status class",
	"Goal":                "lifecycleStatus description subject",
	"Immunization":        "status vaccineCode patient occurrenceDateTime|occurrenceString",
	"List":                "status mode",
	"MedicationRequest":   "status intent medicationCodeableConcept|medicationReference subject",
	"MedicationStatement": "status medicationCodeableConcept|medicationReference subject",
	"Observation":         "status code",
	"Procedure":           "status subject",
	"Provenance":          "target recorded agent",
	"RelatedPerson":       "patient",
	"ServiceRequest":      "status intent subject",
	"Task":                "status intent",
}

// codes are the closed value sets that are checked.
var codes = map[string]string{
	"gender":                   "male female other unknown",
	"Observation.status":       "registered preliminary final amended corrected cancelled entered-in-error unknown",
	"Encounter.status":         "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
	"DocumentReference.status": "current superseded entered-in-error",
	"MedicationRequest.status": "active on-hold cancelled completed entered-in-error stopped draft unknown",
	"Immunization.status":      "completed entered-in-error not-done",
	"Procedure.status":         "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
	"Coverage.status":          "active cancelled draft entered-in-error",
}

// validate checks what the demo server insists on: no empty elements, required
// elements there, dates that are dates. It is not a profile validator.
func validate(kind string, v map[string]any) error {
	o := &Outcome{Status: 400}
	emptyElements(kind, v, o)
	for _, need := range strings.Fields(required[kind]) {
		ok := false
		for _, name := range strings.Split(need, "|") {
			_, here := v[name]
			_, primitive := v["_"+name]
			ok = ok || here || primitive
		}
		if !ok {
			o.add("required", "Missing required property", kind+"."+strings.ReplaceAll(need, "|", " or "))
		}
	}
	for _, name := range []string{"gender", "status"} {
		set, ok := codes[kind+"."+name]
		if name == "gender" {
			set, ok = codes[name], kind == "Patient" || kind == "Practitioner" || kind == "RelatedPerson"
		}
		if s, isText := v[name].(string); ok && isText && !strings.Contains(" "+set+" ", " "+s+" ") {
			o.add("code-invalid", "Value "+s+" is not in the value set", kind+"."+name)
		}
	}
	if s, ok := v["birthDate"].(string); ok {
		if _, isDate := parseSpan(s); !isDate || len(s) > 10 {
			o.add("value", "not a FHIR date", kind+".birthDate")
		}
	}
	if len(o.Issues) > 0 {
		return o
	}
	return nil
}

func (o *Outcome) add(code, what, where string) {
	o.Issues = append(o.Issues, Issue{Severity: "error", Code: code, Text: what + " (" + where + ")", Expression: []string{where}})
}

// emptyElements notes empty objects, arrays and strings, which R4 forbids
// (json.html: "properties can never be empty").
func emptyElements(at string, v any, o *Outcome) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			o.add("structure", "empty object", at)
		}
		for name, below := range v {
			if below == nil {
				o.add("structure", "null value", at+"."+name)
			}
			emptyElements(at+"."+name, below, o)
		}
	case []any:
		if len(v) == 0 {
			o.add("structure", "empty array", at)
		}
		for _, below := range v {
			emptyElements(at, below, o)
		}
	case string:
		if v == "" {
			o.add("structure", "empty string", at)
		}
	}
}
