package engine

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/sandbox"
	"shlkiosk/ui/flow"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a kiosk without a window in a world of its own.
type rig struct {
	t      *testing.T
	world  *sandbox.World
	core   *Core
	store  *Store
	kiosk  *Kiosk
	logs   *lockedBuffer
	dir    string
	mu     sync.Mutex
	shown  []Shown
	from   int // shown up to here has been waited for
	effect []flow.Effect
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func newRig(t *testing.T, change func(*config.Config)) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	world, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, world: world, logs: &lockedBuffer{}, dir: t.TempDir()}
	cfg := config.Defaults()
	cfg.Organization, cfg.FHIR.Base = "Test Clinic", world.FHIRBase()
	cfg.Retrieval.Allow = []string{world.Base()}
	cfg.Ledger.Dir = filepath.Join(r.dir, "ledger")
	cfg.Identity.Policy = "create"
	// A machine under load is no reason for another way through the screens.
	cfg.Retrieval.Timeout, cfg.FHIR.Timeout = 5*time.Minute, 5*time.Minute
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(config.NeedRetrieval | config.NeedServer | config.NeedLedger); err != nil {
		t.Fatal(err)
	}
	r.core, err = NewCore(cfg, Env{Logger: slog.New(slog.NewTextHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	chart, err := r.core.NewChart(false)
	if err != nil {
		t.Fatal(err)
	}
	if r.store, err = r.core.OpenStore(); err != nil {
		t.Fatal(err)
	}
	worker := r.store.NewWorker(chart, nil)
	r.kiosk = NewKiosk(KioskOptions{Core: r.core, Chart: chart, Store: r.store, TickEvery: 20 * time.Millisecond,
		Machine: flow.New(flow.Options{Languages: []string{"en", "es"}, AskFact: cfg.Identity.AskFact,
			IdleScan: time.Hour, IdlePasscode: time.Hour, IdleReview: time.Hour, FetchLimit: cfg.Retrieval.Timeout}),
		OnShow: func(s Shown) { r.mu.Lock(); r.shown = append(r.shown, s); r.mu.Unlock() },
		OnEffect: func(e flow.Effect) {
			r.mu.Lock()
			r.effect = append(r.effect, e)
			r.mu.Unlock()
		}})
	var running sync.WaitGroup
	running.Add(2)
	go func() { defer running.Done(); r.kiosk.Run(ctx) }()
	go func() { defer running.Done(); _ = worker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
		world.Close()
	})
	return r
}

func (r *rig) state() flow.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.shown) == 0 {
		return flow.State{}
	}
	return r.shown[len(r.shown)-1].State
}

// hangs ends a test that waits for what never comes; no good run is near it.
const hangs = 5 * time.Minute

// afterChange is how long presses are dropped after a change (U7), and a little
// more.
const afterChange = 310 * time.Millisecond

// eventually waits until ok.
func eventually(ok func() bool) bool {
	for end := time.Now().Add(hangs); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// until waits until a screen has been shown, though by now it may have gone
// again, and returns its last state.
func (r *rig) until(want ...flow.Screen) (s flow.State) {
	r.t.Helper()
	seen := eventually(func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := r.from; i < len(r.shown); i++ {
			if !slices.Contains(want, r.shown[i].State.Screen) {
				continue
			}
			for i+1 < len(r.shown) && r.shown[i+1].State.Screen == r.shown[i].State.Screen {
				i++
			}
			r.from, s = i, r.shown[i].State
			return true
		}
		return false
	})
	if !seen {
		r.t.Fatalf("screen is %q (reason %q, hint %q), want %v", r.state().Screen, r.state().Reason, r.state().Hint, want)
	}
	time.Sleep(afterChange)
	return s
}

func (r *rig) patient(key string) sandbox.DemoPatient {
	r.t.Helper()
	for _, p := range r.world.Demo() {
		if p.Key == key {
			return p
		}
	}
	r.t.Fatalf("no demo patient %q", key)
	return sandbox.DemoPatient{}
}

func (r *rig) press(a flow.Action) { r.kiosk.Send(flow.Press{Action: a}) }

