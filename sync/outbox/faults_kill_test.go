package outbox

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/vault"
)

// rig is a folder with a key, a counting server, and what was acknowledged.
type rig struct {
	t      *testing.T
	dir    string
	server *counter
	acked  map[string]bool
	put    int // next number
	opened int
	slow   time.Duration // slowest start, of the clock
	cost   time.Duration // and of the processor
	alarms []string
}

func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	if _, err := vault.EnsureFile(filepath.Join(dir, "key"), time.Now()); err != nil {
		t.Fatal(err)
	}
	c := newCounter()
	t.Cleanup(c.Close)
	return &rig{t: t, dir: dir, server: c, acked: map[string]bool{}}
}

func (r *rig) env(extra ...string) []string {
	return append([]string{"OUTBOX_CHILD=work", "OUTBOX_DIR=" + r.dir, "OUTBOX_URL=" + r.server.URL, fmt.Sprint("OUTBOX_FROM=", r.put)}, extra...)
}

// life runs one child: ready is called once it has its ledger open.
func (r *rig) life(prefix []string, ready func(p *process), extra ...string) error {
	r.server.quiet(r.t)
	began := time.Now()
	p := start(r.t, prefix, r.env(extra...)...)
	return p.wait(func(line string) {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "ready":
			r.opened++
			r.slow = max(r.slow, time.Since(began))
			ms, _ := strconv.Atoi(rest)
			r.cost = max(r.cost, time.Duration(ms)*time.Millisecond)
			ready(p)
		case "ack":
			r.acked[rest] = true
			r.put++
		case "alarm":
			r.alarms = append(r.alarms, rest)
		case "error":
			r.t.Logf("child: %s", rest)
		}
	})
}

// drain lets a child deliver all that waits.
func (r *rig) drain() {
	if err := r.life(nil, func(*process) {}, "OUTBOX_DRAIN=1"); err != nil {
		r.t.Error("drain:", err)
	}
}

func (r *rig) check(fault, format string, args ...any) {
	r.server.quiet(r.t)
	lost, doubled, wrong := r.server.tally(r.acked)
	if lost+doubled+wrong > 0 || len(r.alarms) > 0 {
		r.t.Errorf("lost %d, doubled %d, wrong bodies %d, alarms %v", lost, doubled, wrong, r.alarms)
	}
	if r.cost > 5*time.Second { // the clock's time depends on what else this machine does
		r.t.Errorf("slowest start took %s of the processor, at most 5 s", r.cost)
	}
	report(r.t, fault, "%s; acknowledged %d, lost %d, doubled %d; slowest start %s (processor %s)", fmt.Sprintf(format, args...), len(r.acked), lost, doubled, r.slow.Round(time.Millisecond), r.cost)
}

// F1: kill -9 at random points while records are put and delivered.
func TestFaultsKillAnywhere(t *testing.T) {
	r := newRig(t)
	n := times(15, 1000)
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	drains := 0
	for i := range n {
		if i%50 == 49 { // deliver what has piled up: the lives are too short for it
			r.drain()
			drains++
		}
		after := time.Duration(rnd.IntN(60_000)) * time.Microsecond
		_ = r.life(nil, func(p *process) { time.AfterFunc(after, p.kill) }, fmt.Sprint("OUTBOX_PUTS=", 1+rnd.IntN(4)))
		r.put++ // the record whose Put was cut off may be there under its number
	}
	opened := r.opened - drains
	r.drain()
	if opened != n {
		t.Errorf("opened %d of %d", opened, n)
	}
	r.check("F1 kill -9 anywhere", "%d kills, opened %d of %d", n, opened, n)
}

// F2: kill after the server has filed the import, before its answer is read.
func TestFaultsKillAfterServerCommit(t *testing.T) {
	r := newRig(t)
	n := times(5, 200)
	for range n {
		var p *process
		started := make(chan struct{})
		release := make(chan struct{})
		r.server.mu.Lock()
		r.server.blocked = release
		r.server.filed = func(string) { <-started; p.kill() }
		r.server.mu.Unlock()
		_ = r.life(nil, func(q *process) { p = q; close(started) }, "OUTBOX_PUTS=1")
		close(release)
		r.server.mu.Lock()
		r.server.filed, r.server.blocked = nil, nil
		r.server.mu.Unlock()
		r.drain()
	}
	r.check("F2 kill after server commit", "%d kills", n)
}

// F3: kill inside every named failpoint.
func TestFaultsKillAtFailpoints(t *testing.T) {
	n := times(1, 50)
	points := []string{
		"put.before-commit", "put.after-commit", "claim.before-commit", "claim.after-commit",
		"save.before-commit", "save.after-commit", "post.before", "post.after",
		"settle.before", "settle.before-commit", "settle.after-commit",
		"scrub.before", "scrub.middle", "scrub.after", "delete.before", "delete.before-commit", "delete.after-commit",
	}
	r := newRig(t)
	for _, point := range points {
		for i := range n {
			err := r.life(nil, func(*process) {}, "OUTBOX_PUTS=3", "OUTBOX_FAIL="+point+fmt.Sprint(":", 1+i%3), "OUTBOX_DRAIN=1")
			if err == nil {
				t.Errorf("%s: the child was not killed: the failpoint is not on the way", point)
			}
			r.put++
		}
		r.drain()
	}
	r.check("F3 kill at failpoints", "%d points, %d kills each", len(points), n)
}

// F3: kill at the system calls inside of a commit, before they are made.
func TestFaultsKillInsideCommit(t *testing.T) {
	const fault = "F3 kill inside a commit"
	if err := exec.Command("strace", "-o", "/dev/null", "-e", "trace=fdatasync", "true").Run(); err != nil {
		reportSkip(t, fault, "strace cannot trace here")
	}
	r := newRig(t)
	n := times(6, 300)
	calls := []string{"fdatasync", "pwrite64"}
	kills := 0
	for i := range n {
		// strace counts for each thread by itself, so some children get away.
		call := calls[i%2]
		err := r.life([]string{"strace", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, 1+i*3%20)},
			func(*process) {}, "OUTBOX_PUTS=5", "OUTBOX_DRAIN=1")
		if err != nil {
			kills++
		}
		r.put++
		if i%10 == 0 {
			r.drain()
		}
	}
	r.drain()
	if kills < n/3 {
		t.Errorf("only %d of %d children were killed", kills, n)
	}
	r.check(fault, "%d kills at fdatasync and pwrite", kills)
}
