package ktc

import (
	"errors"

	"shlkiosk/sync/shl"
)

// Result is one resolved link as `kioskctl resolve --json` prints it. The key
// is in none of it; Payload.URL is a capability and belongs to the person who
// ran the command.
type Result struct {
	Outcome     string        `json:"outcome"` // ok, partial, refused
	Stage       shl.Stage     `json:"stage,omitempty"`
	Reason      shl.Reason    `json:"reason,omitempty"`
	Message     string        `json:"message,omitempty"`
	Host        string        `json:"host,omitempty"`
	Status      int           `json:"status,omitempty"`
	Remaining   *int          `json:"remainingAttempts,omitempty"`
	RetryAfter  int           `json:"retryAfterSeconds,omitempty"`
	Payload     *shl.Payload  `json:"payload,omitempty"`
	Files       []FileResult  `json:"files"`
	Problems    []FileProblem `json:"problems,omitempty"`
	Profile     Report        `json:"profile"`
	Attestation Attestation   `json:"attestation"`
	Notes       []shl.Note    `json:"notes,omitempty"`
}

// FileResult is one opened file.
type FileResult struct {
	ContentType string         `json:"contentType"`
	Content     shl.Content    `json:"content"`
	Bytes       int            `json:"bytes"`
	SHA256      string         `json:"sha256"`
	FHIRVersion string         `json:"fhirVersion,omitempty"`
	Status      string         `json:"status,omitempty"`
	LastUpdated string         `json:"lastUpdated,omitempty"`
	Compressed  bool           `json:"compressed,omitempty"`
	Resources   map[string]int `json:"resources,omitempty"`
	APIHost     string         `json:"apiHost,omitempty"`
	Reason      shl.Reason     `json:"reason,omitempty"`
	Notes       []shl.Note     `json:"notes,omitempty"`
}

// FileProblem is one file that was not opened.
type FileProblem struct {
	Index   int        `json:"index"`
	Stage   shl.Stage  `json:"stage"`
	Reason  shl.Reason `json:"reason"`
	Host    string     `json:"host,omitempty"`
	Status  int        `json:"status,omitempty"`
	Message string     `json:"message,omitempty"`
}

// Explain finds the row of a code in the tables of sync/shl and this room.
func Explain(code shl.Reason) (shl.Explanation, bool) {
	if e, ok := shl.Explain(code); ok {
		return e, true
	}
	for _, e := range Reasons() {
		if e.Code == code {
			return e, true
		}
	}
	return shl.Explanation{}, false
}

// Summarise puts together what is printed. link, rec and reading may be nil
// where the way ended before them; err is what ended it.
func Summarise(link *shl.Link, rec *shl.Record, reading *Reading, err error) Result {
	out := Result{Outcome: "ok", Files: []FileResult{}, Profile: Report{Findings: []Finding{}},
		Attestation: Attestation{State: AttestationAbsent}}
	if link != nil {
		p := link.Payload()
		out.Payload, out.Host, out.Notes = &p, link.Host(), link.Notes()
	}
	switch {
	case reading != nil:
		out.Profile, out.Attestation = reading.Report, reading.Attestation
	case link != nil:
		out.Profile, _ = (&Profile{}).Link(link) // what the payload alone shows
	}
	if rec != nil {
		out.record(rec, reading)
	}
	if err != nil {
		out.refuse(err)
	}
	return out
}

func (out *Result) record(rec *shl.Record, reading *Reading) {
	out.Host = rec.Host
	out.RetryAfter = int(rec.RetryAfter.Seconds())
	out.Notes = append(out.Notes, rec.Notes...)
	for i, f := range rec.Files {
		r := FileResult{ContentType: f.ContentType, Content: f.Content, Bytes: f.Size, SHA256: f.SHA256, FHIRVersion: f.FHIRVersion,
			Status: f.Status, LastUpdated: f.LastUpdated, Compressed: f.Compressed, APIHost: f.APIHost, Notes: f.Notes}
		if reading != nil && i < len(reading.Documents) {
			r.Resources = reading.Documents[i].Resources
			r.Reason = shl.ReasonOf(reading.Documents[i].Err)
		}
		if r.Reason != "" {
			out.Outcome = "partial"
		}
		out.Files = append(out.Files, r)
	}
	out.problems(rec.Problems)
	if rec.Partial {
		out.Outcome = "partial"
	}
}

func (out *Result) problems(list []shl.Problem) {
	for _, p := range list {
		e, _ := Explain(p.Reason)
		out.Problems = append(out.Problems, FileProblem{Index: p.Index, Stage: p.Stage, Reason: p.Reason, Host: p.Host, Status: p.Status, Message: e.Staff})
	}
}

func (out *Result) refuse(err error) {
	out.Outcome = "refused"
	var e *shl.Error
	if !errors.As(err, &e) {
		out.Reason, out.Message = "internal", "the kiosk is not set up for this; see kioskctl doctor"
		return
	}
	out.Stage, out.Reason, out.Status, out.Remaining = e.Stage, e.Reason, e.Status, e.Remaining
	if e.Host != "" {
		out.Host = e.Host
	}
	if e.RetryAfter > 0 {
		out.RetryAfter = int(e.RetryAfter.Seconds())
	}
	if p, ok := e.Payload(); ok && out.Payload == nil {
		out.Payload = &p
	}
	if len(out.Problems) == 0 {
		out.problems(e.Files)
	}
	out.Message = e.Rule
	if row, ok := Explain(e.Reason); ok {
		out.Message = row.Patient + " [" + row.Staff + "]"
	}
}
