package engine

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/outbox"
	"shlkiosk/ui/flow"
)

func TestWhatMakesTheKioskUnfit(t *testing.T) {
	for _, tc := range []struct {
		name string
		all  []outbox.Warning
		want flow.Reason
	}{
		{"nothing", nil, ""},
		{"near the limits", []outbox.Warning{{Code: "records", Have: 90, Limit: 100}, {Code: "bytes", Have: 99, Limit: 100}, {Code: "age", Have: 500, Limit: 72}}, ""},
		{"too many", []outbox.Warning{{Code: "records", Have: 100, Limit: 100}}, "ledger-full"},
		{"too large", []outbox.Warning{{Code: "records", Have: 90, Limit: 100}, {Code: "bytes", Have: 101, Limit: 100}}, "ledger-full"},
		{"no reserve", []outbox.Warning{{Code: "records", Have: 100, Limit: 100}, {Code: "disk", Have: 0, Limit: 128}}, "disk-full"},
		{"failed", []outbox.Warning{{Code: "records", Have: 100, Limit: 100}, {Code: "disk", Have: 0, Limit: 128}, {Code: "out-of-service", Have: 0, Limit: 0}}, "ledger-out-of-service"},
	} {
		if got := reasonOf(tc.all); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// watched runs a store and its watch in a bubble; heard is what was said since
// it was asked last.
func watched(t *testing.T, change func(*config.Config), f func(s *Store, heard func() []flow.Reason)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cfg := config.Defaults()
		cfg.Organization, cfg.Ledger.Dir = "Test Clinic", dir
		if change != nil {
			change(&cfg)
		}
		core, err := NewCore(cfg, Env{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		s, err := core.OpenStore()
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var said []flow.Reason
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Watch(ctx, flow.ReasonNone, func(r flow.Reason) { mu.Lock(); said = append(said, r); mu.Unlock() })
		}()
		f(s, func() []flow.Reason {
			time.Sleep(2 * healthEvery)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			got := said
			said = nil
			return got
		})
		cancel()
		<-done
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func expect(t *testing.T, when string, got []flow.Reason, want ...flow.Reason) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: said %q, want %q", when, got, want)
	}
}

// A full disk and a full ledger are said once each, and so is their end.
func TestHealthGoesAndComesBack(t *testing.T) {
	watched(t, func(c *config.Config) { c.Ledger.MaxRecords = 1 }, func(s *Store, heard func() []flow.Reason) {
		expect(t, "at the start", heard())
		id, err := s.Ledger.Put(t.Context(), outbox.Record{ID: "a", Code: "K7-42", Body: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "with the only place taken", heard(), "ledger-full")
		expect(t, "later", heard())
		if err := s.Ledger.Expire(id, "given-up"); err != nil {
			t.Fatal(err)
		}
		expect(t, "with the place free again", heard(), flow.ReasonNone)

		// A reserve that cannot be taken up again is a disk without room.
		reserve := filepath.Join(s.core.Config.Ledger.Dir, "ledger", "reserve")
		if !s.Ledger.ReleaseReserve() {
			t.Fatal("there was no reserve")
		}
		if err := os.Mkdir(reserve, 0o700); err != nil {
			t.Fatal(err)
		}
		expect(t, "without the reserve", heard(), "disk-full")
		if err := os.Remove(reserve); err != nil {
			t.Fatal(err)
		}
		expect(t, "with room again", heard(), flow.ReasonNone)
		all, err := audit.List(filepath.Join(s.core.Config.Ledger.Dir, "audit"), audit.Query{})
		if err != nil {
			t.Fatal(err)
		}
		var results []string
		for _, e := range all {
			if e.Action == "kiosk.health" {
				results = append(results, e.Result)
			}
		}
		if !slices.Equal(results, []string{"ledger-full", "ok", "disk-full", "ok"}) {
			t.Errorf("audit: %q", results)
		}
	})
}

// A trail that takes no entries ends service; once it takes one again, service
// comes back by itself.
func TestHealthWithoutAuditTrail(t *testing.T) {
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
	is := func(when string, want flow.Reason) {
		t.Helper()
		if got := s.Health(); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	s.Note("kiosk", "not a code", "", "ok", "")
	is("after an entry that is none", "")
	if err := s.Audit.Close(); err != nil {
		t.Fatal(err)
	}
	s.Note("kiosk", "kiosk.started", "", "ok", "")
	is("with the trail closed", "audit-io")
	s.mend()
	is("still closed", "audit-io")
	key, err := auditKey(s.Vault, cfg.Ledger.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.Audit, err = audit.Open(filepath.Join(cfg.Ledger.Dir, "audit"), audit.Options{Key: key}); err != nil {
		t.Fatal(err)
	}
	s.mend()
	is("with the trail open again", "")
}
