package match

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A kind makes one labelled pair; ok is false when the drawn person does not
// lend itself to it (a nickname of a name that has none).
type kind struct {
	name string
	same bool
	make func(w *world) (a, b human, ok bool)
}

const letters = "abcdefghijklmnopqrstuvwxyz"

// edit is one random insertion, deletion or substitution.
func (w *world) edit(s string) string {
	i, c := w.IntN(len(s)), string(letters[w.IntN(26)])
	switch w.IntN(3) {
	case 0:
		return s[:i] + c + s[i:]
	case 1:
		return s[:i] + s[i+1:]
	}
	return s[:i] + c + s[i+1:]
}

func (w *world) transpose(s string) string {
	i := w.IntN(len(s) - 1)
	return s[:i] + s[i+1:i+2] + s[i:i+1] + s[i+2:]
}

func (w *world) dropLetters(s string) string {
	n := max(1, len(s)/5)
	for range n {
		i := w.IntN(len(s))
		s = s[:i] + s[i+1:]
	}
	return s
}

func (w *world) slipDOB(s string, how string) string {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	sign := 1 - 2*w.IntN(2)
	switch how {
	case "day":
		d = d.AddDate(0, 0, sign*(1+w.IntN(3)))
	case "month":
		m := (int(d.Month())-1+sign*(1+w.IntN(2))+12)%12 + 1
		d = valid(d.Year(), time.Month(m), d.Day())
	case "year":
		d = valid(d.Year()+sign*(1+w.IntN(2)), d.Month(), d.Day())
	case "swap":
		if d.Day() > 12 || d.Day() == int(d.Month()) {
			return s
		}
		d = time.Date(d.Year(), time.Month(d.Day()), int(d.Month()), 0, 0, 0, 0, time.UTC)
	case "digit":
		for range 40 {
			b := []byte(s)
			i := pick(w, []int{0, 1, 2, 3, 5, 6, 8, 9})
			b[i] = byte('0' + w.IntN(10))
			if x, err := time.Parse(time.DateOnly, string(b)); err == nil && string(b) != s && x.Year() > 1915 && x.Before(testNow) {
				return string(b)
			}
		}
	}
	if d.After(testNow) {
		return s
	}
	return d.Format(time.DateOnly)
}

// valid is the date, or the 28th where the month has no such day.
func valid(y int, m time.Month, day int) time.Time {
	d := time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
	if d.Day() != day {
		d = time.Date(y, m, 28, 0, 0, 0, 0, time.UTC)
	}
	return d
}

var accents = map[rune][]string{'a': {"á", "ä", "â"}, 'e': {"é", "è"}, 'i': {"í", "ï"}, 'o': {"ó", "ö"}, 'u': {"ú", "ü"}, 'n': {"ñ"}, 'c': {"ç"}}

func (w *world) accent(s string) string {
	var at []int
	for i, r := range s {
		if accents[r] != nil {
			at = append(at, i)
		}
	}
	if at == nil {
		return s
	}
	i := pick(w, at)
	return s[:i] + pick(w, accents[rune(s[i])]) + s[i+1:]
}

// changed makes a kind of a change to the second record of one person.
func changed(name string, change func(w *world, b *human) bool) kind {
	return kind{name, true, func(w *world) (human, human, bool) {
		a := w.person()
		b := w.elsewhere(a)
		ok := change(w, &b)
		return a, b, ok
	}}
}

// slips are single changes that the kinds below combine.
var slips = map[string]func(w *world, b *human) bool{
	"family-edit": func(w *world, b *human) bool { return set(&b.Last, w.edit(b.Last)) && len(b.Last) > 1 },
	"family-transpose": func(w *world, b *human) bool {
		return len(b.Last) > 3 && set(&b.Last, w.transpose(b.Last))
	},
	"family-drop-letters": func(w *world, b *human) bool { return len(b.Last) > 3 && set(&b.Last, w.dropLetters(b.Last)) },
	"given-edit":          func(w *world, b *human) bool { return len(b.Given) > 2 && set(&b.Given, w.edit(b.Given)) },
	"given-nickname": func(w *world, b *human) bool {
		forms := slices.Sorted(maps.Keys(shortForms()[b.Given]))
		return len(forms) > 0 && set(&b.Given, pick(w, forms))
	},
	"given-initial": func(w *world, b *human) bool { b.Middle = ""; return set(&b.Given, b.Given[:1]+".") },
	"dob-digit":     func(w *world, b *human) bool { return set(&b.DOB, w.slipDOB(b.DOB, "digit")) },
	"dob-day":       func(w *world, b *human) bool { return set(&b.DOB, w.slipDOB(b.DOB, "day")) },
	"dob-month":     func(w *world, b *human) bool { return set(&b.DOB, w.slipDOB(b.DOB, "month")) },
	"dob-year":      func(w *world, b *human) bool { return set(&b.DOB, w.slipDOB(b.DOB, "year")) },
	"dob-swapped":   func(w *world, b *human) bool { return set(&b.DOB, w.slipDOB(b.DOB, "swap")) },
}

