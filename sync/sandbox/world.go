package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"shlkiosk/sync/sandbox/internal/host"
	"shlkiosk/sync/sandbox/internal/people"
	"shlkiosk/sync/sandbox/internal/r4"
)

// The client that is registered at the token endpoint from the start.
const (
	DemoClient = "kiosk-demo"
	DemoSecret = "demo-secret-not-for-real-use"
)

// defaultPeople is how many synthetic people there are.
const defaultPeople = 200

// Options make a World. The zero value is the demonstration.
type Options struct {
	// Listen is a loopback address; empty stands for 127.0.0.1:0 (any free port).
	Listen string
	// Seed draws the people; 0 stands for 1.
	Seed uint64
	// People is how many charts there are; 0 stands for 200, below 0 for none.
	People int
	// Behave is how the FHIR server behaves from the start.
	Behave Behaviour
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
	// TLS serves https with a certificate of its own authority: see World.CA.
	TLS bool
}

// World is a running demo world.
type World struct {
	opt    Options
	base   string
	ca     []byte
	fhir   *r4.Server
	links  *host.Host
	cards  *host.Issuer
	people people.Population
	server *http.Server
	listen string // host and port
	conns  *connections
	done   chan struct{} // closed by Close: ends hung and dripping answers
	served chan error
	stop   func() bool // ends the watch over the start context
	close  sync.Once
	mu     sync.Mutex // guards demo
	demo   []DemoPatient
}

// Start begins a world. It ends with Close or with ctx.
func Start(ctx context.Context, opt Options) (*World, error) {
	if opt.Listen == "" {
		opt.Listen = "127.0.0.1:0"
	}
	if opt.Seed == 0 {
		opt.Seed = 1
	}
	if opt.People == 0 {
		opt.People = defaultPeople
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if err := loopback(opt.Listen); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", opt.Listen)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w; is another sandbox running there?", err)
	}
	w := &World{opt: opt, done: make(chan struct{}), served: make(chan error, 1),
		listen: l.Addr().String(), conns: newConnections()}
	if err := w.build(ctx, l); err != nil {
		_ = l.Close() // the first error is the one that matters
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	go func() {
		if opt.TLS {
			w.served <- w.server.ServeTLS(l, "", "")
			return
		}
		w.served <- w.server.Serve(l)
	}()
	w.stop = context.AfterFunc(ctx, w.shut)
	return w, nil
}

// loopback refuses an address that others could reach.
func loopback(listen string) error {
	hostName, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(hostName); hostName != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("listen on a loopback address, for example 127.0.0.1:8090; %q could be reached by others and nothing here is protected", listen)
	}
	return nil
}

func (w *World) build(ctx context.Context, l net.Listener) error {
	scheme := "http"
	w.server = &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(discard{}, "", 0), // faults are wanted here
		ConnState:         w.conns.note,
	}
	if w.opt.TLS {
		scheme = "https"
		conf, ca, err := certificate(w.opt.Now())
		if err != nil {
			return err
		}
		w.ca, w.server.TLSConfig = ca, conf
	}
	w.base = scheme + "://" + l.Addr().String()
	var err error
	if w.cards, err = host.NewIssuer(w.base+"/shc", w.opt.Now); err != nil {
		return err
	}
	w.links = host.New(host.Options{Base: w.base + "/shl", Now: w.opt.Now, Done: w.done})
	w.fhir, err = r4.New(r4.Options{
		Base: w.base + "/fhir", Token: w.base + "/oauth2/token", Now: w.opt.Now, Behave: w.opt.Behave, Done: w.done,
		Clients: []r4.Client{{ID: DemoClient, Secret: DemoSecret}},
	})
	if err != nil {
		return err
	}
	if w.opt.People > 0 {
		w.people = people.Make(w.opt.Seed, w.opt.People, w.opt.Now())
	}
	if err := w.fhir.Seed(w.people.Resources); err != nil {
		return err
	}
	w.server.Handler = w.routes()
	return w.Refresh(ctx)
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// shut closes the listener and every connection.
func (w *World) shut() {
	w.close.Do(func() {
		close(w.done)
		_ = w.server.Close() // only the listener's own close error, of no use
	})
}

// Close ends the world and waits until it no longer serves.
func (w *World) Close() error {
	w.stop()
	w.shut()
	err := <-w.served
	w.served <- err // for a second Close
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Base is the world's address without a path, for example http://127.0.0.1:8090.
func (w *World) Base() string { return w.base }

// FHIRBase is the FHIR server's base URL, without a slash at its end.
func (w *World) FHIRBase() string { return w.base + "/fhir" }

// SHLBase is the link host's base URL.
func (w *World) SHLBase() string { return w.base + "/shl" }

// CardIssuer is the iss of the demo's SMART Health Cards.
func (w *World) CardIssuer() string { return w.base + "/shc" }

// TokenURL is the token endpoint.
func (w *World) TokenURL() string { return w.base + "/oauth2/token" }

// CA is the PEM certificate to trust when Options.TLS is set, else nil.
func (w *World) CA() []byte { return w.ca }

// People are the synthetic people with a chart.
func (w *World) People() []Person { return append([]Person(nil), w.people.People...) }

// Counts are the FHIR server's counters and the duplicates in its store.
func (w *World) Counts() Counts { return w.fhir.Counts() }

// ResetCounts sets the counters to nothing.
func (w *World) ResetCounts() { w.fhir.ResetCounts() }

// Behaviour is the behaviour in force.
func (w *World) Behaviour() Behaviour { return w.fhir.Behaviour() }

// SetBehaviour changes how the FHIR server behaves from the next request on.
func (w *World) SetBehaviour(b Behaviour) error { return w.fhir.SetBehaviour(b) }

// Dump is the whole store as text: two equal dumps are two equal stores.
func (w *World) Dump() []byte { return w.fhir.Store().Dump() }

// Put stores resources as they are, ids kept, in order, past all behaviour.
func (w *World) Put(resources ...json.RawMessage) error { return w.fhir.Seed(resources) }

// RegisterClient adds a client to the token endpoint.
func (w *World) RegisterClient(c Client) error { return w.fhir.Register(c) }

// Issue makes a link.
func (w *World) Issue(ctx context.Context, rq IssueRequest) (Issued, error) {
	if rq.Viewer == "default" {
		rq.Viewer = w.SHLBase() + "/view#"
	}
	return w.links.Issue(ctx, rq)
}

// Accesses are the requests for a link, by Issued.ID.
func (w *World) Accesses(id string) []Access { return w.links.Accesses(id) }

// Revoke ends a link, by Issued.ID.
func (w *World) Revoke(id string) bool { return w.links.Revoke(id) }

// SignCard makes a SMART Health Card of the demo issuer: a compact JWS.
func (w *World) SignCard(rq CardRequest) (string, error) { return w.cards.Sign(rq) }

// RevokeCard puts a card's rid on the demo issuer's list.
func (w *World) RevokeCard(rid string) { w.cards.Revoke(rid) }

// Reset puts the store back to what it was at the start and makes the demo links
// anew. Behaviour and counts stay.
func (w *World) Reset(ctx context.Context) error {
	w.fhir.Store().Clear()
	if err := w.fhir.Seed(w.people.Resources); err != nil {
		return err
	}
	return w.Refresh(ctx)
}
