package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/sandbox"
)

// clinic is a store with a trail and a demo world that takes it.
type clinic struct {
	t     *testing.T
	world *sandbox.World
	store *Store
	chart *Chart
}

func newClinic(t *testing.T, b sandbox.Behaviour, change func(*config.Config)) *clinic {
	t.Helper()
	w, err := sandbox.Start(t.Context(), sandbox.Options{People: -1, Behave: b})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	cfg := config.Defaults()
	cfg.Organization, cfg.Site, cfg.Ledger.Dir, cfg.FHIR.Base = "Test Clinic", "East", t.TempDir(), w.FHIRBase()
	if change != nil {
		change(&cfg)
	}
	core, err := NewCore(cfg, Env{})
	if err != nil {
		t.Fatal(err)
	}
	c := &clinic{t: t, world: w}
	if c.chart, err = core.NewChart(false); err != nil {
		t.Fatal(err)
	}
	if c.store, err = core.OpenStore(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.store.Close() })
	return c
}

// flush lets a new shipper, as of a new process, bring what waits. Troubles in
// between are taken as Run takes them, without the waiting.
func (c *clinic) flush(tries int) error {
	c.t.Helper()
	ship, err := c.store.NewShipper(c.chart, audit.ShipperOptions{Settle: -1})
	if err != nil {
		c.t.Fatal(err)
	}
	for range tries {
		if _, err = ship.Flush(context.Background()); err == nil {
			return nil
		}
	}
	return err
}

// events are the hashes of the AuditEvents at the server, by number of copies.
func (c *clinic) events() map[string]int {
	c.t.Helper()
	all, err := c.chart.Client.Search(context.Background(), "AuditEvent", url.Values{"_count": {"100"}}, 10_000)
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]int{}
	for _, r := range all {
		tag := r.Get("meta", "tag", 0)
		if tag.Get("system").String() != audit.SystemEntry {
			c.t.Errorf("an AuditEvent of somebody else: %s", r.Raw())
		}
		out[tag.Get("code").String()]++
	}
	return out
}

// once checks that every entry of the trail is at the server exactly once.
func (c *clinic) once() {
	c.t.Helper()
	trail, err := audit.List(c.store.core.auditDir(), audit.Query{})
	if err != nil {
		c.t.Fatal(err)
	}
	there := c.events()
	for _, e := range trail {
		if n := there[e.Hash]; n != 1 {
			c.t.Errorf("entry %d (%s) is there %d times", e.Seq, e.Action, n)
		}
	}
	if len(there) != len(trail) {
		c.t.Errorf("%d entries, %d AuditEvents", len(trail), len(there))
	}
}

func (c *clinic) notes(n int) {
	for i := range n {
		c.store.Note("kiosk", "import.stored", fmt.Sprint("imp-", i), "ok", "")
	}
}

// Each kind of server that takes AuditEvents gets every entry once, whatever
// happens to the third one on its way.
func TestTrailReachesEveryKindOfServer(t *testing.T) {
	struck := func(f sandbox.Fault) []sandbox.Fault {
		f.Method, f.What, f.Skip, f.Times = "POST", "AuditEvent", 2, 1
		return []sandbox.Fault{f}
	}
	faults := map[string][]sandbox.Fault{
		"nothing": nil, "no answer after the commit": struck(sandbox.Fault{Kind: "drop-after"}),
		"no answer before it": struck(sandbox.Fault{Kind: "drop-before"}), "500 after the commit": struck(sandbox.Fault{Kind: "status-after", Status: 500}),
		"504 after the commit": struck(sandbox.Fault{Kind: "status-after", Status: 504}), "half an answer": struck(sandbox.Fault{Kind: "truncate"}),
		"503": struck(sandbox.Fault{Kind: "status", Status: 503, RetryAfter: "1"}), "a sign-in page": struck(sandbox.Fault{Kind: "garbage"}),
	}
	for _, preset := range []string{"spec", "hapi", "medplum", "azure", "google", "oracle", "epic", "aidbox", "helios"} {
		t.Run(preset, func(t *testing.T) {
			b, err := sandbox.Preset(preset)
			if err != nil {
				t.Fatal(err)
			}
			c := newClinic(t, b, nil)
			for fault, strike := range faults {
				t.Run(fault, func(t *testing.T) {
					b.Faults = strike
					if err := c.world.SetBehaviour(b); err != nil {
						t.Fatal(err)
					}
					c.notes(5)
					if err := c.flush(3); err != nil {
						t.Fatal(err)
					}
					if err := c.flush(1); err != nil { // another start has nothing to do
						t.Fatal(err)
					}
					c.once()
				})
			}
		})
	}
}

