package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shlkiosk/config"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/vault"
)

// A key that anything is sealed with cannot be retired: the ledger, the audit
// trail's key, a file that was put aside.
func TestKeyThatSealsSomethingCannotBeRetired(t *testing.T) {
	cfg := config.Defaults()
	cfg.Organization, cfg.Ledger.Dir = "Test Clinic", t.TempDir()
	core, err := NewCore(cfg, Env{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := core.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Ledger.Put(t.Context(), outbox.Record{ID: "imp-1", Body: []byte("body")}); err != nil {
		t.Fatal(err)
	}
	old := s.Vault.Active()
	refused := func(id vault.KeyID, because string) {
		t.Helper()
		if err := s.MayRetire(id); err == nil || !strings.Contains(err.Error(), because) {
			t.Errorf("want a refusal with %q, got %v", because, err)
		}
	}
	refused(old, "active")
	if _, err := vault.AddKey(filepath.Join(cfg.Ledger.Dir, "key"), core.Env.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Vault.Reload(); err != nil {
		t.Fatal(err)
	}
	refused(old, "ledger")
	refused(old, "audit")
	if _, err := s.Ledger.Rewrap(); err != nil {
		t.Fatal(err)
	}
	refused(old, "audit")
	if err := s.ResealAudit(); err != nil {
		t.Fatal(err)
	}
	if err := s.MayRetire(old); err != nil {
		t.Errorf("nothing needs it any more: %v", err)
	}

	// Put aside long ago, with the old key's identifier across two pieces of
	// what is read at once.
	aside := filepath.Join(cfg.Ledger.Dir, "ledger", "quarantine")
	if err := os.MkdirAll(aside, 0o700); err != nil {
		t.Fatal(err)
	}
	file := make([]byte, 1<<20+4096)
	copy(file[1<<20-3:], old[:])
	if err := os.WriteFile(filepath.Join(aside, "ledger-1"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(old, "ledger-1")
	refused(old, "outbox drop")
	use, err := s.KeyUse()
	if err != nil || len(use) != 2 || !use[0].Active || !slices.Equal(use[0].Seals, []string{"ledger", "audit"}) || !slices.Equal(use[1].Seals, []string{"ledger-1"}) {
		t.Errorf("use %+v, %v", use, err)
	}
	if err := s.Ledger.DropQuarantined("ledger-1"); err != nil {
		t.Fatal(err)
	}
	if err := s.MayRetire(old); err != nil {
		t.Error(err)
	}
}
