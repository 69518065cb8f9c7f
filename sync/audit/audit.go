// Package audit is the kiosk's own record of who did what and when: one JSON
// line per event, each bound to the one before by a hash.
//
// # The promise
//
//   - A line holds codes and identifiers only. Every field is checked against a
//     narrow set of characters when it is written, so that a name or a sentence
//     does not fit: protected data cannot slip in by accident.
//   - A changed, removed, added or reordered line is found by Verify; so is a
//     whole file that was taken out of the middle. With a key (Options.Key) the
//     hash is an HMAC, and nobody without the key can make a chain that fits.
//   - Append returns nil only when the line is on disk (fsync). A last line that
//     a power cut left unfinished is taken off at the next start, and a line
//     says so.
//   - Files have mode 0600 and are only ever appended to. They end at a size and
//     go on in the next; the chain runs across.
//   - A Shipper brings the lines to a receiver, such as the FHIR server (as
//     AuditEvent, see Origin): each once and in order, over restarts. Hash and
//     number go with them, so that the chain can be verified there too.
//
// # The limits
//
// Whoever can write the folder can cut lines off the end. The position
// (Log.Last) that is sent with the events to the FHIR server, and the ledger's
// Mark inside the lines, are what shows that. Without a key an intruder can
// also write a new chain.
package audit

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options of Open.
type Options struct {
	Now     func() time.Time // default time.Now
	MaxSize int64            // bytes after which a file ends; default 8 MiB
	// Key makes the chain an HMAC. It is the same for the life of the log;
	// derive it with vault.MAC or leave it nil for a plain hash.
	Key []byte
	// Full is called once when the disk has no room, before Append gives up: it
	// may free some (outbox.Ledger.ReleaseReserve) and tells whether it did.
	Full func() bool
}

// Log is an audit trail in a folder of its own. It is safe for concurrent use by
// one process; a second process is refused.
type Log struct {
	dir string
	opt Options

	mu   sync.Mutex
	lock *os.File
	f    *os.File
	size int64
	file int // number of the present file
	last Entry
	bad  error // set when the disk failed: nothing more is written
}

