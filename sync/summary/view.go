// Package summary turns a shared health record into what a patient can read:
// who it is about, and what is in it by section, in words that a screen can
// put into any language.
//
// The promise: Build is pure; it never fails on odd content, it shows what it
// can and says in Notes what it could not. Every entry of every Bundle is
// accounted for exactly once: as the Person, in People, as an Item of one
// Section, in Supporting, or in Skipped. Nothing is invented: a thing without
// a name is shown by its code, decimals are shown as they were written, a date
// of a year stays a year.
//
// The view holds no words of any language. Labels, states and section names
// are keys (Label, Word, Kind); ui/words holds the words, and tests there walk
// Labels, Words, Kinds and NoteCodes. Dates and quantities are structured, so
// that the screen writes them by locale. Record text is cleaned for display
// (control, bidirectional and zero-width characters gone, cut with an
// ellipsis); the resources themselves are not touched. Narrative (text.div) is
// never rendered.
//
// The limit: it does not check the medicine. What the sender wrote is what is
// shown; entered-in-error, refuted and other people's entries are set Apart,
// not judged further.
package summary

import "shlkiosk/sync/phi"

// View is a record as a screen shows it. It is built once per visit and only
// read afterwards.
type View struct {
	Person     Person          // the person whose record it is; Person.Key is "" when nobody could be told
	Subject    SubjectState    // how sure that choice is
	People     []Person        // other Patient entries (subscriber, mother); never shown as the patient
	Sections   []Section       // only sections with items, in the order of Kinds
	Documents  []Document      // every attachment of every DocumentReference (and bare PDF files), in order
	Cards      []InsuranceCard // every Coverage as a card
	Supporting []Item          // entries that only serve others: Medication, Organization, Practitioner, Binary ...
	Skipped    []Item          // entries that are no content: OperationOutcome, empty, not FHIR
	Notes      []Note          // what the reader should know about the record as a whole
}

// SubjectState tells how the person of the record was found.
type SubjectState string

const (
	SubjectOnly   SubjectState = "only"   // one Patient in the record
	SubjectChosen SubjectState = "chosen" // several; Composition, Coverage or the references tell which
	SubjectUnsure SubjectState = "unsure" // several and nothing decides, or files about different people: staff
	SubjectNone   SubjectState = "none"   // no Patient at all
)

// Person is what identifies the person of the record.
type Person struct {
	Key         string   // key of the Patient entry
	Name        phi.Text // display name, official first: "Jessica Argonaut"
	Given       phi.Text // given names of that name, joined
	Family      phi.Text
	OtherNames  []phi.Text // maiden, nickname, old
	BirthYear   int        // 0 when unknown; the only part the review screen shows (kiosk-people U24)
	BirthDate   Date
	Sex         Word // sex.female, sex.male, sex.other, sex.unknown, or "" when absent
	AddressLine phi.Text
	Phone       phi.Text
	Email       phi.Text
	Same        bool     // in People: another entry for the same person, not somebody else
	IDTail      phi.Text // last 4 characters of the first identifier (at most half of it): U24
	Language    string   // BCP 47 of the preferred communication, "" when absent
	Deceased    bool
	Inactive    bool
}

// Kind names a section. ui/words holds a title for each of Kinds().
type Kind string

const (
	Medicines     Kind = "medicines"
	Allergies     Kind = "allergies"
	Conditions    Kind = "conditions"
	Immunizations Kind = "immunizations"
	Results       Kind = "results"
	Vitals        Kind = "vitals"
	Procedures    Kind = "procedures"
	Visits        Kind = "visits"
	Reports       Kind = "reports"
	Documents     Kind = "documents"
	Coverage      Kind = "coverage"
	Claims        Kind = "claims"
	CareTeam      Kind = "careteam"
	Goals         Kind = "goals"
	Devices       Kind = "devices"
	Other         Kind = "other"
)

// Kinds returns every section kind in the order of the screen.
func Kinds() []Kind {
	return []Kind{Medicines, Allergies, Conditions, Immunizations, Results, Vitals, Procedures, Visits,
		Reports, Documents, Coverage, Claims, CareTeam, Goals, Devices, Other}
}

// Section is one kind of content. Items that are Apart come last.
type Section struct {
	Kind  Kind
	Items []Item
}

