package config

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// readYAML lays the file over c. It walks the parsed nodes itself instead of
// letting the library decode, so that every problem has a path and a line.
func readYAML(c *Config, name string, text []byte) Problems {
	r := &yamlReader{name: name}
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // an empty file sets nothing
		}
		return Problems{{Path: name, Wrong: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: "),
			Fix: "Check the indentation and the quotes near that line"}}
	}
	var more yaml.Node
	if dec.Decode(&more) == nil {
		r.add(name, &more, "a second document", "Keep one document in the file")
	}
	if len(doc.Content) == 1 {
		r.structure("", doc.Content[0], reflect.ValueOf(c).Elem())
	}
	return r.probs
}

type yamlReader struct {
	name  string
	probs Problems
}

func (r *yamlReader) add(path string, at *yaml.Node, wrong, fix string) {
	r.probs = append(r.probs, Problem{Path: path, Where: fmt.Sprintf("%s:%d", r.name, at.Line), Wrong: wrong, Fix: fix})
}

func (r *yamlReader) structure(prefix string, n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.add(strings.TrimSuffix(prefix, "."), n, "must be a group of settings", "Write its settings indented below it, one a line")
		return
	}
	fields := map[string]reflect.Value{}
	secrets := map[string]bool{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		fields[f.Tag.Get("yaml")] = v.Field(i)
		secrets[f.Tag.Get("yaml")] = f.Tag.Get("secret") == "true"
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		path := prefix + key.Value
		f, ok := fields[key.Value]
		switch {
		case !ok:
			r.add(path, key, "no such setting", nearest(key.Value, keys(fields)))
		case seen[key.Value]:
			r.add(path, key, "stands there twice", "Keep one of them")
		case val.Kind == yaml.AliasNode:
			r.value(path, val.Alias, f, secrets[key.Value])
		default:
			r.value(path, val, f, secrets[key.Value])
		}
		seen[key.Value] = true
	}
}

func (r *yamlReader) value(path string, n *yaml.Node, v reflect.Value, secret bool) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // a key without a value leaves the default
	}
	switch {
	case v.Kind() == reflect.Struct:
		r.structure(path+".", n, v)
	case v.Kind() == reflect.Slice:
		r.list(path, n, v)
	case n.Kind != yaml.ScalarNode:
		r.add(path, n, "must be a single value", "Write it as "+path[strings.LastIndex(path, ".")+1:]+": "+example(v))
	case v.Kind() == reflect.Bool && n.Tag != "!!bool",
		v.Kind() == reflect.Int && n.Tag != "!!int":
		r.add(path, n, "must be "+kindWord(v)+quoted(n, secret), "Write it as "+example(v))
	default:
		if err := (leaf{path: path, value: v}).set(n.Value); err != nil {
			wrong := err.Error()
			if secret {
				wrong = "the value cannot be read"
			}
			r.add(path, n, wrong, "")
		}
	}
}

func (r *yamlReader) list(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.ScalarNode && v.Type().Elem().Kind() == reflect.String {
		v.Set(reflect.ValueOf([]string{n.Value})) // one entry without the dash
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.add(path, n, "must be a list", "Write one entry a line, each behind a dash")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		r.value(fmt.Sprintf("%s[%d]", path, i), item, out.Index(i), false)
	}
	v.Set(out)
}

func quoted(n *yaml.Node, secret bool) string {
	if secret {
		return ""
	}
	return fmt.Sprintf(", not %q", n.Value)
}

func kindWord(v reflect.Value) string {
	if v.Kind() == reflect.Bool {
		return "true or false"
	}
	return "a whole number"
}

func example(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return "30s"
	case v.Kind() == reflect.Bool:
		return "true"
	case v.Kind() == reflect.Int:
		return "100"
	}
	return "\"text\""
}
