package fhir

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParseBundle is a record of results, with and without white space,
// and one that is mostly a document in base64.
func BenchmarkParseBundle(b *testing.B) {
	result := `{"fullUrl":"urn:uuid:00000000-0000-4000-8000-%012d","resource":{"resourceType":"Observation","id":"o%d","status":"final",` +
		`"code":{"coding":[{"system":"http://loinc.org","code":"1558-6","display":"Fasting glucose"}]},"subject":{"reference":"Patient/1"},` +
		`"effectiveDateTime":"2024-01-02","valueQuantity":{"value":97.50,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}}`
	var list []string
	for i := range 2000 {
		list = append(list, fmt.Sprintf(result, i, i))
	}
	dense := `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(list, ",") + `]}`
	document := `{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"application/pdf","data":"` + strings.Repeat("JVBERi0x", 1<<17) + `"}}]}`
	for name, src := range map[string]string{
		"dense":    dense,
		"indented": strings.NewReplacer(`,"`, ",\n          \"", `":`, `" : `).Replace(dense),
		"document": document,
	} {
		b.Run(name, func(b *testing.B) {
			raw := []byte(src)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseBundle(raw, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
