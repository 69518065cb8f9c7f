package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func post(t *testing.T, url, contentType, body string) (int, []byte) {
	t.Helper()
	resp, err := http.Post(url, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

// opened is what a link gives a receiver: the files as plaintext.
func opened(t *testing.T, link, passcode string) (int, [][]byte) {
	t.Helper()
	_, text, ok := strings.Cut(link, "shlink:/")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var p struct{ URL, Flag, Key string }
	if !ok || err != nil || json.Unmarshal(raw, &p) != nil {
		t.Fatalf("link %q: %v", link, err)
	}
	key, err := base64.RawURLEncoding.DecodeString(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	open := func(jwe []byte) []byte {
		obj, err := jose.ParseEncryptedCompact(string(jwe), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := obj.Decrypt(key)
		if err != nil {
			t.Fatal(err)
		}
		return plain
	}
	if strings.Contains(p.Flag, "U") {
		status, body := get(t, p.URL+"?recipient=test")
		if status != 200 {
			return status, nil
		}
		return status, [][]byte{open(body)}
	}
	status, body := post(t, p.URL, "application/json", `{"recipient":"test","passcode":"`+passcode+`"}`)
	var m struct {
		Files []struct{ Location, Embedded string }
	}
	if status != 200 || json.Unmarshal(body, &m) != nil {
		return status, nil
	}
	var files [][]byte
	for _, f := range m.Files {
		jwe := []byte(f.Embedded)
		if f.Location != "" {
			_, jwe = get(t, f.Location)
		}
		files = append(files, open(jwe))
	}
	return status, files
}

// TestDemoLinks walks through every demo patient's link as a receiver would.
func TestDemoLinks(t *testing.T) {
	w := start(t, Options{})
	for _, d := range w.Demo() {
		status, files := opened(t, d.Link, d.Passcode)
		if d.Key == "expired" {
			if status != 404 || !d.Expires.Before(time.Now()) {
				t.Errorf("expired: %d, %s", status, d.Expires)
			}
			continue
		}
		if status != 200 || len(files) < max(1, len(d.Bundles)) || !d.Expires.After(time.Now().Add(time.Hour)) {
			t.Errorf("%s: %d, %d files, expires %s", d.Key, status, len(files), d.Expires)
		}
		for i, b := range d.Bundles {
			if !bytes.Equal(files[i], b) {
				t.Errorf("%s file %d is not what was shared", d.Key, i)
			}
		}
		if d.Passcode != "" {
			if status, _ := opened(t, d.Link, "0000"); status != 401 {
				t.Errorf("%s opens with a wrong passcode: %d", d.Key, status)
			}
		}
		if d.Card != "" && !strings.HasPrefix(d.Card, "shc:/") {
			t.Errorf("%s: card %.20s", d.Key, d.Card)
		}
		if len(w.Accesses(d.LinkID)) == 0 {
			t.Errorf("%s: no access is noted", d.Key)
		}
	}
}

// TestDemoGrades holds what each story promises about $match.
func TestDemoGrades(t *testing.T) {
	w := start(t, Options{})
	certain := map[string]int{"returning": 1, "new": 0, "passcode": 1, "near-twin": 0, "ips": 1}
	atLeast := map[string]int{"near-twin": 1}
	for _, d := range w.Demo() {
		if len(d.Bundles) == 0 {
			continue
		}
		want, ok := certain[d.Key]
		if !ok {
			continue
		}
		var b struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(d.Bundles[0], &b); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Entry {
			if !bytes.Contains(e.Resource, []byte(`"resourceType":"Patient"`)) {
				continue
			}
			_, raw := post(t, w.FHIRBase()+"/Patient/$match", "application/fhir+json", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":`+string(e.Resource)+`}]}`)
			if got := bytes.Count(raw, []byte(`"valueCode":"certain"`)); got != want {
				t.Errorf("%s: %d certain charts, want %d", d.Key, got, want)
			}
			if got := bytes.Count(raw, []byte(`"mode":"match"`)); got < atLeast[d.Key] || d.Key == "new" && got != 0 {
				t.Errorf("%s: %d candidates", d.Key, got)
			}
		}
	}
}

// TestDemoImports posts every demo record as a transaction: the server takes what
// the stories bring, links and all.
func TestDemoImports(t *testing.T) {
	w := start(t, Options{People: 20})
	for _, d := range w.Demo() {
		for i, raw := range d.Bundles {
			if d.Key == "ips" {
				continue // a document's relative links are for the importer to settle
			}
			var b map[string]any
			if err := json.Unmarshal(raw, &b); err != nil {
				t.Fatal(err)
			}
			b["type"] = "transaction"
			for _, e := range b["entry"].([]any) {
				m := e.(map[string]any)
				m["request"] = map[string]any{"method": "POST", "url": m["resource"].(map[string]any)["resourceType"]}
			}
			out, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			if status, body := post(t, w.FHIRBase(), "application/fhir+json", string(out)); status != 200 {
				t.Errorf("%s file %d: %d %.300s", d.Key, i, status, body)
			}
		}
	}
}

func TestRefreshAndReset(t *testing.T) {
	w := start(t, Options{People: 20})
	before, old := w.Dump(), w.Demo()[0]
	if status, _ := post(t, w.FHIRBase()+"/Patient", "application/fhir+json", `{"resourceType":"Patient","active":true}`); status != 201 {
		t.Fatal(status)
	}
	if bytes.Equal(before, w.Dump()) {
		t.Fatal("the store did not change")
	}
	if err := w.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	strip := func(b []byte) string { // times differ
		var out []string
		for line := range strings.Lines(string(b)) {
			name, _, _ := strings.Cut(line, " ")
			out = append(out, name)
		}
		return strings.Join(out, "\n")
	}
	if strip(before) != strip(w.Dump()) {
		t.Error("reset does not give the first state")
	}
	if status, _ := opened(t, old.Link, ""); status != 404 {
		t.Errorf("the old link answers %d", status)
	}
	if status, _ := opened(t, w.Demo()[0].Link, ""); status != 200 {
		t.Errorf("the new link answers %d", status)
	}
}
