package r4

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// span is a stretch of time [from, to), how FHIR compares dates of any
// precision. A zero time is open.
type span struct{ from, to time.Time }

// dateLayouts are the precisions of FHIR date, dateTime and instant.
var dateLayouts = []struct {
	layout string
	zone   bool
	next   func(time.Time) time.Time
}{
	{"2006", false, func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", false, func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", false, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01-02T15:04", false, func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04Z07:00", true, func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04:05", false, nil},
	{"2006-01-02T15:04:05Z07:00", true, nil},
}

// parseSpan reads a FHIR date of any precision; without a zone it is UTC.
func parseSpan(s string) (span, bool) {
	for _, l := range dateLayouts {
		t, err := time.Parse(l.layout, s)
		if err != nil {
			continue
		}
		if l.next != nil {
			return span{t, l.next(t)}, true
		}
		unit := time.Second
		if _, fraction, ok := strings.Cut(s, "."); ok {
			digits := 0
			for digits < len(fraction) && fraction[digits] >= '0' && fraction[digits] <= '9' {
				digits++
			}
			for range min(digits, 9) {
				unit /= 10
			}
		}
		return span{t, t.Add(max(unit, 1))}, true
	}
	return span{}, false
}

// spansOf gives the stretches of a date element: a date, a Period, a Timing.
func spansOf(v any) []span {
	switch v := v.(type) {
	case string:
		if s, ok := parseSpan(v); ok {
			return []span{s}
		}
	case map[string]any:
		var out []span
		for _, e := range pick(v, "event") {
			out = append(out, spansOf(e)...)
		}
		for _, e := range pick(v, "repeat.boundsPeriod") {
			out = append(out, spansOf(e)...)
		}
		from, hasFrom := parseSpan(text(v, "start"))
		to, hasTo := parseSpan(text(v, "end"))
		if hasFrom || hasTo {
			out = append(out, span{from.from, to.to})
		}
		return out
	}
	return nil
}

var (
	timeMin = time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC)
	timeMax = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

func (s span) low() time.Time {
	if s.from.IsZero() {
		return timeMin
	}
	return s.from
}

func (s span) high() time.Time {
	if s.to.IsZero() {
		return timeMax
	}
	return s.to
}

// compareSpan tells whether the value v meets prefix and the searched stretch q
// (R4 search.html#prefix).
func compareSpan(prefix string, v, q span, now time.Time) bool {
	in := !v.low().Before(q.low()) && !v.high().After(q.high())
	switch prefix {
	case "eq":
		return in
	case "ne":
		return !in
	case "gt":
		return v.high().After(q.high())
	case "lt":
		return v.low().Before(q.low())
	// A period that overlaps the searched stretch is both "ge" and "le", as HAPI
	// and others read it; the words of R4 leave it out.
	case "ge":
		return v.high().After(q.low())
	case "le":
		return v.low().Before(q.high())
	case "sa":
		return !v.low().Before(q.high())
	case "eb":
		return !v.high().After(q.low())
	case "ap":
		gap := now.Sub(q.low()).Abs() / 10
		return v.low().Before(q.high().Add(gap)) && v.high().After(q.low().Add(-gap))
	}
	return false
}

// splitPrefix takes a comparison prefix off a date, number or quantity.
func splitPrefix(s string) (prefix, rest string) {
	if len(s) > 2 {
		switch s[:2] {
		case "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap":
			return s[:2], s[2:]
		}
	}
	return "eq", s
}

// compareNumber tells whether v meets prefix and the searched number as written:
// "5.4" stands for [5.35, 5.45) under eq (R4 search.html#number).
func compareNumber(prefix string, v float64, written string) bool {
	q, err := strconv.ParseFloat(written, 64)
	if err != nil {
		return false
	}
	half := 0.5
	mantissa, exponent, _ := strings.Cut(strings.ToLower(written), "e")
	if _, fraction, ok := strings.Cut(mantissa, "."); ok {
		half *= math.Pow10(-len(fraction))
	}
	if e, err := strconv.Atoi(exponent); err == nil {
		half *= math.Pow10(e)
	}
	const slack = 1e-9 // of binary fractions
	in := v >= q-half-slack*half && v < q+half-slack*half
	switch prefix {
	case "eq":
		return in
	case "ne":
		return !in
	case "gt", "sa":
		return v > q
	case "lt", "eb":
		return v < q
	case "ge":
		return v >= q
	case "le":
		return v <= q
	case "ap":
		return math.Abs(v-q) <= math.Abs(q)/10
	}
	return false
}

func number(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// testQuantity tests a Quantity against "5.4|system|code", "5.4||code" or "5.4".
func testQuantity(v any, want string) bool {
	prefix, rest := splitPrefix(want)
	part := splitEscaped(rest, '|')
	m, _ := v.(map[string]any)
	f, ok := number(m["value"])
	if !ok || !compareNumber(prefix, f, part[0]) {
		return false
	}
	switch len(part) {
	case 1:
		return true
	case 3:
		if part[1] != "" {
			return text(m, "system") == part[1] && (part[2] == "" || text(m, "code") == part[2])
		}
		return part[2] == "" || text(m, "code") == part[2] || text(m, "unit") == part[2]
	}
	return false
}

// splitEscaped splits at sep where no backslash stands before it, and takes the
// backslashes away (R4 search.html#escaping).
func splitEscaped(s string, sep byte) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`,|$\`, s[i+1]) >= 0:
			if sep == ',' { // a later split needs them
				b.WriteByte('\\')
			}
			i++
			b.WriteByte(s[i])
		case s[i] == sep:
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(out, b.String())
}
