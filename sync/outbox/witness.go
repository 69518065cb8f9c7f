package outbox

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Mark is a position of a ledger. Written down elsewhere (the audit trail) and
// given to Open again, it shows a rollback of the whole folder.
type Mark struct {
	Ledger string // the ledger's random name
	Txn    uint64 // transactions so far
	Chain  string // hash over all of them, hexadecimal
}

// Mark tells where the ledger stands.
func (l *Ledger) Mark() Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Mark{Ledger: l.now.Ledger, Txn: l.now.Txn, Chain: hex.EncodeToString(l.now.Chain)}
}

// Detail is the mark in the form of audit details: codes by name.
func (m Mark) Detail() map[string]string {
	return map[string]string{"ledger": m.Ledger, "txn": strconv.FormatUint(m.Txn, 10), "chain": m.Chain}
}

// ParseMark reads what Detail wrote. ok is false when it is not a mark.
func ParseMark(d map[string]string) (m Mark, ok bool) {
	txn, err := strconv.ParseUint(d["txn"], 10, 64)
	m = Mark{Ledger: d["ledger"], Txn: txn, Chain: d["chain"]}
	return m, err == nil && m.Ledger != "" && m.Chain != ""
}

// witness is a small file beside the ledger that says how far it had come, so
// that an older copy of the ledger, or none, is noticed. It is written after
// each commit and not synced: after a power cut it may be behind, which only
// makes it say less, never more than was on disk.
type witness struct {
	f      *os.File
	ok     bool // there was a valid one
	ledger string
	txn    uint64
	count  int
	// accepted: a person said that the ledger is lost for good.
	accepted bool
}

const lossAccepted = "shlkiosk-seen 1 loss accepted\n"

const witnessSize = 128

func openWitness(dir string) *witness {
	w := &witness{}
	f, err := os.OpenFile(filepath.Join(dir, "ledger.seen"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return w // a disk that is full, or worse, is for the ledger itself to say
	}
	w.f = f
	b := make([]byte, witnessSize)
	n, _ := f.ReadAt(b, 0)
	w.accepted = strings.HasPrefix(string(b[:n]), lossAccepted)
	var check uint32
	if _, err := fmt.Sscanf(string(b[:n]), "shlkiosk-seen 1 %s %d %d %x\n", &w.ledger, &w.txn, &w.count, &check); err != nil {
		return w
	}
	w.ok = check == w.check()
	return w
}

func (w *witness) check() uint32 {
	return crc32.ChecksumIEEE(fmt.Appendf(nil, "%s %d %d", w.ledger, w.txn, w.count))
}

func (w *witness) write(s summary) {
	w.ledger, w.txn, w.count, w.ok = s.Ledger, s.Txn, s.Count, true
	if w.f == nil {
		return
	}
	b := fmt.Appendf(nil, "shlkiosk-seen 1 %s %d %d %08x\n", w.ledger, w.txn, w.count, w.check())
	b = append(b, make([]byte, max(0, witnessSize-len(b)))...) // always one write of one size
	_, _ = w.f.WriteAt(b, 0)
}

func (w *witness) aheadOf(s *summary) bool {
	return w.ok && w.ledger == s.Ledger && w.txn > s.Txn
}

func (w *witness) forget() {
	w.ok = false
	if w.f != nil {
		_ = w.f.Truncate(0)
	}
}

// vanish notes that a person accepted the loss of the ledger.
func (w *witness) vanish() error {
	if w.f == nil {
		return refuse(ReasonIO, "", "", "the folder cannot be written to")
	}
	w.ok = false
	_, err := w.f.WriteAt([]byte(lossAccepted), 0)
	return errors.Join(err, w.f.Truncate(int64(len(lossAccepted))), w.f.Sync())
}

func (w *witness) close() error {
	if w == nil || w.f == nil {
		return nil
	}
	err := errors.Join(w.f.Sync(), w.f.Close())
	w.f = nil
	return err
}

// behind compares the ledger with what was written down about it.
func (l *Ledger) behind() []Alarm {
	switch {
	case l.witness.aheadOf(&l.now):
		return []Alarm{{Code: AlarmRolledBack, Had: l.witness.count, Have: l.now.Count, Detail: "witness"}}
	case l.witness.ok && l.witness.ledger != l.now.Ledger:
		return []Alarm{{Code: AlarmRolledBack, Had: l.witness.count, Have: l.now.Count, Detail: "another ledger"}}
	case l.opt.Mark.Ledger == l.now.Ledger && l.opt.Mark.Txn > l.now.Txn,
		l.opt.Mark.Ledger == l.now.Ledger && l.opt.Mark.Txn == l.now.Txn && l.opt.Mark.Chain != hex.EncodeToString(l.now.Chain):
		return []Alarm{{Code: AlarmRolledBack, Had: -1, Have: l.now.Count, Detail: "mark"}}
	}
	return nil
}

// Alarms lists what no person has answered yet, oldest first.
func (l *Ledger) Alarms() []Alarm {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Alarm(nil), l.now.Alarms...)
}

// Answer takes the alarms of one kind off the list: a member of staff has seen
// them and done what they call for.
func (l *Ledger) Answer(code AlarmCode) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writeLocked("answer", func(t *txn) error {
		kept := []Alarm{}
		for _, a := range t.sum.Alarms {
			if a.Code != code {
				kept = append(kept, a)
			}
		}
		t.sum.Alarms = kept
		return nil
	})
}

const maxAlarms = 100

// alarmLocked raises an alarm: told at once, and kept in the ledger. A disk
// that cannot take it has its own way of being noticed.
func (l *Ledger) alarmLocked(a Alarm) {
	for _, old := range l.now.Alarms {
		if old.Code == a.Code && old.ID == a.ID && a.ID != "" {
			return
		}
	}
	if a.At.IsZero() {
		a.At = l.clock().Truncate(time.Second)
	}
	l.opt.Logger.Error("outbox.alarm", "code", a.Code, "id", a.ID)
	l.opt.OnAlarm(a)
	if len(l.now.Alarms) < maxAlarms {
		_ = l.writeLocked("alarm", func(t *txn) error {
			t.sum.Alarms = append(t.sum.Alarms, a)
			return nil
		})
	}
}
