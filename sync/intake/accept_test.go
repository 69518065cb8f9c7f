package intake

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// proposed imports into a chart so that there is one proposal of each kind that
// matters: phone, address, emergency contact, insurance, and newer content.
func proposed(t *testing.T, b sandbox.Behaviour) (*world, *Envelope) {
	t.Helper()
	w := newWorld(t, b)
	w.put(`{"resourceType":"Patient","id":"x","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03","telecom":[{"system":"phone","value":"(212) 555-0100"}]}`,
		`{"resourceType":"Condition","id":"c1","identifier":[{"system":"urn:src","value":"c1"}],"clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]},"note":[{"text":"the clinic's own words"}],"subject":{"reference":"Patient/x"}}`)
	rec := bundle(patient(`,"telecom":[{"system":"phone","value":"212-555-0142"}],"address":[{"line":["1 Elm St"],"city":"Troy"}],"contact":[{"name":{"family":"Zorn","given":["Eva"]}}]`),
		entry{urn(2), `{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"` + patURL + `"},"payor":[{"display":"Acme"}]}`},
		entry{urn(3), about("Condition", `,"identifier":[{"system":"urn:src","value":"c1"}],"clinicalStatus":{"coding":[{"code":"resolved"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]},"recorder":{"reference":"`+urn(4)+`"}`)},
		entry{urn(4), `{"resourceType":"Practitioner","id":"pr","name":[{"family":"Ray"}]}`})
	r, env := w.deliver(toChart(envelope(rec), "Patient/x"))
	wantVerified(t, r)
	return w, env
}

func (env *Envelope) proposalOf(t *testing.T, kind string) *Proposal {
	t.Helper()
	for i := range env.Proposals {
		if env.Proposals[i].Kind == kind {
			return &env.Proposals[i]
		}
	}
	t.Fatalf("no proposal of kind %s", kind)
	return nil
}

