package r4

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// seedSearch puts a small world with fixed ids in.
func seedSearch(t *testing.T, r *rig) {
	t.Helper()
	var all []json.RawMessage
	for _, s := range []string{
		`{"resourceType":"Organization","id":"org","name":"Étoile Clinic","alias":["Star"]}`,
		`{"resourceType":"Practitioner","id":"doc","name":[{"family":"Lindqvist"}]}`,
		`{"resourceType":"Patient","id":"p1","active":true,"meta":{"tag":[{"system":"urn:t","code":"imp1"}],"security":[{"system":"urn:sec","code":"HTEST"}],"profile":["http://p/one"]},"identifier":[{"system":"urn:mrn","value":"A|1"},{"value":"bare"}],"name":[{"family":"Nuñez","given":["José","Luis"]}],"gender":"male","birthDate":"1980-02-29","telecom":[{"system":"phone","value":"(212) 555-0142"},{"system":"email","value":"j@example.org"}],"address":[{"line":["1 Elm St"],"city":"Lakemont","postalCode":"00145"}],"managingOrganization":{"reference":"Organization/org"}}`,
		`{"resourceType":"Patient","id":"p2","identifier":[{"system":"urn:mrn","value":"2"}],"name":[{"family":"Smith"}],"gender":"female","birthDate":"1990","deceasedBoolean":false,"generalPractitioner":[{"reference":"Practitioner/doc"}]}`,
		`{"resourceType":"Patient","id":"p3","name":[{"text":"Ann Smithers"}],"deceasedDateTime":"2020-05-05T10:00:00Z","link":[{"other":{"reference":"Patient/p2"},"type":"replaced-by"}]}`,
		`{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic"}],"text":"Upper"},"subject":{"reference":"Patient/p1"},"performer":[{"reference":"Practitioner/doc"}],"effectiveDateTime":"2024-03-05T10:30:00-05:00","valueQuantity":{"value":5.40,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}`,
		`{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"urn:local","code":"8480-6"}]},"subject":{"reference":"{{BASE}}/Patient/p2"},"effectivePeriod":{"start":"2024-01-01","end":"2024-06-30"},"valueQuantity":{"value":5.5}}`,
		`{"resourceType":"Observation","id":"o3","status":"amended","code":{"text":"free"},"subject":{"identifier":{"system":"urn:mrn","value":"ghost"}},"hasMember":[{"reference":"Observation/o1"}]}`,
		`{"resourceType":"Provenance","id":"v1","target":[{"reference":"Observation/o1"}],"recorded":"2024-03-06T00:00:00Z","agent":[{"who":{"reference":"Practitioner/doc"}}]}`,
		`{"resourceType":"DocumentReference","id":"d1","status":"current","subject":{"reference":"Patient/p1"},"masterIdentifier":{"system":"urn:doc","value":"m1"},"content":[{"attachment":{"contentType":"application/pdf","url":"http://x/a/b"}}]}`,
		`{"resourceType":"AllergyIntolerance","id":"a1","patient":{"reference":"Patient/p1"},"code":{"text":"nuts"},"recordedDate":"2021"}`,
		`{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"onsetDateTime":"2019-05"}`,
	} {
		all = append(all, json.RawMessage(strings.ReplaceAll(s, "{{BASE}}", r.url)))
	}
	if err := r.srv.Seed(all); err != nil {
		t.Fatal(err)
	}
}

