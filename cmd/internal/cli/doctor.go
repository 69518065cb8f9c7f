package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/outbox"
)

// The results of a Check.
const (
	CheckOK      = "ok"
	CheckWarning = "warning"
	CheckFailed  = "failed"
)

// Check is one line of doctor.
type Check struct {
	Name   string `json:"check"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
	Do     string `json:"do,omitempty"`
}

// Examine is a check that only one program can make (display, camera).
type Examine func(ctx context.Context, cfg config.Config) []Check

// DoctorVerb is `doctor` with the checks of the program that asks.
func DoctorVerb(more ...Examine) Verb {
	return Verb{Name: "doctor", Short: "check this machine, the configuration and the clinic's server",
		Long: `One line each: ok, warning or failed, with what to do. Exit code 1: something
failed. 'kiosk doctor' also checks display, OpenGL and camera.`,
		Run: func(ctx context.Context, c *Call) error { return runDoctor(ctx, c, more) }}
}

func runDoctor(ctx context.Context, c *Call, more []Examine) error {
	d := &doctor{c: c}
	cfg, err := c.Config(config.NeedAll, nil)
	var probs config.Problems
	switch {
	case err == nil:
		d.say("configuration", CheckOK, "complete", "")
	case errors.As(err, &probs):
		for _, p := range probs {
			d.say("configuration", CheckFailed, p.Path+": "+p.Wrong, p.Fix)
		}
		cfg, err = config.Load(config.Sources{File: c.ConfigFile(), Env: c.Environ, Flags: c.Set})
		if err != nil {
			return d.end()
		}
	default:
		return err
	}
	for _, examine := range more {
		for _, check := range examine(ctx, cfg) {
			d.say(check.Name, check.Status, check.Detail, check.Do)
		}
	}
	if len(more) == 0 {
		d.say("display and camera", CheckWarning, "not checked: this program has no window", "Run 'kiosk doctor' on the kiosk itself")
	}
	d.ledger(cfg)
	d.server(ctx, cfg)
	return d.end()
}

type doctor struct {
	c      *Call
	failed int
	err    error
}

func (d *doctor) say(name, status, detail, do string) {
	if status == CheckFailed {
		d.failed++
	}
	if d.err != nil {
		return
	}
	if d.c.JSON {
		d.err = d.c.Print(Check{name, status, detail, do})
		return
	}
	line := fmt.Sprintf("%-8s %s", status, name)
	if detail != "" {
		line += ": " + detail
	}
	if do != "" && status != CheckOK {
		line += "\n         " + do
	}
	_, d.err = fmt.Fprintln(d.c.Stdout, line)
}

func (d *doctor) end() error {
	if d.err == nil && d.failed > 0 {
		return Failed
	}
	return d.err
}

// ledger looks at the folder without opening the ledger: the kiosk may be
// running.
func (d *doctor) ledger(cfg config.Config) {
	dir := cfg.Ledger.Dir
	if dir == "" {
		d.say("ledger", CheckFailed, "ledger.dir is not set", "Name a folder that only the kiosk may read")
		return
	}
	near := dir
	for { // the nearest part of the path that exists tells about the disk
		if _, err := os.Stat(near); err == nil || near == filepath.Dir(near) {
			break
		}
		near = filepath.Dir(near)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(near, &fs); err == nil {
		free := fs.Bavail * uint64(fs.Bsize) >> 20
		status, do := CheckOK, ""
		switch {
		case free < 256:
			status, do = CheckFailed, "Free at least 1 GB; imports are refused when the disk is full"
		case free < 1024:
			status, do = CheckWarning, "Free at least 1 GB"
		}
		d.say("disk", status, fmt.Sprintf("%d MB free", free), do)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.say("ledger", CheckOK, "not there yet; it is made at the first start", "")
	case err != nil:
		d.say("ledger", CheckFailed, "the folder cannot be read", "Run doctor as the user that the kiosk runs as")
	case info.Mode().Perm()&0o077 != 0:
		d.say("ledger", CheckWarning, fmt.Sprintf("others may look into the folder (mode %o)", info.Mode().Perm()), "Run: chmod 700 "+dir)
	default:
		d.openLedger(cfg)
	}
	switch {
	case cfg.Ledger.Key == "":
		d.say("key", CheckWarning, "a key file beside the ledger", "A sealed one is better: systemd-creds encrypt, then ledger.key: credential:NAME (see README)")
	default:
		d.say("key", CheckOK, cfg.Ledger.Key, "")
	}
}

func (d *doctor) openLedger(cfg config.Config) {
	core, err := d.c.core(cfg)
	if err != nil {
		return // said under configuration
	}
	store, err := core.OpenStore()
	switch {
	case errors.Is(err, &outbox.Error{Reason: outbox.ReasonBusy}), errors.Is(err, &audit.Error{Reason: audit.ReasonBusy}):
		d.say("ledger", CheckOK, "in use by a running kiosk", "")
		d.shipping(core)
	case err != nil:
		d.say("ledger", CheckFailed, err.Error(), "See the message; nothing was changed")
	default:
		defer store.Close()
		all, _ := store.Ledger.List(outbox.Filter{})
		waiting, parked := 0, 0
		for _, h := range all {
			switch {
			case h.State == outbox.Parked:
				parked++
			case h.State.Waiting():
				waiting++
			}
		}
		d.say("ledger", CheckOK, fmt.Sprintf("%d waiting, %d for staff, %d altogether", waiting, parked, len(all)), "")
		for _, a := range store.Ledger.Alarms() {
			d.say("ledger", CheckWarning, "alarm "+string(a.Code), "Look at the front desk's queue; answer the alarm there")
		}
		d.shipping(core)
	}
}

// shipping tells how far the audit trail has come on its way to the server.
func (d *doctor) shipping(core *engine.Core) {
	ship, err := core.Shipping()
	if err != nil {
		d.say("audit", CheckWarning, err.Error(), "Run: kioskctl audit verify")
		return
	}
	well, detail, do := ship.Words()
	status := CheckOK
	if !well {
		status = CheckWarning
	}
	d.say("audit", status, detail, do)
}

// server asks the clinic's server what it can and what time it has.
func (d *doctor) server(ctx context.Context, cfg config.Config) {
	if cfg.FHIR.Base == "" || cfg.Validate(config.NeedServer) != nil {
		d.say("server", CheckFailed, "not asked: the configuration of fhir.* is not complete", "")
		return
	}
	_, chart, err := d.c.chart(cfg)
	if err != nil {
		d.say("server", CheckFailed, err.Error(), "")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	caps, err := chart.Client.Capabilities(ctx)
	if err != nil {
		d.say("server", CheckFailed, serverTrouble(cfg.FHIR.Base, err), "Check fhir.base, the network and fhir.ca_file")
		return
	}
	d.say("server", CheckOK, "answers", "")
	d.clock(caps.Date)
	_, err = chart.Client.Search(ctx, "Patient", url.Values{"_count": {"1"}}, 1)
	switch s := fhir.Status(err); {
	case s == 401 || s == 403:
		d.say("authorisation", CheckFailed, fmt.Sprintf("the server answers %d", s), "Check fhir.auth and what the client may do at the server")
	case err != nil:
		d.say("authorisation", CheckWarning, "a search for Patient did not work", "Ask the server's administrator")
	default:
		d.say("authorisation", CheckOK, "Patient can be searched with fhir.auth."+cfg.FHIR.Auth.Kind, "")
	}
	var lacks []string
	if !caps.Transaction {
		lacks = append(lacks, "transactions (single creates with a journal are used)")
	}
	if len(lacks) > 0 {
		d.say("capabilities", CheckWarning, "the server does not name: "+strings.Join(lacks, ", "), "Nothing to do; it is slower")
	} else {
		d.say("capabilities", CheckOK, "transactions", "")
	}
}

func (d *doctor) clock(server time.Time) {
	if server.IsZero() {
		d.say("clock", CheckWarning, "the server sends no Date to compare with", "")
		return
	}
	off := d.c.Now().Sub(server).Round(time.Second)
	switch {
	case off.Abs() > 2*time.Minute:
		d.say("clock", CheckFailed, "differs from the server's by "+off.String(), "Set the clock (timedatectl set-ntp true): links would seem run out")
	case off.Abs() > 20*time.Second:
		d.say("clock", CheckWarning, "differs from the server's by "+off.String(), "Turn on time synchronisation")
	default:
		d.say("clock", CheckOK, "agrees with the server's", "")
	}
}

func serverTrouble(base string, err error) string {
	u, perr := url.Parse(base)
	host := base
	if perr == nil {
		host = u.Host
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return host + " has no address"
	case fhir.Status(err) != 0:
		return fmt.Sprintf("%s answers %d to /metadata", host, fhir.Status(err))
	}
	return host + " cannot be reached or does not speak FHIR"
}
