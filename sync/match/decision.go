package match

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/phi"
)

// ErrUnsupported is what Port.Match returns when the server has no $match or
// cannot use it here: HTTP 400, 403, 404, 405 and 501.
var ErrUnsupported = errors.New("match: the server does not offer $match")

// Port is the chart server as this package needs it. Search is called from
// several goroutines at once.
type Port interface {
	// Match runs Patient/$match. ErrUnsupported makes Decide fall back to Search.
	Match(ctx context.Context, patient fhir.Resource, onlyCertain bool, count int) ([]Graded, error)
	// Search runs a search on Patient and returns Patients only, at most about
	// _count of them; a page more does no harm.
	Search(ctx context.Context, params url.Values) ([]fhir.Resource, error)
	// Read reads one resource by "Patient/id".
	Read(ctx context.Context, reference string) (fhir.Resource, error)
}

// Graded is one entry of a $match answer.
type Graded struct {
	Patient fhir.Resource
	Grade   string  // match-grade extension, "" when absent
	Score   float64 // search.score, 0 when absent
}

// Typed is what the person typed at the Identity screen.
type Typed struct {
	BirthDate phi.Text // YYYY-MM-DD
	Second    phi.Text // postal code or phone, "" when not asked
	OnBehalf  bool     // somebody checks in for the patient; recorded, not judged
}

// Policy is what the clinic allows.
type Policy struct {
	CreateNew bool // nobody found: a new chart may be made; otherwise staff
	// NoTyped lets Decide do without a typed birth date: for imports that no
	// person stands in front of (kioskctl). A typed one still has to agree.
	NoTyped bool
}

// Outcome is what to do.
type Outcome string

const (
	OutcomeCertain Outcome = "certain" // file into Decision.Chart
	OutcomeNone    Outcome = "none"    // nobody found, and a new chart is allowed
	OutcomeStaff   Outcome = "staff"   // a person decides
)

// The reasons for staff (Decision.Why).
const (
	WhyNotCertain   = "not-certain"       // candidates, none of them certain
	WhySeveral      = "several"           // more than one chart is certain
	WhyTwin         = "household"         // certain only loosely, and somebody like a twin is there
	WhyNoTyped      = "no-birth-date"     // nothing was typed
	WhyTypedRecord  = "typed-not-record"  // typed birth date is not the record's
	WhyTypedChart   = "typed-not-chart"   // typed birth date is not the chart's
	WhyTypedSecond  = "typed-second"      // second fact fits neither record nor chart
	WhyTooLittle    = "too-little"        // the record does not say enough to look for anybody
	WhyTruncated    = "too-many"          // the server cut a search short
	WhyCreateOff    = "create-off"        // nobody found, and new charts are staff's
	WhyServer       = "server-disagrees"  // the server's $match says otherwise
	WhyDeceased     = "deceased"          // record or chart is of somebody who died
	WhyInactive     = "inactive"          // the chart is not in use and names no successor
	WhyReplaced     = "replaced-unclear"  // its successor cannot be read or is somebody else
	WhyNoPatient    = "no-patient"        // what was given is no Patient
	WhySearchFailed = "search-incomplete" // some searches failed
)

// Whys lists the reasons for staff, for the words of their screen.
func Whys() []string {
	return []string{WhyNotCertain, WhySeveral, WhyTwin, WhyNoTyped, WhyTypedRecord, WhyTypedChart, WhyTypedSecond, WhyTooLittle,
		WhyTruncated, WhyCreateOff, WhyServer, WhyDeceased, WhyInactive, WhyReplaced, WhyNoPatient, WhySearchFailed}
}

