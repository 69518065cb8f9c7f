package shl

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkParsed holds what every result of Parse must keep to.
func checkParsed(t *testing.T, l *Link, err error) {
	t.Helper()
	var e *Error
	if err != nil {
		if l != nil || !errors.As(err, &e) {
			t.Fatalf("error of another type, or a link beside it: %T", err)
		}
		if _, ok := Explain(e.Reason); !ok {
			t.Fatalf("reason %q is not in the table", e.Reason)
		}
		if e.Stage != StageDecode && e.Stage != StagePayload {
			t.Fatalf("stage %q", e.Stage)
		}
		return
	}
	label := l.Label().Reveal()
	if n := utf8.RuneCountInString(label); n > maxLabel || strings.ContainsAny(label, "\n\r\x00\x1b\u202e\u2066") {
		t.Fatalf("label %q", label)
	}
	if l.key.Len() != keyBytes || l.Host() == "" || l.url.User != nil || l.url.Fragment != "" {
		t.Fatal("a link without what it needs")
	}
	if l.Direct() && l.NeedsPasscode() {
		t.Fatal("a direct link that asks for a passcode")
	}
	again, err := Parse(l.Encode("https://v.example/"), testNow)
	if err != nil || !again.Same(l) || again.Label() != l.Label() {
		t.Fatalf("does not survive its own encoding: %v", err)
	}
}

func FuzzLinkText(f *testing.F) {
	good := with("", "")
	for _, s := range []string{"", "shlink:/", good, "https://v.example/#" + good, strings.ToUpper("shlink:/") + good[8:], good + " " + good,
		"shlink%3A%2F" + good[8:], "%23shlink%253A%252F" + good[8:], good[:90] + "\n" + good[90:], "shc:/5676", "@\nANSI 6360", "HC1:X", `{"type":"cms-htei"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text, testNow)
		checkParsed(t, l, err)
		kind := Classify(text)
		if (err == nil) && kind != KindLink {
			t.Fatalf("a link that is classified as %s", kind)
		}
	})
}

func FuzzPayload(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `null`, `{"url":"https://a.example.com/x","key":"` + testKey + `"}`,
		`{"url":"https://a.example.com/x","key":"` + testKey + `","exp":1e400,"flag":"LPU","label":"\u202ex","v":1.0}`,
		`{"v":2,"label":"x"}`, `{"url":"https://127.1/","exp":"4102444800","flag":5}`, "\ufeff{}", `{"exp":-1,"exp":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		l, err := Parse("shlink:/"+base64.RawURLEncoding.EncodeToString(payload), testNow)
		checkParsed(t, l, err)
	})
}

func FuzzJWE(f *testing.F) {
	def := `{"alg":"dir","enc":"A256GCM","zip":"DEF"}`
	f.Add([]byte(forge(f, plainHead, []byte(testBundle))))
	f.Add([]byte(forge(f, def, deflated(f, []byte(testBundle)))))
	f.Add([]byte("a.b.c.d.e"))
	f.Add([]byte(strings.Repeat(".", 100)))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, compact []byte) {
		p, err := OpenJWE(append([]byte(nil), compact...), rawKey(1), 1<<16)
		if err == nil && (p == nil || len(p.Bytes) > 1<<16) {
			t.Fatalf("%d bytes above the limit", len(p.Bytes))
		}
		if err != nil && p != nil {
			t.Fatal("plaintext beside an error")
		}
		file := File{}
		if oerr := openInto(&file, append([]byte(nil), compact...), rawKey(1), "", 1<<16); oerr != nil {
			if _, ok := Explain(oerr.Reason); !ok {
				t.Fatalf("reason %q is not in the table", oerr.Reason)
			}
		}
	})
}

// FuzzInflate feeds the inflater what an attacker who has the key would, and
// asks the standard library about every stream.
func FuzzInflate(f *testing.F) {
	f.Add(deflated(f, []byte(testBundle)), 1000)
	f.Add(zlibbed([]byte(testBundle)), 1000)
	f.Add(deflated(f, record(4<<10, 1)), 1<<13)
	f.Add([]byte{0x78, 0x9c}, 0)
	f.Fuzz(func(t *testing.T, deflated []byte, limit int) {
		if limit < 0 || limit > 1<<20 {
			return
		}
		sameAsBeside(t, deflated, int64(limit))
	})
}

func FuzzManifest(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `{"files":[]}`, `{"files":[null,{},{"location":"/x"},{"embedded":"a.b.c"}],"list":{},"status":"finalized"}`,
		`{"files":[{"contentType":5,"location":["x"],"embedded":{},"status":"no-longer-valid"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rec := &Record{}
		entries, err := readManifest(b, 10, rec)
		if err != nil {
			if _, ok := Explain(err.Reason); !ok || entries != nil {
				t.Fatalf("%v with %d entries", err, len(entries))
			}
			return
		}
		if len(entries) == 0 || len(entries) > 10 {
			t.Fatalf("%d entries", len(entries))
		}
		for _, e := range entries {
			if e.bad == nil && e.location == "" && strings.TrimSpace(e.embedded) == "" {
				t.Fatal("an entry without content is not reported")
			}
		}
		if len(rec.List) > 0 && !json.Valid(rec.List) {
			t.Fatal("list is not JSON")
		}
	})
}

// FuzzTopNames: the shortcut agrees with encoding/json about valid objects.
func FuzzTopNames(f *testing.F) {
	f.Add([]byte(`{"a":"\"resourceType\":\\","b":[{"x":1}],"resourceType":"X"}`))
	f.Add([]byte(`{"a":{},"b":"}"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m map[string]json.RawMessage
		if json.Unmarshal(b, &m) != nil || m == nil {
			for range topNames(b) { // must end, whatever it yields
			}
			return
		}
		_, want := m["resourceType"]
		got := false
		for name := range topNames(b) {
			got = got || name == "resourceType"
		}
		if got && !want || want && !got && !strings.Contains(string(b), `\u`) {
			t.Fatalf("resourceType found %v, is there %v", got, want)
		}
	})
}

func FuzzPasscodeInManifestRequest(f *testing.F) {
	f.Add([]byte(`pass"\word`), "clinic")
	f.Add([]byte("\x00\xff\u2028é"), `a"b`)
	f.Fuzz(func(t *testing.T, passcode []byte, recipient string) {
		var got struct{ Recipient, Passcode string }
		if err := json.Unmarshal(manifestBody(recipient, passcode, 5), &got); err != nil {
			t.Fatal(err)
		}
		if utf8.Valid(passcode) && got.Passcode != string(passcode) {
			t.Fatalf("%q became %q", passcode, got.Passcode)
		}
	})
}
