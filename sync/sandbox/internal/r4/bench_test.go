package r4

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// manyEntries is a transaction of one Patient and n Observations of about 1 kB.
func manyEntries(n int) string {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","name":[{"family":"Many"}]},"request":{"method":"POST","url":"Patient"}}`)
	for i := range n {
		fmt.Fprintf(&b, `,{"fullUrl":"urn:uuid:o%d","resource":{"resourceType":"Observation","identifier":[{"system":"urn:import","value":"x#%d"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"Hemoglobin A1c"}],"text":"%s"},"subject":{"reference":"urn:uuid:p"},"effectiveDateTime":"2026-01-02T03:04:05Z","valueQuantity":{"value":7.10,"unit":"%%","system":"http://unitsofmeasure.org","code":"%%"}},"request":{"method":"POST","url":"Observation","ifNoneExist":"identifier=urn:import|x%%23%d"}}`, i, i, strings.Repeat("long text ", 30), i)
	}
	b.WriteString(`]}`)
	return b.String()
}

func BenchmarkTransaction5000(b *testing.B) {
	body := manyEntries(5000)
	for b.Loop() {
		srv, err := New(Options{Base: "http://x/fhir", Now: time.Now})
		if err != nil {
			b.Fatal(err)
		}
		rq := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/fhir", strings.NewReader(body))
		rq.Header.Set("Content-Type", "application/fhir+json")
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, rq)
		if w.Code != 200 {
			b.Fatal(w.Body.String())
		}
	}
}
