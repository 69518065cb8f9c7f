package frontdesk

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/desk"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/sandbox"
	book "shlkiosk/sync/staff"
	"shlkiosk/ui/staff"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	annPIN = "271938"
	bobPIN = "660415"
)

// kiosk is a kiosk without a window, whose door is open on loopback.
type kiosk struct {
	world *sandbox.World
	core  *engine.Core
	store *engine.Store
	chart *engine.Chart
	local *Local
	door  *Door
}

func newKiosk(t *testing.T) *kiosk {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	world, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Defaults()
	cfg.Organization, cfg.FHIR.Base = "Test Clinic", world.FHIRBase()
	cfg.Ledger.Dir = filepath.Join(t.TempDir(), "ledger")
	cfg.Identity.Policy = "staff"
	cfg.Desk.Listen = "127.0.0.1:0"
	for _, p := range []struct{ id, name, pin string }{{"ann", "Ann", annPIN}, {"bob", "Bob", bobPIN}} {
		hash, err := book.HashWith(p.pin, book.Cost{Memory: 8, Time: 1, Lanes: 1})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Staff.People = append(cfg.Staff.People, config.Person{ID: p.id, Name: p.name, PINHash: hash})
	}
	k := &kiosk{world: world}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k.core, err = engine.NewCore(cfg, engine.Env{Logger: slog.New(slog.DiscardHandler)})
	must(err)
	k.chart, err = k.core.NewChart(false)
	must(err)
	k.store, err = k.core.OpenStore()
	must(err)
	k.door, err = OpenDoor(ctx, cfg.Desk.Listen, filepath.Join(cfg.Ledger.Dir, "desk"), time.Now, slog.New(slog.DiscardHandler))
	must(err)
	worker := k.store.NewWorker(k.chart, nil)
	k.local, err = NewLocal(Options{Core: k.core, Store: k.store, Chart: k.chart, Worker: worker, Door: k.door, Version: "test"})
	must(err)
	var running sync.WaitGroup
	running.Go(func() { _ = worker.Run(ctx) })
	running.Go(func() {
		if err := k.door.Serve(k.local.Service()); err != nil {
			t.Error("door:", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := k.store.Close(); err != nil {
			t.Error(err)
		}
		world.Close()
	})
	return k
}

// park puts the record of a demo patient into the ledger for staff.
func (k *kiosk) park(t *testing.T, key string) (id string, p sandbox.DemoPatient) {
	t.Helper()
	for _, p = range k.world.Demo() {
		if p.Key == key {
			break
		}
	}
	o, err := engine.OpenBundle(p.Bundles[0])
	if err != nil {
		t.Fatal(err)
	}
	env := k.core.Envelope(o)
	env.Typed.BirthDate = intake.Fact(p.BirthDate)
	env.Consent = intake.Consent{Text: "test", Version: "v1", Language: "en", At: time.Now()}
	if _, err := k.chart.Importer.Match(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	if _, err := k.store.Put(t.Context(), env, string(intake.ReasonMatchUnsure)); err != nil {
		t.Fatal(err)
	}
	return env.ID, p
}

func (k *kiosk) settle(t *testing.T, id string) outbox.Header {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		h, err := k.store.Ledger.Get(outbox.ID(id))
		if err != nil {
			t.Fatal(err)
		}
		if h.State.Final() || h.State == outbox.Parked {
			return h
		}
	}
	t.Fatal("the import did not come to rest")
	return outbox.Header{}
}

// machine is another machine of the clinic.
type machine struct {
	id    *desk.Identity
	peers *desk.Peers
	dir   string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	dir := t.TempDir()
	id, peers, err := Machine(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return machine{id, peers, dir}
}

// remote is the desk of the kiosk that the machine knows.
func (m machine) remote(t *testing.T) *Remote {
	t.Helper()
	all := m.peers.All()
	if len(all) != 1 {
		t.Fatalf("%d kiosks known", len(all))
	}
	c := desk.NewClient(m.id, all[0])
	t.Cleanup(c.Close)
	return NewRemote(c, filepath.Join(m.dir, "receipts"))
}

// enrol lets the machine in with the code that the kiosk's screen shows.
func (k *kiosk) enrol(t *testing.T, m machine) staff.Machine {
	t.Helper()
	codes := make(chan string, 9)
	type end struct {
		m   staff.Machine
		err error
	}
	done := make(chan end, 1)
	go func() {
		got, err := k.local.Enrol(context.Background(), func(c string) { codes <- c })
		done <- end{got, err}
	}()
	if _, err := desk.Enrol(t.Context(), m.id, m.peers, k.door.Addr(), "Front desk 2", <-codes, time.Now()); err != nil {
		t.Fatal(err)
	}
	e := <-done
	if e.err != nil {
		t.Fatal(e.err)
	}
	return e.m
}

func login(t *testing.T, d staff.Desk, id, pin string) {
	t.Helper()
	who, err := d.Login(t.Context(), id, phi.SecretFromString(pin))
	if err != nil || who.ID != id {
		t.Fatalf("%+v, %v", who, err)
	}
}

func reason(err error) string {
	var e *staff.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// The whole way of a front desk on another machine: enrol, log in, list, look
// at a near twin, choose its chart, read and keep the receipt.
func TestDeskOnAnotherMachine(t *testing.T) {
	k, m := newKiosk(t), newMachine(t)
	id, p := k.park(t, "near-twin")
	if _, err := k.local.Enrol(t.Context(), func(string) {}); reason(err) != "session-ended" {
		t.Fatalf("an enrolment that nobody logged in for: %v", err)
	}
	login(t, k.local, "ann", annPIN)
	k.enrol(t, m)

	r := m.remote(t)
	people, err := r.People(t.Context())
	if err != nil || !slices.Equal(people, []staff.Person{{ID: "ann", Name: "Ann"}, {ID: "bob", Name: "Bob"}}) {
		t.Fatalf("%v, %v", people, err)
	}
	if _, err := r.Cases(t.Context()); reason(err) != "session-ended" {
		t.Errorf("before the login: %v", err)
	}
	_, err = r.Login(t.Context(), "bob", phi.SecretFromString(annPIN))
	var se *staff.Error
	if !errors.As(err, &se) || se.Reason != "pin-wrong" || se.Left == 0 {
		t.Errorf("a wrong PIN: %v", err)
	}
	login(t, r, "bob", bobPIN)

	cases, err := r.Cases(t.Context())
	if err != nil || len(cases) != 1 || cases[0].ID != id || cases[0].State != staff.Parked || cases[0].Created.IsZero() {
		t.Fatalf("%+v, %v", cases, err)
	}
	here, err := k.local.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	there, err := r.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if !same(here, there) {
		t.Errorf("the case differs: here and there have\n%#v\n%#v", here, there)
	}
	if len(there.Candidates) < 1 || len(there.Facts) < 2 || there.Receipt != nil {
		t.Fatalf("%d candidates, %d facts", len(there.Candidates), len(there.Facts))
	}
	family := strings.Fields(p.Name)[1]
	if !slices.ContainsFunc(there.Facts, func(f staff.Fact) bool { return strings.Contains(f.Value.Reveal(), family) }) {
		t.Error("the desk does not see whose record it is")
	}

	if err := r.Resolve(t.Context(), id, staff.Resolution{Chart: "not a chart"}); reason(err) != "order-invalid" {
		t.Errorf("an order that is none: %v", err)
	}
	if err := r.Resolve(t.Context(), id, staff.Resolution{Chart: there.Candidates[0].Reference}); err != nil {
		t.Fatal(err)
	}
	k.settle(t, id)
	done, err := r.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	rc := done.Receipt
	if rc == nil || rc.Patient != there.Candidates[0].Reference || rc.Created || !rc.Verified || len(rc.Counts) == 0 || len(done.Changes) == 0 {
		t.Fatalf("receipt: %+v", rc)
	}
	where, err := r.Export(t.Context(), id)
	if err != nil || filepath.Dir(where) != filepath.Join(m.dir, "receipts") {
		t.Fatal(where, err)
	}
	info, err := os.Stat(where)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	var kept intake.Receipt
	text, _ := os.ReadFile(where)
	if json.Unmarshal(text, &kept) != nil || kept.Import != id || kept.Patient.Reference != rc.Patient {
		t.Errorf("kept: %+v", kept)
	}
	if strings.Contains(string(text), family) {
		t.Error("the receipt holds the patient's name")
	}
	if _, err := r.Settings(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Error("settings:", err)
	}
	d, err := r.Diagnostics(t.Context())
	if err != nil || d.Version != "test" || len(d.Checks) < 3 || d.Camera != nil || d.Uptime <= 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if err := r.Pause(t.Context(), true); err != nil || k.store.Ledger.Paused() != "bob" {
		t.Error(err, k.store.Ledger.Paused())
	}
	if err := r.Pause(t.Context(), false); err != nil || k.store.Ledger.Paused() != "" {
		t.Error(err, k.store.Ledger.Paused())
	}
	r.Logout(t.Context())
	if _, err := r.Cases(t.Context()); reason(err) != "session-ended" {
		t.Errorf("after the logout: %v", err)
	}
	if _, err := k.local.Cases(t.Context()); err != nil {
		t.Error("a logout elsewhere ended the session on the kiosk:", err)
	}

	// Each deed stands in the audit trail under who did it.
	all, err := audit.List(filepath.Join(k.core.Config.Ledger.Dir, "audit"), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	for _, e := range all {
		log = append(log, e.Actor+" "+e.Action+" "+e.Result)
	}
	for _, want := range []string{"staff:ann desk.enrolment opened", "staff:ann desk.enrol ok", "kiosk staff.login pin-wrong", "staff:bob desk.remote ok",
		"staff:bob import.open ok", "staff:bob import.resolve ok", "staff:bob import.export ok", "staff:bob deliveries.pause ok", "staff:bob staff.logout ok"} {
		if !slices.Contains(log, want) {
			t.Errorf("not in the audit trail: %s\n%s", want, strings.Join(log, "\n"))
		}
	}
}

// same compares two details field by field, times by the instant.
func same(a, b staff.Detail) bool {
	for _, d := range []*staff.Detail{&a, &b} {
		d.Case.Created, d.Case.Updated, d.Case.Next = d.Case.Created.UTC().Round(0), d.Case.Updated.UTC().Round(0), d.Case.Next.UTC().Round(0)
	}
	return reflect.DeepEqual(a, b)
}

// A desk that was taken off the list is out at once, whoever is logged in
// there; and what is not there cannot be reached.
func TestDismissedDesk(t *testing.T) {
	k, m := newKiosk(t), newMachine(t)
	login(t, k.local, "ann", annPIN)
	in := k.enrol(t, m)
	address, all, err := k.local.Desks(t.Context())
	if err != nil || address != k.door.Addr() || len(all) != 1 || all[0] != in || in.Name != "Front desk 2" {
		t.Fatalf("%q, %+v, %v", address, all, err)
	}
	r := m.remote(t)
	login(t, r, "bob", bobPIN)
	if err := k.local.Dismiss(t.Context(), "nobody"); reason(err) != "not-found" {
		t.Error(err)
	}
	if err := k.local.Dismiss(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Cases(t.Context()); reason(err) != "session-ended" {
		t.Errorf("after it was dismissed: %v", err)
	}
	again := m.remote(t) // a new connection is refused in the handshake
	if _, err := again.People(t.Context()); reason(err) != "unreachable" || !again.Away() {
		t.Errorf("a new connection: %v", err)
	}
}

// Sessions are their own: five wrong PINs elsewhere lock the person here too,
// and nothing else is shared.
func TestWrongPINsCountTogether(t *testing.T) {
	k, m := newKiosk(t), newMachine(t)
	login(t, k.local, "ann", annPIN)
	k.enrol(t, m)
	r := m.remote(t)
	for range book.MaxTries {
		if _, err := r.Login(t.Context(), "bob", phi.SecretFromString("000001")); reason(err) != "pin-wrong" {
			t.Fatal(err)
		}
	}
	_, err := k.local.another().Login(t.Context(), "bob", phi.SecretFromString(bobPIN))
	var se *staff.Error
	if !errors.As(err, &se) || se.Reason != "pin-throttled" || se.Wait <= 0 {
		t.Errorf("at the kiosk: %v", err)
	}
	if _, err := k.local.Cases(t.Context()); err != nil {
		t.Error("Ann, who is logged in:", err)
	}
}

func TestAddressToType(t *testing.T) {
	mask := net.CIDRMask(24, 32)
	ours := func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: mask}, &net.IPNet{IP: net.IPv4(10, 1, 0, 7), Mask: mask}}, nil
	}
	none := func() ([]net.Addr, error) { return nil, errors.New("x") }
	for _, tc := range []struct {
		addr string
		all  func() ([]net.Addr, error)
		want string
	}{{"10.9.9.9:1", ours, "10.9.9.9:1"}, {"0.0.0.0:8443", ours, "10.1.0.7:8443"}, {"[::]:8443", ours, "10.1.0.7:8443"}, {"[::]:8443", none, "[::]:8443"}} {
		if got := reachable(tc.addr, tc.all); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.addr, got, tc.want)
		}
	}
}

// Without desk.listen there is nothing to enrol.
func TestNoDoor(t *testing.T) {
	k := newKiosk(t)
	o := k.local.o
	o.Door = nil
	l := &Local{o: o, book: k.local.book, began: k.local.began}
	login(t, l, "ann", annPIN)
	if _, _, err := l.Desks(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := l.Enrol(t.Context(), func(string) {}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
