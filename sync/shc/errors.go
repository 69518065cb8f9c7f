package shc

import "errors"

// Reason is the public code for a text that is no readable card.
type Reason string

// The reasons of an Error.
const (
	NotACard     Reason = "card-not-a-card"    // another thing altogether
	Damaged      Reason = "card-damaged"       // meant to be a card, cannot be read
	TooBig       Reason = "card-too-big"       // above a ceiling
	NoCards      Reason = "card-file-empty"    // a card file without cards
	ChunkInvalid Reason = "card-chunk-invalid" // a part number that cannot be
	ChunkMixed   Reason = "card-chunk-mixed"   // parts of two cards
)

// Error is the typed error of this room; it never holds content.
type Error struct {
	Reason Reason
	Rule   string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Rule == "" {
		return "shc: " + string(e.Reason)
	}
	return "shc: " + string(e.Reason) + " (" + e.Rule + ")"
}

// ReasonOf is the code in err, or "".
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func fail(r Reason, rule string) *Error { return &Error{Reason: r, Rule: rule} }
