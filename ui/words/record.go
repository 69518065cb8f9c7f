package words

import (
	"strings"

	"shlkiosk/sync/phi"
	"shlkiosk/sync/summary"
)

// What a record says comes out of these as phi.Text: it is for the screen of
// the person, and for their ears.

// Kind is the title of a section: "Medicines".
func (w *Words) Kind(k summary.Kind) string { return w.T("kind." + string(k)) }

// Count is a section in one line: "3 medicines".
func (w *Words) Count(k summary.Kind, n int) string { return w.N("count."+string(k), n) }

// Label is the name of a detail: "How to take it".
func (w *Words) Label(l summary.Label) string { return w.T("label." + string(l)) }

// Word is a word of a closed set, "" for none. Comparators are no such words:
// they need their number, see Quantity.
func (w *Words) Word(k summary.Word) string {
	if k == "" {
		return ""
	}
	return w.T("word." + string(k))
}

// Note is a sentence about the record as a whole.
func (w *Words) Note(n summary.Note) string {
	return w.N("note."+string(n.Code), max(n.Count, len(n.Keys)))
}

// Effect tells what leaving something out does to an item.
func (w *Words) Effect(e summary.Effect) string { return w.T("effect." + string(e)) }

// Apart tells why an item is set apart, "" when it is not.
func (w *Words) Apart(a summary.Apart) string {
	if a == "" {
		return ""
	}
	return w.T("apart." + string(a))
}

// DocumentState tells what became of a document.
func (w *Words) DocumentState(s summary.DocumentState) string { return w.T("document." + string(s)) }

// Type is a FHIR resource type in plain words; a type that has none is written
// as FHIR does, which is honest and at least can be asked about.
func (w *Words) Type(resourceType string) string {
	if key := "type." + resourceType; w.Has(key) {
		return w.T(key)
	}
	if resourceType == "" {
		return w.T("nameless.item")
	}
	return resourceType
}

// ItemTitle is what the item is called: its own words, or its type.
func (w *Words) ItemTitle(it summary.Item) phi.Text {
	if it.Named == summary.NameNone || it.Title.Empty() {
		return phi.Text(w.Type(it.Type))
	}
	return it.Title
}

// RecordDate writes a date of the record as far as it is known.
func (w *Words) RecordDate(d summary.Date) phi.Text {
	day := Day{d.Year, d.Month, d.Day}
	if d.Precision == summary.WithMinutes {
		return phi.Text(w.DateTime(day, d.Hour, d.Minute))
	}
	return phi.Text(w.Date(day))
}

// Quantity writes a number with its unit, both as written: "1.00 mg".
func (w *Words) Quantity(q summary.Quantity) phi.Text {
	if q.Zero() {
		return q.Unit
	}
	text := w.Decimal(q.Number.Reveal())
	if !q.Unit.Empty() {
		text = w.T("value.quantity", text, q.Unit)
	}
	if q.Comparator != "" {
		text = w.T("word."+string(q.Comparator), text)
	}
	return phi.Text(text)
}

// Value writes one value of the record.
func (w *Words) Value(v summary.Value) phi.Text {
	switch v.Kind {
	case summary.ValueText:
		return v.Text
	case summary.ValueWord:
		return phi.Text(w.Word(v.Word))
	case summary.ValueDate:
		return w.RecordDate(v.Date)
	case summary.ValuePeriod:
		return w.Period(v)
	case summary.ValueQuantity:
		return w.Quantity(v.Quantity)
	case summary.ValueRange:
		switch {
		case v.High.Zero():
			return phi.Text(w.T("value.from", w.Quantity(v.Quantity)))
		case v.Quantity.Zero():
			return phi.Text(w.T("word.compare.le", w.Quantity(v.High)))
		case v.Quantity.Unit == v.High.Unit: // "3.5 to 5.1 mmol/L"
			low := v.Quantity
			low.Unit = ""
			return phi.Text(w.T("value.range", w.Quantity(low), w.Quantity(v.High)))
		}
		return phi.Text(w.T("value.range", w.Quantity(v.Quantity), w.Quantity(v.High)))
	case summary.ValueRatio:
		return phi.Text(w.T("value.per", w.Quantity(v.Quantity), w.Quantity(v.Per)))
	case summary.ValueYesNo:
		if v.Yes {
			return phi.Text(w.T("value.yes"))
		}
		return phi.Text(w.T("value.no"))
	}
	return ""
}

// Period writes a span of time; an open end is said as such.
func (w *Words) Period(v summary.Value) phi.Text {
	from, to := w.RecordDate(v.Date), w.RecordDate(v.End)
	switch {
	case from.Empty() && to.Empty():
		return ""
	case to.Empty():
		return phi.Text(w.T("value.since", from))
	case from.Empty():
		return phi.Text(w.T("value.until", to))
	case from == to:
		return from
	}
	return phi.Text(w.T("value.period", from, to))
}

// ConsentVersion is the consent text in force and since when. The text of a
// version is never changed; a new text is a new version.
const (
	ConsentVersion = "consent.v1"
	ConsentDate    = "2026-11-23"
)

// Consent is the fixed text that the patient agrees to, for themself or for
// somebody they care for, and the id of it that is recorded with the
// language.
func (w *Words) Consent(other bool) (text, id string) {
	id = ConsentVersion
	if other {
		id += ".other"
	}
	return w.T(id), id
}

// Sentences joins sentences for the ear and for paragraphs: with a space, or
// with none where the script needs none.
func (w *Words) Sentences(all ...string) string {
	var kept []string
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	if script, _ := w.tag.Script(); script.String() == "Hans" || script.String() == "Hant" || script.String() == "Jpan" {
		return strings.Join(kept, "")
	}
	return strings.Join(kept, " ")
}
