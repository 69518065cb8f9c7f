package fhir

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzBundle: no input makes the parser or the views panic; what is accepted
// is what a slow check accepts, and an edit of it is JSON again.
func FuzzBundle(f *testing.F) {
	for _, s := range []string{`{"resourceType":"Patient"}`, `{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"A","subject":{"reference":"urn:uuid:1"}}}]}`,
		"\xef\xbb\xbf{\"resourceType\":\"A\",\"x\":\"\\ud83d\\ude00\"}", `{"resourceType":"A","x":[1e5,-0.0,true,null,{}]}`, `{"a":`, `[[[[`, `{"entry":[{"resource":{"id":"\u0031","resourceType":"A"},"fullUrl":1},{},7,[{"resource":{}}],{"resource":null}],"type":"x","resourceType":"Bundle"}`} {
		f.Add([]byte(s))
	}
	files, _ := filepath.Glob("../intake/testdata/*.json")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil && len(b) < 6000 { // large seeds cost the fuzzer its pace
			f.Add(b)
		}
	}
	f.Add([]byte(`[{"system":"a","code":"b"},{"system":"a","code" :"c","systen":"d"},{"code":"b","system":"a","code":1}]`))
	f.Fuzz(func(t *testing.T, in []byte) {
		sameVerdict(t, in)
		b, err := ParseBundle(in, Limits{MaxBytes: 1 << 20, MaxEntries: 1000})
		if err != nil {
			return
		}
		sameAsViews(t, b)
		x := NewIndex(b)
		for i, e := range b.Entries {
			ed := NewEditor(e.Resource)
			n := 0
			for ref := range e.Resource.References() {
				_ = x.Resolve(Place{0, i}, ref.Text())
				if n%2 == 0 {
					ed.Replace(ref.URI, Quote("urn:uuid:2"))
				} else {
					ed.Object(ref.Object, func(k string) bool { return k == "reference" }, Member{"display", Quote("x")})
				}
				n++
			}
			ed.Object(e.Resource.Value(), func(k string) bool { return k == "id" || k == "meta" }, Member{"meta", []byte("{}")})
			out, err := ed.Done()
			if err == nil && e.Resource.Value().IsObject() && !json.Valid(out.Raw()) {
				t.Fatalf("an edit broke the JSON: %s -> %s", e.Resource.Raw(), out.Raw())
			}
		}
	})
}

// sameAsViews holds what the scan took down on its way to what the views read
// out of the same bytes, one by one.
func sameAsViews(t *testing.T, got Bundle) {
	t.Helper()
	whole := view(got.Raw)
	if whole.typ != "Bundle" {
		if e := got.Entries; len(e) != 1 || !reflect.DeepEqual(e[0], Entry{Resource: whole}) || got.Type != "" || got.Timestamp != "" {
			t.Fatalf("%s: not a Bundle of one", got.Raw)
		}
		return
	}
	var want []Entry
	for i, e := range whole.Get("entry").Elements() {
		if r := e.Get("resource"); r.Exists() {
			want = append(want, Entry{Index: i, FullURL: e.Get("fullUrl").String(), Resource: view(r.raw)})
		}
	}
	if got.Type != whole.Get("type").String() || got.Timestamp != whole.Get("timestamp").String() ||
		len(got.Entries) != len(want) || len(want) > 0 && !reflect.DeepEqual(got.Entries, want) {
		t.Fatalf("%s: the scan and the views disagree", got.Raw)
	}
}
