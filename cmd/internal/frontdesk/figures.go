package frontdesk

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/outbox"
	"shlkiosk/ui/staff"
)

// Diagnostics implements staff.Desk.
func (l *Local) Diagnostics(ctx context.Context) (staff.Diagnostics, error) {
	if err := l.in(); err != nil {
		return staff.Diagnostics{}, err
	}
	now := l.o.Core.Env.Now()
	d := staff.Diagnostics{Version: l.o.Version, Kiosk: l.o.Core.Config.Kiosk, Uptime: now.Sub(l.began),
		Paused: l.o.Store.Ledger.Paused(), Counts: map[staff.State]int{}}
	all, err := l.o.Store.Ledger.List(outbox.Filter{})
	if err != nil {
		return d, err
	}
	for _, h := range all {
		d.Counts[staff.State(h.State)]++
	}
	if l.o.Figures != nil {
		d.Camera = l.o.Figures()
	}
	d.Checks = l.checks(ctx)
	return d, nil
}

func (l *Local) checks(ctx context.Context) []staff.Check {
	var out []staff.Check
	say := func(name string, h staff.Health, detail, do string) {
		out = append(out, staff.Check{Name: name, Health: h, Detail: detail, ToDo: do})
	}
	ask, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if caps, err := l.o.Chart.Client.Capabilities(ask); err != nil {
		say("fhir", staff.HealthFailed, "", "Check the network and the server; imports wait on the disk meanwhile")
	} else {
		say("fhir", staff.HealthOK, caps.FHIRVersion, "")
		off := l.o.Core.Env.Now().Sub(caps.Date).Round(time.Second)
		switch {
		case caps.Date.IsZero():
		case off.Abs() > 2*time.Minute:
			say("clock", staff.HealthFailed, off.String(), "Set the kiosk's clock")
		default:
			say("clock", staff.HealthOK, off.String(), "")
		}
	}
	if off, n, far := l.o.Core.ClockOff(); far {
		say("clock", staff.HealthWarning, fmt.Sprintf("%v beside %d services of apps", off, n),
			"Compare the kiosk's clock with another one: while it is wrong, good links seem run out")
	}
	for _, w := range l.o.Store.Ledger.Health() {
		say("ledger", staff.HealthWarning, fmt.Sprintf("%s %.0f of %.0f", w.Code, w.Have, w.Limit), "See what waits, and why")
	}
	for _, a := range l.o.Store.Ledger.Alarms() {
		say("ledger", staff.HealthFailed, string(a.Code), "Call whoever looks after the kiosk")
	}
	if !slices.ContainsFunc(out, func(c staff.Check) bool { return c.Name == "ledger" }) {
		say("ledger", staff.HealthOK, "", "")
	}
	if ship, err := l.o.Core.Shipping(); err != nil {
		say("audit", staff.HealthWarning, "", "Run 'kioskctl audit verify' on the kiosk")
	} else if well, detail, do := ship.Words(); well {
		say("audit", staff.HealthOK, detail, "")
	} else {
		say("audit", staff.HealthWarning, detail, do)
	}
	if l.o.Store.MadeKey {
		say("key", staff.HealthWarning, "file", "A sealed credential is better: see the README")
	} else {
		say("key", staff.HealthOK, "", "")
	}
	if l.o.Checks != nil {
		out = append(out, l.o.Checks(ctx)...)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	say("memory", staff.HealthOK, fmt.Sprintf("%d MB", mem.Sys>>20), "")
	return out
}

// Settings implements staff.Desk.
func (l *Local) Settings(context.Context) ([]staff.Setting, error) {
	if err := l.in(); err != nil {
		return nil, err
	}
	var out []staff.Setting
	for _, s := range config.Values(l.o.Core.Config) {
		set := staff.Setting{Path: s.Path, Doc: s.Doc, Value: s.Value, Default: s.Default, Source: "default",
			Choices: s.Choices, Bool: s.Bool, Secret: s.Secret}
		if s.Value != s.Default {
			set.Source = "file"
		}
		if l.o.File == "" || (l.o.Fixed != nil && l.o.Fixed(s.Path)) {
			set.Fixed, set.Source = true, "environment"
		}
		out = append(out, set)
	}
	return out, nil
}

// SaveSettings implements staff.Desk.
func (l *Local) SaveSettings(_ context.Context, changes map[string]string) ([]staff.Problem, error) {
	if l.o.File == "" {
		return nil, errors.ErrUnsupported
	}
	var probs config.Problems
	err := l.act("settings.save", "", func() error { return config.Save(l.o.File, changes, config.NeedAll) })
	if errors.As(err, &probs) {
		var out []staff.Problem
		for _, p := range probs {
			out = append(out, staff.Problem{Path: p.Path, Wrong: p.Wrong, Fix: p.Fix})
		}
		return out, nil
	}
	return nil, err
}
