package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"shlkiosk/sync/audit"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/vault"
	"shlkiosk/ui/flow"
)

// Store is what is on the kiosk's disk: the key, the ledger of imports and the
// audit trail, in one folder:
//
//	DIR/key      the made key ring, when no other source is configured
//	DIR/ledger/  the imports, sealed
//	DIR/audit/   who did what, codes only
type Store struct {
	Vault  *vault.Vault
	Ledger *outbox.Ledger
	Audit  *audit.Log
	// MadeKey tells that the key is a file beside the ledger that this program
	// made: good for the demo, less than a sealed credential.
	MadeKey bool

	core  *Core
	mu    sync.Mutex
	cases []Case
	mute  flow.Reason // why the audit trail takes no entries

	marked marked
}

// KeySource is where the vault's key comes from, and whether it is made once.
func (c *Core) KeySource() (source string, made bool) {
	if k := c.Config.Ledger.Key; k != "" {
		return k, false
	}
	return "file:" + filepath.Join(c.Config.Ledger.Dir, "key"), true
}

// OpenStore opens or makes the folder. Errors are those of vault, outbox and
// audit, which say what to do now.
func (c *Core) OpenStore() (*Store, error) {
	l := c.Config.Ledger
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the ledger (ledger.dir): %w", Pathless(err))
	}
	s := &Store{core: c}
	source, made := c.KeySource()
	s.MadeKey = made
	ledgerDir := filepath.Join(l.Dir, "ledger")
	if made {
		// Only where there is no ledger yet: a key that went missing beside one
		// must stay a loud error.
		if _, err := os.Stat(ledgerDir); errors.Is(err, os.ErrNotExist) {
			if _, err := vault.EnsureFile(strings.TrimPrefix(source, "file:"), c.Env.Now()); err != nil {
				return nil, err
			}
		}
	}
	var err error
	if s.Vault, err = vault.Open(source); err != nil {
		return nil, err
	}
	key, err := auditKey(s.Vault, l.Dir)
	if err != nil {
		s.Close()
		return nil, err
	}
	auditDir := filepath.Join(l.Dir, "audit")
	s.Audit, err = audit.Open(auditDir, audit.Options{Now: c.Env.Now, Key: key, Full: s.makeRoom})
	if err != nil {
		s.Close()
		return nil, err
	}
	if s.marked, err = lastMark(auditDir); err != nil {
		s.Close()
		return nil, err
	}
	const mb = 1 << 20
	s.Ledger, err = outbox.Open(outbox.Options{Dir: ledgerDir, Vault: s.Vault, Now: c.Env.Now, Logger: c.Env.Logger, Mark: s.marked.mark,
		Limits:  outbox.Limits{Records: l.MaxRecords, Bytes: int64(l.MaxMB) * mb, Age: l.MaxAge},
		OnAlarm: func(a outbox.Alarm) { s.Note("kiosk", "ledger.alarm", string(a.ID), string(a.Code), "") }})
	if err != nil {
		s.Close()
		return nil, err
	}
	s.markDue()
	return s, nil
}

// fileAuditSecret holds the key of the audit trail, sealed.
const fileAuditSecret = "audit.secret"

// auditKey is the key of the audit trail's chain. It outlives the keys of the
// ledger: the trail does not end when one of them is retired.
func auditKey(v *vault.Vault, dir string) ([]byte, error) {
	return v.EnsureSecret(filepath.Join(dir, fileAuditSecret), "audit")
}

// AuditKey opens the vault only to verify the audit trail.
func (c *Core) AuditKey() ([]byte, error) {
	source, _ := c.KeySource()
	v, err := vault.Open(source)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return auditKey(v, c.Config.Ledger.Dir)
}

func (s *Store) makeRoom() bool { return s.Ledger != nil && s.Ledger.ReleaseReserve() }

// Close ends the use of the folder.
func (s *Store) Close() error {
	var errs []error
	s.Mark()
	if s.Ledger != nil {
		errs = append(errs, s.Ledger.Close())
	}
	if s.Audit != nil {
		errs = append(errs, s.Audit.Close())
	}
	if s.Vault != nil {
		s.Vault.Close()
	}
	return errors.Join(errs...)
}

// Note writes one audit entry of codes. That the trail cannot be written is
// itself logged, and shows in the kiosk's health.
func (s *Store) Note(actor, action, object, result, detail string) {
	e := audit.Event{Actor: actor, Action: action, Object: object, Result: result}
	if detail != "" {
		e.Detail = map[string]string{"detail": code(detail)}
	}
	_, err := s.Audit.Append(e)
	s.heard(err)
	if err != nil {
		s.core.Env.Logger.Error("audit entry not written", "action", action, "error", err)
	}
}

// code brings a host name or a rule's name into the letters of an audit code.
func code(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '-'
	}, strings.ToLower(s))
}

// Put seals the import into the ledger and returns the receipt code once it is
// on disk. park is the reason for which it waits for staff, or "".
func (s *Store) Put(ctx context.Context, env *intake.Envelope, park string) (code string, err error) {
	env.Code = s.NewCode()
	body, err := intake.MarshalEnvelope(env)
	if err != nil {
		return "", fmt.Errorf("writing an envelope: %w", err)
	}
	_, err = s.Ledger.Put(ctx, outbox.Record{ID: env.ID, Lane: lane(env), Code: env.Code, Body: body, Park: park})
	clear(body)
	if err != nil {
		return "", err
	}
	s.Note("kiosk", "import.stored", env.ID, "ok", park)
	return env.Code, nil
}

// lane keeps imports of the same person in order. The ledger stores only a
// keyed hash of it.
func lane(env *intake.Envelope) string {
	if env.Target.Chart != "" {
		return env.Target.Chart
	}
	if env.Match.Chart != "" {
		return env.Match.Chart
	}
	return env.Typed.BirthDate.Reveal() + "|" + env.Source.LinkHash
}

func storeReason(err error) string {
	var oe *outbox.Error
	if errors.As(err, &oe) {
		return string(oe.Reason)
	}
	return string(outbox.ReasonIO)
}

// Pathless is an error of the file system without the path, which may hold a
// name, and which the message names by its setting.
func Pathless(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// StoreReason is the code of what keeps the ledger from being used.
func StoreReason(err error) flow.Reason {
	var oe *outbox.Error
	var ve *vault.Error
	var ae *audit.Error
	switch {
	case errors.As(err, &oe):
		return flow.Reason(oe.Reason)
	case errors.As(err, &ve):
		return flow.Reason(ve.Reason)
	case errors.As(err, &ae):
		return flow.Reason(ae.Reason)
	}
	return flow.Reason(outbox.ReasonIO)
}

// NewWorker is the worker that delivers from the ledger to the chart's server.
// What becomes of each import goes into the audit trail. forget is the
// Deliverer's, may be nil.
func (s *Store) NewWorker(chart *Chart, forget func()) *outbox.Worker {
	return outbox.NewWorker(s.Ledger, &Deliverer{Importer: chart.Importer, Forget: forget}, outbox.WorkerOptions{
		Keep: s.core.Config.Ledger.KeepDone, Logger: s.core.Env.Logger,
		OnEvent: func(e outbox.Event) {
			s.Note("kiosk", "import."+string(e.To), string(e.ID), resultOf(e.Reason), "")
		}})
}

func resultOf(reason string) string {
	if reason == "" {
		return "ok"
	}
	return reason
}
