package ktc

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/guard"
	"shlkiosk/sync/shl"
)

// Options configures a Profile.
type Options struct {
	// Strict turns findings of force SHALL into refusals
	// (retrieval.profile: ktc).
	Strict bool
	// Guard fetches the keys of listed issuers; nil means that only keys given
	// with an Issuer are used.
	Guard *guard.Guard
	// Issuers are the apps whose attestation is verified.
	Issuers []Issuer
	// Limits of the FHIR scan; zero fields take the defaults.
	Limits fhir.Limits
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Profile reads links and records after the profile. It is safe for
// concurrent use.
type Profile struct {
	strict bool
	limits fhir.Limits
	attest *attestor
}

// New returns a Profile.
func New(o Options) *Profile {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Profile{strict: o.Strict, limits: o.Limits, attest: newAttestor(o)}
}

// Document is one file of a record, read as FHIR where it is FHIR.
type Document struct {
	File   *shl.File
	Bundle fhir.Bundle // zero when Err is set or the file is not FHIR
	// Resources counts the entries by type.
	Resources map[string]int
	// VersionUnknown tells that the FHIR version is said and is neither 4.0 nor
	// 4.3: show it, do not file it.
	VersionUnknown bool
	// Err is why an FHIR file could not be read, an *shl.Error.
	Err error
}

// Reading is what the profile says about a record.
type Reading struct {
	Report
	Documents   []Document
	Attestation Attestation
}

// Link reads the payload. The error is not nil only in strict reading; it is
// an *shl.Error with the stage.
func (p *Profile) Link(link *shl.Link) (Report, error) {
	r := Report{KTC: true, Findings: []Finding{}}
	view := link.Payload()
	if view.Flag == nil || *view.Flag != "U" {
		r.add("ktc-flag")
	}
	if view.Exp == "" {
		r.add("ktc-exp-missing")
	}
	notes := link.Notes()
	has := func(n ...shl.Note) bool {
		return slices.ContainsFunc(n, func(n shl.Note) bool { return slices.Contains(notes, n) })
	}
	if has(shl.NoteExpMillis, shl.NoteExpString) {
		r.add("ktc-exp-form")
	}
	if has(shl.NoteURLLong) {
		r.add("ktc-url-length")
	}
	if has(shl.NoteEncoding, shl.NoteBOM, shl.NoteKeyForm, shl.NoteLabelCleaned, shl.NoteLabelType) {
		r.add("ktc-payload-form")
	}
	if p.strict {
		return r, r.refusal()
	}
	return r, nil
}

// Record reads what the link gave. In both readings the error is not nil when
// no file of the record can be used; in strict reading also for the first
// finding that refuses. It is an *shl.Error. The Reading is whole either way.
func (p *Profile) Record(ctx context.Context, link *shl.Link, rec *shl.Record) (Reading, error) {
	out := Reading{Report: Report{KTC: true, Findings: []Finding{}}, Attestation: Attestation{State: AttestationAbsent}}
	if link != nil {
		out.Report, _ = p.Link(link)
	}
	if rec.Manifest || len(rec.Files)+len(rec.Problems) != 1 {
		out.add("ktc-files")
	}
	if slices.Contains(rec.Notes, shl.NoteAnswerType) {
		out.add("ktc-response-type")
	}
	var unusable error
	usable := 0
	for i := range rec.Files {
		d := p.read(&rec.Files[i], &out.Report)
		if d.Err != nil && unusable == nil {
			unusable = d.Err
		}
		if d.Err == nil && d.File.Content != shl.ContentAPI {
			usable++
		}
		out.Documents = append(out.Documents, d)
	}
	p.attestation(ctx, &out)
	if usable == 0 && unusable != nil {
		return out, unusable
	}
	if p.strict {
		return out, out.refusal()
	}
	return out, nil
}

func (p *Profile) read(f *shl.File, r *Report) Document {
	d := Document{File: f}
	if slices.Contains(f.Notes, shl.NoteCardInClear) {
		r.add("ktc-not-encrypted")
	}
	if f.Content != shl.ContentFHIR {
		r.add("ktc-content")
		return d
	}
	if f.Declared != shl.TypeFHIR {
		r.add("ktc-cty")
	}
	if !KnownFHIRVersion(f.FHIRVersion) {
		d.VersionUnknown = true
		r.add("ktc-fhir-version")
	}
	b, err := fhir.ParseBundle(f.Bytes, p.limits)
	if err != nil {
		r.add("ktc-fhir-unreadable")
		e := &shl.Error{Stage: shl.StageBundle, Reason: fhirReason(fhir.ReasonInvalidJSON)}
		var fe *fhir.Error
		if errors.As(err, &fe) {
			e.Reason = fhirReason(fe.Reason)
		}
		d.Err = e
		return d
	}
	d.Bundle = b
	d.Resources = map[string]int{}
	for _, e := range b.Entries {
		d.Resources[e.Resource.Type()]++
	}
	checkBundle(b, r)
	return d
}

// KnownFHIRVersion tells whether resources of this fhirVersion may be filed:
// R4 and R4B. Nothing said means R4 (SHL 1.0.0: MAY assume 4.0.1).
func KnownFHIRVersion(v string) bool {
	v = strings.TrimSpace(v)
	for _, known := range []string{"4.0", "4.3"} {
		if v == "" || v == known || strings.HasPrefix(v, known+".") || strings.HasPrefix(v, known+"-") {
			return true
		}
	}
	return false
}
