package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"syscall"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"shlkiosk/sync/vault"
)

// txn is one write transaction: the file's, the summary that goes with it, and
// what the index has to learn once it is on disk.
type txn struct {
	l       *Ledger
	tx      *bolt.Tx
	sum     summary
	changes map[ID]*entry // nil: removed
}

// writeLocked runs f and makes its changes durable, summary and chain
// included, or leaves everything as it was.
func (l *Ledger) writeLocked(point string, f func(*txn) error) error {
	if err := l.usableLocked(); err != nil {
		return err
	}
	err := l.tryLocked(point, f)
	if isFull(err) && point != "put" && l.reserve.release() {
		// What is already accepted may use the reserve; a new import may not.
		l.opt.Logger.Warn("outbox.reserve-used")
		err = l.tryLocked(point, f)
	}
	if isFull(err) {
		return &Error{Reason: ReasonDiskFull, Hint: "free space on the disk of the ledger", Err: err}
	}
	return err
}

func (l *Ledger) tryLocked(point string, f func(*txn) error) error {
	t := &txn{l: l, sum: l.now, changes: map[ID]*entry{}}
	t.sum.Alarms = append([]Alarm(nil), l.now.Alarms...)
	committing := false
	l.use.RLock()
	err := guard(func() error {
		tx, err := l.db.Begin(true)
		if err != nil {
			return err
		}
		t.tx = tx
		defer func() { _ = tx.Rollback() }() // no effect after Commit
		if err := f(t); err != nil {
			return err
		}
		if err := t.finish(); err != nil {
			return err
		}
		l.opt.Fail(point + ".before-commit")
		committing = true
		return tx.Commit()
	})
	l.use.RUnlock()
	if err != nil {
		if committing && !harmless(err) {
			// After a failed fsync nobody knows what is on the disk, and a second
			// fsync may say yes without having written (fsyncgate, 2018). Only a
			// new process, reading from the disk, may go on.
			l.broken = &Error{Reason: ReasonOutOfService, Err: err,
				Hint: "check the disk, then restart the kiosk; what was acknowledged is safe"}
			l.opt.Logger.Error("outbox.out-of-service", "at", point)
			return l.broken
		}
		return err
	}
	l.opt.Fail(point + ".after-commit")
	for id, e := range t.changes {
		if e == nil {
			delete(l.index, id)
		} else {
			l.index[id] = e
		}
	}
	l.now = t.sum
	l.witness.write(l.now)
	return nil
}

// put stores a new version of a record. With reseal the body is sealed under a
// new key, so that destroying the old one destroys the old body.
func (t *txn) put(e *entry, body []byte, reseal bool) error {
	v := t.l.opt.Vault
	e.Version++
	e.Updated = t.l.clock()
	if reseal {
		k, wrapped, err := v.NewRecordKey(recordAAD(e.ID))
		if err != nil {
			return err
		}
		defer k.Wipe()
		e.wrapped, e.BodyVersion, e.Size = wrapped, e.Version, int64(len(body))
		stored, err := sealBody(k, e.ID, e.BodyVersion, body)
		if err != nil {
			return err
		}
		// Each body has a bucket of its own, so that writing one never rewrites
		// the pages of another.
		b, err := t.tx.Bucket(bucketBodies).CreateBucketIfNotExists([]byte(e.ID))
		if err != nil {
			return err
		}
		if err := b.Put(keyBody, stored); err != nil {
			return err
		}
	}
	return t.putHeader(e)
}

func (t *txn) putHeader(e *entry) error {
	if old := t.current(e.ID); old != nil {
		t.sum.Sum.remove(old)
		t.sum.Count--
	}
	stored, err := sealHeader(t.l.opt.Vault, e)
	if err != nil {
		return err
	}
	if err := t.tx.Bucket(bucketHeaders).Put([]byte(e.ID), stored); err != nil {
		return err
	}
	t.sum.Sum.add(e)
	t.sum.Count++
	t.changes[e.ID] = e
	return nil
}

