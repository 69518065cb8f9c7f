package people

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestPopulation(t *testing.T) {
	a, b := Make(1, 200, at), Make(1, 200, at)
	if len(a.People) != 200 {
		t.Fatalf("%d people", len(a.People))
	}
	for i := range a.Resources {
		if !bytes.Equal(a.Resources[i], b.Resources[i]) {
			t.Fatalf("resource %d differs for one seed", i)
		}
	}
	if other := Make(2, 200, at); bytes.Equal(other.Resources[20], a.Resources[20]) {
		t.Error("another seed gives the same people")
	}
	kinds := map[string]int{}
	for _, p := range a.People {
		kinds[p.Kind]++
	}
	for _, k := range []string{"plain", "returning", "twin", "near-twin", "namesake", "household", "accent", "maiden", "phones", "sparse", "inactive", "deceased", "replaced"} {
		if kinds[k] == 0 {
			t.Errorf("nobody is %s: %v", k, kinds)
		}
	}
}

// TestReferencesResolve: what is referred to is there, and comes first.
func TestReferencesResolve(t *testing.T) {
	ref := regexp.MustCompile(`"reference":"([^"]+)"`)
	for seed := range uint64(20) {
		p := Make(seed+1, 120, at)
		seen := map[string]bool{}
		for _, raw := range p.Resources {
			var head struct{ ResourceType, ID string }
			if err := json.Unmarshal(raw, &head); err != nil {
				t.Fatal(err)
			}
			for _, m := range ref.FindAllSubmatch(raw, -1) {
				if !seen[string(m[1])] {
					t.Fatalf("seed %d: %s/%s refers to %s, which is not there yet", seed, head.ResourceType, head.ID, m[1])
				}
			}
			key := head.ResourceType + "/" + head.ID
			if seen[key] {
				t.Fatalf("%s twice", key)
			}
			seen[key] = true
			if !strings.Contains(string(raw), `"HTEST"`) {
				t.Errorf("%s is not marked as made up", key)
			}
		}
		for _, person := range p.People {
			if !seen[person.Reference] || person.Other != "" && !seen[person.Other] {
				t.Errorf("seed %d: %s or %s is not there", seed, person.Reference, person.Other)
			}
		}
	}
}

// TestFiction: phones, mail addresses and ZIP codes are those of nobody.
func TestFiction(t *testing.T) {
	phone := regexp.MustCompile(`555[-.]01\d\d$`)
	for _, p := range Make(3, 300, at).People {
		if p.Phone != "" && !phone.MatchString(p.Phone) || p.Email != "" && !strings.HasSuffix(p.Email, "@example.org") || p.ZIP != "" && !strings.HasPrefix(p.ZIP, "001") {
			t.Errorf("%+v", p)
		}
		if _, err := time.Parse(time.DateOnly, p.BirthDate); err != nil || p.BirthDate > at.Format(time.DateOnly) {
			t.Errorf("born %s", p.BirthDate)
		}
	}
}

type storyBundle struct {
	Type, Timestamp string
	Entry           []struct {
		FullURL  string
		Resource json.RawMessage
	}
}

func TestStories(t *testing.T) {
	ref := regexp.MustCompile(`"reference":"([^"]+)"`)
	keys := []string{}
	for _, s := range Stories(at) {
		keys = append(keys, s.Key)
		for n, raw := range s.Bundles {
			var b storyBundle
			if err := json.Unmarshal(raw, &b); err != nil {
				t.Fatal(err)
			}
			full, kinds := map[string]bool{}, []string{}
			for _, e := range b.Entry {
				var head struct{ ResourceType string }
				if err := json.Unmarshal(e.Resource, &head); err != nil || full[e.FullURL] || e.FullURL == "" {
					t.Fatalf("%s: entry %q %v", s.Key, e.FullURL, err)
				}
				full[e.FullURL] = true
				kinds = append(kinds, head.ResourceType)
			}
			for _, m := range ref.FindAllSubmatch(raw, -1) {
				if !full[string(m[1])] && !full["https://ehr.example.org/fhir/"+string(m[1])] {
					t.Errorf("%s: %s does not resolve", s.Key, m[1])
				}
			}
			if patients := len(slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k != "Patient" })); patients != 1 {
				t.Errorf("%s file %d: %d patients", s.Key, n, patients)
			}
			if s.KTC && (b.Type != "collection" || b.Timestamp == "" || len(b.Entry) < 2) {
				t.Errorf("%s is no KTC Bundle", s.Key)
			}
			checkDocuments(t, s.Key, b)
			if s.Key == "returning" {
				for _, k := range []string{"AllergyIntolerance", "Condition", "MedicationRequest", "Immunization", "Observation", "DiagnosticReport", "Encounter", "Procedure", "Coverage", "DocumentReference", "Goal", "CareTeam", "ExplanationOfBenefit"} {
					if !slices.Contains(kinds, k) {
						t.Errorf("returning has no %s", k)
					}
				}
			}
			if s.Key == "ips" && (b.Type != "document" || kinds[0] != "Composition") {
				t.Errorf("ips is no document: %s %v", b.Type, kinds)
			}
		}
		if len(s.Bundles) == 0 && s.Card == nil {
			t.Errorf("%s brings nothing", s.Key)
		}
	}
	if want := []string{"returning", "new", "passcode", "near-twin", "ips", "expired", "card"}; !slices.Equal(keys, want) {
		t.Errorf("%v", keys)
	}
}

