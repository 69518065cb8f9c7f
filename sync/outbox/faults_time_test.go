package outbox

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// F8: the server is down for a day while records wait, then comes back.
func TestFaultsServerDownForADay(t *testing.T) {
	o := testOptions(t)
	n := times(60, 500)
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for i := range n {
			mustPut(t, l, Record{ID: importID(i), Lane: fmt.Sprint(i % 40), Body: []byte{byte(i)}})
		}
		began := time.Now()
		back := began.Add(24 * time.Hour)
		var mu sync.Mutex
		var during int
		var starts []time.Time
		copies := map[ID]int{}
		seq := map[string]int{}
		d := DelivererFunc(func(ctx context.Context, job Job) Outcome {
			if time.Now().Before(back) {
				mu.Lock()
				during++
				mu.Unlock()
				time.Sleep(3 * time.Second) // a connection that times out
				return Outcome{State: Queued, Reason: "server-unavailable"}
			}
			mu.Lock()
			starts = append(starts, time.Now())
			var i int
			_, _ = fmt.Sscanf(string(job.ID), "imp-%d", &i)
			lane := fmt.Sprint(i % 40)
			if i < seq[lane] {
				t.Errorf("%s came after %d", job.ID, seq[lane])
			}
			seq[lane] = i
			copies[job.ID]++
			mu.Unlock()
			time.Sleep(200 * time.Millisecond)
			return Outcome{State: Verified}
		})
		runWorker(t, l, d, WorkerOptions{Concurrency: 2, Seed: 8}, func(w *Worker) {
			done := func() bool { mu.Lock(); defer mu.Unlock(); return len(copies) == n }
			for time.Sleep(24 * time.Hour); !done() && time.Since(back) < 2*time.Hour; {
				time.Sleep(time.Second)
			}
			if age := time.Since(w.LastTick()); age > 5*time.Second {
				t.Errorf("last tick %s ago", age)
			}
		})
		var burst int
		for i := range starts {
			k := i
			for k < len(starts) && starts[k].Sub(starts[i]) < time.Second {
				k++
			}
			burst = max(burst, k-i)
		}
		doubled := 0
		for id, c := range copies {
			if c != 1 {
				doubled++
				t.Errorf("%s delivered %d times", id, c)
			}
		}
		noticed, drained := starts[0].Sub(back), starts[len(starts)-1].Sub(starts[0])
		if len(copies) != n || burst > 2 || noticed > 6*time.Minute || during > 24*60 || drained > time.Duration(n)*time.Second {
			t.Errorf("delivered %d of %d, %d in one second, noticed after %s, %d tries while down, drained in %s", len(copies), n, burst, noticed, during, drained)
		}
		report(t, "F8 server down for a day", "%d waiting: %d tries while down, noticed %s after its return, drained in %s, at most %d begun in any second, in order, doubled %d",
			n, during, noticed.Round(time.Second), drained.Round(time.Second), burst, doubled)
	})
}

