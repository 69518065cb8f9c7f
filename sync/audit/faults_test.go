package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The child is this test binary again: it appends to the trail in AUDIT_DIR
// until it is killed, and prints "ack NUMBER" when a line is on disk.
func TestMain(m *testing.M) {
	if dir := os.Getenv("AUDIT_DIR"); dir != "" && os.Getenv("AUDIT_TMPFS") == "" {
		if err := scribe(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func scribe(dir string) error {
	l, err := Open(dir, Options{Key: key, MaxSize: 4000})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for i := 0; ; i++ {
		e, err := l.Append(event(i))
		if err != nil {
			return err
		}
		fmt.Println("ack", e.Seq)
	}
}

// report says a fault's figures; `make faults` makes its table of these lines.
func report(t *testing.T, fault, format string, args ...any) {
	t.Helper()
	fmt.Printf("\nFAULT  %s\nFIGURES  %s\nGUARDED BY  %s\n", fault, fmt.Sprintf(format, args...), t.Name())
}

// times chooses how often a fault is tried.
func times(short, long int) int {
	if os.Getenv("FAULTS") == "long" {
		return long
	}
	return short
}

// kill -9 while lines are appended: what was acknowledged is there, the chain is
// whole, whatever the moment.
func TestFaultsAuditKill(t *testing.T) {
	dir := t.TempDir()
	n := times(10, 1000)
	rnd := rand.New(rand.NewPCG(1, 6))
	acked, opened := uint64(0), 0
	for range n {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "AUDIT_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		left := 1 + rnd.IntN(20) // acknowledgements until it dies, and then a moment
		for lines.Scan() {
			word, rest, _ := strings.Cut(lines.Text(), " ")
			switch word {
			case "ready":
				opened++
			case "ack":
				seq, err := strconv.ParseUint(rest, 10, 64)
				if err != nil || seq <= acked {
					t.Fatalf("acknowledged %q after %d", rest, acked)
				}
				acked = seq
			case "error":
				t.Error("child:", rest)
			}
			if left--; left == 0 {
				time.AfterFunc(time.Duration(rnd.IntN(3000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
		}
		_ = cmd.Wait()
	}
	l, err := Open(dir, Options{Key: key, MaxSize: 4000}) // takes a torn line off
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	r, err := Verify(dir, key)
	lost := max(acked, r.Seq) - r.Seq
	if err != nil || lost > 0 || opened != n {
		t.Errorf("opened %d of %d, %d acknowledged, the trail ends at %d: %v", opened, n, acked, r.Seq, err)
	}
	report(t, "audit: kill -9 while lines are written", "%d kills, opened %d of %d, acknowledged up to %d, lost %d, the chain is whole over %d files", n, opened, n, acked, lost, r.Files)
}

// One flipped bit, anywhere in the trail.
func TestFaultsAuditBitFlip(t *testing.T) {
	inMemory(t)
	dir := filled(t, 40, Options{Key: key, MaxSize: 1500})
	names, err := files(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := times(200, 1000)
	rnd := rand.New(rand.NewPCG(2, 6))
	silent := 0
	for range n {
		path := filepath.Join(dir, names[rnd.IntN(len(names))])
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b := bytes.Clone(good)
		at := rnd.IntN(len(b))
		b[at] ^= 1 << rnd.IntN(8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(dir, key)
		if err == nil && r.Torn == 0 { // the very last newline: an unfinished line, which is said
			silent++
			t.Errorf("%s, byte %d: not found", filepath.Base(path), at)
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report(t, "audit: one flipped bit", "%d flips in %d files: silent %d", n, len(names), silent)
}

// The disk is full at a line, or in the middle of one. The test runs itself
// again in a mount namespace of its own with a small tmpfs.
func TestFaultsAuditDiskFull(t *testing.T) {
	const fault = "audit: disk full"
	if dir := os.Getenv("AUDIT_TMPFS"); dir != "" {
		auditDiskFull(t, dir)
		return
	}
	dir := t.TempDir()
	if out, err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		why := "no mount namespace here: " + strings.TrimSpace(string(out))
		report(t, fault, "not run: %s", why)
		t.Skip(why)
	}
	cmd := exec.Command("unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=256k tmpfs "$AUDIT_TMPFS" && exec "$0" -test.run='^TestFaultsAuditDiskFull$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "AUDIT_TMPFS="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	_, figures, _ := strings.Cut(string(out), "figures: ")
	figures, _, _ = strings.Cut(figures, "\n")
	report(t, fault, "%s", figures)
}

func auditDiskFull(t *testing.T, dir string) {
	n := times(30, 300)
	trail, filler := filepath.Join(dir, "trail"), filepath.Join(dir, "filler")
	block := make([]byte, 4096)
	fill := func() {
		f, err := os.OpenFile(filler, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(block)
		}
		_ = f.Close() // full is what it should be
	}
	var refused, written, saved, whole int
	for i := range n {
		room := i%2 == 0 // half of the time there is a reserve to give back
		asked := false
		l, err := Open(trail, Options{Key: key, Full: func() bool {
			asked = true
			return room && os.Truncate(filler, 0) == nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		fill()
		acked := uint64(0)
		for k := range 200 { // at most a page is left: 200 lines do not fit
			e, err := l.Append(event(k))
			if err == nil {
				acked = e.Seq
				written++
				if asked {
					saved++
					break
				}
				continue
			}
			refused++
			if !errors.Is(err, &Error{Reason: ReasonIO}) {
				t.Fatalf("round %d: %v", i, err)
			}
			break
		}
		if !asked {
			t.Fatal("the disk was never full")
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if e, err := l.Append(event(i)); err != nil || e.Seq != acked+1 && acked > 0 {
			t.Errorf("round %d, with room again: %d, %v", i, e.Seq, err)
		}
		_ = l.Close()
		if r, err := Verify(trail, key); err != nil || r.Torn != 0 {
			t.Fatalf("round %d: %+v, %v", i, r, err)
		}
		whole++
		if i%20 == 19 {
			if err := os.RemoveAll(trail); err != nil {
				t.Fatal(err)
			}
		}
	}
	fmt.Printf("figures: %d rounds: %d lines written, %d refused, %d written out of the reserve; the chain whole %d of %d\n", n, written, refused, saved, whole, n)
}
