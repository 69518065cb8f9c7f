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
	"runtime"
	"slices"
	"sync"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
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
	return &Local{o: o, book: b, began: o.Core.Env.Now()}, nil
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

// actor is the audit trail's name of who is logged in, "" nobody.
func (l *Local) actor() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.who == nil {
		return ""
	}
	return "staff:" + l.who.ID
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
		if errors.As(err, &oe) {
			result = string(oe.Reason)
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

// Accept implements staff.Desk: one proposed change of the chart is made at
// the server now, or declined.
func (l *Local) Accept(ctx context.Context, id, proposal string, yes bool) error {
	action := "proposal.decline"
	if yes {
		action = "proposal.accept"
	}
	return l.act(action, id, func() error {
		_, env, err := l.open(id)
		if err != nil {
			return err
		}
		save := func(e *intake.Envelope) error {
			body, err := intake.MarshalEnvelope(e)
			if err != nil {
				return err
			}
			return l.o.Store.Ledger.Update(outbox.ID(id), func(*outbox.Header, []byte) ([]byte, error) { return body, nil })
		}
		if yes {
			return l.o.Chart.Importer.Accept(ctx, env, proposal, l.actor(), save)
		}
		return l.o.Chart.Importer.Decline(env, proposal, l.actor(), save)
	})
}

// Export implements staff.Desk: the receipt as JSON, codes and references
// only, in the folder "receipts" beside the ledger, mode 0600.
func (l *Local) Export(_ context.Context, id string) (where string, err error) {
	err = l.act("import.export", id, func() error {
		h, env, err := l.open(id)
		if err != nil {
			return err
		}
		if env.Journal.Receipt == nil {
			return &staff.Error{Reason: "no-receipt"}
		}
		dir := filepath.Join(l.o.Core.Config.Ledger.Dir, "receipts")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		text, err := json.MarshalIndent(env.Journal.Receipt, "", "  ")
		if err != nil {
			return err
		}
		where = filepath.Join(dir, h.Code+"-"+string(h.ID)+".json")
		return os.WriteFile(where, append(text, '\n'), 0o600)
	})
	return where, err
}

// Pause implements staff.Desk.
func (l *Local) Pause(_ context.Context, paused bool) error {
	if !paused {
		return l.act("deliveries.resume", "", l.o.Worker.Resume)
	}
	return l.act("deliveries.pause", "", func() error { return l.o.Worker.Pause(l.actor()) })
}

// Diagnostics implements staff.Desk.
func (l *Local) Diagnostics(ctx context.Context) (staff.Diagnostics, error) {
	if err := l.in(); err != nil {
		return staff.Diagnostics{}, err
	}
	now := l.o.Core.Env.Now()
	d := staff.Diagnostics{Version: l.o.Version, Kiosk: l.o.Core.Config.Kiosk, Uptime: now.Sub(l.began),
		Paused: l.o.Store.Ledger.Paused(), Counts: map[staff.State]int{}}
	all, err := l.o.Store.Ledger.List(outbox.Filter{})
	if err != nil {
		return d, err
	}
	for _, h := range all {
		d.Counts[staff.State(h.State)]++
	}
	if l.o.Figures != nil {
		d.Camera = l.o.Figures()
	}
	d.Checks = l.checks(ctx)
	return d, nil
}

func (l *Local) checks(ctx context.Context) []staff.Check {
	var out []staff.Check
	say := func(name string, h staff.Health, detail, do string) {
		out = append(out, staff.Check{Name: name, Health: h, Detail: detail, ToDo: do})
	}
	ask, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if caps, err := l.o.Chart.Client.Capabilities(ask); err != nil {
		say("fhir", staff.HealthFailed, "", "Check the network and the server; imports wait on the disk meanwhile")
	} else {
		say("fhir", staff.HealthOK, caps.FHIRVersion, "")
		off := l.o.Core.Env.Now().Sub(caps.Date).Round(time.Second)
		switch {
		case caps.Date.IsZero():
		case off.Abs() > 2*time.Minute:
			say("clock", staff.HealthFailed, off.String(), "Set the kiosk's clock")
		default:
			say("clock", staff.HealthOK, off.String(), "")
		}
	}
	for _, w := range l.o.Store.Ledger.Health() {
		say("ledger", staff.HealthWarning, fmt.Sprintf("%s %.0f of %.0f", w.Code, w.Have, w.Limit), "See what waits, and why")
	}
	for _, a := range l.o.Store.Ledger.Alarms() {
		say("ledger", staff.HealthFailed, string(a.Code), "Call whoever looks after the kiosk")
	}
	if len(out) < 3 {
		say("ledger", staff.HealthOK, "", "")
	}
	if l.o.Store.MadeKey {
		say("key", staff.HealthWarning, "file", "A sealed credential is better: see the README")
	} else {
		say("key", staff.HealthOK, "", "")
	}
	if l.o.Checks != nil {
		out = append(out, l.o.Checks(ctx)...)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	say("memory", staff.HealthOK, fmt.Sprintf("%d MB", mem.Sys>>20), "")
	return out
}

// Settings implements staff.Desk.
func (l *Local) Settings(context.Context) ([]staff.Setting, error) {
	if err := l.in(); err != nil {
		return nil, err
	}
	var out []staff.Setting
	for _, s := range config.Values(l.o.Core.Config) {
		set := staff.Setting{Path: s.Path, Doc: s.Doc, Value: s.Value, Default: s.Default, Source: "default",
			Choices: s.Choices, Bool: s.Bool, Secret: s.Secret}
		if s.Value != s.Default {
			set.Source = "file"
		}
		if l.o.File == "" || (l.o.Fixed != nil && l.o.Fixed(s.Path)) {
			set.Fixed, set.Source = true, "environment"
		}
		out = append(out, set)
	}
	return out, nil
}

// SaveSettings implements staff.Desk.
func (l *Local) SaveSettings(_ context.Context, changes map[string]string) ([]staff.Problem, error) {
	if l.o.File == "" {
		return nil, errors.ErrUnsupported
	}
	var probs config.Problems
	err := l.act("settings.save", "", func() error { return config.Save(l.o.File, changes, config.NeedAll) })
	if errors.As(err, &probs) {
		var out []staff.Problem
		for _, p := range probs {
			out = append(out, staff.Problem{Path: p.Path, Wrong: p.Wrong, Fix: p.Fix})
		}
		return out, nil
	}
	return nil, err
}
