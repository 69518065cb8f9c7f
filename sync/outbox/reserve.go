package outbox

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// reserve is a file that takes up room on the disk so that there is some to
// give back when the disk is full.
type reserve struct {
	path string
	size int64
}

// open makes the reserve if there is room for it. Without room the ledger
// still works; Health says that the reserve is missing.
func (r *reserve) open(dir string, size int64) {
	r.path, r.size = filepath.Join(dir, "reserve"), size
	if size <= 0 {
		_ = os.Remove(r.path)
		return
	}
	r.restore()
}

// whole tells whether the reserve is there.
func (r *reserve) whole() bool {
	if r.size <= 0 {
		return true
	}
	info, err := os.Stat(r.path)
	return err == nil && info.Size() >= r.size
}

// restore takes the reserve up again once there is twice as much room.
func (r *reserve) restore() bool {
	if r.whole() {
		return true
	}
	if free, ok := freeBytes(filepath.Dir(r.path)); ok && free < 2*r.size {
		return false
	}
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return false
	}
	defer f.Close()
	err = unix.Fallocate(int(f.Fd()), 0, 0, r.size)
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = writeZeros(f, r.size) // a sparse file would reserve nothing
	}
	if err != nil {
		_ = os.Remove(r.path)
		return false
	}
	return true
}

func writeZeros(f *os.File, size int64) error {
	block := make([]byte, 1<<20)
	for left := size; left > 0; left -= int64(len(block)) {
		if _, err := f.Write(block[:min(left, int64(len(block)))]); err != nil {
			return err
		}
	}
	return nil
}

// release gives the room back and tells whether there was any.
func (r *reserve) release() bool {
	if r.size <= 0 {
		return false
	}
	info, err := os.Stat(r.path)
	return err == nil && info.Size() > 0 && os.Remove(r.path) == nil
}

// ReleaseReserve gives the reserved room back to the disk, for an audit trail
// that must be written or a shutdown. Put refuses until it can be taken up
// again, which Tend does by itself.
func (l *Ledger) ReleaseReserve() bool { return l.reserve.release() }

func freeBytes(dir string) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * st.Bsize, true
}

// roomLocked refuses a new record when there is no room for it, before the
// disk has to.
func (l *Ledger) roomLocked(id ID, size int64) error {
	open, bytes := l.loadLocked()
	lim := l.opt.Limits
	const hint = "see to what waits at the front desk"
	switch {
	case open >= lim.Records:
		return refuse(ReasonFull, id, hint, "%d records wait, the limit is %d", open, lim.Records)
	case bytes+size > lim.Bytes:
		return refuse(ReasonFull, id, hint, "%d bytes wait, the limit is %d", bytes, lim.Bytes)
	}
	if !l.reserve.restore() {
		return refuse(ReasonDiskFull, id, "free space on the disk of the ledger", "the reserve is in use")
	}
	if free, ok := freeBytes(l.opt.Dir); ok && free < size+1<<20 {
		return refuse(ReasonDiskFull, id, "free space on the disk of the ledger", "%d bytes are free", free)
	}
	return nil
}

// loadLocked counts what is not final yet.
func (l *Ledger) loadLocked() (records int, bytes int64) {
	for _, e := range l.index {
		if !e.State.Final() {
			records++
			bytes += e.Size
		}
	}
	return records, bytes
}

// Warning is something staff should see to before anything is refused.
type Warning struct {
	Code  string  // "records", "bytes", "age", "disk", "out-of-service"
	Have  float64 // in the unit of the limit: records, bytes, hours
	Limit float64
}

// Health tells what is near or past its limit.
func (l *Ledger) Health() []Warning {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Warning
	lim := l.opt.Limits
	records, bytes := l.loadLocked()
	near := func(code string, have, limit float64) {
		if have >= limit*lim.WarnAt {
			out = append(out, Warning{code, have, limit})
		}
	}
	near("records", float64(records), float64(lim.Records))
	near("bytes", float64(bytes), float64(lim.Bytes))
	oldest := time.Duration(0)
	for _, e := range l.index {
		if !e.State.Final() {
			oldest = max(oldest, l.clock().Sub(e.Created))
		}
	}
	near("age", oldest.Hours(), lim.Age.Hours())
	if !l.reserve.whole() {
		free, _ := freeBytes(l.opt.Dir)
		out = append(out, Warning{"disk", float64(free), float64(2 * l.reserve.size)})
	}
	if l.broken != nil {
		out = append(out, Warning{Code: "out-of-service"})
	}
	return out
}

// Tend does the housekeeping that is due: it takes the reserve up again. The
// worker calls it now and then.
func (l *Ledger) Tend() { l.reserve.restore() }
