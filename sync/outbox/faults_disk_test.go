package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// F4: the disk is full at every write. The test runs itself again in a mount
// namespace of its own with a tmpfs of 8 MB.
func TestFaultsDiskFull(t *testing.T) {
	const fault = "F4 disk full"
	if dir := os.Getenv("OUTBOX_TMPFS"); dir != "" {
		diskFull(t, dir)
		return
	}
	dir := t.TempDir()
	if out, err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		reportSkip(t, fault, "no mount namespace here: "+strings.TrimSpace(string(out)))
	}
	cmd := exec.Command("unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=8m tmpfs "$OUTBOX_TMPFS" && exec "$0" -test.run='^TestFaultsDiskFull$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "OUTBOX_TMPFS="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	figures := "no figures"
	for line := range strings.Lines(string(out)) {
		if _, f, ok := strings.Cut(line, "figures: "); ok {
			figures = strings.TrimSpace(f)
		}
	}
	report(t, fault, "%s", figures)
}

// filler takes up the whole disk but for a number of pages.
type filler struct{ path string }

func (f filler) fill(t *testing.T, leave int) {
	t.Helper()
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 4096); ; {
		if _, err := file.Write(block); err != nil {
			break
		}
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(max(0, info.Size()/4096*4096-int64(leave)*4096)); err != nil {
		t.Fatal(err)
	}
}

func (f filler) free() { _ = os.Remove(f.path) }

// diskFull leads one ledger after another, each small and new so that it has to
// grow, through a disk with a few pages left: another number of pages, and so
// another write that fails, in each round.
func diskFull(t *testing.T, dir string) {
	fill := filler{filepath.Join(dir, "filler")}
	armed, leave := "", 0
	v := testVault(t, t.TempDir())
	var refused, fitted, onReserve, lost, alarms, again int
	n := times(25, 130)
	for i := range n {
		o := Options{Dir: filepath.Join(dir, fmt.Sprint("ledger", i)), Vault: v, Limits: Limits{Reserve: 1 << 20}}
		o.Fail = func(point string) {
			if point == armed {
				armed = "" // the second try of the same write finds the disk as it is
				fill.fill(t, leave)
			}
		}
		l, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		small := mustPut(t, l, Record{ID: "small", Body: importBody("small")})

		// A new record of 120 pages, with up to 124 left: refused or taken, and
		// if refused taken when there is room again.
		body := bytes.Repeat(importBody("big"), 8)
		armed, leave = "put.before-commit", i*37%125
		_, err = l.Put(context.Background(), Record{ID: "big", Body: body})
		switch {
		case err == nil:
			fitted++
		case errors.Is(err, &Error{Reason: ReasonDiskFull}):
			refused++
		default:
			t.Errorf("%d pages left: %v", leave, err)
		}
		fill.free()
		if _, err := l.Put(context.Background(), Record{ID: "big", Body: body}); err != nil {
			t.Errorf("%d pages left: with room again: %v", leave, err)
		}

		// What is accepted goes on, out of the reserve if need be.
		point := []string{"claim.before-commit", "save.before-commit", "settle.before-commit"}[i%3]
		armed, leave = point, i%4
		job, err := l.claim(small)
		if err != nil {
			t.Fatalf("claim on a full disk: %v", err)
		}
		journal := append(bytes.Repeat(job.Body, 5), "+sent"...)
		if err := job.Save(journal); err != nil {
			t.Errorf("journal on a full disk: %v", err)
		}
		if _, err := l.settle(small, Outcome{State: Parked, Reason: "no-match"}, 0); err != nil {
			t.Errorf("outcome on a full disk: %v", err)
		}
		if !l.reserve.whole() {
			onReserve++
			if _, err := l.Put(context.Background(), Record{ID: "too-much"}); !errors.Is(err, &Error{Reason: ReasonDiskFull}) {
				t.Errorf("a new record while the reserve is in use: %v", err)
			}
			if h := l.Health(); len(h) == 0 || h[len(h)-1].Code != "disk" {
				t.Errorf("health does not say so: %v", h)
			}
		}
		if i%2 == 0 { // and a restart while the disk is still full
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if l, err = Open(o); err != nil {
				t.Fatal("open on a full disk:", err)
			}
			again++
		}
		fill.free()
		l.Tend()
		if !l.reserve.whole() {
			t.Error("the reserve was not taken up again")
		}
		if got, err := l.Body("small"); err != nil || !bytes.Equal(got, journal) {
			lost++
			t.Errorf("%d pages left: small: %v", leave, err)
		}
		if got, err := l.Body("big"); err != nil || !bytes.Equal(got, body) {
			lost++
			t.Errorf("%d pages left: big: %v", leave, err)
		}
		if a := l.Alarms(); len(a) != 0 {
			alarms += len(a)
			t.Error("alarms:", a)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(o.Dir); err != nil {
			t.Fatal(err)
		}
	}
	if refused < n/2 || onReserve < n/3 {
		t.Errorf("refused %d, on the reserve %d of %d: the disk was hardly ever full", refused, onReserve, n)
	}
	fmt.Printf("figures: %d rounds: %d new records refused and taken later, %d fitted, %d went on out of the reserve; lost %d, alarms %d, opened again on the full disk %d of %d\n",
		n, refused, fitted, onReserve, lost, alarms, again, (n+1)/2)
}

// F5: fsync (and write) fail with EIO, at every one in turn.
func TestFaultsFsyncEIO(t *testing.T) {
	const fault = "F5 EIO from the disk"
	if err := exec.Command("strace", "-o", "/dev/null", "-e", "trace=fdatasync", "true").Run(); err != nil {
		reportSkip(t, fault, "strace cannot trace here")
	}
	n := times(4, 40)
	var acked, there, refused, relapse, more int
	for i := range n {
		call := []string{"fdatasync", "pwrite64"}[i%2]
		r := newRig(t)
		r.life(nil, func(p *process) { p.kill() }) //nolint:errcheck // only makes the ledger
		p := start(t, []string{"strace", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:error=EIO:when=%d", call, 3+i)},
			"OUTBOX_CHILD=stubborn", "OUTBOX_DIR="+r.dir)
		_ = p.wait(func(line string) {
			switch word, rest, _ := strings.Cut(line, " "); word {
			case "ack":
				r.acked[rest] = true
			case "relapse":
				relapse++
				t.Errorf("%s %d: %s acknowledged after a failure", call, 3+i, rest)
			case "refused":
				var k int
				_, _ = fmt.Sscan(rest, &k)
				refused += min(k, 1)
			case "other":
				t.Errorf("%s %d: %s", call, 3+i, rest)
			}
		})
		acked += len(r.acked)
		o, err := childOptions(r.dir)
		if err != nil {
			t.Fatal(err)
		}
		l := mustOpen(t, o)
		for id := range r.acked {
			if body, err := l.Body(ID(id)); err != nil || string(body) != string(importBody(id)) {
				t.Errorf("%s: acknowledged and not there: %v", id, err)
				continue
			}
			there++
		}
		hs, _ := l.List(Filter{})
		more += len(hs) - len(r.acked)
		if a := l.Alarms(); len(a) > 0 {
			t.Errorf("alarms %v", a)
		}
		_ = l.Close()
	}
	if refused == 0 {
		t.Error("no child met the failure: the test tests nothing")
	}
	report(t, fault, "%d failures of fdatasync and pwrite: acknowledged %d, there %d; out of service after it %d, acknowledged after it %d; on disk though refused %d (allowed)", n, acked, there, refused, relapse, more)
}
