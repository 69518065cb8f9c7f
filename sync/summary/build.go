package summary

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"shlkiosk/sync/fhir"
)

// File is one file of a record, as the resolver hands it over. FHIR files have
// a Bundle (fhir.ParseBundle makes one of any resource; a card's fhirBundle is
// one); any other file has only Bytes, and is shown when it is a PDF.
type File struct {
	ContentType string
	Bundle      fhir.Bundle
	Bytes       []byte
	Source      string // host or card, for staff; not used here
}

// ErrNothing is what Build returns when there is no file at all.
var ErrNothing = errors.New("summary: no files")

// Key is the selection key of an entry: the file's index and the entry's index
// in its Bundle ("0.12"). It stays the same as long as the files do, and says
// nothing about a person. The bytes of a file that is no FHIR have entry 0.
func Key(file, entry int) string { return strconv.Itoa(file) + "." + strconv.Itoa(entry) }

// ParseKey splits a Key.
func ParseKey(key string) (file, entry int, ok bool) {
	a, b, found := strings.Cut(key, ".")
	file, err1 := strconv.Atoi(a)
	entry, err2 := strconv.Atoi(b)
	return file, entry, found && err1 == nil && err2 == nil && file >= 0 && entry >= 0
}

// Build makes the view of a record. It does not fail on content; its only
// error is ErrNothing. now is used for nothing but dates that lie in the
// future, which are no birth dates.
func Build(files []File, now time.Time) (View, error) {
	if len(files) == 0 {
		return View{}, ErrNothing
	}
	b := newBuilder(files, now)
	b.pickSubject()
	for f, file := range files {
		if len(file.Bundle.Entries) == 0 {
			b.bareFile(f, file)
			continue
		}
		for e := range file.Bundle.Entries {
			b.entry(fhir.Place{Bundle: f, Entry: e})
		}
	}
	b.link()
	b.finish()
	return b.view, nil
}

// builder holds what is known while a view is made.
type builder struct {
	files    []File
	now      time.Time
	index    *fhir.Index
	view     View
	subject  map[fhir.Place]bool // every Patient entry that is the person
	decided  bool
	targets  map[fhir.Place]bool // entries that a non-index entry refers to
	sections map[Kind][]Item
	place    map[string]fhir.Place
	binaries map[fhir.Place][]byte
	dangling []string
	other    []string
}

func newBuilder(files []File, now time.Time) *builder {
	bundles := make([]fhir.Bundle, len(files))
	for i, f := range files {
		bundles[i] = f.Bundle
	}
	b := &builder{files: files, now: now, index: fhir.NewIndex(bundles...), subject: map[fhir.Place]bool{},
		targets: map[fhir.Place]bool{}, sections: map[Kind][]Item{}, place: map[string]fhir.Place{},
		binaries: map[fhir.Place][]byte{}}
	b.eachEntry(func(p fhir.Place, r fhir.Resource) {
		if isIndex(r.Type()) {
			return
		}
		for ref := range r.References() {
			if res := b.index.Resolve(p, ref.Text()); res.Standing == fhir.Found && res.Place != p {
				b.targets[res.Place] = true
			}
		}
	})
	return b
}

func (b *builder) eachEntry(f func(fhir.Place, fhir.Resource)) {
	for i, file := range b.files {
		for j, e := range file.Bundle.Entries {
			f(fhir.Place{Bundle: i, Entry: j}, e.Resource)
		}
	}
}

func (b *builder) key(p fhir.Place) string { return Key(p.Bundle, b.index.Entry(p).Index) }

// isIndex names the types that list others without needing them.
func isIndex(t string) bool {
	return t == "Composition" || t == "List" || t == "Provenance" || t == "AuditEvent"
}

