package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"shlkiosk/sync/audit"
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/outbox"
)

// receiverFHIR names the audit trail's cursor for the clinic's server.
const receiverFHIR = "fhir"

// auditServer files the audit trail at the clinic's FHIR server, as AuditEvent.
//
// An entry is there once: each create is conditional on the entry's tag, and
// after a try whose outcome is not known the server is searched first. A server
// that knows no conditional creates (412) is always searched first.
type auditServer struct {
	client *fhir.Client
	origin audit.Origin
	plain  bool  // no conditional creates here
	keeps  *bool // the server says that it knows them; nil: not asked yet
}

var _ audit.Receiver = (*auditServer)(nil)

// Deliver implements audit.Receiver.
func (a *auditServer) Deliver(ctx context.Context, e audit.Entry, again bool) (found bool, err error) {
	if again || a.plain {
		found, err := a.look(ctx, e)
		if found {
			return true, nil
		}
		if errors.Is(err, errCannotLook) && again {
			err = a.mayRepeat(ctx)
		}
		if err != nil && !errors.Is(err, errCannotLook) {
			return false, trouble(err)
		}
	}
	raw, err := a.origin.AuditEvent(e)
	if err != nil {
		return false, fmt.Errorf("audit event: %w", err)
	}
	res, err := fhir.ParseResource(raw, fhir.DefaultLimits())
	if err != nil {
		return false, fmt.Errorf("audit event: %w", err)
	}
	var unless url.Values
	if !a.plain {
		unless = url.Values{"_tag": {tagOf(e)}}
	}
	w, err := a.client.Create(ctx, res, unless)
	if fhir.Status(err) == http.StatusPreconditionFailed && !a.plain {
		// No conditional creates, or several with this tag: searching tells.
		a.plain = true
		return a.Deliver(ctx, e, again)
	}
	if err != nil {
		return false, trouble(err)
	}
	return w.Existed, nil
}

func tagOf(e audit.Entry) string { return audit.SystemEntry + "|" + e.Hash }

// errCannotLook is a server that may be written to and not searched.
var errCannotLook = errors.New("AuditEvent cannot be searched")

// look searches the entry by its tag, then by its time. Servers that leave out
// parameters which they do not know answer with others' events, so each one is
// looked at.
func (a *auditServer) look(ctx context.Context, e audit.Entry) (bool, error) {
	const most = 200
	for _, p := range []url.Values{
		{"_tag": {tagOf(e)}, "_count": {"50"}},
		{"date": {e.Time.UTC().Format("2006-01-02T15:04:05.000Z")}, "_count": {"50"}},
	} {
		all, err := a.client.Search(ctx, "AuditEvent", p, most)
		if slices.ContainsFunc(all, func(r fhir.Resource) bool { return isEntry(r, e) }) {
			return true, nil
		}
		switch fhir.Status(err) {
		case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			continue
		}
		if !errors.Is(err, fhir.ErrTruncated) {
			return false, err
		}
	}
	return false, errCannotLook
}

// mayRepeat is nil when the server itself keeps a second copy out: it promises
// conditional creates.
func (a *auditServer) mayRepeat(ctx context.Context) error {
	if a.keeps == nil {
		caps, err := a.client.Capabilities(ctx)
		if err != nil {
			return err
		}
		a.keeps = new(caps.Types["AuditEvent"].ConditionalCreate)
	}
	if *a.keeps && !a.plain {
		return nil
	}
	return &audit.Trouble{Kind: audit.Lost, Code: "server-cannot-be-searched"}
}

// isEntry tells whether an AuditEvent is this entry's.
func isEntry(r fhir.Resource, e audit.Entry) bool {
	for _, t := range r.Get("meta", "tag").Elements() {
		if t.Get("system").String()+"|"+t.Get("code").String() == tagOf(e) {
			return true
		}
	}
	id := r.Get("entity", 0, "what", "identifier")
	return id.Get("system").String()+"|"+id.Get("value").String() == tagOf(e)
}

