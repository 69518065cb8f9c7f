package watchdog

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// manager is systemd's end of the socket.
type manager struct{ conn *net.UnixConn }

func newManager(t *testing.T) (manager, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return manager{conn}, name
}

// heard is every message that has come so far.
func (m manager) heard(t *testing.T) []string {
	t.Helper()
	var out []string
	b := make([]byte, 4096)
	for {
		// Datagrams on this machine are there as soon as Send has returned.
		_ = m.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := m.conn.Read(b)
		if err != nil {
			return out
		}
		out = append(out, string(b[:n]))
	}
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func open(t *testing.T, pairs ...string) *Notifier {
	t.Helper()
	n, err := FromEnv(env(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

func TestFromEnv(t *testing.T) {
	m, name := newManager(t)
	// The main process is cage: that the watchdog is meant for another process
	// must not silence it.
	n := open(t, "NOTIFY_SOCKET", name, "WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "1")
	if n.Every != 30*time.Second {
		t.Error(n.Every)
	}
	if err := n.Send("READY=1", "STATUS=x"); err != nil {
		t.Error(err)
	}
	if got := m.heard(t); !slices.Equal(got, []string{"READY=1\nSTATUS=x"}) {
		t.Errorf("%q", got)
	}
	if n, err := FromEnv(env()); n != nil || err != nil {
		t.Error("without systemd:", n, err)
	}
	var none *Notifier
	if none.Send("READY=1") != nil || none.Close() != nil {
		t.Error("no manager is no error")
	}
	(&Watchdog{}).Run(context.Background()) // returns
	for _, bad := range [][]string{{"NOTIFY_SOCKET", "relative"}, {"NOTIFY_SOCKET", name + "-gone"},
		{"NOTIFY_SOCKET", name, "WATCHDOG_USEC", "soon"}, {"NOTIFY_SOCKET", name, "WATCHDOG_USEC", "0"}} {
		if n, err := FromEnv(env(bad...)); err == nil {
			t.Error("accepted", bad)
			_ = n.Close()
		}
	}
}

func TestAbstractSocket(t *testing.T) {
	name := "@shlkiosk-test-" + filepath.Base(t.TempDir())
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Skip("no abstract sockets here:", err)
	}
	defer conn.Close()
	if err := open(t, "NOTIFY_SOCKET", name).Send("READY=1"); err != nil {
		t.Fatal(err)
	}
	if got := (manager{conn}).heard(t); !slices.Equal(got, []string{"READY=1"}) {
		t.Errorf("%q", got)
	}
}

// bench is a watchdog whose parts and thread a test moves, in a bubble.
type bench struct {
	mu    sync.Mutex
	ticks map[string]time.Time
	off   map[string]bool
	hung  bool
	queue []func()
	most  int
	sent  []string
	logs  strings.Builder
}

func (b *bench) part(name string) Part {
	return Part{Name: name, Tick: func() (time.Time, bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.ticks[name], !b.off[name]
	}}
}

// ui is fyne.Do: it queues, and a loop that hangs runs nothing.
func (b *bench) ui(f func()) {
	b.mu.Lock()
	if b.hung {
		b.queue = append(b.queue, f)
		b.most = max(b.most, len(b.queue))
		b.mu.Unlock()
		return
	}
	b.mu.Unlock()
	f()
}

func (b *bench) wake() {
	b.mu.Lock()
	b.hung = false
	todo := b.queue
	b.queue = nil
	b.mu.Unlock()
	for _, f := range todo {
		f()
	}
}

// move lets a part tick for d, every second.
func (b *bench) move(d time.Duration, names ...string) {
	for range int(d / time.Second) {
		b.mu.Lock()
		for _, n := range names {
			b.ticks[n] = time.Now()
		}
		b.mu.Unlock()
		time.Sleep(time.Second)
	}
}

// run drives f in a bubble and returns what systemd heard in each of its steps.
func run(t *testing.T, f func(b *bench, heard func() int)) *bench {
	t.Helper()
	m, name := newManager(t)
	n := open(t, "NOTIFY_SOCKET", name, "WATCHDOG_USEC", "30000000")
	b := &bench{ticks: map[string]time.Time{}, off: map[string]bool{}}
	synctest.Test(t, func(t *testing.T) {
		// Inside a bubble the socket's deadline would be the bubble's: what is
		// sent is counted at the watchdog, what was heard is read afterwards.
		w := &Watchdog{Notify: n, OnUI: b.ui, Logger: slog.New(slog.NewTextHandler(&b.logs, nil)),
			Parts: []Part{b.part("camera"), b.part("outbox"), b.part("clock")}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Run(ctx) }()
		count := 0
		f(b, func() int {
			synctest.Wait()
			got := w.Sent() - count
			count = w.Sent()
			return got
		})
		b.wake()
		cancel()
		<-done
		synctest.Wait()
	})
	b.sent = m.heard(t)
	return b
}

func TestPingsWhileAllMoves(t *testing.T) {
	b := run(t, func(b *bench, heard func() int) {
		b.move(61*time.Second, "camera", "outbox", "clock")
		if got := heard(); got != 7 { // at 0, 10, ... 60 s
			t.Errorf("%d pings in 61 s, want 7", got)
		}
	})
	if len(b.sent) != 8 || b.sent[0] != "WATCHDOG=1\nREADY=1" || b.sent[1] != "WATCHDOG=1" || b.sent[7] != "STOPPING=1" {
		t.Errorf("%q", b.sent)
	}
}

// F17: the window's thread hangs for 60 s: no ping, and not a heap of them
// when it comes back.
func TestHungThreadDoesNotPing(t *testing.T) {
	b := run(t, func(b *bench, heard func() int) {
		b.move(11*time.Second, "camera", "outbox", "clock")
		if got := heard(); got != 2 {
			t.Errorf("%d pings before", got)
		}
		b.mu.Lock()
		b.hung = true
		b.mu.Unlock()
		b.move(60*time.Second, "camera", "outbox", "clock")
		if got := heard(); got != 0 {
			t.Errorf("%d pings while the thread hung", got)
		}
		b.wake()
		if got := heard(); got != 1 {
			t.Errorf("%d pings at once after it came back", got)
		}
	})
	if b.most != 1 {
		t.Errorf("%d closures waited for the thread", b.most)
	}
}

func TestEachPartIsNeeded(t *testing.T) {
	all := []string{"camera", "outbox", "clock"}
	for _, hung := range all {
		t.Run(hung, func(t *testing.T) {
			rest := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == hung })
			b := run(t, func(b *bench, heard func() int) {
				b.move(25*time.Second, all...)
				heard()
				b.move(60*time.Second, rest...)
				// Its last tick is seen at 30 s, and is not too old at 40 s.
				if got := heard(); got != 2 {
					t.Errorf("%d pings while %s stood", got, hung)
				}
				b.move(10*time.Second, all...)
				if heard() == 0 {
					t.Error("it moves again and nothing is sent")
				}
			})
			if n := strings.Count(b.logs.String(), "part="+hung); n != 1 {
				t.Errorf("said %d times that %s stands: %s", n, hung, b.logs.String())
			}
		})
	}
}

func TestPartThatIsOffIsNotNeeded(t *testing.T) {
	run(t, func(b *bench, heard func() int) {
		b.mu.Lock()
		b.off["camera"] = true
		b.mu.Unlock()
		b.move(61*time.Second, "outbox", "clock")
		if got := heard(); got != 7 {
			t.Errorf("%d pings with the camera off", got)
		}
		// Just turned on, it has its full time to tick.
		b.mu.Lock()
		b.off["camera"] = false
		b.mu.Unlock()
		b.move(11*time.Second, "outbox", "clock")
		if got := heard(); got == 0 {
			t.Error("a camera that was just turned on counts as hung")
		}
	})
}

// A part whose wall clock jumps still moves, and one that hangs with a tick in
// the future still hangs.
func TestClockJumps(t *testing.T) {
	run(t, func(b *bench, heard func() int) {
		jump := func(d time.Duration) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.ticks["outbox"] = time.Now().Add(d).Round(0)
		}
		for i := range 39 {
			jump(time.Duration(i%2*2-1) * 24 * time.Hour)
			b.move(time.Second, "camera", "clock")
		}
		if got := heard(); got != 4 {
			t.Errorf("%d pings while the clock jumped", got)
		}
		jump(240 * time.Hour)
		b.move(60*time.Second, "camera", "clock")
		if got := heard(); got > 2 {
			t.Errorf("%d pings from a tick in the future", got)
		}
	})
}
