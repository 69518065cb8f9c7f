package summary

import (
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/phi"
)

// lines collects the details of one item. Each method adds nothing when the
// element is absent.
type lines struct {
	b   *builder
	p   fhir.Place
	out []Line
}

func (l *lines) add(label Label, v Value) { l.out = append(l.out, Line{Label: label, Value: v}) }

func (l *lines) text(label Label, s phi.Text) {
	if s != "" {
		l.add(label, Value{Kind: ValueText, Text: s})
	}
}

func (l *lines) str(label Label, v fhir.Value) { l.text(label, clean(v.String(), cutLine)) }

func (l *lines) date(label Label, v fhir.Value) {
	if d := parseDate(v.String()); !d.Zero() {
		l.add(label, Value{Kind: ValueDate, Date: d})
	}
}

func (l *lines) period(label Label, v fhir.Value) {
	start, end := parseDate(v.Get("start").String()), parseDate(v.Get("end").String())
	if !start.Zero() || !end.Zero() {
		l.add(label, Value{Kind: ValuePeriod, Date: start, End: end})
	}
}

func (l *lines) concept(label Label, v fhir.Value) {
	if v.IsArray() {
		for _, c := range v.Elements() {
			l.concept(label, c)
		}
		return
	}
	l.text(label, concept(v).text)
}

// code adds a word when the closed set has the code, else the code as text.
func (l *lines) code(label Label, prefix string, v fhir.Value) {
	code := v.String()
	if w := word(prefix, code); w != "" {
		l.add(label, Value{Kind: ValueWord, Word: w})
	} else {
		l.text(label, clean(code, 60))
	}
}

// ref adds the name of what a Reference points to.
func (l *lines) ref(label Label, v fhir.Value) {
	if v.IsArray() {
		for _, r := range v.Elements() {
			l.ref(label, r)
		}
		return
	}
	n := l.b.refName(l.p, v)
	if n.text == "" {
		return
	}
	_, key, _ := l.b.follow(l.p, v)
	l.add(label, Value{Kind: ValueText, Text: n.text, Key: key})
}

func (l *lines) quantity(label Label, v fhir.Value) {
	if q := quantity(v); !q.Zero() {
		l.add(label, Value{Kind: ValueQuantity, Quantity: q})
	}
}

func (l *lines) notes(v fhir.Value) {
	for _, n := range v.Elements() {
		l.str(LabelNote, n.Get("text"))
	}
}

// quantity reads a Quantity (any of its kinds) or Money. A number that arrives
// as a string is taken as it is: it is displayed, not calculated with.
func quantity(v fhir.Value) Quantity {
	num := v.Get("value").Number()
	if num == "" {
		num = v.Get("value").String()
	}
	q := Quantity{Number: clean(num, 40)}
	if q.Number == "" {
		return Quantity{}
	}
	switch v.Get("comparator").String() {
	case "<":
		q.Comparator = "compare.lt"
	case "<=":
		q.Comparator = "compare.le"
	case ">=":
		q.Comparator = "compare.ge"
	case ">":
		q.Comparator = "compare.gt"
	case "ad":
		q.Comparator = "compare.ad"
	}
	for _, field := range []string{"unit", "code", "currency"} {
		if u := clean(v.Get(field).String(), 40); u != "" {
			q.Unit = u
			break
		}
	}
	return q
}

// valueOf reads value[x] of v ("valueQuantity", ...) into a Value; ok is
// false when there is none that can be shown.
func valueOf(v fhir.Value, stem string) (Value, bool) {
	if x := v.Get(stem + "Quantity"); x.Exists() {
		if q := quantity(x); !q.Zero() {
			return Value{Kind: ValueQuantity, Quantity: q}, true
		}
	}
	if x := v.Get(stem + "CodeableConcept"); x.Exists() {
		if n := concept(x); n.text != "" {
			return Value{Kind: ValueText, Text: n.text}, true
		}
	}
	for _, kind := range []string{"String", "Time", "Code", "Uri", "Markdown"} {
		if t := clean(v.Get(stem+kind).String(), cutLine); t != "" {
			return Value{Kind: ValueText, Text: t}, true
		}
	}
	if x := v.Get(stem + "Boolean"); x.Exists() {
		return Value{Kind: ValueYesNo, Yes: x.Bool()}, true
	}
	for _, kind := range []string{"Integer", "Decimal", "PositiveInt", "UnsignedInt"} {
		if t := clean(v.Get(stem+kind).Number(), 40); t != "" {
			return Value{Kind: ValueQuantity, Quantity: Quantity{Number: t}}, true
		}
	}
	for _, kind := range []string{"DateTime", "Date", "Instant"} {
		if d := parseDate(v.Get(stem + kind).String()); !d.Zero() {
			return Value{Kind: ValueDate, Date: d}, true
		}
	}
	if x := v.Get(stem + "Period"); x.Exists() {
		return Value{Kind: ValuePeriod, Date: parseDate(x.Get("start").String()), End: parseDate(x.Get("end").String())}, true
	}
	if x := v.Get(stem + "Range"); x.Exists() {
		if low, high := quantity(x.Get("low")), quantity(x.Get("high")); !low.Zero() || !high.Zero() {
			return Value{Kind: ValueRange, Quantity: low, High: high}, true
		}
	}
	if x := v.Get(stem + "Ratio"); x.Exists() {
		if q := quantity(x.Get("numerator")); !q.Zero() {
			return Value{Kind: ValueRatio, Quantity: q, Per: quantity(x.Get("denominator"))}, true
		}
	}
	if x := v.Get(stem + "Money"); x.Exists() {
		if q := quantity(x); !q.Zero() {
			return Value{Kind: ValueQuantity, Quantity: q}, true
		}
	}
	return Value{}, false
}