// trouble turns an error of the client into what the shipper has to do.
func trouble(err error) *audit.Trouble {
	var known *audit.Trouble
	if errors.As(err, &known) {
		return known
	}
	t := &audit.Trouble{Kind: audit.Later, Code: "server-unreachable", Err: err}
	if fhir.Unknown(err) {
		t.Kind = audit.Unknown
	}
	var he *fhir.HTTPError
	var fe *fhir.Error
	switch {
	case errors.As(err, &he) && he.Op == "token":
		t.Code, t.RetryAfter = "token-endpoint", he.RetryAfter
	case errors.As(err, &he):
		t.Code, t.RetryAfter = fmt.Sprint("server-", he.Status), he.RetryAfter
		switch he.Status {
		case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusNotImplemented:
			t.Kind = audit.Refused
		}
	case errors.As(err, &fe):
		t.Code = "server-answer"
		if fe.Reason == fhir.ReasonAuthorisation {
			t.Code = "unauthorised"
		}
	}
	return t
}

// NewShipper sends the audit trail to the clinic's server; nil when audit.ship
// is off.
func (s *Store) NewShipper(chart *Chart, o audit.ShipperOptions) (*audit.Shipper, error) {
	c := s.core.Config
	if !c.Audit.Ship {
		return nil, nil
	}
	o.Now, o.Logger, o.Busy = s.core.Env.Now, s.core.Env.Logger, s.delivering
	to := &auditServer{client: chart.Client, origin: audit.Origin{Kiosk: c.Kiosk, Organization: c.Organization, Site: c.Site}}
	return audit.NewShipper(s.Audit, receiverFHIR, to, o)
}

// Ship sends the audit trail beside everything else until ctx ends. The
// function that it returns waits for that.
func (s *Store) Ship(ctx context.Context, chart *Chart) (wait func(), err error) {
	ship, err := s.NewShipper(chart, audit.ShipperOptions{})
	if ship == nil {
		return func() {}, err
	}
	done := make(chan struct{})
	go func() { defer close(done); ship.Run(ctx) }()
	return func() { <-done }, nil
}

// deliveringFor is longer than one delivery may take (outbox.WorkerOptions.
// Attempt); what has been "sending" for longer was left so by a process that
// died, and nobody is at it.
const deliveringFor = 6 * time.Minute

// delivering tells that an import is on its way to the server: patients come
// first.
func (s *Store) delivering() bool {
	if s.Ledger.Paused() != "" {
		return false
	}
	all, err := s.Ledger.List(outbox.Filter{States: []outbox.State{outbox.Sending}})
	return err == nil && slices.ContainsFunc(all, func(h outbox.Header) bool {
		return s.core.Env.Now().Sub(h.Updated).Abs() < deliveringFor
	})
}

// Shipping is how far the audit trail has come on its way to the clinic's
// server.
type Shipping struct {
	On       bool // audit.ship
	Position audit.Position
	Last     uint64 // the newest entry
}

// Shipping reads how far the trail has come. It needs no open Store, so that
// doctor can ask while the kiosk runs.
func (c *Core) Shipping() (Shipping, error) {
	dir := c.auditDir()
	out := Shipping{On: c.Config.Audit.Ship}
	cur, err := audit.NewCursor(dir, receiverFHIR)
	if err != nil {
		return out, err
	}
	if out.Position, err = cur.Position(); err != nil {
		return out, err
	}
	all, err := audit.List(dir, audit.Query{After: out.Position.Seq})
	out.Last = out.Position.Seq
	if len(all) > 0 {
		out.Last = all[len(all)-1].Seq
	}
	return out, err
}

func (c *Core) auditDir() string { return filepath.Join(c.Config.Ledger.Dir, "audit") }

// Words say how it stands, for people: whether all is well, what is the matter
// and what to do.
func (s Shipping) Words() (well bool, detail, do string) {
	p := s.Position
	waits := s.Last - p.Seq
	switch {
	case !s.On:
		return true, "stays on this machine (audit.ship is off)", ""
	case p.Stopped != "":
		return false, fmt.Sprintf("the server does not take AuditEvent (%s, since %s); %d entries wait here", p.Stopped, p.Since.Format(time.DateOnly), waits),
			"Let the kiosk's client create and search AuditEvent at the server, or set audit.ship: false"
	case len(p.Unsure) > 0:
		return false, fmt.Sprintf("%d entries sent, %d wait, %d may be missing at the server", p.Seq, waits, len(p.Unsure)),
			"Compare with: kioskctl audit list"
	}
	return true, fmt.Sprintf("%d entries sent to the server, %d wait", p.Seq, waits), ""
}
