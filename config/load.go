package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
)

// Problem is one thing wrong, with what to do about it.
type Problem struct {
	Path  string `json:"path"`            // the setting, or the file
	Where string `json:"where,omitempty"` // "file.yaml:12", "KIOSK_FHIR_BASE", "--set"
	Wrong string `json:"wrong"`           // what is wrong
	Fix   string `json:"fix,omitempty"`   // what to write instead
}

func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Path)
	if p.Where != "" {
		fmt.Fprintf(&b, " (%s)", p.Where)
	}
	b.WriteString(": " + p.Wrong)
	if p.Fix != "" {
		b.WriteString(". " + p.Fix)
	}
	return b.String()
}

// Problems is all that is wrong at once. As an error it prints one line each.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, 0, len(p)+1)
	lines = append(lines, fmt.Sprintf("the configuration has %d problem(s):", len(p)))
	for _, one := range p {
		lines = append(lines, "  "+one.String())
	}
	return strings.Join(lines, "\n")
}

// err is nil when there are none, so that callers can return it.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Sources says where the values come from.
type Sources struct {
	File  string            // path of the YAML file; "" none
	Env   []string          // as os.Environ
	Flags map[string]string // path -> text, from --set and its kin
	Base  *Config           // what to start from; nil: Defaults()
}

// Load fills a Config: defaults, then the file, then the environment, then
// flags. It returns Problems when a source cannot be read or has an unknown
// key or a value of the wrong kind. What the values mean is for Validate.
func Load(src Sources) (Config, error) {
	c := Defaults()
	if src.Base != nil {
		c = *src.Base
		c.Languages = slices.Clone(c.Languages)
		c.Retrieval.Allow = slices.Clone(c.Retrieval.Allow)
	}
	var probs Problems
	if src.File != "" {
		text, err := os.ReadFile(src.File)
		if err != nil {
			probs = append(probs, Problem{Path: src.File, Wrong: "the file cannot be read: " + reason(err),
				Fix: "Check the path given with --config or KIOSK_CONFIG"})
		} else {
			probs = append(probs, readYAML(&c, src.File, text)...)
		}
	}
	probs = append(probs, readEnv(&c, src.Env)...)
	probs = append(probs, readFlags(&c, src.Flags)...)
	return c, probs.err()
}

func reason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

func readEnv(c *Config, env []string) Problems {
	var probs Problems
	known := map[string]leaf{}
	for _, l := range leaves(c) {
		known[l.env()] = l
	}
	for _, kv := range env {
		name, text, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "KIOSK_") || name == "KIOSK_CONFIG" {
			continue
		}
		l, ok := known[name]
		if !ok {
			probs = append(probs, Problem{Path: name, Where: "environment", Wrong: "no such setting",
				Fix: nearest(name, keys(known))})
			continue
		}
		if err := l.set(text); err != nil {
			probs = append(probs, Problem{Path: l.path, Where: name, Wrong: hide(l, err.Error())})
		}
	}
	return probs
}

func readFlags(c *Config, flags map[string]string) Problems {
	var probs Problems
	known := map[string]leaf{}
	for _, l := range leaves(c) {
		known[l.path] = l
	}
	for _, path := range keys(flags) {
		l, ok := known[path]
		if !ok {
			probs = append(probs, Problem{Path: path, Where: "--set", Wrong: "no such setting",
				Fix: nearest(path, keys(known))})
			continue
		}
		if err := l.set(flags[path]); err != nil {
			probs = append(probs, Problem{Path: path, Where: "--set", Wrong: hide(l, err.Error())})
		}
	}
	return probs
}

func hide(l leaf, text string) string {
	if l.secret {
		return "the value cannot be read"
	}
	return text
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// nearest names the key that was probably meant.
func nearest(wrong string, all []string) string {
	best, at := "", 4
	for _, k := range all {
		if d := distance(wrong, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return "Run 'kioskctl config keys' for the list"
	}
	return fmt.Sprintf("Did you mean %s?", best)
}

// distance is the number of single-letter edits between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		left := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := left
			if a[i-1] != b[j-1] {
				cost++
			}
			left = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
