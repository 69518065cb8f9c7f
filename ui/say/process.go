package say

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrNoSound tells that an engine or player ran and could not reach any sound
// device.
var ErrNoSound = errors.New("no sound device; plug one in or check the sound settings")

// Espeak speaks with espeak-ng, a process an utterance.
type Espeak struct {
	path string
}

// NewEspeak finds espeak-ng. lookPath nil: exec.LookPath.
func NewEspeak(lookPath func(string) (string, error)) (*Espeak, error) {
	if lookPath == nil {
		lookPath = exec.LookPath
	}
	path, err := lookPath("espeak-ng")
	if err != nil {
		return nil, fmt.Errorf("find espeak-ng (install the package espeak-ng): %w", err)
	}
	return &Espeak{path}, nil
}

// Name implements Engine.
func (*Espeak) Name() string { return "espeak-ng" }

// Words a minute: 508 and the voting standards ask for a range around ordinary
// speech, 150 to 180; slow is about two thirds of it.
const (
	wordsAMinute     = 160
	wordsAMinuteSlow = 105
)

// Speak implements Engine.
func (e *Espeak) Speak(ctx context.Context, text string, s Settings) error {
	return run(ctx, e.path, e.args(s), strings.NewReader(clean(text)))
}

func (e *Espeak) args(s Settings) []string {
	speed := wordsAMinute
	if s.Slow {
		speed = wordsAMinuteSlow
	}
	voice := s.Language
	if voice == "" {
		voice = "en-us"
	}
	// amplitude 100 is espeak's ordinary one and 200 its most; beyond about 150
	// it distorts
	return []string{"--stdin", "-b", "1", "-z", "-v", voice, "-s", strconv.Itoa(speed), "-a", strconv.Itoa(s.Volume * 3 / 2)}
}

// clean makes control characters spaces: the text of a record must not steer
// an engine.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)) + "\n"
}

// run runs a program with its input on stdin until it ends or ctx does. What
// the program prints stays out of the error.
func run(ctx context.Context, path string, args []string, in io.Reader) error {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = in
	var said bytes.Buffer
	cmd.Stderr = &limited{&said, 4096}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // stopped on purpose
	case noSound(said.String()):
		return ErrNoSound
	case err != nil:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return fmt.Errorf("%s: exit %d", path, exit.ExitCode())
		}
		return fmt.Errorf("run %s: %w", path, err)
	}
	return nil
}

// noSound knows what ALSA, PulseAudio and PipeWire say without a device.
// espeak-ng ends with 0 all the same.
func noSound(stderr string) bool {
	for _, sign := range []string{"cannot find card", "Unknown PCM", "Connection refused", "Connection failure",
		"audio open error", "Host is down"} {
		if strings.Contains(stderr, sign) {
			return true
		}
	}
	return false
}

// limited keeps the first bytes.
type limited struct {
	to   *bytes.Buffer
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.most - l.to.Len(); room > 0 {
		l.to.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// Aplay plays WAV sounds with the first player that is there: aplay (ALSA),
// paplay (PulseAudio) or pw-play (PipeWire).
type Aplay struct {
	path string
	args []string
}

// NewPlayer finds a player. lookPath nil: exec.LookPath.
func NewPlayer(lookPath func(string) (string, error)) (*Aplay, error) {
	if lookPath == nil {
		lookPath = exec.LookPath
	}
	for _, p := range []struct {
		name string
		args []string
	}{{"aplay", []string{"-q", "-"}}, {"paplay", nil}, {"pw-play", []string{"-"}}} {
		if path, err := lookPath(p.name); err == nil {
			return &Aplay{path, p.args}, nil
		}
	}
	return nil, errors.New("no player for sounds; install alsa-utils")
}

// Play implements Player.
func (a *Aplay) Play(ctx context.Context, wav []byte) error {
	return run(ctx, a.path, a.args, bytes.NewReader(wav))
}
