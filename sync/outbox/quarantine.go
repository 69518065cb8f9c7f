package outbox

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"shlkiosk/sync/vault"
)

// Quarantined lists the names of the files that were put aside.
func (l *Ledger) Quarantined() ([]string, error) {
	es, err := os.ReadDir(filepath.Join(l.opt.Dir, dirAside))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, refuse(ReasonIO, "", "", "%w", err)
	}
	names := make([]string, 0, len(es))
	for _, e := range es {
		names = append(names, e.Name())
	}
	return names, nil
}

// DropQuarantined overwrites and removes a file that was put aside, once a
// person has seen to what was lost with it.
func (l *Ledger) DropQuarantined(name string) error {
	if name != filepath.Base(name) || !strings.HasPrefix(name, "ledger-") {
		return refuse(ReasonInvalid, "", "", "not the name of a file put aside")
	}
	path := filepath.Join(l.opt.Dir, dirAside, name)
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return refuse(ReasonNotFound, "", "", "no such file was put aside")
	}
	if err != nil {
		return refuse(ReasonIO, "", "", "%w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		_, err = zero(f, 0, info.Size())
	}
	if err = errors.Join(err, f.Sync()); err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return refuse(ReasonIO, "", "", "%w", err)
	}
	return nil
}

// QuarantinedWith lists the files put aside that hold anything sealed with the
// key: each sealed value begins with its key's identifier. They can be read by
// hand as long as the key is there.
func (l *Ledger) QuarantinedWith(id vault.KeyID) ([]string, error) {
	all, err := l.Quarantined()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range all {
		found, err := holds(filepath.Join(l.opt.Dir, dirAside, name), id[:])
		if err != nil {
			return nil, refuse(ReasonIO, "", "", "%w", err)
		}
		if found {
			out = append(out, name)
		}
	}
	return out, nil
}

// holds tells whether a file contains the bytes.
func holds(path string, what []byte) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	kept := 0 // of the piece before, in case the bytes lie across
	for {
		n, err := f.Read(buf[kept:])
		if bytes.Contains(buf[:kept+n], what) {
			return true, nil
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		tail := min(kept+n, len(what)-1)
		copy(buf, buf[kept+n-tail:kept+n])
		kept = tail
	}
}
