package intake

import (
	"context"
	"strconv"
	"time"

	"shlkiosk/sync/fhir"
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
	room := 2 // exact for plain keys: a member may be a document of megabytes
	for _, m := range o {
		room += len(m.Key) + len(m.Raw) + 4
	}
	b := append(make([]byte, 0, room), '{')
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, fhir.Quote(m.Key)...)
		b = append(b, ':')
		b = append(b, m.Raw...)
	}
	return append(b, '}')
}

func text(s string) []byte { return fhir.Quote(s) }

func boolean(b bool) []byte { return strconv.AppendBool(nil, b) }

func number(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

func fraction(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

func list(items ...[]byte) []byte {
	room := 2
	for _, it := range items {
		room += len(it) + 1
	}
	b := append(make([]byte, 0, room), '[')
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, it...)
	}
	return append(b, ']')
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
		if err := d.theDevice(ctx, device); err != nil {
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
		{Key: "identifier", Raw: list(identifier(SystemKiosk, d.deviceName()))},
		{Key: "status", Raw: text("active")},
		{Key: "deviceName", Raw: list(object{{Key: "name", Raw: text(d.opt.Kiosk)}, {Key: "type", Raw: text("user-friendly-name")}}.raw())},
		{Key: "type", Raw: object{{Key: "text", Raw: text("Check-in kiosk")}}.raw()},
		{Key: "version", Raw: list(object{{Key: "value", Raw: text(d.opt.Software)}}.raw())},
	}
}
