package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/ktc"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/shc"
	"shlkiosk/sync/shl"
	"shlkiosk/sync/summary"
)

// Opened is a record that was fetched and decrypted, ready to be shown and
// filed. Wipe it when the visit ends.
type Opened struct {
	Host     string
	LinkHash string // SHA-256 of the address, hex: recognises a link without opening it
	Label    phi.Text
	Kind     string // "link", "card", "bundle"
	Files    []OpenedFile
	Problems []FileProblem
	Partial  bool

	Attestation string      // state of the app's attestation, "" when there is none
	Cards       []shc.State // of each card in it

	record *shl.Record
}

// OpenedFile is one file with what was found in it.
type OpenedFile struct {
	ContentType string
	FHIRVersion string
	LastUpdated string
	Status      string
	SHA256      string
	Bytes       []byte      // as it came
	FHIR        []byte      // the FHIR JSON inside, when Bytes is not FHIR itself
	Bundle      fhir.Bundle // zero when it holds no FHIR
	HasFHIR     bool
}

// FileProblem is one file that cannot be used, and why.
type FileProblem struct {
	Index  int    `json:"index"`
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
	// Lost tells that something of the record is missing by it: a file that was
	// withdrawn, or listed twice, is not.
	Lost bool `json:"lost"`
}

// Wipe overwrites the plaintext.
func (o *Opened) Wipe() {
	if o == nil {
		return
	}
	for i := range o.Files {
		phi.Wipe(o.Files[i].Bytes)
		phi.Wipe(o.Files[i].FHIR)
	}
	if o.record != nil {
		o.record.Wipe()
	}
	*o = Opened{}
}

// Refusal is why a record is not shown: a stage and a public reason code.
// Its text is safe for logs.
type Refusal struct {
	Stage  string
	Reason string
	Err    error
}

func (r *Refusal) Error() string { return r.Stage + ": " + r.Reason }

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// Fetch resolves a parsed link and reads it after the KTC profile. The Reading
// is nil where nothing was opened.
func (c *Core) Fetch(ctx context.Context, link *shl.Link, passcode *phi.Secret) (*shl.Record, *ktc.Reading, error) {
	if _, err := c.Profile.Link(link); err != nil {
		return nil, nil, err
	}
	rec, err := c.Resolver.Resolve(ctx, link, passcode)
	if err != nil {
		var e *shl.Error
		if errors.As(err, &e) {
			c.sawClock(e.Host, e.ServerDate)
		}
		return nil, nil, err
	}
	c.sawClock(rec.Host, rec.ServerDate)
	reading, err := c.Profile.Record(ctx, link, rec)
	return rec, &reading, err
}

// OpenLink resolves a parsed link and takes what can be shown and filed.
func (c *Core) OpenLink(ctx context.Context, link *shl.Link, passcode *phi.Secret) (*Opened, error) {
	address := sha256.Sum256([]byte(link.Payload().URL))
	rec, reading, err := c.Fetch(ctx, link, passcode)
	if err != nil {
		rec.Wipe()
		return nil, err
	}
	o := &Opened{Host: rec.Host, Label: link.Label(), Kind: "link", LinkHash: hex.EncodeToString(address[:]),
		Attestation: string(reading.Attestation.State), record: rec}
	for _, p := range rec.Problems {
		o.Problems = append(o.Problems, FileProblem{p.Index, string(p.Stage), string(p.Reason), p.Lost()})
	}
	for _, d := range reading.Documents {
		o.take(ctx, c, d)
	}
	return o.usable()
}

// take reads one opened file.
func (o *Opened) take(ctx context.Context, c *Core, d ktc.Document) {
	f := d.File
	out := OpenedFile{ContentType: f.ContentType, FHIRVersion: f.FHIRVersion, LastUpdated: f.LastUpdated,
		Status: f.Status, SHA256: f.SHA256, Bytes: f.Bytes}
	switch {
	case d.Err != nil:
		o.Problems = append(o.Problems, FileProblem{f.Index, "bundle", string(shl.ReasonOf(d.Err)), true})
		return
	case f.Content == shl.ContentFHIR:
		out.Bundle, out.HasFHIR = d.Bundle, true
	case f.Content == shl.ContentCard, f.Content == shl.ContentJWS:
		c.takeCards(ctx, o, f.Index, out)
		return
	case f.Content == shl.ContentAPI:
		o.Problems = append(o.Problems, FileProblem{f.Index, "bundle", "api-access-not-used", true})
		return
	}
	o.Files = append(o.Files, out)
}

func bundleReason(err error) string {
	var fe *fhir.Error
	if errors.As(err, &fe) {
		return string(fe.Reason)
	}
	return string(shl.ContentUnknown)
}

// lost is how many files are missing from the record.
func (o *Opened) lost() int {
	n := 0
	for _, p := range o.Problems {
		if p.Lost {
			n++
		}
	}
	return n
}

// usable refuses a record of which nothing could be read.
func (o *Opened) usable() (*Opened, error) {
	o.Partial = o.lost() > 0
	if len(o.Files) > 0 {
		return o, nil
	}
	r := &Refusal{Stage: "bundle", Reason: "content-empty"}
	if len(o.Problems) > 0 {
		r.Stage, r.Reason = o.Problems[0].Stage, o.Problems[0].Reason
	}
	o.Wipe()
	return nil, r
}

// OpenBundle takes a FHIR resource or Bundle from a file, for kioskctl import.
func OpenBundle(raw []byte) (*Opened, error) {
	b, err := fhir.ParseBundle(raw, fhir.DefaultLimits())
	if err != nil {
		return nil, &Refusal{Stage: "bundle", Reason: bundleReason(err), Err: err}
	}
	sum := sha256.Sum256(raw)
	return &Opened{Kind: "bundle", Files: []OpenedFile{{ContentType: "application/fhir+json", Bytes: raw,
		SHA256: hex.EncodeToString(sum[:]), Bundle: b, HasFHIR: true}}}, nil
}

// Summary is the record as the patient reads it.
func (c *Core) Summary(o *Opened) (summary.View, error) {
	files := make([]summary.File, 0, len(o.Files))
	for _, f := range o.Files {
		sf := summary.File{ContentType: f.ContentType, Bytes: f.Bytes, Source: o.Host}
		if f.HasFHIR {
			sf.ContentType, sf.Bundle = "application/fhir+json", f.Bundle
		}
		files = append(files, sf)
	}
	view, err := summary.Build(files, c.Env.Now())
	if n := o.lost(); n > 0 && err == nil {
		// Files that were not opened: said, so that nobody thinks they are there.
		i := slices.IndexFunc(view.Notes, func(x summary.Note) bool { return x.Code == summary.NoteUnreadableFile })
		if i < 0 {
			view.Notes = append(view.Notes, summary.Note{Code: summary.NoteUnreadableFile})
			i = len(view.Notes) - 1
		}
		view.Notes[i].Count += n
	}
	return view, err
}

// intakeFiles copies the files for an envelope: the envelope outlives the
// record, which is wiped with the visit.
func (o *Opened) intakeFiles() []intake.File {
	out := make([]intake.File, 0, len(o.Files))
	for _, f := range o.Files {
		out = append(out, intake.File{ContentType: f.ContentType, FHIRVersion: f.FHIRVersion, LastUpdated: f.LastUpdated,
			SHA256: f.SHA256, Bytes: append([]byte(nil), f.Bytes...), FHIR: append([]byte(nil), f.FHIR...)})
	}
	return out
}
