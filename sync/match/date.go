package match

import (
	"strings"
	"time"
)

// birth is a birth date, as partial as it was written.
type birth struct {
	y, m, d int
	text    string // YYYY-MM-DD when full
}

func (b birth) full() bool { return b.d != 0 }
func (b birth) none() bool { return b.y == 0 }

// parseBirth reads a FHIR date; a time part is cut. It is none when it is no
// date, a placeholder, more than 120 years ago, or more than two days ahead.
func parseBirth(s string, now time.Time) birth {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "T")
	var b birth
	switch len(s) {
	case 4:
		t, err := time.Parse("2006", s)
		if err != nil {
			return birth{}
		}
		b.y = t.Year()
	case 7:
		t, err := time.Parse("2006-01", s)
		if err != nil {
			return birth{}
		}
		b.y, b.m = t.Year(), int(t.Month())
	case 10:
		t, err := time.Parse("2006-01-02", s)
		if err != nil || placeholderDate(s) || t.After(now.AddDate(0, 0, 2)) {
			return birth{}
		}
		b.y, b.m, b.d, b.text = t.Year(), int(t.Month()), t.Day(), s
	default:
		return birth{}
	}
	if b.y < now.Year()-120 || b.y > now.Year()+1 {
		return birth{}
	}
	return b
}

// older tells that somebody born then has the age now; a partial date counts
// as the youngest it may mean.
func (b birth) older(years int, now time.Time) bool {
	if b.none() {
		return false
	}
	m, d := b.m, b.d
	if m == 0 {
		m, d = 12, 31
	} else if d == 0 {
		d = 28
	}
	return !time.Date(b.y+years, time.Month(m), d, 0, 0, 0, 0, time.UTC).After(now)
}

// dobTier is how two birth dates compare.
type dobTier int

const (
	dobMissing dobTier = iota
	dobPartial         // one is partial and does not contradict the other
	dobSame
	dobDay    // one day apart: the tolerance of CMS v3.3.0
	dobNear   // one slip of pen or key: up to three days, two parts equal, day and month swapped, one digit
	dobDecade // one digit, but more than maxYearSlip years: a parent's year is often that
	dobFar
)

// maxYearSlip keeps a parent from being read as a slip in the child's year.
const maxYearSlip = 10

func compareBirth(a, b birth) dobTier {
	switch {
	case a.none() || b.none():
		return dobMissing
	case !a.full() || !b.full():
		if a.y != b.y || a.m != 0 && b.m != 0 && a.m != b.m {
			return dobFar
		}
		return dobPartial
	case a.text == b.text:
		return dobSame
	}
	ta, _ := time.Parse(time.DateOnly, a.text)
	tb, _ := time.Parse(time.DateOnly, b.text)
	days := abs(int(ta.Sub(tb) / (24 * time.Hour)))
	if days == 1 {
		return dobDay
	}
	same := 0
	for _, eq := range []bool{a.y == b.y, a.m == b.m, a.d == b.d} {
		if eq {
			same++
		}
	}
	x, y := strings.ReplaceAll(a.text, "-", ""), strings.ReplaceAll(b.text, "-", "")
	_, digit := oneEdit(x, y)
	slip := days <= 3 || same == 2 || a.y == b.y && a.m == b.d && a.d == b.m || digit
	switch {
	case slip && abs(a.y-b.y) <= maxYearSlip:
		return dobNear
	case digit:
		return dobDecade
	}
	return dobFar
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
