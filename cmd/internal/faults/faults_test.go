package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"shlkiosk/sync/sandbox"
)

// times chooses how often a fault is tried: FAULTS=long for the figures of issue
// 6, FAULTS=250 for at most so many, nothing for seconds.
func times(short, long int) int {
	v := os.Getenv("FAULTS")
	if n, err := strconv.Atoi(v); err == nil {
		return min(n, long)
	}
	if v == "long" {
		return long
	}
	return short
}

// kill -9 at random points of the whole way: scan, ledger, delivery, answer.
func TestFaultsWholeWayKill(t *testing.T) {
	r := newRig(t)
	n := times(6, 1000)
	rnd := rand.New(rand.NewPCG(1, 1))
	drains := 0
	for i := range n {
		if i%25 == 24 { // deliver what has piled up: the lives are too short for it
			r.drain()
			drains++
		}
		after := time.Duration(rnd.IntN(250_000)) * time.Microsecond
		_ = r.life(1+rnd.IntN(2), func(c *exec.Cmd) { time.AfterFunc(after, func() { _ = c.Process.Kill() }) })
	}
	opened := r.opened - drains
	r.drain()
	if opened != n {
		t.Errorf("opened %d of %d", opened, n)
	}
	r.check(fmt.Sprintf("whole way, %d random kills", n))
}

// Killed after the server's commit, before its answer is read: the server keeps
// the answer back until the kiosk is dead.
func TestFaultsWholeWayKillAfterCommit(t *testing.T) {
	r := newRig(t)
	n := times(2, 200)
	for range n {
		commits := r.world.Transactions()
		if err := r.world.SetBehaviour(sandbox.Behaviour{Faults: []sandbox.Fault{{Kind: "drip", DripMillis: 200, What: "transaction", Times: 1}}}); err != nil {
			t.Fatal(err)
		}
		_ = r.life(1, func(c *exec.Cmd) {
			go func() {
				// No limit of time: a machine under load is no fault of the kiosk, and
				// a delivery that never comes is ended by the test's own limit.
				for r.world.Transactions() == commits {
					time.Sleep(2 * time.Millisecond)
				}
				_ = c.Process.Kill()
			}()
		})
		if r.world.Transactions() == commits {
			t.Error("no transaction was committed: the kill proves nothing")
		}
		if err := r.world.SetBehaviour(sandbox.Behaviour{}); err != nil {
			t.Fatal(err)
		}
		r.drain()
	}
	r.check(fmt.Sprintf("whole way, %d kills between the server's commit and our reading", n))
}

// Killed while the kiosk waits for the answer of its first request to the
// server, its second, and so on to the last one of an import: before the server
// has done the work (hang) and after it (drip).
func TestFaultsWholeWayKillAtEachRequest(t *testing.T) {
	r := newRig(t)
	step := 9
	if os.Getenv("FAULTS") == "long" {
		step = 1
	}
	kills, last := 0, 0
	for _, kind := range []string{"hang", "drip"} {
		for k := 0; ; k += step {
			from := r.world.Requests()
			f := sandbox.Fault{Kind: kind, Skip: k, Times: 1, DripMillis: 3_600_000}
			if err := r.world.SetBehaviour(sandbox.Behaviour{Faults: []sandbox.Fault{f}}); err != nil {
				t.Fatal(err)
			}
			ended, watched := make(chan struct{}), make(chan struct{})
			err := r.life(1, func(c *exec.Cmd) {
				go func() {
					defer close(watched)
					for r.world.Requests() <= from+k {
						select {
						case <-ended: // there are not so many
							return
						case <-time.After(2 * time.Millisecond):
						}
					}
					_ = c.Process.Kill()
				}()
			}, "FAULTS_DRAIN=1")
			close(ended)
			<-watched
			if err := r.world.SetBehaviour(sandbox.Behaviour{}); err != nil {
				t.Fatal(err)
			}
			if err == nil {
				break
			}
			kills++
			last = max(last, k+1)
			r.drain()
		}
	}
	if last < 10 {
		t.Errorf("only %d requests were met: the test tests nothing", last)
	}
	r.check(fmt.Sprintf("whole way, %d kills at each request up to the %dth, before and after its work", kills, last))
}

// Several new patients at once on a server that has never seen this kiosk: what
// their imports share (the kiosk's Device) is made once.
func TestFaultsWholeWayFirstDeliveries(t *testing.T) {
	var all tally
	n := times(2, 20)
	for range n {
		r := newRig(t)
		_ = r.life(4, func(*exec.Cmd) {}, "FAULTS_DRAIN=1")
		all.add(r.judge())
	}
	report(t, fmt.Sprintf("whole way, first deliveries on a new server, %d servers", n), "%s", all)
}

// The audit trail on its way to the server: killed at random, and at each point
// between "about to send", "sent" and "noted as sent"; the server loses answers
// on top of that.
func TestFaultsAuditShipping(t *testing.T) {
	r := newRig(t)
	n := times(1, 50)
	rnd := rand.New(rand.NewPCG(5, 5))
	kills := 0
	for _, point := range []string{"ship.before", "ship.after", "ship.done"} {
		for i := range n {
			if err := r.life(1, func(*exec.Cmd) {}, "FAULTS_DRAIN=1", fmt.Sprint("FAULTS_SHIP=", point, ":", 1+i%4)); err != nil {
				kills++
			}
		}
	}
	if kills != 3*n {
		t.Errorf("%d of %d children were killed: a point is not on the way", kills, 3*n)
	}
	lost := []string{"drop-after", "status-after", "truncate", "drop-before"}
	for i := range times(4, 100) {
		f := sandbox.Fault{Kind: lost[i%len(lost)], Status: 502, Method: "POST", What: "AuditEvent", Skip: rnd.IntN(3), Times: 1}
		if err := r.world.SetBehaviour(sandbox.Behaviour{Faults: []sandbox.Fault{f}}); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(rnd.IntN(150_000)) * time.Microsecond
		_ = r.life(1, func(c *exec.Cmd) { time.AfterFunc(after, func() { _ = c.Process.Kill() }) })
		kills++
		if err := r.world.SetBehaviour(sandbox.Behaviour{}); err != nil {
			t.Fatal(err)
		}
	}
	r.drain()
	r.check(fmt.Sprintf("audit trail to the server, %d kills, %d of them at named points", kills, 3*n))
}
