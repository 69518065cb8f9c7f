package outbox

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// runWorker runs a worker inside a synctest bubble until f returns.
func runWorker(t *testing.T, l *Ledger, d Deliverer, o WorkerOptions, f func(w *Worker)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := NewWorker(l, d, o)
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	f(w)
	cancel()
	if err := <-done; err != nil {
		t.Error("Run:", err)
	}
}

func TestWorkerKeepsOrderWithinALane(t *testing.T) {
	o := testOptions(t)
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for _, r := range []Record{{ID: "a1", Lane: "a"}, {ID: "a2", Lane: "a"}, {ID: "b1", Lane: "b"}, {ID: "a3", Lane: "a"}} {
			r.Body = []byte(r.ID)
			mustPut(t, l, r)
		}
		var order []string
		tries := map[ID]int{}
		d := DelivererFunc(func(ctx context.Context, job Job) Outcome {
			tries[job.ID]++
			if job.ID == "a1" && tries[job.ID] < 3 {
				if job.Unknown != (job.Attempt > 1) {
					t.Errorf("attempt %d: unknown %v", job.Attempt, job.Unknown)
				}
				return Outcome{State: Queued, Reason: "server-unavailable"}
			}
			order = append(order, string(job.Body))
			return Outcome{State: Verified}
		})
		runWorker(t, l, d, WorkerOptions{Concurrency: 1, Seed: 1}, func(w *Worker) { time.Sleep(time.Minute) })
		var lane []string
		for _, id := range order {
			if strings.HasPrefix(id, "a") {
				lane = append(lane, id)
			}
		}
		if !slices.Equal(lane, []string{"a1", "a2", "a3"}) || order[0] != "b1" {
			t.Errorf("order %v", order)
		}
		hs, _ := l.List(Filter{})
		for _, h := range hs {
			if h.State != Verified || !h.Shredded {
				t.Errorf("%+v", h)
			}
		}
	})
}
