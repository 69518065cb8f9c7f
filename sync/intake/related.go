package intake

import (
	"slices"

	"github.com/google/uuid"

	"shlkiosk/sync/fhir"
)

// A record may hold several Patients: whose record it is, and a subscriber, a
// mother, a child's parent. The one whose record it is goes to the chart. For
// another one the rule is:
//
//   - Where the record says what they are to the patient, they become a
//     RelatedPerson of the chart, and every element that may point to one in R4
//     does. The record says so by a RelatedPerson entry of the patient's that
//     their Patient.link names or that has their name and birth date (that entry
//     then stands for them), by Coverage.relationship where they are the
//     subscriber, or by a FamilyMemberHistory that names them as its record.
//   - Everywhere else (the relation is not said, or the element takes no
//     RelatedPerson) they stay inside the resource that names them.
//
// A Patient of their own is never made: nobody at this kiosk spoke for them.
func (p *plan) relate() {
	made := map[string]*item{}
	for _, t := range p.items {
		if t.verdict != contained || t.kind != person || !p.mayStand(t) {
			continue
		}
		if r := p.relativeEntry(t); r != nil {
			t.stands = r
			continue
		}
		relation := p.relationOf(t)
		if relation == nil {
			continue
		}
		same := sameness(t)
		if made[same] == nil {
			if r := p.relative(t, relation); r != nil {
				made[same] = r
				p.items = append(p.items, r)
			}
		}
		t.stands = made[same]
	}
}

// mayPointToRelated are the elements that R4 lets point to a Patient and to a
// RelatedPerson alike (hl7.org/fhir/R4, the resources' definitions), by the
// name of the element that holds the reference.
var mayPointToRelated = map[string][]string{
	"AllergyIntolerance":       {"recorder", "asserter"},
	"CarePlan":                 {"author", "contributor"},
	"CareTeam":                 {"member"},
	"Composition":              {"author", "party"},
	"Condition":                {"recorder", "asserter"},
	"Coverage":                 {"policyHolder", "subscriber", "payor"},
	"DeviceUseStatement":       {"source"},
	"DocumentReference":        {"author"},
	"Encounter":                {"individual"},
	"ExplanationOfBenefit":     {"party"},
	"Goal":                     {"expressedBy"},
	"Media":                    {"operator"},
	"MedicationAdministration": {"actor"},
	"MedicationRequest":        {"requester", "reportedReference", "performer"},
	"MedicationStatement":      {"informationSource"},
	"Observation":              {"performer"},
	"Procedure":                {"recorder", "asserter", "actor"},
	"QuestionnaireResponse":    {"author", "source"},
	"ServiceRequest":           {"requester", "performer"},
}

func takesRelated(host *item, e edge) bool {
	return !e.at.Attachment && !e.at.Contained && slices.Contains(mayPointToRelated[host.res.Type()], e.at.Key)
}

// mayStand tells whether any filed entry could point to a RelatedPerson in the
// place of t.
func (p *plan) mayStand(t *item) bool {
	return slices.ContainsFunc(p.items, func(host *item) bool {
		return host.verdict == file && slices.ContainsFunc(host.edges, func(e edge) bool { return e.target == t && takesRelated(host, e) })
	})
}

// relativeEntry finds the RelatedPerson of the record that is t.
func (p *plan) relativeEntry(t *item) *item {
	for _, e := range t.edges {
		if r := e.target; r != nil && e.at.Key == "other" && r.res.Type() == "RelatedPerson" && r.verdict == file {
			return r
		}
	}
	same := sameness(t)
	if same == t.key { // it says too little to be known again
		return nil
	}
	for _, r := range p.items {
		if r.res.Type() == "RelatedPerson" && r.verdict == file && sameness(r) == same {
			return r
		}
	}
	return nil
}

const systemRoleCode = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"

// relationToSubscriber turns what the patient is to the subscriber (R4
// subscriber-relationship) into what the subscriber is to the patient. "other"
// and "injured" do not say what; "self" contradicts a Patient entry of its own.
var relationToSubscriber = map[string][2]string{
	"child": {"PRN", "parent"}, "parent": {"CHILD", "child"}, "spouse": {"SPS", "spouse"}, "common": {"DOMPART", "domestic partner"},
}

// relationOf is what t is to the patient, as a CodeableConcept; nil: the record
// does not say.
func (p *plan) relationOf(t *item) []byte {
	for _, host := range p.items {
		if host.verdict != file {
			continue
		}
		for _, e := range host.edges {
			if e.target != t || e.at.Contained {
				continue
			}
			switch {
			case host.res.Type() == "Coverage" && e.at.Key == "subscriber":
				for _, c := range host.res.Get("relationship", "coding").Elements() {
					if r, ok := relationToSubscriber[c.Get("code").String()]; ok {
						return concept(systemRoleCode, r[0], r[1])
					}
				}
			case host.res.Type() == "FamilyMemberHistory" && e.at.Key == "valueReference":
				if rel := host.res.Get("relationship"); rel.Get("coding", 0, "code").Exists() && extends(host.res, "http://hl7.org/fhir/StructureDefinition/familymemberhistory-patient-record") {
					return rel.Raw()
				}
			}
		}
	}
	return nil
}

func extends(r fhir.Resource, url string) bool {
	for _, x := range r.Get("extension").Elements() {
		if x.Get("url").String() == url {
			return true
		}
	}
	return false
}

// relative makes the RelatedPerson of a Patient entry: the elements that both
// have, as they came.
func (p *plan) relative(t *item, relation []byte) *item {
	body := object{{Key: "resourceType", Raw: text("RelatedPerson")}}
	for _, k := range []string{"identifier", "active"} {
		if v := t.res.Get(k); v.Exists() && !pointsSomewhere(v) {
			body = append(body, fhir.Member{Key: k, Raw: v.Raw()})
		}
	}
	body = append(body, fhir.Member{Key: "patient", Raw: refTo(p.subject.key)}, fhir.Member{Key: "relationship", Raw: list(relation)})
	for _, k := range []string{"name", "telecom", "gender", "birthDate", "address", "communication"} {
		if v := t.res.Get(k); v.Exists() && !pointsSomewhere(v) {
			body = append(body, fhir.Member{Key: k, Raw: v.Raw()})
		}
	}
	r, err := fhir.ParseResource(body.raw(), fhir.Limits{})
	if err != nil {
		return nil
	}
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:shlkiosk:import:"+p.env.ID))
	it := &item{place: t.place, source: sourceImport, res: r, kind: inChart,
		key: "urn:uuid:" + uuid.NewSHA1(space, []byte("related|"+t.key)).String()}
	for ref := range r.References() {
		it.edges = append(it.edges, edge{at: ref, target: p.subject, found: fhir.Found})
	}
	return it
}

// pointsSomewhere tells an element with a reference in it (an identifier's
// assigner), which would need a target of its own.
func pointsSomewhere(v fhir.Value) bool { return !clean(v) }

// standFor points a reference to the RelatedPerson that stands for t; false:
// it cannot.
func standFor(ed *fhir.Editor, host *item, e edge, t *item) bool {
	if r := t.stands; r == nil || r.verdict != file && r.verdict != existing || !takesRelated(host, e) {
		return false
	}
	r := t.stands
	for r.twin != nil {
		r = r.twin
	}
	if !e.at.Object.Get("type").Exists() {
		ed.Replace(e.at.URI, fhir.Quote(r.key))
		return true
	}
	ed.Object(e.at.Object, nil, fhir.Member{Key: "reference", Raw: fhir.Quote(r.key)}, fhir.Member{Key: "type", Raw: text("RelatedPerson")})
	return true
}
