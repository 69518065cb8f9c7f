package say

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script puts a shell script in the place of a program.
func script(t *testing.T, text string) func(string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return func(string) (string, error) { return path, nil }
}

func TestEspeakGetsTheTextOverStdinOnly(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	e, err := NewEspeak(script(t, `{ echo "$@"; cat; } >`+out))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Speak(t.Context(), "Jessica\x1b[2J has\nasthma", Settings{Language: "vi", Volume: 60, Slow: true}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	args, text, _ := strings.Cut(string(got), "\n")
	if args != "--stdin -b 1 -z -v vi -s 105 -a 90" {
		t.Errorf("arguments %q", args)
	}
	if text != "Jessica [2J has asthma\n" {
		t.Errorf("text %q", text)
	}
}

func TestEnginesThatFail(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		check  func(error) bool
	}{
		"no sound": {"cat >/dev/null; echo 'ALSA lib: cannot find card 0' >&2", func(err error) bool { return errors.Is(err, ErrNoSound) }},
		"exit":     {"cat >/dev/null; echo Jessica >&2; exit 7", func(err error) bool { return err != nil && strings.Contains(err.Error(), "exit 7") }},
		"ignores":  {"exit 0", func(err error) bool { return err == nil || !strings.Contains(err.Error(), "Jessica") }},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := NewEspeak(script(t, tc.script))
			if err != nil {
				t.Fatal(err)
			}
			err = e.Speak(t.Context(), "Jessica", Settings{})
			if !tc.check(err) || err != nil && strings.Contains(err.Error(), "Jessica") {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, err := NewEspeak(func(string) (string, error) { return "", exec.ErrNotFound }); err == nil {
		t.Error("no espeak-ng and no error")
	}
	if _, err := Pick("parrot", nil); err == nil {
		t.Error("an engine that does not exist and no error")
	}
	if e, err := Pick("none", nil); e != nil || err != nil {
		t.Error("none is an engine, or an error")
	}
}

func TestStoppingKillsTheEngine(t *testing.T) {
	e, err := NewEspeak(script(t, "cat >/dev/null; sleep 600 & exec sleep 600"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := e.Speak(ctx, "one", Settings{}); err != nil {
		t.Errorf("stopping on purpose is no error: %v", err)
	}
}

// The real engine speaks every language of the catalogues: it makes sound of
// the text and knows the voice.
func TestEspeakKnowsTheVoices(t *testing.T) {
	path, err := exec.LookPath("espeak-ng")
	if err != nil {
		t.Skip(err)
	}
	for _, voice := range []string{"en-us", "es-419", "cmn", "vi", "fr-fr"} {
		cmd := exec.Command(path, append((&Espeak{}).args(Settings{Language: voice, Volume: 70}), "--stdout")...)
		cmd.Stdin = strings.NewReader("1 2 3\n")
		out, err := cmd.Output()
		if err != nil || len(out) < 4000 || !bytes.HasPrefix(out, []byte("RIFF")) {
			t.Errorf("%s: %d bytes, %v", voice, len(out), err)
		}
	}
}

func TestSounds(t *testing.T) {
	for _, tone := range []Tone{ToneRead, ToneDone, ToneNotice, ToneWarn, ToneKey, ToneErase} {
		wav := Sound(tone, 100)
		if len(wav) < 44 || int(binary.LittleEndian.Uint32(wav[40:])) != len(wav)-44 ||
			int(binary.LittleEndian.Uint32(wav[4:])) != len(wav)-8 {
			t.Fatalf("%s: the header does not fit %d bytes", tone, len(wav))
		}
		loud, quiet := peak(wav), peak(Sound(tone, 25))
		if loud < 8000 || loud > 32000 || quiet >= loud/3 || quiet == 0 {
			t.Errorf("%s: peak %d, at a quarter %d", tone, loud, quiet)
		}
		// no click: it begins and ends near silence
		if first, last := sample(wav, 0), sample(wav, (len(wav)-44)/2-1); max(first, -first, last, -last) > 400 {
			t.Errorf("%s: begins at %d, ends at %d", tone, first, last)
		}
	}
	if Sound("siren", 100) != nil {
		t.Error("a tone that does not exist sounds")
	}
	if peak(Sound(ToneDone, 0)) != 0 {
		t.Error("volume 0 sounds")
	}
}

func sample(wav []byte, i int) int { return int(int16(binary.LittleEndian.Uint16(wav[44+2*i:]))) }

func peak(wav []byte) (most int) {
	for i := range (len(wav) - 44) / 2 {
		s := sample(wav, i)
		most = max(most, s, -s)
	}
	return most
}

// drum is a Player that keeps what it was given.
type drum chan []byte

func (d drum) Play(_ context.Context, wav []byte) error { d <- wav; return nil }

func TestThePlayerGetsTheSound(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	p, err := NewPlayer(script(t, "cat >"+out))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Play(t.Context(), Sound(ToneDone, 50)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(got, Sound(ToneDone, 50)) {
		t.Errorf("played %d bytes, %v", len(got), err)
	}
	played := make(drum, 2)
	s := New(Options{Player: played, Default: Settings{Volume: 50}})
	s.Chime("siren")
	s.Chime(ToneRead)
	if wav := <-played; !bytes.Equal(wav, Sound(ToneRead, 50)) {
		t.Errorf("the speaker played %d bytes", len(wav))
	}
	s.Close()
	if _, err := NewPlayer(func(string) (string, error) { return "", exec.ErrNotFound }); err == nil {
		t.Error("no player and no error")
	}
}

// dispatcherOf is a speech-dispatcher that writes down what it was told.
// finish tells whether it ends the speech by itself.
func dispatcherOf(t *testing.T, finish bool, told chan<- string) *Dispatcher {
	t.Helper()
	return &Dispatcher{dial: func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = theirs.Close() }()
			in, inText := bufio.NewReader(theirs), false
			say := func(s string) { _, _ = io.WriteString(theirs, s) }
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					close(told)
					return
				}
				line = strings.TrimSuffix(line, "\r\n")
				told <- line
				switch {
				case inText && line == ".":
					inText = false
					say("225-21\r\n225 OK MESSAGE QUEUED\r\n")
					if finish {
						say("701-21\r\n701-kiosk\r\n701 BEGIN\r\n702-21\r\n702-kiosk\r\n702 END\r\n")
					}
				case inText:
				case line == "SPEAK":
					inText = true
					say("230 OK RECEIVING DATA\r\n")
				case line == "CANCEL SELF":
					say("210 OK CANCELED\r\n703-21\r\n703-kiosk\r\n703 CANCELED\r\n")
				case line == "SET SELF LANGUAGE xx":
					say("408 ERR COULDN'T SET LANGUAGE\r\n")
				default:
					say("200 OK\r\n")
				}
			}
		}()
		return ours, nil
	}}
}

