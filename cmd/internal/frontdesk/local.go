// Package frontdesk joins the staff screens to the kiosk they work on: it
// implements staff.Desk over the engine's store, and says in the audit trail
// who did what.
package frontdesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	book "shlkiosk/sync/staff"
	"shlkiosk/ui/staff"
)

// Options are what a Local needs. Figures, Checks and Sources may be nil.
type Options struct {
	Core   *engine.Core
	Store  *engine.Store
	Chart  *engine.Chart
	Worker *outbox.Worker
	// Version of the program, for diagnostics.
	Version string
	// Figures are those of camera and reader.
	Figures func() *staff.CameraFigures
	// Checks are further parts of the kiosk (speech, documents).
	Checks func(ctx context.Context) []staff.Check
	// Door lets desks on other machines in; nil: nothing listens.
	Door *Door
	// File is the configuration file that settings are written to; "" none.
	File string
	// Fixed tells the settings that environment or flags decide.
	Fixed func(path string) bool
}

// Local is the desk on the kiosk itself.
type Local struct {
	o     Options
	book  *book.Book
	began time.Time
	// deciding lets one decision about proposed changes go at a time, whoever is
	// logged in where: each reads the record, writes to the chart and saves.
	deciding *sync.Mutex

	mu  sync.Mutex
	who *book.Staff // nil: nobody is logged in
}

var _ staff.Desk = (*Local)(nil)

// sharedID is the person behind staff.pin_hash, the one PIN of a clinic that
// gives nobody their own.
const sharedID = "desk"

// NewLocal makes the desk of a kiosk.
func NewLocal(o Options) (*Local, error) {
	var people []book.Staff
	for _, p := range o.Core.Config.Staff.People {
		people = append(people, book.Staff{ID: p.ID, Name: p.Name, Hash: p.PINHash})
	}
	if h := o.Core.Config.Staff.PINHash; h != "" {
		people = append(people, book.Staff{ID: sharedID, Name: "", Hash: h})
	}
	b, err := book.NewBook(people, filepath.Join(o.Core.Config.Ledger.Dir, "tries.json"), o.Core.Env.Now)
	if err != nil {
		return nil, fmt.Errorf("reading the staff's PINs: %w", err)
	}
	return &Local{o: o, book: b, began: o.Core.Env.Now(), deciding: new(sync.Mutex)}, nil
}

// another is a session of its own on the same kiosk, with the same count of
// wrong PINs, nobody logged in.
func (l *Local) another() *Local {
	return &Local{o: l.o, book: l.book, began: l.began, deciding: l.deciding}
}

// People implements staff.Desk.
func (l *Local) People(context.Context) ([]staff.Person, error) {
	var out []staff.Person
	for _, p := range l.book.People() {
		if p.ID == sharedID {
			p.ID = ""
		}
		out = append(out, staff.Person{ID: p.ID, Name: p.Name})
	}
	return out, nil
}

// Login implements staff.Desk.
func (l *Local) Login(_ context.Context, id string, pin *phi.Secret) (staff.Person, error) {
	defer pin.Wipe()
	if id == "" {
		id = sharedID
	}
	var who book.Staff
	err := pin.Use(func(b []byte) error {
		var err error
		who, err = l.book.Check(id, string(b))
		return err
	})
	if err != nil {
		var be *book.Error
		if errors.As(err, &be) {
			l.o.Store.Note("kiosk", "staff.login", id, string(be.Reason), "")
			return staff.Person{}, &staff.Error{Reason: string(be.Reason), Wait: be.Wait, Left: be.Left, Err: err}
		}
		return staff.Person{}, err
	}
	l.mu.Lock()
	l.who = &who
	l.mu.Unlock()
	l.note("staff.login", id, "ok")
	return staff.Person{ID: who.ID, Name: who.Name}, nil
}

// Logout implements staff.Desk.
func (l *Local) Logout(context.Context) {
	if l.actor() == "" {
		return
	}
	l.note("staff.logout", "", "ok")
	l.mu.Lock()
	l.who = nil
	l.mu.Unlock()
}

// staffActor begins the audit trail's name of a person.
const staffActor = "staff:"

// actor is the audit trail's name of who is logged in, "" nobody.
func (l *Local) actor() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.who == nil {
		return ""
	}
	return staffActor + l.who.ID
}

var errNobody = &staff.Error{Reason: "session-ended"}

// in refuses everything that nobody logged in for.
func (l *Local) in() error {
	if l.actor() == "" {
		return errNobody
	}
	return nil
}

func (l *Local) note(action, object, result string) {
	l.o.Store.Note(l.actor(), action, object, result, "")
}

// act does something to a record and notes who did it.
func (l *Local) act(action, id string, f func() error) error {
	if err := l.in(); err != nil {
		return err
	}
	err := f()
	result := "ok"
	if err != nil {
		result = "failed"
		var oe *outbox.Error
		var ie *intake.Error
		switch {
		case errors.As(err, &oe):
			result = string(oe.Reason)
			err = &staff.Error{Reason: result, Err: err}
		case errors.As(err, &ie):
			result = string(ie.Reason)
			err = &staff.Error{Reason: result, Err: err}
		}
	}
	l.note(action, id, result)
	return err
}

