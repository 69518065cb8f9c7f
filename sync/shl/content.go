package shl

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"mime"
	"strings"

	"shlkiosk/sync/phi"
)

// Media types of the standard and of attachments.
const (
	TypeFHIR      = "application/fhir+json"
	TypeCard      = "application/smart-health-card"
	TypeAPIAccess = "application/smart-api-access"
	TypePDF       = "application/pdf"
)

// Content is what a file really is.
type Content string

// The contents told apart.
const (
	ContentFHIR  Content = "fhir"       // JSON with resourceType
	ContentCard  Content = "card"       // JSON with verifiableCredential
	ContentJWS   Content = "card-jws"   // one bare card
	ContentAPI   Content = "api-access" // token response: recognised, not kept
	ContentPDF   Content = "pdf"
	ContentImage Content = "image"
	ContentOther Content = "other" // declared, harmless to keep, not shown: text, RTF, C-CDA
)

// File notes.
const (
	NoteTypeContradicts Note = "content-type-contradicts-content"
	NoteTypeMissing     Note = "content-type-missing"
	NoteManifestType    Note = "manifest-type-differs"
	NoteKidDiffers      Note = "kid-differs"
	NoteZlib            Note = "zip-zlib-wrapped"
	NoteCardInClear     Note = "card-in-the-clear"
	NoteSnapshot        Note = "can-change"
	NoteEmbeddedAndLoc  Note = "embedded-and-location"
	NoteEmbeddedTooLong Note = "embedded-above-maximum"
	NoteStatusUnknown   Note = "status-unknown"
	NoteLive            Note = "live-access"                 // came through smart-api-access
	NoteLiveMore        Note = "live-access-more"            // the answer has further pages that were not fetched
	NoteAnswerType      Note = "answer-not-application-jose" // of a Record
)

// File is one opened file.
type File struct {
	Index       int     // position in the manifest, 0 for a direct file
	ContentType string  // what it is, without parameters
	Declared    string  // what cty or the manifest said, without parameters
	Content     Content // decided by the bytes
	FHIRVersion string  // "" means not said: 4.0.1 may be assumed
	Status      string  // "", finalized, can-change
	LastUpdated string
	Bytes       []byte `json:"-"` // plaintext; nil for api-access
	Size        int
	SHA256      string // hex, over the plaintext
	Compressed  bool
	// APIHost is, for api-access, the FHIR server the token is for.
	APIHost string
	Notes   []Note

	access *access // only until the end of Resolve
}

// Format prints what a log may hold.
func (f File) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "file %d %s %s %d bytes %v", f.Index, f.Content, f.ContentType, f.Size, f.Notes)
}

// LogValue implements slog.LogValuer.
func (f File) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(f)) }

// Wipe overwrites the plaintext.
func (f *File) Wipe() {
	phi.Wipe(f.Bytes)
	f.Bytes = nil
	f.access.wipe()
	f.access = nil
}

// mediaType is a type in lower case without parameters; RFC 7515 4.1.10 lets
// "application/" be left out.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s = strings.ToLower(strings.TrimSpace(s))
	if s != "" && !strings.Contains(s, "/") {
		s = "application/" + s
	}
	return word(s, "abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+/", 127) // RFC 6838 4.2
}

// word lets text of the network through only when it is made of the given
// characters: these fields reach screens and logs.
func word(s, of string, most int) string {
	if len(s) > most || strings.Trim(s, of) != "" {
		return ""
	}
	return s
}

func version(s string) string {
	return word(strings.TrimSpace(s), "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-", 32)
}

func instant(s string) string { return word(strings.TrimSpace(s), "0123456789-:.+TZ", 40) }

