package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// place is a receiver in memory that counts what it was brought.
type place struct {
	mu    sync.Mutex
	filed []uint64            // in the order of filing
	held  map[string]bool     // by hash
	tries int                 // deliveries asked for
	asked int                 // with again
	times []time.Time         // of the tries
	next  func(e Entry) error // what the next delivery meets; may file or not
}

func (p *place) file(e Entry) {
	if p.held == nil {
		p.held = map[string]bool{}
	}
	p.filed = append(p.filed, e.Seq)
	p.held[e.Hash] = true
}

func (p *place) Deliver(_ context.Context, e Entry, again bool) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	p.times = append(p.times, time.Now())
	if again {
		p.asked++
		if p.held[e.Hash] {
			return true, nil
		}
	}
	if p.next != nil {
		if err := p.next(e); err != nil {
			return false, err
		}
	}
	p.file(e)
	return false, nil
}

func (p *place) count() int { p.mu.Lock(); defer p.mu.Unlock(); return p.tries }

// inMemory puts a test's folders on a file system in memory, where there is
// one: for tests that cut no power, so that fsync costs nothing.
func inMemory(t *testing.T) {
	t.Helper()
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", "/dev/shm")
	}
}

// once is all numbers up to n, as they must have been filed.
func once(n uint64) []uint64 {
	var out []uint64
	for i := uint64(1); i <= n; i++ {
		out = append(out, i)
	}
	return out
}

