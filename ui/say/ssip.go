package say

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Dispatcher speaks through speech-dispatcher by its protocol SSIP
// (speech-dispatcher's manual, "SSIP") over its unix socket.
type Dispatcher struct {
	dial func(ctx context.Context) (net.Conn, error)
	mu   sync.Mutex // one utterance at a time
}

// NewDispatcher uses the socket at path; "" is the standard one,
// $XDG_RUNTIME_DIR/speech-dispatcher/speechd.sock.
func NewDispatcher(path string) *Dispatcher {
	if path == "" {
		dir := os.Getenv("XDG_RUNTIME_DIR")
		if dir == "" {
			dir = fmt.Sprintf("/run/user/%d", os.Getuid())
		}
		path = filepath.Join(dir, "speech-dispatcher", "speechd.sock")
	}
	return &Dispatcher{dial: func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
}

// Available is nil when speech-dispatcher answers.
func (d *Dispatcher) Available(ctx context.Context) error {
	c, err := d.dial(ctx)
	if err != nil {
		return fmt.Errorf("reach speech-dispatcher: %w", err)
	}
	return c.Close()
}

// Name implements Engine.
func (*Dispatcher) Name() string { return "speech-dispatcher" }

// Speak implements Engine: a connection an utterance, so that nothing of it
// outlives it on our side.
func (d *Dispatcher) Speak(ctx context.Context, text string, s Settings) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	conn, err := d.dial(ctx)
	if err != nil {
		return fmt.Errorf("reach speech-dispatcher: %w", err)
	}
	defer func() { _ = conn.Close() }()
	// Ending ctx asks for silence and gives the answer a moment.
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte("CANCEL SELF\r\n"))
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	})
	defer stop()
	err = (&ssip{conn, bufio.NewReader(conn)}).speak(text, s)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

type ssip struct {
	conn net.Conn
	in   *bufio.Reader
}

func (c *ssip) speak(text string, s Settings) error {
	rate := "0"
	if s.Slow {
		rate = "-50"
	}
	language, _, _ := strings.Cut(s.Language, "-")
	switch language {
	case "":
		language = "en"
	case "cmn": // speech-dispatcher knows it by its macrolanguage
		language = "zh"
	}
	for _, line := range []string{
		"SET SELF CLIENT_NAME kiosk:shlkiosk:main",
		"SET SELF LANGUAGE " + language,
		"SET SELF RATE " + rate,
		fmt.Sprintf("SET SELF VOLUME %d", min(max(2*s.Volume-100, -100), 100)),
		"SET SELF NOTIFICATION END ON",
		"SET SELF NOTIFICATION CANCEL ON",
	} {
		if err := c.command(line, "settings"); err != nil {
			return err
		}
	}
	if err := c.command("SPEAK", "SPEAK"); err != nil {
		return err
	}
	// a line that is a dot ends the text; clean leaves one line, which may
	// begin with a dot
	body := strings.TrimSuffix(clean(text), "\n")
	if strings.HasPrefix(body, ".") {
		body = "." + body
	}
	if err := c.command(body+"\r\n.", "the text"); err != nil {
		return err
	}
	for {
		code, err := c.answer()
		switch {
		case err != nil:
			return err
		case code == "702" || code == "703": // END, CANCELED
			_ = c.command("QUIT", "QUIT")
			return nil
		}
	}
}

// command sends a line and wants an answer of the 200s; what it is called in
// an error is never the line itself.
func (c *ssip) command(line, called string) error {
	if _, err := c.conn.Write([]byte(line + "\r\n")); err != nil {
		return errors.New("speech-dispatcher hung up")
	}
	code, err := c.answer()
	if err != nil {
		return err
	}
	if code[0] != '2' {
		return fmt.Errorf("speech-dispatcher answered %s to %s", code, called)
	}
	return nil
}

// answer reads one whole reply, of one or more lines, and returns its code.
// The last line has a space after the code.
func (c *ssip) answer() (string, error) {
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return "", errors.New("speech-dispatcher hung up")
		}
		if len(line) >= 4 && line[3] == ' ' {
			return line[:3], nil
		}
	}
}