func fhirVersionOf(contentType string) string {
	if !strings.Contains(contentType, ";") {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return version(params["fhirversion"])
}

// judge decides what a plaintext is: cty, then the manifest, then the shape;
// and where they contradict each other, the shape (receiver.md item 37).
func judge(f *File, cty, manifest string) *Error {
	f.Declared = mediaType(cty)
	if f.Declared == "" {
		f.Declared = mediaType(manifest)
	} else if m := mediaType(manifest); m != "" && m != f.Declared {
		f.note(NoteManifestType)
	}
	if f.FHIRVersion == "" {
		f.FHIRVersion = fhirVersionOf(cty)
	}
	if f.FHIRVersion == "" {
		f.FHIRVersion = fhirVersionOf(manifest)
	}
	if len(bytes.TrimSpace(f.Bytes)) == 0 {
		return fail(StageBundle, ContentEmpty, "")
	}
	f.Size = len(f.Bytes)
	sum := sha256.Sum256(f.Bytes)
	f.SHA256 = hex.EncodeToString(sum[:])
	f.Content, f.ContentType = sniff(f.Bytes)
	if f.Content == "" {
		switch f.Declared {
		case "", TypeFHIR, TypeCard, TypeAPIAccess, TypePDF, "application/json":
			return fail(StageBundle, ContentUnknown, f.Declared)
		}
		if strings.HasPrefix(f.Declared, "image/") || strings.HasPrefix(f.Declared, "video/") {
			return fail(StageBundle, ContentUnknown, "bytes are not of the declared type")
		}
		f.Content, f.ContentType = ContentOther, f.Declared
	}
	switch {
	case f.Declared == "":
		f.note(NoteTypeMissing)
	case f.Declared != f.ContentType && !(f.Content == ContentJWS && f.Declared == TypeCard) && f.Content != ContentOther:
		f.note(NoteTypeContradicts)
	}
	if f.Content == ContentAPI {
		f.takeAccess()
	}
	return nil
}

func (f *File) note(n Note) { f.Notes = append(f.Notes, n) }

// sniff decides by the bytes alone; "" when they tell nothing.
func sniff(b []byte) (Content, string) {
	t := bytes.TrimSpace(bytes.TrimPrefix(b[:min(len(b), 4<<10)], []byte("\xef\xbb\xbf")))
	has := func(prefix string) bool { return bytes.HasPrefix(t, []byte(prefix)) }
	switch {
	case has("{"):
		return sniffObject(b)
	case bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")) && !has("<"):
		// The header may stand in the first 1024 bytes (ISO 32000-1 annex H).
		return ContentPDF, TypePDF
	case has("\x89PNG\r\n\x1a\n"):
		return ContentImage, "image/png"
	case has("\xff\xd8\xff"):
		return ContentImage, "image/jpeg"
	case bareJWS(b):
		return ContentJWS, TypeCard
	}
	return "", ""
}

// sniffObject looks at the names at the top of a JSON object, in one pass that
// stops at the first name that decides.
func sniffObject(b []byte) (Content, string) {
	if bytes.HasPrefix(bytes.TrimSpace(b[:min(len(b), 64)]), []byte(`{\rtf`)) {
		return ContentOther, "application/rtf"
	}
	token, aud := false, false
	for name := range topNames(b) {
		switch name {
		case "resourceType":
			return ContentFHIR, TypeFHIR
		case "verifiableCredential":
			return ContentCard, TypeCard
		case "access_token":
			token = true
		case "aud":
			aud = true
		}
		if token && aud {
			return ContentAPI, TypeAPIAccess
		}
	}
	return "", ""
}

// topNames yields the member names of the outermost object. It is no
// validator: it only has to find names in valid JSON and to stop in any other.
func topNames(b []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		depth, name := 0, false
		for i := 0; i < len(b); i++ {
			switch b[i] {
			case '{', '[':
				depth++
				name = depth == 1
			case '}', ']':
				depth--
				if depth <= 0 {
					return
				}
			case ',':
				name = depth == 1
			case ':':
				if depth == 1 {
					name = false
				}
			case '"':
				end := stringEnd(b, i+1)
				if end < 0 {
					return
				}
				if name && end-i < 64 && !yield(string(b[i+1:end])) {
					return
				}
				i = end
			}
		}
	}
}

// stringEnd is the index of the quote that ends the JSON string begun before i.
func stringEnd(b []byte, i int) int {
	for i < len(b) {
		at := bytes.IndexByte(b[i:], '"')
		if at < 0 {
			return -1
		}
		slashes := 0
		for j := i + at - 1; j >= i && b[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i + at
		}
		i += at + 1
	}
	return -1
}
