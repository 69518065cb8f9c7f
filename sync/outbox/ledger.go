package outbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"shlkiosk/sync/phi"
	"shlkiosk/sync/vault"
)

// Ledger is the store of records. It is safe for concurrent use. Make one with
// Open and end it with Close.
type Ledger struct {
	opt  Options
	path string
	lock *os.File

	// use lets readers of the file in side by side and keeps everybody out
	// while pages are overwritten and at the end.
	use sync.RWMutex
	db  *bolt.DB

	mu      sync.Mutex // writers, and everything below
	index   map[ID]*entry
	now     summary
	broken  error // set once: the disk failed while writing
	closed  bool
	reserve reserve
	witness *witness
	sending map[ID]bool // deliveries of this process that are running
	changed chan struct{}
}

var (
	bucketMeta    = []byte("meta")
	bucketHeaders = []byte("headers")
	bucketBodies  = []byte("bodies")
	keyFormat     = []byte("format")
	keyKey        = []byte("key") // KeyID, in the clear: a wrong key is not damage
	keySummary    = []byte("summary")
	keyBody       = []byte("b")
)

// Filter chooses records. The zero Filter chooses all.
type Filter struct {
	States []State
	Code   string // receipt code, as the patient shows it
}

// Put stores a record. When it returns nil the record is on disk and will
// be delivered. The same record may be put again; another body under the same
// ID is refused (ReasonExists). On any error the patient is sent to the desk:
// nothing was promised, though the record may turn up after a restart.
func (l *Ledger) Put(ctx context.Context, r Record) (ID, error) {
	id := ID(r.ID)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case !validID.MatchString(r.ID):
		return "", refuse(ReasonInvalid, "", "", "the ID is not 1 to 64 of A-Z a-z 0-9 . _ -")
	case !validCode.MatchString(r.Code):
		return "", refuse(ReasonInvalid, id, "", "the receipt code is not up to 16 of A-Z 0-9 -")
	case r.Park != "" && !ValidReason(r.Park):
		return "", refuse(ReasonInvalid, id, "", "the reason is not a code")
	case int64(len(r.Body)) > l.opt.Limits.Body:
		return "", refuse(ReasonTooLarge, id, "take in less, or raise the limit", "%d bytes, the limit is %d", len(r.Body), l.opt.Limits.Body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return "", err
	}
	if old := l.index[id]; old != nil {
		return id, l.sameLocked(old, r)
	}
	if err := l.roomLocked(id, int64(len(r.Body))); err != nil {
		return "", err
	}
	now := l.clock()
	e := &entry{Header: Header{
		ID: id, State: Queued, Next: now, Created: now, Code: r.Code, Lane: l.laneLocked(r.Lane), Seq: l.now.Seq + 1,
	}}
	if r.Park != "" {
		e.State, e.Reason = Parked, r.Park
	}
	err := l.writeLocked("put", func(t *txn) error {
		t.sum.Seq++
		return t.put(e, r.Body, true)
	})
	if err != nil {
		return "", err
	}
	l.note()
	return id, nil
}

// sameLocked answers a second Put under one ID.
func (l *Ledger) sameLocked(old *entry, r Record) error {
	if old.Shredded {
		return nil // it was delivered, or given up, long since
	}
	if old.Version == old.BodyVersion && old.Version == 1 {
		body, err := l.bodyOf(old)
		if err != nil {
			return err
		}
		if string(body) != string(r.Body) {
			return refuse(ReasonExists, old.ID, "", "this ID is taken by another body")
		}
	}
	// Once the worker has written into the body nothing can be compared: the ID
	// is derived from the import and stands for it.
	return nil
}

// List returns headers in order of arrival.
func (l *Ledger) List(f Filter) ([]Header, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, &Error{Reason: ReasonClosed}
	}
	out := make([]Header, 0, len(l.index))
	for _, e := range l.index {
		if len(f.States) > 0 && !slices.Contains(f.States, e.State) || f.Code != "" && f.Code != e.Code {
			continue
		}
		out = append(out, e.Header)
	}
	slices.SortFunc(out, func(a, b Header) int { return int(int64(a.Seq) - int64(b.Seq)) })
	return out, nil
}

// Get returns one header.
func (l *Ledger) Get(id ID) (Header, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.findLocked(id)
	if err != nil {
		return Header{}, err
	}
	return e.Header, nil
}

// Body opens a record's body. A body that does not authenticate is
// ReasonDamaged, and an alarm.
func (l *Ledger) Body(id ID) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.findLocked(id)
	if err != nil {
		return nil, err
	}
	return l.bodyOf(e)
}

