package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "kiosk.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func problems(t *testing.T, err error) Problems {
	t.Helper()
	var p Problems
	if !errors.As(err, &p) {
		t.Fatalf("error = %v, want Problems", err)
	}
	return p
}

func TestLaterSourcesWin(t *testing.T) {
	file := write(t, "organization: From file\nfhir:\n  base: https://file.example/fhir\n  timeout: 5s\nretrieval:\n  allow: [a.example, 10.0.0.0/8]\n")
	c, err := Load(Sources{File: file,
		Env:   []string{"KIOSK_FHIR_BASE=https://env.example/fhir", "KIOSK_RETRIEVAL_ALLOW=b.example, http://127.0.0.1:1", "PATH=/bin", "KIOSK_CONFIG=x"},
		Flags: map[string]string{"organization": "From flag"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Organization != "From flag" || c.FHIR.Base != "https://env.example/fhir" || c.FHIR.Timeout != 5*time.Second {
		t.Errorf("got %q %q %v", c.Organization, c.FHIR.Base, c.FHIR.Timeout)
	}
	if got := strings.Join(c.Retrieval.Allow, "|"); got != "b.example|http://127.0.0.1:1" {
		t.Errorf("allow = %q", got)
	}
	if c.Camera.Width != Defaults().Camera.Width {
		t.Error("an unset key lost its default")
	}
	if err := c.Validate(NeedRetrieval | NeedServer); err != nil {
		t.Error(err)
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	file := write(t, `
organisation: misspelt
camera:
  width: wide
  mjpg: "yes please"
idle: {review: soon}
fhir: [a, list]
kiosk: [x]
kiosk: twice
`)
	_, err := Load(Sources{File: file, Env: []string{"KIOSK_FIHR_BASE=x", "KIOSK_CAMERA_FPS=fast"},
		Flags: map[string]string{"no.such": "1"}})
	got := problems(t, err)
	for _, want := range []string{"organisation", "camera.width", "camera.mjpg", "idle.review", "fhir", "kiosk",
		"KIOSK_FIHR_BASE", "camera.fps", "no.such"} {
		found := false
		for _, p := range got {
			if p.Path == want {
				found = true
			}
		}
		if !found {
			t.Errorf("no problem for %s in:\n%v", want, err)
		}
	}
	text := err.Error()
	for _, want := range []string{"Did you mean organization?", "Did you mean KIOSK_FHIR_BASE?", "kiosk.yaml:2"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func TestACommandAsksOnlyForWhatItNeeds(t *testing.T) {
	c := Defaults()
	c.Organization = "Clinic"
	if err := c.Validate(NeedRetrieval); err != nil {
		t.Errorf("resolve must live on organization alone: %v", err)
	}
	got := problems(t, c.Validate(NeedAll))
	paths := map[string]bool{}
	for _, p := range got {
		paths[p.Path] = true
		if p.Fix == "" {
			t.Errorf("%s says nothing of what to do", p.Path)
		}
	}
	if !paths["fhir.base"] || !paths["ledger.dir"] || len(paths) != 2 {
		t.Errorf("problems = %v", got)
	}
}

func TestValuesThatCannotWork(t *testing.T) {
	for _, tc := range []struct {
		path, text string
		need       Need
	}{
		{"organization", " ", NeedRetrieval},
		{"kiosk", "a b", NeedRetrieval},
		{"fhir.base", "http://fhir.example.org/fhir", NeedServer},
		{"fhir.base", "ftp://fhir.example.org", NeedServer},
		{"fhir.base", "https://user:pw@fhir.example.org", NeedServer},
		{"fhir.base", "fhir.example.org", NeedServer},
		{"fhir.ca_file", "/no/such/file", NeedServer},
		{"fhir.cert_file", "/no/such/file", NeedServer},
		{"fhir.auth.kind", "magic", NeedServer},
		{"fhir.auth.token_url", "http://elsewhere.example/token", NeedServer},
		{"identity.policy", "guess", NeedServer},
		{"retrieval.profile", "open", NeedRetrieval},
		{"retrieval.allow", "10.0.0.0/99", NeedRetrieval},
		{"retrieval.allow", "ftp://x", NeedRetrieval},
		{"retrieval.timeout", "0s", NeedRetrieval},
		{"retrieval.proxy", "proxy", NeedRetrieval},
		{"retrieval.max_files", "0", NeedRetrieval},
		{"retrieval.attestation_issuers", "http://app.example", NeedRetrieval},
		{"cards.policy", "some", NeedRetrieval},
		{"ledger.key", "secret", NeedLedger},
		{"ledger.max_mb", "1", NeedLedger},
		{"display.width_mm", "21", NeedScreen},
		{"display.theme", "pink", NeedScreen},
		{"languages", "English", NeedScreen},
		{"languages", "en,en", NeedScreen},
		{"idle.warn", "5s", NeedScreen},
		{"idle.review", "1h", NeedScreen},
		{"camera.fps", "0", NeedScreen},
		{"staff.pin_hash", "1234", NeedStaff},
		{"log.level", "loud", NeedStaff},
	} {
		base := Defaults()
		base.Organization, base.FHIR.Base, base.Ledger.Dir = "Clinic", "https://fhir.example.org/fhir", t.TempDir()
		c, err := Load(Sources{Base: &base, Flags: map[string]string{tc.path: tc.text}})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Validate(tc.need)
		if err == nil || !strings.Contains(err.Error(), tc.path) {
			t.Errorf("%s=%q: %v", tc.path, tc.text, err)
		}
		if err != nil && tc.path == "staff.pin_hash" && strings.Contains(err.Error(), tc.text) {
			t.Error("a secret is in the message")
		}
	}
}

func TestLoopbackMayBeHTTP(t *testing.T) {
	for _, base := range []string{"http://127.0.0.1:8080/fhir", "http://[::1]/fhir", "http://localhost:9/fhir"} {
		c := Defaults()
		c.Organization, c.FHIR.Base = "Clinic", base
		if err := c.Validate(NeedServer); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

func TestShowIsReadBackAndHidesSecrets(t *testing.T) {
	c := Defaults()
	c.Organization = "Dr. #1: \"Best\", [Clinic]"
	c.Retrieval.Allow = []string{"http://127.0.0.1:80", "a.example"}
	c.Staff.PINHash = "$argon2id$hidden"
	c.Staff.People = []Person{{ID: "ann", Name: "Ann: A", PINHash: "$argon2id$also"}}
	text := c.Show()
	if strings.Contains(text, "hidden") || strings.Contains(text, "also\"") {
		t.Error("Show prints a PIN hash")
	}
	back, err := Load(Sources{File: write(t, text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if back.Organization != c.Organization || strings.Join(back.Retrieval.Allow, "|") != strings.Join(c.Retrieval.Allow, "|") ||
		back.Ledger.KeepDone != c.Ledger.KeepDone || back.Staff.People[0].Name != "Ann: A" {
		t.Errorf("read back: %+v", back)
	}
}

func TestSaveKeepsCommentsAndRefusesWhatIsWrong(t *testing.T) {
	file := write(t, "# our clinic\norganization: Old # the name\nfhir:\n  base: https://a.example/fhir\n")
	if err := Save(file, map[string]string{"organization": "New", "camera.device": "Logitech", "idle.review": "90s"}, NeedRetrieval|NeedServer|NeedScreen); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	for _, want := range []string{"# our clinic", "# the name", "organization: New", "device: Logitech", "review: 1m30s"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	err := Save(file, map[string]string{"idle.warn": "1s", "display.width_mm": "476"}, NeedScreen)
	if err == nil || !strings.Contains(err.Error(), "idle.warn") {
		t.Errorf("err = %v", err)
	}
	if again, _ := os.ReadFile(file); string(again) != string(text) {
		t.Error("a refused change was written")
	}
}

func TestEverySettingHasADescription(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Settings() {
		if s.Doc == "" || seen[s.Env] {
			t.Errorf("%+v", s)
		}
		seen[s.Env] = true
	}
	if len(seen) < 40 {
		t.Errorf("only %d settings", len(seen))
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("organization: x\nfhir: {base: y}\n")
	f.Add("a: &a [*a]\n")
	f.Add("languages: en\nidle:\n  warn: 30s\n---\nb: 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := Defaults()
		_ = readYAML(&c, "f", []byte(text))
		_ = c.Validate(NeedAll)
	})
}
