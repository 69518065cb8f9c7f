package r4

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestEverything(t *testing.T) {
	r := newRig(t, Behaviour{})
	seedSearch(t, r)
	ids := r.want(200, "GET", "Patient/p1/$everything", "").ids()
	if ids[0] != "p1" {
		t.Errorf("the patient is not first: %v", ids)
	}
	slices.Sort(ids)
	if want := []string{"a1", "c1", "d1", "doc", "o1", "org", "p1", "v1"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
	if ids := r.want(200, "GET", "Patient/p1/$everything?_type=Observation,Condition", "").ids(); len(ids) != 2 {
		t.Errorf("%v", ids)
	}
	paged := []string{}
	for next := "Patient/p1/$everything?_count=3"; next != ""; {
		rep := r.want(200, "GET", next, "")
		paged = append(paged, rep.ids()...)
		next = ""
		for _, l := range pick(rep.body, "link") {
			if text(l, "relation") == "next" {
				next = text(l, "url")
			}
		}
	}
	slices.Sort(paged)
	if !slices.Equal(paged, ids) {
		t.Errorf("in pages: %v", paged)
	}
	r.want(404, "GET", "Patient/nobody/$everything", "")
	r.want(404, "GET", "Observation/o1/$everything", "")
}

func TestHistories(t *testing.T) {
	r := newRig(t, Behaviour{})
	a := r.want(201, "POST", "Patient", patientA).id()
	r.want(200, "PUT", "Patient/"+a, `{"resourceType":"Patient","id":"`+a+`","active":true}`)
	r.want(204, "DELETE", "Patient/"+a, "")
	h := r.want(200, "GET", "Patient/"+a+"/_history", "")
	if got := texts(h.body, "entry.request.method"); !slices.Equal(got, []string{"DELETE", "PUT", "POST"}) || h.body["type"] != "history" {
		t.Errorf("%v", got)
	}
	r.want(201, "POST", "Organization", `{"resourceType":"Organization","name":"x"}`)
	if got := len(pick(r.want(200, "GET", "Patient/_history", "").body, "entry")); got != 3 {
		t.Errorf("type history %d", got)
	}
	if got := len(pick(r.want(200, "GET", "_history?_count=2", "").body, "entry")); got != 2 {
		t.Errorf("system history %d", got)
	}
	r.want(404, "GET", "Patient/nobody/_history", "")
	r.want(410, "GET", "Patient/"+a+"/_history/3", "")
}

func TestCapabilityStatement(t *testing.T) {
	r := newRig(t, Behaviour{})
	c := r.want(200, "GET", "metadata", "")
	if c.body["fhirVersion"] != "4.0.1" || c.body["experimental"] != true || !strings.Contains(text(c.body, "description"), "fake") || !strings.Contains(text(c.body["software"], "name"), "demo") {
		t.Errorf("%.400s", c.raw)
	}
	if got := texts(c.body, "rest.interaction.code"); !slices.Contains(got, "transaction") {
		t.Errorf("%v", got)
	}
	kinds := texts(c.body, "rest.resource.type")
	for _, k := range []string{"Patient", "Observation", "Binary", "Provenance", "Coverage"} {
		if !slices.Contains(kinds, k) {
			t.Errorf("%s is missing", k)
		}
	}
	r.behave(Behaviour{NoTransaction: 400, NoMatch: 404, RequireAuth: true})
	c = r.want(200, "GET", "metadata", "")
	if slices.Contains(texts(c.body, "rest.interaction.code"), "transaction") || strings.Contains(string(c.raw), "Patient-match") || !strings.Contains(string(c.raw), "SMART-on-FHIR") {
		t.Error("the statement does not follow the behaviour")
	}
}

func TestValidation(t *testing.T) {
	r := newRig(t, Behaviour{})
	for name, body := range map[string]string{
		"empty array": `{"resourceType":"Patient","name":[]}`, "empty object": `{"resourceType":"Patient","name":[{}]}`, "empty string": `{"resourceType":"Patient","language":""}`, "null": `{"resourceType":"Patient","active":null}`,
		"gender": `{"resourceType":"Patient","gender":"f"}`, "birth date": `{"resourceType":"Patient","birthDate":"02/03/1980"}`, "no status": `{"resourceType":"Patient","resourceType2":1}`,
		"twice": `{"resourceType":"Patient","active":true,"active":false}`, "wrong type": `{"resourceType":"Group"}`, "array": `[]`, "bad UTF-8": "{\"resourceType\":\"Patient\",\"language\":\"\xff\"}", "not JSON": `{"resourceType":"Patient"`,
		"too deep": `{"resourceType":"Patient","a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		want := 400
		if name == "no status" {
			want = 201
		}
		if rep := r.send("POST", "Patient", body); rep.status != want {
			t.Errorf("%s: %d %s", name, rep.status, rep.raw)
		}
	}
	rep := r.want(400, "POST", "Observation", `{"resourceType":"Observation"}`)
	if got := texts(rep.body, "issue.expression"); !slices.Equal(got, []string{"Observation.status", "Observation.code"}) {
		t.Errorf("%v", got)
	}
	r.want(201, "POST", "Patient", `{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"x"}]}],"_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}`)
}

