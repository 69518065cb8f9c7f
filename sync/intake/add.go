package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/summary"
)

// The systems of what an import adds.
const (
	SystemKiosk    = "urn:shlkiosk:kiosk"    // identifier of the Device
	SystemDocument = "urn:shlkiosk:document" // identifier of the kept original: its SHA-256
	SystemSource   = "urn:shlkiosk:source"   // identifier of the source: SHA-256 of the link's address
)

// object writes JSON members in the order given; it exists because the bodies
// that an import adds should be readable and stable.
type object []fhir.Member

func (o object) raw() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(fhir.Quote(m.Key))
		b.WriteByte(':')
		b.Write(m.Raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func text(s string) []byte { return fhir.Quote(s) }

func boolean(b bool) []byte { return strconv.AppendBool(nil, b) }

func number(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

func fraction(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

func list(items ...[]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(items, []byte{','})...), ']')
}

func coding(system, code, display string) []byte {
	o := object{{Key: "system", Raw: text(system)}, {Key: "code", Raw: text(code)}}
	if display != "" {
		o = append(o, fhir.Member{Key: "display", Raw: text(display)})
	}
	return o.raw()
}

func concept(system, code, display string) []byte {
	return object{{Key: "coding", Raw: list(coding(system, code, display))}}.raw()
}

func refTo(ref string) []byte { return object{{Key: "reference", Raw: text(ref)}}.raw() }

func identifier(system, value string) []byte {
	return object{{Key: "system", Raw: text(system)}, {Key: "value", Raw: text(value)}}.raw()
}

func instant(t time.Time) []byte { return text(t.UTC().Format(time.RFC3339)) }

// add makes what an import files beside the patient's entries: the original
// documents, the kiosk as Device, Consent, Provenance and AuditEvent. When the
// record brought nothing new, it adds nothing.
func (d *delivery) add(ctx context.Context) error {
	d.added = nil
	d.looseFiles()
	if err := d.sameDocuments(ctx); err != nil {
		return err
	}
	if len(d.todo()) == 0 && !d.anyCreated() {
		return nil
	}
	device := d.put("device", "Device", d.device())
	if device != nil && device.ref == "" {
		if err := d.findDevice(ctx, device); err != nil {
			return err
		}
	}
	d.originals()
	d.consent()
	d.provenance(device)
	d.audit(device)
	if d.env.Journal.Phase == PhaseSending {
		types := map[string]bool{}
		for _, it := range d.added {
			types[it.res.Type()] = types[it.res.Type()] || it.ref == ""
		}
		found, err := d.stamped(ctx, types)
		if err != nil {
			return err
		}
		for _, it := range d.added {
			if ref := found[it.key]; ref != "" && it.ref == "" {
				d.done(it, ref, false, "")
			}
		}
	}
	return d.sameDocuments(ctx)
}

// put makes one added resource and takes from the journal what became of it.
func (d *delivery) put(name, typ string, o object) *item {
	p := d.plan
	if !takes(d.caps, typ) {
		p.note("server-lacks-" + typ)
		return nil
	}
	it := p.addedItem(name, typ)
	body := append(object{{Key: "resourceType", Raw: text(typ)}, {Key: "meta", Raw: p.meta(it)}}, o...)
	r, err := fhir.ParseResource(body.raw(), fhir.Limits{MaxBytes: 200 << 20})
	if err != nil {
		p.note("not-added-" + typ)
		return nil
	}
	it.res, it.base = r, r
	if done, ok := d.env.Journal.Done[it.key]; ok {
		it.ref = done.Reference
		if done.Existing {
			it.verdict, it.why = existing, done.Why
		}
	}
	if code, ok := d.env.Journal.Refused[it.key]; ok {
		it.verdict, it.why = refused, WhyServer+":"+code
	}
	d.added = append(d.added, it)
	return it
}

func (d *delivery) device() object {
	return object{
		{Key: "identifier", Raw: list(identifier(SystemKiosk, d.opt.Organization+"/"+d.opt.Kiosk))},
		{Key: "status", Raw: text("active")},
		{Key: "deviceName", Raw: list(object{{Key: "name", Raw: text(d.opt.Kiosk)}, {Key: "type", Raw: text("user-friendly-name")}}.raw())},
		{Key: "type", Raw: object{{Key: "text", Raw: text("Check-in kiosk")}}.raw()},
		{Key: "version", Raw: list(object{{Key: "value", Raw: text(d.opt.Software)}}.raw())},
	}
}

// findDevice reuses the Device that an earlier import made for this kiosk.
func (d *delivery) findDevice(ctx context.Context, it *item) error {
	want := d.opt.Organization + "/" + d.opt.Kiosk
	rs, err := d.opt.Client.Search(ctx, "Device", url.Values{"identifier": {SystemKiosk + "|" + want}}, 20)
	if err != nil && len(rs) == 0 {
		if unsupported(err) {
			return nil
		}
		return err
	}
	for _, r := range rs {
		for _, id := range r.Get("identifier").Elements() {
			if id.Get("system").String() == SystemKiosk && id.Get("value").String() == want && r.Get("status").String() != "entered-in-error" {
				own := d.entryKey(r) == it.key // of an earlier try
				d.done(it, "Device/"+r.ID(), !own, WhySameID)
				return nil
			}
		}
	}
	return nil
}

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

// consent records what was agreed to and how much was left out, by kind and
// number: naming the things would undo the choice.
func (d *delivery) consent() {
	c := d.env.Consent
	at := c.At
	if at.IsZero() {
		at = d.env.Journal.Recorded
	}
	left := map[string]int{}
	var kinds []string
	for _, it := range d.plan.items {
		if it.why == WhyPatient {
			if left[it.res.Type()] == 0 {
				kinds = append(kinds, it.res.Type())
			}
			left[it.res.Type()]++
		}
	}
	var denied [][]byte
	for _, k := range kinds {
		denied = append(denied, object{
			{Key: "type", Raw: text("deny")},
			{Key: "class", Raw: list(coding("http://hl7.org/fhir/resource-types", k, ""))},
			{Key: "code", Raw: list(object{{Key: "text", Raw: text(strconv.Itoa(left[k]) + " left out by the patient")}}.raw())},
		}.raw())
	}
	words := strings.TrimSpace(strings.Join([]string{c.Text, c.Version, c.Language}, " "))
	if words == "" {
		words = "not recorded"
	}
	provision := object{{Key: "type", Raw: text("permit")},
		{Key: "period", Raw: object{{Key: "start", Raw: instant(at)}}.raw()}}
	if len(denied) > 0 {
		provision = append(provision, fhir.Member{Key: "provision", Raw: list(denied...)})
	}
	o := object{
		{Key: "status", Raw: text("active")},
		{Key: "scope", Raw: concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy Consent")},
		{Key: "category", Raw: list(concept("http://loinc.org", "59284-0", "Consent Document"))},
		{Key: "patient", Raw: refTo(d.plan.subject.key)},
		{Key: "dateTime", Raw: instant(at)},
		{Key: "organization", Raw: list(object{{Key: "display", Raw: text(d.opt.Organization)}}.raw())},
		{Key: "policyRule", Raw: object{{Key: "text", Raw: text("Words shown at the kiosk: " + words)}}.raw()},
		{Key: "provision", Raw: provision.raw()},
	}
	if !d.env.OnBehalf {
		o = append(o, fhir.Member{Key: "performer", Raw: list(refTo(d.plan.subject.key))})
	} else {
		o = append(o, fhir.Member{Key: "performer", Raw: list(object{{Key: "display", Raw: text("A person who cares for the patient")}}.raw())})
	}
	d.put("consent", "Consent", o)
}

const systemParticipant = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"

// provenance vouches for all that was created (reliability.md 4).
func (d *delivery) provenance(device *item) {
	var targets [][]byte
	for _, it := range append(append([]*item{}, d.plan.items...), d.added...) {
		if it.verdict == file {
			targets = append(targets, refTo(it.key))
		}
	}
	who := object{{Key: "display", Raw: text("Kiosk " + d.opt.Kiosk)}}.raw()
	if device != nil {
		who = refTo(device.key)
	}
	agent := func(code, display string, who []byte) []byte {
		return object{{Key: "type", Raw: concept(systemParticipant, code, display)}, {Key: "who", Raw: who}}.raw()
	}
	var sources [][]byte
	for _, f := range d.env.Files {
		where := d.env.Source.Host
		if where == "" {
			where = d.env.Source.Kind
		}
		what := object{{Key: "identifier", Raw: identifier("urn:ietf:rfc:3986", "urn:sha256:"+f.SHA256)},
			{Key: "display", Raw: text(strings.TrimSpace("Shared record from " + where))}}
		if d.env.Source.LinkHash != "" {
			what[0].Raw = identifier(SystemSource, d.env.Source.LinkHash)
			what[1].Raw = text("Shared record from " + where + ", content SHA-256 " + f.SHA256)
		}
		sources = append(sources, object{{Key: "role", Raw: text("source")}, {Key: "what", Raw: what.raw()}}.raw())
	}
	o := object{
		{Key: "target", Raw: list(targets...)},
		{Key: "recorded", Raw: instant(d.env.Journal.Recorded)},
		{Key: "policy", Raw: list(text("urn:shlkiosk:consent:" + url.PathEscape(d.env.Consent.Text) + ":" + url.PathEscape(d.env.Consent.Version)))},
		{Key: "activity", Raw: object{{Key: "coding", Raw: list(coding("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "CREATE", "create"))},
			{Key: "text", Raw: text(provenanceWords(d.env))}}.raw()},
		{Key: "agent", Raw: list(
			agent("assembler", "Assembler", who),
			agent("author", "Author", refTo(d.plan.subject.key)),
			agent("custodian", "Custodian", object{{Key: "display", Raw: text(d.opt.Organization)}}.raw()))},
	}
	if len(sources) > 0 {
		o = append(o, fhir.Member{Key: "entity", Raw: list(sources...)})
	}
	if len(targets) > 0 {
		d.put("provenance", "Provenance", o)
	}
}

func provenanceWords(env *Envelope) string {
	att := env.Source.Attestation
	if att == "" {
		att = "none"
	}
	return "Import of a patient-shared record; app attestation: " + att
}

// audit writes the receipt of personal data as IHE BALP has it: a disclosure,
// seen from the one who receives.
func (d *delivery) audit(device *item) {
	who := object{{Key: "display", Raw: text("Kiosk " + d.opt.Kiosk)}}.raw()
	if device != nil {
		who = refTo(device.key)
	}
	host := d.env.Source.Host
	if host == "" {
		host = d.env.Source.Kind
	}
	dcm := "http://dicom.nema.org/resources/ontology/DCM"
	d.put("audit", "AuditEvent", object{
		{Key: "type", Raw: coding(dcm, "110107", "Import")},
		{Key: "subtype", Raw: list(coding("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose", "Disclose"))},
		{Key: "action", Raw: text("C")},
		{Key: "recorded", Raw: instant(d.env.Journal.Recorded)},
		{Key: "outcome", Raw: text("0")},
		{Key: "purposeOfEvent", Raw: list(concept("http://terminology.hl7.org/CodeSystem/v3-ActReason", "PATRQT", "patient requested"))},
		{Key: "agent", Raw: list(
			object{{Key: "type", Raw: concept(dcm, "110153", "Source Role ID")}, {Key: "name", Raw: text(host)}, {Key: "requestor", Raw: []byte("false")}}.raw(),
			object{{Key: "type", Raw: concept(dcm, "110152", "Destination Role ID")}, {Key: "who", Raw: who}, {Key: "requestor", Raw: []byte("true")}}.raw())},
		{Key: "source", Raw: object{{Key: "site", Raw: text(strings.TrimSpace(d.opt.Organization + " " + d.opt.Site))}, {Key: "observer", Raw: who}}.raw()},
		{Key: "entity", Raw: list(object{
			{Key: "what", Raw: refTo(d.plan.subject.key)},
			{Key: "type", Raw: coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person")},
			{Key: "role", Raw: coding("http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient")}}.raw(),
			object{{Key: "what", Raw: object{{Key: "identifier", Raw: identifier(SystemImport, d.env.ID)}}.raw()}}.raw())},
	})
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
