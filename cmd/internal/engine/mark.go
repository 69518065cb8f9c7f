package engine

import (
	"time"

	"shlkiosk/sync/audit"
	"shlkiosk/sync/outbox"
)

// actionMark is the audit entry that holds a position of the ledger. A ledger
// that is behind the last one was rolled back.
const actionMark = "ledger.mark"

// A mark is written once a day, and after so many transactions of the ledger
// (an import has about six), so that a rollback of more than that is noticed
// even if the kiosk never ends in good order.
const (
	markEvery = 24 * time.Hour
	markTxns  = 60
)

// marked is the last mark in the audit trail.
type marked struct {
	mark outbox.Mark
	at   time.Time
}

func lastMark(dir string) (last marked, err error) {
	all, err := audit.List(dir, audit.Query{})
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Action != actionMark {
			continue
		}
		if m, ok := outbox.ParseMark(all[i].Detail); ok {
			return marked{m, all[i].Time}, nil
		}
	}
	return last, err
}

// Mark writes the ledger's position into the audit trail.
func (s *Store) Mark() {
	if s.Audit == nil || s.Ledger == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.markLocked(s.Ledger.Mark())
}

func (s *Store) markLocked(m outbox.Mark) {
	e, err := s.Audit.Append(audit.Event{Actor: "kiosk", Action: actionMark, Result: "ok", Detail: m.Detail()})
	if err != nil {
		s.core.Env.Logger.Error("ledger's position not noted", "error", err)
		return
	}
	s.marked = marked{m, e.Time}
}

// markDue writes a mark when one is due: the ledger has gone far enough since
// the last one, or has none yet, or a day has passed, or the clock went back.
func (s *Store) markDue() {
	m := s.Ledger.Mark()
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.marked
	age := s.core.Env.Now().Sub(last.at)
	switch {
	case m.Ledger == "": // not open
		return
	case m.Ledger == last.mark.Ledger && m.Txn >= last.mark.Txn && m.Txn-last.mark.Txn < markTxns && age < markEvery && age > -markEvery:
		return
	}
	s.markLocked(m)
}
