package intake

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"shlkiosk/sync/match"
	"shlkiosk/sync/phi"
)

// EnvelopeVersion is the version of the envelope's JSON. Readers refuse newer.
const EnvelopeVersion = 1

// Fact is a string about a person that has to survive JSON: envelopes are
// sealed before they reach a disk. Everywhere else it prints "[redacted]".
type Fact string

// Reveal returns the content.
func (f Fact) Reveal() string { return string(f) }

// Format prints "[redacted]" for every verb.
func (Fact) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, phi.Redacted) }

// LogValue implements slog.LogValuer.
func (Fact) LogValue() slog.Value { return slog.StringValue(phi.Redacted) }

// Envelope is one import from the moment the patient pressed "send".
type Envelope struct {
	Version  int       `json:"version"`
	ID       string    `json:"id"`      // import id, random; names nobody
	Code     string    `json:"code"`    // the short code on the patient's last screen
	Created  time.Time `json:"created"` // when the patient sent it
	Source   Source    `json:"source"`
	Files    []File    `json:"files"`
	LeaveOut []string  `json:"leaveOut,omitempty"` // TYPE, fullUrl, Type/id or file:N/entry:M
	Include  []string  `json:"include,omitempty"`  // same forms: file although entered in error or refuted
	Typed    Typed     `json:"typed"`
	OnBehalf bool      `json:"onBehalf,omitempty"` // the person at the kiosk came for somebody else
	Consent  Consent   `json:"consent"`
	Target   Target    `json:"target"`
	Subject  string    `json:"subject,omitempty"` // fullUrl or Type/id of the Patient that staff chose, where the record holds several
	Match    Match     `json:"match"`
	Journal  Journal   `json:"journal"`

	// Candidates is the whole decision while staff have to choose; nil else.
	Candidates *match.Sealed `json:"candidates,omitempty"`

	Proposals []Proposal `json:"proposals,omitempty"`
}

// Format keeps an envelope out of logs.
func (Envelope) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "Envelope"+phi.Redacted) }

// LogValue implements slog.LogValuer.
func (e Envelope) LogValue() slog.Value {
	return slog.GroupValue(slog.String("import", e.ID), slog.Int("files", len(e.Files)), slog.String("phase", e.Journal.Phase))
}

// Source says where the content came from, without what would open it again.
type Source struct {
	Kind        string `json:"kind"`                  // "link", "bundle", "card"
	Host        string `json:"host,omitempty"`        // of the link
	LinkHash    string `json:"linkHash,omitempty"`    // SHA-256 of the manifest address, hex; never the address or the key
	Attestation string `json:"attestation,omitempty"` // state code of the app's attestation
	Label       Fact   `json:"label,omitempty"`
}

// File is one decrypted file.
type File struct {
	ContentType string `json:"contentType"` // without parameters
	FHIRVersion string `json:"fhirVersion,omitempty"`
	LastUpdated string `json:"lastUpdated,omitempty"`
	SHA256      string `json:"sha256"`         // of Bytes, hex
	Bytes       []byte `json:"bytes"`          // plaintext as it came
	FHIR        []byte `json:"fhir,omitempty"` // the FHIR JSON inside, where Bytes is not FHIR itself (a health card)
}

// Typed is what the person typed at the kiosk to confirm who the record is of.
type Typed struct {
	BirthDate Fact `json:"birthDate,omitempty"` // YYYY-MM-DD
	Second    Fact `json:"second,omitempty"`    // postal code or phone number
}

// Consent is what the patient was shown and pressed.
type Consent struct {
	Text     string    `json:"text"`    // id of the words
	Version  string    `json:"version"` // of the words
	Language string    `json:"language"`
	At       time.Time `json:"at"`
}

// The modes of a [Target].
const (
	TargetAuto  = "auto"  // match, and act by policy
	TargetNew   = "new"   // make a new chart
	TargetChart = "chart" // this chart
)

// Target says whose chart, and who decided.
type Target struct {
	Mode  string    `json:"mode"`            // auto, new, chart
	Chart string    `json:"chart,omitempty"` // "Patient/123" for chart
	By    string    `json:"by,omitempty"`    // staff id or "command line"
	At    time.Time `json:"at,omitzero"`
}

// ParseTarget reads the --match argument: auto, new or Patient/ID.
func ParseTarget(s string) (Target, error) {
	switch {
	case s == "" || s == TargetAuto:
		return Target{Mode: TargetAuto}, nil
	case s == TargetNew:
		return Target{Mode: TargetNew}, nil
	case isChart(s):
		return Target{Mode: TargetChart, Chart: s}, nil
	}
	return Target{}, fatal(ReasonOrder, fmt.Errorf("match %q: want auto, new or Patient/ID", s))
}

// Match is the part of a match decision that is kept: codes, no fields.
type Match struct {
	Outcome    string `json:"outcome,omitempty"` // certain, none, staff
	Chart      string `json:"chart,omitempty"`
	Grade      string `json:"grade,omitempty"`
	Rule       string `json:"rule,omitempty"`
	Rules      string `json:"rules,omitempty"` // version of the rules
	Candidates int    `json:"candidates"`
	Why        string `json:"why,omitempty"`
}

// The phases of a [Journal].
const (
	PhaseNew     = ""        // nothing was sent
	PhaseSending = "sending" // a request that writes may have left
	PhaseSent    = "sent"    // every entry has its answer
	PhaseDone    = "done"    // read back; the receipt holds the result
)

// Journal is what has been done so far. It is saved before each step that
// cannot be taken back, and is enough to go on from in another process.
type Journal struct {
	Phase    string            `json:"phase"`
	Recorded time.Time         `json:"recorded,omitzero"` // the import's own time, in Provenance: the same on every try
	Singles  bool              `json:"singles,omitempty"` // transactions do not work here
	Chart    string            `json:"chart,omitempty"`
	NewChart bool              `json:"newChart,omitempty"`
	Done     map[string]Done   `json:"done,omitempty"`    // by urn:uuid of the entry
	Refused  map[string]string `json:"refused,omitempty"` // by urn:uuid: the server's issue code
	Late     map[string]bool   `json:"late,omitempty"`    // by urn:uuid: sent without references that follow
	Tries    int               `json:"tries,omitempty"`
	Receipt  *Receipt          `json:"receipt,omitempty"`
}

// Done is one entry that is on the server.
type Done struct {
	Reference string `json:"reference"`
	Existing  bool   `json:"existing,omitempty"`
	Why       string `json:"why,omitempty"`
}
