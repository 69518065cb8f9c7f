package fhir

import (
	"bytes"
	"iter"
	"strings"
)

// Reference is one place in a resource that points to another resource.
type Reference struct {
	Object     Value  // the Reference, or the Attachment
	URI        Value  // its reference or url: the string that points
	Attachment bool   // an Attachment.url, which may point to a Binary
	Contained  bool   // it stands inside a contained resource
	Key        string // the element that holds the object: "subject", "entry"
}

// Text is what the reference says.
func (r Reference) Text() string { return r.URI.String() }

// References walks every Reference.reference of the resource, those of
// contained resources and extensions included, and every Attachment.url, in
// the order of the bytes. A `url` of an extension or of the resource itself is
// a name, not a pointer, and is not visited; Reference elements that only have
// an identifier or display are not visited either.
func (r Resource) References() iter.Seq[Reference] {
	return func(yield func(Reference) bool) { walkReferences(r.raw, yield) }
}

// frame is an open object or array of the walk.
type frame struct {
	start     int
	object    bool
	key       []byte // under which it hangs; an array hands its key to its elements
	contained bool
}

// walkReferences passes once over the bytes with a stack of its own: walking
// by nested views would read each byte once for every level above it.
func walkReferences(b []byte, yield func(Reference) bool) {
	var stack []frame
	var key []byte
	for i := 0; i < len(b); {
		switch b[i] {
		case '{', '[':
			f := frame{start: i, object: b[i] == '{', key: key}
			if n := len(stack); n > 0 {
				f.contained = stack[n-1].contained || n == 1 && string(key) == "contained"
				if !stack[n-1].object {
					f.key = stack[n-1].key
				}
			}
			stack = append(stack, f)
			i++
		case '}', ']':
			stack = stack[:max(0, len(stack)-1)]
			i++
		case '"':
			end := skipString(b, i)
			next := skipSpace(b, end)
			inObject := len(stack) > 0 && stack[len(stack)-1].object
			if inObject && next < len(b) && b[next] == ':' {
				key = plainKey(b[i+1 : end-1])
				at := skipSpace(b, next+1)
				if at < len(b) && b[at] == '"' {
					vend := skipString(b, at)
					if ref, ok := pointer(b, stack, key, at, vend); ok && !yield(ref) {
						return
					}
					i = vend
					continue
				}
				i = at
				continue
			}
			i = end
		default:
			i++
		}
	}
}

func pointer(b []byte, stack []frame, key []byte, at, end int) (Reference, bool) {
	f := stack[len(stack)-1]
	switch string(key) {
	case "reference":
	case "url":
		if len(stack) == 1 {
			return Reference{}, false
		}
		switch string(f.key) {
		case "extension", "modifierExtension", "contained":
			return Reference{}, false
		}
	default:
		return Reference{}, false
	}
	stop := skipValue(b, f.start)
	return Reference{
		Object:     Value{raw: b[f.start:stop:stop], off: f.start},
		URI:        Value{raw: b[at:end:end], off: at},
		Attachment: string(key) == "url",
		Contained:  f.contained,
		Key:        keyName(f.key),
	}, true
}

// plainKey is a member name without its escapes, in place where it has none.
func plainKey(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	return unescape(raw)
}

// keyName makes the names under which references are found a string, without
// allocating for the common ones.
func keyName(key []byte) string {
	switch string(key) {
	case "subject":
		return "subject"
	case "patient":
		return "patient"
	case "encounter":
		return "encounter"
	case "performer":
		return "performer"
	case "target":
		return "target"
	case "entry":
		return "entry"
	}
	return string(key)
}

// Literal is a reference split into its parts.
type Literal struct {
	Base    string // "https://server/fhir", "" when relative
	Type    string
	ID      string
	Version string
}

// Local is "Type/ID".
func (l Literal) Local() string { return l.Type + "/" + l.ID }

// ParseLiteral reads "Type/id", "Type/id/_history/v" and the same behind an
// http(s) base. ok is false for everything else: urn:, #fragment, conditional
// (Type?query), canonical and free text.
func ParseLiteral(s string) (l Literal, ok bool) {
	if strings.ContainsAny(s, "?# \t\r\n\\") {
		return Literal{}, false
	}
	l.Base, l.Type, l.ID = lastTwo(s)
	if l.Type == "_history" && strings.IndexByte(l.Base, '/') >= 0 {
		if !idText(l.ID) {
			return Literal{}, false
		}
		l.Version = l.ID
		l.Base, l.Type, l.ID = lastTwo(l.Base)
	}
	if !typeName(l.Type) || !idText(l.ID) {
		return Literal{}, false
	}
	if l.Base != "" && !strings.HasPrefix(l.Base, "http://") && !strings.HasPrefix(l.Base, "https://") {
		return Literal{}, false
	}
	return l, true
}

// lastTwo splits off the last two segments of a path.
func lastTwo(s string) (base, typ, id string) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", "", s
	}
	base, id = s[:i], s[i+1:]
	j := strings.LastIndexByte(base, '/')
	if j < 0 {
		return "", base, id
	}
	return base[:j], base[j+1:], id
}

// idText is the grammar of a logical id (FHIR R4 datatypes, id), without its
// limit of 64 characters, which senders do break.
func idText(s string) bool {
	if s == "" || len(s) > 256 || s == "." || s == ".." {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_')
	})
}