// Servers that do not take AuditEvent are left alone: one try, said once.
func TestServerThatTakesNoAuditEvent(t *testing.T) {
	for _, status := range []int{400, 403, 404, 405, 410, 415, 422, 501} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			b := sandbox.Behaviour{Faults: []sandbox.Fault{{Kind: "status", Status: status, Method: "POST", What: "AuditEvent"}}}
			c := newClinic(t, b, nil)
			c.notes(3)
			for range 3 { // three starts
				var tr *audit.Trouble
				if err := c.flush(1); !errors.As(err, &tr) || tr.Kind != audit.Refused {
					t.Fatalf("%v", err)
				}
			}
			said, _ := audit.List(c.store.core.auditDir(), audit.Query{After: 4})
			if len(said) != 1 || said[0].Action != "audit.ship-stopped" || said[0].Result != fmt.Sprint("server-", status) {
				t.Errorf("said %+v", said)
			}
			ship, err := c.store.core.Shipping()
			well, detail, do := ship.Words()
			if err != nil || well || !strings.Contains(detail, fmt.Sprint("server-", status)) || !strings.Contains(detail, "5 entries wait") || do == "" {
				t.Errorf("%v: %q, %q, %v", well, detail, do, err)
			}
			if err := c.world.SetBehaviour(sandbox.Behaviour{}); err != nil {
				t.Fatal(err)
			}
			if err := c.flush(1); err != nil {
				t.Fatal(err)
			}
			c.once()
			if ship, _ = c.store.core.Shipping(); ship.Position.Stopped != "" {
				t.Error("still said to be stopped")
			}
		})
	}
}

// A server that can be written to and not asked. With conditional creates of
// its own it may be sent the entry again; without them it may not.
func TestServerThatCannotBeSearched(t *testing.T) {
	blind := []sandbox.Fault{{Kind: "status", Status: 403, Method: "GET", What: "AuditEvent"},
		{Kind: "drop-after", Method: "POST", What: "AuditEvent", Skip: 2, Times: 1}}
	for _, conditional := range []bool{true, false} {
		t.Run(fmt.Sprint("conditional creates ", conditional), func(t *testing.T) {
			b := sandbox.Behaviour{NoConditionalCreate: !conditional, Faults: blind}
			if !conditional {
				b.Faults = append(b.Faults[:1:1], sandbox.Fault{Kind: "drop-after", Method: "POST", What: "AuditEvent", Skip: 3, Times: 1}) // the first was a 412
			}
			c := newClinic(t, b, nil)
			c.notes(5)
			if err := c.flush(4); err != nil {
				t.Fatal(err)
			}
			if err := c.world.SetBehaviour(sandbox.Behaviour{}); err != nil {
				t.Fatal(err)
			}
			c.once()
			ship, err := c.store.core.Shipping()
			if err != nil || (len(ship.Position.Unsure) == 0) != conditional {
				t.Errorf("unsure %v, %v", ship.Position.Unsure, err)
			}
		})
	}
}

