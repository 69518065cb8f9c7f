package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/sandbox"
)

// entries is a Bundle of a patient and what else is given, each entry's
// resource as JSON.
func badBundle(typ, patient string, more ...string) string {
	list := []string{`{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":` + patient + `}`}
	for i, m := range more {
		if !strings.HasPrefix(m, `{"fullUrl"`) && !strings.HasPrefix(m, `{"resource":`) {
			m = fmt.Sprintf(`{"fullUrl":"urn:uuid:00000000-0000-4000-8000-%012d","resource":%s}`, i+2, m)
		}
		list = append(list, m)
	}
	return `{"resourceType":"Bundle","type":"` + typ + `","timestamp":"2026-01-01T00:00:00Z","entry":[` + strings.Join(list, ",") + `]}`
}

const (
	badPatient = `{"resourceType":"Patient","name":[{"family":"Item","given":["Bad"]}],"birthDate":"1980-01-02","gender":"female"}`
	badSubject = `"subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"}`
)

func badObservation(more string) string {
	return `{"resourceType":"Observation","status":"final","code":{"text":"x"},` + badSubject + more + `}`
}

func badDocument(attachment string) string {
	return `{"resourceType":"DocumentReference","status":"current",` + badSubject + `,"type":{"text":"t"},"content":[{"attachment":{` + attachment + `}}]}`
}

