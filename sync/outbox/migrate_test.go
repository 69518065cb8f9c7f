package outbox

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"shlkiosk/sync/vault"
)

var update = flag.Bool("update", false, "write the ledger of the present format into testdata")

// fixture is what each ledger in testdata holds: small records in every state.
func fixture(t *testing.T, l *Ledger) {
	for i := range 12 {
		id := mustPut(t, l, Record{ID: importID(i), Lane: fmt.Sprint(i % 3), Code: "K7-42", Body: importBody(importID(i))[:500]})
		job, err := l.claim(id)
		if err != nil {
			t.Fatal(err)
		}
		out := Outcome{State: []State{Queued, Delivered, Verified, Parked}[i%4], Reason: "r"}
		if i%8 == 2 {
			out.Body = append([]byte("receipt "), job.ID...)
		}
		if _, err := l.settle(id, out, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Expire(ID(importID(3)), "x"); err != nil {
		t.Fatal(err)
	}
}

func checkFixture(t *testing.T, l *Ledger) {
	t.Helper()
	hs, err := l.List(Filter{})
	if err != nil || len(hs) != 12 || len(l.Alarms()) != 0 {
		t.Fatalf("%d records, alarms %v, %v", len(hs), l.Alarms(), err)
	}
	for i, h := range hs {
		want := []State{Queued, Delivered, Verified, Parked}[i%4]
		if i == 3 {
			want = Expired
		}
		body, err := l.Body(h.ID)
		wantBody := importBody(string(h.ID))[:500]
		if i%8 == 2 {
			wantBody = append([]byte("receipt "), h.ID...)
		}
		gone := i == 3 || i%8 == 6
		if h.State != want || h.Code != "K7-42" || h.Attempts != 1 || h.Shredded != gone || (err != nil) != gone || err == nil && !bytes.Equal(body, wantBody) {
			t.Errorf("%d: %+v, %v", i, h, err)
		}
	}
}

// Ledgers that earlier releases wrote can be read, and written on.
func TestOldFormats(t *testing.T) {
	if *update {
		dir := filepath.Join("testdata", fmt.Sprintf("format%d", formatVersion))
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		key := filepath.Join(dir, "key")
		if _, err := vault.EnsureFile(key, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		o, err := childOptions(dir)
		if err != nil {
			t.Fatal(err)
		}
		l := mustOpen(t, o)
		fixture(t, l)
		_ = l.Close()
	}
	for f := 1; f <= formatVersion; f++ {
		from := filepath.Join("testdata", fmt.Sprintf("format%d", f))
		dir := t.TempDir()
		for _, name := range []string{"key", "ledger/" + fileLedger} {
			b, err := os.ReadFile(filepath.Join(from, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		o, err := childOptions(dir)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			l := mustOpen(t, o)
			checkFixture(t, l)
			mustPut(t, l, Record{ID: "new"})
			if err := l.Delete("new"); err != nil {
				t.Error(err)
			}
			_ = l.Close()
		}
	}
}

// rewrite changes a closed ledger's file as another version of the program might
// have left it.
func rewrite(t *testing.T, o Options, f func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(o.Dir, fileLedger), 0o600, boltOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
}

// asFormat makes a closed ledger one of another format.
func asFormat(t *testing.T, o Options, format int) {
	rewrite(t, o, func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		s, err := openSummary(o.Vault, meta.Get(keySummary))
		if err != nil {
			return err
		}
		s.Format = format
		sealed, err := s.seal(o.Vault)
		if err != nil {
			return err
		}
		if err := meta.Put(keySummary, sealed); err != nil {
			return err
		}
		return meta.Put(keyFormat, []byte{byte(format)})
	})
}

func TestMigrationSeam(t *testing.T) {
	o := testOptions(t)
	l := mustOpen(t, o)
	fixture(t, l)
	_ = l.Close()
	asFormat(t, o, formatVersion-1)
	path := filepath.Join(o.Dir, fileLedger)
	before, _ := os.ReadFile(path)

	// No way known: refused, and left as it is.
	_, err := Open(o)
	wantReason(t, err, ReasonIO)
	// A step that fails leaves it as it is, too.
	o.migrations = map[int]migration{formatVersion - 1: func(t *txn) error { return refuse(ReasonIO, "", "", "no") }}
	_, err = Open(o)
	wantReason(t, err, ReasonIO)
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("a failed migration changed the file")
	}
	ran := 0
	o.migrations = map[int]migration{formatVersion - 1: func(t *txn) error {
		ran++
		for _, e := range t.l.index { // touch every record, as a real step would
			c := *e
			if err := t.putHeader(&c); err != nil {
				return err
			}
		}
		return nil
	}}
	for range 2 {
		l = mustOpen(t, o)
		checkFixture(t, l)
		_ = l.Close()
	}
	if ran != 1 {
		t.Errorf("the step ran %d times", ran)
	}
}

func TestNewerFormatIsRefusedPolitely(t *testing.T) {
	o := testOptions(t)
	l := mustOpen(t, o)
	fixture(t, l)
	_ = l.Close()
	asFormat(t, o, formatVersion+1)
	path := filepath.Join(o.Dir, fileLedger)
	before, _ := os.ReadFile(path)
	_, err := Open(o)
	wantReason(t, err, ReasonNewer)
	// Also when the later program seals its summary in a way of its own.
	rewrite(t, o, func(tx *bolt.Tx) error {
		sealed, err := o.Vault.Seal([]byte("{}"), []byte("another"))
		if err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keySummary, sealed)
	})
	_, err = Open(o)
	wantReason(t, err, ReasonNewer)
	asFormatUndone := before
	if err := os.WriteFile(path, asFormatUndone, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, dirAside)); err == nil {
		t.Error("it was put aside")
	}
	asFormat(t, o, formatVersion)
	l = mustOpen(t, o)
	checkFixture(t, l)
}

func TestQuarantineCanBeDropped(t *testing.T) {
	f := newFlipped(t, 8, 2000)
	path := filepath.Join(f.o.Dir, fileLedger)
	file := bytes.Clone(f.good)
	clear(file[:8192])
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var told []Alarm
	f.o.OnAlarm = func(a Alarm) { told = append(told, a) }
	l := mustOpen(t, f.o)
	names, err := l.Quarantined()
	if err != nil || len(names) != 1 || len(told) != 1 || told[0].File != names[0] || told[0].Code != AlarmQuarantined {
		t.Fatalf("%v %v, told %v", names, err, told)
	}
	if b, _ := os.ReadFile(filepath.Join(f.o.Dir, dirAside, names[0])); !bytes.Equal(b, file) {
		t.Error("the file put aside is not the damaged one")
	}
	if err := l.Answer(AlarmQuarantined); err != nil || len(l.Alarms()) != 0 {
		t.Error(err, l.Alarms())
	}
	wantReason(t, l.DropQuarantined("../"+fileLedger), ReasonInvalid)
	wantReason(t, l.DropQuarantined("ledger-none.db"), ReasonNotFound)
	if err := l.DropQuarantined(names[0]); err != nil {
		t.Error(err)
	}
	if names, _ := l.Quarantined(); len(names) != 0 {
		t.Error(names)
	}
}

func TestCheckFindsDamagedBodies(t *testing.T) {
	f := newFlipped(t, 8, 3000)
	path := filepath.Join(f.o.Dir, fileLedger)
	file := bytes.Clone(f.good)
	at := bytes.Index(file, append([]byte(bodyMagic), formatVersion, byte(len(f.ids[1]))))
	file[at+2000] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, f.o)
	checked, bad, err := l.Check(t.Context())
	if err != nil || checked != len(f.ids) || len(bad) != 1 {
		t.Errorf("checked %d, bad %v, %v", checked, bad, err)
	}
	if a := l.Alarms(); len(a) != 1 || a[0].Code != AlarmDamaged || a[0].ID != bad[0] {
		t.Errorf("alarms %v", a)
	}
	// The worker gives it to staff and goes on with the others.
	delivered := 0
	ctx, cancel := context.WithCancel(t.Context())
	w := NewWorker(l, DelivererFunc(func(context.Context, Job) Outcome {
		if delivered++; delivered == len(f.ids)-1 {
			cancel()
		}
		return Outcome{State: Verified}
	}), WorkerOptions{Rate: 1e6, Concurrency: 1})
	for _, id := range f.ids {
		if err := l.Retry(id); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Run(ctx); err != nil {
		t.Error(err)
	}
	if h, _ := l.Get(bad[0]); h.State != Parked || h.Reason != string(ReasonDamaged) {
		t.Errorf("%+v", h)
	}
}
