package summary

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkBuild5000 is a record of the size that issue 5 plans imports of.
func BenchmarkBuild5000(b *testing.B) {
	resources := []string{patientJess}
	for i := range 5000 {
		resources = append(resources, fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"http://loinc.org",
			"code":"2345-7","display":"Glucose"}],"text":"Glucose %d"},"subject":{"reference":"urn:uuid:0"},"effectiveDateTime":"2024-02-%02d",
			"valueQuantity":{"value":%d.10,"unit":"mg/dL"},"referenceRange":[{"low":{"value":70},"high":{"value":99}}]}`, i, i, 1+i%28, i%300))
	}
	file := record(b, resources...)
	b.ReportAllocs()
	for b.Loop() {
		if v, err := Build([]File{file}, testNow); err != nil || len(v.Sections) != 1 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(strings.Join(resources, ""))), "bytes")
}
