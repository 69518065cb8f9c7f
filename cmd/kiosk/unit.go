package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"shlkiosk/cmd/internal/cli"
	"shlkiosk/config"
	"shlkiosk/sync/phi"
)

//go:embed install
var installFiles embed.FS

// installed says where each template goes, below the root of the system.
var installed = []struct{ template, path string }{
	{"shlkiosk.service", "etc/systemd/system/shlkiosk.service"},
	{"sysusers.conf", "etc/sysusers.d/shlkiosk.conf"},
	{"udev.rules", "etc/udev/rules.d/71-shlkiosk.rules"},
	{"updates.conf", "etc/systemd/system/apt-daily-upgrade.timer.d/shlkiosk.conf"},
}

const (
	defaultConfig = "/etc/shlkiosk/kiosk.yaml"
	defaultDir    = "/var/lib/shlkiosk"
	stateRoot     = "/var/lib/"
)

func unitVerb() cli.Verb {
	return cli.Verb{Name: "unit", Short: "the systemd unit and what else a kiosk's system needs",
		Long: `Prints the unit. --write DIR writes it below DIR with the user, the udev rules
and the window for updates, in the places where systemd looks ('--write /' as
root installs them), and never over a file that was changed.
ledger.dir and ledger.key are taken from the configuration, which stands in
` + defaultConfig + ` unless --config names another file.`,
		Flags: func(c *cli.Call) {
			c.Values["write"] = c.FS.String("write", "", "folder to write below, such as /")
			c.Values["force"] = c.FS.Bool("force", false, "with --write: also over files that were changed")
			c.Values["user"] = c.FS.String("user", "shlkiosk", "the user that the kiosk runs as")
			c.Values["binary"] = c.FS.String("binary", "/usr/local/bin/kiosk", "where this program lies")
			c.Values["memory"] = c.FS.String("memory", "2G", "the most memory that cage and kiosk may take")
		},
		Run: runUnit}
}

// unit is what the templates are filled with.
type unit struct {
	User, Binary, Cage, Memory string
	Config, ConfigDir          string
	Dir                        string // ledger.dir
	StateDirectory             string // Dir below /var/lib, "" elsewhere
	Credential                 string // of ledger.key, "" none
	Forgetful                  []string
}

// plain is what may stand in a unit without quoting and specifiers.
var plain = regexp.MustCompile(`^[A-Za-z0-9/._-]+$`)

func newUnit(c *cli.Call) (unit, error) {
	u := unit{User: *c.Values["user"].(*string), Binary: *c.Values["binary"].(*string), Cage: "/usr/bin/cage",
		Memory: *c.Values["memory"].(*string), Config: c.ConfigFile(), Dir: defaultDir}
	env, _ := phi.Forgetful(nil)
	u.Forgetful = append(env, toolkitCache+"="+toolkitKeeps.String())
	var cfg config.Config
	var err error
	if u.Config == "" {
		u.Config = defaultConfig
		if _, serr := os.Stat(defaultConfig); serr == nil {
			c.File = defaultConfig
		}
	}
	if cfg, err = c.Config(0, nil); err != nil {
		return u, err
	}
	if u.Config, err = filepath.Abs(u.Config); err != nil {
		return u, fmt.Errorf("finding the configuration: %w", err)
	}
	u.ConfigDir = filepath.Dir(u.Config)
	if cfg.Ledger.Dir != "" {
		u.Dir = filepath.Clean(cfg.Ledger.Dir)
	}
	if below, ok := strings.CutPrefix(u.Dir, stateRoot); ok {
		u.StateDirectory = below
	}
	if name, ok := strings.CutPrefix(cfg.Ledger.Key, "credential:"); ok {
		u.Credential = name
	}
	for _, v := range []struct{ what, text string }{{"--user", u.User}, {"--binary", u.Binary}, {"--memory", u.Memory},
		{"the configuration's path", u.Config}, {"ledger.dir", u.Dir}} {
		if !plain.MatchString(v.text) {
			return u, cli.Usagef("%s: only letters, digits and / . _ - can stand in a unit", v.what)
		}
	}
	if u.Credential != "" && !plain.MatchString(u.Credential) {
		return u, cli.Usagef("ledger.key: only letters, digits and . _ - can stand in a unit")
	}
	for _, p := range []string{u.Binary, u.Dir} {
		if !filepath.IsAbs(p) {
			return u, cli.Usagef("%q is not an absolute path", p)
		}
	}
	return u, nil
}

func (u unit) fill(name string) ([]byte, error) {
	t, err := template.ParseFS(installFiles, "install/"+name)
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, u); err != nil {
		return nil, fmt.Errorf("filling the template: %w", err)
	}
	return b.Bytes(), nil
}

func runUnit(_ context.Context, c *cli.Call) error {
	if c.FS.NArg() != 0 {
		return cli.Usagef("takes no arguments")
	}
	u, err := newUnit(c)
	if err != nil {
		return err
	}
	root := *c.Values["write"].(*string)
	if root == "" {
		text, err := u.fill(installed[0].template)
		if err != nil {
			return err
		}
		_, err = c.Stdout.Write(text)
		return err
	}
	for _, f := range installed {
		text, err := u.fill(f.template)
		if err != nil {
			return err
		}
		path := filepath.Join(root, f.path)
		said, err := writeOnce(path, text, *c.Values["force"].(*bool))
		if err != nil {
			return err
		}
		fmt.Fprintf(c.Stdout, "%-9s %s\n", said, path)
	}
	fmt.Fprint(c.Stdout, `
next:
  systemd-sysusers
  udevadm control --reload && udevadm trigger --subsystem-match=video4linux
  systemctl daemon-reload
  systemctl enable --now seatd shlkiosk
`)
	return nil
}

// writeOnce writes a file whole, mode 0644, and leaves one that says something
// else alone unless force is set.
func writeOnce(path string, text []byte, force bool) (said string, err error) {
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, text):
		return "unchanged", nil
	case err == nil && !force:
		return "", fmt.Errorf("%s is there and says something else; look at the difference, then give --force", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("reading what is there: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("making the folder: %w", err)
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, text, 0o644); err != nil {
		return "", fmt.Errorf("writing: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return "", fmt.Errorf("writing: %w", err)
	}
	return "written", nil
}
