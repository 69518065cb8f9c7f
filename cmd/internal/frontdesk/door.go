package frontdesk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"shlkiosk/sync/desk"
	"shlkiosk/ui/staff"
)

// Door is where desks on other machines come in. Without one nothing listens.
type Door struct {
	identity *desk.Identity
	peers    *desk.Peers
	split    *desk.Split
	addr     string
	now      func() time.Time
	log      *slog.Logger
	ctx      context.Context // of Serve; enrolments end with it

	mu   sync.Mutex
	stop context.CancelFunc // ends the enrolment that is open
	open sync.WaitGroup
}

// Folder of a machine's identity and of those it knows.
const (
	identityFile = "identity.pem"
	peersFile    = "peers.json"
)

// Machine is this machine as others know it, and those that it knows.
func Machine(dir string, now time.Time) (*desk.Identity, *desk.Peers, error) {
	id, err := desk.EnsureIdentity(filepath.Join(dir, identityFile), now)
	if err != nil {
		return nil, nil, err
	}
	peers, err := desk.OpenPeers(filepath.Join(dir, peersFile))
	return id, peers, err
}

// OpenDoor listens on the address (desk.listen). dir keeps this kiosk's
// identity and the enrolled desks.
func OpenDoor(ctx context.Context, listen, dir string, now func() time.Time, log *slog.Logger) (*Door, error) {
	id, peers, err := Machine(dir, now())
	if err != nil {
		return nil, err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listening for front desks (desk.listen): %w", err)
	}
	return &Door{identity: id, peers: peers, split: desk.NewSplit(ln), addr: ln.Addr().String(), now: now, log: log, ctx: ctx}, nil
}

// Addr is the address that desks connect to.
func (d *Door) Addr() string { return d.addr }

// Serve lets enrolled desks work with the kiosk until the context given to
// OpenDoor ends.
func (d *Door) Serve(kiosk desk.Service) error {
	server := &desk.Server{Service: kiosk, Identity: d.identity, Peers: d.peers, Now: d.now, Logger: d.log}
	ctx, cancel := context.WithCancel(d.ctx)
	defer d.open.Wait()
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, d.split.Desks()) }()
	err := d.split.Run(ctx)
	cancel()
	return errors.Join(err, <-served)
}

// Enrol opens the door to one new desk for five minutes: show is told each code
// that is valid, and "" when none is. An enrolment that is open already ends.
func (d *Door) Enrol(ctx context.Context, show func(code string)) (desk.Peer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	d.mu.Lock()
	if d.stop != nil {
		d.stop()
	}
	d.stop = cancel
	ln := d.split.Enrolments()
	d.open.Add(1)
	d.mu.Unlock()
	defer d.open.Done()
	return desk.Enrolment{Identity: d.identity, Peers: d.peers, Now: d.now, Show: show}.Run(ctx, ln)
}

var _ staff.Enroller = (*Local)(nil)

// Desks implements staff.Enroller.
func (l *Local) Desks(context.Context) (address string, all []staff.Machine, err error) {
	if err := l.in(); err != nil {
		return "", nil, err
	}
	if l.o.Door == nil {
		return "", nil, errors.ErrUnsupported
	}
	return reachable(l.o.Door.Addr(), net.InterfaceAddrs), each(l.o.Door.peers.All(), machineOf), nil
}

// reachable is the address to type at another machine. Whoever listens
// everywhere is told by the first address that others see.
func reachable(addr string, all func() ([]net.Addr, error)) string {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsUnspecified() {
		return addr
	}
	ours, err := all()
	if err != nil {
		return addr
	}
	for _, a := range ours {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() {
			return netip.AddrPortFrom(p.Addr(), at.Port()).String()
		}
	}
	return addr
}

func machineOf(p desk.Peer) staff.Machine {
	return staff.Machine{ID: p.Fingerprint.String(), Name: p.Name, Since: p.Enrolled}
}

// Enrol implements staff.Enroller. It outlives the login: whoever began it
// walks over to the other machine.
func (l *Local) Enrol(ctx context.Context, show func(code string)) (staff.Machine, error) {
	if err := l.in(); err != nil {
		return staff.Machine{}, err
	}
	if l.o.Door == nil {
		return staff.Machine{}, errors.ErrUnsupported
	}
	by := l.actor()
	l.o.Store.Note(by, "desk.enrolment", "", "opened", "")
	peer, err := l.o.Door.Enrol(ctx, show)
	if err != nil {
		var de *desk.Error
		if errors.As(err, &de) {
			l.o.Store.Note(by, "desk.enrol", "", de.Reason, "")
			return staff.Machine{}, &staff.Error{Reason: de.Reason, Err: err}
		}
		l.o.Store.Note(by, "desk.enrol", "", "failed", "")
		return staff.Machine{}, err
	}
	l.o.Store.Note(by, "desk.enrol", peer.Fingerprint.String(), "ok", "")
	return machineOf(peer), nil
}

// Dismiss implements staff.Enroller: a desk that is taken off the list is
// refused from its next question on.
func (l *Local) Dismiss(_ context.Context, id string) error {
	return l.act("desk.dismiss", id, func() error {
		if l.o.Door == nil {
			return errors.ErrUnsupported
		}
		var f desk.Fingerprint
		if err := f.UnmarshalText([]byte(id)); err != nil {
			return &staff.Error{Reason: "not-found", Err: err}
		}
		return l.o.Door.peers.Remove(f)
	})
}
