package summary

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/fhir"
)

var testNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func load(t testing.TB, name string) File {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(raw))
}

func parse(t testing.TB, text string) File {
	t.Helper()
	b, err := fhir.ParseBundle([]byte(text), fhir.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return File{ContentType: "application/fhir+json", Bundle: b}
}

// record makes a Bundle of resources, the first ones given fullUrls urn:uuid:0...
func record(t testing.TB, resources ...string) File {
	t.Helper()
	var entries []string
	for i, r := range resources {
		entries = append(entries, fmt.Sprintf(`{"fullUrl":"urn:uuid:%d","resource":%s}`, i, r))
	}
	return parse(t, `{"resourceType":"Bundle","type":"collection","entry":[`+strings.Join(entries, ",")+`]}`)
}

func build(t testing.TB, files ...File) View {
	t.Helper()
	v, err := Build(files, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func only(t testing.TB, v View, k Kind) Item {
	t.Helper()
	s, ok := v.Section(k)
	if !ok || len(s.Items) != 1 {
		t.Fatalf("section %s has %d items, want 1", k, len(s.Items))
	}
	return s.Items[0]
}

func lineOf(it Item, l Label) (Line, bool) {
	i := slices.IndexFunc(it.Lines, func(x Line) bool { return x.Label == l })
	if i < 0 {
		return Line{}, false
	}
	return it.Lines[i], true
}

func hasNote(v View, code NoteCode) bool {
	return slices.ContainsFunc(v.Notes, func(n Note) bool { return n.Code == code })
}

const patientJess = `{"resourceType":"Patient","name":[{"family":"Argonaut","given":["Jessica"]}],"birthDate":"1985-03-15","gender":"female"}`

func TestSamples(t *testing.T) {
	for _, c := range []struct {
		file    string
		person  string
		subject SubjectState
		counts  map[Kind]int
		docs    int
		cards   int
	}{
		{"hl7-ips-bundle-01.json", "Martha DeLarosa", SubjectOnly,
			map[Kind]int{Conditions: 2, Medicines: 2, Allergies: 1, Results: 7}, 0, 0},
		{"hl7-carin-as-bundle.json", "Jane Doe", SubjectChosen, map[Kind]int{Coverage: 1}, 0, 1},
		{"hl7-shc-example-00-bundle.json", "John B. Anyperson", SubjectOnly, map[Kind]int{Immunizations: 3}, 0, 0},
		{"ktc-both-pdfs.json", "Jessica Argonaut", SubjectOnly, map[Kind]int{Conditions: 1, Medicines: 1, Allergies: 1, Immunizations: 1, Documents: 2}, 2, 0},
		{"ktc-carin-dic.json", "Jessica Argonaut", SubjectOnly, map[Kind]int{Coverage: 1, Documents: 1}, 1, 1},
		{"ktc-persistence-core.json", "Jessica Argonaut", SubjectOnly,
			map[Kind]int{Conditions: 1, Medicines: 1, Allergies: 1, Immunizations: 1, Documents: 1}, 1, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			v := build(t, load(t, c.file))
			if got := v.Person.Name.Reveal(); got != c.person {
				t.Errorf("person %q, want %q", got, c.person)
			}
			if v.Subject != c.subject {
				t.Errorf("subject %q, want %q", v.Subject, c.subject)
			}
			got := map[Kind]int{}
			for _, s := range v.Sections {
				got[s.Kind] = s.Count()
			}
			if fmt.Sprint(got) != fmt.Sprint(c.counts) {
				t.Errorf("counts %v, want %v", got, c.counts)
			}
			if len(v.Documents) != c.docs || len(v.Cards) != c.cards {
				t.Errorf("%d documents, %d cards, want %d and %d", len(v.Documents), len(v.Cards), c.docs, c.cards)
			}
			accounted(t, v, load(t, c.file))
			for _, s := range v.Sections {
				for _, it := range s.Items {
					if it.Title == "" && it.Type != "Coverage" {
						t.Errorf("%s %s has no title", it.Type, it.Key)
					}
				}
			}
		})
	}
}

// accounted fails unless every entry is in exactly one place of the view.
func accounted(t testing.TB, v View, files ...File) {
	t.Helper()
	seen := map[string]int{}
	if v.Person.Key != "" {
		seen[v.Person.Key]++
	}
	for _, p := range v.People {
		seen[p.Key]++
	}
	for _, list := range append([][]Item{v.Supporting, v.Skipped}, sectionItems(v)...) {
		for _, it := range list {
			seen[it.Key]++
		}
	}
	want := 0
	for f, file := range files {
		for _, e := range file.Bundle.Entries {
			want++
			if n := seen[Key(f, e.Index)]; n != 1 {
				t.Errorf("entry %s (%s) stands in %d places, want 1", Key(f, e.Index), e.Resource.Type(), n)
			}
		}
	}
	total := 0
	for _, n := range seen {
		total += n
	}
	if total != want {
		t.Errorf("%d entries shown, the record has %d", total, want)
	}
}

func sectionItems(v View) (lists [][]Item) {
	for _, s := range v.Sections {
		lists = append(lists, s.Items)
	}
	return lists
}

func TestTheTwoKTCDocumentsAreToldApart(t *testing.T) {
	v := build(t, load(t, "ktc-both-pdfs.json"))
	kinds := map[DocumentKind]int{}
	for _, d := range v.Documents {
		kinds[d.Kind]++
		if d.State != DocumentReady || !d.PDF() || !strings.HasPrefix(string(d.Bytes()), "%PDF-") {
			t.Errorf("document %s: state %s, pdf %t", d.Kind, d.State, d.PDF())
		}
	}
	if kinds[DocumentRendered] != 1 || kinds[DocumentStory] != 1 {
		t.Errorf("kinds %v, want one of each", kinds)
	}
}

func TestNamesComeFromTheRecordFirst(t *testing.T) {
	for _, c := range []struct{ concept, want, from string }{
		{`{"text":"Own words","coding":[{"display":"Display","system":"http://hl7.org/fhir/sid/cvx","code":"207"}]}`, "Own words", "own"},
		{`{"coding":[{"display":"First"},{"display":"Chosen","userSelected":true}]}`, "Chosen", "display"},
		{`{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"207"}]}`, "COVID-19 vaccine (Moderna)", "table"},
		{`{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"9999"}]}`, "CVX|9999", "code"},
		{`{"coding":[{"system":"http://snomed.info/sct","display":"Menopausal flushing (finding)"}]}`, "Menopausal flushing", "display"},
		{`{"coding":[{"system":"http://acme.example","display":"Left (finding)"}]}`, "Left (finding)", "display"},
		{`{"coding":[{"system":"http://acme.example/codes/lab","code":"X1"}]}`, "lab|X1", "code"},
		{`{"coding":[{"code":"X1"}]}`, "X1", "code"},
		{`{}`, "", "none"},
	} {
		v := build(t, record(t, patientJess, `{"resourceType":"Immunization","vaccineCode":`+c.concept+`,"patient":{"reference":"urn:uuid:0"}}`))
		it := only(t, v, Immunizations)
		if it.Title.Reveal() != c.want || string(it.Named) != c.from {
			t.Errorf("%s: %q from %s, want %q from %s", c.concept, it.Title.Reveal(), it.Named, c.want, c.from)
		}
	}
}

func TestDecimalsAndPartialDatesStayAsWritten(t *testing.T) {
	v := build(t, record(t, patientJess, `{"resourceType":"Observation","status":"final","code":{"text":"Potassium"},
		"effectiveDateTime":"2024-02","valueQuantity":{"value":4.10,"comparator":"<","unit":"mmol/L"},
		"referenceRange":[{"low":{"value":3.50},"high":{"value":5.0}}],"interpretation":[{"coding":[{"code":"N"}]}]}`))
	it := only(t, v, Results)
	val, _ := lineOf(it, LabelValue)
	if q := val.Value.Quantity; q.Number.Reveal() != "4.10" || q.Unit.Reveal() != "mmol/L" || q.Comparator != "compare.lt" {
		t.Errorf("quantity %q %q %q", q.Number.Reveal(), q.Unit.Reveal(), q.Comparator)
	}
	ref, _ := lineOf(it, LabelReference)
	if ref.Value.Quantity.Number.Reveal() != "3.50" || ref.Value.High.Number.Reveal() != "5.0" {
		t.Error("reference range changed")
	}
	if it.Date.Reveal() != "2024-02" || it.Date.Precision != YearMonth {
		t.Errorf("date %s", it.Date.Reveal())
	}
	if m, _ := lineOf(it, LabelMeaning); m.Value.Word != "meaning.normal" {
		t.Errorf("meaning %q", m.Value.Word)
	}
}

func TestBloodPressureShowsItsParts(t *testing.T) {
	v := build(t, record(t, patientJess, `{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
		"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mm[Hg]"}},
		{"code":{"text":"Dia"},"valueQuantity":{"value":80,"unit":"mm[Hg]"}}]}`))
	it := only(t, v, Vitals)
	if it.Title.Reveal() != "Blood pressure" || len(it.Lines) != 2 {
		t.Fatalf("%q with %d lines", it.Title.Reveal(), len(it.Lines))
	}
	if l := it.Lines[0]; l.Label != LabelPart || l.Name.Reveal() != "Systolic blood pressure" || l.Value.Quantity.Number != "120" {
		t.Errorf("first part %q %q", l.Name.Reveal(), l.Value.Quantity.Number.Reveal())
	}
}

func TestErrorsAndRefutedStandApart(t *testing.T) {
	v := build(t, record(t, patientJess,
		`{"resourceType":"Condition","code":{"text":"A"},"verificationStatus":{"coding":[{"code":"refuted"}]}}`,
		`{"resourceType":"Condition","code":{"text":"B"},"verificationStatus":{"coding":[{"code":"entered-in-error"}]}}`,
		`{"resourceType":"Condition","code":{"text":"C"},"clinicalStatus":{"coding":[{"code":"active"}]}}`,
		`{"resourceType":"Observation","status":"entered-in-error","code":{"text":"D"}}`))
	s, _ := v.Section(Conditions)
	if s.Count() != 1 || s.Items[0].Title != "C" || s.Items[1].Apart == "" || s.Items[2].Apart == "" {
		t.Errorf("count %d, order %q", s.Count(), s.Items[0].Title.Reveal())
	}
	if it := only(t, v, Results); it.Apart != ApartError {
		t.Errorf("observation apart %q", it.Apart)
	}
	if !hasNote(v, NoteApart) {
		t.Error("no note about them")
	}
}

func TestSomebodyElsesEntriesStandApart(t *testing.T) {
	v := build(t, record(t, patientJess, `{"resourceType":"Patient","name":[{"family":"Argonaut","given":["Mary"]}],"birthDate":"1950-01-01"}`,
		`{"resourceType":"Condition","code":{"text":"A"},"subject":{"reference":"urn:uuid:0"}}`,
		`{"resourceType":"Condition","code":{"text":"B"},"subject":{"reference":"urn:uuid:0"}}`,
		`{"resourceType":"Observation","code":{"text":"C"},"subject":{"reference":"urn:uuid:1"}}`))
	if v.Person.Given != "Jessica" || v.Subject != SubjectChosen || len(v.People) != 1 {
		t.Errorf("person %q, %s", v.Person.Given.Reveal(), v.Subject)
	}
	if it := only(t, v, Results); it.Apart != ApartOther {
		t.Errorf("apart %q", it.Apart)
	}
}

func TestWhoseRecordItIs(t *testing.T) {
	other := `{"resourceType":"Patient","name":[{"family":"Stone","given":["Ann"]}],"birthDate":"1950-01-01"}`
	about := func(n int, typ string) string {
		return fmt.Sprintf(`{"resourceType":%q,"subject":{"reference":"urn:uuid:%d"}}`, typ, n)
	}
	for name, c := range map[string]struct {
		file File
		want string
		is   SubjectState
	}{
		"composition wins over numbers": {record(t, patientJess, other, about(1, "Composition"), about(0, "Condition"), about(0, "Condition")), "Ann", SubjectChosen},
		"most references":               {record(t, patientJess, other, about(1, "Condition"), about(0, "Condition"), about(0, "Condition")), "Jessica", SubjectChosen},
		"a tie is for staff":            {record(t, patientJess, other, about(1, "Condition"), about(0, "Condition")), "", SubjectUnsure},
		"nothing decides":               {record(t, patientJess, other), "", SubjectUnsure},
		"two compositions":              {record(t, patientJess, other, about(1, "Composition"), about(0, "Composition")), "", SubjectUnsure},
		"nobody":                        {record(t, about(3, "Condition")), "", SubjectNone},
	} {
		v := build(t, c.file)
		if v.Person.Given.Reveal() != c.want || v.Subject != c.is {
			t.Errorf("%s: %q %s, want %q %s", name, v.Person.Given.Reveal(), v.Subject, c.want, c.is)
		}
		accounted(t, v, c.file)
	}
	same := build(t, record(t, patientJess), record(t, patientJess))
	if same.Subject != SubjectOnly || len(same.People) != 1 || !same.People[0].Same {
		t.Errorf("the same person in two files: %s", same.Subject)
	}
	different := build(t, record(t, patientJess), record(t, other))
	if !hasNote(different, NoteDifferentPeople) || different.Person.Key != "" {
		t.Error("files about two people must not choose one")
	}
}

func TestAttachments(t *testing.T) {
	pdf := base64.StdEncoding.EncodeToString([]byte("%PDF-1.4 hello"))
	html := base64.StdEncoding.EncodeToString([]byte("<html><script>"))
	doc := func(att string) string {
		return `{"resourceType":"DocumentReference","status":"current","contained":[{"resourceType":"Binary","id":"b","contentType":"application/pdf","data":"` + pdf + `"}],"content":[{"attachment":` + att + `}]}`
	}
	bin := `{"resourceType":"Binary","id":"bin1","contentType":"application/pdf","data":"` + pdf + `"}`
	for name, c := range map[string]struct {
		att   string
		state DocumentState
		host  string
	}{
		"inline":             {`{"contentType":"application/pdf; charset=x","data":"` + pdf[:8] + `\n` + pdf[8:] + `"}`, DocumentReady, ""},
		"binary by fullUrl":  {`{"contentType":"application/pdf","url":"urn:uuid:2"}`, DocumentReady, ""},
		"binary by type/id":  {`{"url":"Binary/bin1"}`, DocumentReady, ""},
		"binary by position": {`{"url":"resource:2"}`, DocumentReady, ""},
		"contained":          {`{"contentType":"application/pdf","url":"#b"}`, DocumentReady, ""},
		"data url":           {`{"contentType":"application/pdf","url":"data:application/pdf;base64,` + pdf + `"}`, DocumentReady, ""},
		"web address":        {`{"contentType":"application/pdf","url":"https://files.example.org/x.pdf?token=1"}`, DocumentNotFetched, "files.example.org"},
		"script address":     {`{"contentType":"application/pdf","url":"javascript:alert(1)"}`, DocumentMissing, ""},
		"local file":         {`{"contentType":"application/pdf","url":"file:///etc/passwd"}`, DocumentMissing, ""},
		"page as pdf":        {`{"contentType":"application/pdf","data":"` + html + `"}`, DocumentMislabeled, ""},
		"broken base64":      {`{"contentType":"application/pdf","data":"%%%"}`, DocumentBroken, ""},
		"size lies":          {`{"contentType":"application/pdf","size":3,"data":"` + pdf + `"}`, DocumentBroken, ""},
		"hash wrong":         {`{"contentType":"application/pdf","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAA=","data":"` + pdf + `"}`, DocumentBroken, ""},
		"hash right":         {`{"contentType":"application/pdf","hash":"bRUpNv2S9eqm2/1PBjyX0axgeXA=","data":"` + pdf + `"}`, DocumentBroken, ""},
		"nothing":            {`{"contentType":"application/pdf"}`, DocumentMissing, ""},
	} {
		if name == "hash right" {
			c.att = strings.Replace(c.att, "bRUpNv2S9eqm2/1PBjyX0axgeXA=", sha1Of("%PDF-1.4 hello"), 1)
			c.state = DocumentReady
		}
		v := build(t, record(t, patientJess, doc(c.att), bin))
		i := slices.IndexFunc(v.Documents, func(d Document) bool { return d.Item == "0.1" })
		if i < 0 {
			t.Fatalf("%s: no document", name)
		}
		d := v.Documents[i]
		if d.State != c.state || d.Host != c.host || (d.State == DocumentReady) != (string(d.Bytes()) == "%PDF-1.4 hello") {
			t.Errorf("%s: state %s host %q, want %s %q", name, d.State, d.Host, c.state, c.host)
		}
	}
}

func TestCARINCard(t *testing.T) {
	v := build(t, load(t, "hl7-carin-as-bundle.json"))
	c := v.Cards[0]
	if c.Payer != "Acme Insurance Co" || !c.AboutThePerson || c.Subscriber != "John Doe" || c.Beneficiary != "Jane Doe" {
		t.Errorf("payer %q subscriber %q beneficiary %q", c.Payer.Reveal(), c.Subscriber.Reveal(), c.Beneficiary.Reveal())
	}
	if c.RxBIN == "" || c.Group == "" || c.MemberID == "" || len(c.Phones) == 0 {
		t.Errorf("card lacks numbers: rxbin %t group %t member %t phones %d", c.RxBIN != "", c.Group != "", c.MemberID != "", len(c.Phones))
	}
	alone := build(t, load(t, "skill-coverage-medicare-contained-payor.json"))
	if p := alone.Cards[0].Payer.Reveal(); !strings.HasPrefix(p, "Centers for Medicare") || alone.Cards[0].MemberID != "1EG4-TE5-MK73" {
		t.Errorf("contained payor %q", p)
	}
}

func TestLeavingOutTakesWhatOnlyItUsesAndNamesTheRest(t *testing.T) {
	v := build(t, record(t, patientJess,
		`{"resourceType":"Medication","code":{"text":"Aspirin"}}`,
		`{"resourceType":"MedicationStatement","medicationReference":{"reference":"urn:uuid:1"},"reasonReference":[{"reference":"urn:uuid:3"}],"subject":{"reference":"urn:uuid:0"}}`,
		`{"resourceType":"Condition","code":{"text":"Pain"},"subject":{"reference":"urn:uuid:0"}}`,
		`{"resourceType":"Composition","section":[{"entry":[{"reference":"urn:uuid:1"},{"reference":"urn:uuid:2"}]}]}`,
		`{"resourceType":"DocumentReference","type":{"coding":[{"system":"http://loinc.org","code":"60591-5"}]},"content":[{"attachment":{"contentType":"application/pdf","data":"JVBERi0xLjQ="}}]}`))
	if got := fmt.Sprint(v.LeaveOut([]string{"0.2"})); got != "[0.1 0.2]" {
		t.Errorf("leave out the statement: %s", got)
	}
	var got []string
	for _, d := range v.Closure([]string{"0.2"}) {
		got = append(got, d.Key+":"+string(d.Effect))
	}
	if fmt.Sprint(got) != "[0.5:still-shows 0.1:goes-too]" {
		t.Errorf("dependents %v", got)
	}
	got = nil
	for _, d := range v.Closure([]string{"0.3"}) {
		got = append(got, d.Key+":"+string(d.Effect))
	}
	if fmt.Sprint(got) != "[0.2:loses-link 0.5:still-shows]" {
		t.Errorf("dependents %v", got)
	}
}

func TestAbsenceIsNotCounted(t *testing.T) {
	v := build(t, load(t, "hl7-ips-bundle-01.json"))
	s, _ := v.Section(Allergies)
	last := s.Items[len(s.Items)-1]
	if !last.Absence || last.TitleWord != "absent.no-known-food-allergies" {
		t.Errorf("last allergy: absence %t word %q", last.Absence, last.TitleWord)
	}
}

func TestBareFiles(t *testing.T) {
	v := build(t, File{ContentType: "application/pdf", Bytes: []byte("%PDF-1.7 x")}, File{ContentType: "text/plain", Bytes: []byte("hello")})
	if len(v.Documents) != 1 || !v.Documents[0].PDF() || !hasNote(v, NoteUnreadableFile) || !hasNote(v, NoteNoPerson) {
		t.Errorf("documents %d, notes %v", len(v.Documents), v.Notes)
	}
	if _, err := Build(nil, testNow); err == nil {
		t.Error("no files must be an error")
	}
}