// Count is the number of items that the section is said to have ("3
// medicines"): those Apart, and statements that there is nothing of the kind
// ("no known allergies"), are not counted.
func (s Section) Count() int {
	n := 0
	for _, it := range s.Items {
		if it.Apart == "" && !it.Absence {
			n++
		}
	}
	return n
}

// Item is one entry of the record.
type Item struct {
	Key       string // stable selection key, see Key
	Type      string // FHIR resource type, "" for an entry that is none
	FullURL   string // as the sender wrote it; not for screens
	Title     phi.Text
	TitleWord Word       // words for the title where a closed code says it better than Title; else ""
	Named     NameSource // where Title is from; NameNone: Title is empty, show the words for the type
	Lines     []Line     // details, in reading order
	Date      Date       // the one date that sorts it; may be zero
	Status    Word       // "" or a status.* word
	Apart     Apart      // why it is set apart, "" when it is not
	Absence   bool       // says that there is nothing: "no known allergies"
	Needs     []string   // keys of the items it refers to; the person is not among them
	NeededBy  []string   // keys of the items that refer to it; indexes (Composition, List, Provenance) do not count
}

// NameSource tells where an item's title is from.
type NameSource string

const (
	NameOwn     NameSource = "own"     // code.text: the record's own words
	NameDisplay NameSource = "display" // coding.display
	NameTable   NameSource = "table"   // our short table for well-known codes, in English
	NameCode    NameSource = "code"    // "system|code": honest, not pretty
	NameNone    NameSource = "none"    // nothing to show
)

// Apart tells why an item is set apart and not filed by default.
type Apart string

const (
	ApartError   Apart = "entered-in-error"
	ApartRefuted Apart = "refuted"
	ApartOther   Apart = "other-person" // its subject is not the person of this record
)

// Note is something to know about the record as a whole.
type Note struct {
	Code  NoteCode
	Keys  []string // the entries concerned, may be empty
	Count int
}

// NoteCode is the closed set of notes; ui/words holds a sentence for each.
type NoteCode string

const (
	NoteNoPerson        NoteCode = "no-person"        // no Patient in any file
	NoteSeveralPeople   NoteCode = "several-people"   // more than one Patient, one was chosen
	NoteWhichPerson     NoteCode = "which-person"     // more than one Patient and nothing decides
	NoteDifferentPeople NoteCode = "different-people" // files whose Patients contradict each other
	NoteNotFetched      NoteCode = "not-fetched"      // attachments that are only a web address
	NoteBrokenDocument  NoteCode = "broken-document"  // attachment bytes missing, damaged or not what they claim
	NoteDangling        NoteCode = "dangling"         // references that lead nowhere in the record
	NoteOtherPerson     NoteCode = "other-person"     // entries about somebody else
	NoteApart           NoteCode = "apart"            // entries in error or refuted
	NoteSkipped         NoteCode = "skipped"          // entries that could not be read as content
	NoteEmpty           NoteCode = "empty"            // no content besides the person
	NoteUnreadableFile  NoteCode = "unreadable-file"  // a file that is neither FHIR nor a PDF
	NoteDocumentShows   NoteCode = "document-shows"   // a PDF of the whole record: leaving out an item does not change it
)

// NoteCodes returns every note code.
func NoteCodes() []NoteCode {
	return []NoteCode{NoteNoPerson, NoteSeveralPeople, NoteWhichPerson, NoteDifferentPeople, NoteNotFetched,
		NoteBrokenDocument, NoteDangling, NoteOtherPerson, NoteApart, NoteSkipped, NoteEmpty, NoteUnreadableFile,
		NoteDocumentShows}
}

// Section returns the section of a kind; ok is false when the record has none.
func (v View) Section(k Kind) (s Section, ok bool) {
	for _, s := range v.Sections {
		if s.Kind == k {
			return s, true
		}
	}
	return Section{}, false
}

// Item finds an item by its key, supporting and skipped ones included.
func (v View) Item(key string) (Item, bool) {
	for _, s := range v.Sections {
		for _, it := range s.Items {
			if it.Key == key {
				return it, true
			}
		}
	}
	for _, list := range [][]Item{v.Supporting, v.Skipped} {
		for _, it := range list {
			if it.Key == key {
				return it, true
			}
		}
	}
	return Item{}, false
}
