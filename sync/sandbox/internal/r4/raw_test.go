package r4

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzStamp: whatever text comes, scan says no or the resource is stored so that
// every member but id and meta is what was sent.
func FuzzStamp(f *testing.F) {
	for _, s := range []string{`{"resourceType":"Patient"}`, ` { "a" : [ 1.00 , {"b":"\"\u00e9\\"} ] , "meta":{"versionId":"3","tag":[]}, "id":7 } `, `{"a":1e400,"meta":5}`, `[]`, `{"a":{"a":{"a":1,"a":2}}}`, `{"":""}`, "{\"a\":\"\xff\"}", strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		top, leaves, err := scan(raw, func(string) bool { return true })
		if err != nil {
			return
		}
		if got := splice(raw, leaves, func(l leaf, s string) []byte { return raw[l.from:l.to] }); !bytes.Equal(got, raw) {
			t.Fatalf("splice changes %q into %q", raw, got)
		}
		out, err := stamp(raw, "x", 1, "now")
		if err != nil {
			t.Fatal(err)
		}
		after, _, err := scan(out, nil)
		if err != nil {
			t.Fatalf("stamp makes %q of %q: %v", out, raw, err)
		}
		kept := map[string][]byte{}
		for _, m := range after {
			kept[m.name] = out[m.valueAt:m.valueTo]
		}
		for _, m := range top {
			if m.name == "id" || m.name == "meta" {
				continue
			}
			var small bytes.Buffer
			if err := json.Compact(&small, raw[m.valueAt:m.valueTo]); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(small.Bytes(), kept[m.name]) {
				t.Fatalf("%q: member %q is %q, was %q", raw, m.name, kept[m.name], small.Bytes())
			}
		}
	})
}
