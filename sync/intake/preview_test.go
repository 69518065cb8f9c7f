package intake

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// wire counts what goes to the server and lets a test step in before it does.
type wire struct {
	mu     sync.Mutex
	seen   []string // METHOD path
	before func(*http.Request) error
}

func (x *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	x.mu.Lock()
	x.seen = append(x.seen, r.Method+" "+r.URL.Path)
	x.mu.Unlock()
	if x.before != nil {
		if err := x.before(r); err != nil {
			return nil, err
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// through puts the wire between importer and server.
func (w *world) through(x *wire) {
	w.t.Helper()
	c, err := fhir.New(fhir.Options{Base: w.FHIRBase(), Transport: x})
	if err != nil {
		w.t.Fatal(err)
	}
	opt := w.im.opt
	opt.Client = c
	if w.im, err = New(opt); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) preview(env *Envelope, chart string) Preview {
	w.t.Helper()
	p, err := w.im.Preview(context.Background(), env, chart)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// What staff see before a delivery is what the delivery then does, entry by
// entry, and seeing it writes nothing.
func TestPreviewSaysWhatDeliveryDoes(t *testing.T) {
	first := bundle(patient(""), condition(urn(2), "a", "38341003", patURL), observation(urn(3), "o", "2024-01-01T08:00:00Z", "120", patURL, ""),
		entry{urn(4), about("Condition", `,"identifier":[{"system":"urn:src","value":"c1"}],"clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]},"onsetDateTime":"2020-01-01"`)})
	second := bundle(patient(`,"telecom":[{"system":"phone","value":"212-555-0142"}]`), condition(urn(2), "a", "38341003", patURL),
		observation(urn(3), "o", "2024-01-01T08:00:00Z", "120", patURL, ""), observation(urn(5), "p", "2024-01-01T20:00:00Z", "120", patURL, ""),
		entry{urn(4), about("Condition", `,"identifier":[{"system":"urn:src","value":"c1"}],"clinicalStatus":{"coding":[{"code":"resolved"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]},"onsetDateTime":"2020-01-01"`)},
		condition(urn(6), "left", "195967001", patURL), entry{urn(7), `{"resourceType":"Subscription","id":"s"}`},
		entry{urn(8), `{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"` + patURL + `"},"payor":[{"display":"Acme"}]}`})
	w := newWorld(t, sandbox.Behaviour{})
	r, _ := w.deliver(envelope(first))
	env := envelope(second)
	env.LeaveOut = []string{urn(6)}
	env.Files = append(env.Files, File{ContentType: "application/pdf", SHA256: "00", Bytes: []byte("%PDF-1.4 x")})
	before, err := MarshalEnvelope(env)
	if err != nil {
		t.Fatal(err)
	}
	created := fmt.Sprint(w.Counts().Created)
	x := &wire{}
	w.through(x)
	p := w.preview(env, r.Patient.Reference)
	for _, s := range x.seen {
		if !strings.HasPrefix(s, "GET ") {
			t.Errorf("a preview sent %s", s)
		}
	}
	if after, _ := MarshalEnvelope(env); string(after) != string(before) {
		t.Error("the envelope was changed")
	}
	if now := fmt.Sprint(w.Counts().Created); now != created {
		t.Errorf("created %s, was %s", now, created)
	}
	got := map[string]string{}
	for _, e := range p.Entries {
		got[e.Source] = e.State
		if e.State == PreviewDifferent && (!strings.Contains(e.Ours.Reveal(), "resolved") || !strings.Contains(e.Theirs.Reveal(), "active") ||
			strings.Contains(e.Ours.Reveal(), "onset") || e.Reference == "") {
			t.Errorf("what differs: %s, %s", e.Ours.Reveal(), e.Theirs.Reveal())
		}
		if strings.Contains(fmt.Sprintf("%v %+v", e, e), "resolved") {
			t.Error("what the record says is printed")
		}
	}
	want := map[string]string{patURL: PreviewSame, urn(2): PreviewSame, urn(3): PreviewSame, urn(5): PreviewNew, urn(4): PreviewDifferent,
		urn(6): PreviewLeftOut, urn(7): PreviewRefused, urn(8): PreviewNew, "file:1": PreviewNew}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	var kinds []string
	for _, q := range p.Proposals {
		kinds = append(kinds, q.Kind)
	}
	if s := strings.Join(kinds, " "); s != "phone update insurance" || p.Demographics != DemographicsEqual || p.Chart != r.Patient.Reference {
		t.Errorf("proposals %s, demographics %s, chart %s", s, p.Demographics, p.Chart)
	}
	w.agree(p, toChart(env, r.Patient.Reference))
}

// agree delivers and compares with what the preview said.
func (w *world) agree(p Preview, env *Envelope) {
	w.t.Helper()
	r, env := w.deliver(env)
	said := map[string]string{}
	for _, e := range p.Entries {
		said[e.Type+e.Source] = e.State
	}
	n := 0
	for _, l := range r.Resources {
		if l.Result == ResultLeftOut && l.Why != WhyPatient {
			l.Result = ResultRefused
		}
		if l.Source == sourceImport {
			continue
		}
		n++
		want := map[string]string{ResultCreated: PreviewNew, ResultExisting: PreviewSame, ResultLeftOut: PreviewLeftOut, ResultRefused: PreviewRefused}[l.Result]
		got := said[l.Type+l.Source]
		if got == PreviewDifferent && l.Why == WhyDifferent {
			got = PreviewSame
		}
		if got != want {
			w.t.Errorf("%s: the preview said %q, the delivery %s (%s)", l.Source, said[l.Type+l.Source], l.Result, l.Why)
		}
	}
	if n != len(p.Entries) || len(p.Proposals) != len(env.Proposals) {
		w.t.Errorf("%d entries and %d proposals, the preview said %d and %d", n, len(env.Proposals), len(p.Entries), len(p.Proposals))
	}
}

func TestPreviewOfSamples(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{"spec": {}, "no transactions": {NoTransaction: 400}, "no search by tag or identifier": {LenientSearch: true}} {
		for _, file := range []string{"hl7-ips-bundle-01.json", "hl7-carin-as-bundle.json", "skill-ktc-valid-baseline.json"} {
			t.Run(name+", "+file, func(t *testing.T) {
				w := newWorld(t, b)
				w.put(`{"resourceType":"Patient","id":"x","name":[{"family":"Empty"}]}`)
				rec := sample(t, file)
				w.agree(w.preview(envelope(rec), "Patient/x"), toChart(envelope(rec), "Patient/x"))
				w.agree(w.preview(envelope(rec), "Patient/x"), toChart(envelope(rec), "Patient/x"))
			})
		}
	}
}

func TestPreviewOfAChartThatTakesNothing(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	w.put(`{"resourceType":"Patient","id":"dead","deceasedBoolean":true}`, `{"resourceType":"Patient","id":"old","link":[{"type":"replaced-by","other":{"reference":"Patient/new"}}]}`,
		`{"resourceType":"Patient","id":"new","name":[{"family":"Else"}],"birthDate":"1999-01-01"}`)
	rec := envelope(bundle(patient(""), condition(urn(2), "a", "38341003", patURL)))
	for chart, want := range map[string]Reason{"Patient/dead": ReasonChartUnfit, "Patient/nobody": ReasonChartMissing, "Condition/1": ReasonOrder} {
		if _, err := w.im.Preview(context.Background(), rec, chart); err == nil || Classify(err).Reason != want {
			t.Errorf("%s: %v", chart, err)
		}
	}
	if p := w.preview(rec, "Patient/old"); p.Chart != "Patient/new" || p.Demographics != DemographicsDiffer {
		t.Errorf("%s %s", p.Chart, p.Demographics)
	}
}
