package fhir

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"shlkiosk/sync/phi"
)

// Bundle is a parsed Bundle, or a single resource in the shape of one.
type Bundle struct {
	Type      string // collection, document, ...; "" for a single resource
	Timestamp string // as written
	Entries   []Entry
	Raw       json.RawMessage // the whole document as it came
}

// Entry is one entry that has a resource. Only fullUrl and resource are read:
// request, response and search of a stranger's Bundle are orders, not data.
type Entry struct {
	Index    int    // position in Bundle.entry, which is what resource:N counts
	FullURL  string // as written, "" when there is none
	Resource Resource
}

// ParseBundle scans b and splits it into entries without copying. Any resource
// that is not a Bundle becomes a Bundle of type "" with one entry. An entry
// whose resource has no usable resourceType is kept with Resource.Type() == "",
// so that it can be reported. Errors are *Error.
func ParseBundle(b []byte, lim Limits) (Bundle, error) {
	lim = lim.orDefault()
	o, err := accept(b, lim, lim.MaxEntries)
	if err != nil {
		return Bundle{}, err
	}
	switch {
	case o.root.typ == "":
		return Bundle{}, &Error{Op: "parse bundle", Reason: ReasonNotFHIR, Offset: -1}
	case o.root.typ != "Bundle":
		return Bundle{Raw: o.root.raw, Entries: []Entry{{Resource: o.root}}}, nil
	case o.elements > lim.MaxEntries:
		return Bundle{}, &Error{Op: "parse bundle", Reason: ReasonTooManyEntries, Offset: -1}
	}
	return Bundle{Raw: o.root.raw, Type: o.bundleType.String(), Timestamp: o.timestamp.String(), Entries: o.entries}, nil
}

// Format prints the type of the Bundle and "[redacted]".
func (b Bundle) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "Bundle("+cleanWord(b.Type)+")"+phi.Redacted)
}

// LogValue implements slog.LogValuer.
func (b Bundle) LogValue() slog.Value {
	return slog.StringValue("Bundle(" + cleanWord(b.Type) + ")" + phi.Redacted)
}

// Format prints the type of the resource and "[redacted]".
func (e Entry) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Resource.typ+phi.Redacted) }

// LogValue implements slog.LogValuer.
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.Resource.typ + phi.Redacted) }

// cleanWord lets only a code through: Bundle.type is the sender's text.
func cleanWord(s string) string {
	for _, c := range s {
		if c < 'a' || c > 'z' {
			if c != '-' {
				return "?"
			}
		}
	}
	return s
}
