package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/audit"
)

func auditVerb() Verb {
	return Verb{Name: "audit", Args: "verify|list|send", Short: "the kiosk's own record of who did what: verify its chain, list it, send it",
		Long: `verify  check every line and the chain
list    every line, with what became of it on the way to the clinic's server:
        sent, waits, or unsure (it may be there; the server cannot be asked)
send    send now what waits, as AuditEvent; the kiosk, which does that by itself,
        must be stopped. Exit code 1: the server does not take it.`,
		Run: func(ctx context.Context, c *Call) error {
			if c.FS.NArg() != 1 {
				return Usagef("say verify, list or send")
			}
			cfg, err := c.Config(config.NeedLedger, nil)
			if err != nil {
				return err
			}
			dir := filepath.Join(cfg.Ledger.Dir, "audit")
			cfg.Organization = orDash(cfg.Organization) // not needed here, and not checked
			switch c.FS.Arg(0) {
			case "verify":
				return c.verifyAudit(cfg, dir)
			case "list":
				return c.listAudit(cfg, dir)
			case "send":
				return c.sendAudit(ctx)
			}
			return Usagef("%q is not verify, list or send", c.FS.Arg(0))
		}}
}

// auditLine is an entry with what became of it.
type auditLine struct {
	audit.Entry
	Server audit.State `json:"server,omitempty"` // "" when nothing is sent
}

func (c *Call) listAudit(cfg config.Config, dir string) error {
	all, err := audit.List(dir, audit.Query{})
	if err != nil {
		return err
	}
	core, err := c.core(cfg)
	if err != nil {
		return err
	}
	ship, err := core.Shipping()
	if err != nil {
		return err
	}
	for _, e := range all {
		line := auditLine{Entry: e}
		if ship.On {
			line.Server = ship.Position.Of(e.Seq)
		}
		if c.JSON {
			if err := c.Print(line); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(c.Stdout, "%6d  %s  %-12s %-18s %-38s %-24s %s\n", e.Seq, e.Time.Format(time.DateTime), e.Actor, e.Action, e.Object, e.Result, line.Server)
	}
	return nil
}

// sendAudit ships what waits, for a kiosk that is stopped or was without its
// server for long.
func (c *Call) sendAudit(ctx context.Context) error {
	cfg, err := c.Config(config.NeedServer|config.NeedLedger, nil)
	if err != nil {
		return err
	}
	core, chart, err := c.chart(cfg)
	if err != nil {
		return err
	}
	store, err := core.OpenStore()
	if err != nil {
		return err
	}
	defer store.Close()
	ship, err := store.NewShipper(chart, audit.ShipperOptions{})
	if err != nil {
		return err
	}
	if ship == nil {
		return errors.New("audit.ship is off: nothing is sent until the configuration says audit.ship: true")
	}
	n, err := ship.Flush(ctx)
	if c.JSON {
		if perr := c.Print(map[string]any{"sent": n, "all": err == nil}); perr != nil {
			return perr
		}
	}
	if err != nil {
		return fmt.Errorf("%d entries sent, the rest waits: %w", n, err)
	}
	if !c.JSON {
		fmt.Fprintf(c.Stdout, "%d entries sent\n", n)
	}
	return nil
}

func (c *Call) verifyAudit(cfg config.Config, dir string) error {
	core, err := c.core(cfg)
	if err != nil {
		return err
	}
	key, err := core.AuditKey()
	if err != nil {
		return err
	}
	rep, err := audit.Verify(dir, key)
	if c.JSON {
		if perr := c.Print(map[string]any{"ok": err == nil, "report": rep}); perr != nil {
			return perr
		}
	}
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(c.Stdout, "%d entries in %d file(s): the chain is whole\n", rep.Entries, rep.Files)
	}
	return nil
}
