// Package cli is the command line: the verbs of kioskctl, which `kiosk` has
// too. Text for people, --json for programs: one JSON object a line on stdout,
// progress and logs on stderr.
//
// Exit codes: 0 done; 1 refused or failed; 2 wrong usage or configuration.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
)

// Exit codes.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Version is set by the Makefile through the linker.
var Version = "unknown"

// Env is the world of one run, so that tests can drive the real main.
type Env struct {
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string
	Now     func() time.Time
}

// OS is the real world.
func OS() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Now: time.Now}
}

// Verb is one command.
type Verb struct {
	Name  string
	Args  string // synopsis behind the flags
	Short string // one line for the list
	Long  string // for --help
	Run   func(ctx context.Context, c *Call) error
	Flags func(c *Call)
}

// Call is one verb being run.
type Call struct {
	Env
	Program string
	FS      *flag.FlagSet
	JSON    bool
	File    string            // --config
	Set     map[string]string // --set path=value
	Values  map[string]any    // the verb's own flags, by name
}

// Main runs one command line and returns the exit code. extra are verbs that
// only this program has.
func Main(ctx context.Context, env Env, program string, args []string, extra ...Verb) int {
	verbs := slices.Clone(extra)
	for _, v := range Verbs() { // a program's own verb stands in for the common one
		if !slices.ContainsFunc(extra, func(e Verb) bool { return e.Name == v.Name }) {
			verbs = append(verbs, v)
		}
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		if len(args) > 1 {
			args = []string{args[1], "--help"}
		} else {
			usage(env.Stdout, program, verbs)
			if len(args) == 0 {
				return ExitUsage
			}
			return ExitOK
		}
	}
	if args[0] == "--version" || args[0] == "-v" {
		args[0] = "version"
	}
	i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == args[0] })
	if i < 0 {
		fmt.Fprintf(env.Stderr, "%s: there is no command %q; run '%s help' for the list\n", program, args[0], program)
		return ExitUsage
	}
	return run(ctx, env, program, verbs[i], args[1:])
}

func run(ctx context.Context, env Env, program string, v Verb, args []string) int {
	c := &Call{Env: env, Program: program, Set: map[string]string{}, Values: map[string]any{}}
	c.FS = flag.NewFlagSet(v.Name, flag.ContinueOnError)
	c.FS.SetOutput(io.Discard)
	c.FS.BoolVar(&c.JSON, "json", false, "one JSON object a line on stdout")
	c.FS.StringVar(&c.File, "config", "", "configuration file (also KIOSK_CONFIG)")
	c.FS.Func("set", "one setting, as fhir.base=https://...; may be given again", func(s string) error {
		path, text, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("write it as path=value")
		}
		c.Set[path] = text
		return nil
	})
	if v.Flags != nil {
		v.Flags(c)
	}
	err := parse(c.FS, args)
	if errors.Is(err, flag.ErrHelp) {
		verbHelp(env.Stdout, program, v, c.FS)
		return ExitOK
	}
	if err == nil {
		err = v.Run(ctx, c)
	} else {
		err = Usagef("%v", err)
	}
	return c.finish(v, err)
}

// parse lets flags stand behind arguments too, as people type them.
func parse(fs *flag.FlagSet, args []string) error {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return err
		}
		if fs.NArg() == 0 {
			break
		}
		consumed := len(args) - fs.NArg()
		if consumed > 0 && args[consumed-1] == "--" {
			rest = append(rest, fs.Args()...)
			break
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
	return fs.Parse(append([]string{"--"}, rest...))
}

// finish says what went wrong, once, and chooses the exit code.
func (c *Call) finish(v Verb, err error) int {
	var u *UsageError
	var probs config.Problems
	var q quiet
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &q):
		return int(q)
	case errors.As(err, &u):
		fmt.Fprintf(c.Stderr, "%s %s: %v; run '%s %s --help'\n", c.Program, v.Name, err, c.Program, v.Name)
		return ExitUsage
	case errors.As(err, &probs):
		if c.JSON {
			for _, p := range probs {
				_ = c.Print(p)
			}
		}
		fmt.Fprintf(c.Stderr, "%s %s: %v\n", c.Program, v.Name, err)
		return ExitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(c.Stderr, "%s %s: stopped\n", c.Program, v.Name)
		return ExitFailed
	default:
		fmt.Fprintf(c.Stderr, "%s %s: %v\n", c.Program, v.Name, err)
		return ExitFailed
	}
}

