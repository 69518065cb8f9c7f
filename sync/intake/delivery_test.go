package intake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// ips is the sample most tests deliver: 20 entries, 4 resources beside it and
// the kiosk's Device.
func ips(t testing.TB) *Envelope { return envelope(sample(t, "hl7-ips-bundle-01.json")) }

// wantOnce fails unless the IPS is on the server exactly once.
func (w *world) wantOnce(r Receipt) {
	w.t.Helper()
	if got := counts(r); got != "created 20 existing 0 left-out 0 refused 0" {
		w.t.Errorf("%s\n%s", got, pretty(r))
	}
	for typ, want := range map[string]int{"Condition": 2, "Observation": 7, "MedicationStatement": 2, "Medication": 2,
		"Organization": 2, "AllergyIntolerance": 2, "Composition": 1, "Provenance": 1, "Consent": 1, "DocumentReference": 1, "Patient": 1} {
		if got := len(w.ours(typ)); got != want {
			w.t.Errorf("%d %s on the server, want %d", got, typ, want)
		}
	}
	if d := w.Counts().Duplicates; len(d) > 0 {
		w.t.Errorf("duplicates on the server: %d groups", len(d))
	}
}

func TestFaultsOnTheWire(t *testing.T) {
	f := func(faults ...sandbox.Fault) []sandbox.Fault { return faults }
	for name, b := range map[string]sandbox.Behaviour{
		"answer dropped after commit":     {Faults: f(sandbox.Fault{Kind: "drop-after", What: "transaction", Times: 1})},
		"dropped twice":                   {Faults: f(sandbox.Fault{Kind: "drop-after", What: "transaction", Times: 2})},
		"dropped before commit":           {Faults: f(sandbox.Fault{Kind: "drop-before", What: "transaction", Times: 1})},
		"500 after commit":                {Faults: f(sandbox.Fault{Kind: "status-after", What: "transaction", Status: 500, Times: 1})},
		"502 after commit":                {Faults: f(sandbox.Fault{Kind: "status-after", What: "transaction", Status: 502, Times: 1})},
		"half an answer":                  {Faults: f(sandbox.Fault{Kind: "truncate", What: "transaction", Times: 1})},
		"HTML in place of an answer":      {Faults: f(sandbox.Fault{Kind: "garbage", What: "transaction", Times: 1})},
		"429":                             {Faults: f(sandbox.Fault{Kind: "status", What: "transaction", Status: 429, RetryAfter: "3", Times: 2})},
		"503":                             {Faults: f(sandbox.Fault{Kind: "status", What: "transaction", Status: 503, RetryAfter: "soon", Times: 2})},
		"409":                             {Faults: f(sandbox.Fault{Kind: "status", What: "transaction", Status: 409, Times: 1})},
		"412":                             {Faults: f(sandbox.Fault{Kind: "status", What: "transaction", Status: 412, Times: 1})},
		"searches fail at first":          {Faults: f(sandbox.Fault{Kind: "status", Method: "GET", What: "Organization", Status: 503, Times: 2})},
		"read-back fails at first":        {Faults: f(sandbox.Fault{Kind: "drop-before", Method: "GET", What: "Observation", Times: 2})},
		"metadata fails at first":         {Faults: f(sandbox.Fault{Kind: "status", What: "metadata", Status: 503, Times: 1})},
		"singles: answer dropped":         {NoTransaction: 400, Faults: f(sandbox.Fault{Kind: "drop-after", Method: "POST", What: "Observation", Skip: 2, Times: 1})},
		"singles: patient's dropped":      {NoTransaction: 404, Faults: f(sandbox.Fault{Kind: "drop-after", Method: "POST", What: "Patient", Times: 1})},
		"singles: 429 in the middle":      {NoTransaction: 422, Faults: f(sandbox.Fault{Kind: "status", Method: "POST", What: "Condition", Status: 429, RetryAfter: "1", Times: 3})},
		"singles: 500 after each commit":  {NoTransaction: 400, Faults: f(sandbox.Fault{Kind: "status-after", Method: "POST", What: "Medication", Status: 500, Times: 2})},
		"silent batch, entry 7 refused":   {TransactionAsBatch: true, RefuseEntry: 7},
		"silent batch, dangling accepted": {TransactionAsBatch: true, RefuseEntry: 2, AcceptDangling: true},
		"silent batch, answer dropped":    {TransactionAsBatch: true, Faults: f(sandbox.Fault{Kind: "drop-after", What: "bundle", Times: 1})},
		"locations left out":              {NoLocation: true},
		"absolute locations, bare status": {AbsoluteLocations: true, NumberStatus: true, NoRepresentation: true, NumericIDs: true},
		"lenient search":                  {LenientSearch: true},
		"dangling accepted, no total":     {AcceptDangling: true, NoTotal: true, NoMatch: 404},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, b)
			r, _ := w.deliver(ips(t))
			wantVerified(t, r)
			w.wantOnce(r)
		})
	}
}

