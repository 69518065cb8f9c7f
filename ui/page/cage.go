package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cage is how a foreign program is run so that it can do nothing but read its
// stdin and write its stdout.
type cage struct {
	draw, info string   // pdftoppm, pdfinfo
	wrap       []string // bubblewrap with its arguments, nil when it cannot work here
	limits     []string // prlimit with its arguments, nil when it is missing
}

// findCage finds the programs and tries the cage once with a harmless one.
func findCage(o Options) cage {
	find := func(name string) string {
		path, err := o.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	c := cage{draw: find("pdftoppm"), info: find("pdfinfo")}
	if p := find("prlimit"); p != "" {
		seconds := strconv.Itoa(int(max(1, o.Deadline/time.Second)))
		c.limits = []string{p, "--cpu=" + seconds, "--as=" + strconv.FormatInt(o.Memory, 10), "--fsize=0", "--core=0",
			"--nofile=64", "--nproc=64", "--"}
		if !c.works(c.limits) {
			c.limits = nil
		}
	}
	if b := find("bwrap"); b != "" && !o.NoSandbox {
		c.wrap = wrapArgs(b)
		if !c.works(c.wrap) {
			c.wrap = nil
		}
	}
	return c
}

// wrapArgs gives the process the programs and fonts of the system to read, and
// nothing else: no home, no /etc besides fonts, no network, no other process.
func wrapArgs(bwrap string) []string {
	args := []string{bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
		"--setenv", "LANG", "C.UTF-8", "--setenv", "PATH", "/usr/bin:/bin", "--cap-drop", "ALL",
		"--ro-bind", "/usr", "/usr"}
	for _, dir := range []string{"/lib", "/lib64", "/bin"} { // links into /usr on a merged system
		if target, err := os.Readlink(dir); err == nil {
			args = append(args, "--symlink", target, dir)
		} else {
			args = append(args, "--ro-bind-try", dir, dir)
		}
	}
	return append(args, "--ro-bind-try", "/etc/fonts", "/etc/fonts", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
		"--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/", "--")
}

func (c cage) works(prefix []string) bool {
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	args := append(prefix[1:len(prefix):len(prefix)], "/usr/bin/true")
	return exec.CommandContext(ctx, prefix[0], args...).Run() == nil
}

func (c cage) isolation() string {
	switch {
	case c.wrap != nil && c.limits != nil:
		return "bubblewrap and limits"
	case c.wrap != nil:
		return "bubblewrap"
	case c.limits != nil:
		return "limits"
	}
	return "none"
}

// command puts the walls around a program. The limits stand inside the wrap,
// which itself needs to start a process.
func (c cage) command(program string, args []string) []string {
	line := append(append([]string{}, c.wrap...), c.limits...)
	return append(append(line, program), args...)
}

var errTooMuch = errors.New("more output than the document can need")

// run feeds the document to a program and returns what it printed, at most
// bound bytes. The error is an *Error; nothing the program says gets into it.
func (r *Renderer) run(ctx context.Context, program string, args []string, pdf []byte, bound int) ([]byte, error) {
	// --die-with-parent goes by the thread that started the process, so that
	// thread is kept until the end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	limited, done := context.WithTimeout(ctx, r.o.Deadline)
	defer done()
	line := r.cage.command(program, args)
	cmd := exec.CommandContext(limited, line[0], line[1:]...)
	cmd.Env = []string{"LANG=C.UTF-8", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	cmd.Stdin = bytes.NewReader(pdf)
	said := &head{most: 4096}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, refuse(ReasonDamaged, "start the drawing process: %w", err)
	}
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return nil, &Error{Reason: ReasonCancelled, Err: ctx.Err()}
		}
		return nil, refuse(ReasonToolMissing, "start the drawing process: %w", err)
	}
	got, readErr := readBounded(out, bound)
	if readErr != nil {
		_ = cmd.Cancel()
	}
	waitErr := cmd.Wait()
	switch {
	case errors.Is(readErr, errTooMuch):
		clear(got)
		return nil, refuse(ReasonTooLarge, "%w", readErr)
	case ctx.Err() != nil:
		clear(got)
		return nil, &Error{Reason: ReasonCancelled, Err: ctx.Err()}
	case limited.Err() != nil || killedByLimit(waitErr):
		clear(got)
		return nil, refuse(ReasonTimeout, "no picture within %v", r.o.Deadline)
	case strings.Contains(said.String(), "Incorrect password"):
		return nil, refuse(ReasonLocked, "the document asks for a password")
	case strings.Contains(said.String(), "Wrong page range"):
		return nil, refuse(ReasonNoPage, "the document has fewer pages")
	case waitErr != nil && len(got) == 0, readErr != nil:
		return nil, refuse(ReasonDamaged, "the drawing process gave up: %s", exitOf(waitErr))
	}
	return got, nil
}

// readBounded reads all of it into one buffer that was made for it, so that no
// copies of a page are left behind by a growing one.
func readBounded(r io.Reader, bound int) ([]byte, error) {
	buf := make([]byte, bound+1)
	n, err := io.ReadFull(r, buf)
	switch {
	case err == nil:
		return buf, errTooMuch
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return buf[:n], nil
	}
	return buf[:n], err
}

func killedByLimit(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok {
		return false
	}
	if status.Signaled() {
		return status.Signal() == syscall.SIGXCPU || status.Signal() == syscall.SIGKILL
	}
	// bubblewrap reports the death of its child as 128 and the signal
	code := status.ExitStatus() - 128
	return code == int(syscall.SIGXCPU) || code == int(syscall.SIGKILL)
}

// exitOf names an exit without what the program printed.
func exitOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Sprintf("exit %d", exit.ExitCode())
	}
	return "no result"
}

// head keeps the first bytes of what is written to it.
type head struct {
	buf  bytes.Buffer
	most int
}

func (h *head) Write(p []byte) (int, error) {
	if room := h.most - h.buf.Len(); room > 0 {
		h.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (h *head) String() string { return h.buf.String() }
