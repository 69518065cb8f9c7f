package phi

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Harden makes the process leave less behind: no core dump (RLIMIT_CORE 0, hard
// limit too, so that no child raises it again), and no other process of the
// same user may read this one's memory (PR_SET_DUMPABLE 0, which also keeps
// systemd-coredump away). Call it first in main. The error is for the log: a
// kiosk that cannot harden itself still has its unit's LimitCORE=0.
func Harden() error {
	var errs []error
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 0, Max: 0}); err != nil {
		errs = append(errs, fmt.Errorf("switch core dumps off: %w", err))
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		errs = append(errs, fmt.Errorf("forbid reading the process memory: %w", err))
	}
	return errors.Join(errs...)
}

// lockedBytes returns n zero bytes outside the garbage-collected heap, kept out
// of swap and of core dumps where the kernel allows it, and how to give them
// back. locked tells whether they are really kept out of swap: RLIMIT_MEMLOCK
// may be used up, which is no reason to refuse to work.
func lockedBytes(n int) (b []byte, free func(), locked bool) {
	size := max(n, 1)
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return make([]byte, n), func() {}, false
	}
	locked = unix.Mlock(mem) == nil
	_ = unix.Madvise(mem, unix.MADV_DONTDUMP)
	_ = unix.Madvise(mem, unix.MADV_WIPEONFORK)
	return mem[:n:n], func() { _ = unix.Munmap(mem) }, locked
}
