// Package remotedesk joins the staff screens to a kiosk on another machine: on
// the kiosk Service serves its desk over sync/desk, on the clinic's machine Desk
// is that desk for the same screens. Settings stay on the kiosk.
package remotedesk

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"shlkiosk/sync/desk"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/staff"
)

// Service is the kiosk's side. Each person who logs in gets a desk of their own
// from New, so that two machines do not share a login.
type Service struct {
	New func() (staff.Desk, error)
}

var _ desk.Service = (*Service)(nil)

// People implements desk.Service.
func (s *Service) People(ctx context.Context) ([]desk.Person, error) {
	d, err := s.New()
	if err != nil {
		return nil, outward(err)
	}
	people, err := d.People(ctx)
	return each(people, func(p staff.Person) desk.Person { return desk.Person(p) }), outward(err)
}

// Login implements desk.Service.
func (s *Service) Login(ctx context.Context, id, pin string) (desk.Session, error) {
	d, err := s.New()
	if err != nil {
		return nil, outward(err)
	}
	p, err := d.Login(ctx, id, phi.SecretFromString(pin))
	if err != nil {
		return nil, outward(err)
	}
	return &session{d, desk.Person(p)}, nil
}

// session is one login.
type session struct {
	d   staff.Desk
	who desk.Person
}

func (s *session) Who() desk.Person { return s.who }

func (s *session) List(ctx context.Context) ([]desk.Item, error) {
	cases, err := s.d.Cases(ctx)
	return each(cases, itemOf), outward(err)
}

func (s *session) Case(ctx context.Context, id string) (desk.Case, error) {
	d, err := s.d.Case(ctx, id)
	return caseOf(d), outward(err)
}

// Export reads back what the kiosk's desk exported: the receipt is to be kept
// where the person is.
func (s *session) Export(ctx context.Context, id string) (json.RawMessage, error) {
	where, err := s.d.Export(ctx, id)
	if err != nil {
		return nil, outward(err)
	}
	text, err := os.ReadFile(where)
	if err != nil || !json.Valid(text) {
		return nil, &desk.Error{Reason: "no-receipt", Err: err}
	}
	return text, nil
}

func (s *session) Retry(ctx context.Context, id string) error { return outward(s.d.Retry(ctx, id)) }
func (s *session) Park(ctx context.Context, id string) error  { return outward(s.d.Park(ctx, id)) }

func (s *session) Discard(ctx context.Context, id string) error {
	return outward(s.d.Discard(ctx, id))
}

func (s *session) Resolve(ctx context.Context, id string, r desk.Resolution) error {
	return outward(s.d.Resolve(ctx, id, staff.Resolution(r)))
}

func (s *session) Accept(ctx context.Context, id, proposal string, yes bool) error {
	return outward(s.d.Accept(ctx, id, proposal, yes))
}

func (s *session) Pause(ctx context.Context, paused bool) error {
	return outward(s.d.Pause(ctx, paused))
}

func (s *session) Diagnostics(ctx context.Context) (desk.Diagnostics, error) {
	d, err := s.d.Diagnostics(ctx)
	return diagnosticsOf(d), outward(err)
}

func (s *session) Logout(ctx context.Context) error {
	s.d.Logout(ctx)
	return nil
}

// outward is an error as the other machine may have it: its code.
func outward(err error) error {
	var se *staff.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &se):
		return &desk.Error{Reason: se.Reason, Wait: se.Wait, Left: se.Left, Err: err}
	case errors.Is(err, errors.ErrUnsupported):
		return &desk.Error{Reason: "unsupported", Err: err}
	}
	return &desk.Error{Reason: "internal", Err: err}
}

// inward is the reverse.
func inward(err error) error {
	var de *desk.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &de) && de.Reason == "unsupported":
		return errors.ErrUnsupported
	case errors.As(err, &de):
		return &staff.Error{Reason: de.Reason, Wait: de.Wait, Left: de.Left, Err: de.Err}
	}
	return err
}

func each[A, B any](in []A, f func(A) B) []B {
	if in == nil {
		return nil
	}
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}
