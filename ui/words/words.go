package words

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"shlkiosk/sync/phi"
)

// Words is one language.
type Words struct {
	catalogue *Catalogue
	lang      Language
	tag       language.Tag
	texts     map[string]entry
	file      map[string]string // key -> name of its file
	fallback  *Words
	formats   formats
}

// Args are named arguments: T("retry.in", words.Args{"host": h}).
type Args map[string]any

// Language tells which one this is.
func (w *Words) Language() Language { return w.lang }

// Tag is the language's BCP 47 tag.
func (w *Words) Tag() string { return w.lang.Tag }

// Has tells whether the key exists, here or in English.
func (w *Words) Has(key string) bool { return w.find(key) != nil }

// Keys lists the keys of this language that stand in the named files, or all
// without a name; sorted.
func (w *Words) Keys(files ...string) []string {
	keys := slices.Sorted(maps.Keys(w.texts))
	if len(files) == 0 {
		return keys
	}
	return slices.DeleteFunc(keys, func(k string) bool { return !slices.Contains(files, w.file[k]) })
}

// Files lists the catalogue files of this language, sorted.
func (w *Words) Files() []string {
	files := slices.Sorted(maps.Values(w.file))
	return slices.Compact(files)
}

func (w *Words) find(key string) entry {
	if e, ok := w.texts[key]; ok {
		return e
	}
	if w.fallback != nil {
		return w.fallback.texts[key]
	}
	return nil
}

// T is the text of a key with its arguments put in: Args for named
// placeholders, anything else for {0}, {1} ... Whole numbers are written as
// the language does; a phi.Text is revealed, because what T makes is shown to
// the person it is about. A key that exists nowhere comes back as itself.
func (w *Words) T(key string, args ...any) string {
	e := w.find(key)
	if e == nil {
		w.catalogue.miss(w.lang.Tag + " " + key)
		return key
	}
	return w.fill(key, e[plural.Other], args, nil)
}

// N is the text of a key for a count: the plural form by the CLDR rules of the
// language, with {n} the number.
func (w *Words) N(key string, n int, args ...any) string {
	e := w.find(key)
	if e == nil {
		w.catalogue.miss(w.lang.Tag + " " + key)
		return key
	}
	tag := w.tag
	if _, own := w.texts[key]; !own {
		tag = w.fallback.tag // an English text has English forms
	}
	text, ok := e[form(tag, n)]
	if !ok {
		text = e[plural.Other]
	}
	return w.fill(key, text, args, Args{"n": n})
}

// form is the CLDR cardinal form of a whole number.
func form(tag language.Tag, n int) plural.Form {
	if n < 0 {
		n = -n
	}
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)
}

// fill puts arguments into the placeholders of a text.
func (w *Words) fill(key, text string, args []any, more Args) string {
	if !strings.ContainsRune(text, '{') {
		return text
	}
	var named Args
	if len(args) == 1 {
		named, _ = args[0].(Args)
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			out.WriteString("{" + rest)
			return out.String()
		}
		text = after
		value, ok := more[name]
		if !ok {
			value, ok = named[name]
		}
		if i, err := strconv.Atoi(name); !ok && err == nil && named == nil && i >= 0 && i < len(args) {
			value, ok = args[i], true
		}
		if !ok {
			w.catalogue.miss(w.lang.Tag + " " + key + " {" + name + "}")
			continue
		}
		out.WriteString(w.write(value))
	}
}

func (w *Words) write(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return w.Number(v)
	case phi.Text:
		return v.Reveal()
	}
	return fmt.Sprint(v)
}

// placeholders lists the names in braces of a text, sorted, each once.
func placeholders(text string) []string {
	var names []string
	for {
		_, rest, found := strings.Cut(text, "{")
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			break
		}
		names, text = append(names, name), after
	}
	slices.Sort(names)
	return slices.Compact(names)
}
