package r4

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func entryOf(full, resource, method, url, extra string) string {
	res := ""
	if resource != "" {
		res = `"resource":` + resource + `,`
	}
	return `{"fullUrl":"` + full + `",` + res + `"request":{"method":"` + method + `","url":"` + url + `"` + extra + `}}`
}

func bundleOf(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

const (
	patientA = `{"resourceType":"Patient","identifier":[{"system":"urn:s","value":"a"}]}`
	obsOfA   = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:a"}}`
)

func statuses(r reply) []string { return texts(r.body, "entry.response.status") }

func TestTransactionConditional(t *testing.T) {
	r := newRig(t, Behaviour{})
	tx := bundleOf("transaction",
		entryOf("urn:uuid:o", obsOfA, "POST", "Observation", ""),
		entryOf("urn:uuid:a", patientA, "POST", "Patient", `,"ifNoneExist":"identifier=urn:s|a"`),
		entryOf("urn:uuid:a2", patientA, "POST", "Patient", `,"ifNoneExist":"identifier=urn:s|a"`),
		entryOf("urn:uuid:o2", strings.Replace(obsOfA, "urn:uuid:a", "urn:uuid:a2", 1), "POST", "Observation", ""),
	)
	first := r.want(200, "POST", "", tx)
	if got := statuses(first); !slices.Equal(got, []string{"201 Created", "201 Created", "200 OK", "201 Created"}) {
		t.Fatalf("%v", got)
	}
	second := r.want(200, "POST", "", tx)
	if got := statuses(second); !slices.Equal(got, []string{"201 Created", "200 OK", "200 OK", "201 Created"}) {
		t.Fatalf("%v", got)
	}
	if n := len(r.want(200, "GET", "Patient", "").ids()); n != 1 {
		t.Errorf("%d patients", n)
	}
	if n := len(r.want(200, "GET", "Observation?patient.identifier=urn:s%7Ca", "").ids()); n != 4 {
		t.Errorf("%d observations of the one patient", n)
	}
	r.want(201, "POST", "Patient", patientA)
	before := r.srv.Store().Dump()
	r.want(412, "POST", "", tx)
	if string(before) != string(r.srv.Store().Dump()) {
		t.Error("a refused transaction left traces")
	}
}

func TestTransactionConditionalReference(t *testing.T) {
	r := newRig(t, Behaviour{})
	id := r.want(201, "POST", "Patient", patientA).id()
	obs := strings.Replace(obsOfA, "urn:uuid:a", "Patient?identifier=urn:s|a", 1)
	rep := r.want(200, "POST", "", bundleOf("transaction", entryOf("urn:uuid:o", obs, "POST", "Observation", "")))
	if !strings.Contains(string(rep.raw), `"Patient/`+id+`"`) {
		t.Errorf("%s", rep.raw)
	}
	r.want(412, "POST", "", bundleOf("transaction", entryOf("urn:uuid:o", strings.Replace(obs, "|a", "|b", 1), "POST", "Observation", "")))
	r.want(400, "POST", "Observation", obs)
}

func TestTransactionLinks(t *testing.T) {
	r := newRig(t, Behaviour{})
	base := "http://ehr.example/fhir/"
	tx := bundleOf("transaction",
		entryOf(base+"Patient/7", `{"resourceType":"Patient","id":"7"}`, "POST", "Patient", ""),
		entryOf(base+"Encounter/7", `{"resourceType":"Encounter","id":"7","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/7"}}`, "POST", "Encounter", ""),
		entryOf("urn:uuid:b", `{"resourceType":"Binary","contentType":"application/pdf","data":"aGk="}`, "POST", "Binary", ""),
		entryOf("urn:uuid:d", `{"resourceType":"DocumentReference","status":"current","subject":{"reference":"`+base+`Patient/7"},"content":[{"attachment":{"url":"urn:uuid:b"}}],"context":{"encounter":[{"reference":"`+base+`Encounter/7/_history/3"}]},"contained":[{"resourceType":"Patient","id":"c"}],"author":[{"reference":"#c"}]}`, "POST", "DocumentReference", ""),
	)
	rep := r.want(200, "POST", "", tx)
	res := pick(rep.body, "entry.resource")
	patient, encounter, binary, doc := text(res[0], "id"), text(res[1], "id"), text(res[2], "id"), res[3]
	if patient == encounter || patient == "7" {
		t.Errorf("ids %s %s", patient, encounter)
	}
	if got := texts(res[1], "subject.reference")[0]; got != "Patient/"+patient {
		t.Errorf("relative link %s", got)
	}
	if got := texts(doc, "subject.reference")[0]; got != "Patient/"+patient {
		t.Errorf("absolute link %s", got)
	}
	if got := texts(doc, "content.attachment.url")[0]; got != "Binary/"+binary {
		t.Errorf("attachment %s", got)
	}
	if got := texts(doc, "context.encounter.reference")[0]; got != "Encounter/"+encounter {
		t.Errorf("versioned link %s", got)
	}
	if got := texts(doc, "author.reference")[0]; got != "#c" {
		t.Errorf("contained %s", got)
	}
}

func TestTransactionOrderAndMethods(t *testing.T) {
	r := newRig(t, Behaviour{})
	old := r.want(201, "POST", "Patient", patientA).id()
	rep := r.want(200, "POST", "", bundleOf("transaction",
		entryOf("", "", "GET", "Patient?identifier=urn:s|b", ""),
		entryOf("", `{"resourceType":"Patient","id":"mine","active":true}`, "PUT", "Patient/mine", ""),
		entryOf("urn:uuid:n", strings.Replace(patientA, `"a"`, `"b"`, 1), "POST", "Patient", ""),
		entryOf("", "", "DELETE", "Patient/"+old, ""),
	))
	if got := statuses(rep); !slices.Equal(got, []string{"200 OK", "201 Created", "201 Created", "204 No Content"}) {
		t.Fatalf("%v", got)
	}
	if found := pick(pick(rep.body, "entry.resource")[0], "entry"); len(found) != 1 {
		t.Errorf("the GET did not see the POST: %s", rep.raw)
	}
	r.want(410, "GET", "Patient/"+old, "")
	for name, bad := range map[string]string{
		"same twice":     bundleOf("transaction", entryOf("", `{"resourceType":"Patient","id":"mine"}`, "PUT", "Patient/mine", ""), entryOf("", "", "DELETE", "Patient/mine", "")),
		"fullUrl twice":  bundleOf("transaction", entryOf("urn:uuid:a", patientA, "POST", "Patient", ""), entryOf("urn:uuid:a", patientA, "POST", "Patient", "")),
		"no request":     `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + patientA + `}]}`,
		"no resource":    bundleOf("transaction", entryOf("", "", "POST", "Patient", "")),
		"wrong type":     bundleOf("transaction", entryOf("", patientA, "POST", "Observation", "")),
		"odd method":     bundleOf("transaction", entryOf("", patientA, "MERGE", "Patient", "")),
		"collection":     bundleOf("collection", entryOf("", patientA, "POST", "Patient", "")),
		"not a Bundle":   patientA,
		"not JSON":       `{"resourceType":`,
		"twice a member": `{"resourceType":"Bundle","type":"transaction","type":"batch"}`,
	} {
		if rep := r.send("POST", "", bad); rep.status != 400 {
			t.Errorf("%s: %d %s", name, rep.status, rep.raw)
		}
	}
	r.want(422, "POST", "", bundleOf("transaction", entryOf("urn:uuid:o", obsOfA, "POST", "Observation", "")))
	r.want(405, "POST", "", bundleOf("transaction", entryOf("", `{"resourceType":"Patient","active":true}`, "PUT", "Patient?identifier=x", "")))
	r.want(412, "POST", "", bundleOf("transaction", entryOf("", `{"resourceType":"Patient","id":"mine"}`, "PUT", "Patient/mine", `,"ifMatch":"W/\"9\""`)))
	empty := r.want(200, "POST", "", `{"resourceType":"Bundle","type":"transaction"}`)
	if empty.body["type"] != "transaction-response" {
		t.Errorf("%s", empty.raw)
	}
}

func TestBatchIsSeparate(t *testing.T) {
	r := newRig(t, Behaviour{})
	rep := r.want(200, "POST", "", bundleOf("batch",
		entryOf("urn:uuid:a", patientA, "POST", "Patient", ""),
		entryOf("", `{"resourceType":"Observation"}`, "POST", "Observation", ""),
		entryOf("urn:uuid:o", obsOfA, "POST", "Observation", ""),
		entryOf("", "", "GET", "Patient/nobody", ""),
	))
	if got := statuses(rep); rep.body["type"] != "batch-response" || !slices.Equal(got, []string{"201 Created", "400 Bad Request", "422 Unprocessable Entity", "404 Not Found"}) {
		t.Fatalf("%v %s", got, rep.raw)
	}
	if len(pick(rep.body, "entry.response.outcome")) != 3 {
		t.Errorf("outcomes are missing: %s", rep.raw)
	}
}

func TestIntegrity(t *testing.T) {
	r := newRig(t, Behaviour{})
	id := r.want(201, "POST", "Patient", patientA).id()
	obs := func(ref string) string { return strings.Replace(obsOfA, "urn:uuid:a", ref, 1) }
	made := r.want(201, "POST", "Observation", obs("Patient/"+id)).id()
	r.want(201, "POST", "Observation", obs("http://elsewhere.example/Patient/1"))
	for _, ref := range []string{"Patient/nobody", "urn:uuid:x", "nonsense", r.url + "/Patient/nobody"} {
		r.want(422, "POST", "Observation", obs(ref))
	}
	r.want(409, "DELETE", "Patient/"+id, "")
	r.want(200, "POST", "", bundleOf("transaction", entryOf("", "", "DELETE", "Patient/"+id, ""), entryOf("", "", "DELETE", "Observation/"+made, "")))
	open := newRig(t, Behaviour{AcceptDangling: true})
	open.want(201, "POST", "Observation", obs("Patient/nobody"))
	open.want(201, "POST", "Observation", obs("urn:uuid:x"))
}

// TestRollback: whatever a transaction holds, if it is refused the store is byte
// for byte what it was, and if it is taken every entry is there.
func TestRollback(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		clock := time.Unix(1e9, 0)
		srv, err := New(Options{Base: "http://x/fhir", Now: func() time.Time { clock = clock.Add(time.Second); return clock }, Behave: Behaviour{NumericIDs: rapid.Bool().Draw(rt, "numeric")}})
		if err != nil {
			rt.Fatal(err)
		}
		if err := srv.Seed([]json.RawMessage{json.RawMessage(`{"resourceType":"Patient","id":"p","identifier":[{"value":"x"}]}`), json.RawMessage(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`)}); err != nil {
			rt.Fatal(err)
		}
		kinds := rapid.SampledFrom([]string{"create", "create", "create", "conditional", "put", "delete", "delete-used", "dangling", "invalid", "bad-version", "read"})
		var entries []string
		creates := 0
		for i := range rapid.IntRange(1, 8).Draw(rt, "n") {
			full := fmt.Sprintf("urn:uuid:%d", i)
			switch kinds.Draw(rt, "kind") {
			case "create":
				creates++
				entries = append(entries, entryOf(full, `{"resourceType":"Observation","status":"final","code":{"text":"n"},"subject":{"reference":"Patient/p"}}`, "POST", "Observation", ""))
			case "conditional":
				entries = append(entries, entryOf(full, `{"resourceType":"Patient","identifier":[{"value":"x"}]}`, "POST", "Patient", `,"ifNoneExist":"identifier=x"`))
			case "put":
				entries = append(entries, entryOf(full, fmt.Sprintf(`{"resourceType":"Patient","id":"q%d"}`, i), "PUT", fmt.Sprintf("Patient/q%d", i), ""))
			case "delete":
				entries = append(entries, entryOf(full, "", "DELETE", "Observation/o", ""))
			case "delete-used":
				entries = append(entries, entryOf(full, "", "DELETE", "Patient/p", ""))
			case "dangling":
				entries = append(entries, entryOf(full, `{"resourceType":"Observation","status":"final","code":{"text":"n"},"subject":{"reference":"urn:uuid:nobody"}}`, "POST", "Observation", ""))
			case "invalid":
				entries = append(entries, entryOf(full, `{"resourceType":"Observation"}`, "POST", "Observation", ""))
			case "bad-version":
				entries = append(entries, entryOf(full, `{"resourceType":"Patient","id":"p"}`, "PUT", "Patient/p", `,"ifMatch":"W/\"99\""`))
			case "read":
				entries = append(entries, entryOf(full, "", "GET", "Patient/p", ""))
			}
		}
		before := string(srv.Store().Dump())
		a, err := srv.bundle(rt.Context(), []byte(bundleOf("transaction", entries...)), prefer{})
		after := string(srv.Store().Dump())
		if err != nil {
			if before != after {
				rt.Fatalf("refused (%v) and changed:\n%s\n---\n%s", err, before, after)
			}
			return
		}
		if got := strings.Count(string(a.body), `"201 Created"`); got < creates {
			rt.Fatalf("%d creates, %d answered 201: %s", creates, got, a.body)
		}
		if creates > 0 && before == after {
			rt.Fatal("taken without a change")
		}
	})
}

