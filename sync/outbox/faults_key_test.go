package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/vault"
)

// Two processes on one ledger: the second is told who has it.
func TestFaultsTwoProcesses(t *testing.T) {
	r := newRig(t)
	p := start(t, nil, "OUTBOX_CHILD=hold", "OUTBOX_DIR="+r.dir)
	if line := <-p.lines; !strings.HasPrefix(line, "ready") {
		t.Fatal(line)
	}
	o, err := childOptions(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(o)
	wantReason(t, err, ReasonBusy)
	if !strings.Contains(err.Error(), fmt.Sprintf("process %d", p.cmd.Process.Pid)) {
		t.Errorf("the message does not name the process: %v", err)
	}
	p.kill()
	_ = p.wait(func(string) {})
	l := mustOpen(t, o)
	_ = l.Close()
	report(t, "two processes on one ledger", "the second refused with the first's pid; opened after the first was killed")
}

// F22: the key is missing, wrong, or half-way through a rotation.
func TestFaultsKeys(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if _, err := vault.EnsureFile(key, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	o, err := childOptions(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, o)
	const n = 20
	for i := range n {
		mustPut(t, l, Record{ID: importID(i), Lane: "a", Body: importBody(importID(i))})
	}
	_ = l.Close()
	file := func() []byte { b, _ := os.ReadFile(filepath.Join(o.Dir, fileLedger)); return b }
	before := file()
	readable := func(o Options) {
		t.Helper()
		l := mustOpen(t, o)
		defer l.Close()
		for i := range n {
			if body, err := l.Body(ID(importID(i))); err != nil || !bytes.Equal(body, importBody(importID(i))) {
				t.Fatalf("record %d: %v", i, err)
			}
		}
		if a := l.Alarms(); len(a) > 0 {
			t.Errorf("alarms %v", a)
		}
	}

	// Missing: the vault says so, nobody makes a new key, nothing is touched.
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open("file:" + key); !errors.Is(err, &vault.Error{Reason: vault.ReasonMissing}) {
		t.Errorf("missing key: %v", err)
	}
	// Wrong: somebody ran the set-up again. Whole and damaged ledger alike.
	if _, err := vault.EnsureFile(key, time.Unix(2, 0)); err != nil {
		t.Fatal(err)
	}
	wrong, err := childOptions(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(wrong)
	wantReason(t, err, ReasonWrongKey)
	broken := bytes.Clone(before)
	broken[2*4096+1] ^= 0xff
	if err := os.WriteFile(filepath.Join(o.Dir, fileLedger), broken, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(wrong)
	wantReason(t, err, ReasonWrongKey)
	if !bytes.Equal(file(), broken) {
		t.Error("a damaged ledger was touched with the wrong key")
	}
	if err := os.WriteFile(filepath.Join(o.Dir, fileLedger), before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	readable(o)

	// Rotated, with a kill at every step.
	old := o.Vault.Active()
	fresh, err := vault.AddKey(key, time.Unix(3, 0))
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	for _, point := range []string{"rewrap.before-commit", "rewrap.after-commit", "scrub.before", "scrub.middle", "scrub.after"} {
		p := start(t, nil, "OUTBOX_CHILD=rewrap", "OUTBOX_DIR="+dir, "OUTBOX_FAIL="+point+":1")
		if err := p.wait(func(string) {}); err != nil {
			kills++
		}
		both, err := childOptions(dir)
		if err != nil {
			t.Fatal(err)
		}
		readable(both)
	}
	both, err := childOptions(dir)
	if err != nil {
		t.Fatal(err)
	}
	l = mustOpen(t, both)
	if _, err := l.Rewrap(); err != nil {
		t.Fatal(err)
	}
	used, err := l.KeysInUse()
	if err != nil || len(used) != 1 || used[0] != fresh {
		t.Errorf("keys in use %v, %v; want %s", used, err, fresh)
	}
	_ = l.Close()
	if err := vault.RetireKey(key, old); err != nil {
		t.Fatal(err)
	}
	after, err := childOptions(dir)
	if err != nil {
		t.Fatal(err)
	}
	readable(after)
	if bytes.Contains(file(), old[:]) {
		t.Error("something in the file still carries the old key's identifier")
	}
	// The retired key alone opens nothing.
	_, err = Open(o)
	wantReason(t, err, ReasonWrongKey)
	report(t, "F22 key missing, wrong, rotated", "%d records readable after each step; %d kills during rotation; with the wrong key nothing touched", n, kills)
}

// The ledger is gone, or an older copy was put in its place.
func TestFaultsRolledBack(t *testing.T) {
	o := testOptions(t)
	l := mustOpen(t, o)
	mustPut(t, l, Record{ID: "one", Body: []byte("1")})
	_ = l.Close()
	path := filepath.Join(o.Dir, fileLedger)
	old, _ := os.ReadFile(path)
	oldSeen, _ := os.ReadFile(filepath.Join(o.Dir, "ledger.seen"))
	l = mustOpen(t, o)
	mustPut(t, l, Record{ID: "two", Body: []byte("2")})
	mark := l.Mark()
	_ = l.Close()
	noticed := 0
	hasAlarm := func(o Options) bool {
		l := mustOpen(t, o)
		defer l.Close()
		for _, a := range l.Alarms() {
			if a.Code == AlarmRolledBack {
				noticed++
				return true
			}
		}
		return false
	}
	if hasAlarm(o) {
		t.Error("alarm without a reason")
	}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if !hasAlarm(o) {
		t.Error("an older copy of the file: no alarm")
	}
	// The whole folder: only the mark in the audit trail knows.
	if err := errors.Join(os.WriteFile(path, old, 0o600), os.WriteFile(filepath.Join(o.Dir, "ledger.seen"), oldSeen, 0o600)); err != nil {
		t.Fatal(err)
	}
	o.Mark = mark
	if !hasAlarm(o) {
		t.Error("an older copy of the folder: no alarm")
	}
	// Gone.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := Open(o)
	wantReason(t, err, ReasonMissing)
	o.Mark = Mark{}
	_, err = Open(o)
	wantReason(t, err, ReasonMissing)
	if err := AcceptLoss(o.Dir); err != nil {
		t.Fatal(err)
	}
	l = mustOpen(t, o)
	if hs, _ := l.List(Filter{}); len(hs) != 0 {
		t.Error("records out of nowhere")
	}
	if a := l.Alarms(); len(a) != 1 || a[0].Code != AlarmVanished {
		t.Errorf("alarms %v", a)
	} else {
		noticed++
	}
	report(t, "ledger rolled back or gone", "older file, older folder (mark), no file: noticed %d of 3", noticed)
}
