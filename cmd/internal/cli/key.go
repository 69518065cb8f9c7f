package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/vault"
)

func keyVerb() Verb {
	return Verb{Name: "key", Args: "[list|add|rewrap|retire ID]", Short: "make the key pair for SMART Backend Services; make and change the ledger's key",
		Long: `Without a word behind it: writes a private key to --out (mode 0600, never over a
file that is there) and prints the public half as a JWKS for the server's
administrator. --ledger FILE makes a key for the ledger instead, to be sealed to
the machine with systemd-creds (see README), or named as ledger.key: file:FILE.

With a word: the key ring that seals the ledger. The kiosk must be stopped.
list       the keys, the active one first, and what is sealed with each
add        add a new key, and wrap the key of every import with it
rewrap     wrap with the active key what an interrupted 'add' has left
retire ID  take a key out of the ring for good; refused while anything is
           sealed with it, files that were put aside included
To change a key: add, copy the new ring to its safe place, retire the old one.
A ring that is a sealed credential is changed where it is made: 'add' and
'retire' want ledger.key: file:PATH; 'rewrap' works with every source.`,
		Flags: func(c *Call) {
			c.Values["alg"] = c.FS.String("alg", "ES384", "ES384 or RS384")
			c.Values["out"] = c.FS.String("out", "", "file for the private key")
			c.Values["show"] = c.FS.String("show", "", "print the JWKS of a key that is there already")
			c.Values["ledger"] = c.FS.String("ledger", "", "file for a new key of the ledger")
		},
		Run: runKey}
}

func runKey(_ context.Context, c *Call) error {
	if c.FS.NArg() > 0 {
		return c.keyRing()
	}
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
			return fmt.Errorf("reading the key: %w", engine.Pathless(rerr))
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
			return fmt.Errorf("writing the key: %w", engine.Pathless(err))
		}
		_, err = f.Write(pem)
		clear(pem)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("writing the key: %w", engine.Pathless(err))
		}
	}
	jwks, err := key.JWKS()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "%s\n", jwks)
	return err
}

// keyRing is what the words behind `key` do.
func (c *Call) keyRing() error {
	what := c.FS.Arg(0)
	want := map[string]int{"list": 1, "add": 1, "rewrap": 1, "retire": 2}[what]
	if want == 0 {
		return Usagef("%q is not list, add, rewrap or retire", what)
	}
	if c.FS.NArg() != want {
		return Usagef("give 'list', 'add', 'rewrap' or 'retire ID'")
	}
	if *c.Values["out"].(*string)+*c.Values["show"].(*string)+*c.Values["ledger"].(*string) != "" {
		return Usagef("--out, --show and --ledger make keys; 'key %s' takes none of them", what)
	}
	var id vault.KeyID
	if what == "retire" {
		var err error
		if id, err = vault.ParseKeyID(c.FS.Arg(1)); err != nil {
			return Usagef("%q is not a key's ID: 16 hexadecimal digits, see 'key list'", c.FS.Arg(1))
		}
	}
	store, err := c.openStore()
	if err != nil {
		return err
	}
	defer store.Close()
	switch what {
	case "list":
		return c.listKeys(store)
	case "add":
		return c.addKey(store)
	case "rewrap":
		n, err := store.Ledger.Rewrap()
		if err == nil {
			err = c.tellKey(store, "key.rewrapped", store.Vault.Active(), fmt.Sprintf("%d imports are wrapped with the active key %s", n, store.Vault.Active()))
		}
		return err
	}
	path, err := ringFile(store)
	if err != nil {
		return err
	}
	if err := store.MayRetire(id); err != nil {
		return err
	}
	if err := vault.RetireKey(path, id); err != nil {
		return err
	}
	return c.tellKey(store, "key.retired", id, fmt.Sprintf("key %s is no longer in the ring; destroy the copies of the old ring too", id))
}

// ringFile is the path of the key ring, where it is a file.
func ringFile(store *engine.Store) (string, error) {
	path, ok := strings.CutPrefix(store.Vault.Source(), "file:")
	if !ok {
		return "", errors.New("only a key file can be changed here; change the credential where it is made, then start the kiosk with both keys")
	}
	return path, nil
}

func (c *Call) listKeys(store *engine.Store) error {
	use, err := store.KeyUse()
	if err != nil {
		return err
	}
	for _, k := range use {
		if c.JSON {
			if err := c.Print(k); err != nil {
				return err
			}
			continue
		}
		state := "old"
		if k.Active {
			state = "active"
		}
		seals := strings.Join(k.Seals, ", ")
		if seals == "" {
			seals = "nothing"
		}
		fmt.Fprintf(c.Stdout, "%s  %-6s  seals %s\n", k.ID, state, seals)
	}
	return nil
}

// addKey adds a key to the ring and wraps everything with it.
func (c *Call) addKey(store *engine.Store) error {
	path, err := ringFile(store)
	if err != nil {
		return err
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
		return fmt.Errorf("the new key %s is in the ring, the imports are not wrapped with it yet; run 'kioskctl key rewrap': %w", id, err)
	}
	return c.tellKey(store, "key.rotated", id,
		fmt.Sprintf("%d imports are wrapped with the new key %s; the old key stays in the file until 'kioskctl key retire'", n, id))
}

// tellKey notes a change of the ring and says it.
func (c *Call) tellKey(store *engine.Store, action string, id vault.KeyID, words string) error {
	if err := store.ResealAudit(); err != nil {
		return err
	}
	store.Note("staff:cli", action, id.String(), "ok", "")
	if c.JSON {
		return c.Print(map[string]string{"done": action, "key": id.String()})
	}
	_, err := fmt.Fprintln(c.Stdout, words)
	return err
}