// TestConcurrentWrites: conditional creates that race make one resource, and
// versions count every update.
func TestConcurrentWrites(t *testing.T) {
	r := newRig(t, Behaviour{})
	r.want(201, "PUT", "Patient/shared", `{"resourceType":"Patient","id":"shared"}`)
	const workers, rounds = 8, 10
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				tx := bundleOf("transaction", entryOf("urn:uuid:a", patientA, "POST", "Patient", `,"ifNoneExist":"identifier=urn:s|a"`), entryOf("urn:uuid:o", obsOfA, "POST", "Observation", ""))
				for _, try := range []struct{ method, path, body string }{
					{"POST", "", tx}, {"PUT", "Patient/shared", fmt.Sprintf(`{"resourceType":"Patient","id":"shared","active":%t}`, (w+i)%2 == 0)},
					{"GET", "Patient?identifier=a", ""}, {"GET", "Observation?patient.identifier=a&_count=1", ""},
				} {
					if rep, err := r.try(try.method, try.path, try.body); err != nil || rep.status >= 300 {
						t.Errorf("%s %s: %v %d %s", try.method, try.path, err, rep.status, rep.raw)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := len(r.want(200, "GET", "Patient?identifier=a", "").ids()); n != 1 {
		t.Errorf("%d patients of one condition", n)
	}
	count := r.want(200, "GET", "Observation?_summary=count", "")
	if count.body["total"] != float64(workers*rounds) {
		t.Errorf("observations %v", count.body["total"])
	}
	if tag := r.want(200, "GET", "Patient/shared", "").header.Get("ETag"); tag != fmt.Sprintf(`W/"%d"`, workers*rounds+1) {
		t.Errorf("version %s", tag)
	}
	if c := r.srv.Counts(); c.Transactions != workers*rounds || c.Created["Observation"] != workers*rounds || c.Created["Patient"] != 2 {
		t.Errorf("%+v", c)
	}
}
