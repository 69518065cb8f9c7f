package summary

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"shlkiosk/sync/fhir"
)

func sha1Of(s string) string {
	sum := sha1.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// anyJSON draws a JSON value out of the words that this package looks for, so
// that odd shapes meet the code that reads them.
func anyJSON(depth int) *rapid.Generator[any] {
	words := []string{"Patient", "Observation", "urn:uuid:0", "urn:uuid:1", "#a", "resource:1", "2024-02-30", "2024", "entered-in-error",
		"http://loinc.org", "85354-9", "\u202eabc", "", "a\x00b", "https://x.example/a.pdf", "JVBERi0=", "group", "Patient/1"}
	keys := []string{"code", "coding", "text", "display", "system", "value", "valueQuantity", "subject", "patient", "reference", "contained",
		"id", "status", "verificationStatus", "content", "attachment", "data", "url", "contentType", "component", "class", "type", "payor",
		"beneficiary", "name", "given", "family", "birthDate", "medicationReference", "medicationCodeableConcept", "result", "section",
		"entry", "category", "period", "start", "dosage", "timing", "repeat", "total", "amount", "participant", "identifier"}
	leaf := rapid.OneOf(
		rapid.Map(rapid.SampledFrom(words), func(s string) any { return s }),
		rapid.Map(rapid.IntRange(-3, 3000), func(n int) any { return n }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return anyJSON(depth - 1) }), 0, 3), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom(keys), rapid.Deferred(func() *rapid.Generator[any] { return anyJSON(depth - 1) }), 0, 6),
			func(m map[string]any) any { return m }))
}

var drawnTypes = []string{"Patient", "AllergyIntolerance", "Condition", "Encounter", "Immunization", "Medication", "MedicationRequest",
	"MedicationStatement", "Observation", "Procedure", "DiagnosticReport", "DocumentReference", "Coverage", "ExplanationOfBenefit",
	"CareTeam", "Goal", "Device", "Composition", "Binary", "OperationOutcome", "Organization", "FamilyMemberHistory", "Claim"}

func TestAnyRecordIsAccountedForAndNothingPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var files []File
		for range rapid.IntRange(1, 2).Draw(t, "files") {
			var entries []any
			for i := range rapid.IntRange(1, 6).Draw(t, "entries") {
				r, _ := anyJSON(4).Draw(t, "resource").(map[string]any)
				if r == nil {
					r = map[string]any{}
				}
				r["resourceType"] = rapid.SampledFrom(drawnTypes).Draw(t, "type")
				entries = append(entries, map[string]any{"fullUrl": fmt.Sprint("urn:uuid:", i), "resource": r})
			}
			raw, err := json.Marshal(map[string]any{"resourceType": "Bundle", "type": "collection", "entry": entries})
			if err != nil {
				t.Fatal(err)
			}
			b, err := fhir.ParseBundle(raw, fhir.DefaultLimits())
			if err != nil {
				t.Skip("refused by the scanner")
			}
			files = append(files, File{Bundle: b})
		}
		v, err := Build(files, testNow)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{v.Person.Key: v.Person.Key != ""}
		count := 0
		if v.Person.Key != "" {
			count++
		}
		for _, p := range v.People {
			seen[p.Key], count = true, count+1
		}
		var keys []string
		for _, list := range append(sectionItems(v), v.Supporting, v.Skipped) {
			for _, it := range list {
				if seen[it.Key] {
					t.Fatalf("%s twice", it.Key)
				}
				seen[it.Key], count = true, count+1
				keys = append(keys, it.Key)
			}
		}
		want := 0
		for _, f := range files {
			want += len(f.Bundle.Entries)
		}
		if count != want {
			t.Fatalf("%d shown of %d", count, want)
		}
		out := rapid.SliceOfN(rapid.SampledFrom(append(keys, "9.9")), 0, 3).Draw(t, "out")
		left := v.LeaveOut(out)
		if again := v.LeaveOut(left); !slices.Equal(left, again) {
			t.Fatalf("leaving out is not closed: %v then %v", left, again)
		}
		for _, d := range v.Closure(out) {
			if slices.Contains(out, d.Key) {
				t.Fatalf("%s depends on its own leaving out", d.Key)
			}
		}
		if j, _ := json.Marshal(v); strings.Contains(string(j), "85354-9") {
			t.Fatal("a view in a log shows content")
		}
	})
}

func TestCleanTextIsSafeAndStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("ab \n\t\u202e\u200b\u2066\x00\ufeffé\u0301\U000e0041語")))).Draw(t, "s")
		limit := rapid.IntRange(2, 40).Draw(t, "limit")
		got := clean(s, limit).Reveal()
		if n := len([]rune(got)); n > limit {
			t.Fatalf("%d runes, limit %d", n, limit)
		}
		for _, r := range got {
			if !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%U is left", r)
			}
		}
		if again := clean(got, limit).Reveal(); again != got {
			t.Fatalf("not stable: %q then %q", got, again)
		}
	})
}

func TestDatesAreReadOnlyWhenTheyAreDates(t *testing.T) {
	for in, want := range map[string]string{
		"1985": "1985", "1985-03": "1985-03", "1985-03-15": "1985-03-15", "2024-02-29": "2024-02-29",
		"2015-10-10T09:15:00+01:00": "2015-10-10T09:15", "2021-04-06T10:49:02.473Z": "2021-04-06T10:49",
		"2023-02-29": "", "2026-13-40": "", "0000": "", "85-03-15": "", "": "", "1985-3-5": "", "15.03.1985": "",
	} {
		if got := parseDate(in).Reveal(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTailNeverShowsMoreThanHalf(t *testing.T) {
	for in, want := range map[string]string{"123456789": "6789", "12345": "45", "1": "", "": "", "1234-234-1243-1238473074": "3074"} {
		if got := tail(in).Reveal(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzBuild(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.json")
	for _, n := range names {
		raw, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := fhir.ParseBundle(raw, fhir.DefaultLimits())
		if err != nil {
			return
		}
		v, err := Build([]File{{Bundle: b, Bytes: raw}}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Entries) > 0 {
			accounted(t, v, File{Bundle: b})
		}
		for _, d := range v.Documents {
			if d.PDF() && !strings.Contains(string(d.Bytes()), "%PDF-") {
				t.Fatal("a PDF without its signature")
			}
		}
	})
}
