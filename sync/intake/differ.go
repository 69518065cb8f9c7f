package intake

import (
	"slices"
	"strings"

	"shlkiosk/sync/fhir"
)

// differences are the top elements that two forms of one resource say
// differently, references apart: a resource of those that ours has, and one
// of what theirs has in their place. Elements that only theirs has are the
// clinic's own and are no difference; what points into a contained resource
// cannot stand alone and is left out. Both are "" when nothing differs.
func differences(ours, theirs fhir.Resource) (a, b Fact) {
	typ := fhir.Member{Key: "resourceType", Raw: text(ours.Type())}
	left, right := object{typ}, object{typ}
	for k, v := range ours.Value().Members() {
		switch strings.TrimPrefix(k, "_") {
		case "resourceType", "id", "meta", "text", "contained", "implicitRules":
			continue
		}
		now := theirs.Get(k)
		if sameElement(v, now) || strings.Contains(string(v.Raw()), `"#`) {
			continue
		}
		left = append(left, fhir.Member{Key: k, Raw: v.Raw()})
		if now.Exists() {
			right = append(right, fhir.Member{Key: k, Raw: now.Raw()})
		}
	}
	if len(left) == 1 {
		return "", ""
	}
	return Fact(left.raw()), Fact(right.raw())
}

// sameElement compares two elements without what their references point to.
func sameElement(a, b fhir.Value) bool {
	return a.Exists() == b.Exists() && slices.Equal(bare.AppendValue(nil, a), bare.AppendValue(nil, b))
}

// withSubject is a body with the chart in the place of the record's Patient.
func (d *delivery) withSubject(r fhir.Resource) fhir.Resource {
	return pointed(r, func(uri string) string {
		if uri == d.plan.subject.key {
			return d.env.Journal.Chart
		}
		return ""
	})
}

// pointed is a resource whose references lead where to says; "" leaves one.
func pointed(r fhir.Resource, to func(uri string) string) fhir.Resource {
	var ed *fhir.Editor
	for ref := range r.References() {
		if now := to(ref.Text()); now != "" {
			if ed == nil {
				ed = fhir.NewEditor(r)
			}
			ed.Replace(ref.URI, fhir.Quote(now))
		}
	}
	if ed == nil {
		return r
	}
	if done, err := ed.Done(); err == nil {
		return done
	}
	return r
}

// saysOtherwise tells that two forms of one resource differ in meaning; where
// a type or a resource has no meaning to compare, in any element that ours has.
func saysOtherwise(it *item, h *held) bool {
	if skeleton(it.base) == skeleton(h.res) {
		return false
	}
	ours, theirs := meaning(it.res), meaning(h.res)
	if ours == "" && theirs == "" {
		a, _ := differences(it.base, h.res)
		return a != ""
	}
	return ours != theirs
}
