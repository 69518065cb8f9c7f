package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestScanRefuses(t *testing.T) {
	deep := strings.Repeat(`{"resourceType":"A","a":`, 65) + "1" + strings.Repeat("}", 65)
	for name, c := range map[string]struct {
		in   string
		want Reason
	}{
		"empty":                   {"", ReasonInvalidJSON},
		"two documents":           {`{"resourceType":"A"}{}`, ReasonInvalidJSON},
		"array":                   {`[]`, ReasonNotFHIR},
		"no type":                 {`{"id":"1"}`, ReasonNotFHIR},
		"numeric type":            {`{"resourceType":5}`, ReasonNotFHIR},
		"path as type":            {`{"resourceType":"../x"}`, ReasonNotFHIR},
		"XML":                     {`<Patient/>`, ReasonInvalidJSON},
		"duplicate key":           {`{"resourceType":"A","id":"1","id":"2"}`, ReasonDuplicateKey},
		"duplicate, escaped":      {`{"resourceType":"A","id":"1","\u0069d":"2"}`, ReasonDuplicateKey},
		"duplicate deep inside":   {`{"resourceType":"A","x":[{"a":{"b":1,"b":1}}]}`, ReasonDuplicateKey},
		"duplicate among many":    {`{"resourceType":"A",` + manyMembers(60) + `,"k3":1}`, ReasonDuplicateKey},
		"escaped among many":      {`{"resourceType":"A",` + manyMembers(60) + `,"\u006b59":1}`, ReasonDuplicateKey},
		"duplicate, long names":   {`{"resourceType":"A","aLongNameOfAMember":1,"b":2,"aLongNameOfAMember":1}`, ReasonDuplicateKey},
		"deep":                    {deep, ReasonTooDeep},
		"bytes not UTF-8":         {"{\"resourceType\":\"A\",\"x\":\"\xff\"}", ReasonInvalidUTF8},
		"overlong UTF-8":          {"{\"resourceType\":\"A\",\"x\":\"\xc0\xaf\"}", ReasonInvalidUTF8},
		"half a pair":             {`{"resourceType":"A","x":"\ud800"}`, ReasonInvalidUnicode},
		"low half alone":          {`{"resourceType":"A","x":"\udc00x"}`, ReasonInvalidUnicode},
		"control character":       {"{\"resourceType\":\"A\",\"x\":\"\n\"}", ReasonInvalidJSON},
		"leading zero":            {`{"resourceType":"A","x":01}`, ReasonInvalidJSON},
		"plus sign":               {`{"resourceType":"A","x":+1}`, ReasonInvalidJSON},
		"bare point":              {`{"resourceType":"A","x":1.}`, ReasonInvalidJSON},
		"trailing comma":          {`{"resourceType":"A",}`, ReasonInvalidJSON},
		"cut short":               {`{"resourceType":"A","x":[1,`, ReasonInvalidJSON},
		"NaN":                     {`{"resourceType":"A","x":NaN}`, ReasonInvalidJSON},
		"nesting 200,000 deep":    {strings.Repeat("[", 200_000), ReasonTooDeep},
		"escape cut at the end":   {`{"resourceType":"A","x":"\u00`, ReasonInvalidJSON},
		"backslash ends document": {`{"resourceType":"A","x":"\`, ReasonInvalidJSON},
	} {
		_, err := ParseBundle([]byte(c.in), DefaultLimits())
		var fe *Error
		if !errors.As(err, &fe) || fe.Reason != c.want {
			t.Errorf("%s: %v, want reason %s", name, err, c.want)
		}
	}
	if _, err := ParseResource([]byte(`{"resourceType":"A"}`), Limits{MaxBytes: 10}); reason(err) != ReasonTooLarge {
		t.Errorf("size limit: %v", err)
	}
	// Names that begin, end and are as long as one another are not one name.
	alike := `{"resourceType":"A","abcdefgh1ijklmnop":1,"abcdefgh2ijklmnop":2,"abcdefgh3ijklmnop":3,"":4,"a":5,"aa":6,"abab":7,"ababab":8,"abababab":9}`
	if r, err := ParseResource([]byte(alike), Limits{}); err != nil || r.Value().Len() != 10 {
		t.Errorf("names that are alike: %v", err)
	}
	many := `{"resourceType":"Bundle","entry":[` + strings.Repeat(`{},`, 10) + `{}]}`
	if _, err := ParseBundle([]byte(many), Limits{MaxEntries: 10}); reason(err) != ReasonTooManyEntries {
		t.Errorf("entry limit: %v", err)
	}
}

func reason(err error) Reason {
	var fe *Error
	if errors.As(err, &fe) {
		return fe.Reason
	}
	return ""
}

func manyMembers(n int) string {
	var b []string
	for i := range n {
		b = append(b, fmt.Sprintf("%q:%d", fmt.Sprint("k", i), i))
	}
	return strings.Join(b, ",")
}

func TestViewsReadWithoutReencoding(t *testing.T) {
	src := "\xef\xbb\xbf \n" + `{"resourceType":"Observation","id":"o\u0031","valueQuantity":{"value":1.00,"x":1E-22},` +
		`"note":[{"text":"a\"b\\ \u00e9 \ud83d\ude00"},null],"flag":true,"none":null,"list":[1, [2,3] ,"x"],"empty":{},"none2":[]}` + "\n"
	r, err := ParseResource([]byte(src), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want string }{
		{r.Type(), "Observation"},
		{r.ID(), "o1"},
		{r.Get("valueQuantity", "value").Number(), "1.00"},
		{r.Get("valueQuantity", "x").Number(), "1E-22"},
		{r.Get("valueQuantity", "value").String(), ""},
		{r.Get("note", 0, "text").String(), "a\"b\\ é 😀"},
		{string(r.Get("note", 1).Raw()), "null"},
		{r.Get("list", 1, 1).Number(), "3"},
		{r.Get("list", 7).String(), ""},
		{r.Get("id", "x", 3).String(), ""},
		{fmt.Sprint(r.Get("note").Len(), r.Get("empty").Len(), r.Get("none2").Len()), "2 0 0"},
		{strings.Join(r.Get("valueQuantity").Keys(), " "), "value x"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if !r.Get("flag").Bool() || r.Get("none").Bool() || !r.Get("none").Exists() || r.Get("gone").Exists() {
		t.Error("true, null or absent read wrong")
	}
	if got, want := string(r.Raw()), strings.TrimSpace(src[3:]); got != want {
		t.Errorf("raw changed")
	}
}

func TestBundleKeepsOnlyFullUrlAndResource(t *testing.T) {
	b, err := ParseBundle([]byte(`{"resourceType":"Bundle","type":"transaction","timestamp":"2026-01-01T00:00:00Z","entry":[
		{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p"},"request":{"method":"DELETE","url":"Patient/1"}},
		{"request":{"method":"DELETE","url":"Patient/2"}},
		{"resource":{"resourceType":7}},
		{"resource":{"resourceType":"Basic"},"search":{"mode":"match"}}]}`), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range b.Entries {
		got = append(got, fmt.Sprint(e.Index, e.FullURL, e.Resource.Type()))
	}
	if s := strings.Join(got, " "); b.Type != "transaction" || s != "0urn:uuid:1Patient 2 3Basic" {
		t.Errorf("%s %s", b.Type, s)
	}
	one, err := ParseBundle([]byte(`{"resourceType":"Patient"}`), DefaultLimits())
	if err != nil || one.Type != "" || len(one.Entries) != 1 || one.Entries[0].Resource.Type() != "Patient" {
		t.Errorf("single resource: %d entries, %v", len(one.Entries), err)
	}
}

func TestNothingPrintsContent(t *testing.T) {
	r, _ := ParseResource([]byte(`{"resourceType":"Patient","name":[{"family":"Zzyzx"}]}`), DefaultLimits())
	b, _ := ParseBundle(r.Raw(), DefaultLimits())
	s := fmt.Sprintf("%v %+v %#v %s %q %x %v %v %v", r, r, r, r, r.Get("name"), r.Get("name", 0), b, b.Entries, []any{r, b})
	if strings.Contains(s, "Zzyzx") || strings.Contains(s, fmt.Sprintf("%x", "Zzyzx")) {
		t.Errorf("content printed")
	}
}

// TestScanAgreesWithEncodingJSON: what scan accepts, encoding/json accepts, and
// the views read the same.
func TestScanAgreesWithEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genJSON(4).Draw(t, "v")
		raw, _ := json.Marshal(map[string]any{"resourceType": "Basic", "v": v})
		r, err := ParseResource(raw, DefaultLimits())
		if err != nil {
			t.Fatalf("refused what encoding/json wrote: %v", err)
		}
		var back any
		if err := json.Unmarshal(r.Get("v").Raw(), &back); err != nil {
			t.Fatalf("view is no JSON: %v", err)
		}
		a, _ := json.Marshal(back)
		b, _ := json.Marshal(v)
		if string(a) != string(b) {
			t.Fatalf("view differs")
		}
		if s, ok := v.(string); ok && r.Get("v").String() != s {
			t.Fatalf("string %q read as %q", s, r.Get("v").String())
		}
	})
}

func genJSON(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kind := rapid.IntRange(0, 5).Draw(t, "kind")
		if depth == 0 && kind > 3 {
			kind = 0
		}
		switch kind {
		case 0:
			return rapid.String().Draw(t, "s")
		case 1:
			return float64(rapid.Int32().Draw(t, "n"))
		case 2:
			return rapid.Bool().Draw(t, "b")
		case 3:
			return nil
		case 4:
			return anySlice(rapid.SliceOfN(genJSON(depth-1), 0, 4).Draw(t, "a"))
		}
		m := map[string]any{}
		for k, v := range rapid.MapOfN(rapid.String(), genJSON(depth-1), 0, 4).Draw(t, "o") {
			m[k] = v
		}
		return m
	})
}

func anySlice(v []any) any { return v }

// A name with white space before its colon, where one without stood before, is
// the same name and no other.
func TestWhiteSpaceBeforeTheColon(t *testing.T) {
	long := strings.Repeat("x", 80)
	for _, gap := range []string{" ", "  ", "\t", "\n"} {
		raw := `{"resourceType":"Basic","a":[{"url":"u","valueDecimal":1.00},{"url"` + gap + `:"u","valueDecimal"` + gap + `: 1.00 },{"url":"v","valueDecimal":2}],"b":"` + long + `"}`
		r, err := ParseResource([]byte(raw), DefaultLimits())
		if err != nil {
			t.Errorf("%q before the colon: %v", gap, err)
			continue
		}
		if got := r.Get("a", 1, "valueDecimal").Number(); got != "1.00" {
			t.Errorf("%q before the colon: %q", gap, got)
		}
	}
}
