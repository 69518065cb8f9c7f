package ktc

import (
	"strings"

	"shlkiosk/sync/fhir"
)

// Codes of the profile.
const (
	LOINC        = "http://loinc.org"
	RenderedCode = "60591-5" // FHIR-Rendered PDF: a view of the discrete data
	StoryCode    = "51855-5" // Patient Story PDF: the patient's own words

	CategorySystem = "https://cms.gov/fhir/CodeSystem/patient-shared-category"
	CategoryCode   = "patient-shared"
	// PatientAsserted is the security label of v3-ObservationValue.
	PatientAsserted = "PATAST"

	attestationURL = "https://cms.gov/fhir/StructureDefinition/app-attestation"
)

// DocumentKind tells the two PDFs of the profile apart.
type DocumentKind string

// The kinds of a patient-shared document.
const (
	Rendered DocumentKind = "rendered"
	Story    DocumentKind = "story"
	Other    DocumentKind = ""
)

// KindOf reads a DocumentReference's type. A document that claims both is
// neither.
func KindOf(r fhir.Resource) DocumentKind {
	rendered, story := false, false
	for _, c := range r.Get("type", "coding").Elements() {
		if c.Get("system").String() == LOINC {
			rendered = rendered || c.Get("code").String() == RenderedCode
			story = story || c.Get("code").String() == StoryCode
		}
	}
	switch {
	case rendered && !story:
		return Rendered
	case story && !rendered:
		return Story
	}
	return Other
}

func checkBundle(b fhir.Bundle, r *Report) {
	if b.Type != "collection" {
		r.add("ktc-bundle-type")
	}
	if b.Timestamp == "" {
		r.add("ktc-bundle-timestamp")
	}
	if len(b.Entries) < 2 {
		r.add("ktc-bundle-entries")
	}
	patients := 0
	for _, e := range b.Entries {
		if e.Resource.Type() == "Patient" {
			patients++
		}
	}
	if patients != 1 {
		r.add("ktc-bundle-patient")
	}
	var index *fhir.Index // made when a document needs it: most records have none
	for i, e := range b.Entries {
		if e.Resource.Type() == "DocumentReference" && patientShared(e.Resource) {
			if index == nil {
				index = fhir.NewIndex(b)
			}
			d := document{r: e.Resource, report: r, where: where(e.Index)}
			d.check(func(reference string) bool { return refersToPatient(index, i, reference) })
		}
	}
}

// patientShared tells whether a DocumentReference means to be one of the
// profile's; another one (a clinic letter out of US Core) is none of its business.
func patientShared(r fhir.Resource) bool {
	for _, c := range r.Get("type", "coding").Elements() {
		code := c.Get("code").String()
		if c.Get("system").String() == LOINC && (code == RenderedCode || code == StoryCode) {
			return true
		}
	}
	return hasCategory(r)
}

func hasCategory(r fhir.Resource) bool {
	for _, category := range r.Get("category").Elements() {
		for _, c := range category.Get("coding").Elements() {
			if c.Get("system").String() == CategorySystem && c.Get("code").String() == CategoryCode {
				return true
			}
		}
	}
	return false
}

type document struct {
	r      fhir.Resource
	report *Report
	where  string
}

func (d document) check(isPatient func(string) bool) {
	need := func(ok bool, code string) {
		if !ok {
			d.report.addAt(code, d.where)
		}
	}
	need(d.r.Get("status").String() == "current", "ktc-document-status")
	need(KindOf(d.r) != Other, "ktc-document-type")
	need(hasCategory(d.r), "ktc-document-category")
	need(isPatient(d.r.Get("subject", "reference").String()), "ktc-document-subject")
	authors := d.r.Get("author")
	need(authors.Len() > 0 && allAuthors(authors, isPatient), "ktc-document-author")
	need(d.r.Get("date").String() != "", "ktc-document-date")
	need(d.r.Get("content").Len() == 1, "ktc-document-content")
	attachment := d.r.Get("content", 0, "attachment")
	kind, _, _ := strings.Cut(attachment.Get("contentType").String(), ";")
	need(strings.EqualFold(strings.TrimSpace(kind), "application/pdf") && attachment.Get("data").String() != "", "ktc-document-pdf")
	need(d.labelled(), "ktc-document-label")
}

func allAuthors(authors fhir.Value, isPatient func(string) bool) bool {
	for _, a := range authors.Elements() {
		if !isPatient(a.Get("reference").String()) {
			return false
		}
	}
	return true
}

// labelled: the security label may stand in meta.security or securityLabel.
func (d document) labelled() bool {
	for _, c := range d.r.Get("meta", "security").Elements() {
		if c.Get("code").String() == PatientAsserted {
			return true
		}
	}
	for _, l := range d.r.Get("securityLabel").Elements() {
		for _, c := range l.Get("coding").Elements() {
			if c.Get("code").String() == PatientAsserted {
				return true
			}
		}
	}
	return false
}

// refersToPatient tells whether a reference in the entry at from means a
// Patient of the Bundle; that there is only one is another rule.
func refersToPatient(x *fhir.Index, from int, reference string) bool {
	if reference == "" {
		return false
	}
	res := x.Resolve(fhir.Place{Entry: from}, reference)
	return res.Standing == fhir.Found && x.Entry(res.Place).Resource.Type() == "Patient"
}
