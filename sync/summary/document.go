package summary

import (
	"slices"

	"shlkiosk/sync/phi"
)

// Document is one attachment that a person may open.
type Document struct {
	Item        string // key of the item it belongs to
	Index       int    // which content of that item, from 0
	Kind        DocumentKind
	Title       phi.Text
	Date        Date
	ContentType string // as claimed, parameters cut, lower case
	State       DocumentState
	Size        int    // bytes at hand, 0 when none
	Host        string // of the web address that was not fetched, else ""
	bytes       []byte
}

// Bytes returns a copy of the attachment; nil unless State is DocumentReady.
// A PDF's bytes begin with the signature %PDF; nothing else about them is
// promised: show them only in a viewer that expects the worst.
func (d Document) Bytes() []byte {
	if d.State != DocumentReady {
		return nil
	}
	return slices.Clone(d.bytes)
}

// PDF tells that the bytes at hand are a PDF by their signature.
func (d Document) PDF() bool { return d.State == DocumentReady && isPDF(d.bytes) }

// DocumentKind tells KTC's two documents apart (receiver.md 1.8).
type DocumentKind string

const (
	DocumentRendered DocumentKind = "rendered" // LOINC 60591-5: the record as the app rendered it
	DocumentStory    DocumentKind = "story"    // LOINC 51855-5: the patient's own words
	DocumentOther    DocumentKind = "other"
)

// DocumentState tells what became of an attachment.
type DocumentState string

const (
	DocumentReady      DocumentState = "ready"       // bytes at hand and checked
	DocumentNotFetched DocumentState = "not-fetched" // a web address; never fetched here
	DocumentMissing    DocumentState = "missing"     // refers to a Binary that is not in the record, or holds nothing
	DocumentBroken     DocumentState = "broken"      // base64 damaged, size or hash wrong
	DocumentMislabeled DocumentState = "mislabeled"  // claims to be a PDF and is not: not shown
)

// Document states for ui/words.
func DocumentStates() []DocumentState {
	return []DocumentState{DocumentReady, DocumentNotFetched, DocumentMissing, DocumentBroken, DocumentMislabeled}
}

// InsuranceCard is a Coverage drawn as the card in a wallet.
type InsuranceCard struct {
	Item           string   // key of the Coverage
	Payer          phi.Text // insurer
	Plan           phi.Text
	Type           phi.Text // "Medicare Part A and B"
	MemberID       phi.Text // as printed on the card
	MemberTail     phi.Text // last 4 characters, for screens that others can see
	Subscriber     phi.Text
	SubscriberID   phi.Text
	Beneficiary    phi.Text
	Relationship   phi.Text
	Group          phi.Text
	RxBIN          phi.Text
	RxPCN          phi.Text
	RxGroup        phi.Text
	RxID           phi.Text
	Period         Value // ValuePeriod, or zero
	Status         Word
	Phones         []phi.Text
	Classes        []CardClass // all classes as they came, the ones above included
	Costs          []CardCost
	AboutThePerson bool // the beneficiary is the person of this record
}

// CardClass is one Coverage.class.
type CardClass struct {
	Type        string // code: group, plan, subplan, rxbin ...
	Name, Value phi.Text
}

// CardCost is one Coverage.costToBeneficiary: a copay as printed.
type CardCost struct {
	Type   phi.Text
	Amount Quantity // money has its currency as unit
}

func isPDF(b []byte) bool {
	// PDF 32000-1 annex H: the header may stand within the first 1024 bytes;
	// a leading byte-order mark or white space is what is met in practice, and
	// anything more is how a file is made to look like two things at once.
	for i := 0; i < len(b) && i < 8; i++ {
		if len(b)-i >= 5 && string(b[i:i+5]) == "%PDF-" {
			return true
		}
	}
	return false
}