func (w *world) read(reference string) fhir.Resource {
	w.t.Helper()
	r, err := w.im.opt.Client.Read(context.Background(), reference)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

var ann = Staff{ID: "ann", Name: "Ann Ruiz"}

func nothing(*Envelope) error { return nil }

// An accepted proposal of every kind is in the chart, and a Provenance says who
// accepted it.
func TestAcceptWritesAndNamesWhoAccepted(t *testing.T) {
	for kind, c := range map[string]struct {
		where func(*Envelope) string
		has   func(fhir.Resource) bool
	}{
		"phone": {nil, func(r fhir.Resource) bool {
			return r.Get("telecom").Len() == 2 && r.Get("telecom", 1, "value").String() == "212-555-0142"
		}},
		"address": {nil, func(r fhir.Resource) bool { return r.Get("address", 0, "city").String() == "Troy" }},
		"contact": {nil, func(r fhir.Resource) bool { return r.Get("contact", 0, "name", "given", 0).String() == "Eva" }},
		"insurance": {func(env *Envelope) string { return env.Journal.Done[env.proposalOf(t, "insurance").Entry].Reference },
			func(r fhir.Resource) bool {
				return r.Type() == "Coverage" && !strings.Contains(string(r.Raw()), codePatientAsserted) && tagCode(r, SystemImport) != ""
			}},
		"update": {func(*Envelope) string { return "Condition/c1" }, func(r fhir.Resource) bool {
			return r.Get("clinicalStatus", "coding", 0, "code").String() == "resolved" && r.Get("note", 0, "text").String() == "the clinic's own words" &&
				r.Get("subject", "reference").String() == "Patient/x" && strings.HasPrefix(r.Get("recorder", "reference").String(), "Practitioner/")
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			w, env := proposed(t, sandbox.Behaviour{})
			p := env.proposalOf(t, kind)
			target := "Patient/x"
			if c.where != nil {
				target = c.where(env)
			}
			old := w.read(target)
			if c.has(old) {
				t.Fatal("it was written before anybody accepted it")
			}
			if err := w.im.Accept(context.Background(), env, p.ID, ann, nothing); err != nil {
				t.Fatal(err)
			}
			now := w.read(target)
			if !c.has(now) || now.Get("meta", "versionId").String() == old.Get("meta", "versionId").String() {
				t.Errorf("not written: %s", now.Raw())
			}
			if p.State != ProposalAccepted || p.By != "ann" || p.Vouched == "" {
				t.Fatalf("%s by %s, %s", p.State, p.By, p.Vouched)
			}
			v := w.read(p.Vouched)
			if v.Get("target", 0, "reference").String() != target || v.Get("agent", 0, "who", "identifier", "value").String() != "ann" ||
				v.Get("agent", 0, "who", "display").String() != "Ann Ruiz" || v.Get("agent", 0, "type", "coding", 0, "code").String() != "verifier" ||
				v.Get("entity", 0, "what", "identifier", "value").String() != env.ID || v.Get("recorded").String() == "" {
				t.Errorf("Provenance: %s", v.Raw())
			}
		})
	}
}

// Whatever happens to the chart in between, what somebody else wrote stays, and
// staff are told.
func TestAcceptNeverOverwritesWhatChangedInBetween(t *testing.T) {
	change := map[string]string{
		"phone":  `{"resourceType":"Patient","id":"x","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03","telecom":[{"system":"phone","value":"(212) 555-0177"}]}`,
		"update": `{"resourceType":"Condition","id":"c1","identifier":[{"system":"urn:src","value":"c1"}],"clinicalStatus":{"coding":[{"code":"remission"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]},"subject":{"reference":"Patient/x"}}`,
	}
	for kind, body := range change {
		for _, when := range []string{"before the reading", "between reading and writing"} {
			t.Run(kind+", "+when, func(t *testing.T) {
				w, env := proposed(t, sandbox.Behaviour{})
				p := env.proposalOf(t, kind)
				other, err := fhir.ParseResource([]byte(body), fhir.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				target := other.Type() + "/" + other.ID()
				meddle := func() {
					if _, err := newImporter(t, w.FHIRBase()).opt.Client.Update(context.Background(), target, other, ""); err != nil {
						t.Fatal(err)
					}
				}
				if when == "before the reading" {
					meddle()
				} else {
					once := false
					w.through(&wire{before: func(r *http.Request) error {
						if r.Method == http.MethodPut && !once {
							once = true
							meddle()
						}
						return nil
					}})
				}
				err = w.im.Accept(context.Background(), env, p.ID, ann, nothing)
				if err == nil || Classify(err).Reason != ReasonChartChanged {
					t.Fatalf("err %v", err)
				}
				now := w.read(target)
				if s := string(now.Raw()); !strings.Contains(s, "0177") && !strings.Contains(s, "remission") || strings.Contains(s, "0142") || strings.Contains(s, "resolved") {
					t.Errorf("overwritten: %s", s)
				}
				if p.State != ProposalOpen || len(w.ours("Provenance")) != 1 {
					t.Errorf("state %s, %d Provenance", p.State, len(w.ours("Provenance")))
				}
				// They look again, see what the chart says now, and accept that.
				if err = w.im.Accept(context.Background(), env, p.ID, ann, nothing); when != "before the reading" && Classify(err).Reason == ReasonChartChanged {
					err = w.im.Accept(context.Background(), env, p.ID, ann, nothing)
				}
				if err != nil || p.State != ProposalAccepted || !strings.Contains(p.Now.Reveal(), map[string]string{"phone": "0142", "update": "remission"}[kind]) {
					t.Errorf("the second look: %v, %s, %s", err, p.State, p.Now.Reveal())
				}
				if s := string(w.read(target).Raw()); kind == "phone" && !strings.Contains(s, "0177") {
					t.Error("the number that the clinic wrote is gone")
				}
			})
		}
	}
}

// An accept that broke off is made again and doubles nothing.
func TestAcceptBrokenOff(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"answer to the write dropped":      {Kind: "drop-after", Method: "PUT", What: "Patient", Times: 1},
		"write refused for the moment":     {Kind: "status", Method: "PUT", What: "Patient", Status: 503, Times: 1},
		"Provenance's answer dropped":      {Kind: "drop-after", Method: "POST", What: "Provenance", Times: 1},
		"Provenance refused for a moment":  {Kind: "status", Method: "POST", What: "Provenance", Status: 429, Times: 1},
		"search for a Provenance fails":    {Kind: "status", Method: "GET", What: "Provenance", Status: 503, Times: 1},
		"the chart cannot be read at once": {Kind: "status", Method: "GET", What: "Patient", Status: 503, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := proposed(t, sandbox.Behaviour{})
			if err := w.SetBehaviour(sandbox.Behaviour{Faults: []sandbox.Fault{fault}}); err != nil {
				t.Fatal(err)
			}
			p := env.proposalOf(t, "phone")
			err := w.im.Accept(context.Background(), env, p.ID, ann, nothing)
			if err == nil || Classify(err).Class != Retry || p.State != ProposalOpen {
				t.Fatalf("%v, %s", err, p.State)
			}
			if err := w.im.Accept(context.Background(), env, p.ID, ann, nothing); err != nil {
				t.Fatal(err)
			}
			if n := w.read("Patient/x").Get("telecom").Len(); n != 2 || len(w.ours("Provenance")) != 2 || p.Vouched == "" {
				t.Errorf("%d numbers, %d Provenance", n, len(w.ours("Provenance")))
			}
		})
	}
	w, env := proposed(t, sandbox.Behaviour{})
	full := errors.New("disk full")
	if err := w.im.Accept(context.Background(), env, env.proposalOf(t, "phone").ID, ann, func(*Envelope) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
	if err := w.SetBehaviour(sandbox.Behaviour{RefuseTypes: []string{"Provenance"}}); err != nil {
		t.Fatal(err)
	}
	p := env.proposalOf(t, "address")
	if err := w.im.Accept(context.Background(), env, p.ID, ann, nothing); err != nil || p.State != ProposalAccepted || p.Vouched != "" {
		t.Errorf("a server without Provenance: %v, %s", err, p.State)
	}
	gone := env.proposalOf(t, "insurance")
	gone.Entry = "urn:uuid:nothing"
	if err := w.im.Accept(context.Background(), env, gone.ID, ann, nothing); err == nil || Classify(err).Reason != ReasonChartMissing {
		t.Error(err)
	}
}
