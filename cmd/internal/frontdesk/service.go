package frontdesk

import (
	"context"
	"encoding/json"
	"errors"

	"shlkiosk/sync/desk"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/staff"
)

// Service is the kiosk for desks on other machines. Each login there is a
// session of its own beside the one on the kiosk's own screen; all share the
// count of wrong PINs, and the audit trail names the person.
func (l *Local) Service() desk.Service { return &service{l} }

type service struct{ l *Local }

// People implements desk.Service.
func (s *service) People(ctx context.Context) ([]desk.Person, error) {
	all, err := s.l.People(ctx)
	if err != nil {
		return nil, s.l.elsewhere(err)
	}
	out := make([]desk.Person, len(all))
	for i, p := range all {
		out[i] = desk.Person(p)
	}
	return out, nil
}

// Login implements desk.Service.
func (s *service) Login(ctx context.Context, id, pin string) (desk.Session, error) {
	own := s.l.another()
	who, err := own.Login(ctx, id, phi.NewSecret([]byte(pin)))
	if err != nil {
		return nil, s.l.elsewhere(err)
	}
	own.note("desk.remote", who.ID, "ok")
	return &session{l: own, who: desk.Person(who)}, nil
}

// elsewhere turns an error into one whose code may cross the network; what it
// says beyond that stays in the kiosk's log.
func (l *Local) elsewhere(err error) error {
	if err == nil {
		return nil
	}
	var se *staff.Error
	var oe *outbox.Error
	var ie *intake.Error
	switch {
	case errors.As(err, &se):
		return &desk.Error{Reason: se.Reason, Wait: se.Wait, Left: se.Left, Err: err}
	case errors.As(err, &oe):
		return &desk.Error{Reason: string(oe.Reason), Err: err}
	case errors.As(err, &ie):
		return &desk.Error{Reason: string(ie.Reason), Err: err}
	}
	l.o.Core.Env.Logger.Warn("desk.internal", "error", err)
	return &desk.Error{Reason: "internal", Err: err}
}

// session is one person's work from another machine.
type session struct {
	l   *Local
	who desk.Person
}

func (s *session) Who() desk.Person { return s.who }

func (s *session) List(ctx context.Context) ([]desk.Item, error) {
	all, err := s.l.Cases(ctx)
	if err != nil {
		return nil, s.l.elsewhere(err)
	}
	out := make([]desk.Item, len(all))
	for i, c := range all {
		out[i] = itemOf(c)
	}
	return out, nil
}

func (s *session) Case(ctx context.Context, id string) (desk.Case, error) {
	d, err := s.l.Case(ctx, id)
	if err != nil {
		return desk.Case{}, s.l.elsewhere(err)
	}
	return sendCase(d), nil
}

func (s *session) Preview(ctx context.Context, id, chart string) (desk.Preview, error) {
	p, err := s.l.Preview(ctx, id, chart)
	if err != nil {
		return desk.Preview{}, s.l.elsewhere(err)
	}
	return sendPreview(p), nil
}

func (s *session) Export(_ context.Context, id string) (json.RawMessage, error) {
	_, text, err := s.l.receipt(id)
	return text, s.l.elsewhere(err)
}

func (s *session) Retry(ctx context.Context, id string) error {
	return s.l.elsewhere(s.l.Retry(ctx, id))
}

func (s *session) Park(ctx context.Context, id string) error {
	return s.l.elsewhere(s.l.Park(ctx, id))
}

func (s *session) Resolve(ctx context.Context, id string, r desk.Resolution) error {
	return s.l.elsewhere(s.l.Resolve(ctx, id, staff.Resolution(r)))
}

func (s *session) Accept(ctx context.Context, id, proposal string, yes bool) error {
	return s.l.elsewhere(s.l.Accept(ctx, id, proposal, yes))
}

func (s *session) Discard(ctx context.Context, id string) error {
	return s.l.elsewhere(s.l.Discard(ctx, id))
}

func (s *session) Pause(ctx context.Context, paused bool) error {
	return s.l.elsewhere(s.l.Pause(ctx, paused))
}

func (s *session) Diagnostics(ctx context.Context) (desk.Diagnostics, error) {
	d, err := s.l.Diagnostics(ctx)
	if err != nil {
		return desk.Diagnostics{}, s.l.elsewhere(err)
	}
	return sendDiagnostics(d), nil
}

func (s *session) Logout(ctx context.Context) error {
	s.l.Logout(ctx)
	return nil
}
