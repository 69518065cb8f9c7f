package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/staff"
	"shlkiosk/sync/vault"
)

// openStore opens the ledger's folder for a verb; the kiosk must not be
// running on it.
func (c *Call) openStore() (*engine.Store, error) {
	cfg, err := c.Config(config.NeedLedger, nil)
	if err != nil {
		return nil, err
	}
	cfg.Organization = orDash(cfg.Organization) // not needed here, and not checked
	core, err := engine.NewCore(cfg, engine.Env{Now: c.Now, Getenv: c.Getenv})
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
rewrap       add a new key and wrap every import's key with it
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
		return c.rewrap(store)
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

func (c *Call) rewrap(store *engine.Store) error {
	path, ok := strings.CutPrefix(store.Vault.Source(), "file:")
	if !ok {
		return errors.New("only a key file can be changed here; change the credential, then start the kiosk with both keys")
	}
	id, err := vault.AddKey(path, c.Now())
	if err == nil {
		err = store.Vault.Reload()
	}
	if err != nil {
		return err
	}
	n, err := store.Ledger.Rewrap()
	if err != nil {
		return err
	}
	store.Note("staff:cli", "key.rotated", id.String(), "ok", "")
	fmt.Fprintf(c.Stdout, "%d imports are wrapped with the new key %s; the old key stays in the file until it is retired\n", n, id)
	return nil
}

func auditVerb() Verb {
	return Verb{Name: "audit", Args: "verify|list", Short: "the kiosk's own record of who did what: verify its chain, list it",
		Run: func(_ context.Context, c *Call) error {
			if c.FS.NArg() != 1 {
				return Usagef("say verify or list")
			}
			cfg, err := c.Config(config.NeedLedger, nil)
			if err != nil {
				return err
			}
			dir := filepath.Join(cfg.Ledger.Dir, "audit")
			switch c.FS.Arg(0) {
			case "verify":
				return c.verifyAudit(cfg, dir)
			case "list":
				return c.listAudit(dir)
			}
			return Usagef("%q is not verify or list", c.FS.Arg(0))
		}}
}

func (c *Call) listAudit(dir string) error {
	all, err := audit.List(dir, audit.Query{})
	if err != nil {
		return err
	}
	for _, e := range all {
		if c.JSON {
			if err := c.Print(e); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(c.Stdout, "%6d  %s  %-12s %-18s %-38s %s\n", e.Seq, e.Time.Format(time.DateTime), e.Actor, e.Action, e.Object, e.Result)
	}
	return nil
}

func (c *Call) verifyAudit(cfg config.Config, dir string) error {
	cfg.Organization = orDash(cfg.Organization)
	core, err := engine.NewCore(cfg, engine.Env{Now: c.Now, Getenv: c.Getenv})
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

func keyVerb() Verb {
	return Verb{Name: "key", Short: "make the key pair for SMART Backend Services, or the ledger's key",
		Long: `Writes the private key to --out (mode 0600, never over a file that is there) and
prints the public half as a JWKS for the server's administrator.
--ledger FILE makes a key for the ledger instead, to be sealed to the machine
with systemd-creds (see README), or named as ledger.key: file:FILE.`,
		Flags: func(c *Call) {
			c.Values["alg"] = c.FS.String("alg", "ES384", "ES384 or RS384")
			c.Values["out"] = c.FS.String("out", "", "file for the private key")
			c.Values["show"] = c.FS.String("show", "", "print the JWKS of a key that is there already")
			c.Values["ledger"] = c.FS.String("ledger", "", "file for a new key of the ledger")
		},
		Run: runKey}
}

func runKey(_ context.Context, c *Call) error {
	out, show := *c.Values["out"].(*string), *c.Values["show"].(*string)
	if file := *c.Values["ledger"].(*string); file != "" {
		if out != "" || show != "" {
			return Usagef("--ledger goes alone")
		}
		made, err := vault.EnsureFile(file, c.Now())
		if err == nil && !made {
			err = fmt.Errorf("%s is there already; without it the ledger that it seals cannot be read, so it stays", file)
		}
		return err
	}
	if (out == "") == (show == "") {
		return Usagef("give --out FILE for a new key, --show FILE, or --ledger FILE")
	}
	var key *fhir.Key
	var err error
	if show != "" {
		b, rerr := os.ReadFile(show)
		if rerr != nil {
			return fmt.Errorf("reading the key: %w", pathless(rerr))
		}
		key, err = fhir.ParseKey(b)
	} else {
		key, err = fhir.NewKey(*c.Values["alg"].(*string))
	}
	if err != nil {
		return err
	}
	if out != "" {
		pem, err := key.PEM()
		if err != nil {
			return err
		}
		f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("writing the key: %w", pathless(err))
		}
		_, err = f.Write(pem)
		clear(pem)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("writing the key: %w", pathless(err))
		}
	}
	jwks, err := key.JWKS()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "%s\n", jwks)
	return err
}
