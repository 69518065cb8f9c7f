package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
)

// Doctor beside a running kiosk: the ledger is in use, which is no failure, and
// how far the audit trail has come is said all the same.
func TestDoctorBesideARunningKiosk(t *testing.T) {
	cfg := config.Defaults()
	cfg.Organization, cfg.Ledger.Dir = "Clinic", filepath.Join(t.TempDir(), "keep")
	core, err := engine.NewCore(cfg, engine.Env{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := core.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var out, errs bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now,
		Environ: []string{"KIOSK_ORGANIZATION=Clinic", "KIOSK_LEDGER_DIR=" + cfg.Ledger.Dir, "KIOSK_FHIR_BASE=http://127.0.0.1:9/fhir"}}
	Main(context.Background(), env, "kioskctl", []string{"doctor"}) // fails: nobody answers at that address
	for _, want := range []string{"ok       ledger: in use by a running kiosk", "ok       audit: 0 entries sent to the server, 1 wait"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s%s", want, out.String(), errs.String())
		}
	}
}
