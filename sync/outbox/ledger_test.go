package outbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shlkiosk/sync/vault"
)

func TestMain(m *testing.M) {
	if childMain() {
		return
	}
	goleak.VerifyTestMain(m)
}

func testVault(t testing.TB, dir string) *vault.Vault {
	t.Helper()
	path := filepath.Join(dir, "key")
	if _, err := vault.EnsureFile(path, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// testOptions is a ledger in a fresh folder, without the reserve's 64 MiB.
func testOptions(t testing.TB) Options {
	t.Helper()
	dir := t.TempDir()
	return Options{Dir: filepath.Join(dir, "ledger"), Vault: testVault(t, dir), Limits: Limits{Reserve: -1}}
}

func mustOpen(t testing.TB, o Options) *Ledger {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func mustPut(t testing.TB, l *Ledger, r Record) ID {
	t.Helper()
	id, err := l.Put(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if !errors.Is(err, &Error{Reason: want}) {
		t.Fatalf("error %v, want reason %s", err, want)
	}
}

func TestPutSurvivesReopening(t *testing.T) {
	o := testOptions(t)
	l := mustOpen(t, o)
	body := bytes.Repeat([]byte("Bundle of Jane Roe "), 5000)
	mustPut(t, l, Record{ID: "imp-1", Lane: "jane", Code: "K7-42", Body: body})
	mustPut(t, l, Record{ID: "imp-2", Lane: "jane", Body: []byte("second")})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = mustOpen(t, o)
	hs, err := l.List(Filter{})
	if err != nil || len(hs) != 2 || hs[0].ID != "imp-1" || hs[1].ID != "imp-2" {
		t.Fatalf("list %v, %v", hs, err)
	}
	h := hs[0]
	if h.State != Queued || h.Code != "K7-42" || h.Size != int64(len(body)) || h.Version != 1 || h.Lane != hs[1].Lane || h.Lane == "jane" {
		t.Errorf("header %+v", h)
	}
	if got, err := l.Body("imp-1"); err != nil || !bytes.Equal(got, body) {
		t.Errorf("body differs (%v)", err)
	}
	if a := l.Alarms(); len(a) != 0 {
		t.Errorf("alarms %v", a)
	}
	if got, _ := l.List(Filter{Code: "K7-42"}); len(got) != 1 {
		t.Errorf("by code: %v", got)
	}
}

func TestPutAgain(t *testing.T) {
	l := mustOpen(t, testOptions(t))
	r := Record{ID: "imp-1", Body: []byte("one")}
	mustPut(t, l, r)
	mustPut(t, l, r)
	r.Body = []byte("two")
	_, err := l.Put(context.Background(), r)
	wantReason(t, err, ReasonExists)
	if hs, _ := l.List(Filter{}); len(hs) != 1 {
		t.Errorf("%d records", len(hs))
	}
}

func TestDeleteLeavesNothingInTheFile(t *testing.T) {
	o := testOptions(t)
	l := mustOpen(t, o)
	for _, id := range []string{"keep", "gone"} {
		mustPut(t, l, Record{ID: id, Body: bytes.Repeat([]byte{7}, 30_000)})
	}
	for range 5 { // older versions of the record, in pages that become free
		if err := l.Update("gone", func(h *Header, body []byte) ([]byte, error) { return append(body, 1), nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Delete("gone"); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(o.Dir, fileLedger))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(file, []byte("gone")); n != 0 {
		t.Errorf("the deleted record's ID is %d times in the file", n)
	}
	if bytes.Count(file, []byte("keep")) == 0 {
		t.Error("the other record is not in the file: the search finds nothing at all")
	}
	if got, err := l.Body("keep"); err != nil || len(got) != 30_000 {
		t.Error("the other record was harmed:", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = mustOpen(t, o)
	if hs, _ := l.List(Filter{}); len(hs) != 1 || len(l.Alarms()) != 0 {
		t.Errorf("after reopening: %v, alarms %v", hs, l.Alarms())
	}
}

func TestWrongKeyTouchesNothing(t *testing.T) {
	o := testOptions(t)
	l := mustOpen(t, o)
	mustPut(t, l, Record{ID: "imp-1", Body: []byte("x")})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, fileLedger)
	before, _ := os.ReadFile(path)
	other := o
	other.Vault = testVault(t, t.TempDir())
	_, err := Open(other)
	wantReason(t, err, ReasonWrongKey)
	after, _ := os.ReadFile(path)
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	l = mustOpen(t, o)
	if _, err := l.Body("imp-1"); err != nil {
		t.Error(err)
	}
}

func TestTwoOwners(t *testing.T) {
	o := testOptions(t)
	mustOpen(t, o)
	_, err := Open(o)
	wantReason(t, err, ReasonBusy)
}
