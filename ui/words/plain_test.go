package words

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/feature/plural"
)

// patientFiles are the files that a patient reads: complete in every language.
// The others are for staff and may be in English.
func patientFiles() []string {
	return []string{"consent.json", "language.json", "patient.json", "reasons.json", "sections.json"}
}

// sentences splits a text where a sentence ends.
func sentences(text string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".?!。？！", r) }) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func wordCount(s string) int { return len(strings.Fields(s)) }

// Short sentences are what makes a text easy (kiosk-people U21).
func TestEnglishSentencesAreShort(t *testing.T) {
	w := load(t).In("en")
	count, total := 0, 0
	for _, key := range w.Keys(patientFiles()...) {
		for _, text := range w.texts[key] {
			for _, s := range sentences(text) {
				n := wordCount(s)
				if n > 20 {
					t.Errorf("%s: %d words: %q", key, n, s)
				}
				if n > 2 { // buttons and titles of a word or two would make it look better than it is
					count, total = count+1, total+n
				}
			}
		}
	}
	if average := float64(total) / float64(count); average > 12 {
		t.Errorf("the average sentence has %.1f words, want at most 12", average)
	} else {
		t.Logf("%d sentences, %.1f words on average", count, average)
	}
}

func TestConsentIsShortAndEasy(t *testing.T) {
	w := load(t).In("en")
	for _, other := range []bool{false, true} {
		text, id := w.Consent(other)
		if n := wordCount(text); n > 60 {
			t.Errorf("%s has %d words, want at most 60", id, n)
		}
		if age := readingAge(text); age > 11 {
			t.Errorf("%s has a reading age of %.1f, want at most 11", id, age)
		} else {
			t.Logf("%s: %d words, reading age %.1f", id, wordCount(text), age)
		}
		if !strings.HasPrefix(id, ConsentVersion) {
			t.Errorf("id %q is not of version %q", id, ConsentVersion)
		}
	}
}

// The texts that a version stands for never change, in no language: what
// somebody agreed to must be the same in a year. A new text is a new version
// with its own lines in testdata/consent.txt, written once by
// WORDS_CONSENT=new go test -run Fixed (which never changes a line).
func TestConsentTextsAreFixed(t *testing.T) {
	const file = "testdata/consent.txt"
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fixed := map[string]string{}
	for line := range strings.Lines(string(kept)) {
		name, sum, _ := strings.Cut(strings.TrimSpace(line), " ")
		fixed[name] = sum
	}
	c, fresh := load(t), ""
	for _, l := range c.Languages() {
		for _, other := range []bool{false, true} {
			text, id := c.In(l.Tag).Consent(other)
			name, sum := l.Tag+"/"+id, fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
			switch want, known := fixed[name]; {
			case !known:
				fresh += name + " " + sum + "\n"
			case want != sum:
				t.Errorf("%s was changed: make a new version instead", name)
			}
		}
	}
	if fresh != "" && os.Getenv("WORDS_CONSENT") == "new" {
		if err := os.WriteFile(file, append(kept, fresh...), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if fresh != "" {
		t.Errorf("not fixed yet:\n%s", fresh)
	}
}

// readingAge is Flesch and Kincaid's grade level plus five, the age at which
// American children reach it.
func readingAge(text string) float64 {
	words, syllables := 0, 0
	for w := range strings.FieldsSeq(text) {
		words++
		syllables += syllablesOf(w)
	}
	return 0.39*float64(words)/float64(len(sentences(text))) + 11.8*float64(syllables)/float64(words) - 15.59 + 5
}

// syllablesOf counts groups of vowels; a last silent e does not count.
func syllablesOf(word string) int {
	word = strings.TrimFunc(strings.ToLower(word), func(r rune) bool { return !unicode.IsLetter(r) })
	n, before := 0, false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouy", r)
		if vowel && !before {
			n++
		}
		before = vowel
	}
	if strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") && n > 1 {
		n--
	}
	return max(n, 1)
}

