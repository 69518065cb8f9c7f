package intake

import (
	"testing"

	"shlkiosk/sync/sandbox"
)

var samples = []struct {
	name, first, second string
}{
	{"hl7-ips-bundle-01.json", "created 20 existing 0 left-out 0 refused 0", "created 0 existing 20 left-out 0 refused 0"},
	{"skill-ktc-valid-baseline.json", "created 4 existing 0 left-out 0 refused 0", "created 0 existing 4 left-out 0 refused 0"},
	{"hl7-carin-as-bundle.json", "created 4 existing 0 left-out 0 refused 0", "created 0 existing 4 left-out 0 refused 0"},
}

func TestSamplesWholeAndTwice(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{
		"transactions":    {},
		"no transactions": {NoTransaction: 400},
		"silent batch":    {TransactionAsBatch: true},
		"medplum's batch": {TransactionAsBatch: true, BatchResolves: true, AcceptDangling: true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range samples {
				w := newWorld(t, b)
				r, _ := w.deliver(envelope(sample(t, s.name)))
				if counts(r) != s.first {
					t.Errorf("%s first: %s, want %s\n%s", s.name, counts(r), s.first, pretty(r))
				}
				wantVerified(t, r)
				made := w.Counts()
				r2, _ := w.deliver(toChart(envelope(sample(t, s.name)), r.Patient.Reference))
				if counts(r2) != s.second {
					t.Errorf("%s second: %s, want %s\n%s", s.name, counts(r2), s.second, pretty(r2))
				}
				wantVerified(t, r2)
				if w.Counts().Created["Patient"] != made.Created["Patient"] {
					t.Errorf("%s: second import made another chart", s.name)
				}
			}
		})
	}
}
