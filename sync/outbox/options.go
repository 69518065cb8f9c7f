package outbox

import (
	"log/slog"
	"time"

	"shlkiosk/sync/vault"
)

// Options is what Open needs. Dir and Vault must be given.
type Options struct {
	// Dir is the ledger's own folder; made with mode 0700 if it is not there.
	Dir   string
	Vault *vault.Vault
	// Now is the wall clock. Default time.Now.
	Now    func() time.Time
	Limits Limits
	// Logger gets event codes, record IDs and figures. Default: none.
	Logger *slog.Logger
	// OnAlarm is called for each new alarm, for the audit trail. The alarm is
	// also kept in the ledger until Answer. It must not call the Ledger.
	OnAlarm func(Alarm)
	// Mark is the last position of this ledger that was written down elsewhere
	// (Ledger.Mark, kept in the audit trail). A ledger that is behind it was
	// rolled back.
	Mark Mark
	// Fail is called with the names of failpoints, for fault tests; it may kill
	// the process or panic. Default: none.
	Fail func(point string)

	migrations map[int]migration // for tests; nil: all there are
}

// Limits hold the ledger within what the machine and the clinic can bear. Staff
// is warned before anything is refused.
type Limits struct {
	Records int           // records that are not final; default 2,000
	Bytes   int64         // sum of their bodies; default 2 GiB
	Body    int64         // one body; default 64 MiB
	Age     time.Duration // a record that waits longer is a warning; default 72 h
	// Reserve is the size of a file that is given up when the disk is full, so
	// that what is already accepted can still be delivered and noted down.
	// Default 64 MiB; negative: none.
	Reserve int64
	// WarnAt is the part of a limit from which staff is warned. Default 0.8.
	WarnAt float64
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnAlarm == nil {
		o.OnAlarm = func(Alarm) {}
	}
	if o.Fail == nil {
		o.Fail = func(string) {}
	}
	if o.migrations == nil {
		o.migrations = migrations()
	}
	l := &o.Limits
	if l.Records <= 0 {
		l.Records = 2000
	}
	if l.Bytes <= 0 {
		l.Bytes = 2 << 30
	}
	if l.Body <= 0 {
		l.Body = 64 << 20
	}
	if l.Age <= 0 {
		l.Age = 72 * time.Hour
	}
	if l.Reserve == 0 {
		l.Reserve = 64 << 20
	}
	if l.WarnAt <= 0 || l.WarnAt >= 1 {
		l.WarnAt = 0.8
	}
	return o
}