// checkDocuments holds the DocumentReferences to the KTC profile.
func checkDocuments(t *testing.T, key string, b storyBundle) {
	t.Helper()
	for _, e := range b.Entry {
		var d struct {
			ResourceType, Status, Date string
			Type                       struct {
				Coding []struct{ System, Code string }
			}
			Category []struct {
				Coding []struct{ System, Code string }
			}
			Subject struct{ Reference string }
			Author  []struct{ Reference string }
			Content []struct {
				Attachment struct{ ContentType, Data string }
			}
		}
		if err := json.Unmarshal(e.Resource, &d); err != nil || d.ResourceType != "DocumentReference" {
			continue
		}
		code := d.Type.Coding[0].Code
		if d.Status != "current" || code != "60591-5" && code != "51855-5" || d.Category[0].Coding[0].Code != "patient-shared" || d.Date == "" || d.Subject.Reference != d.Author[0].Reference || len(d.Content) != 1 {
			t.Errorf("%s: %s", key, e.Resource)
		}
		pdf, err := base64.StdEncoding.DecodeString(d.Content[0].Attachment.Data)
		if err != nil || d.Content[0].Attachment.ContentType != "application/pdf" {
			t.Fatal(err)
		}
		checkPDF(t, pdf)
	}
}

// checkPDF reads the cross-reference table and looks whether every object is
// where it says.
func checkPDF(t *testing.T, pdf []byte) {
	t.Helper()
	m := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(pdf)
	if m == nil || !bytes.HasPrefix(pdf, []byte("%PDF-1.4\n")) {
		t.Fatalf("no PDF: %.40q", pdf)
	}
	start, _ := strconv.Atoi(string(m[1]))
	rows := strings.Split(string(pdf[start:]), "\n")
	var n int
	if _, err := fmt.Sscanf(rows[1], "0 %d", &n); err != nil || rows[0] != "xref" {
		t.Fatalf("xref: %q %v", rows[1], err)
	}
	for i := 1; i < n; i++ {
		at, err := strconv.Atoi(rows[2+i][:10])
		if err != nil || !bytes.HasPrefix(pdf[at:], fmt.Appendf(nil, "%d 0 obj\n", i)) {
			t.Fatalf("object %d is not at %d", i, at)
		}
	}
	for _, m := range regexp.MustCompile(`(?s)<< /Length (\d+) >>\nstream\n(.*?)endstream`).FindAllSubmatch(pdf, -1) {
		if want, _ := strconv.Atoi(string(m[1])); want != len(m[2]) {
			t.Errorf("stream of %d bytes says %d", len(m[2]), want)
		}
	}
}

func TestPDF(t *testing.T) {
	pdf := PDF("Tést (1)", []string{"Héading", "a (b) \\ c", "日本"}, []string{"Two"})
	checkPDF(t, pdf)
	if got := bytes.Count(pdf, []byte("/Type /Page ")); got != 2 {
		t.Errorf("%d pages", got)
	}
	for _, want := range []string{`(H\351ading)`, `(a \(b\) \\ c)`, `(??)`} {
		if !bytes.Contains(pdf, []byte(want)) {
			t.Errorf("%s is not in it", want)
		}
	}
}
