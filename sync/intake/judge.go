package intake

import (
	"bytes"
	"strings"

	"shlkiosk/sync/fhir"
)

// judge gives every entry its verdict.
func (p *plan) judge() {
	for _, it := range p.items {
		it.verdict, it.why = p.judgeAlone(it)
	}
	p.collapseTwice()
	p.judgeOthers()
	p.judgeSupporting()
	p.judgeAttached()
	p.relate()
}

// judgeAlone looks at one entry without the others.
func (p *plan) judgeAlone(it *item) (verdict, string) {
	r := it.res
	switch {
	case r.Type() == "":
		return refused, WhyNotFHIR
	case it.kind == 0:
		return refused, WhyType
	case p.isSubject(it):
		if why := unknownRules(r); why != "" {
			return refused, why
		}
		return file, ""
	case p.named(it, p.env.LeaveOut):
		return leftOut, WhyPatient
	case bytes.Contains(r.Raw(), []byte(`\u0000`)):
		return refused, WhyText
	}
	if why := unknownRules(r); why != "" {
		return refused, why
	}
	if why := wrongByItself(r); why != "" && !p.named(it, p.env.Include) {
		return leftOut, why
	}
	if it.kind == inChart {
		if _, why := p.aboutWhom(it); why != "" {
			return refused, why
		}
	}
	return file, ""
}

// unknownRules finds what may turn a meaning round (FHIR R4 extensibility.html
// #modifierExtension: "implementations SHALL NOT process" such a resource
// without knowing it).
func unknownRules(r fhir.Resource) string {
	if r.Get("implicitRules").Exists() {
		return WhyRules
	}
	// The key may be spelt with escapes, for letters only \u ones; those are rare
	// enough to look closely.
	if (bytes.Contains(r.Raw(), []byte("modifierExtension")) || bytes.Contains(r.Raw(), []byte(`\u`))) && hasKey(r.Value(), "modifierExtension") {
		return WhyModifier
	}
	for _, c := range r.Get("contained").Elements() {
		if c.Get("implicitRules").Exists() {
			return WhyRules
		}
	}
	return ""
}

func hasKey(v fhir.Value, key string) bool {
	for k, m := range v.Members() {
		if k == key && m.Len() > 0 || hasKey(m, key) {
			return true
		}
	}
	for _, e := range v.Elements() {
		if hasKey(e, key) {
			return true
		}
	}
	return false
}

// wrongByItself finds what the source itself calls wrong or not so.
func wrongByItself(r fhir.Resource) string {
	if r.Get("status").String() == "entered-in-error" {
		return WhyError
	}
	for _, c := range r.Get("verificationStatus", "coding").Elements() {
		switch c.Get("code").String() {
		case "entered-in-error":
			return WhyError
		case "refuted":
			return WhyRefuted
		}
	}
	return ""
}

// collapseTwice finds entries that stand in several files with equal content:
// one of them is filed. Twins inside one file stay two: they may be two
// readings.
func (p *plan) collapseTwice() {
	if len(p.bundles) < 2 {
		return
	}
	first := map[string]*item{}
	for _, it := range p.items {
		if it.verdict != file || it.kind == person {
			continue
		}
		k := it.res.Type() + it.contentHash()
		switch other := first[k]; {
		case other == nil:
			first[k] = it
		case other.place.Bundle != it.place.Bundle:
			it.verdict, it.why, it.twin = existing, WhyTwice, other
		}
	}
	for _, s := range p.same {
		s.verdict, s.why, s.twin = existing, WhyPatientTwice, p.subject
	}
}

// judgeOthers keeps other people's Patient entries only where something that
// is filed names them: a policy holder in a Coverage, a mother in a birth
// record. In which form is decided by relate.
func (p *plan) judgeOthers() {
	for _, it := range p.items {
		if it.kind == person && it.verdict == file && !p.isSubject(it) {
			it.verdict, it.why = refused, WhySomeoneElse
		}
	}
	for _, it := range p.items {
		if it.verdict != file {
			continue
		}
		for _, e := range it.edges {
			if t := e.target; t != nil && t.kind == person && t.why == WhySomeoneElse && t.verdict == refused {
				t.verdict, t.why = contained, WhyAttached
			}
		}
	}
}

// judgeSupporting leaves out an Organization, Practitioner or Medication that
// only entries use which stay out: its name would tell what the patient kept
// back.
func (p *plan) judgeSupporting() {
	for again := true; again; {
		again = false
		used, hidden := map[*item]bool{}, map[*item]bool{}
		for _, it := range p.items {
			for _, e := range it.edges {
				if e.target == nil || it.res.Type() == "Composition" && e.at.Key == "entry" {
					continue
				}
				if it.verdict == file || it.verdict == contained {
					used[e.target] = true
				} else if it.why == WhyPatient {
					hidden[e.target] = true
				}
			}
		}
		for _, it := range p.items {
			if it.kind == shared && it.verdict == file && hidden[it] && !used[it] {
				it.verdict, it.why, again = leftOut, WhyPatient, true
			}
		}
	}
}

// judgeAttached files a Binary only as the content of a document that is
// filed, and only of the kinds that documents have.
func (p *plan) judgeAttached() {
	wanted, hidden := map[*item]bool{}, map[*item]bool{}
	for _, it := range p.items {
		for _, e := range it.edges {
			if e.target == nil || e.target.kind != attached {
				continue
			}
			switch {
			case it.verdict == file:
				wanted[e.target] = true
			case it.why == WhyPatient:
				hidden[e.target] = true
			}
		}
	}
	for _, it := range p.items {
		if it.kind != attached || it.verdict != file {
			continue
		}
		switch {
		case !wanted[it] && hidden[it]:
			it.verdict, it.why = leftOut, WhyPatient
		case !wanted[it]:
			it.verdict, it.why = refused, WhyLoose
		case !documentKind(it.res.Get("contentType").String()):
			it.verdict, it.why = refused, WhyType
		}
	}
}

func documentKind(contentType string) bool {
	ct, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch ct = strings.TrimSpace(ct); ct {
	case "application/pdf", "application/xml", "text/xml", "text/plain", "text/html", "text/rtf", "application/rtf",
		"application/json", "application/fhir+json", "application/hl7-v3+xml", "application/cda+xml", "application/dicom":
		return true
	}
	return strings.HasPrefix(ct, "image/")
}
