package intake

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

func TestFault10NewFactsAreProposedNotWritten(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	w.put(`{"resourceType":"Patient","id":"x","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03","telecom":[{"system":"phone","value":"(212) 555-0100"}]}`)
	rec := bundle(patient(`,"telecom":[{"system":"phone","value":"+1 212 555 0100"},{"system":"phone","value":"212-555-0142","use":"mobile"},{"system":"email","value":"ada@example.org"}],`+
		`"address":[{"line":["1 Elm St"],"city":"Troy","postalCode":"12180"}],"contact":[{"name":{"family":"Zorn","given":["Eva"]},"telecom":[{"system":"phone","value":"212-555-0199"}]}]`),
		entry{urn(2), `{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"` + patURL + `"},"payor":[{"display":"Acme"}]}`})
	r, env := w.deliver(toChart(envelope(rec), "Patient/x"))
	wantVerified(t, r)
	var kinds []string
	for _, p := range env.Proposals {
		kinds = append(kinds, p.Kind)
	}
	if got := strings.Join(kinds, " "); got != "phone email address contact insurance" || r.Proposals != 5 {
		t.Fatalf("proposals: %s (%d)", got, r.Proposals)
	}
	read := func() fhir.Resource {
		c, err := w.im.opt.Client.Read(context.Background(), "Patient/x")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if read().Get("meta", "versionId").String() != "1" {
		t.Fatal("the chart was written to without anybody's decision")
	}
	saved := 0
	save := func(*Envelope) error { saved++; return nil }
	for _, p := range env.Proposals {
		if p.Kind == "email" {
			if err := w.im.Decline(env, p.ID, Staff{ID: "staff-7"}, save); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := w.im.Accept(context.Background(), env, p.ID, Staff{ID: "staff-7"}, save); err != nil {
			t.Fatal(err)
		}
	}
	c := read()
	if c.Get("telecom").Len() != 2 || c.Get("telecom", 0, "value").String() != "(212) 555-0100" || c.Get("address").Len() != 1 || c.Get("contact").Len() != 1 {
		t.Error("accepted proposals are not in the chart, or something else changed")
	}
	if strings.Contains(string(c.Raw()), "ada@") || saved != 5 {
		t.Errorf("declined proposal written, or not saved (%d)", saved)
	}
	if err := w.im.Accept(context.Background(), env, "1", Staff{ID: "staff-7"}, save); err == nil {
		t.Error("accepted twice")
	}
}

func TestFault11EverythingCanBeTraced(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	env := envelope(sample(t, "skill-ktc-valid-baseline.json"))
	env.Source.Attestation = "verified"
	r, env := w.deliver(env)
	wantVerified(t, r)
	prov := w.ours("Provenance")
	if len(prov) != 1 {
		t.Fatalf("%d Provenance", len(prov))
	}
	targets := map[string]bool{}
	for _, x := range prov[0].Get("target").Elements() {
		targets[x.Get("reference").String()] = true
	}
	for _, l := range r.Resources {
		if l.Result == ResultCreated && l.Type != "Provenance" && l.Type != "AuditEvent" && !targets[l.Reference] {
			t.Errorf("Provenance does not name %s", l.Reference)
		}
	}
	raw := string(prov[0].Raw())
	for _, want := range []string{"assembler", "custodian", `"author"`, "shl.example.org", "00ff", env.Files[0].SHA256, "attestation: verified", "Device/", "Test Clinic"} {
		if !strings.Contains(raw, want) {
			t.Errorf("Provenance lacks %q", want)
		}
	}
	kinds := map[string]int{}
	for _, d := range w.ours("DocumentReference") {
		kinds[d.Get("type", "coding", 0, "code").String()]++
		if d.Get("identifier", 0, "system").String() == SystemDocument && decoded(d.Get("content", 0, "attachment", "data").String()) != string(env.Files[0].Bytes) {
			t.Error("the kept original differs from what came")
		}
	}
	if kinds["60591-5"] != 1 || kinds["51855-5"] != 1 || kinds["34133-9"] != 1 {
		t.Errorf("documents: %v", kinds)
	}
	for _, typ := range []string{"Patient", "Condition", "DocumentReference"} {
		for _, x := range w.ours(typ) {
			own := x.Get("identifier", 0, "system").String() == SystemDocument
			if !own && x.Get("meta", "security", 0, "code").String() != "PATAST" {
				t.Errorf("%s is not marked as the patient's word", typ)
			}
		}
	}
	consent := w.ours("Consent")
	if len(consent) != 1 || !strings.Contains(string(consent[0].Raw()), "import 3 en") {
		t.Error("Consent does not name the words shown")
	}
	if len(w.ours("AuditEvent")) != 1 {
		t.Error("no AuditEvent")
	}
}

// tampering is a proxy that changes what the server answers.
func tampering(t *testing.T, base string, change func(r *http.Request, body []byte) []byte) string {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) {
		pr.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
		pr.Out.Header.Del("Accept-Encoding")
	}, ModifyResponse: func(resp *http.Response) error { return changeBody(resp, change) }}
	srv := httptest.NewServer(proxy)
	t.Cleanup(srv.Close)
	return srv.URL + target.Path
}