func TestSearchParameters(t *testing.T) {
	r := newRig(t, Behaviour{})
	seedSearch(t, r)
	for _, tc := range []struct{ query, want string }{
		// token
		{"Patient?identifier=urn:mrn|A%5C%7C1", "p1"}, {"Patient?identifier=2", "p2"}, {"Patient?identifier=|bare", "p1"}, {"Patient?identifier=|2", ""},
		{"Patient?identifier=urn:mrn|", "p1 p2"}, {"Patient?identifier=urn:mrn|2,|bare", "p1 p2"}, {"Patient?identifier=urn:other|2", ""},
		{"Patient?active=true", "p1"}, {"Patient?gender=male", "p1"}, {"Patient?gender:not=male", "p2 p3"}, {"Patient?gender:missing=true", "p3"}, {"Patient?gender:missing=false", "p1 p2"},
		{"Patient?telecom=(212) 555-0142", "p1"}, {"Patient?phone=j@example.org", ""}, {"Patient?email=j@example.org", "p1"},
		{"Patient?deceased=true", "p3"}, {"Patient?deceased=false", "p1 p2"},
		{"Observation?code=8480-6", "o1 o2"}, {"Observation?code=http://loinc.org|8480-6", "o1"}, {"Observation?code=|8480-6", ""}, {"Observation?code:text=upp", "o1"}, {"Observation?code:text=syst", "o1"},
		{"Observation?status=final,amended", "o1 o2 o3"}, {"Observation?status=final&status=amended", ""},
		{"DocumentReference?identifier=urn:doc|m1", "d1"}, {"DocumentReference?contenttype=application/pdf", "d1"},
		// string
		{"Patient?family=nunez", "p1"}, {"Patient?family=NUÑ", "p1"}, {"Patient?family:exact=Nuñez", "p1"}, {"Patient?family:exact=nuñez", ""}, {"Patient?family:contains=mit", "p2"},
		{"Patient?name=smith", "p2"}, {"Patient?name=ann", "p3"}, {"Patient?name=luis", "p1"}, {"Patient?address=lake", "p1"}, {"Patient?address-postalcode=00145", "p1"}, {"Organization?name=etoile", "org"}, {"Organization?name=star", "org"},
		// date
		{"Patient?birthdate=1980-02-29", "p1"}, {"Patient?birthdate=1980", "p1"}, {"Patient?birthdate=1990-01-01", ""}, {"Patient?birthdate=ge1990", "p2"}, {"Patient?birthdate=lt1990", "p1"}, {"Patient?birthdate=ne1980", "p2"},
		{"Patient?birthdate=gt1979&birthdate=lt1981", "p1"}, {"Patient?birthdate=sa1980-02-29", "p2"}, {"Patient?birthdate=eb1990", "p1"}, {"Patient?birthdate=1980-02-29,1990", "p1 p2"},
		{"Observation?date=2024-03-05", "o1"}, {"Observation?date=2024-03-05T15:30:00Z", "o1"}, {"Observation?date=2024-03-05T10:30-05:00", "o1"}, {"Observation?date=2024", "o1 o2"}, {"Observation?date=ge2024-06", "o2"}, {"Observation?date=sa2024-02", "o1"},
		{"Condition?onset-date=2019", "c1"}, {"Condition?onset-date=2019-05-02", ""}, {"AllergyIntolerance?date=2021", "a1"},
		{"Patient?_lastUpdated=gt2000", "p1 p2 p3"}, {"Patient?_lastUpdated=lt2000", ""},
		// reference
		{"Observation?subject=Patient/p1", "o1"}, {"Observation?patient=p2", "o2"}, {"Observation?patient=Patient/p1,Patient/p2", "o1 o2"}, {"Observation?subject:Patient=p1", "o1"}, {"Observation?subject={{BASE}}/Patient/p1", "o1"},
		{"Observation?subject=http://elsewhere/Patient/p1", ""}, {"Observation?subject:Group=p1", ""}, {"Observation?subject:identifier=urn:mrn|ghost", "o3"}, {"Observation?performer=Practitioner/doc", "o1"}, {"Observation?patient:missing=true", ""},
		{"Observation?patient.identifier=urn:mrn|2", "o2"}, {"Observation?subject:Patient.family=nunez", "o1"}, {"Observation?subject.name=smith", "o2"}, {"Patient?organization.name=star", "p1"}, {"Patient?_has:Observation:patient:code=http://loinc.org|8480-6", "p1"},
		{"Patient?link=Patient/p2", "p3"}, {"Provenance?target=Observation/o1", "v1"},
		// quantity
		{"Observation?value-quantity=5.4", "o1"}, {"Observation?value-quantity=5.40", "o1"}, {"Observation?value-quantity=5", "o1"}, {"Observation?value-quantity=gt5.4", "o2"}, {"Observation?value-quantity=le5.4||mg", "o1"},
		{"Observation?value-quantity=5.4|http://unitsofmeasure.org|mg", "o1"}, {"Observation?value-quantity=5.4|http://unitsofmeasure.org|g", ""}, {"Observation?value-quantity=ap5.3", "o1 o2"},
		// uri, common
		{"DocumentReference?location=http://x/a/b", "d1"}, {"DocumentReference?location:below=http://x/a", "d1"}, {"Patient?_profile=http://p/one", "p1"}, {"Patient?_tag=urn:t|imp1", "p1"}, {"Patient?_tag=imp1", "p1"}, {"Patient?_security=HTEST", "p1"},
		{"Patient?_id=p2,p3", "p2 p3"}, {"Patient?_id=p1&gender=female", ""},
		{"Patient?_sort=-birthdate", "p2 p1 p3"}, {"Patient?_sort=family", "p1 p2 p3"}, {"Patient?_sort=-_id", "p3 p2 p1"}, {"Patient?_format=json&_pretty=true&gender=", "p1 p2 p3"},
		{"Patient/p1/Observation", "o1"}, {"Patient/p1/Observation?status=amended", ""}, {"Patient/p1/AllergyIntolerance", "a1"},
		// includes, after the matches
		{"Observation?_id=o1&_include=Observation:subject", "o1 p1"}, {"Observation?_id=o1&_include=Observation:performer&_include=Observation:subject:Patient", "o1 doc p1"}, {"Observation?_id=o1&_include=Observation:subject:Group", "o1"},
		{"Observation?_id=o1&_revinclude=Provenance:target", "o1 v1"}, {"Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization", "o1 p1 org"}, {"Patient?_id=p1&_revinclude=Observation:patient", "p1 o1"}, {"Observation?_id=o1&_include=*", "o1 p1 doc"}, {"Observation?_id=o1&_revinclude=*", "o1 o3 v1"},
	} {
		path := escape(strings.ReplaceAll(tc.query, "{{BASE}}", r.url))
		rep := r.want(200, "GET", path, "")
		got, want := rep.ids(), strings.Fields(tc.want)
		if !strings.Contains(tc.query, "_sort") {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", tc.query, got, want)
		}
	}
}