// Cases implements staff.Desk.
func (l *Local) Cases(context.Context) ([]staff.Case, error) {
	if err := l.in(); err != nil {
		return nil, err
	}
	all, err := l.o.Store.Ledger.List(outbox.Filter{})
	if err != nil {
		return nil, err
	}
	var out []staff.Case
	for _, h := range all {
		out = append(out, caseOf(h))
	}
	for _, c := range l.o.Store.Cases() {
		out = append(out, staff.Case{ID: "visit-" + c.Code, Code: c.Code, State: staff.HandedOver, Reason: c.Reason, Created: c.At, Updated: c.At})
	}
	slices.SortStableFunc(out, func(a, b staff.Case) int { return b.Created.Compare(a.Created) })
	return out, nil
}

func caseOf(h outbox.Header) staff.Case {
	return staff.Case{ID: string(h.ID), Code: h.Code, State: staff.State(h.State), Reason: h.Reason,
		Attempts: h.Attempts, Created: h.Created, Updated: h.Updated, Next: h.Next}
}

// open reads a record's envelope; the caller drops it soon.
func (l *Local) open(id string) (outbox.Header, *intake.Envelope, error) {
	h, err := l.o.Store.Ledger.Get(outbox.ID(id))
	if err != nil {
		return h, nil, err
	}
	body, err := l.o.Store.Ledger.Body(h.ID)
	if err != nil {
		return h, nil, err
	}
	defer phi.Wipe(body)
	env, err := intake.UnmarshalEnvelope(body)
	return h, env, err
}

// Retry implements staff.Desk.
func (l *Local) Retry(_ context.Context, id string) error {
	return l.act("import.retry", id, func() error {
		err := l.o.Store.Ledger.Retry(outbox.ID(id))
		if err == nil {
			l.o.Worker.Kick()
		}
		return err
	})
}

// Park implements staff.Desk.
func (l *Local) Park(_ context.Context, id string) error {
	return l.act("import.park", id, func() error { return l.o.Store.Ledger.Park(outbox.ID(id), "parked-by-staff") })
}

// Discard implements staff.Desk.
func (l *Local) Discard(_ context.Context, id string) error {
	return l.act("import.discard", id, func() error { return l.o.Store.Ledger.Expire(outbox.ID(id), "discarded-by-staff") })
}

// Resolve implements staff.Desk.
func (l *Local) Resolve(ctx context.Context, id string, r staff.Resolution) error {
	if r.Reject {
		return l.Discard(ctx, id)
	}
	target := intake.Target{Mode: intake.TargetNew}
	if !r.New {
		var err error
		if target, err = intake.ParseTarget(r.Chart); err != nil || target.Mode != intake.TargetChart {
			return &staff.Error{Reason: "order-invalid", Err: err}
		}
	}
	return l.act("import.resolve", id, func() error {
		target.By, target.At = l.actor(), l.o.Core.Env.Now()
		err := l.edit(id, func(env *intake.Envelope) error {
			env.Target = target
			return nil
		})
		if err == nil {
			l.o.Worker.Kick()
		}
		return err
	})
}

// edit changes a parked record's envelope and sends it on.
func (l *Local) edit(id string, change func(*intake.Envelope) error) error {
	return l.o.Store.Ledger.Resolve(outbox.ID(id), func(body []byte) ([]byte, error) {
		env, err := intake.UnmarshalEnvelope(body)
		if err != nil {
			return nil, err
		}
		if err := change(env); err != nil {
			return nil, err
		}
		return intake.MarshalEnvelope(env)
	})
}

// Export implements staff.Desk: the receipt as JSON, codes and references
// only, in the folder "receipts" beside the ledger, mode 0600.
func (l *Local) Export(_ context.Context, id string) (where string, err error) {
	name, text, err := l.receipt(id)
	if err != nil {
		return "", err
	}
	return keepReceipt(filepath.Join(l.o.Core.Config.Ledger.Dir, "receipts"), name, text)
}

// receipt is an import's receipt as JSON, and a name for it.
func (l *Local) receipt(id string) (name string, text []byte, err error) {
	err = l.act("import.export", id, func() error {
		h, env, err := l.open(id)
		if err != nil {
			return err
		}
		if env.Journal.Receipt == nil {
			return &staff.Error{Reason: "no-receipt"}
		}
		name = h.Code + "-" + string(h.ID)
		text, err = json.MarshalIndent(env.Journal.Receipt, "", "  ")
		return err
	})
	return name, text, err
}

// keepReceipt writes a receipt into a folder that only its owner may read.
func keepReceipt(dir, name string, text []byte) (where string, err error) {
	if name != filepath.Base(name) || name == "." || name == ".." {
		return "", fmt.Errorf("writing a receipt: %q is not a name", name)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("writing a receipt: %w", err)
	}
	where = filepath.Join(dir, name+".json")
	if err := os.WriteFile(where, append(text, '\n'), 0o600); err != nil {
		return "", fmt.Errorf("writing a receipt: %w", err)
	}
	return where, nil
}

// Pause implements staff.Desk.
func (l *Local) Pause(_ context.Context, paused bool) error {
	if !paused {
		return l.act("deliveries.resume", "", l.o.Worker.Resume)
	}
	return l.act("deliveries.pause", "", func() error { return l.o.Worker.Pause(strings.TrimPrefix(l.actor(), staffActor)) })
}
