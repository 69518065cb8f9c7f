package outbox

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// scrubLocked overwrites all pages of the file that are not in use, so that a
// destroyed record and its wrapped key are not left lying in them. It runs
// inside a write transaction that is rolled back, with no reader about: then
// the free pages are exactly those that bbolt itself would write to next, and
// the state on disk does not refer to them.
func (l *Ledger) scrubLocked() error {
	l.opt.Fail("scrub.before")
	l.use.Lock()
	err := guard(l.overwriteFree)
	l.use.Unlock()
	if err != nil {
		l.broken = &Error{Reason: ReasonOutOfService, Err: err,
			Hint: "check the disk, then restart the kiosk; the overwriting is done again then"}
		return l.broken
	}
	l.opt.Fail("scrub.after")
	l.now.Scrub = false // written with the next transaction
	return nil
}

func (l *Ledger) overwriteFree() (err error) {
	f, err := os.OpenFile(l.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	tx, err := l.db.Begin(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	page := int64(l.db.Info().PageSize)
	wrote := false
	clean := func(from, to int64) error { // pages
		w, err := zero(f, from*page, min(to*page, info.Size()))
		if w {
			wrote = true
			l.opt.Fail("scrub.middle")
		}
		return err
	}
	start := int64(-1)
	high := int64(0)
	for id := int64(2); ; id++ {
		p, err := tx.Page(int(id))
		if err != nil {
			return err
		}
		free := p != nil && p.Type == "free"
		switch {
		case free && start < 0:
			start = id
		case !free && start >= 0:
			if err := clean(start, id); err != nil {
				return err
			}
			start = -1
		}
		if p == nil {
			high = id
			break
		}
	}
	// Behind the last page in use a failed transaction may have left something.
	if err := clean(high, (info.Size()+page-1)/page); err != nil {
		return err
	}
	if !wrote {
		return nil
	}
	return unix.Fdatasync(int(f.Fd()))
}

// zero overwrites [from, to) where it is not zero already, and tells whether it
// wrote anything.
func zero(f *os.File, from, to int64) (wrote bool, err error) {
	const chunk = 64 << 10
	buf, zeros := make([]byte, chunk), make([]byte, chunk)
	for at := from; at < to; at += chunk {
		n := min(chunk, to-at)
		if _, err := f.ReadAt(buf[:n], at); err != nil && !errors.Is(err, io.EOF) {
			return wrote, err
		}
		if string(buf[:n]) == string(zeros[:n]) {
			continue
		}
		if _, err := f.WriteAt(zeros[:n], at); err != nil {
			return wrote, err
		}
		wrote = true
	}
	return wrote, nil
}
