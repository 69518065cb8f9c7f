package r4

import (
	"strings"
)

// pick gives the values at a dotted path, arrays flattened. A step may carry a
// filter: "telecom?system=phone".
func pick(v any, path string) []any {
	step, rest, more := strings.Cut(path, ".")
	name, filter, filtered := strings.Cut(step, "?")
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	below, ok := m[name]
	if !ok || below == nil {
		return nil
	}
	items, ok := below.([]any)
	if !ok {
		items = []any{below}
	}
	var out []any
	for _, it := range items {
		if filtered {
			member, want, _ := strings.Cut(filter, "=")
			if text(it, member) != want {
				continue
			}
		}
		if more {
			out = append(out, pick(it, rest)...)
		} else if it != nil {
			out = append(out, it)
		}
	}
	return out
}

// values gives all values of a parameter in a resource.
func (p param) values(v map[string]any) []any {
	var out []any
	for _, path := range p.paths {
		out = append(out, pick(v, path)...)
	}
	return out
}

// text is the string member of an object, "" if there is none.
func text(v any, member string) string {
	m, _ := v.(map[string]any)
	s, _ := m[member].(string)
	return s
}

// texts gives the string values at a path.
func texts(v any, path string) []string {
	var out []string
	for _, x := range pick(v, path) {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