// F9: what a server may say in Retry-After.
func TestFaultsRetryAfter(t *testing.T) {
	cases := []struct {
		header   string
		from, to time.Duration // until the next try
		own      bool          // the header asks for nothing
	}{
		{"0", time.Second, 2 * time.Second, true},
		{"5", 5 * time.Second, 6 * time.Second, false},
		{"3600", time.Hour, 67 * time.Minute, false},
		{"86400", time.Hour, 67 * time.Minute, false},
		{"99999999999999999999", time.Hour, 67 * time.Minute, false},
		{"-5", time.Second, 2 * time.Second, true},
		{"soon", time.Second, 2 * time.Second, true},
		{"1.5", time.Second, 2 * time.Second, true},
		{" 7 ", 7 * time.Second, 8 * time.Second, false},
		{"", time.Second, 2 * time.Second, true},
		{"DATE+30", 29 * time.Second, 34 * time.Second, false},
		{"DATE-30", time.Second, 2 * time.Second, true},
		{"Mon, 01 Jan 2300 00:00:00 GMT", time.Hour, 67 * time.Minute, false},
	}
	held := 0
	for _, c := range cases {
		o := testOptions(t)
		synctest.Test(t, func(t *testing.T) {
			l, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			mustPut(t, l, Record{ID: "one", Lane: "a", Body: []byte("x")})
			mustPut(t, l, Record{ID: "two", Lane: "b", Body: []byte("x")})
			var tries []time.Time
			d := DelivererFunc(func(ctx context.Context, job Job) Outcome {
				now := time.Now()
				tries = append(tries, now)
				if len(tries) > 1 {
					return Outcome{State: Verified}
				}
				header := c.header
				var s int
				if k, _ := fmt.Sscanf(header, "DATE%d", &s); k == 1 {
					header = now.Add(time.Duration(s) * time.Second).UTC().Format(http.TimeFormat)
				}
				return Outcome{State: Queued, Reason: "server-503", RetryAfter: RetryAfter(header, now)}
			})
			runWorker(t, l, d, WorkerOptions{Concurrency: 1, Seed: 9}, func(*Worker) { time.Sleep(2 * time.Hour) })
			if len(tries) != 3 {
				t.Fatalf("%q: %d tries", c.header, len(tries))
			}
			gap := tries[1].Sub(tries[0])
			if c.own {
				// Without a wish of the server another patient's record goes at the
				// usual pace; this record waits for its own back-off.
				gap = tries[2].Sub(tries[0])
			}
			if gap < c.from || gap > c.to {
				t.Errorf("%q: next try after %s, want %s to %s", c.header, gap, c.from, c.to)
			} else {
				held++
			}
		})
	}
	report(t, "F9 Retry-After", "%d of %d values held: garbage and the past by our own back-off, at most one hour, never under one second", held, len(cases))
}

// F15: the wall clock jumps; no retry comes early or late, and it is noted.
func TestFaultsClockJumps(t *testing.T) {
	held := 0
	jumps := []time.Duration{24 * time.Hour, -24 * time.Hour, 10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour, time.Hour, -time.Hour}
	for _, jump := range jumps {
		o := testOptions(t)
		synctest.Test(t, func(t *testing.T) {
			var shift atomic.Int64
			o.Now = func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }
			l, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			mustPut(t, l, Record{ID: "one", Body: []byte("x")})
			var tries []time.Time
			d := DelivererFunc(func(ctx context.Context, job Job) Outcome {
				tries = append(tries, time.Now())
				return Outcome{State: Queued, Reason: "server-503", RetryAfter: 10 * time.Minute}
			})
			runWorker(t, l, d, WorkerOptions{Seed: 15}, func(*Worker) {
				time.Sleep(5 * time.Minute)
				shift.Store(int64(jump))
				time.Sleep(10 * time.Minute)
			})
			if len(tries) != 2 || tries[1].Sub(tries[0]) < 10*time.Minute || tries[1].Sub(tries[0]) > 11*time.Minute {
				t.Errorf("%s: tries %v", jump, tries)
			}
			noted := false
			for _, a := range l.Alarms() {
				noted = noted || a.Code == AlarmClock
			}
			if !noted {
				t.Errorf("%s: not noted", jump)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			// A new process whose clock jumped while it was off: nothing waits longer
			// than the cap.
			shift.Store(-int64(jump))
			l, err = Open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			tries = nil
			runWorker(t, l, d, WorkerOptions{Seed: 15}, func(*Worker) { time.Sleep(MaxRetryAfter + time.Minute) })
			if len(tries) == 0 {
				t.Errorf("%s: no try within the cap after a restart", jump)
			} else {
				held++
			}
		})
	}
	report(t, "F15 clock jumps", "%d of %d jumps: retry on time, alarm raised, no wait beyond one hour after a restart", held, len(jumps))
}
