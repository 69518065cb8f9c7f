package match

import (
	"context"

	"shlkiosk/sync/fhir"
)

// maxHops bounds a chain of replaced charts.
const maxHops = 4

// followLinks goes from each chart that was replaced to the one that replaces
// it (Patient.link type replaced-by). The successor is compared like any other
// candidate. A chain that cannot be read to its end, or that ends at somebody
// who is not certain although the old chart was, leaves the old chart in the
// list as unclear: staff decide.
func (d *decider) followLinks(ctx context.Context) {
	for _, ref := range d.order { // grows while it is walked, by entries without further links
		f := d.found[ref]
		if f.verdict.Grade == Not {
			continue
		}
		next, ok := replacedBy(f.person.source)
		if !ok {
			continue
		}
		seen := map[string]bool{ref: true}
		for hop := 0; ok && hop < maxHops && !seen[next]; hop++ {
			seen[next] = true
			to := d.found[next]
			if to == nil {
				r, err := d.port.Read(ctx, next)
				if err != nil || r.Type() != "Patient" {
					break
				}
				if to = d.add(r, ""); to == nil {
					break
				}
			}
			var further string
			if further, ok = replacedBy(to.person.source); !ok {
				to.replaces = ref
				f.stale = f.verdict.Grade != Certain || to.verdict.Grade == Certain
				break
			}
			next = further
		}
		f.unclear = !f.stale
	}
}

// replacedBy reads the link to the successor as "Patient/id".
func replacedBy(r fhir.Resource) (string, bool) {
	for _, l := range r.Get("link").Elements() {
		if l.Get("type").String() != "replaced-by" {
			continue
		}
		lit, ok := fhir.ParseLiteral(l.Get("other", "reference").String())
		if !ok || lit.Type != "Patient" {
			return "", true
		}
		return lit.Local(), true
	}
	return "", false
}
