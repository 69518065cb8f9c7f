package summary

// Word is the key of a word from a closed set: a status, a sex, an
// interpretation. ui/words holds the words; Words lists them all.
type Word string

// words holds the FHIR codes that become Words, by prefix. A code outside of
// these becomes text, as the record has it.
var words = map[string][]string{
	"sex":     {"female", "male", "other", "unknown"},
	"compare": {"lt", "le", "ge", "gt", "ad"},
	"status": {"active", "inactive", "resolved", "recurrence", "relapse", "remission", "completed", "stopped",
		"on-hold", "not-taken", "not-done", "intended", "draft", "cancelled", "unknown", "entered-in-error",
		"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "registered", "partial",
		"preliminary", "final", "amended", "corrected", "appended", "preparation", "suspended", "proposed",
		"accepted", "rejected", "current", "superseded", "achieved", "improving", "worsening", "no-change",
		"not-achieved", "sustaining", "no-progress", "not-attainable"},
	"certainty":   {"unconfirmed", "confirmed", "refuted", "provisional", "differential", "entered-in-error"},
	"criticality": {"low", "high", "unable-to-assess"},
	"severity":    {"mild", "moderate", "severe"},
	"category":    {"food", "medication", "environment", "biologic"},
	"intent": {"proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order",
		"option"},
	"meaning": {"normal", "high", "low", "critical-high", "critical-low", "abnormal", "critical", "positive",
		"negative", "detected", "not-detected", "resistant", "susceptible", "intermediate", "indeterminate"},
	"document": {"rendered", "story"},
	"absent": {"no-allergy-info", "no-known-allergies", "no-known-food-allergies", "no-known-medication-allergies",
		"no-known-environmental-allergies", "no-medication-info", "no-known-medications", "no-problem-info",
		"no-known-problems", "no-procedure-info", "no-known-procedures", "no-immunization-info",
		"no-known-immunizations", "no-device-info", "no-known-devices"},
}

// Words returns every word key, sorted within its prefix as declared.
func Words() []Word {
	var all []Word
	for _, prefix := range []string{"sex", "compare", "status", "certainty", "criticality", "severity", "category",
		"intent", "meaning", "document", "absent"} {
		for _, code := range words[prefix] {
			all = append(all, Word(prefix+"."+code))
		}
	}
	return all
}

// word returns the key for a code, or "" when the set does not have it.
func word(prefix, code string) Word {
	for _, c := range words[prefix] {
		if c == code {
			return Word(prefix + "." + code)
		}
	}
	return ""
}
