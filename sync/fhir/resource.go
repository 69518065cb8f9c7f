package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"shlkiosk/sync/phi"
)

// Resource is one FHIR resource, byte for byte as it was parsed. It is a small
// value; copies share the bytes, which nobody may change.
type Resource struct {
	raw []byte
	typ string
	id  string
}

// ParseResource scans b and returns it as a resource. A byte order mark and
// white space around the document are dropped, nothing else is changed. The
// resource keeps b. Errors are *Error.
func ParseResource(b []byte, lim Limits) (Resource, error) {
	o, err := accept(b, lim.orDefault(), 0)
	if err != nil {
		return Resource{}, err
	}
	if o.root.typ == "" {
		return Resource{}, &Error{Op: "parse resource", Reason: ReasonNotFHIR, Offset: -1}
	}
	return o.root, nil
}

func accept(b []byte, lim Limits, entries int) (outline, error) {
	if len(b) > lim.MaxBytes {
		return outline{}, &Error{Op: "scan", Reason: ReasonTooLarge, Offset: -1}
	}
	o, err := scan(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), lim.MaxDepth, entries)
	if err != nil {
		return outline{}, err
	}
	return o, nil
}

// view makes a Resource of bytes that scan has accepted. Its type is "" when
// they are not a resource.
func view(b []byte) Resource {
	r := Resource{raw: b}
	v := Value{raw: b}
	for m := range v.members() {
		switch {
		case m.is("resourceType"):
			r.typ = m.value.String()
		case m.is("id"):
			r.id = m.value.String()
		}
	}
	if !typeName(r.typ) {
		r.typ = ""
	}
	return r
}

// typeName tells whether s could name a resource type, so that it can stand in
// a URL without care.
func typeName(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	})
}

// Type is the resourceType, "" for the zero Resource and for an entry of a
// Bundle that is no resource.
func (r Resource) Type() string { return r.typ }

// ID is the logical id, "" when there is none.
func (r Resource) ID() string { return r.id }

// Raw is the resource as written. It must not be changed.
func (r Resource) Raw() json.RawMessage { return r.raw }

// Value is the view of the whole resource.
func (r Resource) Value() Value { return Value{raw: r.raw} }

// Get follows a path from the root; see [Value.Get].
func (r Resource) Get(path ...any) Value { return r.Value().Get(path...) }

// Format prints the type and "[redacted]" for every verb.
func (r Resource) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.typ+phi.Redacted) }

// LogValue implements slog.LogValuer.
func (r Resource) LogValue() slog.Value { return slog.StringValue(r.typ + phi.Redacted) }
