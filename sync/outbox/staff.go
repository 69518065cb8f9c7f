package outbox

// What a member of staff may do with a record. Who did it is for the caller to
// write into the audit trail.

// Retry puts a parked record back into the queue, or makes a waiting one due
// now.
func (l *Ledger) Retry(id ID) error {
	return l.staff("retry", id, func(e *entry) error {
		switch e.State {
		case Parked:
			e.State = Queued
		case Queued, Sending, Delivered:
		default:
			return refuse(ReasonState, id, "", "%s has ended", e.State)
		}
		e.Reason, e.Streak, e.Next = "", 0, l.clock()
		return nil
	})
}

// Park keeps a record from being delivered until somebody decides.
func (l *Ledger) Park(id ID, reason string) error {
	return l.staff("park", id, func(e *entry) error {
		if !ValidReason(reason) {
			return refuse(ReasonInvalid, id, "", "the reason is not a code")
		}
		e.State, e.Reason = Parked, reason
		return nil
	})
}

// Expire gives a record up: the body is destroyed, the header remains and says
// so. It is never done by the program itself.
func (l *Ledger) Expire(id ID, reason string) error {
	if !ValidReason(reason) {
		return refuse(ReasonInvalid, id, "", "the reason is not a code")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.freeLocked(id)
	if err != nil {
		return err
	}
	if !e.State.CanBecome(Expired) {
		return refuse(ReasonState, id, "", "%s cannot become %s", e.State, Expired)
	}
	n := *e
	n.State, n.Reason = Expired, reason
	if err := l.writeLocked("expire", func(t *txn) error { return t.shred(&n) }); err != nil {
		return err
	}
	return l.scrubLocked()
}

// Resolve lets staff put what they decided into a parked record (which chart,
// which parts) and sends it on. edit gets the opened body and returns the new
// one; both are wiped afterwards.
func (l *Ledger) Resolve(id ID, edit func(body []byte) ([]byte, error)) error {
	return l.Update(id, func(h *Header, body []byte) ([]byte, error) {
		if h.State != Parked && h.State != Queued {
			return nil, refuse(ReasonState, id, "", "%s is not waiting for a decision", h.State)
		}
		now, err := edit(body)
		if err != nil {
			return nil, err
		}
		h.State, h.Reason, h.Next = Queued, "", l.clock()
		return now, nil
	})
}

// SetPaused stops deliveries until it is called with "". by is the staff ID;
// it is kept over a restart.
func (l *Ledger) SetPaused(by string) error {
	if by != "" && !validID.MatchString(by) {
		return refuse(ReasonInvalid, "", "", "not a staff ID")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now.Paused == by {
		return l.usableLocked()
	}
	err := l.writeLocked("pause", func(t *txn) error { t.sum.Paused = by; return nil })
	if err == nil {
		l.note()
	}
	return err
}

// Paused tells who paused deliveries; "" when they run.
func (l *Ledger) Paused() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now.Paused
}

func (l *Ledger) staff(point string, id ID, f func(*entry) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.freeLocked(id)
	if err != nil {
		return err
	}
	return l.changeLocked(point, e, func(n *entry) ([]byte, error) { return nil, f(n) })
}

// freeLocked finds a record that no delivery is busy with.
func (l *Ledger) freeLocked(id ID) (*entry, error) {
	e, err := l.findLocked(id)
	if err != nil {
		return nil, err
	}
	if l.sending[id] {
		return nil, refuse(ReasonInUse, id, "try again when the delivery has ended", "a delivery is running")
	}
	return e, nil
}
