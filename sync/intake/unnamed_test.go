package intake

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// unnamed is a server that refuses a transaction without saying which entry it
// does not like, and an entry of its own in its own words.
type unnamed struct {
	status int
	body   string
	posted int
}

func (x *unnamed) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/fhir") {
		if resp.StatusCode >= 400 {
			x.posted++
			_ = resp.Body.Close()
			resp.StatusCode, resp.Body = x.status, io.NopCloser(bytes.NewReader([]byte(x.body)))
			resp.ContentLength = int64(len(x.body))
		}
	}
	return resp, err
}

// A transaction that is refused without an index: what is good is filed whole,
// with circles and references right; what is refused is named one by one with
// the server's code, and whoever pointed to it says so in words. A second
// import files nothing twice.
func TestRefusalWithoutAnIndex(t *testing.T) {
	ref := func(n int) string { return `{"reference":"` + urn(n) + `"}` }
	rec := bundle(patient(""),
		entry{urn(2), `{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"` + patURL + `"},"period":{"start":"2024-01-01"},"diagnosis":[{"condition":` + ref(3) + `}]}`},
		entry{urn(3), about("Condition", `,"code":{"text":"a"},"onsetDateTime":"2020-01-01","encounter":`+ref(2)+`,"evidence":[{"detail":[`+ref(3)+`]}]`)}, // a circle, and itself
		entry{urn(4), about("MedicationRequest", `,"status":"active","intent":"order","authoredOn":"2024-02-02","medicationReference":`+ref(5)+`,"encounter":`+ref(2)+`,"requester":`+ref(7))},
		entry{urn(5), `{"resourceType":"Medication","id":"m","code":{"text":"bad one"},"manufacturer":` + ref(6) + `}`},
		entry{urn(6), `{"resourceType":"Organization","id":"o","name":"Acme"}`},
		entry{urn(7), `{"resourceType":"Practitioner","id":"p","name":[{"family":"Ray"}]}`},
		entry{urn(8), about("Goal", `,"lifecycleStatus":"active","description":{"text":"g"},"addresses":[`+ref(3)+`,`+ref(9)+`]`)},
		entry{urn(9), about("Observation", `,"status":"final","code":{"text":"o"},"effectiveDateTime":"2024-01-01","hasMember":[`+ref(10)+`]`)},
		entry{urn(10), about("Observation", `,"status":"final","code":{"text":"p"},"effectiveDateTime":"2024-01-02","derivedFrom":[`+ref(9)+`]`)})
	for name, c := range map[string]struct {
		status int
		body   string
		types  []string
	}{
		"422, an outcome without place": {422, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","diagnostics":"one of the resources is not valid"}]}`, []string{"Medication"}},
		"400, an outcome without place": {400, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing"}]}`, []string{"Medication", "Goal"}},
		"400, plain words":              {400, `Bad Request`, []string{"Medication", "Practitioner"}},
		"400, an empty body":            {400, ``, []string{"Medication", "Encounter"}}, // one of the circle
		"422, an index past the end":    {422, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","expression":["Bundle.entry[99]"]}]}`, []string{"Medication", "Goal"}},
		"422, a type and no number":     {422, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","expression":["Medication.code"]}]}`, []string{"Medication"}},
	} {
		for target, to := range map[string]func(*Envelope) *Envelope{"new chart": func(e *Envelope) *Envelope { return e },
			"a chart": func(e *Envelope) *Envelope { return toChart(e, "Patient/x") }} {
			t.Run(name+", "+target, func(t *testing.T) {
				w := newWorld(t, sandbox.Behaviour{RefuseTypes: c.types})
				if target == "a chart" {
					w.put(`{"resourceType":"Patient","id":"x","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03"}`)
				}
				x := &unnamed{status: c.status, body: c.body}
				client, err := fhir.New(fhir.Options{Base: w.FHIRBase(), Transport: x})
				if err != nil {
					t.Fatal(err)
				}
				opt := w.im.opt
				opt.Client = client
				if w.im, err = New(opt); err != nil {
					t.Fatal(err)
				}
				r, _ := w.deliver(to(envelope(rec)))
				bad := map[string]bool{}
				for _, typ := range c.types {
					bad[typ] = true
				}
				for _, l := range r.Resources {
					switch {
					case l.Source == sourceImport:
					case bad[l.Type]:
						if l.Result != ResultRefused || !strings.HasPrefix(l.Why, WhyServer+":") || l.Reference != "" {
							t.Errorf("refused, and named so: %+v", l)
						}
					case l.Result != ResultCreated && l.Source != patURL || l.Reference == "":
						t.Errorf("lost: %+v", l)
					}
				}
				if r.State != StateDelivered || r.Verification.References.Unresolved != 0 || len(r.Verification.Missing) != 0 || len(r.Verification.Alarm) == 0 {
					t.Errorf("%s", pretty(r))
				}
				w.wantNoDangling("Encounter", "Condition", "MedicationRequest", "Observation", "Goal", "Organization", "Provenance", "DocumentReference")
				med := w.ours("MedicationRequest")
				if len(med) != 1 || med[0].Get("medicationReference", "reference").Exists() || med[0].Get("medicationReference", "display").String() == "" {
					t.Error("who pointed to the refused one does not say so")
				}
				cond := w.ours("Condition")[0]
				if own := cond.Get("evidence", 0, "detail", 0, "reference").String(); own != "Condition/"+cond.ID() {
					t.Errorf("a reference to itself leads to %q", own)
				}
				if enc := w.ours("Encounter"); !bad["Encounter"] && (cond.Get("encounter", "reference").String() != "Encounter/"+enc[0].ID() || enc[0].Get("diagnosis", 0, "condition", "reference").String() != "Condition/"+cond.ID()) {
					t.Error("the circle is open")
				}
				if x.posted > 2 { // with and without the condition on the Device
					t.Errorf("the transaction was posted %d times", x.posted)
				}
				// It is known for the next import what does not work, and what works: no
				// lesson about transactions is drawn from one bad entry.
				if w.im.known().singles {
					t.Error("one bad entry was taken for a server without transactions")
				}
				again, _, err := w.try(toChart(envelope(rec), r.Patient.Reference), 3)
				if err != nil || again.Count(ResultCreated) != 0 || again.Count(ResultRefused) != r.Count(ResultRefused) {
					t.Errorf("second import: %v, %s", err, counts(again))
				}
				if n := w.Counts().Duplicates; len(n) > 0 {
					t.Errorf("duplicates: %v", n)
				}
			})
		}
	}
}

// A transaction refused whole for the patient's own entry goes no further: no
// chart, nothing half there.
func TestRefusalWithoutAnIndexOfThePatient(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{RefuseTypes: []string{"Patient"}})
	client, err := fhir.New(fhir.Options{Base: w.FHIRBase(), Transport: &unnamed{status: 400, body: "no"}})
	if err != nil {
		t.Fatal(err)
	}
	opt := w.im.opt
	opt.Client = client
	if w.im, err = New(opt); err != nil {
		t.Fatal(err)
	}
	_, err = w.im.Deliver(context.Background(), envelope(oneOf(1)), nothing)
	if err == nil || Classify(err).Reason != ReasonPatientRefused || len(w.ours("Condition")) != 0 || len(w.ours("Patient")) != 0 {
		t.Errorf("%v, %d conditions", err, len(w.ours("Condition")))
	}
}
