package ktc

import (
	"slices"
	"strconv"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/shl"
)

// Finding is one deviation from the profile.
type Finding struct {
	Code    string    `json:"code"`
	Stage   shl.Stage `json:"stage"`
	Message string    `json:"message"`
	// Refuses tells that a strict receiver stops here.
	Refuses bool `json:"refuses"`
}

// Report is the list of findings. KTC tells whether none of them refuses.
type Report struct {
	KTC      bool      `json:"ktc"`
	Findings []Finding `json:"findings"`
}

func (r *Report) add(code string) { r.addAt(code, "") }

// addAt adds a finding once; where names the entry, for staff.
func (r *Report) addAt(code, where string) {
	f := rule(code)
	if where != "" {
		f.Message += " (" + where + ")"
	}
	if !slices.Contains(r.Findings, f) {
		r.Findings = append(r.Findings, f)
	}
	r.KTC = r.KTC && !f.Refuses
}

// refusal is the finding a strict receiver stops at, as the error of sync/shl,
// or nil.
func (r Report) refusal() error {
	for _, f := range r.Findings {
		if f.Refuses {
			return &shl.Error{Stage: f.Stage, Reason: shl.Reason(f.Code), Rule: "retrieval.profile is ktc"}
		}
	}
	return nil
}

// rules is the table of findings; its order is that of the stages.
func rules() []Finding {
	return []Finding{
		{"ktc-flag", shl.StagePayload, "flag is not U: the profile knows one direct file and nothing else", true},
		{"ktc-exp-missing", shl.StagePayload, "exp is missing", true},
		{"ktc-exp-form", shl.StagePayload, "exp is not a number of seconds", false},
		{"ktc-url-length", shl.StagePayload, "url has more than 128 characters", false},
		{"ktc-payload-form", shl.StagePayload, "the payload was readable only with tolerance: encoding, key, label or flag are not in the form of the standard", false},

		{"ktc-response-type", shl.StageRetrieve, "the answer's content type is not application/jose", false},
		{"ktc-files", shl.StageRetrieve, "not exactly one file", true},

		{"ktc-not-encrypted", shl.StageDecrypt, "the file is a card in the clear, not a JWE", true},
		{"ktc-cty", shl.StageDecrypt, "cty is not application/fhir+json", false},

		{"ktc-content", shl.StageBundle, "the file is not FHIR", true},
		{"ktc-fhir-unreadable", shl.StageBundle, "the file is not readable FHIR", true},
		{"ktc-bundle-type", shl.StageBundle, "Bundle.type is not collection", true},
		{"ktc-bundle-timestamp", shl.StageBundle, "Bundle.timestamp is missing", true},
		{"ktc-bundle-entries", shl.StageBundle, "Bundle has fewer than two entries", true},
		{"ktc-bundle-patient", shl.StageBundle, "Bundle does not have exactly one Patient", true},
		{"ktc-document-status", shl.StageBundle, "a patient-shared DocumentReference is not current", true},
		{"ktc-document-type", shl.StageBundle, "a patient-shared DocumentReference does not have exactly one of the two LOINC types", true},
		{"ktc-document-category", shl.StageBundle, "a patient-shared DocumentReference lacks the patient-shared category", true},
		{"ktc-document-subject", shl.StageBundle, "a patient-shared DocumentReference is not about the Patient", true},
		{"ktc-document-author", shl.StageBundle, "a patient-shared DocumentReference is not authored by the Patient", true},
		{"ktc-document-date", shl.StageBundle, "a patient-shared DocumentReference has no date", true},
		{"ktc-document-content", shl.StageBundle, "a patient-shared DocumentReference does not have exactly one content", true},
		{"ktc-document-pdf", shl.StageBundle, "a patient-shared DocumentReference is not an inline PDF", true},
		{"ktc-document-label", shl.StageBundle, "a patient-shared DocumentReference lacks the PATAST security label", false},
		{"ktc-fhir-version", shl.StageBundle, "the FHIR version is not 4.0 or 4.3", false},
	}
}

func rule(code string) Finding {
	for _, f := range rules() {
		if f.Code == code {
			return f
		}
	}
	return Finding{Code: code, Stage: shl.StageBundle, Message: code}
}

// Reasons are the rows that this room adds to the table of reasons: what a
// strict receiver refuses for, and FHIR that cannot be read.
func Reasons() []shl.Explanation {
	var out []shl.Explanation
	for _, f := range rules() {
		if f.Refuses {
			out = append(out, shl.Explanation{Code: shl.Reason(f.Code), Stage: f.Stage, Key: "link.not-ktc",
				Patient: "This code is not of the kind this clinic can take. The front desk can help you.",
				Staff:   "Strict profile (retrieval.profile: ktc): " + f.Message + ".",
				Do:      "Set retrieval.profile to base to open links outside the profile, or report to the app's maker."})
		}
	}
	for _, r := range []fhir.Reason{fhir.ReasonInvalidJSON, fhir.ReasonInvalidUTF8, fhir.ReasonInvalidUnicode, fhir.ReasonDuplicateKey,
		fhir.ReasonTooDeep, fhir.ReasonTooLarge, fhir.ReasonTooManyEntries, fhir.ReasonNotFHIR} {
		out = append(out, shl.Explanation{Code: fhirReason(r), Stage: shl.StageBundle, Key: "link.file-unreadable",
			Patient: "The record could not be read. The front desk can help you.",
			Staff:   "The decrypted file is not acceptable FHIR: " + string(r) + ".",
			Do:      "Report to the app's maker; take the record another way."})
	}
	return out
}

// fhirReason is the code of a refusal by sync/fhir.
func fhirReason(r fhir.Reason) shl.Reason { return shl.Reason("fhir-" + string(r)) }

func where(index int) string { return "entry " + strconv.Itoa(index) }