func TestReadingAgeTellsEasyFromHard(t *testing.T) {
	easy := readingAge("The cat sat on the mat. It was a good day.")
	hard := readingAge("Notwithstanding institutional considerations, authorization of individually identifiable information constitutes irrevocable acknowledgement of applicable organizational regulations.")
	if easy > 9 || hard < 18 {
		t.Errorf("easy %.1f, hard %.1f", easy, hard)
	}
}

// No word of blame, and no cause that says something about a person.
func TestNoBlame(t *testing.T) {
	w := load(t).In("en")
	for _, key := range w.Keys("patient.json", "reasons.json") {
		for _, text := range w.texts[key] {
			for _, bad := range []string{"invalid", "illegal", "fatal", "unauthor", "denied", "incorrect", "you failed", "error",
				"no patient", "not found", "unknown patient", "already exists"} {
				if strings.Contains(strings.ToLower(text), bad) {
					t.Errorf("%s says %q: %q", key, bad, text)
				}
			}
		}
	}
}

// same lists texts that may read as in English: numbers, signs, proper names.
func same(lang, key, text string) bool {
	letters := strings.ContainsFunc(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '{' || r == '}' }), ""),
		func(r rune) bool { return unicode.IsLetter(r) })
	bare := text
	for _, p := range placeholders(text) {
		bare = strings.ReplaceAll(bare, "{"+p+"}", "")
	}
	if !letters || !strings.ContainsFunc(bare, unicode.IsLetter) {
		return true
	}
	return slices.Contains(map[string][]string{
		"fr": {"kind.allergies", "count.allergies", "word.certainty.differential", "word.intent.plan", "label.date", "label.note", "label.service", "kind.documents", "count.documents", "word.meaning.normal",
			"type.DocumentReference"},
		"es": {"word.intent.plan", "settings.size.100", "word.meaning.normal", "consent.no", "value.no"},
	}[lang], key)
}

// Every language has every key of the patient's files, with the same
// placeholders, in every plural form that the language asks for, and in its
// own words.
func TestLanguagesAreComplete(t *testing.T) {
	c := load(t)
	english := c.In("en")
	want := english.Keys(patientFiles()...)
	for _, l := range c.Languages() {
		w := c.In(l.Tag)
		for _, file := range w.Files() {
			if !slices.Contains(english.Files(), file) {
				t.Errorf("%s: %s is a file that English does not have", l.Tag, file)
			}
		}
		for _, key := range want {
			own, ok := w.texts[key]
			if !ok {
				t.Errorf("%s: %q is missing", l.Tag, key)
				continue
			}
			if w.file[key] != english.file[key] {
				t.Errorf("%s: %q stands in %s, in English in %s", l.Tag, key, w.file[key], english.file[key])
			}
			if w.file[key] == "language.json" {
				continue
			}
			names := placeholders(english.texts[key][plural.Other])
			for form, text := range own {
				got := placeholders(text)
				if form == plural.One || form == plural.Zero { // "one" may leave its number out
					got = slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s == "n" })
					names := slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == "n" })
					if !slices.Equal(got, names) {
						t.Errorf("%s: %q has placeholders %v, want %v", l.Tag, key, got, names)
					}
				} else if !slices.Equal(got, names) {
					t.Errorf("%s: %q has placeholders %v, want %v", l.Tag, key, got, names)
				}
				if strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%s: %q is empty or has space at an end", l.Tag, key)
				}
			}
			if l.Tag != "en" && own[plural.Other] == english.texts[key][plural.Other] && !same(l.Tag, key, own[plural.Other]) {
				t.Errorf("%s: %q is still in English: %q", l.Tag, key, own[plural.Other])
			}
			if len(english.texts[key]) > 1 {
				for n := range 200 {
					if _, has := own[form(w.tag, n)]; !has && form(w.tag, n) != plural.Other {
						t.Errorf("%s: %q lacks the plural form for %d", l.Tag, key, n)
						break
					}
				}
			}
		}
		for _, key := range w.Keys(patientFiles()...) {
			if _, ok := english.texts[key]; !ok && w.file[key] != "language.json" {
				t.Errorf("%s: %q is in no English file", l.Tag, key)
			}
		}
	}
}