func TestFault12ReadBackFindsWhatAServerDidWrong(t *testing.T) {
	rec := bundle(patient(""), condition(urn(2), "c", "38341003", patURL), observation(urn(3), "o", "2024-01-01T08:00:00Z", "120", patURL, ""))
	for name, c := range map[string]struct {
		from, to string
		want     string
	}{
		"value changed":      {`"value":120`, `"value":121`, "content-differs"},
		"element lost":       {`"onsetDateTime":"2019-05-01",`, ``, "content-differs"},
		"birth date changed": {`"birthDate":"1980-02-03"`, `"birthDate":"1980-03-02"`, "demographics"},
		"resource gone":      {`"resourceType":"Condition"`, `"resourceType":"Basic"`, "not-found"},
	} {
		w := newWorld(t, sandbox.Behaviour{})
		base := tampering(t, w.FHIRBase(), func(r *http.Request, body []byte) []byte {
			if r.Method != http.MethodGet {
				return body
			}
			return []byte(strings.ReplaceAll(string(body), c.from, c.to))
		})
		w.im = newImporter(t, base)
		r, _ := w.deliver(envelope(rec))
		if r.State != StateDelivered || !strings.Contains(pretty(r), c.want) || len(r.Verification.Alarm) == 0 {
			t.Errorf("%s: not found:\n%s", name, pretty(r))
		}
		for _, a := range r.Verification.Alarm {
			if a.ToDo == "" {
				t.Errorf("%s: alarm %s does not say what to do", name, a.Code)
			}
		}
	}
}

func TestFault13OtherPeopleInTheRecord(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	holder := urn(8)
	b := bundle(
		entry{holder, `{"resourceType":"Patient","id":"h","meta":{"versionId":"4"},"text":{"status":"generated","div":"<div/>"},"name":[{"family":"Zorn","given":["Max"]}],"birthDate":"1950-01-01","managingOrganization":{"reference":"` + urn(4) + `"}}`},
		patient(""),
		entry{urn(2), `{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"` + patURL + `"},"subscriber":{"reference":"` + holder + `"},"policyHolder":{"reference":"` + holder + `"},"payor":[{"reference":"` + urn(4) + `"}]}`},
		condition(urn(3), "theirs", "38341003", holder),
		entry{urn(4), `{"resourceType":"Organization","id":"o","name":"Acme"}`},
		condition(urn(5), "ours", "38341003", patURL),
		entry{urn(6), `{"resourceType":"Observation","id":"g","status":"final","code":{"text":"x"},"subject":{"reference":"Group/1"}}`},
		entry{urn(7), `{"resourceType":"Observation","id":"n","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/nobody"}}`})
	before := len(w.all("Patient", nil))
	r, _ := w.deliver(envelope(b))
	wantVerified(t, r)
	wantLine(t, r, holder, ResultCreated, WhyAttached)
	wantLine(t, r, urn(3), ResultRefused, WhySomeoneElse)
	wantLine(t, r, urn(6), ResultRefused, WhySomeoneElse)
	wantLine(t, r, urn(7), ResultRefused, WhySomeoneElse)
	if n := len(w.all("Patient", nil)); n != before+1 {
		t.Errorf("%d new charts, want 1", n-before)
	}
	cov := w.ours("Coverage")[0]
	id := strings.TrimPrefix(cov.Get("subscriber", "reference").String(), "#")
	if cov.Get("contained").Len() != 1 || cov.Get("contained", 0, "id").String() != id || cov.Get("policyHolder", "reference").String() != "#"+id ||
		cov.Get("contained", 0, "birthDate").String() != "1950-01-01" || cov.Get("contained", 0, "meta").Exists() {
		t.Error("the policy holder is not inside the Coverage as he should be")
	}
	w.wantNoDangling("Coverage", "Condition")
}

