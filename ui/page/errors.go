package page

import "fmt"

// Reason is a public code for why there is no picture.
type Reason string

// The reasons.
const (
	ReasonToolMissing Reason = "pdf-tool-missing" // poppler-utils is not installed
	ReasonNotPDF      Reason = "not-a-pdf"
	ReasonTooLarge    Reason = "document-too-large" // above the limit of bytes or pixels
	ReasonLocked      Reason = "document-locked"    // asks for a password
	ReasonDamaged     Reason = "document-damaged"
	ReasonTimeout     Reason = "document-slow" // the deadline passed
	ReasonNoPage      Reason = "no-such-page"
	ReasonNotPicture  Reason = "not-a-picture" // neither JPEG, PNG nor GIF
	ReasonCancelled   Reason = "cancelled"
)

// Error tells why a document cannot be shown. It holds nothing of it.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "page: " + string(e.Reason)
	}
	return fmt.Sprintf("page: %s: %v", e.Reason, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

func refuse(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Err: fmt.Errorf(format, args...)}
}
