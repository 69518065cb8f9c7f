package frontdesk

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/ui/staff"
)

// What a record would bring into a chart can be seen before anything is
// written, on the kiosk and at a desk elsewhere, and stands in the audit trail.
func TestPreviewHereAndThere(t *testing.T) {
	k, m := newKiosk(t), newMachine(t)
	id, _ := k.park(t, "near-twin")
	if _, err := k.local.Preview(t.Context(), id, "Patient/1"); reason(err) != "session-ended" {
		t.Fatalf("a preview that nobody logged in for: %v", err)
	}
	login(t, k.local, "ann", annPIN)
	k.enrol(t, m)
	r := m.remote(t)
	login(t, r, "bob", bobPIN)
	d, err := r.Case(t.Context(), id)
	if err != nil || len(d.Candidates) == 0 {
		t.Fatal(err)
	}
	chart := d.Candidates[0].Reference
	created := k.world.Counts().Created
	there, err := r.Preview(t.Context(), id, chart)
	if err != nil {
		t.Fatal(err)
	}
	if here, err := k.local.Preview(t.Context(), id, chart); err != nil || !reflect.DeepEqual(here, there) {
		t.Errorf("the preview differs, %v: here and there have\n%#v\n%#v", err, here, there)
	}
	fresh := func(c staff.Change) bool { return c.State == staff.ChangeNew && !c.Title.Empty() }
	if there.Chart != chart || !slices.ContainsFunc(there.Changes, fresh) || !reflect.DeepEqual(k.world.Counts().Created, created) {
		t.Errorf("preview: %+v", there)
	}
	for _, c := range there.Changes {
		if strings.Contains(fmt.Sprintf("%v %+v", c, c), c.Title.Reveal()) && !c.Title.Empty() {
			t.Error("a preview prints what the record says")
		}
	}
	for at, want := range map[string]string{"Patient/nobody": "chart-missing", "Observation/1": "order-invalid", "": "order-invalid"} {
		if _, err := r.Preview(t.Context(), id, at); reason(err) != want {
			t.Errorf("a preview against %q: %v, want %s", at, err, want)
		}
	}
	if err := r.Resolve(t.Context(), id, staff.Resolution{Chart: chart}); err != nil {
		t.Fatal(err)
	}
	k.settle(t, id)
	if _, err := r.Preview(t.Context(), id, chart); reason(err) != "state" {
		t.Errorf("a preview of what is delivered: %v", err)
	}
	all, err := audit.List(filepath.Join(k.core.Config.Ledger.Dir, "audit"), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	for _, e := range all {
		log = append(log, e.Actor+" "+e.Action+" "+e.Result)
	}
	for _, want := range []string{"staff:bob import.preview ok", "staff:ann import.preview ok", "staff:bob import.preview chart-missing"} {
		if !slices.Contains(log, want) {
			t.Errorf("not in the audit trail: %s", want)
		}
	}
}

// A member of staff at another machine accepts what a record says of the
// patient: it is in the chart, with a Provenance that names them. A chart that
// somebody changed in between stays as it is, and staff are told.
func TestAcceptFromAnotherMachine(t *testing.T) {
	k, m := newKiosk(t), newMachine(t)
	put := func(r string) {
		t.Helper()
		if err := k.world.Put(json.RawMessage(r)); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"resourceType":"Patient","id":"zorn","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03"}`)
	o, err := engine.OpenBundle([]byte(`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":
		{"resourceType":"Patient","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03","telecom":[{"system":"phone","value":"212-555-0142"}],
		"address":[{"line":["1 Elm St"],"city":"Troy"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	env := k.core.Envelope(o)
	env.Target = intake.Target{Mode: intake.TargetChart, Chart: "Patient/zorn"}
	if _, err := k.store.Put(t.Context(), env, string(intake.ReasonMatchUnsure)); err != nil {
		t.Fatal(err)
	}
	login(t, k.local, "ann", annPIN)
	k.enrol(t, m)
	r := m.remote(t)
	login(t, r, "bob", bobPIN)
	waiting, err := r.Case(t.Context(), env.ID)
	if err != nil || waiting.Chart != "Patient/zorn" {
		t.Fatal(waiting.Chart, err)
	}
	if p, err := r.Preview(t.Context(), env.ID, ""); err != nil || p.Chart != "Patient/zorn" || len(p.Proposals) != 2 || p.Proposals[0].New != "212-555-0142" {
		t.Fatalf("%+v, %v", p, err)
	}
	if err := r.Retry(t.Context(), env.ID); err != nil {
		t.Fatal(err)
	}
	if h := k.settle(t, env.ID); h.State != outbox.Verified {
		t.Fatal(h.State, h.Reason)
	}
	open := func() map[string]staff.Proposal {
		t.Helper()
		d, err := r.Case(t.Context(), env.ID)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]staff.Proposal{}
		for _, p := range d.Proposals {
			out[p.Kind] = p
		}
		return out
	}
	all := open()
	put(`{"resourceType":"Patient","id":"zorn","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03","address":[{"line":["9 Oak St"],"city":"Albany"}]}`)

	// Two who press at once do not lose each other's decision.
	var both sync.WaitGroup
	var first, second error
	both.Go(func() { first = r.Accept(t.Context(), env.ID, all["phone"].ID, true) })
	both.Go(func() { second = k.local.Accept(t.Context(), env.ID, all["address"].ID, true) })
	both.Wait()
	if first != nil || reason(second) != "chart-changed" {
		t.Fatalf("%v, %v", first, second)
	}
	now := open()
	if p := now["phone"]; p.State != "accepted" || p.By != "bob" {
		t.Errorf("phone: %+v", p)
	}
	if p := now["address"]; p.State != "open" || !strings.Contains(p.Now.Reveal(), "Albany") {
		t.Errorf("the desk does not see what the chart says now: %+v", p)
	}
	if err := r.Accept(t.Context(), env.ID, all["address"].ID, true); err != nil {
		t.Fatal(err)
	}
	chart, err := k.chart.Client.Read(t.Context(), "Patient/zorn")
	if err != nil || chart.Get("address").Len() != 2 || chart.Get("telecom", 0, "value").String() != "212-555-0142" {
		t.Errorf("%s, %v", chart.Raw(), err)
	}
	found, err := k.chart.Client.Search(t.Context(), "Provenance", map[string][]string{"target": {"Patient/zorn"}}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var who []string
	for _, p := range found {
		if p.Get("agent", 0, "who", "identifier", "system").String() == intake.SystemStaff {
			who = append(who, p.Get("agent", 0, "who", "identifier", "value").String()+" "+p.Get("agent", 0, "who", "display").String())
		}
	}
	if !slices.Equal(who, []string{"bob Bob", "bob Bob"}) {
		t.Errorf("Provenance names %q", who)
	}
}

func TestElementsInWords(t *testing.T) {
	for in, want := range map[string]string{
		``: "",
		`{"system":"phone","value":"212-555-0142","use":"mobile"}`:                                                                            "212-555-0142",
		`[{"system":"phone","value":"1"},{"value":"2"}]`:                                                                                      "1; 2",
		`{"line":["1 Elm St"],"city":"Troy","postalCode":"12180"}`:                                                                            "1 Elm St Troy 12180",
		`{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://x","code":"resolved"}]},"abatementDateTime":"2024-01-01"}`: "abatementDateTime: 2024-01-01; clinicalStatus: resolved",
		`{"resourceType":"Coverage","status":"active","payor":[{"display":"Acme"}],"subscriberId":"A1"}`:                                      "Acme A1",
		`{"resourceType":"Observation","valueQuantity":{"value":7.1,"unit":"%"}}`:                                                             "valueQuantity: 7.1",
		`{"resourceType":"Condition"}`:                                                                                                        "",
	} {
		if got := readable(in); got.Reveal() != want {
			t.Errorf("%s: %q, want %q", in, got.Reveal(), want)
		}
	}
}
