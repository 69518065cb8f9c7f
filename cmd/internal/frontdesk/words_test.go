package frontdesk

import (
	"testing"

	"shlkiosk/sync/intake"
	"shlkiosk/ui/words"
)

// Every code that an import can show to staff has words.
func TestEveryCodeOfAnImportHasWords(t *testing.T) {
	all, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := all.In("en")
	want := func(keys ...string) {
		t.Helper()
		for _, k := range keys {
			if !w.Has(k) {
				t.Errorf("no words for %s", k)
			}
		}
	}
	for _, r := range intake.Reasons() {
		want("staff.why.import."+string(r), "staff.do.import."+string(r))
	}
	for _, why := range intake.Whys() {
		want("staff.why.entry." + why)
	}
	for _, k := range intake.ProposalKinds() {
		want("staff.proposal.kind." + k)
	}
	for _, a := range intake.Alarms() {
		want("staff.alarm." + a)
	}
}