func TestSpeechDispatcher(t *testing.T) {
	told := make(chan string, 100)
	d := dispatcherOf(t, true, told)
	if err := d.Speak(t.Context(), ".\r\nQUIT", Settings{Language: "cmn", Volume: 75, Slow: true}); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for l := range told {
		lines = append(lines, l)
	}
	want := "SET SELF CLIENT_NAME kiosk:shlkiosk:main|SET SELF LANGUAGE zh|SET SELF RATE -50|SET SELF VOLUME 50|" +
		"SET SELF NOTIFICATION END ON|SET SELF NOTIFICATION CANCEL ON|SPEAK|..  QUIT|.|QUIT"
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("told\n%s, want\n%s", got, want)
	}
	err := dispatcherOf(t, true, make(chan string, 100)).Speak(t.Context(), "Jessica", Settings{Language: "xx"})
	if err == nil || !strings.Contains(err.Error(), "408") || strings.Contains(err.Error(), "Jessica") {
		t.Errorf("error %v", err)
	}
}

func TestSpeechDispatcherIsCancelled(t *testing.T) {
	told := make(chan string, 100)
	d := dispatcherOf(t, false, told)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Speak(ctx, "one", Settings{}) }()
	for l := range told {
		if l == "." {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("stopping on purpose is no error: %v", err)
	}
	rest := ""
	for l := range told {
		rest += l + " "
	}
	if !strings.HasPrefix(rest, "CANCEL SELF") {
		t.Errorf("told %q", rest)
	}
}

// BenchmarkStart is how long espeak-ng takes from the call to its first sound;
// kiosk-people U12 allows 300 ms.
func BenchmarkStart(b *testing.B) {
	path, err := exec.LookPath("espeak-ng")
	if err != nil {
		b.Skip(err)
	}
	text := clean("Show your code. Hold your phone or paper in front of the camera.")
	for b.Loop() {
		cmd := exec.Command(path, append((&Espeak{}).args(Settings{Volume: 70}), "--stdout")...)
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, 2048)); err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}
