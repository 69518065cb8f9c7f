package intake

import (
	"sort"
	"strings"
	"time"

	"shlkiosk/sync/fhir"
)

// facets are the elements that make the clinical meaning of a type: what, when,
// how much, in what state. [x] stands for a choice of types. Two resources of
// one patient that agree in all of them say the same thing; two readings of one
// day differ in time or value and stay two.
var facets = map[string]struct{ what, when, rest []string }{
	"AllergyIntolerance":       {[]string{"code"}, []string{"onset[x]", "recordedDate"}, []string{"clinicalStatus", "verificationStatus", "type", "criticality", "reaction"}},
	"Condition":                {[]string{"code"}, []string{"onset[x]", "recordedDate"}, []string{"clinicalStatus", "verificationStatus", "category", "bodySite", "abatement[x]"}},
	"Coverage":                 {[]string{"type", "subscriberId", "class", "payor"}, []string{"period"}, []string{"status"}},
	"DiagnosticReport":         {[]string{"code"}, []string{"effective[x]", "issued"}, []string{"status", "conclusion", "presentedForm"}},
	"DocumentReference":        {[]string{"type", "content"}, []string{"date"}, []string{"status"}},
	"Encounter":                {[]string{"class", "type"}, []string{"period"}, []string{"status", "reasonCode"}},
	"Goal":                     {[]string{"description"}, []string{"start[x]"}, []string{"lifecycleStatus", "target"}},
	"Immunization":             {[]string{"vaccineCode"}, []string{"occurrence[x]"}, []string{"status", "lotNumber"}},
	"MedicationAdministration": {[]string{"medication[x]"}, []string{"effective[x]"}, []string{"status", "dosage"}},
	"MedicationDispense":       {[]string{"medication[x]"}, []string{"whenHandedOver", "whenPrepared"}, []string{"status", "quantity"}},
	"MedicationRequest":        {[]string{"medication[x]"}, []string{"authoredOn"}, []string{"status", "intent", "dosageInstruction"}},
	"MedicationStatement":      {[]string{"medication[x]"}, []string{"effective[x]", "dateAsserted"}, []string{"status", "dosage"}},
	"Observation":              {[]string{"code"}, []string{"effective[x]", "issued"}, []string{"status", "value[x]", "component", "dataAbsentReason", "bodySite", "method"}},
	"Procedure":                {[]string{"code"}, []string{"performed[x]"}, []string{"status", "bodySite"}},
	"RelatedPerson":            {[]string{"name"}, []string{"birthDate"}, nil}, // one person, however else they are described
	"ServiceRequest":           {[]string{"code"}, []string{"occurrence[x]", "authoredOn"}, []string{"status", "intent"}},
}

// meaning is a resource's facets as one string. A resource without a code, or
// whose time is nowhere said, has no meaning to compare: it is "".
func meaning(r fhir.Resource) string {
	f, ok := facets[r.Type()]
	if !ok {
		return ""
	}
	var what, when, rest []string
	collect := func(into *[]string, names []string, f func(name string, v fhir.Value) string) {
		for _, n := range names {
			for k, v := range r.Value().Members() {
				if k == n || strings.HasSuffix(n, "[x]") && strings.HasPrefix(k, strings.TrimSuffix(n, "[x]")) && len(k) > len(n)-3 {
					if s := f(k, v); s != "" {
						*into = append(*into, n+"="+s)
					}
				}
			}
		}
	}
	collect(&what, f.what, facet)
	collect(&when, f.when, facet)
	collect(&rest, f.rest, facet)
	if len(what) == 0 || len(when) == 0 {
		return ""
	}
	return strings.Join(what, "&") + "@" + strings.Join(when, "&") + "#" + strings.Join(rest, "&")
}

// facet writes one element so that equal meanings read equal.
func facet(name string, v fhir.Value) string {
	switch {
	case v.IsString():
		if t, ok := moment(v.String()); ok {
			return t
		}
		return foldText(v.String())
	case v.IsObject() && v.Get("coding").IsArray():
		return codes(v)
	case v.IsObject() && v.Get("text").IsString() && v.Len() == 1:
		return foldText(v.Get("text").String())
	case v.IsArray():
		var parts []string
		for _, e := range v.Elements() {
			parts = append(parts, facet(name, e))
		}
		return strings.Join(parts, ";")
	case v.IsObject():
		if v.Get("reference").Exists() {
			return "" // compared by content, not here
		}
		var parts []string
		for k, m := range v.Members() {
			if k == "extension" || k == "id" {
				continue
			}
			parts = append(parts, k+":"+facet(k, m))
		}
		sort.Strings(parts)
		return strings.Join(parts, ",")
	}
	if n := v.Number(); n != "" {
		return fhir.PlainNumber(n)
	}
	return string(v.Raw())
}

// codes writes a CodeableConcept by its codes in a fixed order; display and
// text are words for people.
func codes(v fhir.Value) string {
	var parts []string
	for _, c := range v.Get("coding").Elements() {
		if c.Get("code").Exists() {
			parts = append(parts, c.Get("system").String()+"|"+c.Get("code").String())
		}
	}
	if len(parts) == 0 {
		return foldText(v.Get("text").String())
	}
	sort.Strings(parts)
	return strings.Join(parts, "+")
}

// moment writes a full date and time in UTC; partial dates keep their own
// precision and are no moments.
func moment(s string) (string, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return "", false
	}
	return t.UTC().Format(time.RFC3339Nano), true
}
