package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/ktc"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/shc"
	"shlkiosk/sync/shl"
)

func resolveVerb() Verb {
	return Verb{Name: "resolve", Args: "LINK", Short: "open a SMART Health Link and say what is in it",
		Long: `LINK is a shlink:/ text, bare or behind a viewer's address; - reads it from
standard input, so that it does not stand in the process list. The passcode may
come from the variable SHL_PASSCODE for the same reason.
Needs only organization in the configuration. Exit code 1: refused.`,
		Flags: func(c *Call) {
			linkFlags(c)
			c.Values["out"] = c.FS.String("out", "", "write the decrypted files into this folder, mode 0600")
		},
		Run: runResolve}
}

// linkFlags are the flags of verbs that open links.
func linkFlags(c *Call) {
	c.Values["passcode"] = c.FS.String("passcode", "", "passcode of the link (or the variable SHL_PASSCODE)")
}

// passcode takes the passcode from the flag or the environment; nil: none.
func (c *Call) passcode() *phi.Secret {
	text := *c.Values["passcode"].(*string)
	if text == "" {
		text = c.Getenv("SHL_PASSCODE")
	}
	if text == "" {
		return nil
	}
	return phi.SecretFromString(text)
}

// text reads an argument, or standard input for "-".
func (c *Call) text(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	b, err := io.ReadAll(io.LimitReader(c.Stdin, 1<<20))
	if err != nil {
		return "", fmt.Errorf("reading standard input: %w", err)
	}
	return string(b), nil
}

func runResolve(ctx context.Context, c *Call) error {
	if c.FS.NArg() != 1 {
		return Usagef("give one link, or - to read it from standard input")
	}
	cfg, err := c.Config(config.NeedRetrieval, nil)
	if err != nil {
		return err
	}
	core, err := c.core(cfg)
	if err != nil {
		return err
	}
	text, err := c.text(c.FS.Arg(0))
	if err != nil {
		return err
	}
	var rec *shl.Record
	var reading *ktc.Reading
	link, err := shl.ParseWith(text, c.Now(), cfg.Retrieval.Skew)
	if err == nil {
		defer link.Wipe()
		code := c.passcode()
		defer code.Wipe()
		rec, reading, err = core.Fetch(ctx, link, code)
	}
	res := ktc.Summarise(link, rec, reading, err)
	if dir := *c.Values["out"].(*string); dir != "" && rec != nil && err == nil {
		if werr := writeFiles(dir, rec); werr != nil {
			return werr
		}
	}
	if err := c.printResolved(res); err != nil {
		return err
	}
	if res.Outcome == "refused" {
		return Failed
	}
	return nil
}

func (c *Call) printResolved(r ktc.Result) error {
	if c.JSON {
		return c.Print(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s", r.Outcome)
	if r.Reason != "" {
		fmt.Fprintf(&b, " at %s: %s. %s", r.Stage, r.Reason, r.Message)
		if e, ok := ktc.Explain(r.Reason); ok {
			fmt.Fprintf(&b, "\n  what to do: %s", e.Do)
		}
	}
	fmt.Fprintln(&b)
	for _, f := range r.Files {
		fmt.Fprintf(&b, "  %s, %d bytes, sha256 %s\n", f.ContentType, f.Bytes, f.SHA256)
		types := make([]string, 0, len(f.Resources))
		for t := range f.Resources {
			types = append(types, t)
		}
		sort.Strings(types)
		for _, t := range types {
			fmt.Fprintf(&b, "    %4d %s\n", f.Resources[t], t)
		}
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "  file %d was not opened at %s: %s\n", p.Index, p.Stage, p.Reason)
	}
	if r.Profile.KTC {
		fmt.Fprintln(&b, "  conforms to the KTC profile")
	}
	for _, f := range r.Profile.Findings {
		fmt.Fprintf(&b, "  KTC: %s (%s)\n", f.Message, f.Code)
	}
	if r.Attestation.State != "" {
		fmt.Fprintf(&b, "  app attestation: %s\n", r.Attestation.State)
	}
	_, err := io.WriteString(c.Stdout, b.String())
	return err
}

var extensions = map[shl.Content]string{shl.ContentFHIR: ".json", shl.ContentCard: ".smart-health-card",
	shl.ContentJWS: ".jws", shl.ContentPDF: ".pdf"}

// writeFiles puts the plaintext into a folder that only this user may read.
// The names hold numbers only.
func writeFiles(dir string, rec *shl.Record) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder for --out: %w", engine.Pathless(err))
	}
	for _, f := range rec.Files {
		if f.Bytes == nil {
			continue
		}
		ext := extensions[f.Content]
		if ext == "" {
			ext = ".bin"
		}
		name := filepath.Join(dir, fmt.Sprintf("file-%02d%s", f.Index, ext))
		// A file of that name from an earlier run may be readable by others, so
		// its mode is not kept.
		_ = os.Remove(name)
		if err := os.WriteFile(name, f.Bytes, 0o600); err != nil {
			return fmt.Errorf("writing a file for --out: %w", engine.Pathless(err))
		}
	}
	return nil
}

func explainVerb() Verb {
	return Verb{Name: "explain", Args: "[CODE]", Short: "what a reason code means and what to do about it",
		Run: func(_ context.Context, c *Call) error {
			type row struct {
				Code    string `json:"code"`
				Stage   string `json:"stage,omitempty"`
				Patient string `json:"patient"`
				Staff   string `json:"staff"`
				Do      string `json:"do"`
			}
			var all []row
			for _, e := range append(shl.Reasons(), ktc.Reasons()...) {
				all = append(all, row{string(e.Code), string(e.Stage), e.Patient, e.Staff, e.Do})
			}
			for _, e := range shc.Reasons() {
				all = append(all, row{e.Code, "card", e.Patient, e.Staff, e.Do})
			}
			found := false
			for _, e := range all {
				if c.FS.NArg() > 0 && e.Code != c.FS.Arg(0) {
					continue
				}
				found = true
				if c.JSON {
					if err := c.Print(e); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(c.Stdout, "%s (at %s)\n  patient: %s\n  staff:   %s\n  to do:   %s\n", e.Code, e.Stage, e.Patient, e.Staff, e.Do)
			}
			if !found {
				return fmt.Errorf("there is no reason code %q; run '%s explain' for all of them", c.FS.Arg(0), c.Program)
			}
			return nil
		}}
}
