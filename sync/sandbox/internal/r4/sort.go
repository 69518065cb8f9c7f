package r4

import (
	"cmp"
	"slices"
	"strings"
)

// sortHits orders hits by the keys; equal ones stay in order of creation, ones
// without a value come last.
func sortHits(hits []*Record, keys []sortKey) {
	if len(keys) == 0 {
		return
	}
	slices.SortStableFunc(hits, func(a, b *Record) int {
		for _, k := range keys {
			x, y := k.param.sortValue(a), k.param.sortValue(b)
			switch {
			case x == y:
				continue
			case x == "":
				return 1
			case y == "":
				return -1
			case k.down:
				return cmp.Compare(y, x)
			}
			return cmp.Compare(x, y)
		}
		return 0
	})
}

// sortValue is the first value of a parameter as text that sorts.
func (p param) sortValue(r *Record) string {
	for _, v := range p.values(r.view) {
		if p.kind == "date" {
			if s := spansOf(v); len(s) > 0 {
				return instant(s[0].low())
			}
		}
		switch v := v.(type) {
		case string:
			return plain(v)
		case map[string]any:
			for _, name := range []string{"family", "text", "value", "code", "reference"} {
				if s := text(v, name); s != "" {
					return plain(s)
				}
			}
			if s := texts(v, "coding.code"); len(s) > 0 {
				return strings.ToLower(s[0])
			}
		}
	}
	return ""
}