// Open opens the log in dir, or begins one. It finds the end of the chain, takes
// an unfinished last line off and notes that, and notes a clock that went back.
func Open(dir string, o Options) (*Log, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxSize <= 0 {
		o.MaxSize = 8 << 20
	}
	if o.Full == nil {
		o.Full = func() bool { return false }
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &Error{Reason: ReasonIO, Err: err}
	}
	lock, err := os.OpenFile(filepath.Join(dir, "audit.lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, &Error{Reason: ReasonIO, Err: err}
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, &Error{Reason: ReasonBusy, Err: fmt.Errorf("the audit trail in %s is in use by another process", dir)}
	}
	l := &Log{dir: dir, opt: o, lock: lock}
	if err := l.resume(); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// resume finds where the chain ends.
func (l *Log) resume() error {
	names, err := files(l.dir)
	if err != nil {
		return err
	}
	l.file = 1
	var notes []Event
	if len(names) > 0 {
		name := names[len(names)-1]
		l.file = number(name)
		torn, err := l.tail(name)
		if err != nil {
			return err
		}
		if torn > 0 {
			notes = append(notes, note("audit.torn-line", "bytes", fmt.Sprint(torn)))
		}
		if l.last.Seq == 0 && len(names) > 1 { // nothing whole in the last file
			if _, err := l.tail(names[len(names)-2]); err != nil {
				return err
			}
			l.file = number(name)
		}
	}
	if err := l.reopen(); err != nil {
		return err
	}
	if back := l.last.Time.Sub(l.opt.Now()); l.last.Seq > 0 && back > clockSlack {
		notes = append(notes, note("clock.went-back", "seconds", fmt.Sprint(int64(back/time.Second))))
	}
	for _, n := range notes {
		if _, err := l.Append(n); err != nil {
			return err
		}
	}
	return nil
}

// clockSlack is what NTP may move the clock back without a note.
const clockSlack = 2 * time.Minute

func note(action, name, value string) Event {
	return Event{Actor: "kiosk", Action: action, Result: "noted", Detail: map[string]string{name: value}}
}

// tail reads the last whole line of a file and cuts off an unfinished one.
func (l *Log) tail(name string) (torn int, err error) {
	f, err := os.OpenFile(filepath.Join(l.dir, name), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return 0, &Error{Reason: ReasonIO, Err: err}
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, maxLine+1)
	var at, whole int64
	var last []byte
	for {
		line, err := r.ReadSlice('\n')
		at += int64(len(line))
		if err == io.EOF {
			torn = len(line)
			break
		}
		if err != nil {
			return 0, &Error{Reason: ReasonBroken, File: name, Err: err}
		}
		last, whole = append(last[:0], line...), at
	}
	if len(last) > 0 {
		var e Entry
		if err := json.Unmarshal(last, &e); err != nil {
			return 0, &Error{Reason: ReasonBroken, File: name, Err: errors.New("the last line is not an entry")}
		}
		l.last = e
	}
	if torn > 0 {
		if err := errors.Join(f.Truncate(whole), f.Sync()); err != nil {
			return 0, &Error{Reason: ReasonIO, Err: err}
		}
	}
	return torn, nil
}

const maxLine = 4096

// Append writes one event and returns its entry once it is on disk. An event
// that is not all codes is refused (ReasonInvalid); after a failure of the disk
// every call fails, because nobody knows what is there.
func (l *Log) Append(e Event) (Entry, error) {
	if err := e.Validate(); err != nil {
		return Entry{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bad != nil {
		return Entry{}, l.bad
	}
	if l.f == nil {
		return Entry{}, &Error{Reason: ReasonIO, Err: fs.ErrClosed}
	}
	if l.size >= l.opt.MaxSize {
		l.file++
		if err := l.reopen(); err != nil {
			l.file--
			return Entry{}, err
		}
	}
	entry := Entry{Seq: l.last.Seq + 1, Time: l.opt.Now().UTC().Truncate(time.Millisecond), Event: e, Prev: l.last.Hash}
	line, err := l.seal(&entry)
	if err != nil {
		return Entry{}, err
	}
	err = l.write(line)
	if errors.Is(err, syscall.ENOSPC) && l.opt.Full() {
		err = l.write(line)
	}
	if err != nil {
		return Entry{}, err
	}
	l.size += int64(len(line))
	l.last = entry
	return entry, nil
}

// write appends one line or nothing.
func (l *Log) write(line []byte) error {
	if _, err := l.f.Write(line); err != nil {
		// Part of the line may be there: take it off, so that the next one does
		// not begin in the middle of it.
		if terr := l.f.Truncate(l.size); terr != nil {
			l.bad = &Error{Reason: ReasonIO, Err: errors.Join(err, terr)}
			return l.bad
		}
		return &Error{Reason: ReasonIO, Err: err}
	}
	if err := l.f.Sync(); err != nil {
		l.bad = &Error{Reason: ReasonIO, Err: err} // see fsyncgate: no second try
		return l.bad
	}
	return nil
}

// seal sets the entry's hash and returns its line.
func (l *Log) seal(e *Entry) ([]byte, error) {
	sum, err := hashOf(*e, l.opt.Key)
	if err != nil {
		return nil, err
	}
	e.Hash = sum
	line, err := json.Marshal(e)
	if err != nil {
		return nil, &Error{Reason: ReasonInvalid, Err: err}
	}
	return append(line, '\n'), nil
}

func hashOf(e Entry, key []byte) (string, error) {
	e.Hash = ""
	text, err := json.Marshal(e) // field order is fixed and maps are sorted
	if err != nil {
		return "", &Error{Reason: ReasonInvalid, Err: err}
	}
	var h hash.Hash = sha256.New()
	if key != nil {
		h = hmac.New(sha256.New, key)
	}
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// reopen opens the present file at its end.
func (l *Log) reopen() error {
	f, err := os.OpenFile(filepath.Join(l.dir, fileName(l.file)), os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return &Error{Reason: ReasonIO, Err: err}
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return &Error{Reason: ReasonIO, Err: err}
	}
	if d, err := os.Open(l.dir); err == nil { // the new name must be on disk as well
		_ = d.Sync()
		_ = d.Close()
	}
	if l.f != nil {
		_ = l.f.Close()
	}
	l.f, l.size = f, info.Size()
	return nil
}

// Last is the newest entry's place: its number and hash.
func (l *Log) Last() (seq uint64, hash string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last.Seq, l.last.Hash
}

// Close ends the use of the log.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.f != nil {
		err = l.f.Close()
		l.f = nil
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
		l.lock = nil
	}
	return err
}

func fileName(n int) string { return fmt.Sprintf("audit-%06d.jsonl", n) }

func number(name string) int {
	var n int
	_, _ = fmt.Sscanf(name, "audit-%06d.jsonl", &n)
	return n
}

// files lists the log's files in order.
func files(dir string) ([]string, error) {
	es, err := os.ReadDir(dir)
	if err != nil {
		return nil, &Error{Reason: ReasonIO, Err: err}
	}
	var names []string
	for _, e := range es {
		if strings.HasPrefix(e.Name(), "audit-") && fileName(number(e.Name())) == e.Name() {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return number(a) - number(b) })
	return names, nil
}