// TestLossless: HL7's own IPS comes back as it was sent, but for id, meta and
// the links that a transaction rewrites.
func TestLossless(t *testing.T) {
	r := newRig(t, Behaviour{AcceptDangling: true})
	raw, err := os.ReadFile("testdata/hl7-ips-bundle-01.json")
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	if len(b.Entry) < 19 {
		t.Fatalf("%d entries", len(b.Entry))
	}
	for _, e := range b.Entry {
		kind := view(e.Resource)["resourceType"].(string)
		made := r.want(201, "POST", kind, string(e.Resource))
		got := r.want(200, "GET", kind+"/"+made.id(), "")
		if a, b := without(t, e.Resource), without(t, got.raw); a != b {
			t.Errorf("%s changed:\n%.300s\n%.300s", kind, a, b)
		}
	}
}

// without is a resource's compact text less id and meta.
func without(t *testing.T, raw []byte) string {
	t.Helper()
	top, _, err := scan(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range top {
		if m.name != "id" && m.name != "meta" {
			b.Write(raw[m.start:m.end])
		}
	}
	s := b.String()
	var small strings.Builder
	inText := false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' && (i == 0 || s[i-1] != '\\'):
			inText = !inText
			small.WriteByte(c)
		case !inText && (c == ' ' || c == '\n' || c == '\r' || c == '\t'):
		default:
			small.WriteByte(c)
		}
	}
	return small.String()
}

func TestBinary(t *testing.T) {
	r := newRig(t, Behaviour{})
	made := r.want(201, "POST", "Binary", "%PDF-1.4", "Content-Type: application/pdf")
	if made.body["data"] != "JVBERi0xLjQ=" || made.body["contentType"] != "application/pdf" {
		t.Errorf("%s", made.raw)
	}
	if rep := r.want(200, "GET", "Binary/"+made.id(), ""); rep.body["resourceType"] != "Binary" {
		t.Errorf("%s", rep.raw)
	}
	if rep := r.want(200, "GET", "Binary/"+made.id(), "", "Accept: application/pdf"); string(rep.raw) != "%PDF-1.4" || rep.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("%q %s", rep.raw, rep.header.Get("Content-Type"))
	}
}

func TestMetaIsKept(t *testing.T) {
	r := newRig(t, Behaviour{})
	made := r.want(201, "POST", "Patient", `{ "meta" : {"source":"#x","lastUpdated":"1999-01-01T00:00:00Z","security":[{"code":"R"}]}, "id":"x", "resourceType" : "Patient", "active":true, "contact":[{"name":{"text":"<b>&"}}] }`)
	want := `"source":"#x","security":[{"code":"R"}]},"active":true,"contact":[{"name":{"text":"<b>&"}}]}`
	if !strings.HasSuffix(string(made.raw), want) || strings.Contains(string(made.raw), "1999") {
		t.Errorf("%s", made.raw)
	}
	inBundle := r.want(200, "GET", "Patient?_id="+made.id(), "")
	if !strings.Contains(string(inBundle.raw), want) {
		t.Errorf("%s", inBundle.raw)
	}
}
