package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"shlkiosk/cmd/internal/cli"
	"shlkiosk/sync/phi"
)

// kiosk runs one command line of this program without a window.
func kiosk(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Environ: environ, Now: time.Now}
	code = cli.Main(context.Background(), env, "kiosk", args, ownVerbs()...)
	return code, out.String(), errs.String()
}

// settings are the assignments of a unit, in order, by name.
func settings(t *testing.T, unit string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	line := regexp.MustCompile(`^([A-Za-z]+)=(.*)$`)
	for _, l := range strings.Split(unit, "\n") {
		if l == "" || strings.HasPrefix(l, "#") || strings.HasPrefix(l, "[") {
			continue
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("not a line of a unit: %q", l)
		}
		out[m[1]] = append(out[m[1]], m[2])
	}
	return out
}

func TestUnit(t *testing.T) {
	code, unit, stderr := kiosk(t, nil, "unit", "--set", "ledger.key=credential:ledger")
	if code != cli.ExitOK {
		t.Fatal(code, stderr)
	}
	got := settings(t, unit)
	for name, want := range map[string]string{
		"Type": "notify", "NotifyAccess": "all", "WatchdogSec": "30", "Restart": "always", "RestartSec": "2",
		"StartLimitIntervalSec": "0", "LimitCORE": "0", "MemoryMax": "2G", "MemorySwapMax": "0", "NoNewPrivileges": "yes",
		"ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "DevicePolicy": "closed", "User": "shlkiosk",
		"LoadCredentialEncrypted": "ledger:/etc/credstore.encrypted/ledger", "StateDirectory": "shlkiosk",
		"RuntimeDirectory": "shlkiosk", "RuntimeDirectoryPreserve": "restart",
		"ExecStart": "/usr/bin/cage -- /usr/local/bin/kiosk run --config " + defaultConfig,
	} {
		if !slices.Equal(got[name], []string{want}) {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	// A kiosk of the unit does not have to start itself anew.
	var env []string
	for _, e := range got["Environment"] {
		env = append(env, strings.Fields(e)...)
	}
	if _, anew := phi.Forgetful(env); anew || !slices.Contains(env, "FYNE_CACHE=15s") {
		t.Errorf("Environment = %q", env)
	}
	// With PAM the kiosk would be in a session's scope, where neither the ping
	// nor the limits reach.
	if got["PAMName"] != nil {
		t.Error("PAMName with NotifyAccess=all")
	}
	for _, dev := range []string{"char-drm rw", "char-input rw", "char-video4linux rw"} {
		if !slices.Contains(got["DeviceAllow"], dev) {
			t.Errorf("no DeviceAllow=%s in %q", dev, got["DeviceAllow"])
		}
	}
	for _, family := range []string{"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"} {
		if !strings.Contains(strings.Join(got["RestrictAddressFamilies"], " "), family) {
			t.Errorf("no %s", family)
		}
	}
}

func TestUnitFollowsTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "k.yaml")
	if err := os.WriteFile(file, []byte("ledger: {dir: /srv/kiosk}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, unit, stderr := kiosk(t, nil, "unit", "--config", file, "--user", "ann")
	if code != cli.ExitOK {
		t.Fatal(code, stderr)
	}
	got := settings(t, unit)
	if got["StateDirectory"] != nil || got["LoadCredentialEncrypted"] != nil {
		t.Errorf("%q %q", got["StateDirectory"], got["LoadCredentialEncrypted"])
	}
	if !slices.Equal(got["ReadWritePaths"], []string{"/srv/kiosk", "-" + dir}) || got["User"][0] != "ann" {
		t.Errorf("%q %q", got["ReadWritePaths"], got["User"])
	}
	for _, bad := range [][]string{{"--user", "ann %i"}, {"--binary", "/opt/my kiosk"}, {"--binary", "kiosk"},
		{"--set", "ledger.dir=/var/lib/a\nExecStart=/bin/sh"}, {"--set", "ledger.key=credential:a b"}, {"extra"}} {
		if code, out, _ := kiosk(t, nil, append([]string{"unit"}, bad...)...); code != cli.ExitUsage || out != "" {
			t.Errorf("%q: code %d, printed %q", bad, code, out)
		}
	}
}

func TestUnitIsWrittenOnce(t *testing.T) {
	root := t.TempDir()
	write := func(args ...string) (int, string) {
		code, out, _ := kiosk(t, nil, append([]string{"unit", "--write", root}, args...)...)
		return code, out
	}
	if code, out := write(); code != cli.ExitOK || strings.Count(out, "written ") != len(installed) {
		t.Fatal(code, out)
	}
	for _, f := range installed {
		info, err := os.Stat(filepath.Join(root, f.path))
		if err != nil || info.Mode().Perm() != 0o644 {
			t.Error(f.path, err)
		}
	}
	if code, out := write(); code != cli.ExitOK || strings.Count(out, "unchanged ") != len(installed) {
		t.Error("a second time:", code, out)
	}
	path := filepath.Join(root, installed[0].path)
	if err := os.WriteFile(path, []byte("# ours\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _ := write(); code != cli.ExitFailed {
		t.Error("over a changed file:", code)
	}
	if b, _ := os.ReadFile(path); string(b) != "# ours\n" {
		t.Error("a changed file was overwritten")
	}
	if code, _ := write("--force"); code != cli.ExitOK {
		t.Error("--force:", code)
	}
	if b, _ := os.ReadFile(path); !strings.Contains(string(b), "NotifyAccess=all") {
		t.Error("--force wrote nothing")
	}
}

// systemd itself finds nothing wrong with the unit but the programs that are
// not on this machine.
func TestSystemdAcceptsTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	root := t.TempDir()
	if code, out, stderr := kiosk(t, nil, "unit", "--write", root, "--binary", "/bin/true", "--set", "ledger.key=credential:ledger"); code != 0 {
		t.Fatal(out, stderr)
	}
	cmd := exec.Command(analyze, "verify", "--man=no", "--recursive-errors=no", filepath.Join(root, installed[0].path))
	out, _ := cmd.CombinedOutput()
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if strings.Contains(line, "shlkiosk.service") && !strings.Contains(line, "/usr/bin/cage is not executable") &&
			!strings.Contains(line, "seatd.service not found") {
			t.Error(line)
		}
	}
}
