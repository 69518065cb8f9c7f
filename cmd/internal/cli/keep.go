package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/staff"
)

// openStore opens the ledger's folder for a verb; the kiosk must not be
// running on it.
func (c *Call) openStore() (*engine.Store, error) {
	cfg, err := c.Config(config.NeedLedger, nil)
	if err != nil {
		return nil, err
	}
	cfg.Organization = orDash(cfg.Organization) // not needed here, and not checked
	core, err := c.core(cfg)
	if err != nil {
		return nil, err
	}
	return core.OpenStore()
}

func outboxVerb() Verb {
	return Verb{Name: "outbox", Args: "list|retry ID|park ID|check|alarms|answer CODE|drop FILE|rewrap|accept-loss", Short: "the ledger of imports: list, retry, park, change the key",
		Long: `list         every import with its state; no patient data
retry ID     try a parked import again
park ID      keep an import from being delivered
check        open every import and tell which are damaged
alarms       what nobody has answered yet, and files that were put aside
answer CODE  take the alarms of one kind off the list
drop FILE    overwrite and remove a file that was put aside
rewrap       the same as 'key add'
accept-loss  say that a ledger which is gone is lost for good; a new one is made
The kiosk must be stopped: one process owns the ledger.`,
		Run: runOutbox}
}

func runOutbox(ctx context.Context, c *Call) error {
	what, id := c.FS.Arg(0), outbox.ID(c.FS.Arg(1))
	needsID := what == "retry" || what == "park" || what == "answer" || what == "drop"
	if (needsID && c.FS.NArg() != 2) || (!needsID && c.FS.NArg() != 1) {
		return Usagef("say what to do: see the list")
	}
	if what == "accept-loss" {
		cfg, err := c.Config(config.NeedLedger, nil)
		if err != nil {
			return err
		}
		return outbox.AcceptLoss(filepath.Join(cfg.Ledger.Dir, "ledger"))
	}
	store, err := c.openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	switch what {
	case "list":
		return c.listOutbox(store)
	case "retry":
		err = store.Ledger.Retry(id)
	case "park":
		err = store.Ledger.Park(id, "parked-by-hand")
	case "check":
		return c.checkOutbox(ctx, store)
	case "alarms":
		return c.listAlarms(store)
	case "answer":
		err = store.Ledger.Answer(outbox.AlarmCode(id))
	case "drop":
		err = store.Ledger.DropQuarantined(string(id))
	case "rewrap":
		return c.addKey(store)
	default:
		return Usagef("%q is not one of its commands", what)
	}
	if err == nil {
		store.Note("staff:cli", "ledger."+what, string(id), "ok", "")
	}
	return err
}

func (c *Call) listOutbox(store *engine.Store) error {
	all, err := store.Ledger.List(outbox.Filter{})
	if err != nil {
		return err
	}
	for _, h := range all {
		if c.JSON {
			if err := c.Print(h); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(c.Stdout, "%s  %-8s  %-9s  %s  tries %d  %d kB  %s\n", h.ID, h.Code, h.State, h.Created.Format(time.DateTime), h.Attempts, h.Size>>10, h.Reason)
	}
	if !c.JSON && len(all) == 0 {
		fmt.Fprintln(c.Stdout, "the ledger is empty")
	}
	return nil
}

func (c *Call) checkOutbox(ctx context.Context, store *engine.Store) error {
	n, bad, err := store.Ledger.Check(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = c.Print(map[string]any{"checked": n, "damaged": bad})
	} else {
		_, err = fmt.Fprintf(c.Stdout, "%d imports opened, %d damaged %v\n", n, len(bad), bad)
	}
	if err == nil && len(bad) > 0 {
		return Failed
	}
	return err
}

func (c *Call) listAlarms(store *engine.Store) error {
	aside, err := store.Ledger.Quarantined()
	if err != nil {
		return err
	}
	alarms := store.Ledger.Alarms()
	if c.JSON {
		return c.Print(map[string]any{"alarms": alarms, "putAside": aside})
	}
	for _, a := range alarms {
		fmt.Fprintf(c.Stdout, "%s  %s  %s %s\n", a.At.Format(time.DateTime), a.Code, a.ID, a.File)
	}
	for _, f := range aside {
		fmt.Fprintf(c.Stdout, "put aside: %s\n", f)
	}
	if len(alarms)+len(aside) == 0 {
		fmt.Fprintln(c.Stdout, "no alarms")
	}
	return nil
}

func pinVerb() Verb {
	return Verb{Name: "pin", Short: "make the hash of a staff PIN for the configuration",
		Long: "Reads the PIN from standard input, so that it stands in no history and no\nprocess list.",
		Run: func(_ context.Context, c *Call) error {
			if c.FS.NArg() != 0 {
				return Usagef("the PIN is read from standard input")
			}
			fmt.Fprintf(c.Stderr, "PIN (%d to %d digits): ", staff.MinPIN, staff.MaxPIN)
			line, err := bufio.NewReader(c.Stdin).ReadString('\n')
			if err != nil && line == "" {
				return errors.New("no PIN was given")
			}
			hash, err := staff.Hash(strings.TrimSpace(line))
			if err != nil {
				return err
			}
			if c.JSON {
				return c.Print(map[string]string{"pin_hash": hash})
			}
			_, err = fmt.Fprintln(c.Stdout, hash)
			return err
		}}
}
