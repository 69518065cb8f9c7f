package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// flipped is a ledger's file and what should be in it.
type flipped struct {
	o    Options
	good []byte
	seen []byte // the witness
	ids  []ID
	body map[ID][]byte
}

func newFlipped(t *testing.T, records, size int) *flipped {
	f := &flipped{o: testOptions(t), body: map[ID][]byte{}}
	l := mustOpen(t, f.o)
	for i := range records {
		id := importID(i)
		f.body[ID(id)] = importBody(id)[:size]
		f.ids = append(f.ids, mustPut(t, l, Record{ID: id, Lane: fmt.Sprint(i % 7), Body: f.body[ID(id)]}))
	}
	// Some life, so that there are free pages and several versions.
	for i := range records / 4 {
		if err := l.Park(f.ids[i], "no-match"); err != nil {
			t.Fatal(err)
		}
	}
	for range records / 6 {
		if err := l.Delete(f.ids[len(f.ids)-1]); err != nil {
			t.Fatal(err)
		}
		f.ids = f.ids[:len(f.ids)-1]
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f.good, _ = os.ReadFile(filepath.Join(f.o.Dir, fileLedger))
	f.seen, _ = os.ReadFile(filepath.Join(f.o.Dir, "ledger.seen"))
	return f
}

// verdict is what became of one flipped bit.
type verdict struct {
	missing, damaged int // records that are gone, or whose body is refused
	alarm            bool
	quarantined      bool
	err              error // Open refused
}

// open opens the damaged copy, reads everything, writes something, and reads
// again in a second life.
func (f *flipped) open(t *testing.T, file []byte) (v verdict) {
	t.Helper()
	o := f.o
	o.Dir = t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(o.Dir, fileLedger), file, 0o600), os.WriteFile(filepath.Join(o.Dir, "ledger.seen"), f.seen, 0o600)); err != nil {
		t.Fatal(err)
	}
	for life := range 2 {
		l, err := Open(o)
		if err != nil {
			v.err = err
			return v
		}
		v.missing, v.damaged = 0, 0
		for _, id := range f.ids {
			switch body, err := l.Body(id); {
			case errors.Is(err, &Error{Reason: ReasonNotFound}):
				v.missing++
			case err != nil:
				v.damaged++
			case !bytes.Equal(body, f.body[id]):
				t.Errorf("record %s has another body, and nobody noticed", id)
			}
		}
		for _, a := range l.Alarms() {
			v.alarm = true
			v.quarantined = v.quarantined || a.Code == AlarmQuarantined
		}
		if life == 0 {
			for i := range 3 {
				mustPut(t, l, Record{ID: fmt.Sprint("more-", i), Body: importBody("x")})
			}
			if err := l.Delete("more-1"); err != nil {
				t.Error(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	return v
}

// F6: one bit flipped, anywhere in the file and then only in its structure.
func TestFaultsBitFlip(t *testing.T) {
	inMemory(t)
	f := newFlipped(t, 60, 20_000)
	n := times(15, 1000)
	rnd := rand.New(rand.NewPCG(6, 6))
	anywhere := func() int { return rnd.IntN(len(f.good)) }
	// Where a page begins: its header and its elements.
	structure := func() int { return rnd.IntN(len(f.good)/4096)*4096 + rnd.IntN(160) }
	metas := func() int { return rnd.IntN(2)*4096 + rnd.IntN(80) }
	for _, where := range []struct {
		name string
		at   func() int
	}{{"anywhere", anywhere}, {"in page headers", structure}, {"in meta pages", metas}} {
		var silent, none, one, aside, lost, refused int
		for range n {
			file := bytes.Clone(f.good)
			at := where.at()
			file[at] ^= 1 << rnd.IntN(8)
			v := f.open(t, file)
			switch {
			case v.err != nil:
				refused++
				t.Errorf("byte %d: refused: %v", at, v.err)
			case v.missing+v.damaged == 0 && !v.alarm:
				none++
			case !v.alarm:
				silent++
				t.Errorf("byte %d: %d missing, %d damaged, no alarm", at, v.missing, v.damaged)
			case v.quarantined:
				aside++
			default:
				one++
			}
			lost = max(lost, v.missing+v.damaged)
		}
		if lost > 1 {
			t.Errorf("%s: one bit cost %d records", where.name, lost)
		}
		report(t, "F6 one bit flipped "+where.name, "%d flips: %d without effect, %d one record refused, %d file put aside; silent %d, refused to open %d; at most %d record lost",
			n, none, one, aside, silent, refused, lost)
	}
}

// A file that is cut short, or overwritten in part, is put aside and what is
// whole in it is kept.
func TestFaultsTornFile(t *testing.T) {
	inMemory(t)
	f := newFlipped(t, 30, 5_000)
	for _, c := range []struct {
		name string
		edit func(b []byte) []byte
		keep int // at least
	}{
		{"empty", func(b []byte) []byte { return nil }, 0},
		{"half", func(b []byte) []byte { return b[:len(b)/2] }, 1},
		{"without meta pages", func(b []byte) []byte { clear(b[:8192]); return b }, len(f.ids)},
		{"zeros over a record and what follows", func(b []byte) []byte {
			at := bytes.Index(b, []byte(bodyMagic)) &^ 4095 // the page it is on, header included
			clear(b[at:min(at+9000, len(b))])
			return b
		}, len(f.ids) - 6},
		{"text", func(b []byte) []byte { return []byte("hello") }, 0},
	} {
		v := f.open(t, c.edit(bytes.Clone(f.good)))
		if v.err != nil || !v.quarantined || len(f.ids)-v.missing-v.damaged < c.keep {
			t.Errorf("%s: %+v", c.name, v)
		}
		report(t, "F6 ledger file torn", "%s: put aside, %d of %d records kept", c.name, len(f.ids)-v.missing-v.damaged, len(f.ids))
	}
}
