package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
)

// entry is one line of a test Bundle: fullUrl and resource JSON.
type entry struct{ full, body string }

func bundle(entries ...entry) []byte { return bundleOf("collection", entries...) }

func bundleOf(typ string, entries ...entry) []byte {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"` + typ + `","timestamp":"2026-06-10T12:00:00Z","entry":[`)
	for i, e := range entries {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString("{")
		if e.full != "" {
			b.WriteString(`"fullUrl":"` + e.full + `",`)
		}
		b.WriteString(`"resource":` + e.body + "}")
	}
	b.WriteString("]}")
	return []byte(b.String())
}

const patURL = "urn:uuid:00000000-0000-4000-8000-000000000001"

// urn is a fullUrl for a test entry.
func urn(n int) string { return fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", n) }

func patient(extra string) entry {
	return entry{patURL, `{"resourceType":"Patient","id":"p1","name":[{"family":"Zorn","given":["Ada"]}],"birthDate":"1980-02-03","gender":"female"` + extra + `}`}
}

// condition about the patient, by the reference given.
func condition(full, id, code, subject string) entry {
	return entry{full, fmt.Sprintf(`{"resourceType":"Condition","id":%q,"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},`+
		`"code":{"coding":[{"system":"http://snomed.info/sct","code":%q}]},"onsetDateTime":"2019-05-01","subject":{"reference":%q}}`, id, code, subject)}
}

func observation(full, id, when, value, subject, extra string) entry {
	return entry{full, fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},`+
		`"effectiveDateTime":%q,"valueQuantity":{"value":%s,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"},"subject":{"reference":%q}%s}`, id, when, value, subject, extra)}
}

// all gets every resource of a type from the server.
func (w *world) all(typ string, params url.Values) []fhir.Resource {
	w.t.Helper()
	rs, err := w.im.opt.Client.Search(context.Background(), typ, params, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	return rs
}

// ours gets what imports filed of a type (the seeded people have no tags).
func (w *world) ours(typ string) []fhir.Resource {
	var out []fhir.Resource
	for _, r := range w.all(typ, nil) {
		if tagCode(r, SystemImport) != "" {
			out = append(out, r)
		}
	}
	return out
}

func (w *world) put(resources ...string) {
	w.t.Helper()
	var raw []json.RawMessage
	for _, r := range resources {
		raw = append(raw, json.RawMessage(r))
	}
	if err := w.Put(raw...); err != nil {
		w.t.Fatal(err)
	}
}

// lineOf finds the receipt's line of a source.
func lineOf(t testing.TB, r Receipt, source string) ReceiptResource {
	t.Helper()
	for _, l := range r.Resources {
		if l.Source == source {
			return l
		}
	}
	t.Fatalf("no line for %s:\n%s", source, pretty(r))
	return ReceiptResource{}
}

func wantLine(t testing.TB, r Receipt, source, result, why string) {
	t.Helper()
	if l := lineOf(t, r, source); l.Result != result || l.Why != why {
		t.Errorf("%s: %s (%s), want %s (%s)", source, l.Result, l.Why, result, why)
	}
}

// links walks all references of everything that imports filed and fails when
// one is no reference to a living resource of this server.
func (w *world) wantNoDangling(types ...string) {
	w.t.Helper()
	for _, typ := range types {
		for _, r := range w.ours(typ) {
			for ref := range r.References() {
				text := ref.Text()
				if ref.Attachment || strings.HasPrefix(text, "#") {
					continue
				}
				if _, err := w.im.opt.Client.Read(context.Background(), text); err != nil {
					w.t.Errorf("%s/%s: a reference leads nowhere: %v", typ, r.ID(), err)
				}
			}
		}
	}
}
