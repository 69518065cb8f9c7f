package phi

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// GuardCrashes keeps data out of what a crash leaves behind. The Go runtime
// writes the value of a panic to standard error, and a value may hold anything;
// under systemd it would stay in the journal. After GuardCrashes standard error
// leads to a second process, this program again (CrashMonitor), which writes to
// the file at path what FilterCrash lets through and drops the rest.
//
// It returns the standard error from before: write the log there.
func GuardCrashes(path string) (log *os.File, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("guard crashes: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("guard crashes: %w", err)
	}
	defer r.Close()
	defer w.Close()
	monitor := exec.Command(self)
	monitor.Env = append(os.Environ(), crashEnv+"="+path)
	monitor.Stdin = r
	// Its own process group: a Ctrl-C for the kiosk must not end the monitor first.
	monitor.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := monitor.Start(); err != nil {
		return nil, fmt.Errorf("guard crashes: %w", err)
	}
	_ = monitor.Process.Release() // it ends by itself when our side of the pipe does
	fd, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("guard crashes: %w", err)
	}
	if err := unix.Dup3(int(w.Fd()), 2, 0); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("guard crashes: %w", err)
	}
	return os.NewFile(uintptr(fd), "log"), nil
}