func TestRetryAfterReachesTheWorker(t *testing.T) {
	for text, want := range map[string]time.Duration{"5": 5 * time.Second, "soon": 0, "-3": 0, "86400": time.Hour} {
		w := newWorld(t, sandbox.Behaviour{Faults: []sandbox.Fault{{Kind: "status", What: "transaction", Status: 429, RetryAfter: text}}})
		_, _, err := w.try(ips(t), 1)
		e := Classify(err)
		if e.Class != Retry || e.Reason != ReasonBusy || e.RetryAfter != want || e.Unknown {
			t.Errorf("Retry-After %q: %+v", text, e)
		}
	}
}

func TestEntrySevenRefused(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{
		"transaction":  {RefuseEntry: 7},
		"silent batch": {RefuseTypes: []string{"AllergyIntolerance"}, TransactionAsBatch: true},
		"by type":      {RefuseTypes: []string{"AllergyIntolerance"}},
		"singles":      {RefuseTypes: []string{"AllergyIntolerance"}, NoTransaction: 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, b)
			r, _, err := w.try(ips(t), 3)
			if err != nil {
				t.Fatal(err)
			}
			lost := r.Count(ResultRefused)
			if lost == 0 || lost > 2 && name != "transaction" || r.Count(ResultCreated)+lost != 20 {
				t.Errorf("%s\n%s", counts(r), pretty(r))
			}
			for _, l := range r.Resources {
				if l.Result == ResultRefused && !strings.HasPrefix(l.Why, WhyServer+":") {
					t.Errorf("refused without the server's code: %+v", l)
				}
			}
			if r.State != StateDelivered || len(r.Verification.Alarm) == 0 {
				t.Error("a refused entry must be an alarm")
			}
			if r.Verification.References.Unresolved != 0 || len(r.Verification.Missing) != 0 {
				t.Errorf("the rest is not whole:\n%s", pretty(r))
			}
			w.wantNoDangling("Composition", "MedicationStatement", "Observation")
		})
	}
}

func TestServerThatSaysOnlyThatSomethingIsWrong(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{RefuseTypes: []string{"Medication"}})
	base := tampering(t, w.FHIRBase(), func(r *http.Request, body []byte) []byte {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/fhir") {
			return []byte(`{"error":{"code":400,"message":"invalid"}}`) // a plain error, as Google gives
		}
		return body
	})
	w.im = newImporter(t, base)
	r, _, err := w.try(ips(t), 3)
	if err != nil || r.Count(ResultCreated) != 18 || r.Count(ResultRefused) != 2 {
		t.Errorf("%v\n%s", err, pretty(r))
	}
}

