package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"shlkiosk/cmd/internal/cli"
	"shlkiosk/cmd/internal/frontdesk"
	"shlkiosk/config"
	far "shlkiosk/sync/desk"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/staff"
	"shlkiosk/ui/words"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
)

func deskVerb() cli.Verb {
	return cli.Verb{Name: "desk", Short: "the front desk of a kiosk, on another machine of the clinic",
		Long: `Enrol this machine once: at the kiosk, staff press "Enrol a desk" under
Diagnostics (desk.listen must be set there), and here:
    kiosk desk --enrol HOST:PORT
which asks for the code that the kiosk shows. From then on 'kiosk desk' opens
the window; --connect says which kiosk when several are enrolled, or that the
one that is has another address now. Needs no configuration: an identity and
the kiosks that are known lie in --state, receipts that are exported too.`,
		Flags: func(c *cli.Call) {
			c.Values["connect"] = c.FS.String("connect", "", "the kiosk, as HOST:PORT; default the one that was enrolled")
			c.Values["enrol"] = c.FS.String("enrol", "", "enrol this machine at the kiosk HOST:PORT")
			c.Values["name"] = c.FS.String("name", "", "with --enrol: what the kiosk calls this machine; default its host name")
			c.Values["state"] = c.FS.String("state", "", "folder of this machine's identity; default $XDG_STATE_HOME/shlkiosk")
			c.Values["width-mm"] = c.FS.Int("width-mm", 0, "width of the whole screen in millimetres; default: a usual monitor")
			c.Values["theme"] = c.FS.String("theme", "light", "light, black-on-white, white-on-black or grey")
		},
		Run: runDesk}
}

// stateDir is where the desk keeps who it is (XDG base directories).
func stateDir(c *cli.Call) (string, error) {
	if dir := *c.Values["state"].(*string); dir != "" {
		return dir, nil
	}
	if dir := c.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shlkiosk"), nil
	}
	if home := c.Getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "shlkiosk"), nil
	}
	return "", cli.Usagef("there is no home folder here; name one with --state DIR")
}

func runDesk(ctx context.Context, c *cli.Call) error {
	if c.FS.NArg() != 0 {
		return cli.Usagef("takes no arguments")
	}
	dir, err := stateDir(c)
	if err != nil {
		return err
	}
	id, peers, err := frontdesk.Machine(dir, c.Now())
	if err != nil {
		return err
	}
	if at := *c.Values["enrol"].(*string); at != "" {
		return enrolDesk(ctx, c, id, peers, at)
	}
	peer, err := choose(peers.All(), *c.Values["connect"].(*string))
	if err != nil {
		return err
	}
	if err := readyForWindow(c); err != nil {
		return err
	}
	if err := glWorks(ctx, c.Getenv("DISPLAY")); err != nil {
		return err
	}
	client := far.NewClient(id, peer)
	defer client.Close()
	return showDesk(ctx, c, frontdesk.NewRemote(client, filepath.Join(dir, "receipts")), peer.Address)
}

