package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// redacted stands where a secret would.
const redacted = "[redacted]"

// Show writes the configuration as YAML, with a comment for every setting and
// secrets redacted.
func (c Config) Show() string {
	var b strings.Builder
	show(&b, "", reflect.ValueOf(c))
	return b.String()
}

func show(b *strings.Builder, indent string, v reflect.Value) {
	for i := range v.NumField() {
		f, val := v.Type().Field(i), v.Field(i)
		key := f.Tag.Get("yaml")
		switch {
		case val.Kind() == reflect.Struct:
			fmt.Fprintf(b, "%s%s:\n", indent, key)
			show(b, indent+"  ", val)
		case val.Type() == reflect.TypeFor[[]Person]():
			fmt.Fprintf(b, "%s%s: # %s\n", indent, key, f.Tag.Get("doc"))
			for j := range val.Len() {
				p := val.Index(j).Interface().(Person)
				hash := ""
				if p.PINHash != "" {
					hash = redacted
				}
				fmt.Fprintf(b, "%s  - {id: %s, name: %s, pin_hash: %s}\n", indent, scalar(p.ID), scalar(p.Name), scalar(hash))
			}
		default:
			text := inline(val)
			if f.Tag.Get("secret") == "true" && val.String() != "" {
				text = scalar(redacted)
			}
			fmt.Fprintf(b, "%s%s: %s # %s\n", indent, key, text, f.Tag.Get("doc"))
		}
	}
}

// inline is the value as YAML on one line.
func inline(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return short(x)
	case []string:
		parts := make([]string, len(x))
		for i, s := range x {
			parts[i] = scalar(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return scalar(x)
	default:
		return fmt.Sprint(x)
	}
}

// scalar quotes s when YAML would read it as anything but that string.
func scalar(s string) string {
	out, err := yaml.Marshal(s)
	text := strings.TrimSuffix(string(out), "\n")
	if err != nil || strings.Contains(text, "\n") || s == "" || strings.ContainsAny(s, ",[]{}#:") {
		return fmt.Sprintf("%q", s)
	}
	return text
}

// Save sets the given paths in the YAML file and leaves everything else in it
// as it is, comments included. The result is read and validated first; what
// is not valid is not written, and Problems are returned. The file is replaced
// in one step, so a power cut leaves the old one or the new one.
func Save(file string, changes map[string]string, need Need) error {
	before, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(before, &doc); err != nil {
		return Problems{{Path: file, Wrong: "not YAML", Fix: "Mend it by hand first"}}
	}
	if doc.Kind == 0 {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	}
	c := Defaults()
	known := map[string]leaf{}
	for _, l := range leaves(&c) {
		known[l.path] = l
	}
	var probs Problems
	for _, path := range keys(changes) {
		l, ok := known[path]
		if !ok {
			probs = append(probs, Problem{Path: path, Wrong: "no such setting", Fix: nearest(path, keys(known))})
			continue
		}
		if err := l.set(changes[path]); err != nil {
			probs = append(probs, Problem{Path: path, Wrong: hide(l, err.Error())})
			continue
		}
		put(doc.Content[0], strings.Split(path, "."), inline(l.value))
	}
	if len(probs) > 0 {
		return probs
	}
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	after := Defaults()
	if probs := readYAML(&after, file, []byte(b.String())); len(probs) > 0 {
		return probs
	}
	if err := after.Validate(need); err != nil {
		return err
	}
	return replace(file, []byte(b.String()))
}

// put sets one path in a tree of mappings, making groups that are missing.
func put(n *yaml.Node, path []string, text string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != path[0] {
			continue
		}
		if len(path) > 1 {
			if n.Content[i+1].Kind != yaml.MappingNode {
				n.Content[i+1] = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			}
			put(n.Content[i+1], path[1:], text)
			return
		}
		old := n.Content[i+1]
		n.Content[i+1] = parsed(text)
		n.Content[i+1].LineComment = old.LineComment
		return
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: path[0]}
	if len(path) == 1 {
		n.Content = append(n.Content, key, parsed(text))
		return
	}
	group := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	put(group, path[1:], text)
	n.Content = append(n.Content, key, group)
}

func parsed(text string) *yaml.Node {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil || len(n.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}
	}
	return n.Content[0]
}

func replace(file string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".config-*")
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone already when the rename worked
	mode := os.FileMode(0o600)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	if _, err = tmp.Write(text); err == nil {
		if err = tmp.Chmod(mode); err == nil {
			err = tmp.Sync()
		}
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}

// Redacted is the configuration as nested maps keyed as in the file, secrets
// hidden, for JSON.
func (c Config) Redacted() map[string]any { return redact(reflect.ValueOf(c)) }

func redact(v reflect.Value) map[string]any {
	out := map[string]any{}
	for i := range v.NumField() {
		f, val := v.Type().Field(i), v.Field(i)
		key := f.Tag.Get("yaml")
		switch x := val.Interface().(type) {
		case time.Duration:
			out[key] = short(x)
		case []Person:
			people := []map[string]any{}
			for j := range x {
				people = append(people, redact(reflect.ValueOf(x[j])))
			}
			out[key] = people
		default:
			switch {
			case val.Kind() == reflect.Struct:
				out[key] = redact(val)
			case f.Tag.Get("secret") == "true" && val.String() != "":
				out[key] = redacted
			default:
				out[key] = x
			}
		}
	}
	return out
}
