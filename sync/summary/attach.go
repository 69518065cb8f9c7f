package summary

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"shlkiosk/sync/fhir"
)

// attachments reads every attachment of a DocumentReference, every presented
// form of a DiagnosticReport, and a Binary that stands alone.
func (b *builder) attachments(p fhir.Place, r fhir.Resource, it Item) {
	v := r.Value()
	switch it.Type {
	case "DocumentReference":
		for i, c := range v.Get("content").Elements() {
			b.attachment(p, c.Get("attachment"), Document{Item: it.Key, Index: i, Kind: documentKind(v),
				Title: it.Title, Date: it.Date})
		}
	case "DiagnosticReport":
		for i, a := range v.Get("presentedForm").Elements() {
			b.attachment(p, a, Document{Item: it.Key, Index: i, Kind: DocumentOther, Title: it.Title, Date: it.Date})
		}
	case "Binary":
		d := Document{Item: it.Key, Kind: DocumentOther, ContentType: mediaType(v.Get("contentType").String())}
		b.check(&d, b.decode(p, v), v, true)
		b.view.Documents = append(b.view.Documents, d)
	}
}

// bareFile is a file that is no FHIR: shown when it is a PDF.
func (b *builder) bareFile(f int, file File) {
	key := Key(f, 0)
	switch {
	case isPDF(file.Bytes):
		it := Item{Key: key, Named: NameNone}
		b.sections[Documents] = append(b.sections[Documents], it)
		b.view.Documents = append(b.view.Documents, Document{Item: key, Kind: DocumentOther,
			ContentType: "application/pdf", State: DocumentReady, Size: len(file.Bytes), bytes: file.Bytes})
	case file.Bundle.Raw != nil: // a Bundle without entries
	default:
		b.note(NoteUnreadableFile, []string{key})
	}
}

func (b *builder) attachment(p fhir.Place, a fhir.Value, d Document) {
	d.ContentType = mediaType(a.Get("contentType").String())
	if t := clean(a.Get("title").String(), cutTitle); t != "" {
		d.Title = t
	}
	if c := parseDate(a.Get("creation").String()); d.Date.Zero() {
		d.Date = c
	}
	switch {
	case a.Get("data").IsString():
		data, err := decode64(a.Get("data").String())
		b.check(&d, data, a, err == nil)
	case a.Get("url").IsString():
		b.byURL(p, a, &d)
	default:
		d.State = DocumentMissing
	}
	b.view.Documents = append(b.view.Documents, d)
}

// byURL looks an attachment's address up in the record. A web address that is
// not in the record is not fetched: it would be a second untrusted request,
// made with nobody asking for it.
func (b *builder) byURL(p fhir.Place, a fhir.Value, d *Document) {
	text := a.Get("url").String()
	if rest, ok := strings.CutPrefix(text, "data:"); ok {
		head, body, found := strings.Cut(rest, ",")
		data, err := decode64(body)
		b.check(d, data, a, found && strings.HasSuffix(head, ";base64") && err == nil)
		return
	}
	res := b.index.Resolve(p, text)
	switch res.Standing {
	case fhir.Found:
		target := b.index.Entry(res.Place).Resource
		if target.Type() == "Binary" {
			if d.ContentType == "" {
				d.ContentType = mediaType(target.Get("contentType").String())
			}
			data := b.decode(res.Place, target.Value())
			b.check(d, data, a, data != nil)
			return
		}
	case fhir.Internal:
		for _, c := range b.index.Entry(p).Resource.Get("contained").Elements() {
			if "#"+c.Get("id").String() == text && c.Get("resourceType").String() == "Binary" {
				data, err := decode64(c.Get("data").String())
				b.check(d, data, a, err == nil)
				return
			}
		}
	}
	d.State = DocumentMissing
	if u, err := url.Parse(text); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" {
		d.State, d.Host = DocumentNotFetched, clean(u.Hostname(), 253).Reveal()
	}
}

// decode reads a Binary entry once, however many attachments point to it; nil
// when its data cannot be read.
func (b *builder) decode(p fhir.Place, v fhir.Value) []byte {
	if data, ok := b.binaries[p]; ok {
		return data
	}
	data, err := decode64(v.Get("data").String())
	if err != nil || len(data) == 0 {
		data = nil
	}
	b.binaries[p] = data
	return data
}

// check decides what may be shown: the bytes decoded, size and hash as the
// attachment claims, and no PDF that is none.
func (b *builder) check(d *Document, data []byte, claim fhir.Value, decoded bool) {
	d.Size = len(data)
	switch {
	case !decoded:
		d.State = DocumentBroken
	case len(data) == 0:
		d.State = DocumentMissing
	case !sizeFits(claim.Get("size"), len(data)), !hashFits(claim.Get("hash").String(), data):
		d.State = DocumentBroken
	case d.ContentType == "application/pdf" && !isPDF(data):
		d.State = DocumentMislabeled
	default:
		d.State, d.bytes = DocumentReady, data
	}
}

func sizeFits(claim fhir.Value, n int) bool {
	want, err := strconv.Atoi(claim.Number())
	return err != nil || want == n
}

// hashFits compares Attachment.hash, which is SHA-1 (FHIR R4 datatypes,
// Attachment); senders also put SHA-256 there.
func hashFits(claim string, data []byte) bool {
	want, err := decode64(claim)
	if claim == "" {
		return true
	}
	if err != nil {
		return false
	}
	switch len(want) {
	case sha1.Size:
		sum := sha1.Sum(data)
		return bytes.Equal(want, sum[:])
	case sha256.Size:
		sum := sha256.Sum256(data)
		return bytes.Equal(want, sum[:])
	}
	return false
}

// decode64 reads base64 with the white space that FHIR allows in it, padded
// or not.
func decode64(s string) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		}
		return r
	}, s)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// mediaType cuts parameters and lowers the case.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

// documentKind reads DocumentReference.type (receiver.md 1.8).
func documentKind(v fhir.Value) DocumentKind {
	for _, c := range v.Get("type", "coding").Elements() {
		if c.Get("system").String() != systemLOINC {
			continue
		}
		switch c.Get("code").String() {
		case "60591-5":
			return DocumentRendered
		case "51855-5":
			return DocumentStory
		}
	}
	return DocumentOther
}