// Decision is the outcome with what led to it. Printed or marshalled as JSON
// it keeps its fields' content to itself (phi.Text); Sealed is the form for
// the sealed ledger.
type Decision struct {
	Outcome      Outcome     `json:"outcome"`
	Chart        string      `json:"chart,omitempty"` // "Patient/123" when certain
	Grade        string      `json:"grade,omitempty"` // of the best candidate
	Rule         string      `json:"rule,omitempty"`  // of the best candidate
	Why          string      `json:"why,omitempty"`   // reason code for staff
	Candidates   []Candidate `json:"candidates,omitempty"`
	Typed        bool        `json:"typed,omitempty"`    // a typed birth date took part and agreed
	OnBehalf     bool        `json:"onBehalf,omitempty"` // somebody checked in for the patient
	Server       string      `json:"server,omitempty"`   // "match", "search" or "match+search": who found them
	Searches     int         `json:"searches,omitempty"`
	RulesVersion string      `json:"rulesVersion"`
}

// Candidate is one chart that staff should see. Patients never do.
type Candidate struct {
	Reference string    `json:"reference"`
	Grade     Grade     `json:"grade"`
	Score     float64   `json:"score"`
	Rule      string    `json:"rule,omitempty"`
	Objection Objection `json:"objection,omitempty"`
	Server    string    `json:"server,omitempty"` // the server's own grade
	Deceased  bool      `json:"deceased,omitempty"`
	Inactive  bool      `json:"inactive,omitempty"`
	Replaces  string    `json:"replaces,omitempty"` // the chart whose link led here
	Fields    []Field   `json:"fields"`
}

// Field is one row of the two records side by side.
type Field struct {
	Name    string   `json:"name"`    // FieldNames
	Verdict Verdicts `json:"verdict"` // agree, differ, missing, fuzzy
	Ours    phi.Text `json:"ours"`    // the shared record's, SSN and ITIN as their last four
	Theirs  phi.Text `json:"theirs"`  // the chart's
}

// Verdicts is how one field compares.
type Verdicts string

const (
	Agree  Verdicts = "agree"
	Fuzzy  Verdicts = "fuzzy" // fits: short form, one slip, initial, partial date
	Differ Verdicts = "differ"
	Absent Verdicts = "missing"
)

// FieldNames lists the fields of a Candidate in their order, for ui/words.
func FieldNames() []string {
	return []string{"first", "last", "suffix", "birthDate", "sex", "address", "postalCode", "phone", "email", "ssn", "itin", "mbi",
		"legalId", "csp", "memberId", "recordNumber"}
}

// Sealed is a Decision whose JSON holds everything. It belongs into the sealed
// ledger and nowhere else.
type Sealed struct{ Decision }

type sealedField struct {
	Name    string   `json:"name"`
	Verdict Verdicts `json:"verdict"`
	Ours    string   `json:"ours,omitempty"`
	Theirs  string   `json:"theirs,omitempty"`
}

type sealedCandidate struct {
	Candidate
	Fields []sealedField `json:"fields"`
}

type decisionFields Decision // without methods

type sealedDecision struct {
	decisionFields
	Candidates []sealedCandidate `json:"candidates,omitempty"`
}

// MarshalJSON reveals.
func (s Sealed) MarshalJSON() ([]byte, error) {
	out := sealedDecision{decisionFields: decisionFields(s.Decision)}
	for _, c := range s.Candidates {
		sc := sealedCandidate{Candidate: c}
		for _, f := range c.Fields {
			sc.Fields = append(sc.Fields, sealedField{f.Name, f.Verdict, f.Ours.Reveal(), f.Theirs.Reveal()})
		}
		out.Candidates = append(out.Candidates, sc)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Sealed) UnmarshalJSON(b []byte) error {
	var in sealedDecision
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	s.Decision = Decision(in.decisionFields)
	s.Decision.Candidates = nil
	for _, sc := range in.Candidates {
		c := sc.Candidate
		c.Fields = nil
		for _, f := range sc.Fields {
			c.Fields = append(c.Fields, Field{f.Name, f.Verdict, phi.Text(f.Ours), phi.Text(f.Theirs)})
		}
		s.Decision.Candidates = append(s.Decision.Candidates, c)
	}
	return nil
}