func TestFault14IdentifiersWithAwkwardCharacters(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	for i, v := range []string{"a&b=c", "a b", "a+b", "a,b", "a|b", "a$b", "a%2Cb", "ä/ö?#", `a\\b`} {
		org := entry{urn(2), `{"resourceType":"Organization","id":"o","identifier":[{"system":"urn:x?y=1&z","value":"` + v + `"}],"name":"Org ` + fmt.Sprint(i) + `"}`}
		cov := entry{urn(3), `{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"` + patURL + `"},"payor":[{"reference":"` + urn(2) + `"}]}`}
		who := strings.NewReplacer("Zorn", "Zorn"+string(rune('a'+i))+string(rune('a'+i))+"berg", "1980", fmt.Sprint(1930+3*i))
		first := patient("")
		first.body = who.Replace(first.body)
		r, _ := w.deliver(envelope(bundle(first, org, cov)))
		wantVerified(t, r)
		// Another person brings the same organisation, known by its identifier.
		org.body = strings.Replace(org.body, `"id":"o"`, `"id":"o","active":true`, 1)
		r2, _ := w.deliver(envelope(bundle(patient(""), org, cov)))
		wantLine(t, r2, urn(2), ResultExisting, WhySameID)
		if lineOf(t, r2, urn(2)).Reference != lineOf(t, r, urn(2)).Reference {
			t.Errorf("%q: found another organisation", v)
		}
	}
}

func TestFault15LimitsOfSize(t *testing.T) {
	rec := manyObservations(60)
	for name, b := range map[string]sandbox.Behaviour{
		"413":               {BodyLimit: 20_000},
		"400 as Medplum":    {BodyLimit: 20_000, BodyLimitStatus: 400, AsyncStyle: "medplum", AsyncPolls: 2},
		"entries":           {EntryLimit: 25},
		"always background": {AsyncOnly: true, AsyncPolls: 1},
	} {
		w := newWorld(t, b)
		r, _ := w.deliver(envelope(rec))
		if counts(r) != "created 61 existing 0 left-out 0 refused 0" {
			t.Errorf("%s: %s\n%s", name, counts(r), pretty(r))
			continue
		}
		if len(r.Verification.Missing) > 0 || r.Verification.References.Unresolved > 0 {
			t.Errorf("%s: %s", name, pretty(r))
		}
		r2, _ := w.deliver(toChart(envelope(rec), r.Patient.Reference))
		if r2.Count(ResultCreated) != 0 {
			t.Errorf("%s: second import created %d", name, r2.Count(ResultCreated))
		}
	}
}

// plainly takes the wish for a background job out of requests: a server that
// knows no such thing.
type plainly struct{}

func (plainly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Prefer") == "respond-async" {
		r = r.Clone(r.Context())
		r.Header.Del("Prefer")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestFault15PartsWhereThereAreNoBackgroundJobs(t *testing.T) {
	for name, b := range map[string]sandbox.Behaviour{"413": {BodyLimit: 30_000}, "400": {BodyLimit: 30_000, BodyLimitStatus: 400}, "400 and few entries": {BodyLimit: 30_000, BodyLimitStatus: 400, EntryLimit: 9}} {
		w := newWorld(t, b)
		c, err := fhir.New(fhir.Options{Base: w.FHIRBase(), Transport: plainly{}})
		if err != nil {
			t.Fatal(err)
		}
		if w.im, err = New(Options{Client: c, Organization: "Test Clinic"}); err != nil {
			t.Fatal(err)
		}
		r, _ := w.deliver(envelope(manyObservations(90)))
		// The copy of the original (base64 in one resource) may be over the limit.
		if counts(r) != "created 91 existing 0 left-out 0 refused 0" || len(r.Verification.Missing) > 0 || r.Verification.References.Unresolved > 0 {
			t.Errorf("%s: %s\n%s", name, counts(r), pretty(r))
		}
		if n := w.Counts().Transactions; n < 2 {
			t.Errorf("%s: %d transactions", name, n)
		}
	}
}

func manyObservations(n int) []byte {
	list := []entry{patient("")}
	for i := range n {
		list = append(list, observation(urn(100+i), fmt.Sprint("o", i), fmt.Sprintf("2024-01-01T%02d:%02d:00Z", i/60%24, i%60), fmt.Sprint(100+i/1440), patURL, ""))
	}
	return bundle(list...)
}
