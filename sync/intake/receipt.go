package intake

// The states of a [Receipt].
const (
	StateVerified  = "verified"  // delivered, read back, complete
	StateDelivered = "delivered" // delivered; the verification found something for staff
	StateParked    = "parked"    // waits for staff
	StateFailed    = "failed"    // will not be delivered
)

// The results of an entry.
const (
	ResultCreated  = "created"
	ResultExisting = "existing"
	ResultLeftOut  = "left-out"
	ResultRefused  = "refused"
)

// Receipt says what became of an import. Its JSON is the line that
// `kioskctl import --json` prints.
type Receipt struct {
	Import       string            `json:"import"`
	State        string            `json:"state"`
	Reason       string            `json:"reason,omitempty"` // code, for parked and failed
	Patient      ReceiptPatient    `json:"patient"`
	Match        ReceiptMatch      `json:"match"`
	Resources    []ReceiptResource `json:"resources"`
	Verification Verification      `json:"verification"`
	Proposals    int               `json:"proposals,omitempty"` // changes of the chart that wait for staff
	Notes        []string          `json:"notes,omitempty"`     // codes
}

// ReceiptPatient names the chart.
type ReceiptPatient struct {
	Reference string `json:"reference"`
	Created   bool   `json:"created"`
}

// ReceiptMatch says how the chart was found.
type ReceiptMatch struct {
	Grade      string `json:"grade"`
	Rule       string `json:"rule"`
	Candidates int    `json:"candidates"`
}

// ReceiptResource is one entry of the source, or one resource that the import
// added (its Source is then "import").
type ReceiptResource struct {
	Type      string `json:"type"`
	Source    string `json:"source"`
	Result    string `json:"result"`
	Reference string `json:"reference,omitempty"`
	Why       string `json:"why,omitempty"`
}

// Verification is the outcome of reading the chart back.
type Verification struct {
	Demographics string             `json:"demographics"` // equal, differs, not-read
	Missing      []string           `json:"missing"`      // sources that are not on the server as sent, with why: "SOURCE: code"
	References   VerifiedReferences `json:"references"`
	Duplicates   int                `json:"duplicates"` // other charts of the same person
	Alarm        []Alarm            `json:"alarm,omitempty"`
}

// VerifiedReferences counts the references of what was filed.
type VerifiedReferences struct {
	Total      int `json:"total"`
	Unresolved int `json:"unresolved"`
}

// Alarm is something staff must look at: a code, and what to do.
type Alarm struct {
	Code  string `json:"code"`
	ToDo  string `json:"todo"`
	Where string `json:"where,omitempty"` // reference on the server
}

// Complete tells whether the verification found nothing amiss.
func (v Verification) Complete() bool {
	return v.Demographics == DemographicsEqual && len(v.Missing) == 0 && v.References.Unresolved == 0 &&
		v.Duplicates == 0 && len(v.Alarm) == 0
}

// The values of Verification.Demographics.
const (
	DemographicsEqual   = "equal"
	DemographicsDiffer  = "differs"
	DemographicsNotRead = "not-read"
)

// Count returns how many entries of the source have the result. What the
// import itself added is not counted.
func (r Receipt) Count(result string) int {
	n := 0
	for _, x := range r.Resources {
		if x.Result == result && x.Source != sourceImport {
			n++
		}
	}
	return n
}

const sourceImport = "import"