// shred destroys a record's key and body and leaves the header.
func (t *txn) shred(e *entry) error {
	if err := t.dropBody(e.ID); err != nil {
		return err
	}
	e.wrapped, e.Shredded = nil, true
	e.Version++
	e.Updated = t.l.clock()
	t.sum.Scrub = true
	return t.putHeader(e)
}

func (t *txn) remove(e *entry) error {
	if err := t.dropBody(e.ID); err != nil {
		return err
	}
	if err := t.tx.Bucket(bucketHeaders).Delete([]byte(e.ID)); err != nil {
		return err
	}
	t.sum.Sum.remove(t.current(e.ID))
	t.sum.Count--
	t.sum.Scrub = true
	t.changes[e.ID] = nil
	return nil
}

func (t *txn) dropBody(id ID) error {
	err := t.tx.Bucket(bucketBodies).DeleteBucket([]byte(id))
	if errors.Is(err, bolterrors.ErrBucketNotFound) {
		return nil
	}
	return err
}

func (t *txn) current(id ID) *entry {
	if e, ok := t.changes[id]; ok {
		return e
	}
	return t.l.index[id]
}

func (t *txn) finish() error {
	t.sum.Format = formatVersion
	t.sum.Txn++
	t.sum.Last = t.l.clock()
	t.sum.link()
	sealed, err := t.sum.seal(t.l.opt.Vault)
	if err != nil {
		return err
	}
	meta := t.tx.Bucket(bucketMeta)
	active := t.l.opt.Vault.Active()
	return errors.Join(
		meta.Put(keyFormat, []byte{formatVersion}),
		meta.Put(keyKey, active[:]),
		meta.Put(keySummary, sealed),
	)
}

// guard turns panics of bbolt, and faults in its memory map (a bad sector, a
// file cut short), into errors.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			// The panic's text may quote bytes of the file; its kind is enough.
			err = fmt.Errorf("%w: %T", errPanic, p)
		}
	}()
	return f()
}

var errPanic = errors.New("the ledger's engine stopped on damage")

// isFull tells whether an error means that there is no room.
func isFull(err error) bool {
	return harmless(err) && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT))
}

// harmless tells whether a failed commit has surely left the file as it was:
// there was no room for a page, which bbolt writes before the fsync and before
// the page that makes the transaction count. bbolt reports those as a path
// error of the write call; an error of the fsync comes bare.
func harmless(err error) bool {
	var pe *fs.PathError
	return errors.As(err, &pe) && pe.Op == "write" && (errors.Is(pe.Err, syscall.ENOSPC) || errors.Is(pe.Err, syscall.EDQUOT))
}

// Rewrap wraps all record keys with the vault's active key, in one transaction:
// a crash leaves all old or all new. Bodies are not touched. It returns how
// many records there were.
func (l *Ledger) Rewrap() (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	err := l.writeLocked("rewrap", func(t *txn) error {
		n = 0
		t.sum.Scrub = true // old wrappings stand in the pages that become free
		for _, e := range l.index {
			c := *e
			if c.wrapped != nil {
				w, _, err := l.opt.Vault.Rewrap(c.wrapped, recordAAD(c.ID))
				if err != nil {
					return err
				}
				c.wrapped = w
			}
			c.Version++
			if err := t.putHeader(&c); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, l.scrubLocked()
}

// KeysInUse lists the keys that anything in the ledger is sealed with. A key
// of the ring that is not among them may be retired.
func (l *Ledger) KeysInUse() ([]vault.KeyID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, &Error{Reason: ReasonClosed}
	}
	in := map[vault.KeyID]bool{}
	for _, e := range l.index {
		in[e.key] = true
		if e.wrapped != nil {
			id, err := vault.SealedWith(e.wrapped)
			if err != nil {
				return nil, err
			}
			in[id] = true
		}
	}
	err := l.view(func(tx *bolt.Tx) error {
		id, err := vault.SealedWith(tx.Bucket(bucketMeta).Get(keySummary))
		in[id] = true
		return err
	})
	out := make([]vault.KeyID, 0, len(in))
	for id := range in {
		out = append(out, id)
	}
	return out, err
}
