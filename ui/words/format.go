package words

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
)

// formats is what language.json says about writing numbers and dates. The
// values are CLDR's for the language (long date, short time, decimal symbols,
// list patterns), so that a new language needs no code.
type formats struct {
	decimal, group string
	groupFrom      int // digits from which groups are made: CLDR minimumGroupingDigits + 3
}

// formatKeys are the keys that language.json must have besides the months.
var formatKeys = []string{"language.own", "language.english", "language.voice", "language.direction",
	"number.decimal", "number.group", "number.group-from", "date.day", "date.month", "date.short", "date.and-time",
	"time", "time.am", "time.pm", "list.two", "list.middle", "list.last"}

func (w *Words) readFormats(dir string) error {
	var problems []error
	need := func(key string) string {
		e, ok := w.texts[key]
		if !ok || w.file[key] != "language.json" {
			problems = append(problems, fmt.Errorf("language.json lacks %q", key))
			return ""
		}
		return e[plural.Other]
	}
	for _, key := range formatKeys {
		need(key)
	}
	for m := 1; m <= 12; m++ {
		need("month." + strconv.Itoa(m))
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	w.lang = Language{Tag: dir, OwnName: need("language.own"), EnglishName: need("language.english"),
		Voice: need("language.voice")}
	from, err := strconv.Atoi(need("number.group-from"))
	if err != nil || from < 4 {
		return fmt.Errorf("number.group-from %q: want the number of digits, 4 or more", need("number.group-from"))
	}
	w.formats = formats{decimal: need("number.decimal"), group: need("number.group"), groupFrom: from}
	if need("language.direction") != "ltr" {
		return errors.New("only languages written from left to right can be laid out")
	}
	if script, _ := w.tag.Script(); rightToLeft[script.String()] {
		return fmt.Errorf("script %s is written from right to left and cannot be laid out", script)
	}
	return nil
}

var rightToLeft = map[string]bool{"Arab": true, "Hebr": true, "Thaa": true, "Syrc": true, "Nkoo": true, "Adlm": true}

// Day is a date as far as it is known: Month and Day are 0 when they are not.
type Day struct{ Year, Month, Day int }

// Date writes a date as far as it is known: "6 May 1971", "May 1971", "1971".
// A date that makes no sense is written as its numbers.
func (w *Words) Date(d Day) string {
	args := Args{"year": strconv.Itoa(d.Year), "d": strconv.Itoa(d.Day), "m": strconv.Itoa(d.Month)}
	if d.Month >= 1 && d.Month <= 12 {
		args["month"] = w.T("month." + strconv.Itoa(d.Month))
	}
	switch {
	case d.Year == 0 && d.Month == 0 && d.Day == 0:
		return ""
	case d.Month == 0:
		return strconv.Itoa(d.Year)
	case d.Month < 1 || d.Month > 12:
		return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
	case d.Day == 0:
		return w.T("date.month", args)
	}
	if first := "date.day.1"; d.Day == 1 && w.own(first) { // French: 1er mai
		return w.T(first, args)
	}
	return w.T("date.day", args)
}

// ShortDate writes a whole date in numbers, for lists: "5/6/1971".
func (w *Words) ShortDate(d Day) string {
	if d.Month == 0 || d.Day == 0 {
		return w.Date(d)
	}
	return w.T("date.short", Args{"year": strconv.Itoa(d.Year), "m": strconv.Itoa(d.Month), "d": strconv.Itoa(d.Day),
		"mm": fmt.Sprintf("%02d", d.Month), "dd": fmt.Sprintf("%02d", d.Day)})
}

// Time writes a time of day: "9:41 AM", "09:41".
func (w *Words) Time(hour, minute int) string {
	twelve, half := (hour+11)%12+1, w.T("time.am")
	if hour >= 12 {
		half = w.T("time.pm")
	}
	return w.T("time", Args{"h": strconv.Itoa(hour), "hh": fmt.Sprintf("%02d", hour), "h12": strconv.Itoa(twelve),
		"mm": fmt.Sprintf("%02d", minute), "half": half})
}

// DateTime writes a date with its time of day.
func (w *Words) DateTime(d Day, hour, minute int) string {
	return w.T("date.and-time", Args{"date": w.Date(d), "time": w.Time(hour, minute)})
}

// Moment writes an instant in the time zone that it carries, time only when it
// is on the same day as now: "9:41 AM".
func (w *Words) Moment(at, now time.Time) string {
	if y, d := at.Year(), at.YearDay(); y == now.Year() && d == now.YearDay() {
		return w.Time(at.Hour(), at.Minute())
	}
	return w.DateTime(Day{at.Year(), int(at.Month()), at.Day()}, at.Hour(), at.Minute())
}

// Number writes a whole number.
func (w *Words) Number(n int) string { return w.Decimal(strconv.Itoa(n)) }

// Decimal writes a number as the record has it, with the separators of the
// language and nothing else changed: 1.00 stays three digits, an exponent
// stays an exponent. What is no JSON number comes back as it is.
func (w *Words) Decimal(written string) string {
	rest, minus := strings.CutPrefix(written, "-")
	end := len(rest)
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		end = i
	}
	whole, fraction, pointed := strings.Cut(rest[:end], ".")
	if !digits(whole) || pointed && !digits(fraction) {
		return written
	}
	if exp := rest[end:]; exp != "" && !digits(strings.TrimLeft(exp[1:], "+-")) {
		return written
	}
	out := w.grouped(whole)
	if minus {
		out = "-" + out
	}
	if pointed {
		out += w.formats.decimal + fraction
	}
	return out + rest[end:]
}

func (w *Words) grouped(whole string) string {
	if len(whole) < w.formats.groupFrom || w.formats.group == "" {
		return whole
	}
	var out strings.Builder
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteString(w.formats.group)
		}
		out.WriteRune(c)
	}
	return out.String()
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// List joins texts as the language does: "a, b and c".
func (w *Words) List(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	case 2:
		return w.T("list.two", items[0], items[1])
	}
	out := items[0]
	for _, it := range items[1 : len(items)-1] {
		out = w.T("list.middle", out, it)
	}
	return w.T("list.last", out, items[len(items)-1])
}

func (w *Words) own(key string) bool { _, ok := w.texts[key]; return ok }
