package audit

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func event(i int) Event {
	return Event{Actor: "kiosk", Action: "import.queued", Object: fmt.Sprintf("imp-%d", i), Result: "ok", Detail: map[string]string{"bytes": "123"}}
}

func filled(t *testing.T, n int, o Options) string {
	t.Helper()
	dir := t.TempDir()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := l.Append(event(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestChainAcrossFilesAndRestarts(t *testing.T) {
	inMemory(t)
	o := Options{Key: key, MaxSize: 2000}
	dir := filled(t, 30, o)
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(Event{Actor: "staff:anna", Action: "record.retry", Object: "imp-3", Result: "ok"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, o); !errors.Is(err, &Error{Reason: ReasonBusy}) {
		t.Errorf("second owner: %v", err)
	}
	r, err := Verify(dir, key)
	if err != nil || r.Entries != 31 || r.Files < 3 {
		t.Errorf("%+v, %v", r, err)
	}
	if seq, hash := l.Last(); seq != r.Seq || hash != r.Hash {
		t.Error("Last differs from what is on disk")
	}
	_ = l.Close()
	es, err := List(dir, Query{Actor: "staff:anna"})
	if err != nil || len(es) != 1 || es[0].Seq != 31 {
		t.Errorf("list %v, %v", es, err)
	}
	info, _ := os.Stat(filepath.Join(dir, fileName(1)))
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if _, err := Verify(dir, []byte("another key")); !errors.Is(err, &Error{Reason: ReasonBroken}) {
		t.Errorf("another key: %v", err)
	}
}

// Any changed, missing, added or moved byte is found.
func TestVerifyFindsEveryChange(t *testing.T) {
	inMemory(t)
	o := Options{Key: key, MaxSize: 1500}
	dir := filled(t, 20, o)
	names, _ := files(dir)
	first := filepath.Join(dir, names[0])
	good, _ := os.ReadFile(first)
	lines := bytes.SplitAfter(good, []byte("\n"))
	rnd := rand.New(rand.NewPCG(1, 2))
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(first, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(dir, key); err == nil {
			t.Errorf("%s: not found", what)
		}
	}
	for range 500 {
		b := bytes.Clone(good)
		at := rnd.IntN(len(b))
		b[at] ^= 1 << rnd.IntN(8)
		try(fmt.Sprintf("bit at %d", at), b)
	}
	try("line removed", bytes.Join(append(lines[:2:2], lines[3:]...), nil))
	try("line doubled", bytes.Join(append(lines[:2:2], lines[1:]...), nil))
	swapped := append([][]byte(nil), lines...)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	try("lines swapped", bytes.Join(swapped, nil))
	try("cut short", good[:len(good)-10])
	if err := os.WriteFile(first, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(dir, key); err != nil {
		t.Fatal("put back:", err)
	}
	if err := os.Remove(filepath.Join(dir, names[1])); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(dir, key); err == nil {
		t.Error("file in the middle removed: not found")
	}
}

func TestTornLineIsTakenOffVisibly(t *testing.T) {
	inMemory(t)
	for cut := 1; cut < 60; cut += 7 {
		dir := filled(t, 3, Options{Key: key})
		path := filepath.Join(dir, fileName(1))
		b, _ := os.ReadFile(path)
		if err := os.WriteFile(path, b[:len(b)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(dir, Options{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		r, err := Verify(dir, key)
		if err != nil || r.Torn != 0 {
			t.Fatalf("cut %d: %+v, %v", cut, r, err)
		}
		es, _ := List(dir, Query{After: 2})
		if len(es) != 1 || es[0].Action != "audit.torn-line" {
			t.Errorf("cut %d: %v", cut, es)
		}
	}
}

func TestClockThatWentBackIsNoted(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	o := Options{Now: func() time.Time { return now }}
	dir := filled(t, 1, o)
	now = now.Add(-24 * time.Hour)
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	es, _ := List(dir, Query{After: 1})
	if len(es) != 1 || es[0].Action != "clock.went-back" || es[0].Detail["seconds"] != "86400" {
		t.Errorf("%v", es)
	}
}

// What a careless caller might pass does not get in, nor into the error.
func TestProtectedDataDoesNotFit(t *testing.T) {
	for _, s := range []string{"Jane Roe", "Róe", "roe, jane", "12 Main St", "a\nb", "a\"b", strings.Repeat("a", 81), "shlink:/eyJ1cmwi=", "<b>"} {
		for _, e := range []Event{
			{Actor: s, Action: "a.b", Result: "ok"},
			{Actor: "staff:" + s, Action: "a.b", Result: "ok"},
			{Actor: "kiosk", Action: s, Result: "ok"},
			{Actor: "kiosk", Action: "a.b", Result: s},
			{Actor: "kiosk", Action: "a.b", Result: "ok", Object: s},
			{Actor: "kiosk", Action: "a.b", Result: "ok", Detail: map[string]string{s: "x"}},
			{Actor: "kiosk", Action: "a.b", Result: "ok", Detail: map[string]string{"x": s}},
		} {
			err := e.Validate()
			if !errors.Is(err, &Error{Reason: ReasonInvalid}) {
				t.Errorf("%+v: %v", e, err)
			} else if len(s) > 3 && strings.Contains(err.Error(), s) {
				t.Errorf("the error repeats %q", s)
			}
		}
	}
}

// Every event that validates survives writing, reading and verifying.
func TestRoundTrip(t *testing.T) {
	inMemory(t)
	dir := t.TempDir()
	l, err := Open(dir, Options{Key: key, MaxSize: 4000})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rapid.Check(t, func(rt *rapid.T) {
		e := Event{
			Actor:  rapid.StringMatching(`kiosk|staff:[A-Za-z0-9._-]{1,32}`).Draw(rt, "actor"),
			Action: rapid.StringMatching(`[a-z][a-z0-9]{0,9}(\.[a-z0-9]{1,9}){0,3}`).Draw(rt, "action"),
			Object: rapid.StringMatching(`[A-Za-z0-9._/:-]{0,80}`).Draw(rt, "object"),
			Result: rapid.StringMatching(`[a-z0-9][a-z0-9._:+-]{0,79}`).Draw(rt, "result"),
			Detail: rapid.MapOfN(rapid.StringMatching(`[a-z][a-z0-9-]{0,31}`), rapid.StringMatching(`[a-z0-9][a-z0-9._:+-]{0,79}`), 0, 8).Draw(rt, "detail"),
		}
		if _, err := l.Append(e); err != nil {
			rt.Fatal(err)
		}
	})
	if r, err := Verify(dir, key); err != nil || r.Entries == 0 {
		t.Fatalf("%+v %v", r, err)
	}
}

func TestCursor(t *testing.T) {
	dir := filled(t, 10, Options{})
	c, err := NewCursor(dir, "fhir")
	if err != nil {
		t.Fatal(err)
	}
	for want := uint64(4); want <= 12; want += 4 {
		es, err := c.Pending(4)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Done(es[len(es)-1]); err != nil {
			t.Fatal(err)
		}
		if sent, _ := c.Sent(); sent != min(want, 10) {
			t.Errorf("sent %d", sent)
		}
	}
	if es, _ := c.Pending(4); len(es) != 0 {
		t.Errorf("still pending: %d", len(es))
	}
}
