package outbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestStaffActions(t *testing.T) {
	o := testOptions(t)
	l := mustOpen(t, o)
	id := mustPut(t, l, Record{ID: "imp-1", Code: "K7-42", Body: []byte("undecided"), Park: "several-charts"})
	h, err := l.Get(id)
	if err != nil || h.State != Parked || h.Reason != "several-charts" {
		t.Fatalf("%+v %v", h, err)
	}
	boom := errors.New("boom")
	if err := l.Resolve(id, func([]byte) ([]byte, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
	if h, _ := l.Get(id); h.State != Parked || h.Version != 1 {
		t.Errorf("an edit that failed changed it: %+v", h)
	}
	if err := l.Resolve(id, func(b []byte) ([]byte, error) { return append(b, "+Patient/1"...), nil }); err != nil {
		t.Fatal(err)
	}
	if h, _ := l.Get(id); h.State != Queued || h.Reason != "" {
		t.Errorf("%+v", h)
	}
	if b, _ := l.Body(id); string(b) != "undecided+Patient/1" {
		t.Errorf("body %q", b)
	}
	wantReason(t, l.Park(id, "Jane Roe asked"), ReasonInvalid)
	if err := l.Park(id, "asked-to-wait"); err != nil {
		t.Fatal(err)
	}
	if err := l.Retry(id); err != nil {
		t.Fatal(err)
	}
	if err := l.Expire(id, "patient-left"); err != nil {
		t.Fatal(err)
	}
	h, _ = l.Get(id)
	if h.State != Expired || !h.Shredded || h.Code != "K7-42" {
		t.Errorf("%+v", h)
	}
	_, err = l.Body(id)
	wantReason(t, err, ReasonGone)
	wantReason(t, l.Retry(id), ReasonState)
	wantReason(t, l.Park(id, "x"), ReasonState)
	if _, err := l.Put(context.Background(), Record{ID: "imp-1", Body: []byte("again")}); err != nil {
		t.Error("the same import again is not an error:", err)
	}
	wantReason(t, l.Delete("nope"), ReasonNotFound)
}

// Nobody changes a record while it is being delivered.
func TestStaffWaitsForADelivery(t *testing.T) {
	l := mustOpen(t, testOptions(t))
	id := mustPut(t, l, Record{ID: "imp-1", Body: []byte("x")})
	job, err := l.claim(id)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"retry": func() error { return l.Retry(id) }, "park": func() error { return l.Park(id, "x") },
		"expire": func() error { return l.Expire(id, "x") }, "delete": func() error { return l.Delete(id) },
		"resolve": func() error { return l.Resolve(id, func(b []byte) ([]byte, error) { return b, nil }) },
		"claim":   func() error { _, err := l.claim(id); return err },
	} {
		if err := f(); !errors.Is(err, &Error{Reason: ReasonInUse}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := l.settle(id, Outcome{State: Parked, Reason: "no-match"}, 0); err != nil {
		t.Fatal(err)
	}
	wantReason(t, job.Save([]byte("late")), ReasonState)
	if err := l.Retry(id); err != nil {
		t.Error(err)
	}
}

func TestArgumentsAreChecked(t *testing.T) {
	o := testOptions(t)
	o.Limits.Body = 100
	l := mustOpen(t, o)
	for _, c := range []struct {
		r    Record
		want Reason
	}{
		{Record{ID: ""}, ReasonInvalid},
		{Record{ID: "Jane Roe"}, ReasonInvalid},
		{Record{ID: strings.Repeat("a", 65)}, ReasonInvalid},
		{Record{ID: "a/b"}, ReasonInvalid},
		{Record{ID: "a", Code: "Jane"}, ReasonInvalid},
		{Record{ID: "a", Park: "Jane Roe"}, ReasonInvalid},
		{Record{ID: "a", Body: make([]byte, 101)}, ReasonTooLarge},
	} {
		_, err := l.Put(context.Background(), c.r)
		wantReason(t, err, c.want)
	}
	if _, err := Open(Options{}); !errors.Is(err, &Error{Reason: ReasonInvalid}) {
		t.Error(err)
	}
}

func TestLimitsWarnBeforeTheyRefuse(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	o := testOptions(t)
	o.Now = func() time.Time { return now }
	o.Limits.Records, o.Limits.Bytes, o.Limits.Age = 5, 1000, 10*time.Hour
	l := mustOpen(t, o)
	codes := func() (out []string) {
		for _, w := range l.Health() {
			out = append(out, w.Code)
		}
		return out
	}
	for i := range 3 {
		mustPut(t, l, Record{ID: importID(i), Body: make([]byte, 100)})
	}
	if got := codes(); len(got) != 0 {
		t.Errorf("warned too early: %v", got)
	}
	mustPut(t, l, Record{ID: importID(3), Body: make([]byte, 500)})
	if got := codes(); !slices.Equal(got, []string{"records", "bytes"}) {
		t.Errorf("%v", got)
	}
	_, err := l.Put(context.Background(), Record{ID: "big", Body: make([]byte, 300)})
	wantReason(t, err, ReasonFull)
	mustPut(t, l, Record{ID: importID(4), Body: make([]byte, 1)})
	_, err = l.Put(context.Background(), Record{ID: "more"})
	wantReason(t, err, ReasonFull)
	now = now.Add(8 * time.Hour)
	if got := codes(); !slices.Equal(got, []string{"records", "bytes", "age"}) {
		t.Errorf("%v", got)
	}
	// What has ended does not count.
	if err := l.Expire(ID(importID(0)), "x"); err != nil {
		t.Fatal(err)
	}
	mustPut(t, l, Record{ID: "more"})
}

// Whatever is done to a ledger, in whatever order and with restarts between, it
// says the same as a plain map would, and no state change is outside the table.
func TestLedgerAgainstModel(t *testing.T) {
	type model struct {
		state State
		body  string
	}
	inMemory(t)
	rapid.Check(t, func(rt *rapid.T) {
		o := testOptions(t)
		l, err := Open(o)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		want := map[ID]*model{}
		ids := rapid.SampledFrom([]ID{"a", "b", "c", "d"})
		step := func(id ID, next State, err error) {
			m := want[id]
			switch {
			case m == nil:
				if !errors.Is(err, &Error{Reason: ReasonNotFound}) {
					rt.Fatalf("%s: %v", id, err)
				}
			case m.state == next || m.state.CanBecome(next):
				if err != nil {
					rt.Fatalf("%s from %s to %s: %v", id, m.state, next, err)
				}
				m.state = next
			case err == nil:
				rt.Fatalf("%s went from %s to %s", id, m.state, next)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				id, body := ids.Draw(rt, "id"), rapid.StringN(0, 200, -1).Draw(rt, "body")
				_, err := l.Put(context.Background(), Record{ID: string(id), Body: []byte(body)})
				if want[id] == nil {
					if err != nil {
						rt.Fatal(err)
					}
					want[id] = &model{Queued, body}
				}
			},
			"park": func(rt *rapid.T) { id := ids.Draw(rt, "id"); step(id, Parked, l.Park(id, "x")) },
			"expire": func(rt *rapid.T) {
				id := ids.Draw(rt, "id")
				if m := want[id]; m != nil && m.state == Expired {
					wantReason(t, l.Expire(id, "x"), ReasonState)
					return
				}
				step(id, Expired, l.Expire(id, "x"))
			},
			"deliver": func(rt *rapid.T) {
				id, to := ids.Draw(rt, "id"), rapid.SampledFrom([]State{Queued, Delivered, Verified, Parked}).Draw(rt, "to")
				_, err := l.claim(id)
				if m := want[id]; m == nil || !m.state.Waiting() {
					if err == nil {
						rt.Fatalf("%s was handed out", id)
					}
					return
				}
				step(id, Sending, err)
				_, err = l.settle(id, Outcome{State: to, Reason: "r"}, 0)
				step(id, to, err)
			},
			"delete": func(rt *rapid.T) {
				id := ids.Draw(rt, "id")
				err := l.Delete(id)
				if (err == nil) != (want[id] != nil) {
					rt.Fatal(err)
				}
				delete(want, id)
			},
			"restart": func(rt *rapid.T) {
				if err := l.Close(); err != nil {
					rt.Fatal(err)
				}
				if l, err = Open(o); err != nil {
					rt.Fatal(err)
				}
			},
			"": func(rt *rapid.T) {
				hs, err := l.List(Filter{})
				if err != nil || len(hs) != len(want) || len(l.Alarms()) != 0 {
					rt.Fatalf("%d records, want %d; alarms %v; %v", len(hs), len(want), l.Alarms(), err)
				}
				for _, h := range hs {
					m := want[h.ID]
					if m == nil || m.state != h.State || h.Shredded != h.State.Final() {
						rt.Fatalf("%+v, want %+v", h, m)
					}
					body, err := l.Body(h.ID)
					if h.Shredded != (err != nil) || err == nil && string(body) != m.body {
						rt.Fatalf("%s: body %q, %v", h.ID, body, err)
					}
				}
			},
		})
	})
}

func TestTransitionTable(t *testing.T) {
	all := []State{Queued, Sending, Delivered, Verified, Parked, Expired}
	var got []string
	for _, a := range all {
		for _, b := range all {
			if a.CanBecome(b) {
				got = append(got, string(a)+">"+string(b))
			}
		}
		if !a.Valid() || a.Final() == (a.Waiting() || a == Parked) {
			t.Errorf("%s is neither waiting, parked nor final", a)
		}
	}
	want := "queued>sending queued>parked queued>expired sending>queued sending>sending sending>delivered sending>verified sending>parked " +
		"delivered>sending delivered>verified delivered>parked parked>queued parked>parked parked>expired"
	slices.Sort(got)
	sorted := strings.Fields(want)
	slices.Sort(sorted)
	if !slices.Equal(got, sorted) {
		t.Errorf("table is\n%s\nwant\n%s", got, sorted)
	}
}
