package shc

// State is how far a card can be believed.
type State string

// The states.
const (
	Trusted       State = "card-trusted"         // signature right, issuer in the directory
	UnknownIssuer State = "card-unknown-issuer"  // signature right, issuer not in the directory
	BadSignature  State = "card-bad-signature"   // changed, forged, or not ES256
	KeyUnknown    State = "card-key-unreachable" // the key, or the revocation list, cannot be had: nothing is known
	Revoked       State = "card-revoked"         // the issuer took it back
	Expired       State = "card-expired"         // exp is past
	NotYetValid   State = "card-not-yet-valid"   // nbf is ahead
	Unreadable    State = "card-unreadable"      // no card at all
)

// Status is the state of a card with its cause as a code for staff.
type Status struct {
	State State
	Why   string
}

// Policy says which cards may be filed.
type Policy string

// The policies; config names them so.
const (
	PolicyTrusted  Policy = "trusted"  // only cards of listed issuers
	PolicyVerified Policy = "verified" // every card with a right signature
	PolicyAny      Policy = "any"      // also what could not be verified, after a check by staff
)

// MayFile tells whether a card in this state may be filed. What is known to be
// wrong (signature, revoked) is never filed.
func (s State) MayFile(p Policy) bool {
	switch s {
	case Trusted:
		return true
	case UnknownIssuer:
		return p == PolicyVerified || p == PolicyAny
	case KeyUnknown, Expired, NotYetValid:
		return p == PolicyAny
	}
	return false
}

// Explanation is what each reader is told about a code of this room.
type Explanation struct {
	Code    string `json:"code"`
	Key     string `json:"key"`
	Patient string `json:"patient"`
	Staff   string `json:"staff"`
	Do      string `json:"do"`
}

// Reasons is the table of every code of this room: states, then the reasons of
// an Error.
func Reasons() []Explanation {
	return []Explanation{
		{string(Trusted), "card.trusted", "This card is genuine and comes from a known issuer.", "Signature right, issuer in the directory.", "Compare name and birth date: a card is not an identification."},
		{string(UnknownIssuer), "card.unknown-issuer", "This card is signed, but the kiosk does not know its issuer.", "Signature right, issuer not in the directory.", "Check the issuer; cards.policy decides whether it is filed."},
		{string(BadSignature), "card.bad-signature", "This card cannot be used. Please see the front desk.", "The signature is wrong, or not ES256 with 64 bytes.", "Do not file. Ask for a new card from its issuer."},
		{string(KeyUnknown), "card.unverified", "This card could not be checked. Please see the front desk.", "The issuer's key or revocation list cannot be had, or is not in the form of the standard; the cause is in the detail.", "Check the network; load a directory with keys for offline use."},
		{string(Revoked), "card.revoked", "This card was taken back by its issuer. Please see the front desk.", "The card's rid is on the issuer's revocation list.", "Do not file. Ask for a new card."},
		{string(Expired), "card.expired", "This card ran out. Ask its issuer for a new one.", "exp is past.", "Ask for a new card."},
		{string(NotYetValid), "card.not-yet-valid", "This card is not valid yet. Please see the front desk.", "nbf is ahead. Check the kiosk's clock if this happens to everybody.", "Check the clock."},
		{string(Unreadable), "card.unreadable", "This card could not be read. Hold it still and show it again.", "Not a SMART Health Card.", "Scan again."},
		{string(NotACard), "card.unreadable", "This is not a health card. Show the code of your health app.", "The text or file is no card.", "Ask for another code."},
		{string(Damaged), "card.unreadable", "This card could not be read. Hold it still and show it again.", "Meant to be a card, cannot be read; the part is in the detail.", "Scan again; if it stays, ask for a new card."},
		{string(TooBig), "card.unreadable", "This card is too big for the kiosk. Please see the front desk.", "Above a ceiling.", "Take the card another way."},
		{string(NoCards), "card.unreadable", "There is no card in this file. Please see the front desk.", "verifiableCredential is empty.", "Ask for a new file."},
		{string(ChunkInvalid), "card.part", "This part of the card could not be read. Show the next part.", "A part number that cannot be.", "Scan again."},
		{string(ChunkMixed), "card.part-mixed", "This part belongs to another card. Show the parts of one card.", "Parts of two cards.", "Start again with one card."},
	}
}
