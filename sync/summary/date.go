package summary

import "time"

// parseDate reads a FHIR date, dateTime or instant. What is no such thing
// (month 13, 30 February, year 0) is no date at all: better none than a wrong one.
func parseDate(s string) Date {
	var d Date
	var ok bool
	if d.Year, s, ok = digits(s, 4, ""); !ok || d.Year == 0 {
		return Date{}
	}
	d.Precision = YearOnly
	if s == "" {
		return d
	}
	if d.Month, s, ok = digits(s, 2, "-"); !ok || d.Month < 1 || d.Month > 12 {
		return Date{}
	}
	d.Precision = YearMonth
	if s == "" {
		return d
	}
	if d.Day, s, ok = digits(s, 2, "-"); !ok || d.Day < 1 || d.Day > daysIn(d.Year, d.Month) {
		return Date{}
	}
	d.Precision = FullDay
	if s == "" {
		return d
	}
	day := d
	if d.Hour, s, ok = digits(s, 2, "T"); !ok || d.Hour > 23 {
		return day
	}
	if d.Minute, _, ok = digits(s, 2, ":"); !ok || d.Minute > 59 {
		return day
	}
	d.Precision = WithMinutes
	return d
}

// digits reads prefix and then exactly n digits.
func digits(s string, n int, prefix string) (v int, rest string, ok bool) {
	if len(s) < len(prefix)+n || s[:len(prefix)] != prefix {
		return 0, s, false
	}
	s = s[len(prefix):]
	for _, c := range []byte(s[:n]) {
		if c < '0' || c > '9' {
			return 0, s, false
		}
		v = v*10 + int(c-'0')
	}
	return v, s[n:], true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// later orders dates newest first, undated last; a year sorts as its end.
func later(a, b Date) int {
	key := func(d Date) int {
		if d.Zero() {
			return -1
		}
		m, day, h, min := d.Month, d.Day, d.Hour, d.Minute
		if d.Precision < YearMonth {
			m = 13
		}
		if d.Precision < FullDay {
			day = 32
		}
		if d.Precision < WithMinutes {
			h, min = 24, 0
		}
		return (((d.Year*14+m)*33+day)*25+h)*60 + min
	}
	return key(b) - key(a)
}
