package words

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed */*.json
var shipped embed.FS

// base is the language that every key exists in and that others fall back to.
const base = "en"

// Language is one language that the kiosk speaks.
type Language struct {
	Tag         string // BCP 47, also the directory: "zh-Hans"
	OwnName     string // in its own script: "中文"
	EnglishName string // for staff: "Chinese (simplified)"
	Voice       string // espeak-ng voice, also the language of speech-dispatcher: "cmn"
}

// Catalogue is all languages. It may be used from several goroutines.
type Catalogue struct {
	languages []Language
	byTag     map[string]*Words

	mu      sync.Mutex
	missing map[string]bool
}

// entry is one text in the plural forms that it has; plural.Other always.
type entry map[plural.Form]string

// Load reads the languages that are built in.
func Load() (*Catalogue, error) { return LoadFS(shipped) }

// LoadFS reads languages from a file system with one directory a language.
// The error names every problem: broken JSON, a key that stands in two files
// of a language, a plural form without "other", formats that are missing.
func LoadFS(files fs.FS) (*Catalogue, error) {
	dirs, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read the catalogues: %w", err)
	}
	c := &Catalogue{byTag: map[string]*Words{}, missing: map[string]bool{}}
	var problems []error
	for _, d := range dirs {
		if !d.IsDir() || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
			continue
		}
		w, err := c.loadLanguage(files, d.Name())
		if err != nil {
			problems = append(problems, err)
			continue
		}
		c.byTag[w.lang.Tag] = w
		c.languages = append(c.languages, w.lang)
	}
	english := c.byTag[base]
	if english == nil && len(problems) == 0 {
		problems = append(problems, errors.New("no catalogue for English, which all others fall back to"))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	for _, w := range c.byTag {
		w.fallback = english
	}
	slices.SortFunc(c.languages, func(a, b Language) int {
		if (a.Tag == base) != (b.Tag == base) {
			if a.Tag == base {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Tag, b.Tag)
	})
	return c, nil
}

func (c *Catalogue) loadLanguage(files fs.FS, dir string) (*Words, error) {
	tag, err := language.Parse(dir)
	if err != nil {
		return nil, fmt.Errorf("catalogue %s: the directory is no language tag: %w", dir, err)
	}
	names, err := fs.Glob(files, path.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", dir, err)
	}
	w := &Words{catalogue: c, tag: tag, texts: map[string]entry{}, file: map[string]string{}}
	var problems []error
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			problems = append(problems, fmt.Errorf("catalogue %s: %w", name, err))
			continue
		}
		texts, err := parse(raw)
		if err != nil {
			problems = append(problems, fmt.Errorf("catalogue %s: %w", name, err))
			continue
		}
		for key, e := range texts {
			if other, twice := w.file[key]; twice {
				problems = append(problems, fmt.Errorf("catalogue %s: key %q stands in %s too", name, key, other))
			}
			w.file[key], w.texts[key] = path.Base(name), e
		}
	}
	if err := w.readFormats(dir); err != nil {
		problems = append(problems, fmt.Errorf("catalogue %s: %w", dir, err))
	}
	return w, errors.Join(problems...)
}

// parse reads one flat file. A key that stands twice is an error: the second
// would silently win.
func parse(raw []byte) (map[string]entry, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("want one object of keys and texts (%w)", err)
	}
	out := map[string]entry{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key := t.(string)
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("key %q stands twice", key)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
		if out[key], err = parseEntry(value); err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	return out, nil
}

func parseEntry(raw json.RawMessage) (entry, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		err := json.Unmarshal(raw, &text)
		return entry{plural.Other: text}, err
	}
	var forms map[string]string
	if err := json.Unmarshal(raw, &forms); err != nil {
		return nil, errors.New("want a text, or an object of plural forms")
	}
	named := map[string]plural.Form{"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few,
		"many": plural.Many, "other": plural.Other}
	e := entry{}
	for name, text := range forms {
		form, ok := named[name]
		if !ok {
			return nil, fmt.Errorf("%q is no plural form", name)
		}
		e[form] = text
	}
	if _, ok := e[plural.Other]; !ok {
		return nil, errors.New(`the plural form "other" is missing`)
	}
	return e, nil
}

// Languages lists them, English first, then by tag.
func (c *Catalogue) Languages() []Language { return slices.Clone(c.languages) }

// In returns the words of a language, or of the nearest one there is: zh-CN
// gets zh-Hans, and a language that nobody wrote gets English.
func (c *Catalogue) In(tag string) *Words {
	if w := c.byTag[tag]; w != nil {
		return w
	}
	want, err := language.Parse(tag)
	if err != nil {
		return c.byTag[base]
	}
	tags := make([]language.Tag, len(c.languages))
	for i, l := range c.languages {
		tags[i] = c.byTag[l.Tag].tag
	}
	_, i, confidence := language.NewMatcher(tags).Match(want)
	if confidence < language.High {
		return c.byTag[base]
	}
	return c.byTag[c.languages[i].Tag]
}

// Missing lists what was asked for and is in no catalogue, English included,
// as "tag key" or "tag key {placeholder}", sorted.
func (c *Catalogue) Missing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for m := range c.missing {
		all = append(all, m)
	}
	slices.Sort(all)
	return all
}

func (c *Catalogue) miss(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.missing[what] = true
}