// UsageError is a command line that makes no sense.
type UsageError struct{ text string }

func (e *UsageError) Error() string { return e.text }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// quiet ends a verb that has already said all there is, with an exit code.
type quiet int

func (quiet) Error() string { return "failed" }

// Failed ends a verb whose output already tells what failed.
const Failed = quiet(ExitFailed)

// Print writes v as one line of JSON.
func (c *Call) Print(v any) error {
	enc := json.NewEncoder(c.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Config loads the configuration and validates what the verb needs. base is
// what to start from, nil for the defaults.
func (c *Call) Config(need config.Need, base *config.Config) (config.Config, error) {
	cfg, err := config.Load(config.Sources{File: c.ConfigFile(), Env: c.Environ, Flags: c.Set, Base: base})
	if err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate(need)
}

// core makes the rooms that cfg asks for, with the call's clock and environment.
func (c *Call) core(cfg config.Config) (*engine.Core, error) {
	return engine.NewCore(cfg, engine.Env{Now: c.Now, Getenv: c.Getenv})
}

// chart makes them and the way to the clinic's FHIR server.
func (c *Call) chart(cfg config.Config) (*engine.Core, *engine.Chart, error) {
	core, err := c.core(cfg)
	if err != nil {
		return nil, nil, err
	}
	chart, err := core.NewChart(true)
	return core, chart, err
}

// ConfigFile is the file that was named, or "".
func (c *Call) ConfigFile() string {
	if c.File != "" {
		return c.File
	}
	return c.Getenv("KIOSK_CONFIG")
}

// Getenv looks a variable up in the call's environment.
func (c *Call) Getenv(name string) string {
	for i := len(c.Environ) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(c.Environ[i], "="); ok && k == name {
			return v
		}
	}
	return ""
}

func usage(w io.Writer, program string, verbs []Verb) {
	fmt.Fprintf(w, "%s - check-in kiosk for SMART Health Links\n\nUsage: %s COMMAND [flags] [arguments]\n\nCommands:\n", program, program)
	for _, v := range verbs {
		fmt.Fprintf(w, "  %-10s %s\n", v.Name, v.Short)
	}
	fmt.Fprintf(w, "\nEvery command has --help, --json, --config FILE and --set path=value.\n"+
		"Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration.\n")
}

func verbHelp(w io.Writer, program string, v Verb, fs *flag.FlagSet) {
	fmt.Fprintf(w, "%s %s [flags] %s\n\n%s\n", program, v.Name, v.Args, v.Short)
	if v.Long != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(v.Long))
	}
	fmt.Fprintf(w, "\nFlags:\n")
	fs.SetOutput(w)
	fs.PrintDefaults()
}

// Verbs lists what kioskctl can do.
func Verbs() []Verb {
	return []Verb{scanVerb(), resolveVerb(), importVerb(), explainVerb(), outboxVerb(), auditVerb(), trustVerb(), issueVerb(), sandboxVerb(),
		DoctorVerb(), configVerb(), pinVerb(), keyVerb(), versionVerb()}
}

func versionVerb() Verb {
	return Verb{Name: "version", Short: "what this is and what it was built with",
		Run: func(_ context.Context, c *Call) error {
			info, _ := debug.ReadBuildInfo()
			goVersion := ""
			deps := map[string]string{}
			if info != nil {
				goVersion = info.GoVersion
				for _, d := range info.Deps {
					deps[d.Path] = d.Version
				}
			}
			if c.JSON {
				return c.Print(map[string]any{"program": c.Program, "version": Version, "go": goVersion, "modules": deps})
			}
			_, err := fmt.Fprintf(c.Stdout, "%s %s (%s)\n", c.Program, Version, goVersion)
			return err
		}}
}
