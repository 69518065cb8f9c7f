package outbox

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
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

// bubble runs f in a synctest bubble with an open ledger.
func bubble(t *testing.T, f func(t *testing.T, l *Ledger)) {
	t.Helper()
	o := testOptions(t)
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		f(t, l)
	})
}

func TestWorkerCrashedDeliveryIsUnknown(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		id := mustPut(t, l, Record{ID: "one", Body: []byte("x")})
		if _, err := l.claim(id); err != nil { // and then the process died
			t.Fatal(err)
		}
		delete(l.sending, id)
		var got []Job
		runWorker(t, l, DelivererFunc(func(_ context.Context, job Job) Outcome {
			got = append(got, job)
			return Outcome{State: Verified}
		}), WorkerOptions{}, func(*Worker) { time.Sleep(time.Minute) })
		if len(got) != 1 || !got[0].Unknown || got[0].State != Sending || got[0].Attempt != 2 {
			t.Errorf("%+v", got)
		}
	})
}

// What a dead process was sending may still be at work in the server: it is left
// alone for a while, whatever Kick says; other records go on.
func TestWorkerLetsACrashedDeliverySettle(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		id := mustPut(t, l, Record{ID: "one", Lane: "a", Body: []byte("x")})
		mustPut(t, l, Record{ID: "two", Lane: "b", Body: []byte("x")})
		if _, err := l.claim(id); err != nil {
			t.Fatal(err)
		}
		delete(l.sending, id)
		died := time.Now()
		time.Sleep(3 * time.Second)
		at := map[ID]time.Duration{}
		runWorker(t, l, DelivererFunc(func(_ context.Context, job Job) Outcome {
			at[job.ID] = time.Since(died)
			return Outcome{State: Verified}
		}), WorkerOptions{Concurrency: 1}, func(w *Worker) {
			for range 60 {
				w.Kick()
				time.Sleep(time.Second)
			}
		})
		if at["one"] < 10*time.Second || at["one"] > 12*time.Second || at["two"] > 4*time.Second {
			t.Errorf("delivered after %v", at)
		}
	})
}

func TestWorkerPauseResumeKick(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		var count atomic.Int32
		runWorker(t, l, DelivererFunc(func(context.Context, Job) Outcome {
			if count.Add(1) == 1 {
				return Outcome{State: Queued, Reason: "r", RetryAfter: time.Hour}
			}
			return Outcome{State: Verified}
		}), WorkerOptions{}, func(w *Worker) {
			if err := w.Pause("anna"); err != nil {
				t.Fatal(err)
			}
			mustPut(t, l, Record{ID: "one", Body: []byte("x")})
			time.Sleep(time.Hour)
			if tries := count.Load(); tries != 0 || l.Paused() != "anna" {
				t.Errorf("paused by %q, %d tries", l.Paused(), tries)
			}
			if err := w.Resume(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if tries := count.Load(); tries != 1 {
				t.Errorf("%d tries after resume", tries)
			}
			time.Sleep(10 * time.Minute)
			if tries := count.Load(); tries != 1 {
				t.Errorf("Retry-After was not held: %d tries", tries)
			}
			for range 20 {
				w.Kick()
			}
			time.Sleep(2 * time.Second)
			if tries := count.Load(); tries != 2 {
				t.Errorf("%d tries after Kick", tries)
			}
		})
	})
}

// Kicking all the time is not a way to a hot loop.
func TestWorkerKickedConstantly(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		mustPut(t, l, Record{ID: "one", Body: []byte("x")})
		tries := 0
		runWorker(t, l, DelivererFunc(func(context.Context, Job) Outcome {
			tries++
			return Outcome{State: Queued, Reason: "r"}
		}), WorkerOptions{}, func(w *Worker) {
			for range 600 {
				w.Kick()
				time.Sleep(100 * time.Millisecond)
			}
		})
		if tries > 61 {
			t.Errorf("%d tries in a minute", tries)
		}
	})
}

func TestWorkerStopsGracefully(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		mustPut(t, l, Record{ID: "quick", Body: []byte("x")})
		mustPut(t, l, Record{ID: "stuck", Body: []byte("x")})
		ctx, cancel := context.WithCancel(context.Background())
		w := NewWorker(l, DelivererFunc(func(ctx context.Context, job Job) Outcome {
			if job.ID == "quick" {
				time.Sleep(10 * time.Second)
				return Outcome{State: Verified}
			}
			<-ctx.Done()
			return Outcome{State: Queued, Reason: "stopped"}
		}), WorkerOptions{Concurrency: 2})
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		time.Sleep(5 * time.Second)
		began := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("took %s", took)
		}
		q, _ := l.Get("quick")
		s, _ := l.Get("stuck")
		if q.State != Verified || s.State != Queued || s.Reason != "stopped" {
			t.Errorf("%+v %+v", q, s)
		}
	})
}

