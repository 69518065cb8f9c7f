package faults

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/shl"
)

// The child is this test binary again: a kiosk without a screen.
//
//	FAULTS_CHILD  1
//	FAULTS_DIR    folder of key, ledger and audit
//	FAULTS_WORLD  address of the demo world
//	FAULTS_DRAIN  1: end when nothing waits any more
//	FAULTS_HOLD   folder for a log and a crash file: after that stand by, with no
//	              audit entries sent
//	FAULTS_SHIP   point:n, kill yourself the n-th time the shipper of the audit
//	              trail passes this point
//
// It reads "number link birth-date [passcode]" lines from its input, imports each, and prints
// "ready" with the milliseconds of processor time that the start took, and
// "ack NUMBER ID" once the import is on disk.
func TestMain(m *testing.M) {
	if phi.CrashMonitor() {
		return
	}
	if os.Getenv("FAULTS_CHILD") != "" {
		if err := kiosk(context.Background()); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func kiosk(ctx context.Context) error {
	world := os.Getenv("FAULTS_WORLD")
	cfg := config.Defaults()
	cfg.Organization, cfg.Kiosk = "Fault Clinic", "kiosk-1"
	cfg.FHIR.Base = world + "/fhir"
	cfg.Retrieval.Allow = []string{world}
	cfg.Identity.Policy = "create"
	cfg.Ledger.Dir = os.Getenv("FAULTS_DIR")
	var env engine.Env
	hold := os.Getenv("FAULTS_HOLD")
	if hold != "" {
		if _, err := phi.GuardCrashes(filepath.Join(hold, "crash.txt")); err != nil {
			return err
		}
		log, err := os.Create(filepath.Join(hold, "log.jsonl"))
		if err != nil {
			return err
		}
		defer log.Close()
		env.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	core, err := engine.NewCore(cfg, env)
	if err != nil {
		return err
	}
	chart, err := core.NewChart(false)
	if err != nil {
		return err
	}
	store, err := core.OpenStore()
	if err != nil {
		return err
	}
	for _, a := range store.Ledger.Alarms() {
		fmt.Println("alarm", a.Code)
	}
	fmt.Println("ready", processor().Milliseconds())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// As Store.NewWorker, but without its pace for a server that just came back.
	worker := outbox.NewWorker(store.Ledger, &engine.Deliverer{Importer: chart.Importer},
		outbox.WorkerOptions{Rate: 100, Keep: cfg.Ledger.KeepDone, Settle: -1, // the rig waits until the server is quiet
			OnEvent: func(e outbox.Event) { store.Note("kiosk", "import."+string(e.To), string(e.ID), "ok", "") }})
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()
	shipped, err := ship(ctx, store, chart)
	if err != nil {
		return err
	}

	lines := bufio.NewScanner(os.Stdin)
	buf := make([]byte, 1<<16) // of the harness, not of the kiosk: cleared for the canary test
	lines.Buffer(buf, len(buf))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		link, err := shl.Parse(f[1], time.Now())
		if err != nil {
			return err
		}
		var passcode *phi.Secret
		if len(f) > 3 {
			passcode = phi.SecretFromString(f[3])
		}
		opened, err := core.OpenLink(ctx, link, passcode)
		link.Wipe()
		passcode.Wipe()
		if err != nil {
			return err
		}
		envelope := core.Envelope(opened)
		envelope.Typed.BirthDate = intake.Fact(f[2])
		envelope.Consent = intake.Consent{Text: "consent", Version: "v1", Language: "en", At: time.Now()}
		opened.Wipe()
		if _, err := store.Put(ctx, envelope, ""); err != nil {
			return err
		}
		fmt.Println("ack", f[0], envelope.ID)
	}
	if os.Getenv("FAULTS_DRAIN") == "" {
		return <-done
	}
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		worker.Kick()
		waiting, err := store.Ledger.List(outbox.Filter{States: []outbox.State{outbox.Queued, outbox.Sending, outbox.Delivered}})
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		return err
	}
	if err := shipped(); err != nil {
		return err
	}
	rest, err := store.Ledger.List(outbox.Filter{})
	for _, h := range rest {
		if h.State != outbox.Verified {
			fmt.Println("parked", h.ID, h.State, h.Reason)
		}
	}
	if err != nil {
		return err
	}
	if hold != "" {
		phi.Wipe(buf)
		engine.Forget(chart)
		fmt.Println("idle")
		time.Sleep(time.Hour)
	}
	key, err := core.AuditKey()
	if err != nil {
		return err
	}
	if _, err := audit.Verify(filepath.Join(cfg.Ledger.Dir, "audit"), key); err != nil {
		fmt.Println("alarm", err)
	}
	return store.Close()
}

// ship sends the audit trail beside the deliveries. The function that it returns
// sends what is left once they have ended.
func ship(ctx context.Context, store *engine.Store, chart *engine.Chart) (rest func() error, err error) {
	if os.Getenv("FAULTS_HOLD") != "" {
		return func() error { return nil }, nil
	}
	point, n, _ := strings.Cut(os.Getenv("FAULTS_SHIP"), ":")
	left, _ := strconv.Atoi(n)
	o := audit.ShipperOptions{Rate: 1000, Tick: 10 * time.Millisecond, Settle: -1, Fail: func(at string) {
		if at != point {
			return
		}
		if left--; left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}}
	s, err := store.NewShipper(chart, o)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	return func() error {
		<-done
		_, err := s.Flush(context.Background())
		if err != nil { // a fault struck it; the next time it must go
			_, err = s.Flush(context.Background())
		}
		return err
	}, nil
}

// processor is the processor time of this process so far.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
