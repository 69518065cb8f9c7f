package intake

// Proposal is a change of an existing chart that waits for staff. Nothing of
// it is written before [Importer.Accept].
type Proposal struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"` // phone, email, address, contact, language, insurance, update
	Chart string `json:"chart"`
	Path  string `json:"path"` // element of the chart it would be added to: "telecom"
	// Value is the element to add (JSON), or for kind update the whole resource
	// that differs; Reference is then the one in the chart.
	Value     Fact   `json:"value"`
	Reference string `json:"reference,omitempty"`
	State     string `json:"state"` // open, accepted, declined
	By        string `json:"by,omitempty"`
	Entry     string `json:"entry,omitempty"` // kind insurance: the Coverage entry of this import
}

// The states of a [Proposal].
const (
	ProposalOpen     = "open"
	ProposalAccepted = "accepted"
	ProposalDeclined = "declined"
)
