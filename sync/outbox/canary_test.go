package outbox

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"shlkiosk/sync/phi/canary"
)

// Names, keys and passcodes that go through the ledger are in none of its files
// and not in the log, at any time of their life.
func TestFaultsCanary(t *testing.T) {
	o := testOptions(t)
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	keyText, err := os.ReadFile(filepath.Join(filepath.Dir(o.Dir), "key"))
	if err != nil {
		t.Fatal(err)
	}
	var key string
	for _, f := range bytes.Fields(keyText) {
		if len(f) == 44 {
			key = string(f)
		}
	}
	planted := map[string]string{"name": "Zyxwa Canary-Roe", "birth date": "1901-02-29", "passcode": "pass-918273", "lane": "zyxwa|1901-02-29", "vault key": key}
	s, err := canary.New(planted)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Appendf(nil, `{"name":%q,"birthDate":%q,"passcode":%q}`, planted["name"], planted["birth date"], planted["passcode"])
	scans := 0
	look := func(l *Ledger) {
		t.Helper()
		scans++
		hits, err := s.Files(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		hits = append(hits, s.Bytes("log", log.Bytes())...)
		for _, h := range hits {
			t.Error(h)
		}
	}
	control := filepath.Join(t.TempDir(), "control")
	if err := os.WriteFile(control, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if hits, err := s.Files(control); err != nil || len(hits) < 3 {
		t.Fatalf("the scanner does not find what is there: %v %v", hits, err)
	}

	l := mustOpen(t, o)
	id := mustPut(t, l, Record{ID: "imp-1", Lane: planted["lane"], Code: "K7-42", Body: body})
	look(l)
	job, err := l.claim(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Save(append(job.Body, body...)); err != nil {
		t.Fatal(err)
	}
	look(l)
	if _, err := l.settle(id, Outcome{State: Parked, Reason: "no-match"}, 0); err != nil {
		t.Fatal(err)
	}
	look(l)
	if err := l.Resolve(id, func(b []byte) ([]byte, error) { return append(b, '.'), nil }); err != nil {
		t.Fatal(err)
	}
	look(l)
	if err := l.Expire(id, "test"); err != nil {
		t.Fatal(err)
	}
	look(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	look(l)
	report(t, "canary in the ledger's files and log", "%d canaries in all encodings, %d moments of a record's life, every file of the folder and the log: 0 hits", len(planted), scans)
}