// The items of receiver.md section 4 that are decided by the content: number,
// document, and what must be said of it on the whole way from the bytes to the
// chart. What is said is the stage and reason of a refusal ("bundle: not-fhir",
// "deliver: no-patient"), the outcome of an entry with its reason, and the
// notes that the patient reads. Items 1 to 42 are in sync/shl, sync/shc and
// sync/guard; 56 and 57 in visit_test.go, 58 in camera and ui/flow, 59 in
// clock_test.go, 60 in sync/intake.
func TestBadInputContent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	world, err := sandbox.Start(ctx, sandbox.Options{People: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	cfg := config.Defaults()
	cfg.Organization, cfg.FHIR.Base, cfg.Identity.Policy = "Test Clinic", world.FHIRBase(), "create"
	cfg.Ledger.Dir = filepath.Join(t.TempDir(), "ledger")
	cfg.Retrieval.Timeout, cfg.FHIR.Timeout = 5*time.Minute, 5*time.Minute
	core, err := NewCore(cfg, Env{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	chart, err := core.NewChart(true)
	if err != nil {
		t.Fatal(err)
	}
	with := func(more ...string) string { return badBundle("collection", badPatient, more...) }
	changed := func(old, new string) string {
		return badBundle("collection", strings.Replace(badPatient, old, new, 1), badObservation(""))
	}
	decided := []string{"46", "55"} // by matching; the others go into a chart of their own
	b64 := base64.StdEncoding.EncodeToString
	refused := func(typ string) []string { return []string{typ + " refused type-not-filed"} }
	for i, c := range []struct {
		item, raw string
		want      []string
		never     string // in nothing that the chart got
	}{
		{"43 nested 200,000 deep", strings.Repeat(`{"a":`, 200_000), []string{"bundle: too-deep"}, ""},
		{"43 NUL", with(badObservation(`,"note":[{"text":"a\u0000b"}]`)), []string{"Observation refused unfit-text"}, `\u0000`},
		{"43 half a surrogate", with(badObservation(`,"note":[{"text":"\ud800"}]`)), []string{"bundle: invalid-unicode"}, ""},
		{"43 not UTF-8", with(badObservation(",\"note\":[{\"text\":\"\xff\"}]")), []string{"bundle: invalid-utf8"}, ""},
		{"43 name twice", with(badObservation(`,"status":"entered-in-error"`)), []string{"bundle: duplicate-key"}, ""},
		{"43 decimals as written", with(badObservation(`,"valueQuantity":{"value":1.00}`)), []string{"Observation created", "kept: \"value\":1.00"}, ""},
		{"44 not FHIR", `{"name":"x"}`, []string{"bundle: not-fhir"}, ""},
		{"44 resourceType a number", `{"resourceType":7}`, []string{"bundle: not-fhir"}, ""},
		{"44 XML", `<Bundle xmlns="http://hl7.org/fhir"/>`, []string{"bundle: invalid-json"}, ""},
		{"45 an order to delete", badBundle("transaction", badPatient, `{"resource":`+badObservation("")+`,"request":{"method":"DELETE","url":"Patient/1"}}`),
			[]string{"Observation created"}, "DELETE"},
		{"45 an order to overwrite", badBundle("batch", badPatient, `{"resource":`+badObservation("")+`,"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\"1\""}}`),
			[]string{"Observation created"}, "ifMatch"},
		{"45 searchset", badBundle("searchset", badPatient, `{"resource":`+badObservation("")+`,"search":{"mode":"match","score":1}}`), []string{"Observation created"}, "score"},
		{"45 history", badBundle("history", badPatient, `{"resource":`+badObservation("")+`,"request":{"method":"PUT","url":"Observation/1"},"response":{"status":"200"}}`), []string{"Observation created"}, ""},
		{"46 no Patient", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + badObservation("") + `}]}`, []string{"deliver: no-patient", "note no-person"}, ""},
		{"46 two Patients", with(`{"resourceType":"Patient","name":[{"family":"Other"}],"birthDate":"1950-05-05"}`), []string{"deliver: subject-unclear", "note which-person"}, ""},
		{"46 only contained", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[` +
			strings.Replace(badPatient, `"Patient",`, `"Patient","id":"p",`, 1) + `],"subject":{"reference":"#p"}}}]}`, []string{"deliver: no-patient"}, ""},
		{"46 deceased", changed(`"gender"`, `"deceasedBoolean":true,"gender"`), []string{"deliver: match-unsure"}, ""},
		{"47 another's", with(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/other"}}`), []string{"Observation refused about-someone-else"}, ""},
		{"47 a group's", with(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Group/1"}}`), []string{"Observation refused about-someone-else"}, ""},
		{"48 fullUrl twice", with(`{"fullUrl":"urn:uuid:2","resource":`+badObservation(`,"note":[{"text":"1"}]`)+`}`, `{"fullUrl":"urn:uuid:2","resource":`+badObservation(`,"note":[{"text":"2"}]`)+`}`), []string{"Observation created"}, ""},
		{"48 dangling", with(badObservation(`,"performer":[{"reference":"Practitioner/gone"}]`)), []string{"Observation created", "note dangling"}, `"reference":"Practitioner/gone"`},
		{"48 circular", with(badObservation(`,"hasMember":[{"reference":"urn:uuid:00000000-0000-4000-8000-000000000003"}]`), badObservation(`,"hasMember":[{"reference":"urn:uuid:00000000-0000-4000-8000-000000000002"}]`)), []string{"Observation created"}, "urn:uuid:00000000-0000-4000-8000"},
		{"48 #missing", with(badObservation(`,"device":{"reference":"#gone"}`)), []string{"Observation created"}, "#gone"},
		{"48 with a version", with(badObservation(`,"performer":[{"reference":"Practitioner/1/_history/7"}]`)), []string{"Observation created"}, `"reference":"Practitioner/1`},
		{"48 conditional", with(badObservation(`,"performer":[{"reference":"Practitioner?identifier=x"}]`)), []string{"Observation created"}, `"reference":"Practitioner?`},
		{"49 Subscription", with(`{"resourceType":"Subscription","status":"active"}`), refused("Subscription"), ""},
		{"49 StructureDefinition", with(`{"resourceType":"StructureDefinition"}`), refused("StructureDefinition"), ""},
		{"49 SearchParameter", with(`{"resourceType":"SearchParameter"}`), refused("SearchParameter"), ""},
		{"49 PractitionerRole", with(`{"resourceType":"PractitionerRole"}`), refused("PractitionerRole"), ""},
		{"49 AuditEvent", with(`{"resourceType":"AuditEvent"}`), refused("AuditEvent"), ""},
		{"49 Provenance", with(`{"resourceType":"Provenance"}`), refused("Provenance"), ""},
		{"49 Consent", with(`{"resourceType":"Consent","provision":{"type":"permit"}}`), refused("Consent"), ""},
		{"49 List", with(`{"resourceType":"List"}`), refused("List"), ""},
		{"50 meta", with(strings.Replace(badObservation(""), `"status"`, `"meta":{"versionId":"7","lastUpdated":"2020-01-01T00:00:00Z","tag":[{"code":"HTEST"}],"security":[{"code":"R"}]},"status"`, 1)), []string{"Observation created"}, "HTEST"},
		{"50 implicitRules", with(badObservation(`,"implicitRules":"http://example.org/x"`)), []string{"Observation refused implicit-rules"}, ""},
		{"50 modifierExtension", with(badObservation(`,"modifierExtension":[{"url":"http://example.org/not","valueBoolean":true}]`)), []string{"Observation refused modifier-extension"}, ""},
		{"51 entered in error", with(strings.Replace(badObservation(""), `"final"`, `"entered-in-error"`, 1)), []string{"Observation left-out entered-in-error", "note apart"}, ""},
		{"51 refuted", with(`{"resourceType":"Condition",` + badSubject + `,"code":{"text":"x"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}]}}`),
			[]string{"Condition left-out refuted", "note apart"}, ""},
		{"52 script", with(badObservation(`,"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>alert(1)</script><img src=\"http://evil.example/x\"/></div>"}`)), []string{"Observation created", "shown without <script", "shown without evil.example"}, ""},
		{"53 HTML as PDF", with(badDocument(`"contentType":"application/pdf","data":"` + b64([]byte("<html>x</html>")) + `"`)), []string{"note broken-document"}, ""},
		{"53 a program as PDF", with(badDocument(`"contentType":"application/pdf","data":"` + b64([]byte("MZ\x90\x00")) + `"`)), []string{"note broken-document"}, ""},
		{"53 broken base64", with(badDocument(`"contentType":"application/pdf","data":"###"`)), []string{"note broken-document"}, ""},
		{"53 wrong hash", with(badDocument(`"contentType":"application/pdf","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAA=","data":"` + b64([]byte("%PDF-1.4\n%%EOF")) + `"`)), []string{"note broken-document"}, ""},
		{"53 javascript address", with(badDocument(`"contentType":"application/pdf","url":"javascript:alert(1)"`)), []string{"note broken-document"}, ""},
		{"53 internal address", with(badDocument(`"contentType":"application/pdf","url":"http://169.254.169.254/x"`)), []string{"note not-fetched"}, ""},
		{"54 a formula as name", changed(`"Item"`, `"=cmd|' /C calc'!A0"`), []string{"shown without \u202e"}, ""},
		{"54 a name that turns round", changed(`"Item"`, `"\u202eItem\u200b\nx"`), []string{"shown without \u202e", "shown without \u200b", "shown without \n"}, ""},
		{"55 a date, for comparison", changed("1980-01-02", "1981-02-03"), []string{"Observation created"}, ""},
		{"55 no such date", changed("1980-01-02", "2026-13-40"), []string{"deliver: match-unsure"}, ""},
		{"55 year 0", changed("1980-01-02", "0000-01-01"), []string{"deliver: match-unsure"}, ""},
		{"55 not born yet", changed("1980-01-02", "2999-01-01"), []string{"deliver: match-unsure"}, ""},
		{"55 the year only", changed("1980-01-02", "1980"), []string{"deliver: match-unsure"}, ""},
	} {
		t.Run(c.item, func(t *testing.T) {
			number, _, _ := strings.Cut(c.item, " ")
			target, raw := intake.TargetNew, c.raw
			if slices.Contains(decided, number) { // somebody whom the server does not know
				target, raw = intake.TargetAuto, strings.Replace(c.raw, `"Item"`, fmt.Sprintf("%q", strings.Repeat(string(rune('A'+i%26))+string(rune('a'+i*7%26)), 3+i/26)), 1)
			}
			said, stored := wholeWay(t, core, chart, raw, target)
			for _, w := range c.want {
				if shown, isShown := strings.CutPrefix(w, "shown without "); isShown {
					if i := slices.IndexFunc(said, func(s string) bool { return strings.HasPrefix(s, "title ") && strings.Contains(s, shown) }); i >= 0 {
						t.Errorf("shown: %q", said[i])
					}
				} else if kept, isKept := strings.CutPrefix(w, "kept: "); isKept {
					if !strings.Contains(stored, kept) {
						t.Errorf("not kept: %s in %s", kept, stored)
					}
				} else if !slices.Contains(said, w) {
					t.Errorf("%q was not said; said %q", w, said)
				}
			}
			if c.never != "" && strings.Contains(stored, c.never) {
				t.Errorf("the chart got %q", c.never)
			}
		})
	}
}

