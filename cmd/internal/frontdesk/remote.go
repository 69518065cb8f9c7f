package frontdesk

import (
	"context"
	"errors"
	"sync"
	"time"

	"shlkiosk/sync/desk"
	"shlkiosk/sync/phi"
	"shlkiosk/ui/staff"
)

// Remote is the desk of a kiosk on another machine: staff.Desk over the
// connection of sync/desk. Settings belong to the machine that has them and
// answer errors.ErrUnsupported here.
type Remote struct {
	kiosk    desk.Service
	receipts string // folder

	mu      sync.Mutex
	session desk.Session // nil: nobody is logged in
	away    bool
}

var _ staff.Desk = (*Remote)(nil)

// NewRemote makes the desk of a kiosk, in most cases over a desk.Client.
// Receipts are written into the folder, which is made when it is needed.
func NewRemote(kiosk desk.Service, receipts string) *Remote {
	return &Remote{kiosk: kiosk, receipts: receipts}
}

// here turns an error of the connection into one of the screens.
func (r *Remote) here(err error) error {
	var de *desk.Error
	isDesk := errors.As(err, &de)
	r.mu.Lock()
	r.away = isDesk && (de.Reason == "unreachable" || de.Reason == "not-enrolled")
	r.mu.Unlock()
	if isDesk {
		return &staff.Error{Reason: de.Reason, Wait: de.Wait, Left: de.Left, Err: err}
	}
	return err
}

// Away tells whether the kiosk could not be reached when it was last asked.
func (r *Remote) Away() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.away
}

// People implements staff.Desk.
func (r *Remote) People(ctx context.Context) ([]staff.Person, error) {
	all, err := r.kiosk.People(ctx)
	if err = r.here(err); err != nil {
		return nil, err
	}
	return each(all, func(p desk.Person) staff.Person { return staff.Person(p) }), nil
}

// Login implements staff.Desk.
func (r *Remote) Login(ctx context.Context, id string, pin *phi.Secret) (staff.Person, error) {
	defer pin.Wipe()
	var s desk.Session
	err := pin.Use(func(b []byte) error {
		var err error
		s, err = r.kiosk.Login(ctx, id, string(b))
		return err
	})
	if err = r.here(err); err != nil {
		return staff.Person{}, err
	}
	r.mu.Lock()
	r.session = s
	r.mu.Unlock()
	return staff.Person(s.Who()), nil
}

// logoutFor bounds a farewell to a kiosk that may be away.
const logoutFor = 5 * time.Second

// Logout implements staff.Desk.
func (r *Remote) Logout(ctx context.Context) {
	r.mu.Lock()
	s := r.session
	r.session = nil
	r.mu.Unlock()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, logoutFor)
	defer cancel()
	_ = s.Logout(ctx) // the kiosk ends the session by itself if it hears nothing
}

// in is the session, or the error for nobody being logged in.
func (r *Remote) in() (desk.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session == nil {
		return nil, errNobody
	}
	return r.session, nil
}

// ask runs a question within the session.
func ask[A, B any](r *Remote, question func(desk.Session) (A, error), take func(A) B) (out B, err error) {
	s, err := r.in()
	if err != nil {
		return out, err
	}
	got, err := question(s)
	if err = r.here(err); err != nil {
		return out, err
	}
	return take(got), nil
}

func (r *Remote) do(deed func(desk.Session) error) error {
	s, err := r.in()
	if err != nil {
		return err
	}
	return r.here(deed(s))
}

// Cases implements staff.Desk.
func (r *Remote) Cases(ctx context.Context) ([]staff.Case, error) {
	return ask(r, func(s desk.Session) ([]desk.Item, error) { return s.List(ctx) },
		func(all []desk.Item) []staff.Case { return each(all, caseFrom) })
}

// Case implements staff.Desk.
func (r *Remote) Case(ctx context.Context, id string) (staff.Detail, error) {
	return ask(r, func(s desk.Session) (desk.Case, error) { return s.Case(ctx, id) }, takeCase)
}

// Preview implements staff.Desk.
func (r *Remote) Preview(ctx context.Context, id, chart string) (staff.Preview, error) {
	return ask(r, func(s desk.Session) (desk.Preview, error) { return s.Preview(ctx, id, chart) }, takePreview)
}

// Retry implements staff.Desk.
func (r *Remote) Retry(ctx context.Context, id string) error {
	return r.do(func(s desk.Session) error { return s.Retry(ctx, id) })
}

// Park implements staff.Desk.
func (r *Remote) Park(ctx context.Context, id string) error {
	return r.do(func(s desk.Session) error { return s.Park(ctx, id) })
}

// Resolve implements staff.Desk.
func (r *Remote) Resolve(ctx context.Context, id string, d staff.Resolution) error {
	return r.do(func(s desk.Session) error { return s.Resolve(ctx, id, desk.Resolution(d)) })
}

// Accept implements staff.Desk.
func (r *Remote) Accept(ctx context.Context, id, proposal string, yes bool) error {
	return r.do(func(s desk.Session) error { return s.Accept(ctx, id, proposal, yes) })
}

// Discard implements staff.Desk.
func (r *Remote) Discard(ctx context.Context, id string) error {
	return r.do(func(s desk.Session) error { return s.Discard(ctx, id) })
}

// Export implements staff.Desk: the receipt is written on this machine.
func (r *Remote) Export(ctx context.Context, id string) (where string, err error) {
	s, err := r.in()
	if err != nil {
		return "", err
	}
	text, err := s.Export(ctx, id)
	if err = r.here(err); err != nil {
		return "", err
	}
	return keepReceipt(r.receipts, id, text)
}

// Pause implements staff.Desk.
func (r *Remote) Pause(ctx context.Context, paused bool) error {
	return r.do(func(s desk.Session) error { return s.Pause(ctx, paused) })
}

// Diagnostics implements staff.Desk.
func (r *Remote) Diagnostics(ctx context.Context) (staff.Diagnostics, error) {
	return ask(r, func(s desk.Session) (desk.Diagnostics, error) { return s.Diagnostics(ctx) }, takeDiagnostics)
}

// Settings implements staff.Desk.
func (r *Remote) Settings(context.Context) ([]staff.Setting, error) {
	return nil, errors.ErrUnsupported
}

// SaveSettings implements staff.Desk.
func (r *Remote) SaveSettings(context.Context, map[string]string) ([]staff.Problem, error) {
	return nil, errors.ErrUnsupported
}
