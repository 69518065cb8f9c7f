package outbox

import "time"

// claim writes "sending" down and hands the record out for one delivery. From
// then until settle nobody else may change it.
func (l *Ledger) claim(id ID) (Job, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.freeLocked(id)
	if err != nil {
		return Job{}, err
	}
	if !e.State.Waiting() {
		return Job{}, refuse(ReasonState, id, "", "%s is not to be delivered", e.State)
	}
	body, err := l.bodyOf(e)
	if err != nil {
		return Job{}, err
	}
	job := Job{ID: id, Code: e.Code, Attempt: e.Attempts + 1, State: e.State, Unknown: e.Attempts > 0, Body: body}
	job.Save = func(body []byte) error { return l.save(id, body) }
	n := *e
	n.State = Sending
	n.Attempts++
	if err := l.writeLocked("claim", func(t *txn) error { return t.put(&n, nil, false) }); err != nil {
		return Job{}, err
	}
	l.sending[id] = true
	return job, nil
}

// save replaces the body of a record that is being delivered.
func (l *Ledger) save(id ID, body []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.findLocked(id)
	if err != nil {
		return err
	}
	if !l.sending[id] {
		return refuse(ReasonState, id, "", "the delivery has ended")
	}
	if int64(len(body)) > l.opt.Limits.Body {
		return refuse(ReasonTooLarge, id, "", "%d bytes, the limit is %d", len(body), l.opt.Limits.Body)
	}
	n := *e
	return l.writeLocked("save", func(t *txn) error { return t.put(&n, body, true) })
}

// settle writes the outcome of a delivery down and ends the claim. It returns
// the record's version.
func (l *Ledger) settle(id ID, out Outcome, retry time.Duration) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.note()
	defer delete(l.sending, id)
	e, err := l.findLocked(id)
	if err != nil {
		return 0, err
	}
	n := *e
	n.State, n.Reason = out.State, out.Reason
	n.Next = l.clock().Add(retry)
	if out.State == Queued || out.State == Delivered {
		n.Streak++
	} else {
		n.Streak = 0
	}
	l.opt.Fail("settle.before")
	err = l.writeLocked("settle", func(t *txn) error {
		switch {
		case out.State == Verified && out.Body == nil:
			return t.shred(&n)
		case out.State == Verified:
			t.sum.Scrub = true // the whole body must not stay in freed pages
			return t.put(&n, out.Body, true)
		default:
			return t.put(&n, out.Body, out.Body != nil)
		}
	})
	if err != nil {
		return e.Version, err
	}
	if out.State == Verified {
		err = l.scrubLocked()
	}
	return n.Version, err
}