func TestWorkerSurvivesAPanic(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		mustPut(t, l, Record{ID: "one", Body: []byte("x")})
		var events []Event
		runWorker(t, l, DelivererFunc(func(context.Context, Job) Outcome { panic("Jane Roe") }),
			WorkerOptions{OnEvent: func(e Event) { events = append(events, e) }}, func(*Worker) { time.Sleep(time.Minute) })
		h, _ := l.Get("one")
		if h.State != Parked || h.Reason != "delivery-panic" || len(events) != 1 {
			t.Errorf("%+v, events %v", h, events)
		}
	})
}

func TestWorkerRefusesReasonsThatAreNotCodes(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		mustPut(t, l, Record{ID: "one", Body: []byte("x")})
		runWorker(t, l, DelivererFunc(func(context.Context, Job) Outcome { return Outcome{State: Parked, Reason: "Jane Roe has two charts"} }),
			WorkerOptions{}, func(*Worker) { time.Sleep(time.Minute) })
		if h, _ := l.Get("one"); h.Reason != "unspecified" {
			t.Errorf("%+v", h)
		}
	})
}

// Delivered first, verified later; what is kept for the receipt is only what the
// deliverer says, and it goes after its time.
func TestWorkerDeliveredThenVerified(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		id := mustPut(t, l, Record{ID: "one", Code: "K7-42", Body: []byte("whole bundle")})
		var states []State
		runWorker(t, l, DelivererFunc(func(_ context.Context, job Job) Outcome {
			states = append(states, job.State)
			if len(states) < 3 {
				return Outcome{State: Delivered, Reason: "not-visible-yet", Body: []byte("journal")}
			}
			return Outcome{State: Verified, Body: []byte("receipt")}
		}), WorkerOptions{Keep: 24 * time.Hour}, func(*Worker) {
			time.Sleep(time.Hour)
			if b, err := l.Body(id); string(b) != "receipt" || err != nil {
				t.Errorf("kept %q, %v", b, err)
			}
			time.Sleep(24 * time.Hour)
			if hs, _ := l.List(Filter{}); len(hs) != 0 {
				t.Errorf("still there: %v", hs)
			}
		})
		if !slices.Equal(states, []State{Queued, Delivered, Delivered}) {
			t.Errorf("states %v", states)
		}
	})
}

// A parked record does not hold back the next one of the same patient.
func TestWorkerParkedDoesNotBlock(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		mustPut(t, l, Record{ID: "one", Lane: "a", Body: []byte("x")})
		mustPut(t, l, Record{ID: "two", Lane: "a", Body: []byte("x")})
		runWorker(t, l, DelivererFunc(func(_ context.Context, job Job) Outcome {
			if job.ID == "one" {
				return Outcome{State: Parked, Reason: "no-match"}
			}
			return Outcome{State: Verified}
		}), WorkerOptions{}, func(*Worker) { time.Sleep(time.Minute) })
		if h, _ := l.Get("two"); h.State != Verified {
			t.Errorf("%+v", h)
		}
	})
}

// The ledger's disk fails while the worker runs: Run ends with an error instead
// of going on without a ledger.
func TestWorkerEndsWithItsLedger(t *testing.T) {
	bubble(t, func(t *testing.T, l *Ledger) {
		mustPut(t, l, Record{ID: "one", Body: []byte("x")})
		w := NewWorker(l, DelivererFunc(func(context.Context, Job) Outcome {
			l.mu.Lock()
			l.broken = &Error{Reason: ReasonOutOfService}
			l.mu.Unlock()
			return Outcome{State: Verified}
		}), WorkerOptions{})
		wantReason(t, w.Run(context.Background()), ReasonOutOfService)
		if h := l.Health(); len(h) == 0 || h[len(h)-1].Code != "out-of-service" {
			t.Errorf("%v", h)
		}
	})
}

func TestBackoffStaysWithinItsBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for failures := range 200 {
		d := backoff(failures, 2*time.Second, time.Hour, r)
		top := time.Hour
		if failures < 12 {
			top = min(top, 2*time.Second<<max(failures-1, 0))
		}
		if d < minRetry || d > top {
			t.Errorf("%d failures: %s, want at most %s", failures, d, top)
		}
	}
}
