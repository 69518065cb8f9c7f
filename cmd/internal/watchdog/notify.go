// Package watchdog tells systemd that the kiosk is ready and alive
// (sd_notify(3)), in plain Go: one datagram to $NOTIFY_SOCKET.
//
// # The promise
//
// A ping goes out only from the window's own thread and only while every part
// of the kiosk moves: a frozen screen is a dead kiosk, and so is one whose
// worker or clock hangs behind a screen that still draws. Without a ping
// systemd starts the kiosk anew (WatchdogSec= in the unit).
//
// # The limits
//
// Whether a part moves is judged by its tick being another one than before,
// against the monotonic clock: a jump of the wall clock neither hides a hang
// nor makes one. What the parts do is not judged.
//
// $WATCHDOG_PID is not looked at: under cage the main process of the unit is
// cage, and the kiosk its child (NotifyAccess=all).
package watchdog

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Notifier sends messages to the service manager. A nil Notifier sends none:
// the kiosk was not started by systemd.
type Notifier struct {
	conn *net.UnixConn
	// Every is the longest time between two pings that systemd waits for, 0:
	// it waits for none.
	Every time.Duration
}

// FromEnv opens the socket that systemd names in the environment. Without one
// it returns nil and no error.
func FromEnv(getenv func(string) string) (*Notifier, error) {
	name := getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil, nil
	}
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "@") {
		return nil, fmt.Errorf("NOTIFY_SOCKET is neither a path nor an abstract socket")
	}
	// net writes a leading @ as the zero byte of the abstract name space.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("opening systemd's socket: %w", err)
	}
	n := &Notifier{conn: conn}
	if text := getenv("WATCHDOG_USEC"); text != "" {
		usec, err := strconv.ParseInt(text, 10, 64)
		if err != nil || usec <= 0 {
			conn.Close()
			return nil, fmt.Errorf("WATCHDOG_USEC is no number of microseconds")
		}
		n.Every = time.Duration(usec) * time.Microsecond
	}
	return n, nil
}

// sendFor bounds one message: it is sent from the window's thread, which must
// not wait for a manager that does not read.
const sendFor = 100 * time.Millisecond

// Send sends assignments such as READY=1, each on its own line in one message.
func (n *Notifier) Send(assignments ...string) error {
	if n == nil {
		return nil
	}
	if err := n.conn.SetWriteDeadline(time.Now().Add(sendFor)); err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	if _, err := n.conn.Write([]byte(strings.Join(assignments, "\n"))); err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	return nil
}

// Close closes the socket.
func (n *Notifier) Close() error {
	if n == nil {
		return nil
	}
	return n.conn.Close()
}