func TestClassOfErrors(t *testing.T) {
	for name, c := range map[string]struct {
		b      sandbox.Behaviour
		env    func(*Envelope)
		class  Class
		reason Reason
		state  string
	}{
		"down":                  {sandbox.Behaviour{Down: true}, nil, Retry, ReasonUnreachable, StateParked},
		"no credentials":        {sandbox.Behaviour{RequireAuth: true}, nil, Park, ReasonUnauthorised, StateParked},
		"patient refused":       {sandbox.Behaviour{RefuseTypes: []string{"Patient"}}, nil, Park, ReasonPatientRefused, StateParked},
		"patient refused alone": {sandbox.Behaviour{RefuseTypes: []string{"Patient"}, NoTransaction: 400}, nil, Park, ReasonPatientRefused, StateParked},
		"no such chart":         {sandbox.Behaviour{}, func(e *Envelope) { toChart(e, "Patient/nobody") }, Park, ReasonChartMissing, StateParked},
		"bad target":            {sandbox.Behaviour{}, func(e *Envelope) { toChart(e, "Observation/1") }, Fatal, ReasonOrder, StateFailed},
		"unreadable":            {sandbox.Behaviour{}, func(e *Envelope) { e.Files[0].Bytes = []byte(`{"resourceType":"Bundle","a":1,"a":2}`) }, Fatal, ReasonUnreadable, StateFailed},
		"no patient": {sandbox.Behaviour{}, func(e *Envelope) {
			e.Files[0].Bytes = bundle(entry{"", `{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}`})
		}, Park, ReasonNoPatient, StateParked},
		"other version": {sandbox.Behaviour{}, func(e *Envelope) { e.Files[0].FHIRVersion = "3.0.2" }, Park, ReasonVersion, StateParked},
		"two people alike": {sandbox.Behaviour{}, func(e *Envelope) {
			e.Files[0].Bytes = bundle(patient(""), entry{urn(2), `{"resourceType":"Patient","name":[{"family":"B"}]}`})
		}, Park, ReasonWhichPatient, StateParked},
		"newer envelope": {sandbox.Behaviour{}, func(e *Envelope) { e.ID = "no-uuid" }, Fatal, ReasonOrder, StateFailed},
	} {
		w := newWorld(t, c.b)
		env := ips(t)
		if c.env != nil {
			c.env(env)
		}
		r, _, err := w.try(env, 1)
		var e *Error
		if !errors.As(err, &e) || e.Class != c.class || e.Reason != c.reason || r.State != c.state {
			t.Errorf("%s: %v, state %s, want %s %s %s", name, err, r.State, c.class, c.reason, c.state)
		}
		if n := len(w.Counts().Created); n != 0 {
			t.Errorf("%s: something was written", name)
		}
	}
}

func TestStaffChooseAmongThePeopleOfARecord(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	env := envelope(bundle(patient(""), entry{urn(2), `{"resourceType":"Patient","id":"b","name":[{"family":"Baum","given":["Bo"]}],"birthDate":"1999-01-01"}`},
		condition(urn(3), "a", "38341003", patURL), condition(urn(4), "b", "38341003", urn(2))))
	if _, _, err := w.try(env, 1); Classify(err).Reason != ReasonWhichPatient {
		t.Fatal(err)
	}
	env.Subject = urn(2)
	r, _ := w.deliver(env)
	wantVerified(t, r)
	wantLine(t, r, urn(3), ResultRefused, WhySomeoneElse)
	wantLine(t, r, urn(4), ResultCreated, "")
	wantLine(t, r, patURL, ResultRefused, WhySomeoneElse)
}

// TestKilledAnywhere stops the importer at every save and every request in
// turn, as a crash would, and goes on from what was saved: the record is on the
// server exactly once.
func TestKilledAnywhere(t *testing.T) {
	errKilled := errors.New("killed")
	for name, b := range map[string]sandbox.Behaviour{"transaction": {}, "singles": {NoTransaction: 400}, "silent batch": {TransactionAsBatch: true}} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at++ {
				w := newWorld(t, b)
				ledger, err := MarshalEnvelope(ips(t))
				if err != nil {
					t.Fatal(err)
				}
				saves := 0
				run := func(kill bool) (Receipt, error) {
					env, err := UnmarshalEnvelope(ledger)
					if err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					return w.im.Deliver(ctx, env, func(e *Envelope) error {
						saves++
						if kill && saves == at {
							if at%2 == 0 { // died before the disk had it
								return errKilled
							}
							ledger, _ = MarshalEnvelope(e)
							return errKilled // died right after
						}
						ledger, err = MarshalEnvelope(e)
						return err
					})
				}
				_, err = run(true)
				reached := saves >= at
				if reached && !errors.Is(err, errKilled) {
					t.Fatalf("save %d: %v", at, err)
				}
				if !reached {
					break
				}
				r, err := run(false)
				if err != nil {
					t.Fatalf("after save %d: %v", at, err)
				}
				wantVerified(t, r)
				w.wantOnce(r)
			}
		})
	}
}

