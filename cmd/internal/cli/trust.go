package cli

import (
	"context"
	"fmt"
	"os"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/shc"
)

func trustVerb() Verb {
	return Verb{Name: "trust", Args: "FILE", Short: "put a newer, signed directory of card issuers in place",
		Long: `FILE is a directory in VCI form; FILE.sig its detached signature by the key of
cards.trust_key_file. It replaces cards.trust_file only when the signature is
right. A running kiosk takes it at its next start.`,
		Run: func(_ context.Context, c *Call) error {
			if c.FS.NArg() != 1 {
				return Usagef("name the new directory file")
			}
			cfg, err := c.Config(0, nil)
			if err != nil {
				return err
			}
			if cfg.Cards.TrustFile == "" || cfg.Cards.TrustKey == "" {
				return config.Problems{{Path: "cards.trust_file", Wrong: "a signed update needs cards.trust_file and cards.trust_key_file",
					Fix: "Set both, then run this again"}}
			}
			read := func(name string) (b []byte) {
				if err == nil {
					if b, err = os.ReadFile(name); err != nil {
						err = fmt.Errorf("reading %s: %w", name, engine.Pathless(err))
					}
				}
				return b
			}
			file, sig, pem := read(c.FS.Arg(0)), read(c.FS.Arg(0)+".sig"), read(cfg.Cards.TrustKey)
			if err != nil {
				return err
			}
			key, err := shc.ParsePublicKey(pem)
			if err != nil {
				return err
			}
			d, err := shc.UpdateDirectory(cfg.Cards.TrustFile, file, sig, key)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.Stdout, "%d issuers are trusted now\n", d.Len())
			return err
		}}
}
