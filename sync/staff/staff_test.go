package staff

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var cheap = Cost{Memory: 64, Time: 1, Lanes: 1}

func hash(t *testing.T, pin string) string {
	t.Helper()
	h, err := HashWith(pin, cheap)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHashForm(t *testing.T) {
	h, err := Hash("271828")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(h, "$argon2id$v=19$m=65536,t=3,p=1$") || strings.Contains(h, "271828") {
		t.Error(h)
	}
	if ok, err := matches(h, "271828"); !ok || err != nil {
		t.Error("right PIN refused", err)
	}
	if ok, _ := matches(h, "271829"); ok {
		t.Error("wrong PIN accepted")
	}
	again, _ := HashWith("271828", cheap)
	if once := hash(t, "271828"); once == again {
		t.Error("no salt")
	}
}

func TestWeakPINs(t *testing.T) {
	for _, pin := range []string{"", "1234", "12345", "123456", "654321", "890123", "000000", "121212", "123123", "12345a", "١٢٣٤٥٦", "1234567890123"} {
		if _, err := HashWith(pin, cheap); !errors.Is(err, &Error{Reason: ReasonWeak}) {
			t.Errorf("%q: %v", pin, err)
		}
	}
	for _, pin := range []string{"271828", "100200", "902817364512"} {
		if _, err := HashWith(pin, cheap); err != nil {
			t.Errorf("%q: %v", pin, err)
		}
	}
}

func TestBadHashes(t *testing.T) {
	good := hash(t, "271828")
	for _, h := range []string{"", "x", "$argon2i" + good[9:], strings.Replace(good, "m=64", "m=4294967295", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "t=1", "t=01", 1), good + "A", good[:len(good)-4], strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "t=1", "t=1000", 1)} {
		if _, err := NewBook([]Staff{{ID: "a", Hash: h}}, "", nil); !errors.Is(err, &Error{Reason: ReasonBook}) {
			t.Errorf("%q: %v", h, err)
		}
	}
}

func TestThrottle(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	state := filepath.Join(t.TempDir(), "tries.json")
	people := []Staff{{ID: "anna", Name: "Anna", Hash: hash(t, "271828")}, {ID: "ben", Hash: hash(t, "314159")}}
	open := func() *Book {
		b, err := NewBook(people, state, clock)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := func(b *Book, id, pin string, r Reason) *Error {
		t.Helper()
		_, err := b.Check(id, pin)
		var e *Error
		if !errors.As(err, &e) || e.Reason != r {
			t.Fatalf("%s: %v, want %s", id, err, r)
		}
		return e
	}
	for i := range MaxTries {
		if e := want(open(), "anna", "111111", ReasonWrong); e.Left != MaxTries-1-i { // a restart before each try
			t.Errorf("try %d: %d left", i, e.Left)
		}
	}
	b := open()
	if e := want(b, "anna", "271828", ReasonThrottled); e.Wait != LockFor {
		t.Errorf("wait %s", e.Wait)
	}
	if s, err := b.Check("ben", "314159"); err != nil || s.ID != "ben" || s.Hash != "" {
		t.Errorf("the other one: %+v %v", s, err)
	}
	now = now.Add(-48 * time.Hour) // a clock set back does not lengthen the wait
	if e := want(b, "anna", "271828", ReasonThrottled); e.Wait > LockFor {
		t.Errorf("wait %s", e.Wait)
	}
	now = now.Add(48*time.Hour + LockFor)
	if s, err := b.Check("anna", "271828"); err != nil || s.Name != "Anna" {
		t.Errorf("%+v %v", s, err)
	}
	if e := want(b, "anna", "111111", ReasonWrong); e.Left != MaxTries-1 {
		t.Errorf("success did not clear the count: %d left", e.Left)
	}
	// Unknown names are counted too, together.
	for i := range MaxTries {
		want(b, strings.Repeat("x", i+1), "111111", ReasonWrong)
	}
	want(b, "yet another", "111111", ReasonThrottled)

	if err := os.WriteFile(state, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(open(), "anna", "271828", ReasonThrottled)
}

func TestNoTryWithoutWritingItDown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	b, err := NewBook([]Staff{{ID: "anna", Hash: hash(t, "271828")}}, filepath.Join(dir, "tries"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Check("anna", "271828"); !errors.Is(err, &Error{Reason: ReasonIO}) {
		t.Error(err)
	}
}
