package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

func about(typ, more string) string {
	return `{"resourceType":"` + typ + `","subject":{"reference":"` + patURL + `"}` + more + `}`
}

func TestWhatIsNotFiledSaysWhy(t *testing.T) {
	obs := func(more string) string { return about("Observation", `,"status":"final","code":{"text":"x"}`+more) }
	for name, c := range map[string]struct{ body, result, why string }{
		"subscription":         {`{"resourceType":"Subscription","status":"active"}`, ResultRefused, WhyType},
		"structure definition": {`{"resourceType":"StructureDefinition"}`, ResultRefused, WhyType},
		"search parameter":     {`{"resourceType":"SearchParameter"}`, ResultRefused, WhyType},
		"practitioner role":    {`{"resourceType":"PractitionerRole"}`, ResultRefused, WhyType},
		"audit event":          {`{"resourceType":"AuditEvent"}`, ResultRefused, WhyType},
		"sender's provenance":  {`{"resourceType":"Provenance"}`, ResultRefused, WhyType},
		"consent":              {`{"resourceType":"Consent","provision":{"type":"permit"}}`, ResultRefused, WhyType},
		"list":                 {`{"resourceType":"List"}`, ResultRefused, WhyType},
		"operation outcome":    {`{"resourceType":"OperationOutcome"}`, ResultRefused, WhyType},
		"unheard of":           {`{"resourceType":"Xyz"}`, ResultRefused, WhyType},
		"no resource":          {`{"resourceType":7}`, ResultRefused, WhyNotFHIR},
		"loose binary":         {`{"resourceType":"Binary","contentType":"application/pdf","data":"AA=="}`, ResultRefused, WhyLoose},
		"modifier at the root": {obs(`,"modifierExtension":[{"url":"http://x","valueBoolean":true}]`), ResultRefused, WhyModifier},
		"modifier deep inside": {obs(`,"component":[{"code":{"text":"y"},"modifierExtension":[{"url":"http://x"}]}]`), ResultRefused, WhyModifier},
		"modifier, escaped":    {obs(`,"modifier\u0045xtension":[{"url":"http://x"}]`), ResultRefused, WhyModifier},
		"modifier, contained":  {obs(`,"contained":[{"resourceType":"Device","id":"d","modifierExtension":[{"url":"http://x"}]}],"device":{"reference":"#d"}`), ResultRefused, WhyModifier},
		"implicit rules":       {obs(`,"implicitRules":"http://x"`), ResultRefused, WhyRules},
		"only the word":        {obs(`,"note":[{"text":"modifierExtension implicitRules"}]`), ResultCreated, ""},
		"NUL":                  {obs(`,"note":[{"text":"a\u0000b"}]`), ResultRefused, WhyText},
		"entered in error":     {strings.Replace(obs(""), `"final"`, `"entered-in-error"`, 1), ResultLeftOut, WhyError},
		"refuted": {about("Condition", `,"code":{"text":"x"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}]}`),
			ResultLeftOut, WhyRefuted},
		"verified in error":     {about("Condition", `,"verificationStatus":{"coding":[{"code":"entered-in-error"}]}`), ResultLeftOut, WhyError},
		"about a group":         {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Group/5"}}`, ResultRefused, WhySomeoneElse},
		"about a search":        {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=x"}}`, ResultRefused, WhySomeoneElse},
		"about a device":        {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Device/5"}}`, ResultRefused, WhySomeoneElse},
		"about nobody":          {`{"resourceType":"Observation","status":"final","code":{"text":"x"}}`, ResultCreated, ""},
		"a condition of nobody": {`{"resourceType":"Condition","code":{"text":"x"}}`, ResultRefused, WhyNoSubject},
		"by identifier":         {`{"resourceType":"Condition","code":{"text":"x"},"subject":{"identifier":{"system":"urn:mrn","value":"7"}}}`, ResultCreated, ""},
		"by another's":          {`{"resourceType":"Condition","code":{"text":"x"},"subject":{"identifier":{"system":"urn:mrn","value":"8"}}}`, ResultRefused, WhyNoSubject},
		"by name only":          {`{"resourceType":"Condition","code":{"text":"x"},"subject":{"display":"Ada Zorn"}}`, ResultRefused, WhyNoSubject},
	} {
		t.Run(name, func(t *testing.T) {
			env := envelope(bundle(patient(`,"identifier":[{"system":"urn:mrn","value":"7"}]`), entry{urn(2), c.body}))
			p, err := newPlan(env, fhir.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			d := &delivery{plan: p, env: env}
			it := p.items[1]
			it.ref = "X/1"
			if l := d.line(it); l.Result != c.result || l.Why != c.why {
				t.Errorf("%s (%s), want %s (%s)", l.Result, l.Why, c.result, c.why)
			}
			if err := p.prepare(); err != nil {
				t.Fatal(err)
			}
			if it.verdict == file && it.kind == inChart && it.base.Get("subject", "reference").String() != p.subject.key {
				t.Errorf("filed, but not tied to the patient: %s", it.base.Raw())
			}
		})
	}
}

func TestEnteredInErrorIsFiledOnlyWhenAskedFor(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	env := envelope(bundle(patient(""), entry{urn(2), about("Observation", `,"status":"entered-in-error","code":{"text":"x"}`)}))
	env.Include = []string{urn(2)}
	r, _ := w.deliver(env)
	wantVerified(t, r)
	wantLine(t, r, urn(2), ResultCreated, "")
}

func TestMetaOfTheSenderIsStripped(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	r, _ := w.deliver(envelope(bundle(patient(""), entry{urn(2), about("Condition", `,"code":{"text":"x"},"meta":{"versionId":"9","lastUpdated":"2020-01-01T00:00:00Z",`+
		`"source":"https://src.example","profile":["http://p"],"security":[{"code":"R"},{"code":"HTEST"}],"tag":[{"code":"TEST"}]}`)})))
	wantVerified(t, r)
	meta := string(w.ours("Condition")[0].Get("meta").Raw())
	for _, gone := range []string{`"R"`, "HTEST", `"TEST"`, "2020-01-01", `"9"`} {
		if strings.Contains(meta, gone) {
			t.Errorf("%s survived", gone)
		}
	}
	for _, kept := range []string{"PATAST", SystemImport, SystemEntry, SystemContent, "http://p", "https://src.example"} {
		if !strings.Contains(meta, kept) {
			t.Errorf("%s is missing", kept)
		}
	}
}

func TestCirclesOfReferences(t *testing.T) {
	circle := bundle(patient(""),
		entry{urn(2), about("Encounter", `,"status":"finished","class":{"code":"AMB"},"diagnosis":[{"condition":{"reference":"`+urn(3)+`"}}]`)},
		entry{urn(3), about("Condition", `,"code":{"text":"x"},"encounter":{"reference":"`+urn(2)+`"}`)},
		entry{urn(4), about("Observation", `,"status":"final","code":{"text":"x"},"hasMember":[{"reference":"`+urn(4)+`"}]`)})
	for name, b := range map[string]sandbox.Behaviour{"transaction": {}, "singles": {NoTransaction: 400}, "silent batch": {TransactionAsBatch: true},
		"parts": {EntryLimit: 2}, "singles, lost answer": {NoTransaction: 400, Faults: []sandbox.Fault{{Kind: "drop-after", Method: "PUT", Times: 1}}}} {
		w := newWorld(t, b)
		r, _ := w.deliver(envelope(circle))
		if len(r.Verification.Missing) > 0 || r.Verification.References.Unresolved > 0 || r.Count(ResultCreated) != 4 {
			t.Errorf("%s:\n%s", name, pretty(r))
			continue
		}
		enc, cond, obs := w.ours("Encounter")[0], w.ours("Condition")[0], w.ours("Observation")[0]
		if enc.Get("diagnosis", 0, "condition", "reference").String() != "Condition/"+cond.ID() ||
			cond.Get("encounter", "reference").String() != "Encounter/"+enc.ID() ||
			obs.Get("hasMember", 0, "reference").String() != "Observation/"+obs.ID() {
			t.Errorf("%s: the circle is broken", name)
		}
		r, _ = w.deliver(toChart(envelope(circle), r.Patient.Reference))
		if r.Count(ResultCreated) != 0 {
			t.Errorf("%s: second import created %d", name, r.Count(ResultCreated))
		}
	}
}

func TestDocumentsWithTheirBinary(t *testing.T) {
	rec := bundle(patient(""),
		entry{urn(2), about("DocumentReference", `,"status":"current","type":{"text":"Letter"},"content":[{"attachment":{"contentType":"application/pdf","url":"`+urn(3)+`"}},{"attachment":{"url":"https://elsewhere.example/x.pdf"}}]`)},
		entry{urn(3), `{"resourceType":"Binary","contentType":"application/pdf","data":"JVBERi0xLjQK"}`},
		entry{urn(4), about("DocumentReference", `,"status":"current","type":{"text":"Odd"},"content":[{"attachment":{"contentType":"application/x-msdownload","url":"Binary/exe"}}]`)},
		entry{urn(5), `{"resourceType":"Binary","id":"exe","contentType":"application/x-msdownload","data":"TVo="}`})
	for name, b := range map[string]sandbox.Behaviour{"transaction": {}, "singles": {NoTransaction: 400}} {
		w := newWorld(t, b)
		r, _ := w.deliver(envelope(rec))
		wantVerified(t, r)
		wantLine(t, r, urn(3), ResultCreated, "")
		wantLine(t, r, urn(5), ResultRefused, WhyType)
		for _, d := range w.ours("DocumentReference") {
			switch d.Get("type", "text").String() {
			case "Letter":
				l, ok := fhir.ParseLiteral(d.Get("content", 0, "attachment", "url").String())
				if !ok || l.Type != "Binary" || d.Get("content", 1, "attachment", "url").String() != "https://elsewhere.example/x.pdf" {
					t.Errorf("%s: the letter's address: %s", name, d.Get("content").Raw())
				}
				if _, err := w.im.opt.Client.Read(context.Background(), l.Local()); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case "Odd":
				if d.Get("content", 0, "attachment", "url").Exists() {
					t.Errorf("%s: the address of what was not filed stays", name)
				}
			}
		}
		r, _ = w.deliver(toChart(envelope(rec), r.Patient.Reference))
		if r.Count(ResultCreated) != 0 {
			t.Errorf("%s: second import: %s\n%s", name, counts(r), pretty(r))
		}
	}
}

func TestAnUpdatedRecordBringsOnlyWhatIsNew(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	withID := func(status string) entry {
		return entry{urn(2), about("Condition", `,"identifier":[{"system":"urn:src","value":"c1"}],"clinicalStatus":{"coding":[{"code":"`+status+`"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]},"onsetDateTime":"2020-01-01"`)}
	}
	r, _ := w.deliver(envelope(bundle(patient(""), withID("active"))))
	env := toChart(envelope(bundle(patient(""), withID("resolved"), condition(urn(3), "n", "44054006", patURL))), r.Patient.Reference)
	r, env = w.deliver(env)
	wantVerified(t, r)
	wantLine(t, r, urn(2), ResultExisting, WhyDifferent)
	wantLine(t, r, urn(3), ResultCreated, "")
	if len(env.Proposals) != 1 || env.Proposals[0].Kind != "update" || env.Proposals[0].Reference != lineOf(t, r, urn(2)).Reference {
		t.Error("staff are not told about the difference")
	}
	for _, c := range w.ours("Condition") {
		if c.Get("identifier").Exists() && c.Get("clinicalStatus", "coding", 0, "code").String() != "active" {
			t.Error("the chart was changed without anybody's decision")
		}
	}
}

func TestLeavingOutKeepsWhatOnlyItUsesBack(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	env := envelope(bundleOf("document",
		entry{urn(9), about("Composition", `,"status":"final","type":{"text":"IPS"},"date":"2026-01-01","author":[{"display":"x"}],"title":"t","text":{"status":"generated","div":"<div>Psychosis</div>"},"section":[{"title":"Problems","text":{"status":"generated","div":"<div>Psychosis</div>"},"entry":[{"reference":"`+urn(2)+`"},{"reference":"`+urn(4)+`"}]}]`)},
		patient(""),
		entry{urn(2), about("Condition", `,"code":{"text":"Psychosis"},"asserter":{"reference":"`+urn(3)+`"}`)},
		entry{urn(3), `{"resourceType":"Practitioner","id":"psy","name":[{"family":"Freudlich"}]}`},
		condition(urn(4), "k", "38341003", patURL)))
	env.LeaveOut = []string{"0.2"} // the key that the summary gave it
	r, _ := w.deliver(env)
	wantVerified(t, r)
	wantLine(t, r, urn(2), ResultLeftOut, WhyPatient)
	wantLine(t, r, urn(3), ResultLeftOut, WhyPatient)
	wantLine(t, r, urn(4), ResultCreated, "")
	for _, typ := range []string{"Composition", "DocumentReference", "Consent", "Provenance", "AuditEvent", "Condition"} {
		for _, x := range w.ours(typ) {
			for _, word := range []string{"Psychosis", "Freudlich"} {
				if strings.Contains(unpacked(x), word) {
					t.Errorf("%s names what was left out (%s)", typ, word)
				}
			}
		}
	}
	if c := w.ours("Consent")[0]; !strings.Contains(string(c.Raw()), "1 left out by the patient") {
		t.Error("Consent does not say how much was left out")
	}
	env = envelope(sample(t, "hl7-ips-bundle-01.json"))
	env.LeaveOut = []string{"Observation"}
	r, _ = newWorld(t, sandbox.Behaviour{}).deliver(env)
	wantVerified(t, r)
	if n := r.Count(ResultLeftOut); n < 7 || r.Count(ResultCreated)+n != 20 || len(r.Notes) != 0 {
		t.Errorf("leaving out a type: %s %v", counts(r), r.Notes)
	}
	env = ips(t)
	env.LeaveOut = []string{"Observatoin"}
	if r, _ = newWorld(t, sandbox.Behaviour{}).deliver(env); !slices.Contains(r.Notes, "leave-out-names-nothing") {
		t.Errorf("a leave-out that names nothing passes in silence: %v", r.Notes)
	}
}

func TestServerThatTakesFewTypes(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	few := map[string]fhir.TypeCapability{}
	for _, typ := range []string{"Patient", "Condition", "AllergyIntolerance"} {
		few[typ] = fhir.TypeCapability{Interactions: []string{"create", "read", "search-type"}}
	}
	few["Observation"] = fhir.TypeCapability{Interactions: []string{"read"}}
	w.im.caps = &fhir.Capabilities{Types: few}
	r, _ := w.deliver(ips(t))
	wantVerified(t, r)
	for _, l := range r.Resources {
		if _, ok := few[l.Type]; (!ok || l.Type == "Observation") && (l.Result != ResultRefused || l.Why != WhyServerType) {
			t.Errorf("%+v", l)
		}
	}
	if r.Count(ResultCreated) != 5 {
		t.Errorf("%s", counts(r))
	}
	w.wantNoDangling("Condition", "AllergyIntolerance")
}

func TestOrdersInTheBundleAreNotObeyed(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	w.put(`{"resourceType":"Patient","id":"victim","name":[{"family":"V"}]}`)
	rec := `{"resourceType":"Bundle","type":"transaction","entry":[
		{"fullUrl":"` + patURL + `","resource":` + patient("").body + `,"request":{"method":"PUT","url":"Patient/victim"}},
		{"fullUrl":"` + urn(2) + `","resource":` + condition("", "c", "1", patURL).body + `,"request":{"method":"POST","url":"Condition","ifNoneExist":"code=1"}},
		{"request":{"method":"DELETE","url":"Patient/victim"}}]}`
	r, _ := w.deliver(envelope([]byte(rec)))
	wantVerified(t, r)
	v, err := w.im.opt.Client.Read(context.Background(), "Patient/victim")
	if err != nil || v.Get("meta", "versionId").String() != "1" {
		t.Errorf("an order of the sender was carried out: %v", err)
	}
}

func TestHostileReferencesLeaveAsWordsOnly(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	w.put(`{"resourceType":"Patient","id":"stranger","name":[{"family":"S"}]}`)
	for _, ref := range []string{"Patient/stranger", "Patient?name=S", "/Patient/stranger", "../Patient/stranger", w.FHIRBase() + "/Patient/stranger",
		"urn:uuid:ffffffff-0000-4000-8000-000000000000", "urn:oid:1.2", "#none", "resource:77", "javascript:alert(1)", "", " ", strings.Repeat("x", 5000), "Patient/stranger/_history/1"} {
		rec := bundle(patient(fmt.Sprintf(`,"multipleBirthInteger":%d`, len(ref))), entry{urn(2), about("Condition", `,"code":{"text":"x"},"recorder":{"reference":"`+ref+`"},"asserter":{"type":"Practitioner","reference":"`+ref+`"}`)})
		r, _ := w.deliver(envelope(rec))
		if r.Verification.References.Unresolved != 0 || len(r.Verification.Missing) != 0 {
			t.Errorf("%.40q:\n%s", ref, pretty(r))
		}
		c, err := w.im.opt.Client.Read(context.Background(), lineOf(t, r, urn(2)).Reference)
		if err != nil {
			t.Fatal(err)
		}
		if c.Get("recorder", "reference").Exists() || c.Get("asserter", "reference").Exists() {
			t.Errorf("%.40q left as a literal reference", ref)
		}
	}
}

func TestLooseFiles(t *testing.T) {
	w := newWorld(t, sandbox.Behaviour{})
	pdf := func(words string) *Envelope {
		env := envelope(bundle(patient(""), condition(urn(2), "c", "38341003", patURL)), []byte("%PDF-1.4 "+words), []byte("MZ"))
		env.Files[1].ContentType, env.Files[2].ContentType = "application/pdf", "application/x-msdownload"
		return env
	}
	r, _ := w.deliver(pdf("one"))
	wantVerified(t, r)
	wantLine(t, r, "file:1", ResultCreated, "")
	chart := r.Patient.Reference
	r, _ = w.deliver(toChart(pdf("one"), chart))
	wantLine(t, r, "file:1", ResultExisting, WhySameContent)
	if r.Count(ResultCreated) != 0 || len(w.ours("Provenance")) != 1 {
		t.Errorf("second import: %s", counts(r))
	}
	r, _ = w.deliver(toChart(pdf("two"), chart))
	wantVerified(t, r)
	wantLine(t, r, "file:1", ResultCreated, "")
	if r.Count(ResultCreated) != 1 || len(w.ours("Provenance")) != 2 {
		t.Errorf("a new document in a known record: %s", counts(r))
	}
	env := toChart(pdf("three"), chart)
	env.LeaveOut = []string{"1.0"}
	r, _ = w.deliver(env)
	wantLine(t, r, "file:1", ResultLeftOut, WhyPatient)
	wantLine(t, r, "file:2", ResultRefused, WhyType)
	for _, d := range w.ours("DocumentReference") {
		if strings.Contains(unpacked(d), "three") {
			t.Error("a document that was left out was filed")
		}
	}
}