// escape makes a readable test query a URL.
func escape(s string) string {
	path, q, ok := strings.Cut(s, "?")
	if !ok {
		return s
	}
	return path + "?" + strings.NewReplacer(" ", "%20", "|", "%7C", "ñ", "%C3%B1", "Ñ", "%C3%91", "(", "%28", ")", "%29").Replace(q)
}

func TestSearchRefuses(t *testing.T) {
	r := newRig(t, Behaviour{})
	for _, q := range []string{
		"Condition?date=2020", "AllergyIntolerance?subject=Patient/1", "Patient?nonsense=1", "Patient?family:not=x", "Patient?gender:in=x", "Observation?date=yesterday", "Observation?value-quantity=x",
		"Patient?_count=-1", "Patient?_count=x", "Patient?_sort=nonsense", "Patient?_include=Patient:name", "Patient?_include=x", "Patient?_summary=maybe", "Patient?_total=perhaps", "Patient?gender:missing=perhaps", "Observation?status.name=x", "Observation?patient.nonsense=x", "Patient?_has:x=1",
	} {
		rep := r.want(400, "GET", q, "")
		if rep.body["resourceType"] != "OperationOutcome" {
			t.Errorf("%s: %s", q, rep.raw)
		}
	}
	rep := r.want(400, "GET", "Condition?date=2020", "")
	if texts(rep.body, "issue.details.text")[0] != "Unknown search parameter: date" {
		t.Errorf("%s", rep.raw)
	}
	r.want(200, "GET", "Condition?date=2020", "", "Prefer: handling=lenient")
	r.want(415, "POST", "Patient/_search", "family=x", "Content-Type: text/plain")
	r.want(200, "POST", "Patient/_search", "family=x&gender=male", "Content-Type: application/x-www-form-urlencoded")
	lenient := newRig(t, Behaviour{LenientSearch: true})
	lenient.want(200, "GET", "Condition?date=2020", "")
	lenient.want(400, "GET", "Condition?date=2020", "", "Prefer: handling=strict")
}

