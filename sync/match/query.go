package match

import (
	"encoding/json"
	"fmt"

	"shlkiosk/sync/fhir"
)

// Query makes the Patient that is sent to $match: names, birth date, gender,
// telecom, addresses and identifiers, and nothing else of the record. A whole
// SSN or ITIN becomes its last four digits (CMS proposal: SHALL NOT be sent);
// identifiers and numbers that are placeholders, and nine digits in the dress
// of an SSN under any system, are dropped. ok is false when the server could
// do nothing with it (no identifier, name, birth date, phone or email).
func Query(patient fhir.Resource) (q fhir.Resource, ok bool, err error) {
	out := map[string]any{"resourceType": "Patient"}
	for _, field := range []string{"name", "birthDate", "gender"} {
		if v := patient.Get(field); v.Exists() {
			out[field] = v.Raw()
			ok = ok || field != "gender"
		}
	}
	if list := telecoms(patient.Get("telecom")); len(list) > 0 {
		out["telecom"], ok = list, true
	}
	if a := patient.Get("address"); a.IsArray() {
		out["address"] = a.Raw()
	}
	if list := identifiers(patient.Get("identifier")); len(list) > 0 {
		out["identifier"], ok = list, true
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return fhir.Resource{}, false, fmt.Errorf("match: build query: %w", err)
	}
	q, err = fhir.ParseResource(raw, fhir.DefaultLimits())
	if err != nil {
		return fhir.Resource{}, false, fmt.Errorf("match: build query: %w", err)
	}
	return q, ok, nil
}

func telecoms(v fhir.Value) (list []any) {
	for _, t := range v.Elements() {
		value := t.Get("value").String()
		if phone(value) == "" && email(value) == "" {
			continue
		}
		m := map[string]any{"value": value}
		for _, k := range []string{"system", "use"} {
			if s := t.Get(k).String(); s != "" {
				m[k] = s
			}
		}
		list = append(list, m)
	}
	return list
}

func identifiers(v fhir.Value) (list []any) {
	for _, id := range v.Elements() {
		kind, value := readIdentifier(id)
		m := map[string]any{}
		switch kind {
		case idNone, idMember:
			continue
		case idSSN:
			m["system"], m["value"] = systemSSN, value[len(value)-4:]
		case idITIN:
			m["system"], m["value"] = systemITIN, value[len(value)-4:]
		default:
			m["system"], m["value"] = id.Get("system").String(), id.Get("value").String()
			if t := id.Get("type"); t.IsObject() {
				m["type"] = t.Raw()
			}
		}
		list = append(list, m)
	}
	return list
}