// The search that looks for an entry is not fooled by a server which leaves out
// parameters that it does not know and answers with everything.
func TestLookIsNotFooledByAServerThatIgnoresTags(t *testing.T) {
	c := newClinic(t, sandbox.Behaviour{LenientSearch: true}, nil)
	a := &auditServer{client: c.chart.Client, origin: audit.Origin{Kiosk: "k"}}
	for i := range 250 { // more than are looked at
		raw := fmt.Sprintf(`{"resourceType":"AuditEvent","type":{"system":"urn:x","code":"%d"},"recorded":"2026-01-01T00:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"x"}}}`, i)
		r, err := fhir.ParseResource([]byte(raw), fhir.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.chart.Client.Create(t.Context(), r, nil); err != nil {
			t.Fatal(err)
		}
	}
	trail, err := audit.List(c.store.core.auditDir(), audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := a.look(t.Context(), trail[0]); found || err != nil {
		t.Errorf("not there: %v, %v", found, err)
	}
	if err := c.flush(1); err != nil {
		t.Fatal(err)
	}
	if found, err := a.look(t.Context(), trail[0]); !found || err != nil {
		t.Errorf("there: %v, %v", found, err)
	}
}

// audit.ship: false sends nothing and says so.
func TestShippingCanBeTurnedOff(t *testing.T) {
	c := newClinic(t, sandbox.Behaviour{}, func(cfg *config.Config) { cfg.Audit.Ship = false })
	ship, err := c.store.NewShipper(c.chart, audit.ShipperOptions{})
	if ship != nil || err != nil {
		t.Errorf("%v, %v", ship, err)
	}
	wait, err := c.store.Ship(t.Context(), c.chart)
	if err != nil {
		t.Fatal(err)
	}
	wait()
	if n := len(c.events()); n != 0 {
		t.Errorf("%d sent", n)
	}
	state, err := c.store.core.Shipping()
	if well, detail, _ := state.Words(); err != nil || !well || !strings.Contains(detail, "audit.ship") {
		t.Errorf("%q, %v", detail, err)
	}
}

// The kiosk's own shipper runs beside everything else and ends with its
// context.
func TestShipRunsUntilItsContextEnds(t *testing.T) {
	c := newClinic(t, sandbox.Behaviour{}, nil)
	c.notes(1)
	ctx, cancel := context.WithCancel(t.Context())
	wait, err := c.store.Ship(ctx, c.chart)
	if err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { return c.world.Counts().Created["AuditEvent"] > 0 }) {
		t.Error("nothing came")
	}
	cancel()
	wait()
}

// Imports come first, but a record that a dead process has left as "sending"
// does not hold the trail up for ever, nor does a pause.
func TestShippingWaitsForDeliveriesOnly(t *testing.T) {
	var later atomic.Int64
	cfg := config.Defaults()
	cfg.Organization, cfg.Ledger.Dir = "Test Clinic", t.TempDir()
	core, err := NewCore(cfg, Env{Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	s, err := core.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.delivering() {
		t.Error("nothing is there to deliver")
	}
	if _, err := s.Ledger.Put(t.Context(), outbox.Record{ID: "imp-1", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	began, end := make(chan struct{}), make(chan struct{})
	w := outbox.NewWorker(s.Ledger, outbox.DelivererFunc(func(context.Context, outbox.Job) outbox.Outcome {
		close(began)
		<-end
		return outbox.Outcome{State: outbox.Verified}
	}), outbox.WorkerOptions{})
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	<-began
	if !s.delivering() {
		t.Error("a delivery is running")
	}
	if err := s.Ledger.SetPaused("staff"); err != nil {
		t.Fatal(err)
	}
	if s.delivering() {
		t.Error("paused, and still waited for")
	}
	if err := s.Ledger.SetPaused(""); err != nil {
		t.Fatal(err)
	}
	later.Store(int64(deliveringFor))
	if s.delivering() {
		t.Error("left so by a process that died, and still waited for")
	}
	close(end)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