func set(p *string, v string) bool {
	if *p == v || v == "" {
		return false
	}
	*p = v
	return true
}

// sameKinds are the true matches of the published set (matching.md 5), and a
// few that a clinic sees every day.
func sameKinds() []kind {
	var out []kind
	for _, name := range slices.Sorted(maps.Keys(slips)) {
		out = append(out, changed(name, slips[name]))
	}
	dob := []string{"dob-digit", "dob-day", "dob-month", "dob-year", "dob-swapped"}
	family := []string{"family-edit", "family-transpose", "family-drop-letters"}
	given := []string{"given-nickname", "given-initial"}
	return append(out,
		changed("several-at-once", func(w *world, b *human) bool {
			groups := [][]string{dob, family, given}
			w.Shuffle(3, func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
			return slips[pick(w, groups[0])](w, b) && slips[pick(w, groups[1])](w, b)
		}),
		changed("diacritics", func(w *world, b *human) bool {
			if w.chance(0.5) {
				return set(&b.Given, w.accent(b.Given))
			}
			return set(&b.Last, w.accent(b.Last))
		}),
		changed("punctuation", func(w *world, b *human) bool {
			p := &b.Last
			if w.chance(0.5) {
				p = &b.Given
			}
			i := 1 + w.IntN(max(1, len(*p)-1))
			return set(p, (*p)[:min(i, len(*p))]+pick(w, []string{"-", "'", ".", "  "})+(*p)[min(i, len(*p)):])
		}),
		changed("ssn-on-one-side", func(w *world, b *human) bool { had := b.SSN != ""; b.SSN = ""; return had }),
		changed("other-writing", func(w *world, b *human) bool {
			b.Upper, b.PhoneStyle = !b.Upper, (b.PhoneStyle+1)%4
			for long, abbr := range map[string]string{"Street": "St", "Avenue": "Ave.", "Road": "RD", "Drive": "Dr", "Lane": "Ln",
				"Boulevard": "Blvd", "Court": "Ct", "Place": "Pl", "Terrace": "Ter", "Highway": "Hwy"} {
				b.Street = strings.Replace(b.Street, " "+long, " "+abbr, 1)
			}
			b.Unit = strings.Replace(b.Unit, "Apt ", "#", 1)
			b.ZIP += "-1234"
			return true
		}),
		kind{"marriage", true, func(w *world) (human, human, bool) {
			a := w.person()
			a.Maiden = w.ranked(w.last)
			a.OldLast = w.chance(0.5)
			b := w.elsewhere(a)
			b.Last, b.OldLast = a.Maiden, false
			w.home(&b)
			return a, b, a.Maiden != a.Last
		}},
		kind{"second-phone", true, func(w *world) (human, human, bool) {
			a := w.person()
			if len(a.Phones) == 0 {
				return a, a, false
			}
			a.Phones = append(a.Phones, w.phone())
			b := w.elsewhere(a)
			b.Phones = b.Phones[1:]
			if w.chance(0.5) {
				a.Phones = a.Phones[:1]
			}
			return a, b, true
		}},
		changed("moved", func(w *world, b *human) bool { w.home(b); return true }),
		changed("new-email", func(w *world, b *human) bool { return b.Email != "" && set(&b.Email, "new"+b.Email) }),
		changed("swapped-names", func(w *world, b *human) bool {
			b.Given, b.Last = b.Last, b.Given
			return b.Given != b.Last
		}),
		changed("double-family-name", func(w *world, b *human) bool {
			b.Last += pick(w, []string{"-", " "}) + w.ranked(w.last)
			return true
		}),
		changed("called-by-middle-name", func(w *world, b *human) bool {
			ok := b.Middle != "" && b.Middle != b.Given
			b.Given, b.Middle = b.Middle, ""
			return ok
		}),
		changed("placeholder-on-one-side", func(w *world, b *human) bool {
			switch w.IntN(3) {
			case 0:
				b.SSN = pick(w, dummySSN)
			case 1:
				b.Phones = []string{pick(w, dummyPhone)}
			default:
				b.Email = pick(w, dummyMail)
			}
			return true
		}),
		changed("unit-missing", func(w *world, b *human) bool { had := b.Unit != ""; b.Unit = ""; return had }),
	)
}

var (
	dummySSN   = []string{"000000000", "999999999", "123456789", "111111111", "9999", "0000"}
	dummyPhone = []string{"0000000000", "9999999999", "5555555555", "1234567890"}
	dummyMail  = []string{"none@none.com", "noemail@noemail.com", "unknown@unknown.com", "na@na.com"}
)
