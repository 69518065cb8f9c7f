package outbox

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "5", "-1", "soon", "3600", "Mon, 23 Nov 2026 12:00:00 GMT", "99999999999999999999", "1e3", " 7 "} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if d := RetryAfter(s, now); d < 0 || d > MaxRetryAfter {
			t.Errorf("%q: %s", s, d)
		}
	})
}

// Whatever a ledger's file holds, reading it ends without a panic, and what
// salvage takes out of it authenticates.
func FuzzLedgerFile(f *testing.F) {
	dir := filepath.Join("testdata", "format1")
	good, err := os.ReadFile(filepath.Join(dir, "ledger", fileLedger))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, good[:200])
	f.Add(4096, good[4096:4200])
	f.Add(8192, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	// A checkout does not keep the mode that the vault asks of a key.
	key, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil {
		f.Fatal(err)
	}
	home := f.TempDir()
	if err := os.WriteFile(filepath.Join(home, "key"), key, 0o600); err != nil {
		f.Fatal(err)
	}
	o, err := childOptions(home)
	if err != nil {
		f.Fatal(err)
	}
	l := &Ledger{opt: o.withDefaults()}
	known := map[string]bool{}
	records, _ := l.sift(good)
	for _, r := range records {
		known[string(r.entry.ID)] = true
	}
	if len(known) != 12 {
		f.Fatalf("%d records in the fixture", len(known))
	}
	f.Fuzz(func(t *testing.T, at int, patch []byte) {
		b := bytes.Clone(good)
		if at < 0 {
			at = -(at + 1)
		}
		copy(b[at%len(b):], patch)
		_ = walk(bytes.NewReader(b), int64(len(b)), func(it item) error {
			_, err := it.read()
			return err
		})
		found, _ := l.sift(b)
		for _, r := range found {
			if !known[string(r.entry.ID)] {
				t.Errorf("a record out of nowhere: %s", r.entry.ID)
			}
		}
	})
}