// wholeWay opens, shows and delivers a document, and returns what was said on
// the way and what the chart got.
func wholeWay(t *testing.T, core *Core, chart *Chart, raw, target string) (said []string, stored string) {
	t.Helper()
	o, err := OpenBundle([]byte(raw))
	var r *Refusal
	if errors.As(err, &r) {
		return []string{r.Stage + ": " + r.Reason}, ""
	} else if err != nil {
		t.Fatal(err)
	}
	view, err := core.Summary(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range view.Notes {
		said = append(said, "note "+string(n.Code))
	}
	said = append(said, "title "+view.Person.Name.Reveal())
	for _, s := range view.Sections {
		for _, it := range s.Items {
			said = append(said, "title "+it.Title.Reveal())
		}
	}
	env := core.Envelope(o)
	env.Target.Mode = target
	receipt, err := chart.Importer.Deliver(t.Context(), env, func(*intake.Envelope) error { return nil })
	if err != nil {
		return append(said, "deliver: "+string(intake.Classify(err).Reason)), ""
	}
	for _, x := range receipt.Resources {
		said = append(said, strings.TrimSpace(x.Type+" "+x.Result+" "+x.Why))
		if x.Result == intake.ResultCreated && x.Reference != "" {
			got, err := chart.Client.Read(t.Context(), x.Reference)
			if err != nil {
				t.Fatal(err)
			}
			stored += string(got.Raw()) + "\n"
		}
	}
	return said, stored
}