// enrolDesk proves the code that the kiosk shows.
func enrolDesk(ctx context.Context, c *cli.Call, id *far.Identity, peers *far.Peers, address string) error {
	name := *c.Values["name"].(*string)
	if name == "" {
		name, _ = os.Hostname()
	}
	fmt.Fprint(c.Stderr, "The code that the kiosk shows: ")
	line, err := bufio.NewReader(c.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return errors.New("no code was given")
	}
	code := strings.Map(func(r rune) rune { // as it is read out: 1234 5678
		if r == ' ' || r == '-' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, line)
	peer, err := far.Enrol(ctx, id, peers, address, name, code, c.Now())
	var de *far.Error
	switch {
	case errors.As(err, &de) && de.Reason == "unreachable":
		return fmt.Errorf("%s cannot be reached, or no enrolment is open there: press \"Enrol a desk\" at the kiosk under Diagnostics (%w)", address, err)
	case errors.As(err, &de) && de.Reason == "enrol-refused":
		return fmt.Errorf("the code is not right, and is of no use any more: the kiosk shows another one (%w)", err)
	case err != nil:
		return err
	}
	if c.JSON {
		return c.Print(map[string]string{"kiosk": peer.Address, "fingerprint": peer.Fingerprint.String()})
	}
	fmt.Fprintf(c.Stdout, "enrolled at %s; 'kiosk desk' opens its front desk\n", peer.Address)
	return nil
}

// choose is the kiosk to connect to. One enrolled kiosk may have moved: it is
// known by its certificate, not by its address.
func choose(all []far.Peer, connect string) (far.Peer, error) {
	var known []string
	for _, p := range all {
		if p.Address == connect {
			return p, nil
		}
		known = append(known, p.Address)
	}
	switch {
	case len(all) == 0 && connect == "":
		return far.Peer{}, errors.New("no kiosk knows this machine yet; enrol it with: kiosk desk --enrol HOST:PORT")
	case len(all) == 0:
		return far.Peer{}, fmt.Errorf("no kiosk knows this machine yet; enrol it with: kiosk desk --enrol %s", connect)
	case len(all) > 1:
		return far.Peer{}, cli.Usagef("say which kiosk with --connect; enrolled at: %s", strings.Join(known, ", "))
	}
	if connect != "" {
		all[0].Address = connect
	}
	return all[0], nil
}

// deskWindow is the front desk in a window of its own.
type deskWindow struct {
	app    fyne.App
	staff  *staff.Window
	remote *frontdesk.Remote
	idle   time.Duration

	// Of Fyne's thread.
	touched time.Time
	asked   time.Time
	in      atomic.Bool
}

// usualWidth is the width of a 24-inch monitor; with 1920 pixels one
// millimetre is 3.6 of them.
const usualWidth, usualPixels = 531, 1920

func showDesk(ctx context.Context, c *cli.Call, remote *frontdesk.Remote, address string) error {
	cat, err := words.Load()
	if err != nil {
		return fmt.Errorf("loading the words: %w", err)
	}
	quietToolkit(slog.New(slog.NewTextHandler(c.Stderr, nil)))
	a := app.NewWithID("org.shlkiosk.desk")
	window := a.NewWindow("Front desk, " + address)
	window.SetMaster()
	window.SetPadded(false)
	size := fyne.NewSize(1280, 800)
	d := &deskWindow{app: a, remote: remote, idle: config.Defaults().Idle.Staff, touched: time.Now()}
	scale := max(window.Canvas().Scale(), 0.1)
	metrics := kit.Metrics{WidthMM: size.Width * scale * usualWidth / usualPixels, WidthPx: int(size.Width * scale), HeightPx: int(size.Height * scale), Scale: scale}
	if mm := *c.Values["width-mm"].(*int); mm > 0 {
		metrics.WidthMM = size.Width * scale * float32(mm) / usualPixels
	}
	d.staff = staff.New(staff.Options{Desk: remote, Words: cat, Metrics: metrics, Theme: *c.Values["theme"].(*string), Now: time.Now,
		In:      func() { d.in.Store(true) },
		Done:    d.done,
		Touched: func() { d.touched = time.Now() }})
	a.Settings().SetTheme(d.staff.Theme())
	window.SetContent(d.staff.Content())
	d.staff.Attach(window.Canvas())
	window.Resize(size)
	window.CenterOnScreen()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go d.beat(ctx)
	window.ShowAndRun()
	remote.Logout(context.WithoutCancel(ctx))
	return nil
}

// done is the way out: back to the login, and from there to the end.
func (d *deskWindow) done() {
	if !d.in.Swap(false) {
		d.app.Quit()
		return
	}
	d.staff.Close()
}

// beat refreshes what changes, logs out whoever went away, and looks for a
// kiosk that could not be reached.
func (d *deskWindow) beat(ctx context.Context) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			fyne.Do(d.app.Quit)
			return
		case <-tick.C:
			fyne.Do(func() { d.refresh(time.Now()) })
		}
	}
}

// lookAgain is how often a kiosk that is away is asked for its people.
const lookAgain = 5 * time.Second

func (d *deskWindow) refresh(now time.Time) {
	switch {
	case d.in.Load() && now.Sub(d.touched) >= d.idle:
		// The kiosk ends sessions that ask nothing; this window asks all the
		// time, so that it has to see for itself whether anybody is there.
		d.in.Store(false)
		d.staff.Close()
	case !d.in.Load() && d.remote.Away() && now.Sub(d.asked) >= lookAgain && now.Sub(d.touched) >= lookAgain:
		d.asked = now
		d.staff.Close() // at the login: asks for the people anew
	default:
		d.staff.Refresh()
	}
}
