package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// errNoDisplay tells that there is nothing to draw on. Fyne would panic.
var errNoDisplay = errors.New("there is no display: DISPLAY is not set or does not answer. " +
	"Start the kiosk in a desktop session or under cage (see README), or run 'kiosk demo', which makes a virtual one")

// errNoGL tells that a window would stay away without a word.
var errNoGL = errors.New("the display has no usable OpenGL. " +
	"Install the driver or the software renderer (apt-get install libgl1-mesa-dri), then run 'kiosk doctor'")

// displayAnswers tells whether an X server listens behind the name.
func displayAnswers(display string) bool {
	if display == "" {
		return false
	}
	host, number, ok := strings.Cut(display, ":")
	if !ok {
		return false
	}
	number, _, _ = strings.Cut(number, ".")
	var conn net.Conn
	var err error
	if host == "" || host == "unix" {
		socket := filepath.Join("/tmp/.X11-unix", "X"+number)
		if conn, err = net.DialTimeout("unix", socket, 2*time.Second); err != nil {
			conn, err = net.DialTimeout("unix", "@"+socket, 2*time.Second)
		}
	} else {
		conn, err = net.DialTimeout("tcp", net.JoinHostPort(host, portOf(number)), 2*time.Second)
	}
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func portOf(display string) string {
	n := 0
	fmt.Sscanf(display, "%d", &n)
	return fmt.Sprint(6000 + n)
}

// virtualDisplay starts Xvfb with a free number and returns its name. It keeps
// its screen in a file in dir. The server ends with ctx, and with this program
// whatever happens to it.
func virtualDisplay(ctx context.Context, dir string, width, height int) (display string, stop func(), err error) {
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		return "", nil, errors.New("a virtual display needs Xvfb; install it with: apt-get install xvfb")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height),
		"-nolisten", "tcp", "-noreset", "-fbdir", dir)
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	err = cmd.Start()
	w.Close()
	if err != nil {
		cancel()
		return "", nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	stop = func() { cancel(); _ = cmd.Wait() }
	got := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(r).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			line = ""
		}
		got <- strings.TrimSpace(line)
	}()
	select {
	case number := <-got:
		if number == "" {
			stop()
			return "", nil, errors.New("starting Xvfb: it ended at once; is another one using up all display numbers?")
		}
		return ":" + number, stop, nil
	case <-time.After(20 * time.Second):
		stop()
		return "", nil, errors.New("starting Xvfb: it did not answer within 20 s")
	}
}

// probeArg makes this program a probe: it opens an invisible window and ends
// with 0 when OpenGL works. In a process of its own, because a broken driver
// may crash it.
const probeArg = "probe-opengl"

// glWorks asks a probe process.
func glWorks(ctx context.Context, display string) error {
	self, err := os.Executable()
	if err != nil {
		return nil // cannot ask; let the window try
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, probeArg)
	cmd.Env = append(os.Environ(), "DISPLAY="+display)
	if err := cmd.Run(); err != nil {
		return errNoGL
	}
	return nil
}
