package remotedesk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"shlkiosk/sync/desk"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/staff"
)

// Desk is a kiosk's desk on this machine. Receipts that are exported go into
// the folder Receipts.
type Desk struct {
	Service  desk.Service // usually a *desk.Client
	Receipts string

	mu      sync.Mutex
	session desk.Session
}

var _ staff.Desk = (*Desk)(nil)

// People implements staff.Desk.
func (d *Desk) People(ctx context.Context) ([]staff.Person, error) {
	people, err := d.Service.People(ctx)
	return each(people, func(p desk.Person) staff.Person { return staff.Person(p) }), inward(err)
}

// Login implements staff.Desk.
func (d *Desk) Login(ctx context.Context, id string, pin *phi.Secret) (staff.Person, error) {
	var typed string
	_ = pin.Use(func(b []byte) error { typed = string(b); return nil })
	pin.Wipe()
	s, err := d.Service.Login(ctx, id, typed)
	if err != nil {
		return staff.Person{}, inward(err)
	}
	d.mu.Lock()
	d.session = s
	d.mu.Unlock()
	return staff.Person(s.Who()), nil
}

// Logout implements staff.Desk.
func (d *Desk) Logout(ctx context.Context) {
	d.mu.Lock()
	s := d.session
	d.session = nil
	d.mu.Unlock()
	if s != nil {
		_ = s.Logout(ctx) // the kiosk ends it by itself, too
	}
}

// with calls f with the session of whoever is logged in.
func (d *Desk) with(f func(s desk.Session) error) error {
	d.mu.Lock()
	s := d.session
	d.mu.Unlock()
	if s == nil {
		return &staff.Error{Reason: "session-ended"}
	}
	return inward(f(s))
}

// Cases implements staff.Desk.
func (d *Desk) Cases(ctx context.Context) (out []staff.Case, err error) {
	err = d.with(func(s desk.Session) error {
		items, err := s.List(ctx)
		out = each(items, fromItem)
		return err
	})
	return out, err
}

// Case implements staff.Desk.
func (d *Desk) Case(ctx context.Context, id string) (out staff.Detail, err error) {
	err = d.with(func(s desk.Session) error {
		c, err := s.Case(ctx, id)
		out = fromCase(c)
		return err
	})
	return out, err
}

// Retry implements staff.Desk.
func (d *Desk) Retry(ctx context.Context, id string) error {
	return d.with(func(s desk.Session) error { return s.Retry(ctx, id) })
}

// Park implements staff.Desk.
func (d *Desk) Park(ctx context.Context, id string) error {
	return d.with(func(s desk.Session) error { return s.Park(ctx, id) })
}

// Resolve implements staff.Desk.
func (d *Desk) Resolve(ctx context.Context, id string, r staff.Resolution) error {
	return d.with(func(s desk.Session) error { return s.Resolve(ctx, id, desk.Resolution(r)) })
}

// Accept implements staff.Desk.
func (d *Desk) Accept(ctx context.Context, id, proposal string, yes bool) error {
	return d.with(func(s desk.Session) error { return s.Accept(ctx, id, proposal, yes) })
}

// Discard implements staff.Desk.
func (d *Desk) Discard(ctx context.Context, id string) error {
	return d.with(func(s desk.Session) error { return s.Discard(ctx, id) })
}

// Export implements staff.Desk: the receipt goes into a file of this machine,
// mode 0600.
func (d *Desk) Export(ctx context.Context, id string) (where string, err error) {
	err = d.with(func(s desk.Session) error {
		raw, err := s.Export(ctx, id)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(d.Receipts, 0o700); err != nil {
			return err
		}
		where = filepath.Join(d.Receipts, fileName(id)+".json")
		return os.WriteFile(where, raw, 0o600)
	})
	return where, err
}

// fileName keeps an ID to what a file may be called.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, id)
}

// Pause implements staff.Desk.
func (d *Desk) Pause(ctx context.Context, paused bool) error {
	return d.with(func(s desk.Session) error { return s.Pause(ctx, paused) })
}

// Diagnostics implements staff.Desk. The camera's picture stays on the kiosk.
func (d *Desk) Diagnostics(ctx context.Context) (out staff.Diagnostics, err error) {
	err = d.with(func(s desk.Session) error {
		x, err := s.Diagnostics(ctx)
		out = fromDiagnostics(x)
		return err
	})
	return out, err
}

// Settings implements staff.Desk: they are changed on the kiosk only.
func (d *Desk) Settings(context.Context) ([]staff.Setting, error) { return nil, errors.ErrUnsupported }

// SaveSettings implements staff.Desk.
func (d *Desk) SaveSettings(context.Context, map[string]string) ([]staff.Problem, error) {
	return nil, errors.ErrUnsupported
}
