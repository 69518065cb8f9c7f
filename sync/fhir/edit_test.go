package fhir

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// decimals are HL7's edge cases for the decimal type (observation-decimal in
// the R4 examples): precision and sign are part of the value.
var decimals = []string{"1", "1.0", "1.00", "1.000000000000000000", "-1.0", "0.0", "-0.0", "1E-22", "1e-22", "1.0E-22", "1E+22", "1.0e+245", "-1.00E-245",
	"0.0000000000000000000001", "123456789012345678901234567890.123456789", "1E245", "-1E245", "1e-245"}

func TestDecimalsSurviveEveryEdit(t *testing.T) {
	src := `{"resourceType":"Observation","id":"x","component":[`
	for i, d := range decimals {
		if i > 0 {
			src += " , "
		}
		src += `{ "valueQuantity" : {"value": ` + d + ` } }`
	}
	src += `],"subject":{"reference":"Patient/1"}}`
	r, err := ParseResource([]byte(src), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	ed := NewEditor(r)
	ed.Object(r.Value(), func(k string) bool { return k == "id" }, Member{"meta", []byte(`{"tag":[]}`)})
	for ref := range r.References() {
		ed.Replace(ref.URI, Quote("urn:uuid:1"))
	}
	out, err := ed.Done()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSuffix(strings.Replace(src, `"id":"x",`, ``, 1), `"Patient/1"}}`) + `"urn:uuid:1"},"meta":{"tag":[]}}`
	if string(out.Raw()) != want {
		t.Errorf("got  %s\nwant %s", out.Raw(), want)
	}
	for i, d := range decimals {
		if got := out.Get("component", i, "valueQuantity", "value").Number(); got != d {
			t.Errorf("%s became %s", d, got)
		}
	}
}

// TestObjectEditsAgreeWithAMap: removing and setting members by splices gives
// what the same change of a map gives, and leaves valid JSON.
func TestObjectEditsAgreeWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 0, 7, rapid.ID[string]).Draw(t, "keys")
		gone := rapid.SliceOfNDistinct(rapid.SampledFrom(append(keys, "zz")), 0, 4, rapid.ID[string]).Draw(t, "gone")
		sets := rapid.SliceOfNDistinct(rapid.SampledFrom(append(keys, "new1", "new2")), 0, 3, rapid.ID[string]).Draw(t, "sets")
		ws := rapid.SampledFrom([]string{"", " ", "\n\t"})
		src := "{" + ws.Draw(t, "w")
		want := map[string]any{"resourceType": "Basic"}
		for i, k := range keys {
			src += `"` + k + `"` + ws.Draw(t, "w") + `:` + ws.Draw(t, "w") + `[1.00]` + ws.Draw(t, "w") + "," + ws.Draw(t, "w")
			want[k] = []any{1.0}
			_ = i
		}
		src += `"resourceType":"Basic"` + ws.Draw(t, "w") + "}"
		r, err := ParseResource([]byte(src), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		has := func(list []string, k string) bool {
			for _, s := range list {
				if s == k {
					return true
				}
			}
			return false
		}
		for _, k := range gone {
			delete(want, k)
		}
		var members []Member
		for _, k := range sets {
			members = append(members, Member{k, []byte(`"set"`)})
			want[k] = "set"
		}
		ed := NewEditor(r)
		ed.Object(r.Value(), func(k string) bool { return has(gone, k) }, members...)
		out, err := ed.Done()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseResource(out.Raw(), DefaultLimits()); err != nil {
			t.Fatalf("no longer JSON: %v: %s", err, out.Raw())
		}
		var got map[string]any
		if err := json.Unmarshal(out.Raw(), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\nbecame %s\nwant %v (%v)", src, out.Raw(), want, err)
		}
	})
}

func TestEditInsideALargerOneGoesWithIt(t *testing.T) {
	r, _ := ParseResource([]byte(`{"resourceType":"A","a":{"b":{"c":1}},"list":[ ],"more":[1 ]}`), DefaultLimits())
	ed := NewEditor(r)
	ed.Replace(r.Get("a", "b", "c"), []byte("2"))
	ed.Replace(r.Get("a"), []byte("3"))
	ed.Append(r.Get("list"), []byte("4"))
	ed.Append(r.Get("more"), []byte("5"))
	ed.Append(r.Get("more"), []byte("6"))
	ed.Replace(r.Get("gone"), []byte("7"))
	out, err := ed.Done()
	if want := `{"resourceType":"A","a":3,"list":[ 4],"more":[1 ,5,6]}`; err != nil || string(out.Raw()) != want {
		t.Errorf("%s %v", out.Raw(), err)
	}
}