// Update changes a record in one transaction. f gets a copy of the header and
// the opened body; it may change State (within the table of transitions),
// Reason and Next, and returns the new body, or nil to leave it as it is. Both
// bodies are wiped afterwards: f keeps nothing of them. An error of f is
// returned as it is and nothing is changed. A record that is
// being delivered right now is refused with ReasonInUse.
func (l *Ledger) Update(id ID, f func(h *Header, body []byte) ([]byte, error)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.findLocked(id)
	if err != nil {
		return err
	}
	if l.sending[id] {
		return refuse(ReasonInUse, id, "try again when the delivery has ended", "a delivery is running")
	}
	body, err := l.bodyOf(e)
	if err != nil {
		return err
	}
	defer phi.Wipe(body)
	h := e.Header
	changed, err := f(&h, body)
	if err != nil {
		return err
	}
	defer phi.Wipe(changed)
	return l.changeLocked("update", e, func(n *entry) ([]byte, error) {
		n.State, n.Reason, n.Next = h.State, h.Reason, h.Next
		return changed, nil
	})
}

// Delete destroys a record: key, body and header, and overwrites where they
// and their older versions stood in the file.
func (l *Ledger) Delete(id ID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.findLocked(id)
	if err != nil {
		return err
	}
	if l.sending[id] {
		return refuse(ReasonInUse, id, "try again when the delivery has ended", "a delivery is running")
	}
	l.opt.Fail("delete.before")
	err = l.writeLocked("delete", func(t *txn) error { return t.remove(e) })
	if err != nil {
		return err
	}
	return l.scrubLocked()
}

// Changed is closed when something new is there for the worker.
func (l *Ledger) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// note wakes whoever waits on Changed.
func (l *Ledger) note() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *Ledger) findLocked(id ID) (*entry, error) {
	if l.closed {
		return nil, &Error{Reason: ReasonClosed}
	}
	e := l.index[id]
	if e == nil {
		return nil, refuse(ReasonNotFound, id, "", "no such record")
	}
	return e, nil
}

func (l *Ledger) usableLocked() error {
	if l.closed {
		return &Error{Reason: ReasonClosed}
	}
	return l.broken
}

// changeLocked makes a new version of a record. f sets the new header's fields
// and returns a new body or nil.
func (l *Ledger) changeLocked(point string, e *entry, f func(n *entry) ([]byte, error)) error {
	n := *e
	body, err := f(&n)
	if err != nil {
		return err
	}
	if n.State != e.State && !e.State.CanBecome(n.State) {
		return refuse(ReasonState, e.ID, "", "%s cannot become %s", e.State, n.State)
	}
	if n.Reason != "" && !ValidReason(n.Reason) {
		return refuse(ReasonInvalid, e.ID, "", "the reason is not a code")
	}
	if int64(len(body)) > l.opt.Limits.Body {
		return refuse(ReasonTooLarge, e.ID, "", "%d bytes, the limit is %d", len(body), l.opt.Limits.Body)
	}
	if body != nil && e.Shredded {
		return refuse(ReasonGone, e.ID, "", "the body was destroyed")
	}
	if err := l.writeLocked(point, func(t *txn) error { return t.put(&n, body, body != nil) }); err != nil {
		return err
	}
	l.note()
	return nil
}

// laneLocked hides the caller's name for a patient behind a keyed hash.
func (l *Ledger) laneLocked(name string) string {
	if name == "" {
		return ""
	}
	h := hmac.New(sha256.New, []byte(l.now.LaneKey))
	h.Write([]byte(name))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// bodyOf reads and opens a body. Called with mu held, or on an entry that
// cannot change.
func (l *Ledger) bodyOf(e *entry) ([]byte, error) {
	if e.Shredded || e.wrapped == nil {
		return nil, refuse(ReasonGone, e.ID, "", "the body was destroyed")
	}
	var body []byte
	err := l.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketBodies).Bucket([]byte(e.ID))
		if b == nil {
			return errors.New("the body is not in the file")
		}
		k, err := l.opt.Vault.Unwrap(e.wrapped, recordAAD(e.ID))
		if err != nil {
			return err
		}
		defer k.Wipe()
		body, err = openBody(k, e.ID, e.BodyVersion, b.Get(keyBody))
		return err
	})
	if err == nil {
		return body, nil
	}
	if errors.Is(err, &vault.Error{Reason: vault.ReasonWrong}) || errors.Is(err, &vault.Error{Reason: vault.ReasonClosed}) {
		return nil, &Error{Reason: ReasonWrongKey, ID: e.ID, Err: err}
	}
	l.alarmLocked(Alarm{Code: AlarmDamaged, ID: e.ID, Detail: "body"})
	return nil, &Error{Reason: ReasonDamaged, ID: e.ID, Hint: "ask the patient to scan again; then delete this record", Err: err}
}

// view runs f in a read transaction, with panics of bbolt and faults of the
// memory map turned into errors.
func (l *Ledger) view(f func(tx *bolt.Tx) error) error {
	l.use.RLock()
	defer l.use.RUnlock()
	if l.db == nil {
		return &Error{Reason: ReasonClosed}
	}
	return guard(func() error { return l.db.View(f) })
}

// clock is the wall time as it is stored: UTC, no monotonic part.
func (l *Ledger) clock() time.Time { return l.opt.Now().UTC().Round(0) }

// Close ends the use of the ledger and gives the lock back.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.use.Lock()
	defer l.use.Unlock()
	var err error
	if l.db != nil {
		err = guard(l.db.Close)
		l.db = nil
	}
	return errors.Join(err, l.witness.close(), l.lock.Close())
}
