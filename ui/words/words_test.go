package words

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"shlkiosk/sync/phi"
)

func load(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tongue is a small catalogue with what language.json needs, so that a case
// says only what it is about.
func tongue(tag string, more map[string]string) fstest.MapFS {
	english, err := shipped.ReadFile("en/language.json")
	if err != nil {
		panic(err)
	}
	files := fstest.MapFS{"en/language.json": {Data: english}, tag + "/language.json": {Data: english}}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestTextsAndTheirArguments(t *testing.T) {
	c, err := LoadFS(tongue("de", map[string]string{
		"en/a.json": `{"hello":"Hello {0}, this is {1}.","named":"At {time} in {place}.","only":"Only English.","open":"a { b","n":{"one":"{n} file at {place}","other":"{n} files at {place}"}}`,
		"de/a.json": `{"hello":"Hier ist {1}, hallo {0}."}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	en, de := c.In("en"), c.In("de")
	for _, tc := range []struct{ got, want string }{
		{en.T("hello", "Ann", "Bo"), "Hello Ann, this is Bo."},
		{de.T("hello", "Ann", "Bo"), "Hier ist Bo, hallo Ann."},
		{en.T("named", Args{"time": "9:41", "place": phi.Text("here")}), "At 9:41 in here."},
		{de.T("only"), "Only English."},
		{en.T("open"), "a { b"},
		{en.N("n", 1, Args{"place": "x"}), "1 file at x"},
		{en.N("n", 1234, Args{"place": "x"}), "1,234 files at x"},
		{de.N("n", 0, Args{"place": "x"}), "0 files at x"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
	if m := c.Missing(); len(m) != 0 {
		t.Errorf("missing %q, want none", m)
	}
	if got := de.T("nowhere"); got != "nowhere" {
		t.Errorf("a key that exists nowhere reads %q", got)
	}
	en.T("hello", "Ann")
	want := []string{"de nowhere", "en hello {1}"}
	if m := c.Missing(); !slices.Equal(m, want) {
		t.Errorf("missing %q, want %q", m, want)
	}
}

func TestLoadNamesEveryProblem(t *testing.T) {
	for name, tc := range map[string]struct{ file, text, want string }{
		"broken":      {"en/x.json", `{"a":`, "en/x.json"},
		"no object":   {"en/x.json", `["a"]`, "one object"},
		"twice":       {"en/x.json", `{"a":"1","a":"2"}`, "stands twice"},
		"two files":   {"en/x.json", `{"month.1":"J"}`, "language.json too"},
		"plural":      {"en/x.json", `{"a":{"one":"1"}}`, `"other" is missing`},
		"plural name": {"en/x.json", `{"a":{"sum":"1","other":"2"}}`, `"sum" is no plural form`},
		"number":      {"en/x.json", `{"a":7}`, "want a text"},
		"no tag":      {"not a tag/x.json", `{}`, "no language tag"},
		"no formats":  {"pt/x.json", `{}`, `lacks "number.decimal"`},
		"right to left": {"he/language.json", strings.Replace(string(must(shipped.ReadFile("en/language.json"))),
			`"English"`, `"עברית"`, 1), "right to left"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadFS(tongue("en", map[string]string{tc.file: tc.text}))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
	if _, err := LoadFS(fstest.MapFS{}); err == nil {
		t.Error("no English, no error")
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestInFindsTheNearestLanguage(t *testing.T) {
	c := load(t)
	for tag, want := range map[string]string{"en": "en", "en-GB": "en", "tlh": "en", "": "en", "no tag!": "en"} {
		if got := c.In(tag).Tag(); got != want {
			t.Errorf("In(%q) = %s, want %s", tag, got, want)
		}
	}
	if c.Languages()[0].Tag != "en" {
		t.Error("English is not listed first")
	}
}

func TestEnglishFormats(t *testing.T) {
	w := load(t).In("en")
	at := time.Date(2026, 11, 23, 21, 5, 0, 0, time.UTC)
	for _, tc := range []struct{ got, want string }{
		{w.Date(Day{1971, 5, 6}), "May 6, 1971"},
		{w.Date(Day{1971, 5, 0}), "May 1971"},
		{w.Date(Day{1971, 0, 0}), "1971"},
		{w.Date(Day{}), ""},
		{w.Date(Day{1971, 13, 6}), "1971-13-06"},
		{w.ShortDate(Day{1971, 5, 6}), "5/6/1971"},
		{w.ShortDate(Day{1971, 5, 0}), "May 1971"},
		{w.Time(0, 7), "12:07 AM"}, {w.Time(12, 0), "12:00 PM"}, {w.Time(23, 59), "11:59 PM"},
		{w.Moment(at, at.Add(time.Hour)), "9:05 PM"},
		{w.Moment(at, at.Add(6*time.Hour)), "November 23, 2026, 9:05 PM"},
		{w.List(nil), ""}, {w.List([]string{"a"}), "a"}, {w.List([]string{"a", "b"}), "a and b"},
		{w.List([]string{"a", "b", "c", "d"}), "a, b, c, and d"},
		{w.Number(-12345), "-12,345"}, {w.Number(123), "123"},
		{w.Sentences("A.", "", " B. "), "A. B."},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestDecimalKeepsWhatWasWritten(t *testing.T) {
	w := load(t).In("en")
	for in, want := range map[string]string{"1.00": "1.00", "0.050": "0.050", "-3.5": "-3.5", "250000": "250,000",
		"1.5e3": "1.5e3", "1E-7": "1E-7", "abc": "abc", "": "", "1.2.3": "1.2.3", ".5": ".5", "5.": "5.", "1e": "1e",
		"<5": "<5", "--1": "--1"} {
		if got := w.Decimal(in); got != want {
			t.Errorf("Decimal(%q) = %q, want %q", in, got, want)
		}
	}
}

// In every language the digits stay the same ones in the same order, and only
// the language's own separators come in.
func TestDecimalChangesSeparatorsOnly(t *testing.T) {
	c := load(t)
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		for _, l := range c.Languages() {
			w := c.In(l.Tag)
			back := strings.ReplaceAll(w.Decimal(number), w.formats.group, "")
			back = strings.Replace(back, w.formats.decimal, ".", 1)
			if back != number {
				t.Fatalf("%s: Decimal(%q) = %q", l.Tag, number, w.Decimal(number))
			}
		}
	})
}
