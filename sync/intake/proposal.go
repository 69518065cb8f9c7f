package intake

// Proposal is a change of an existing chart that waits for staff. Nothing of
// it is written before [Importer.Accept].
type Proposal struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"` // phone, email, address, contact, language, insurance, update
	Chart string `json:"chart"`
	Path  string `json:"path"` // element of the chart it would be added to: "telecom"
	// Value is the element to add (JSON); for kind update a resource of the
	// elements that differ, as the record has them, and for insurance the whole
	// Coverage. Now is what the chart had in that place when the two were
	// compared: what staff see, and what must still be so when they accept.
	Value     Fact   `json:"value"`
	Now       Fact   `json:"now,omitempty"`
	Reference string `json:"reference,omitempty"` // kind update: the resource in the chart
	State     string `json:"state"`               // open, accepted, declined
	By        string `json:"by,omitempty"`
	Entry     string `json:"entry,omitempty"`      // kind insurance: the Coverage entry of this import
	Vouched   string `json:"provenance,omitempty"` // reference of the Provenance of the accept
}

// Staff is a member of staff who decides. ID is what the clinic's
// configuration calls them; Name may be empty.
type Staff struct{ ID, Name string }

// The states of a [Proposal].
const (
	ProposalOpen     = "open"
	ProposalAccepted = "accepted"
	ProposalDeclined = "declined"
)
