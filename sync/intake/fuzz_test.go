package intake

import (
	"encoding/json"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
)

// FuzzPlan: no record makes planning panic, and no body that leaves holds a
// literal reference to anything but an entry of its own transaction.
func FuzzPlan(f *testing.F) {
	f.Add(everyType())
	f.Add(bundle(patient(""), entry{urn(2), `{"resourceType":"Coverage","status":"active","beneficiary":{"reference":"` + patURL + `"},"subscriber":{"reference":"` + urn(3) + `"},"contained":[]}`},
		entry{urn(3), `{"resourceType":"Patient","link":[{"other":{"reference":"` + urn(3) + `"}}]}`}))
	f.Add(bundle(patient(""), entry{"", `{"resourceType":"Observation","subject":{"reference":"` + patURL + `","url":"Binary/1"},"contained":[{"id":"a","subject":{"reference":"Patient/p1"}}]}`}))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		env := envelope(in)
		env.LeaveOut = []string{"Encounter", urn(2)}
		p, err := newPlan(env, fhir.DefaultLimits())
		if err != nil {
			return
		}
		if err := p.prepare(); err != nil {
			return
		}
		keys := map[string]*item{}
		for _, it := range p.items {
			keys[it.key] = it
		}
		for _, it := range p.items {
			if it.verdict != file {
				continue
			}
			body, _ := render(it, keys, map[*item]bool{})
			for _, r := range []fhir.Resource{it.base, body} {
				if !json.Valid(r.Raw()) {
					t.Fatalf("no JSON: %s", r.Raw())
				}
				for ref := range r.References() {
					text := ref.Text()
					if !ref.Attachment && !strings.HasPrefix(text, "#") && keys[text] == nil {
						t.Fatalf("a literal %q leaves", text)
					}
				}
			}
		}
	})
}
