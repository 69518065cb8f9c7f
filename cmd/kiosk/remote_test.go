package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"shlkiosk/cmd/internal/cli"
	"shlkiosk/cmd/internal/frontdesk"
	far "shlkiosk/sync/desk"
)

// A machine enrols by its command line with the code that a kiosk shows, typed
// as it is read out, and knows the kiosk from then on.
func TestEnrolByCommandLine(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	door, err := frontdesk.OpenDoor(ctx, "127.0.0.1:0", t.TempDir(), time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- door.Serve(nobody{}) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	home := t.TempDir()
	desk := func(stdin string, args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		env := cli.Env{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Environ: []string{"HOME=" + home}, Now: time.Now}
		return cli.Main(ctx, env, "kiosk", append([]string{"desk"}, args...), ownVerbs()...), out.String(), errs.String()
	}
	if code, _, errs := desk("12345678\n", "--enrol", door.Addr()); code != cli.ExitFailed || !strings.Contains(errs, "no enrolment is open") {
		t.Errorf("before the button was pressed: %d, %s", code, errs)
	}
	if code, _, errs := desk(""); code != cli.ExitFailed || !strings.Contains(errs, "--enrol") {
		t.Errorf("before it is enrolled: %d, %s", code, errs)
	}
	codes, done := make(chan string, 9), make(chan error, 1)
	go func() {
		_, err := door.Enrol(ctx, func(c string) { codes <- c })
		done <- err
	}()
	code := <-codes
	wrong := strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
	if rc, _, errs := desk(wrong+"\n", "--enrol", door.Addr()); rc != cli.ExitFailed || !strings.Contains(errs, "shows another one") {
		t.Errorf("a wrong code: %d, %s", rc, errs)
	}
	for code = <-codes; code == ""; code = <-codes {
	}
	rc, out, errs := desk(code[:4]+" "+code[4:]+"\n", "--enrol", door.Addr(), "--name", "Reception")
	if rc != cli.ExitOK || !strings.Contains(out, door.Addr()) || strings.Contains(out+errs, code) {
		t.Fatalf("%d, %q, %q", rc, out, errs)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// Enrolled: what is missing now is a display.
	if rc, _, errs := desk(""); rc != cli.ExitFailed || !strings.Contains(errs, "display") {
		t.Errorf("enrolled, without a display: %d, %s", rc, errs)
	}
}

// nobody is a kiosk without staff.
type nobody struct{}

func (nobody) People(context.Context) ([]far.Person, error) { return nil, nil }
func (nobody) Login(context.Context, string, string) (far.Session, error) {
	return nil, &far.Error{Reason: "pin-wrong"}
}

func TestWhichKiosk(t *testing.T) {
	a := far.Peer{Address: "a:1", Fingerprint: far.Fingerprint{1}}
	b := far.Peer{Address: "b:1", Fingerprint: far.Fingerprint{2}}
	moved := a
	moved.Address = "c:1"
	for _, tc := range []struct {
		name    string
		all     []far.Peer
		connect string
		want    far.Peer
		fails   bool
	}{
		{"none", nil, "", far.Peer{}, true},
		{"none, named", nil, "a:1", far.Peer{}, true},
		{"the only one", []far.Peer{a}, "", a, false},
		{"the only one has moved", []far.Peer{a}, "c:1", moved, false},
		{"one of two", []far.Peer{a, b}, "b:1", b, false},
		{"two and no word", []far.Peer{a, b}, "", far.Peer{}, true},
		{"two and a third", []far.Peer{a, b}, "c:1", far.Peer{}, true},
	} {
		got, err := choose(append([]far.Peer(nil), tc.all...), tc.connect)
		if got != tc.want || (err != nil) != tc.fails {
			t.Errorf("%s: %v, %v", tc.name, got, err)
		}
	}
}
