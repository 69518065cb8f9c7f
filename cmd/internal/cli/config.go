package cli

import (
	"context"
	"fmt"

	"shlkiosk/config"
)

func configVerb() Verb {
	return Verb{Name: "config", Args: "check|show|keys", Short: "check or show the configuration; list every setting",
		Long: `check  reports every problem at once, with its path and what to write instead
show   prints the configuration in force (defaults, file, KIOSK_... variables,
       flags), secrets redacted
keys   lists every setting with its default and its variable`,
		Run: func(_ context.Context, c *Call) error {
			if c.FS.NArg() != 1 {
				return Usagef("say check, show or keys")
			}
			switch c.FS.Arg(0) {
			case "check":
				if _, err := c.Config(config.NeedAll, nil); err != nil {
					return err
				}
				if c.JSON {
					return c.Print(map[string]any{"ok": true})
				}
				fmt.Fprintln(c.Stdout, "the configuration is complete")
				return nil
			case "show":
				cfg, err := c.Config(0, nil)
				if err != nil {
					return err
				}
				if c.JSON {
					return c.Print(cfg.Redacted())
				}
				fmt.Fprint(c.Stdout, cfg.Show())
				return nil
			case "keys":
				for _, s := range config.Settings() {
					if c.JSON {
						if err := c.Print(s); err != nil {
							return err
						}
						continue
					}
					fmt.Fprintf(c.Stdout, "%s\n    %s\n    default: %s   variable: %s\n", s.Path, s.Doc, s.Default, s.Env)
				}
				return nil
			}
			return Usagef("%q is not check, show or keys", c.FS.Arg(0))
		}}
}
