package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/outbox"
	"shlkiosk/ui/flow"
)

func marks(t *testing.T, c *Core) (out []outbox.Mark) {
	t.Helper()
	all, err := audit.List(c.auditDir(), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if m, ok := outbox.ParseMark(e.Detail); ok && e.Action == actionMark {
			out = append(out, m)
		}
	}
	return out
}

// The ledger's position is in the audit trail from the first start, daily, and
// after so many commits; not at every look.
func TestMarksAreWrittenDailyAndAfterCommits(t *testing.T) {
	watched(t, nil, func(s *Store, heard func() []flow.Reason) {
		heard()
		if n := len(marks(t, s.core)); n != 1 {
			t.Errorf("%d marks at the start", n)
		}
		time.Sleep(23 * time.Hour)
		if n := len(marks(t, s.core)); n != 1 {
			t.Errorf("%d marks within a day", n)
		}
		for day := 2; day < 5; day++ {
			time.Sleep(24 * time.Hour)
			synctest.Wait()
			if n := len(marks(t, s.core)); n != day {
				t.Errorf("%d marks by day %d", n, day)
			}
		}
		had := len(marks(t, s.core))
		for i := range markTxns {
			if _, err := s.Ledger.Put(t.Context(), outbox.Record{ID: fmt.Sprint("imp-", i), Body: []byte("x")}); err != nil {
				t.Fatal(err)
			}
		}
		heard()
		all := marks(t, s.core)
		if len(all) != had+1 || all[had] != s.Ledger.Mark() {
			t.Errorf("after %d commits: %d marks, the last %+v, the ledger is at %+v", markTxns, len(all)-had, all[len(all)-1], s.Ledger.Mark())
		}
	})
}

// A kiosk that dies is noticed to have been rolled back, though its ledger was
// never closed: the mark of the running kiosk is enough.
func TestMarkShowsARollbackAfterACrash(t *testing.T) {
	dir, copyOf := t.TempDir(), t.TempDir()
	core := func() *Core {
		cfg := config.Defaults()
		cfg.Organization, cfg.Ledger.Dir = "Test Clinic", dir
		c, err := NewCore(cfg, Env{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	s, err := core().OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(copyOf, "old"), os.DirFS(filepath.Join(dir, "ledger"))); err != nil {
		t.Fatal(err)
	}
	if s, err = core().OpenStore(); err != nil {
		t.Fatal(err)
	}
	for i := range markTxns {
		if _, err := s.Ledger.Put(t.Context(), outbox.Record{ID: fmt.Sprint("imp-", i), Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	s.markDue() // as Watch does
	// Dies: nothing of Close happens but that the locks go.
	if err := s.Ledger.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Audit.Close(); err != nil {
		t.Fatal(err)
	}
	s.Vault.Close()
	if err := os.RemoveAll(filepath.Join(dir, "ledger")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "ledger"), os.DirFS(filepath.Join(copyOf, "old"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ledger.db", "ledger.seen"} {
		if err := os.Chmod(filepath.Join(dir, "ledger", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = core().OpenStore(); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, a := range s.Ledger.Alarms() {
		if a.Code == outbox.AlarmRolledBack {
			return
		}
	}
	t.Errorf("an older copy of the whole folder was not noticed: %+v", s.Ledger.Alarms())
}