// entry puts one entry where it belongs.
func (b *builder) entry(p fhir.Place) {
	e := b.index.Entry(p)
	r := e.Resource
	it := Item{Key: b.key(p), Type: r.Type(), FullURL: e.FullURL}
	for n := 2; ; n++ { // a set made by hand may repeat indexes
		if _, taken := b.place[it.Key]; !taken {
			break
		}
		it.Key = Key(p.Bundle, e.Index) + "-" + strconv.Itoa(n)
	}
	b.place[it.Key] = p
	if r.Type() == "Patient" {
		b.person(p, it.Key)
		return
	}
	kind := b.kind(p, r)
	b.describe(p, r, &it)
	switch kind {
	case kindSkipped:
		b.view.Skipped = append(b.view.Skipped, it)
	case kindSupporting:
		b.view.Supporting = append(b.view.Supporting, it)
	default:
		if b.aboutAnother(p, r) {
			it.Apart = ApartOther
			b.other = append(b.other, it.Key)
		}
		b.sections[kind] = append(b.sections[kind], it)
		b.attachments(p, r, it)
		if r.Type() == "Coverage" {
			b.view.Cards = append(b.view.Cards, b.card(p, r, it))
		}
	}
}

// link fills Needs and NeededBy and collects references that lead nowhere.
func (b *builder) link() {
	keys := map[fhir.Place]string{}
	for k, p := range b.place {
		keys[p] = k
	}
	needs, neededBy := map[string][]string{}, map[string][]string{}
	b.eachEntry(func(p fhir.Place, r fhir.Resource) {
		from := keys[p]
		lost := false
		for ref := range r.References() {
			if ref.Attachment {
				if res := b.index.Resolve(p, ref.Text()); res.Standing != fhir.Found {
					continue // documents say what became of them
				}
			}
			res := b.index.Resolve(p, ref.Text())
			switch res.Standing {
			case fhir.Found:
				to := keys[res.Place]
				if res.Place == p || isIndex(r.Type()) || b.index.Entry(res.Place).Resource.Type() == "Patient" ||
					slices.Contains(needs[from], to) {
					continue
				}
				needs[from] = append(needs[from], to)
				neededBy[to] = append(neededBy[to], from)
			case fhir.Internal:
			default:
				lost = true
			}
		}
		if lost {
			b.dangling = append(b.dangling, from)
		}
	})
	set := func(items []Item) {
		for i := range items {
			items[i].Needs, items[i].NeededBy = needs[items[i].Key], neededBy[items[i].Key]
		}
	}
	for _, items := range b.sections {
		set(items)
	}
	set(b.view.Supporting)
	set(b.view.Skipped)
}

// finish orders the sections and writes the notes.
func (b *builder) finish() {
	v := &b.view
	content, apart := 0, []string(nil)
	for _, kind := range Kinds() {
		items := b.sections[kind]
		if len(items) == 0 {
			continue
		}
		slices.SortStableFunc(items, func(x, y Item) int {
			return cmp.Or(cmp.Compare(rank(x), rank(y)), later(x.Date, y.Date))
		})
		for _, it := range items {
			if it.Apart == ApartError || it.Apart == ApartRefuted {
				apart = append(apart, it.Key)
			}
		}
		content += len(items)
		v.Sections = append(v.Sections, Section{Kind: kind, Items: items})
	}
	var unfetched, broken, whole []string
	for _, d := range v.Documents {
		switch {
		case d.State == DocumentNotFetched:
			unfetched = append(unfetched, d.Item)
		case d.State != DocumentReady:
			broken = append(broken, d.Item)
		case d.Kind == DocumentRendered:
			whole = append(whole, d.Item)
		}
	}
	var skipped []string
	for _, it := range v.Skipped {
		skipped = append(skipped, it.Key)
	}
	if v.Subject == SubjectNone {
		v.Notes = append(v.Notes, Note{Code: NoteNoPerson, Count: 1})
	}
	b.note(NoteNotFetched, unfetched)
	b.note(NoteBrokenDocument, broken)
	b.note(NoteDocumentShows, whole)
	b.note(NoteDangling, b.dangling)
	b.note(NoteOtherPerson, b.other)
	b.note(NoteApart, apart)
	b.note(NoteSkipped, skipped)
	if content == 0 {
		v.Notes = append(v.Notes, Note{Code: NoteEmpty, Count: 1})
	}
}

