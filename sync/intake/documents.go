package intake

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/summary"
)

// inlineOriginal is how large a kept original may be inside a transaction.
const inlineOriginal = 30 << 20

// originals keeps each file whole, so that every derived entry can be traced.
// When the patient left something out, the copy is made without it: a
// complete copy would file what the patient kept back.
func (d *delivery) originals() {
	for i := range d.env.Files {
		if d.loose(i) {
			continue
		}
		body, what := d.env.Files[i].Bytes, "Patient-shared record as received"
		if d.plan.leftSomething() {
			body, what = d.plan.without(i), "Patient-shared record without what the patient left out"
		}
		if len(body) == 0 || len(body) > inlineOriginal {
			d.plan.note("original-not-kept")
			continue
		}
		d.document("original-"+strconv.Itoa(i), i, body, what)
	}
}

// loose tells a file that is a document by itself, such as a PDF: nothing in
// it is FHIR.
func (d *delivery) loose(i int) bool { return d.plan.bundles[i].Raw == nil }

// looseFiles files such documents. They are the patient's content and count as
// such in the receipt.
func (d *delivery) looseFiles() {
	for i, f := range d.env.Files {
		if !d.loose(i) || len(f.Bytes) == 0 {
			continue
		}
		source := "file:" + strconv.Itoa(i)
		switch {
		case slices.Contains(d.env.LeaveOut, summary.Key(i, 0)):
			d.aside(source, leftOut, WhyPatient)
		case len(f.Bytes) > inlineOriginal:
			d.aside(source, refused, WhyTooLarge)
		case !documentKind(f.ContentType):
			d.aside(source, refused, WhyType)
		default:
			if it := d.document("file-"+strconv.Itoa(i), i, f.Bytes, "Document shared by the patient"); it != nil {
				it.source = source
			} else {
				d.aside(source, refused, WhyServerType)
			}
		}
	}
}

// aside accounts for a file that is not filed.
func (d *delivery) aside(source string, v verdict, why string) {
	it := d.plan.addedItem(source, "DocumentReference")
	it.res, _ = fhir.ParseResource([]byte(`{"resourceType":"DocumentReference"}`), fhir.Limits{})
	it.base, it.source, it.verdict, it.why = it.res, source, v, why
	d.added = append(d.added, it)
}

// document files bytes as a DocumentReference of their own.
func (d *delivery) document(name string, i int, body []byte, what string) *item {
	ct, _, _ := strings.Cut(d.env.Files[i].ContentType, ";")
	if ct = strings.TrimSpace(ct); ct == "" {
		ct = fhir.MediaType
	}
	sum := sha256.Sum256(body)
	data := make([]byte, 0, 2+base64.StdEncoding.EncodedLen(len(body)))
	data = append(base64.StdEncoding.AppendEncode(append(data, '"'), body), '"')
	return d.put(name, "DocumentReference", object{
		{Key: "identifier", Raw: list(identifier(SystemDocument, hex.EncodeToString(sum[:])))},
		{Key: "status", Raw: text("current")},
		{Key: "type", Raw: object{{Key: "coding", Raw: list(coding("http://loinc.org", "34133-9", "Summary of episode note"))}, {Key: "text", Raw: text(what)}}.raw()},
		{Key: "category", Raw: list(concept("https://cms.gov/fhir/CodeSystem/patient-shared-category", "patient-shared", "Patient Shared"))},
		{Key: "subject", Raw: refTo(d.plan.subject.key)},
		{Key: "date", Raw: instant(d.env.Journal.Recorded)},
		{Key: "author", Raw: list(refTo(d.plan.subject.key))},
		{Key: "custodian", Raw: object{{Key: "display", Raw: text(d.opt.Organization)}}.raw()},
		{Key: "description", Raw: text(what)},
		{Key: "content", Raw: list(object{{Key: "attachment", Raw: object{
			{Key: "contentType", Raw: text(ct)},
			{Key: "data", Raw: data},
			{Key: "size", Raw: number(len(body))},
			{Key: "title", Raw: text(what)},
		}.raw()}}.raw())},
	})
}

// without is file i less the entries that stay out by the patient's choice;
// nil when it cannot be taken apart.
func (p *plan) without(i int) []byte {
	b := p.bundles[i]
	if b.Raw == nil || p.env.Files[i].FHIR != nil {
		return nil // a PDF or a signed card is whole or nothing
	}
	root, err := fhir.ParseResource(b.Raw, fhir.Limits{MaxBytes: len(b.Raw) + 1})
	if err != nil || root.Type() != "Bundle" {
		return nil
	}
	out := map[int]bool{}
	prose := map[int]bool{}
	for e, entry := range b.Entries {
		it := p.at[fhir.Place{Bundle: i, Entry: e}]
		out[entry.Index] = it.why == WhyPatient
		prose[entry.Index] = it.res.Type() == "Composition"
	}
	var keep [][]byte
	for n, e := range root.Get("entry").Elements() {
		switch {
		case out[n]:
		case prose[n]:
			if e := proseless(e); e != nil {
				keep = append(keep, e)
			}
		default:
			keep = append(keep, e.Raw())
		}
	}
	ed := fhir.NewEditor(root)
	ed.Replace(root.Get("entry"), list(keep...))
	r, err := ed.Done()
	if err != nil {
		return nil
	}
	return r.Raw()
}

// proseless is a Bundle entry with a Composition whose prose is taken out; nil
// when that cannot be done.
func proseless(entry fhir.Value) []byte {
	r, err := fhir.ParseResource(entry.Get("resource").Raw(), fhir.Limits{})
	if err != nil {
		return nil
	}
	drop := func(k string) bool { return k == "text" || k == "_text" }
	ed := fhir.NewEditor(r)
	for _, s := range sections(r.Get("section")) {
		ed.Object(s, drop)
	}
	ed.Object(r.Value(), drop)
	if r, err = ed.Done(); err != nil {
		return nil
	}
	o := object{{Key: "resource", Raw: r.Raw()}}
	if u := entry.Get("fullUrl"); u.Exists() {
		o = append(object{{Key: "fullUrl", Raw: u.Raw()}}, o...)
	}
	return o.raw()
}

// sameDocuments finds the kept originals of an earlier import in an existing
// chart.
func (d *delivery) sameDocuments(ctx context.Context) error {
	if d.env.Journal.NewChart || d.env.Journal.Chart == "" {
		return nil
	}
	for _, it := range d.added {
		if it.res.Type() != "DocumentReference" || it.ref != "" || it.verdict != file {
			continue
		}
		want := it.res.Get("identifier", 0, "value").String()
		rs, err := d.opt.Client.Search(ctx, "DocumentReference", url.Values{
			"patient": {d.env.Journal.Chart}, "identifier": {SystemDocument + "|" + want}}, 50)
		if err != nil && len(rs) == 0 {
			if unsupported(err) {
				continue
			}
			return err
		}
		for _, r := range rs {
			id := r.Get("identifier", 0)
			if id.Get("system").String() == SystemDocument && id.Get("value").String() == want && d.aboutChart(r) {
				d.done(it, "DocumentReference/"+r.ID(), true, WhySameContent)
				break
			}
		}
	}
	return nil
}