// toConsent walks from the start to the consent screen.
func (r *rig) toConsent(p sandbox.DemoPatient, birth string) {
	r.t.Helper()
	r.until(flow.Attract)
	r.press(flow.ActStart)
	r.until(flow.Scan)
	r.kiosk.Text(p.Link)
	if p.Passcode != "" {
		r.until(flow.Passcode)
		r.kiosk.Send(flow.PasscodeGiven{Passcode: phi.SecretFromString(p.Passcode)})
	}
	r.until(flow.Review)
	r.press(flow.ActYes)
	r.until(flow.Who)
	r.kiosk.Send(flow.WhoChosen{Who: flow.ForSelf})
	r.until(flow.Identity)
	r.kiosk.Send(flow.FactsGiven{BirthDate: phi.Text(birth)})
	r.until(flow.Consent)
}

// settled waits until the newest import has come to rest.
func (r *rig) settled() (outbox.Header, *intake.Envelope) {
	r.t.Helper()
	var h outbox.Header
	rest := eventually(func() bool {
		all, err := r.store.Ledger.List(outbox.Filter{})
		if err != nil {
			r.t.Fatal(err)
		}
		if len(all) == 0 {
			return false
		}
		h = all[len(all)-1]
		return h.State.Final() || h.State == outbox.Parked
	})
	if !rest {
		r.t.Fatal("the import did not come to rest")
	}
	body, err := r.store.Ledger.Body(h.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	env, err := intake.UnmarshalEnvelope(body)
	if err != nil {
		r.t.Fatal(err)
	}
	return h, env
}

func TestTheWholeWayForEachStory(t *testing.T) {
	for _, tc := range []struct {
		key     string
		birth   string // "" as in the record
		state   outbox.State
		created bool // a new chart
	}{
		{key: "returning", state: outbox.Verified},
		{key: "new", state: outbox.Verified, created: true},
		{key: "passcode", state: outbox.Verified},
		{key: "ips", state: outbox.Verified},
		{key: "near-twin", state: outbox.Parked},
		{key: "returning", birth: "1968-04-13", state: outbox.Parked}, // the typed date is not the record's
	} {
		t.Run(tc.key+tc.birth, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			p := r.patient(tc.key)
			birth := tc.birth
			if birth == "" {
				birth = p.BirthDate
			}
			r.toConsent(p, birth)
			r.press(flow.ActYes)
			done := r.until(flow.Done)
			h, env := r.settled()
			if h.State != tc.state {
				t.Fatalf("state = %s (%s), want %s", h.State, h.Reason, tc.state)
			}
			if done.Receipt == "" || done.Receipt != h.Code || done.Held != 0 {
				t.Errorf("done: receipt %q (ledger %q), held %b", done.Receipt, h.Code, done.Held)
			}
			if tc.state == outbox.Verified {
				rc := env.Journal.Receipt
				if rc == nil || rc.State != intake.StateVerified || !rc.Verification.Complete() || rc.Patient.Created != tc.created {
					t.Fatalf("receipt = %+v", rc)
				}
				if len(env.Files) > 0 && len(env.Files[0].Bytes) > 0 {
					t.Error("the files of a verified import are still in the ledger")
				}
			} else if len(env.Files) == 0 || len(env.Files[0].Bytes) == 0 {
				t.Error("a parked import lost its files")
			}
			if d := r.world.Counts().Duplicates; len(d) > 0 {
				t.Errorf("duplicates on the server: %+v", d)
			}
		})
	}
}

func TestACodeThatCannotBeUsedIsAHint(t *testing.T) {
	r := newRig(t, nil)
	r.until(flow.Attract)
	r.press(flow.ActStart)
	r.until(flow.Scan)
	for text, want := range map[string]flow.Reason{
		r.patient("expired").Link:                                      "expired",
		"https://www.example.org/menu":                                 "web-address",
		"M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 100": "boarding-pass",
		"shlink:/": "damaged",
		"shlink:/eyJ1cmwiOiJodHRwczovLzEwLjAuMC4xL3giLCJrZXkiOiJyeFRnWWxPYUtKUEZ0Y0VkMHFjY2VOOHdFVTRwOTRTcUF3SVdRZTZ1WDdRIn0": "blocked-address",
	} {
		r.kiosk.Text(text)
		eventually(func() bool { return r.state().Hint == want })
		if s := r.state(); s.Hint != want || s.Screen != flow.Scan {
			t.Errorf("%.24s...: screen %s, hint %q, want %q", text, s.Screen, s.Hint, want)
		}
	}
}

