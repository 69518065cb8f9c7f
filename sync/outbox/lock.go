package outbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockDir makes this process the owner of the ledger in dir. The lock is an
// flock on its own file, so it ends with the process however that ends, and a
// look at the file says who holds it.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "ledger.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, refuse(ReasonIO, "", "make the folder writable for the kiosk's user", "%w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 64))
		_ = f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, refuse(ReasonIO, "", "", "lock %s: %w", path, err)
		}
		who := "another process"
		if pid, err := strconv.Atoi(strings.TrimSpace(string(holder))); err == nil {
			who = fmt.Sprintf("process %d", pid)
		}
		return nil, refuse(ReasonBusy, "", "stop the other program first, or ask it through its own commands",
			"the ledger in %s is in use by %s", dir, who)
	}
	// The pid is a courtesy for the message above; a full disk must not keep the
	// kiosk from opening its ledger.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	return f, nil
}