func opened(t *testing.T, dir string) *Log {
	t.Helper()
	l, err := Open(dir, Options{Key: key, MaxSize: 2000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func mustAppend(t *testing.T, l *Log, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(event(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// bubbleStart is the time at which testing/synctest begins.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// shipping runs a shipper in a bubble while f looks at it.
func shipping(t *testing.T, p *place, o ShipperOptions, f func(l *Log, position func() Position)) {
	t.Helper()
	inMemory(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := opened(t, dir)
		o.Seed = 1
		s, err := NewShipper(l, "fhir", p, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		defer func() { cancel(); <-done }()
		f(l, func() Position {
			synctest.Wait()
			at, err := s.cursor.Position()
			if err != nil {
				t.Error(err)
			}
			return at
		})
	})
}

func TestEveryEntryIsSentOnceAndInOrder(t *testing.T) {
	p := &place{}
	shipping(t, p, ShipperOptions{}, func(l *Log, position func() Position) {
		mustAppend(t, l, 30)
		time.Sleep(time.Minute)
		mustAppend(t, l, 5) // later ones too
		time.Sleep(time.Minute)
		if at := position(); at.Seq != 35 || at.Trying != 0 || at.Stopped != "" {
			t.Errorf("position %+v", at)
		}
	})
	if !slices.Equal(p.filed, once(35)) {
		t.Errorf("filed %v", p.filed)
	}
	for i := 1; i < len(p.times); i++ {
		if gap := p.times[i].Sub(p.times[i-1]); gap < 500*time.Millisecond {
			t.Errorf("entry %d came %s after the one before: two a second at most", i+1, gap)
		}
	}
}

// An answer that never came: the receiver is asked before anything is sent
// again, and not before the last request has had its time.
func TestUnknownOutcomeIsAskedFor(t *testing.T) {
	for _, arrived := range []bool{true, false} {
		p := &place{}
		broken := 0
		p.next = func(e Entry) error {
			if e.Seq != 3 || broken > 0 {
				return nil
			}
			broken++
			if arrived {
				p.file(e)
			}
			return errors.New("connection reset") // whatever it is, it counts as unknown
		}
		shipping(t, p, ShipperOptions{}, func(l *Log, position func() Position) {
			mustAppend(t, l, 6)
			time.Sleep(time.Hour)
			if at := position(); at.Seq != 6 {
				t.Errorf("arrived %v: position %+v", arrived, at)
			}
		})
		if !slices.Equal(p.filed, once(6)) || p.asked == 0 {
			t.Errorf("arrived %v: filed %v, asked %d times", arrived, p.filed, p.asked)
		}
		if gap := p.times[3].Sub(p.times[2]); gap < 10*time.Second {
			t.Errorf("arrived %v: asked after %s, its request may still be at work", arrived, gap)
		}
	}
}

// A server that takes no AuditEvent is left alone, said once, and tried again
// after a day and at a start.
func TestRefusalIsSaidOnce(t *testing.T) {
	p := &place{}
	var takes atomic.Bool
	p.next = func(Entry) error {
		if takes.Load() {
			return nil
		}
		return &Trouble{Kind: Refused, Code: "server-403"}
	}
	notes := func(l *Log, action string) int {
		es, err := List(l.dir, Query{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range es {
			if e.Action == action {
				n++
			}
		}
		return n
	}
	shipping(t, p, ShipperOptions{}, func(l *Log, position func() Position) {
		mustAppend(t, l, 4)
		time.Sleep(20 * time.Hour)
		if at := position(); at.Stopped != "server-403" || at.Seq != 0 || at.Since.IsZero() || at.Of(1) != Waits {
			t.Errorf("position %+v", at)
		}
		if n := p.count(); n != 1 {
			t.Errorf("%d tries within a day", n)
		}
		time.Sleep(4 * 24 * time.Hour)
		if n := notes(l, actionStopped); n != 1 || p.count() > 6 {
			t.Errorf("said %d times, %d tries in five days", n, p.count())
		}
		// A start, in the same way.
		again, err := NewShipper(l, "fhir", p, ShipperOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Flush(context.Background()); err == nil || notes(l, actionStopped) != 1 {
			t.Errorf("a start: %v, said %d times", err, notes(l, actionStopped))
		}
		takes.Store(true)
		time.Sleep(25 * time.Hour)
		if at := position(); at.Stopped != "" || at.Seq != 6 { // four, and the two notes
			t.Errorf("once it takes them: %+v", at)
		}
		if n := notes(l, actionResumed); n != 1 {
			t.Errorf("resumed said %d times", n)
		}
	})
	if !slices.Equal(p.filed, once(6)) {
		t.Errorf("filed %v", p.filed)
	}
}

// A receiver that can neither be asked nor keeps copies out: what may be there
// is not sent again, and the trail says which entry that is.
func TestWhatCannotBeAskedForIsNeverDoubled(t *testing.T) {
	p := &place{}
	broken := map[uint64]int{}
	p.next = func(e Entry) error {
		broken[e.Seq]++
		switch {
		case e.Seq != 2:
			return nil
		case broken[2] == 1:
			p.file(e)
			p.held = nil // it cannot be asked
			return &Trouble{Kind: Unknown, Code: "no-answer"}
		}
		return &Trouble{Kind: Lost, Code: "server-cannot-be-searched"}
	}
	shipping(t, p, ShipperOptions{}, func(l *Log, position func() Position) {
		mustAppend(t, l, 4)
		time.Sleep(time.Hour)
		at := position()
		if at.Of(2) != Unsure || at.Of(1) != Sent || at.Of(3) != Sent || at.Of(99) != Waits {
			t.Errorf("position %+v", at)
		}
		es, err := List(l.dir, Query{After: 4})
		if err != nil || len(es) != 1 || es[0].Action != actionUnsure || es[0].Detail["seq"] != "2" {
			t.Errorf("the trail says %v, %v", es, err)
		}
	})
	if !slices.Equal(p.filed, once(5)) { // the note is the fifth
		t.Errorf("filed %v", p.filed)
	}
}

// A server that is away for a day: few tries, none closer than a second, none
// later than the cap, Retry-After honoured.
func TestBackOff(t *testing.T) {
	p := &place{}
	back := bubbleStart.Add(24 * time.Hour)
	p.next = func(Entry) error {
		if time.Now().Before(back) {
			return &Trouble{Kind: Later, Code: "server-503"}
		}
		return nil
	}
	shipping(t, p, ShipperOptions{}, func(l *Log, position func() Position) {
		mustAppend(t, l, 3)
		time.Sleep(26 * time.Hour)
		if at := position(); at.Seq != 3 {
			t.Errorf("position %+v", at)
		}
	})
	away := 0
	for i := 1; i < len(p.times); i++ {
		gap := p.times[i].Sub(p.times[i-1])
		if p.times[i].Before(back) {
			away++
		}
		if gap < 500*time.Millisecond || gap > time.Hour {
			t.Errorf("try %d came after %s", i, gap)
		}
	}
	if away > 120 || !slices.Equal(p.filed, once(3)) {
		t.Errorf("%d tries while away, filed %v", away, p.filed)
	}

	asked := &place{}
	asked.next = func(Entry) error {
		if len(asked.times) == 1 {
			return &Trouble{Kind: Later, Code: "server-429", RetryAfter: 20 * time.Minute}
		}
		return nil
	}
	shipping(t, asked, ShipperOptions{}, func(l *Log, _ func() Position) {
		mustAppend(t, l, 1)
		time.Sleep(time.Hour)
	})
	if len(asked.times) != 2 || asked.times[1].Sub(asked.times[0]) < 20*time.Minute {
		t.Errorf("Retry-After of 20 minutes: tried at %v", asked.times)
	}
}

// Imports come first.
func TestNothingIsSentWhileBusy(t *testing.T) {
	p := &place{}
	until := bubbleStart.Add(10 * time.Minute)
	o := ShipperOptions{Busy: func() bool { return time.Now().Before(until) }}
	shipping(t, p, o, func(l *Log, _ func() Position) {
		mustAppend(t, l, 3)
		time.Sleep(time.Hour)
	})
	if len(p.times) != 3 || p.times[0].Before(until) {
		t.Errorf("busy until %s, sent at %v", until, p.times)
	}
}

// A line that a power cut may take back is not sent: only what Append has
// returned.
func TestWhatIsNotSurelyOnDiskIsNotSent(t *testing.T) {
	inMemory(t)
	dir := t.TempDir()
	l := opened(t, dir)
	mustAppend(t, l, 2)
	line, err := l.seal(&Entry{Seq: 3, Event: event(3)})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, fileName(1)), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(line)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	p := &place{}
	s, err := NewShipper(l, "fhir", p, ShipperOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Flush(t.Context()); err != nil || !slices.Equal(p.filed, once(2)) {
		t.Errorf("filed %v, %v", p.filed, err)
	}
}

// A trail whose end was cut off, or that was replaced: noted, and what is new
// is sent.
func TestCutTrailIsNoticed(t *testing.T) {
	inMemory(t)
	dir := t.TempDir()
	l := opened(t, dir)
	mustAppend(t, l, 5)
	p := &place{}
	ship := func(l *Log) {
		t.Helper()
		s, err := NewShipper(l, "fhir", p, ShipperOptions{Settle: -1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ship(l)
	_ = l.Close()
	path := filepath.Join(dir, fileName(1))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for range 3 { // three lines stay
		cut += slices.Index(b[cut:], '\n') + 1
	}
	if err := os.WriteFile(path, b[:cut], 0o600); err != nil {
		t.Fatal(err)
	}
	l = opened(t, dir)
	mustAppend(t, l, 1)
	ship(l)
	es, err := List(dir, Query{})
	if err != nil {
		t.Fatal(err)
	}
	if es[len(es)-1].Action != actionCut || es[len(es)-1].Detail["sent"] != "5" {
		t.Errorf("not noted: %+v", es[len(es)-1])
	}
	for _, e := range es {
		if !p.held[e.Hash] {
			t.Errorf("%d (%s) is not there", e.Seq, e.Action)
		}
	}
	if want := append(once(5), 4, 5); !slices.Equal(p.filed, want) { // the new fourth, and the note
		t.Errorf("filed %v, want %v", p.filed, want)
	}
}

func TestBrokenCursorSendsNothingTwice(t *testing.T) {
	inMemory(t)
	dir := t.TempDir()
	l := opened(t, dir)
	mustAppend(t, l, 5)
	p := &place{}
	for i, damage := range []string{"", "not json", "{}"} {
		if damage != "" {
			if err := os.WriteFile(filepath.Join(dir, "sent-fhir.json"), []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := NewShipper(l, "fhir", p, ShipperOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if damage == "{}" {
			s.doubt = true // a cursor that was put back by hand looks like a new one; the receiver's own identifier has to do
		}
		if _, err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.filed, once(5)) {
			t.Errorf("%d, cursor %q: filed %v", i, damage, p.filed)
		}
	}
}

// However often the process dies, at whatever point, and however the answers
// fail: each entry is there once, in order.
func TestDyingShipperLosesAndDoublesNothing(t *testing.T) {
	inMemory(t)
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "trail")
		if err != nil {
			rt.Fatal(err)
		}
		l, err := Open(dir, Options{Key: key, MaxSize: 1500})
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		p := &place{}
		lives := rapid.IntRange(1, 6).Draw(rt, "lives")
		for life := range lives + 1 {
			last := life == lives
			if !last {
				mustAppend(t, l, rapid.IntRange(0, 5).Draw(rt, "new"))
			}
			dieAt, n := rapid.SampledFrom([]string{"ship.before", "ship.after", "ship.done", ""}).Draw(rt, "die"), rapid.IntRange(1, 5).Draw(rt, "die after")
			p.next = func(e Entry) error {
				if last {
					return nil
				}
				switch rapid.IntRange(0, 5).Draw(rt, "answer") {
				case 0:
					return &Trouble{Kind: Unknown, Code: "no-answer"}
				case 1:
					p.file(e)
					return &Trouble{Kind: Unknown, Code: "no-answer"}
				case 2:
					return &Trouble{Kind: Later, Code: "server-503"}
				case 3:
					return &Trouble{Kind: Refused, Code: "server-403"}
				}
				return nil
			}
			s, err := NewShipper(l, "fhir", p, ShipperOptions{Settle: -1, Fail: func(point string) {
				if point != dieAt || last {
					return
				}
				if n--; n == 0 {
					panic(died{})
				}
			}})
			if err != nil {
				rt.Fatal(err)
			}
			func() {
				defer func() {
					if r := recover(); r != nil {
						if _, ok := r.(died); !ok {
							panic(r)
						}
					}
				}()
				_, err = s.Flush(t.Context())
			}()
			if last && err != nil {
				rt.Fatal(err)
			}
		}
		seq, _ := l.Last()
		if !slices.Equal(p.filed, once(seq)) {
			rt.Fatalf("filed %v of %d", p.filed, seq)
		}
		if at, err := (&Cursor{dir: dir, path: filepath.Join(dir, "sent-fhir.json")}).Position(); err != nil || at.Seq != seq {
			rt.Fatalf("position %+v, %v", at, err)
		}
	})
}

type died struct{}

// Reading on from a number opens only the files that can hold it.
func TestListAfterReadsOnlyWhatItMust(t *testing.T) {
	inMemory(t)
	dir := filled(t, 60, Options{MaxSize: 1500})
	all, err := List(dir, Query{})
	if err != nil || len(all) != 60 {
		t.Fatal(len(all), err)
	}
	for after := range uint64(61) {
		es, err := List(dir, Query{After: after})
		if err != nil || !slices.EqualFunc(es, all[after:], func(a, b Entry) bool { return a.Hash == b.Hash }) {
			t.Fatalf("after %d: %d entries, %v", after, len(es), err)
		}
	}
	names, _ := files(dir)
	if len(names) < 4 {
		t.Fatalf("only %d files", len(names))
	}
	// The first file is not needed any more, and so not read.
	if err := os.WriteFile(filepath.Join(dir, names[0]), []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if es, err := List(dir, Query{After: 55}); err != nil || len(es) != 5 {
		t.Errorf("%d entries, %v", len(es), err)
	}
	if _, err := List(dir, Query{}); err == nil {
		t.Error("the whole list does not see the damage")
	}
}

func ExampleCursor() {
	dir, _ := os.MkdirTemp("", "trail")
	defer os.RemoveAll(dir)
	l, _ := Open(dir, Options{})
	defer l.Close()
	_, _ = l.Append(Event{Actor: "kiosk", Action: "kiosk.started", Result: "ok"})
	c, _ := NewCursor(dir, "fhir")
	waiting, _ := c.Pending(10)
	for _, e := range waiting {
		_ = c.Begin(e)
		// ... send it ...
		_ = c.Done(e)
	}
	at, _ := c.Position()
	fmt.Println(at.Seq, at.Of(1), at.Of(2))
	// Output: 1 sent waits
}