func TestAWrongPasscodeIsSentOnceForEachPress(t *testing.T) {
	r := newRig(t, nil)
	p := r.patient("passcode")
	r.until(flow.Attract)
	r.press(flow.ActStart)
	r.until(flow.Scan)
	r.kiosk.Text(p.Link)
	r.until(flow.Passcode)
	r.kiosk.Send(flow.PasscodeGiven{Passcode: phi.SecretFromString("0000")})
	eventually(func() bool { return r.state().Wrong })
	s := r.state()
	time.Sleep(afterChange)
	if !s.Wrong || s.Left < 1 {
		t.Errorf("wrong = %v, left = %d", s.Wrong, s.Left)
	}
	if n := len(r.world.Accesses(p.LinkID)); n != 1 {
		t.Errorf("%d requests for one press", n)
	}
	r.kiosk.Send(flow.PasscodeGiven{Passcode: phi.SecretFromString(p.Passcode)})
	r.until(flow.Review)
}

func TestNoMeansThatNothingIsKept(t *testing.T) {
	r := newRig(t, nil)
	p := r.patient("returning")
	before := r.world.Dump()
	r.toConsent(p, p.BirthDate)
	r.press(flow.ActNo)
	r.until(flow.Attract)
	all, err := r.store.Ledger.List(outbox.Filter{})
	if err != nil || len(all) != 0 {
		t.Errorf("ledger = %v, %v", all, err)
	}
	if !bytes.Equal(before, r.world.Dump()) {
		t.Error("the server's store has changed")
	}
	wipes := 0
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.effect {
		if _, ok := e.(flow.Wipe); ok {
			wipes++
		}
	}
	if wipes != 1 {
		t.Errorf("%d wipes in one visit", wipes)
	}
}

func TestTheServerIsDownAndThePatientNeedNotWait(t *testing.T) {
	r := newRig(t, nil)
	if err := r.world.SetBehaviour(sandbox.Behaviour{Down: true}); err != nil {
		t.Fatal(err)
	}
	p := r.patient("returning")
	r.toConsent(p, p.BirthDate)
	r.press(flow.ActYes)
	r.until(flow.Done)
	if err := r.world.SetBehaviour(sandbox.Behaviour{}); err != nil {
		t.Fatal(err)
	}
	h, env := r.settled()
	if h.State != outbox.Verified || env.Journal.Receipt == nil || env.Journal.Receipt.Patient.Created {
		t.Errorf("state = %s %s", h.State, h.Reason)
	}
}

func TestOnlyReviewShowsTheRecordAndNothingReachesTheDisk(t *testing.T) {
	r := newRig(t, nil)
	p := r.patient("returning")
	r.toConsent(p, p.BirthDate)
	r.press(flow.ActYes)
	r.until(flow.Done)
	r.settled()
	r.mu.Lock()
	for _, s := range r.shown {
		if s.View != nil && s.State.Screen != flow.Review {
			t.Errorf("the view is given to screen %q", s.State.Screen)
		}
	}
	r.mu.Unlock()

	// The canaries: what identifies the patient, the link and its key.
	name := strings.Fields(p.Name)
	canaries := append([]string{p.Link, p.BirthDate, "metformin"}, name...)
	search := func(where, text string) {
		low := strings.ToLower(text)
		for i, c := range canaries {
			if strings.Contains(low, strings.ToLower(c)) {
				t.Errorf("canary %d is in %s", i, where)
			}
		}
	}
	search("the log", r.logs.String())
	files := 0
	err := filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		search("a file name", path)
		b, err := os.ReadFile(path)
		files++
		search(filepath.Base(path), string(b))
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("%d files searched: %v", files, err)
	}
	key, err := r.core.AuditKey()
	if err != nil {
		t.Fatal(err)
	}
	rep, err := audit.Verify(filepath.Join(r.core.Config.Ledger.Dir, "audit"), key)
	if err != nil || rep.Entries < 4 {
		t.Errorf("audit: %+v, %v", rep, err)
	}
}

func TestWhoeverWalksAwayLeavesNothing(t *testing.T) {
	r := newRig(t, nil)
	p := r.patient("returning")
	r.toConsent(p, p.BirthDate)
	r.press(flow.ActCancel)
	r.until(flow.Attract)
	done := make(chan struct{})
	r.kiosk.post(func() {
		defer close(done)
		v := r.kiosk.v
		if v.link != nil || v.opened != nil || v.view != nil || v.birth != "" || v.card != "" || v.leftOut != nil {
			t.Error("the kiosk still holds something of the visit")
		}
	})
	<-done
}