func TestSearchForm(t *testing.T) {
	r := newRig(t, Behaviour{})
	seedSearch(t, r)
	count := r.want(200, "GET", "Patient?_summary=count", "")
	if count.body["total"] != float64(3) || len(count.ids()) != 0 {
		t.Errorf("%s", count.raw)
	}
	zero := r.want(200, "GET", "Patient?_count=0", "")
	if zero.body["total"] != float64(3) || len(zero.ids()) != 0 {
		t.Errorf("%s", zero.raw)
	}
	if rep := r.want(200, "GET", "Patient?_total=none", ""); rep.body["total"] != nil {
		t.Errorf("%s", rep.raw)
	}
	few := r.want(200, "GET", "Patient?_elements=birthDate&_id=p1", "")
	res := pick(few.body, "entry.resource")[0].(map[string]any)
	if res["birthDate"] != "1980-02-29" || res["name"] != nil || !slices.Contains(texts(res, "meta.tag.code"), "SUBSETTED") {
		t.Errorf("%s", few.raw)
	}
	if full := texts(few.body, "entry.fullUrl"); full[0] != r.url+"/Patient/p1" {
		t.Errorf("fullUrl %v", full)
	}
	modes := texts(r.want(200, "GET", "Observation?_id=o1&_include=Observation:subject", "").body, "entry.search.mode")
	if !slices.Equal(modes, []string{"match", "include"}) {
		t.Errorf("modes %v", modes)
	}
	quiet := newRig(t, Behaviour{NoTotal: true})
	if rep := quiet.want(200, "GET", "Patient", ""); rep.body["total"] != nil {
		t.Errorf("%s", rep.raw)
	}
	if rep := quiet.want(200, "GET", "Patient?_total=accurate", ""); rep.body["total"] != float64(0) {
		t.Errorf("%s", rep.raw)
	}
}

func TestAccentSensitive(t *testing.T) {
	r := newRig(t, Behaviour{AccentSensitive: true})
	seedSearch(t, r)
	for q, want := range map[string]int{"nunez": 0, "nuñez": 1, "NUÑ": 1} {
		if got := len(r.want(200, "GET", escape("Patient?family="+q), "").ids()); got != want {
			t.Errorf("family=%s: %d, want %d", q, got, want)
		}
	}
}

// TestIndexDecidesNothing compares every search with the same search over all
// resources, without the narrowing index.
func TestIndexDecidesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		srv, err := New(Options{Base: "http://x/fhir", Now: func() time.Time { return time.Unix(1e9, 0) }})
		if err != nil {
			rt.Fatal(err)
		}
		id := rapid.SampledFrom([]string{"a", "b", "c"})
		ref := rapid.SampledFrom([]string{"Patient/a", "Patient/b", "http://x/fhir/Patient/a", "Group/a", "http://y/fhir/Patient/a", "Patient/a/_history/1"})
		steps := rapid.IntRange(1, 12).Draw(rt, "steps")
		for range steps {
			body := fmt.Sprintf(`{"resourceType":"Observation","id":"%s","meta":{"tag":[{"code":"%s"}]},"identifier":[{"system":"urn:%s","value":"%s"}],"subject":{"reference":"%s"}}`,
				id.Draw(rt, "id"), id.Draw(rt, "tag"), id.Draw(rt, "sys"), id.Draw(rt, "val"), ref.Draw(rt, "ref"))
			if err := srv.Seed([]json.RawMessage{json.RawMessage(body)}); err != nil {
				rt.Fatal(err)
			}
		}
		values := rapid.SampledFrom([]string{"identifier=urn:a|a", "identifier=a,b", "identifier=urn:a|", "_tag=a", "_tag=|b", "subject=Patient/a", "patient=a", "subject=http://x/fhir/Patient/a", "subject=http://y/fhir/Patient/a", "subject=Group/a,b", "patient=b,Patient/a"})
		params, err := url.ParseQuery(values.Draw(rt, "one") + "&" + values.Draw(rt, "two"))
		if err != nil {
			rt.Fatal(err)
		}
		err = srv.store.View(time.Unix(1e9, 0), func(t *tx) error {
			q, err := srv.parseQuery(t, "Observation", params, false)
			if err != nil {
				return err
			}
			var slow []string
			t.all("Observation", func(r *Record) {
				for i := range q.tests {
					if !q.tests[i].meets(srv, t, r) {
						return
					}
				}
				slow = append(slow, r.ID)
			})
			var fast []string
			for _, r := range srv.run(t, q) {
				fast = append(fast, r.ID)
			}
			if !slices.Equal(slow, fast) {
				return fmt.Errorf("%v: index %v, scan %v", params, fast, slow)
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}
