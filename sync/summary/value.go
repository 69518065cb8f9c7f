package summary

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"shlkiosk/sync/phi"
)

// Line is one detail of an item: a label key and one value.
type Line struct {
	Label Label
	Name  phi.Text // the part's own name ("Systolic"), for LabelPart, LabelAmount and LabelRole; else ""
	Value Value
}

// Value is one value in the form in which the record has it. Exactly the
// fields that Kind names are set.
type Value struct {
	Kind     ValueKind
	Text     phi.Text // ValueText: the record's words, cleaned
	Word     Word     // ValueWord: a closed code, ui/words has the words
	Date     Date     // ValueDate, and the start of ValuePeriod
	End      Date     // ValuePeriod; zero: still going on, or not said
	Quantity Quantity // ValueQuantity, and the low end of ValueRange
	High     Quantity // ValueRange; may be zero
	Per      Quantity // ValueRatio: Quantity per Per
	Yes      bool     // ValueYesNo
	Key      string   // of the item it names, when it names one; else ""
}

// ValueKind tells which fields of a Value are set.
type ValueKind string

const (
	ValueText     ValueKind = "text"
	ValueWord     ValueKind = "word"
	ValueDate     ValueKind = "date"
	ValuePeriod   ValueKind = "period"
	ValueQuantity ValueKind = "quantity"
	ValueRange    ValueKind = "range"
	ValueRatio    ValueKind = "ratio"
	ValueYesNo    ValueKind = "yesno"
)

// Precision is how much of a Date the record says.
type Precision int

const (
	NoDate Precision = iota
	YearOnly
	YearMonth
	FullDay
	WithMinutes
)

// Date is a FHIR date, dateTime or instant, never padded: a year stays a year
// (FHIR R4, primitive types date and dateTime). Time of day is the wall clock
// that the sender wrote, not converted. It prints as "[redacted]".
type Date struct {
	Year, Month, Day int // Month and Day are 0 below that precision
	Hour, Minute     int
	Precision        Precision
}

// Zero tells that there is no date.
func (d Date) Zero() bool { return d.Precision == NoDate }

// Reveal writes the date as FHIR does, to the minute at most and without a
// time zone: for tests and for sorting, not for screens.
func (d Date) Reveal() string {
	switch d.Precision {
	case YearOnly:
		return fmt.Sprintf("%04d", d.Year)
	case YearMonth:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	case FullDay:
		return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
	case WithMinutes:
		return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d", d.Year, d.Month, d.Day, d.Hour, d.Minute)
	}
	return ""
}

// String, Format, LogValue and MarshalJSON redact: a date of care or of birth
// is protected.
func (Date) String() string               { return phi.Redacted }
func (Date) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, phi.Redacted) }
func (Date) LogValue() slog.Value         { return slog.StringValue(phi.Redacted) }
func (Date) MarshalJSON() ([]byte, error) { return json.Marshal(phi.Redacted) }

// Quantity is a number as it was written, with its unit as it was written.
type Quantity struct {
	Comparator Word     // "", compare.lt, compare.le, compare.ge, compare.gt, compare.ad
	Number     phi.Text // the JSON number as written: "1.00" stays "1.00"
	Unit       phi.Text // Quantity.unit, else the UCUM code, "" when none
}

// Zero tells that there is no quantity.
func (q Quantity) Zero() bool { return q.Number == "" }

// Label is the key of a detail's label; ui/words holds the words.
type Label string

const (
	LabelStatus       Label = "status"
	LabelDate         Label = "date"
	LabelValue        Label = "value"
	LabelPart         Label = "part" // a component of an observation; Line.Name says which
	LabelReference    Label = "reference-range"
	LabelMeaning      Label = "interpretation"
	LabelWhyMissing   Label = "data-absent-reason"
	LabelNote         Label = "note"
	LabelDose         Label = "dose"
	LabelRoute        Label = "route"
	LabelHowOften     Label = "how-often" // text, or ValueRatio: times per period (UCUM unit of time)
	LabelAsNeeded     Label = "as-needed"
	LabelIntent       Label = "intent"
	LabelForm         Label = "form"
	LabelQuantity     Label = "quantity"
	LabelRefills      Label = "refills"
	LabelReason       Label = "reason"
	LabelPrescriber   Label = "prescriber"
	LabelStarted      Label = "started"
	LabelEnded        Label = "ended"
	LabelPeriod       Label = "period"
	LabelReaction     Label = "reaction"
	LabelSeverity     Label = "severity"
	LabelCriticality  Label = "criticality"
	LabelCategory     Label = "category"
	LabelCertainty    Label = "certainty"
	LabelOnset        Label = "onset"
	LabelRecorded     Label = "recorded"
	LabelBodySite     Label = "body-site"
	LabelLot          Label = "lot-number"
	LabelDoseNumber   Label = "dose-number"
	LabelMaker        Label = "manufacturer"
	LabelPlace        Label = "place"
	LabelWho          Label = "who"
	LabelRole         Label = "role"
	LabelOutcome      Label = "outcome"
	LabelFinding      Label = "finding"
	LabelConclusion   Label = "conclusion"
	LabelMember       Label = "member-id"
	LabelGroup        Label = "group"
	LabelPlan         Label = "plan"
	LabelPayer        Label = "payer"
	LabelRelationship Label = "relationship"
	LabelSubscriber   Label = "subscriber"
	LabelAmount       Label = "amount"
	LabelService      Label = "service"
	LabelTarget       Label = "target"
	LabelDue          Label = "due"
	LabelIdentifier   Label = "identifier"
	LabelModel        Label = "model"
	LabelExpires      Label = "expires"
	LabelAuthor       Label = "author"
	LabelFormat       Label = "format"
	LabelSize         Label = "size"
	LabelNotFetched   Label = "not-fetched" // Value.Text holds the host of the address
	LabelOther        Label = "other"
)

// Labels returns every label key.
func Labels() []Label {
	return []Label{LabelStatus, LabelDate, LabelValue, LabelPart, LabelReference, LabelMeaning, LabelWhyMissing,
		LabelNote, LabelDose, LabelRoute, LabelHowOften, LabelAsNeeded, LabelIntent, LabelForm, LabelQuantity, LabelRefills,
		LabelReason, LabelPrescriber, LabelStarted, LabelEnded, LabelPeriod, LabelReaction, LabelSeverity,
		LabelCriticality, LabelCategory, LabelCertainty, LabelOnset, LabelRecorded, LabelBodySite, LabelLot,
		LabelDoseNumber, LabelMaker, LabelPlace, LabelWho, LabelRole, LabelOutcome, LabelFinding, LabelConclusion,
		LabelMember, LabelGroup, LabelPlan, LabelPayer, LabelRelationship, LabelSubscriber, LabelAmount,
		LabelService, LabelTarget, LabelDue, LabelIdentifier, LabelModel, LabelExpires, LabelAuthor, LabelFormat,
		LabelSize, LabelNotFetched, LabelOther}
}