func TestUndoTakesBackWhatWasCreatedOnly(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	first, _ := w.deliver(ips(t))
	env := toChart(envelope(bundle(patientLike(t), condition(urn(3), "x", "38341003", urn(1)))), first.Patient.Reference)
	r, env := w.deliver(env)
	if r.Count(ResultCreated) != 1 {
		t.Fatal(pretty(r))
	}
	if _, err := w.im.Undo(context.Background(), env, func(*Envelope) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if n := len(w.ours("Condition")); n != 2 {
		t.Errorf("%d conditions, want the 2 of the first import", n)
	}
	if n := len(w.ours("Patient")); n != 1 {
		t.Errorf("%d charts", n)
	}
	if n := len(w.ours("Provenance")); n != 1 {
		t.Errorf("%d Provenance", n)
	}
}

// patientLike is the IPS's patient under the test's fullUrl.
func patientLike(t *testing.T) entry {
	t.Helper()
	p, err := newPlan(ips(t), newWorldless())
	if err != nil {
		t.Fatal(err)
	}
	return entry{urn(1), string(p.subject.res.Raw())}
}

func TestPatientsWordsNeverReachErrorsOrNotes(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{RefuseTypes: []string{"Condition", "Observation"}})
	r, env, err := w.try(ips(t), 2)
	said := fmt.Sprint(err, r.Notes, r.Verification, env, *env, env.Files, env.Proposals)
	for _, name := range []string{"Martha", "DeLarosa", "1972-05-01"} {
		if strings.Contains(said, name) {
			t.Errorf("%q is in what gets printed", name)
		}
	}
}

// tagless is a server that knows no _tag, and with strip set keeps no tags
// either.
type tagless struct{ lose bool }

func (x tagless) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Query().Has("_tag") {
		return &http.Response{StatusCode: 400, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && x.lose {
		err = changeBody(resp, func(_ *http.Request, b []byte) []byte {
			return []byte(strings.ReplaceAll(string(b), `"tag":[`, `"tagged":[`))
		})
	}
	return resp, err
}

func TestServersWithoutTags(t *testing.T) {
	for name, lose := range map[string]bool{"not searchable": false, "not kept": true} {
		for _, fault := range []sandbox.Fault{{Kind: "drip", Method: "TRACE"}, {Kind: "drop-after", What: "transaction", Times: 1}} {
			w := newWorld(t, sandbox.Behaviour{Faults: []sandbox.Fault{fault}})
			c, err := fhir.New(fhir.Options{Base: w.FHIRBase(), Transport: tagless{lose}})
			if err != nil {
				t.Fatal(err)
			}
			if w.im, err = New(Options{Client: c, Organization: "Test Clinic"}); err != nil {
				t.Fatal(err)
			}
			rec := bundle(patient(""), condition(urn(2), "c", "38341003", patURL), observation(urn(3), "o", "2024-01-01T08:00:00Z", "120", patURL, `,"performer":[{"reference":"`+urn(4)+`"}]`),
				entry{urn(4), `{"resourceType":"Organization","id":"o","name":"North, & Sons"}`}, entry{urn(5), `{"resourceType":"Practitioner","id":"p","name":[{"family":"Ray"}]}`})
			before := len(w.all("Patient", nil))
			r, _ := w.deliver(envelope(rec))
			if len(r.Verification.Missing) > 0 || r.Count(ResultRefused) > 0 || r.Verification.Duplicates > 0 {
				t.Errorf("%s, %s: %s", name, fault.Kind, pretty(r))
			}
			r2, _ := w.deliver(toChart(envelope(rec), r.Patient.Reference))
			if r2.Count(ResultCreated) != 0 {
				t.Errorf("%s, %s: second import: %s\n%s", name, fault.Kind, counts(r2), pretty(r2))
			}
			made := w.Counts().Created
			if made["Condition"] != 1 || made["Observation"] != 1 || made["Organization"] != 1 || made["Practitioner"] != 1 || len(w.all("Patient", nil)) != before+1 {
				t.Errorf("%s, %s: created %v", name, fault.Kind, made)
			}
		}
	}
}
