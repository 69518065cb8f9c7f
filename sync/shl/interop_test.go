package shl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

// peers finds the npm packages that `make interop` installs, or skips with a
// clear word. SHL_INTEROP=require makes their absence a failure.
func peers(t testing.TB, module string) string {
	t.Helper()
	dir := os.Getenv("SHL_INTEROP_DIR")
	if dir == "" {
		dir = "../../.interop"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	missing := ""
	if testing.Short() && os.Getenv("SHL_INTEROP") == "" {
		t.Skip("INTEROP NOT RUN: -short")
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node is not installed"
	} else if _, err := os.Stat(filepath.Join(dir, "node_modules", module)); err != nil {
		missing = "npm package " + module + " is not in " + dir + ": run make interop (needs npm and its registry)"
	}
	if missing == "" {
		return dir
	}
	if os.Getenv("SHL_INTEROP") == "require" {
		t.Fatal("interop: " + missing)
	}
	t.Skip("INTEROP NOT RUN: " + missing)
	return ""
}

type peerLink struct {
	Name, URI, Passcode string
	EmbeddedLengthMax   int
	Want                []string
}

// peerServer starts the other implementation's sender.
func peerServer(t *testing.T) (base string, links []peerLink) {
	t.Helper()
	dir := peers(t, "kill-the-clipboard")
	cmd := exec.Command("node", "testdata/interop/server.mjs", dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the peer said nothing: %v", err)
	}
	var said struct {
		Base  string
		Links []peerLink
	}
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatal(err)
	}
	return said.Base, said.Links
}

func TestInteropOpensTheirLinks(t *testing.T) {
	base, links := peerServer(t)
	g, err := guard.New(guard.Options{Allow: []string{base}})
	if err != nil {
		t.Fatal(err)
	}
	if len(links) != 9 {
		t.Fatalf("%d links", len(links))
	}
	for _, p := range links {
		t.Run(p.Name, func(t *testing.T) {
			link, err := Parse(p.URI, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if link.NeedsPasscode() != (p.Passcode != "") {
				t.Fatalf("passcode needed: %v", link.NeedsPasscode())
			}
			r := NewResolver(Options{Guard: g, Recipient: "Test clinic, kiosk 1", EmbeddedLengthMax: p.EmbeddedLengthMax})
			if p.Passcode != "" {
				_, err := r.Resolve(context.Background(), link, phi.SecretFromString("wrong"))
				if ReasonOf(err) != WrongPasscode || *err.(*Error).Remaining != 4 {
					t.Fatalf("wrong passcode: %v", err)
				}
			}
			rec, err := r.Resolve(context.Background(), link, phi.SecretFromString(p.Passcode))
			if err != nil || rec.Partial || len(rec.Files) != len(p.Want) {
				t.Fatalf("%d files, %+v, %v", len(rec.Files), rec.Problems, err)
			}
			for i, f := range rec.Files {
				if string(f.Bytes) != p.Want[i] {
					t.Errorf("file %d: %d bytes, want %d", i, len(f.Bytes), len(p.Want[i]))
				}
			}
		})
	}
}

func TestInteropTheyOpenOurLinks(t *testing.T) {
	dir := peers(t, "kill-the-clipboard")
	type hosted struct {
		link     *Link
		passcode string
		body     string
		located  string
	}
	var cases []*hosted
	var s *server
	s = newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		for i, c := range cases {
			switch r.URL.Path {
			case fmt.Sprintf("/%d", i):
				if c.link.Direct() {
					io.WriteString(w, c.body)
					return
				}
				entry := map[string]any{"contentType": TypeFHIR, "embedded": c.body}
				if c.located != "" {
					entry = map[string]any{"contentType": TypeFHIR, "location": fmt.Sprintf("%s/%d/file", s.URL, i)}
				}
				json.NewEncoder(w).Encode(map[string]any{"files": []any{entry}})
				return
			case fmt.Sprintf("/%d/file", i):
				io.WriteString(w, c.located)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	})
	plain := []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","name":[{"family":"Doé"}]}}]}`)
	var ask []map[string]string
	for _, c := range []struct {
		flag, passcode string
		zip, located   bool
	}{{"U", "", false, false}, {"LU", "", true, false}, {"", "", false, false}, {"", "", true, true}, {"P", "1234", true, false}, {"LP", "1", false, true}} {
		l, err := NewLink(LinkOptions{URL: fmt.Sprintf("%s/%d", s.URL, len(cases)), Flag: c.flag, Label: "Ours é", Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := l.Seal(plain, SealOptions{ContentType: TypeFHIR, Zip: c.zip, Kid: c.zip})
		if err != nil {
			t.Fatal(err)
		}
		h := &hosted{link: l, passcode: c.passcode, body: sealed}
		if c.located {
			h.located = sealed
		}
		cases = append(cases, h)
		ask = append(ask, map[string]string{"uri": l.Encode("https://viewer.example.org/"), "passcode": c.passcode})
	}
	in, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "testdata/interop/viewer.mjs", dir)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Resources []any
		Error     string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	var want any
	if err := json.Unmarshal(plain, &want); err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		if g.Error != "" || len(g.Resources) != 1 || !reflect.DeepEqual(g.Resources[0], want) {
			t.Errorf("link %d (flag %v): %s, %d resources", i, ask[i], g.Error, len(g.Resources))
		}
	}
	if len(got) != len(cases) {
		t.Errorf("%d answers for %d links", len(got), len(cases))
	}
	for _, r := range s.requests() {
		if r.Method == "POST" && !json.Valid([]byte(r.Body)) {
			t.Errorf("manifest request %q", r.Body)
		}
	}
}
