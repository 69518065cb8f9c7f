package intake

import (
	"net/url"
	"strconv"
	"strings"

	"shlkiosk/sync/fhir"
)

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
