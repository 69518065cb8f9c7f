package match

import (
	"slices"
	"strings"
	"unicode"

	"shlkiosk/sync/fhir"
)

// street is one address in the parts that are compared, standardised in the
// manner of Project US@ (USPS Publication 28): suffixes, directionals and
// ordinals abbreviated, the secondary unit apart.
type street struct {
	number string // house number, or box number
	name   string // standardised, without spaces
	base   string // name without suffix and directionals
	unit   string // "" when not said
	box    bool
	zip    string // five digits, or the folded foreign code
	city   string
	state  string
}

func (s street) usable() bool { return s.number != "" && (s.box || s.name != "") }

// readAddress reads one FHIR Address. An address of somebody without one
// ("homeless", "general delivery") is not usable.
func readAddress(a fhir.Value) street {
	var lines []string
	for _, l := range a.Get("line").Elements() {
		lines = append(lines, l.String())
	}
	if len(lines) == 0 {
		first, _, _ := strings.Cut(a.Get("text").String(), ",")
		lines = append(lines, first)
	}
	s := parseStreet(lines)
	s.zip = postal(a.Get("postalCode").String())
	s.city = strings.Join(standard(tokens(a.Get("city").String())), "")
	s.state = fold(a.Get("state").String())
	return s
}

// postal is a ZIP's first five digits, or a foreign code folded.
func postal(s string) string {
	d := digitsOf(s)
	f := fold(s)
	if f == d && (len(d) == 5 || len(d) == 9) {
		d = d[:5]
		if d == "00000" || d == "99999" {
			return ""
		}
		return d
	}
	return f
}

// tokens splits at everything that is no letter or digit, keeping # apart and
// joining what a hyphen or slash joins inside numbers.
func tokens(line string) []string {
	var b strings.Builder
	for i, r := range line {
		switch {
		case r == '#':
			b.WriteString(" # ")
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		case r == '-' && i > 0 && unicode.IsDigit(rune(line[i-1])), r == '\'', r == '’', r == '.':
		default:
			b.WriteByte(' ')
		}
	}
	var out []string
	for _, w := range strings.Fields(b.String()) {
		if w == "#" {
			out = append(out, w)
		} else if f := fold(w); f != "" {
			out = append(out, f)
		}
	}
	return out
}

func parseStreet(lines []string) street {
	var s street
	var main []string
	for _, line := range lines {
		t := tokens(line)
		if len(t) == 0 || t[0] == "co" && strings.Contains(strings.ToLower(line), "c/o") || t[0] == "attn" || t[0] == "attention" {
			continue
		}
		if homeless(strings.Join(t, "")) {
			return street{}
		}
		if n, ok := boxNumber(t); ok && main == nil {
			s.box, s.number = true, n
			continue
		}
		t, unit := splitUnit(t)
		if s.unit == "" {
			s.unit = unit
		}
		switch {
		case len(t) == 0:
		case main == nil:
			main = t
		case s.unit == "" && len(t) <= 2 && strings.ContainsFunc(strings.Join(t, ""), unicode.IsDigit) && !startsHouse(t):
			s.unit = strings.Join(t, "")
		case !startsHouse(main) && startsHouse(t):
			main = t // the first line was a building's or a company's name
		}
	}
	if main == nil || s.box && !startsHouse(main) {
		return s
	}
	s.box = false
	main = standard(main)
	main, unit := trailingUnit(main)
	if s.unit == "" {
		s.unit = unit
	}
	if startsHouse(main) {
		s.number, main = main[0], main[1:]
	} else if last := main[len(main)-1]; len(main) > 1 && last[0] >= '0' && last[0] <= '9' { // Laan van Europa 1600
		s.number, main = last, main[:len(main)-1]
	}
	s.name = strings.Join(main, "")
	base := slices.DeleteFunc(slices.Clone(main), func(w string) bool { return directional(w) })
	if n := len(base); n > 1 && suffixes()[base[n-1]] == base[n-1] {
		base = base[:n-1]
	}
	s.base = strings.Join(base, "")
	return s
}

func startsHouse(t []string) bool { return len(t) > 1 && t[0][0] >= '0' && t[0][0] <= '9' }

func homeless(s string) bool {
	for _, w := range []string{"homeless", "nofixed", "generaldelivery", "undomiciled", "transient", "unknown", "noaddress",
		"addressunknown", "notavailable", "badaddress", "returnmail", "returnedmail"} {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return s == "none" || s == "na" || s == "nfa" || s == "shelter"
}

// boxNumber reads PO Box 12, P.O. Box 12, Post Office Box 12, Box 12.
func boxNumber(t []string) (string, bool) {
	i := slices.Index(t, "box")
	if i < 0 || i+1 >= len(t) {
		return "", false
	}
	switch strings.Join(t[:i], "") {
	case "", "po", "postoffice", "pob":
		return t[i+1], true
	}
	return "", false
}

// splitUnit cuts a secondary unit ("apt 4b", "# 12", "suite 300") off a line.
func splitUnit(t []string) (rest []string, unit string) {
	for i, w := range t {
		if !unitWord(w) || i == 0 && len(t) > 1 && !strings.ContainsFunc(t[1], unicode.IsDigit) && len(t[1]) > 1 {
			continue
		}
		var parts []string
		for _, p := range t[i:] {
			if !unitWord(p) {
				parts = append(parts, strings.TrimLeft(p, "0"))
			}
		}
		if len(parts) == 0 {
			continue
		}
		return t[:i], strings.Join(parts, "")
	}
	return t, ""
}

func unitWord(w string) bool {
	switch w {
	case "apt", "apartment", "unit", "ste", "suite", "rm", "room", "fl", "floor", "bldg", "building", "lot", "trlr", "trailer",
		"spc", "space", "dept", "ph", "penthouse", "#", "no", "appt":
		return true
	}
	return false
}

// trailingUnit finds a unit without designator behind the suffix: 620 Trinity Ave D16.
func trailingUnit(t []string) ([]string, string) {
	for i := len(t) - 1; i >= 2 && i >= len(t)-3; i-- {
		if suffixes()[t[i]] != t[i] || i == len(t)-1 {
			continue
		}
		rest := t[i+1:]
		if directional(rest[0]) {
			continue
		}
		unit := strings.Join(rest, "")
		if len(unit) <= 5 && (len(unit) == 1 || strings.ContainsFunc(unit, unicode.IsDigit)) {
			return t[:i+1], unit
		}
	}
	return t, ""
}

// compareStreet compares two addresses as far as the street goes. Another
// house number, unit, or a place that is plainly another is another address.
func compareStreet(a, b street) tier {
	if !a.usable() || !b.usable() {
		return missing
	}
	if a.box != b.box || a.number != b.number || a.unit != "" && b.unit != "" && a.unit != b.unit {
		return differ
	}
	known, same := samePlace(a, b)
	if known && !same || a.box && !known {
		return differ
	}
	switch {
	case a.box || a.name == b.name:
		return exact
	case a.base == b.base && len(a.base) >= 3 && (a.base == a.name || b.base == b.name):
		return exact // one lacks suffix or directional
	case digitsOf(a.name) == digitsOf(b.name) && fuzzy(a.name, b.name):
		return near
	}
	return differ
}

// samePlace compares ZIP, else city and state.
func samePlace(a, b street) (known, same bool) {
	if a.zip != "" && b.zip != "" && a.zip == b.zip {
		return true, true
	}
	if a.city != "" && b.city != "" {
		return true, a.city == b.city && (a.state == b.state || a.state == "" || b.state == "")
	}
	return a.zip != "" && b.zip != "", false
}
