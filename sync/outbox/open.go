package outbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"shlkiosk/sync/vault"
)

const (
	fileLedger = "ledger.db"
	fileBuild  = "ledger.build" // a new file while it is written
	fileNext   = "ledger.next"  // a finished new file that is to take the place of a damaged one
	dirAside   = "quarantine"
)

// Open opens the ledger in Options.Dir, or makes a new one in an empty folder.
// It fails with ReasonBusy when another process owns it, ReasonWrongKey when
// the vault does not hold its key, ReasonNewer when a later program wrote it,
// ReasonMissing when it is gone from where it was. In each of these cases
// nothing on the disk is changed. A damaged ledger is put aside whole, what
// authenticates is taken over into a new one, and Alarms tells what happened.
func Open(o Options) (*Ledger, error) {
	o = o.withDefaults()
	if o.Dir == "" || o.Vault == nil {
		return nil, refuse(ReasonInvalid, "", "", "Options.Dir and Options.Vault must be set")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, refuse(ReasonIO, "", "make the folder writable for the kiosk's user", "%w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	l := &Ledger{
		opt: o, lock: lock, path: filepath.Join(o.Dir, fileLedger),
		index: map[ID]*entry{}, sending: map[ID]bool{}, changed: make(chan struct{}),
	}
	if err := l.open(); err != nil {
		if l.db != nil {
			_ = guard(l.db.Close)
		}
		_ = l.witness.close()
		_ = lock.Close()
		return nil, err
	}
	return l, nil
}

func (l *Ledger) open() error {
	l.witness = openWitness(l.opt.Dir)
	if err := l.find(); err != nil {
		return err
	}
	found, err := l.read()
	if err == nil && l.witness.aheadOf(found.sum) && !bothMetas(l.path) {
		// The younger meta page is damaged and the older one shows the state
		// before the last transaction, which was acknowledged.
		err = damaged("meta page")
	}
	var alarms []Alarm
	switch {
	case errors.As(err, new(*damage)):
		l.opt.Logger.Error("outbox.ledger-damaged")
		if alarms, err = l.salvage(err); err != nil {
			return err
		}
		if found, err = l.read(); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	l.index, l.now = found.index, *found.sum
	if err := l.attach(); err != nil {
		return err
	}
	l.reserve.open(l.opt.Dir, l.opt.Limits.Reserve)
	l.mu.Lock()
	defer l.mu.Unlock()
	if found.format != formatVersion {
		if err := l.migrate(found.format); err != nil {
			return err
		}
	}
	alarms = append(alarms, l.behind()...)
	if back := l.now.Last.Sub(l.clock()); back > clockSlack && l.now.Txn > 0 {
		alarms = append(alarms, Alarm{Code: AlarmClock, Shift: "-" + back.Round(time.Second).String()})
	}
	for _, a := range alarms {
		l.alarmLocked(a)
	}
	if l.now.Scrub {
		if err := l.scrubLocked(); err != nil {
			return err
		}
	}
	return l.broken
}

// clockSlack is how far wall time may go back, by NTP or by hand, without
// being worth an alarm.
const clockSlack = 2 * time.Minute

// find makes sure that there is a file to read: the ledger, a finished
// replacement of it, or a new one if there never was any.
func (l *Ledger) find() error {
	next := filepath.Join(l.opt.Dir, fileNext)
	_ = os.Remove(filepath.Join(l.opt.Dir, fileBuild))
	_, err := os.Lstat(l.path)
	switch {
	case err == nil:
		_ = os.Remove(next) // a salvage that had not come to its end is done again
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return refuse(ReasonIO, "", "", "%w", err)
	}
	if _, err := os.Lstat(next); err == nil {
		return l.rename(next, l.path)
	}
	if l.witness.accepted {
		return l.build(nil, []Alarm{{Code: AlarmVanished, At: l.clock(), Had: -1}}, l.path)
	}
	if l.witness.ok || l.opt.Mark.Txn > 0 {
		return refuse(ReasonMissing, "", "put it back from where it went; if it is lost for good, a member of staff must accept that (kioskctl outbox accept-loss)",
			"there was a ledger in %s and it is gone", l.opt.Dir)
	}
	return l.build(nil, nil, l.path)
}

// AcceptLoss lets a person say that the ledger of a folder is lost for good:
// the next Open makes a new one, with an alarm.
func AcceptLoss(dir string) error {
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := os.Lstat(filepath.Join(dir, fileLedger)); !errors.Is(err, fs.ErrNotExist) {
		return refuse(ReasonState, "", "", "the ledger is there; nothing to accept")
	}
	w := openWitness(dir)
	defer w.close()
	return w.vanish()
}

// damage is an error of the file's content: anything that calls for salvage.
type damage struct{ err error }

func (d *damage) Error() string { return "damaged: " + d.err.Error() }
func (d *damage) Unwrap() error { return d.err }

func damaged(format string, args ...any) error { return &damage{fmt.Errorf(format, args...)} }

// contents is what read found in a file.
type contents struct {
	format int
	sum    *summary
	index  map[ID]*entry
}

// read checks the whole file except the content of bodies, from the disk and
// not from memory that a failed write may have left behind.
func (l *Ledger) read() (*contents, error) {
	f, err := os.Open(l.path)
	if err != nil {
		return nil, refuse(ReasonIO, "", "", "%w", err)
	}
	defer f.Close()
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	info, err := f.Stat()
	if err != nil {
		return nil, refuse(ReasonIO, "", "", "%w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, refuse(ReasonIO, "", "", "%s is not a regular file", l.path)
	}
	meta := map[string][]byte{}
	headers := map[ID][]byte{}
	bodies := map[ID]bool{}
	err = walk(f, info.Size(), func(it item) error {
		switch {
		case len(it.path) == 1 && string(it.path[0]) == string(bucketMeta):
			v, err := it.read()
			meta[string(it.key)] = v
			return err
		case len(it.path) == 1 && string(it.path[0]) == string(bucketHeaders):
			v, err := it.read()
			headers[ID(it.key)] = v
			return err
		case len(it.path) == 2 && string(it.path[0]) == string(bucketBodies) && string(it.key) == string(keyBody):
			bodies[ID(it.path[1])] = true
			return nil
		}
		return fmt.Errorf("a key that does not belong here")
	})
	if err != nil {
		return nil, &damage{err}
	}
	return l.judge(meta, headers, bodies)
}

// judge checks what was read against the sealed summary.
func (l *Ledger) judge(meta map[string][]byte, headers map[ID][]byte, bodies map[ID]bool) (*contents, error) {
	v := l.opt.Vault
	if len(meta[string(keyFormat)]) != 1 || len(meta[string(keyKey)]) != len(vault.KeyID{}) {
		return nil, damaged("format or key is not there")
	}
	c := &contents{format: int(meta[string(keyFormat)][0]), index: map[ID]*entry{}}
	stated := vault.KeyID(meta[string(keyKey)])
	sealedWith, err := vault.SealedWith(meta[string(keySummary)])
	if err != nil {
		return nil, &damage{err}
	}
	if !v.Has(stated) && !v.Has(sealedWith) && !l.holdsAnyKey(headers) {
		return nil, refuse(ReasonWrongKey, "", "put the key ring back that this kiosk was set up with; the ledger was not touched",
			"the ledger is sealed with key %s, the ring of %s holds %v", stated, v.Source(), v.Keys())
	}
	if c.format > formatVersion {
		// The format stands outside of the seal. Only a summary that says
		// otherwise makes it damage.
		if s, err := openSummary(v, meta[string(keySummary)]); err != nil || s.Format == c.format {
			return nil, refuse(ReasonNewer, "", "start the version of this program that wrote it, or a later one",
				"the ledger has format %d, this program knows up to %d", c.format, formatVersion)
		}
		return nil, damaged("format")
	}
	if c.sum, err = openSummary(v, meta[string(keySummary)]); err != nil {
		return nil, &damage{err}
	}
	if stated != sealedWith || c.sum.Format != c.format {
		return nil, damaged("key or format")
	}
	var total sum
	for id, stored := range headers {
		e, err := openHeader(v, stored)
		if err != nil {
			return nil, damaged("header: %w", err)
		}
		if e.ID != id || bodies[id] == e.Shredded {
			return nil, damaged("header and body do not belong together")
		}
		total.add(e)
		c.index[id] = e
	}
	if len(headers) != c.sum.Count || total != c.sum.Sum {
		return nil, damaged("the summary says %d records, %d are there", c.sum.Count, len(headers))
	}
	for id := range bodies {
		if c.index[id] == nil {
			return nil, damaged("a body without its header")
		}
	}
	return c, nil
}

func (l *Ledger) holdsAnyKey(headers map[ID][]byte) bool {
	for _, h := range headers {
		if len(h) > 13 && l.opt.Vault.Has(vault.KeyID(h[5:13])) {
			return true
		}
	}
	return false
}

// attach hands the checked file to bbolt.
func (l *Ledger) attach() error {
	err := guard(func() (err error) {
		l.db, err = bolt.Open(l.path, 0o600, boltOptions())
		return err
	})
	if err != nil {
		return refuse(ReasonIO, "", "", "open the ledger: %w", err)
	}
	l.db.AllocSize = 1 << 20 // grow by 1 MiB; the default of 16 MiB is much for a small disk
	return nil
}

func boltOptions() *bolt.Options {
	return &bolt.Options{
		Timeout:        time.Second, // our own lock was taken first
		NoFreelistSync: true,
		FreelistType:   bolt.FreelistMapType,
	}
}

// build writes a new ledger file with the given records and alarms, and moves
// it to its place once it is on disk.
func (l *Ledger) build(records []saved, alarms []Alarm, to string) error {
	path := filepath.Join(l.opt.Dir, fileBuild)
	_ = os.Remove(path)
	err := guard(func() error {
		db, err := bolt.Open(path, 0o600, boltOptions())
		if err != nil {
			return err
		}
		defer db.Close()
		err = db.Update(func(tx *bolt.Tx) error {
			t := &txn{l: l, tx: tx, changes: map[ID]*entry{}}
			t.sum = summary{Ledger: strings.ToLower(rand.Text()), LaneKey: rand.Text(), Alarms: alarms}
			for _, name := range [][]byte{bucketMeta, bucketHeaders, bucketBodies} {
				if _, err := tx.CreateBucket(name); err != nil {
					return err
				}
			}
			for _, r := range records {
				if err := t.take(r); err != nil {
					return err
				}
			}
			return t.finish()
		})
		return errors.Join(err, db.Close())
	})
	if err != nil {
		_ = os.Remove(path)
		return refuse(ReasonIO, "", "make room on the disk and check it", "write a new ledger: %w", err)
	}
	return l.rename(path, to)
}

func (l *Ledger) rename(from, to string) error {
	err := os.Rename(from, to)
	if err == nil {
		err = syncDir(filepath.Dir(to))
	}
	if err != nil {
		return refuse(ReasonIO, "", "check the disk", "%w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