func rank(it Item) int {
	switch {
	case it.Apart != "":
		return 2
	case it.Absence:
		return 1
	}
	return 0
}

func (b *builder) note(code NoteCode, keys []string) {
	if len(keys) > 0 {
		b.view.Notes = append(b.view.Notes, Note{Code: code, Keys: slices.Compact(keys), Count: len(slices.Compact(keys))})
	}
}

// The two kinds that are no sections.
const (
	kindSupporting Kind = "supporting"
	kindSkipped    Kind = "skipped"
)

func (b *builder) kind(p fhir.Place, r fhir.Resource) Kind {
	used := b.targets[p]
	switch r.Type() {
	case "", "OperationOutcome":
		return kindSkipped
	case "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration":
		return Medicines
	case "Medication":
		if used {
			return kindSupporting
		}
		return Medicines
	case "AllergyIntolerance":
		return Allergies
	case "Condition":
		return Conditions
	case "Immunization":
		return Immunizations
	case "Observation":
		if isVital(r) {
			return Vitals
		}
		return Results
	case "Procedure":
		return Procedures
	case "Encounter":
		return Visits
	case "DiagnosticReport":
		return Reports
	case "DocumentReference":
		return Documents
	case "Binary":
		if used {
			return kindSupporting
		}
		return Documents
	case "Coverage":
		return Coverage
	case "ExplanationOfBenefit", "Claim", "ClaimResponse":
		return Claims
	case "CareTeam":
		return CareTeam
	case "Goal":
		return Goals
	case "Device":
		if used && !r.Get("patient").Exists() {
			return kindSupporting
		}
		return Devices
	case "DeviceUseStatement":
		return Devices
	case "Organization", "Practitioner", "PractitionerRole", "Location", "RelatedPerson", "Specimen", "Provenance",
		"Composition", "InsurancePlan", "Endpoint", "Substance", "HealthcareService", "Group", "AuditEvent":
		return kindSupporting
	}
	return Other
}

// isVital tells vital signs from other observations: by the category, or by
// the codes of the vital signs profile (FHIR R4 observation-vitalsigns).
func isVital(r fhir.Resource) bool {
	for _, cat := range r.Get("category").Elements() {
		for _, c := range cat.Get("coding").Elements() {
			if c.Get("code").String() == "vital-signs" {
				return true
			}
		}
	}
	for _, c := range r.Get("code", "coding").Elements() {
		if c.Get("system").String() != systemLOINC {
			continue
		}
		switch c.Get("code").String() {
		case "85353-1", "85354-9", "8480-6", "8462-4", "8867-4", "9279-1", "8310-5", "8302-2", "9843-4", "29463-7",
			"39156-5", "59408-5", "2708-6", "8289-1", "59576-9":
			return true
		}
	}
	return false
}

// aboutAnother tells that the entry names a subject, and that it is somebody
// else than the person of the record. A subject that is not in the record is
// taken for the person: senders without ids do that, and the note about
// dangling references says so.
func (b *builder) aboutAnother(p fhir.Place, r fhir.Resource) bool {
	if !b.decided {
		return false
	}
	for _, name := range []string{"subject", "patient", "beneficiary"} {
		text := r.Get(name, "reference").String()
		if text == "" {
			continue
		}
		res := b.index.Resolve(p, text)
		if res.Standing != fhir.Found {
			continue
		}
		switch b.index.Entry(res.Place).Resource.Type() {
		case "Patient":
			return !b.subject[res.Place]
		case "Group", "RelatedPerson", "Practitioner":
			return true
		}
	}
	return false
}
