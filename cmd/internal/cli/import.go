package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/shl"
)

func importVerb() Verb {
	return Verb{Name: "import", Short: "the whole way without a screen: fetch, match, file, verify",
		Long: `Give --link LINK (- reads it from standard input) or --bundle FILE.
--match auto   find the chart; file when it is certain, else park for staff
--match new    make a new chart (an earlier import of the same record is found again)
--match Patient/ID   this chart
--leave-out may be given again: a resource type or the fullUrl of one entry.
Exit code 1: not verified. Needs organization and fhir.* in the configuration.`,
		Flags: func(c *Call) {
			linkFlags(c)
			c.Values["link"] = c.FS.String("link", "", "SMART Health Link to import")
			c.Values["bundle"] = c.FS.String("bundle", "", "FHIR JSON file to import")
			c.Values["match"] = c.FS.String("match", "auto", "auto, new or Patient/ID")
			c.Values["birth-date"] = c.FS.String("birth-date", "", "as the patient typed it at the kiosk, YYYY-MM-DD; auto then demands that it fits")
			c.Values["patience"] = c.FS.Duration("patience", time.Minute, "how long to go on when the server is busy or away")
			var out []string
			c.Values["leave-out"] = &out
			c.FS.Func("leave-out", "resource type or fullUrl to leave out; may be given again", func(s string) error {
				if strings.TrimSpace(s) == "" {
					return errors.New("is empty")
				}
				out = append(out, s)
				return nil
			})
		},
		Run: runImport}
}

func runImport(ctx context.Context, c *Call) error {
	link, file := *c.Values["link"].(*string), *c.Values["bundle"].(*string)
	if (link == "") == (file == "") || c.FS.NArg() != 0 {
		return Usagef("give either --link or --bundle")
	}
	target, err := intake.ParseTarget(*c.Values["match"].(*string))
	if err != nil {
		return Usagef("--match takes auto, new or Patient/ID")
	}
	cfg, err := c.Config(config.NeedRetrieval|config.NeedServer, nil)
	if err != nil {
		return err
	}
	core, chart, err := c.chart(cfg)
	if err != nil {
		return err
	}
	opened, err := c.open(ctx, core, link, file)
	if err != nil {
		return c.refusedImport(err)
	}
	defer opened.Wipe()
	env := core.Envelope(opened)
	target.By, target.At = "command line", c.Now()
	env.Target = target
	env.LeaveOut = *c.Values["leave-out"].(*[]string)
	env.Typed.BirthDate = intake.Fact(*c.Values["birth-date"].(*string))
	env.Consent = intake.Consent{Text: "command-line", Version: "v1", Language: "en", At: c.Now()}

	receipt, err := c.deliver(ctx, chart, env)
	if err != nil {
		return c.refusedImport(err)
	}
	if c.JSON {
		err = c.Print(receipt)
	} else {
		err = printReceipt(c.Stdout, receipt)
	}
	if err == nil && receipt.State != intake.StateVerified {
		err = Failed
	}
	return err
}

// open fetches the link or reads the file.
func (c *Call) open(ctx context.Context, core *engine.Core, link, file string) (*engine.Opened, error) {
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the bundle: %w", engine.Pathless(err))
		}
		return engine.OpenBundle(raw)
	}
	text, err := c.text(link)
	if err != nil {
		return nil, err
	}
	parsed, err := shl.ParseWith(text, c.Now(), core.Config.Retrieval.Skew)
	if err != nil {
		return nil, err
	}
	defer parsed.Wipe()
	code := c.passcode()
	defer code.Wipe()
	return core.OpenLink(ctx, parsed, code)
}

// deliver tries until it is done, a person is needed, or patience ends. The
// journal lives in memory: a run that is killed is run again, and what it had
// sent is found by its content.
func (c *Call) deliver(ctx context.Context, chart *engine.Chart, env *intake.Envelope) (intake.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, *c.Values["patience"].(*time.Duration))
	defer cancel()
	save := func(*intake.Envelope) error { return nil }
	for wait := 500 * time.Millisecond; ; wait = min(2*wait, 15*time.Second) {
		receipt, err := chart.Importer.Deliver(ctx, env, save)
		if err == nil {
			return receipt, nil
		}
		e := intake.Classify(err)
		if e.Class != intake.Retry || ctx.Err() != nil {
			return parkedReceipt(env, e), nil
		}
		pause := max(wait, e.RetryAfter)
		fmt.Fprintf(c.Stderr, "%s; trying again in %s\n", e.Reason, pause.Round(time.Millisecond))
		select {
		case <-ctx.Done():
			return parkedReceipt(env, e), nil
		case <-time.After(pause):
		}
	}
}

// parkedReceipt is the receipt of an import that did not come to an end.
func parkedReceipt(env *intake.Envelope, e *intake.Error) intake.Receipt {
	r := intake.Receipt{Import: env.ID, State: intake.StateParked, Reason: string(e.Reason), Resources: []intake.ReceiptResource{},
		Match:        intake.ReceiptMatch{Grade: env.Match.Grade, Rule: env.Match.Rule, Candidates: env.Match.Candidates},
		Verification: intake.Verification{Demographics: intake.DemographicsNotRead, Missing: []string{}}}
	if e.Class != intake.Park {
		r.State = intake.StateFailed
	}
	return r
}

// refusedImport says why nothing was imported, in the form of a receipt.
func (c *Call) refusedImport(err error) error {
	var stage, reason string
	var le *shl.Error
	var r *engine.Refusal
	switch {
	case errors.As(err, &le):
		stage, reason = string(le.Stage), string(le.Reason)
	case errors.As(err, &r):
		stage, reason = r.Stage, r.Reason
	default:
		return err
	}
	if c.JSON {
		if perr := c.Print(map[string]any{"import": nil, "state": intake.StateFailed, "stage": stage, "reason": reason,
			"message": err.Error(), "resources": []any{}}); perr != nil {
			return perr
		}
	}
	fmt.Fprintf(c.Stderr, "%s import: refused at %s: %s; '%s explain %s' says what to do\n", c.Program, stage, reason, c.Program, reason)
	return Failed
}

func printReceipt(w io.Writer, r intake.Receipt) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", r.State)
	if r.Reason != "" {
		fmt.Fprintf(&b, " (%s)", r.Reason)
	}
	made := "found"
	if r.Patient.Created {
		made = "new"
	}
	if r.Patient.Reference != "" {
		fmt.Fprintf(&b, ": %s (%s chart)", r.Patient.Reference, made)
	}
	fmt.Fprintf(&b, "\n  match: grade %s, rule %s, %d candidate(s)\n", orDash(r.Match.Grade), orDash(r.Match.Rule), r.Match.Candidates)
	for _, res := range []string{intake.ResultCreated, intake.ResultExisting, intake.ResultLeftOut, intake.ResultRefused} {
		fmt.Fprintf(&b, "  %-9s %d\n", res, r.Count(res))
	}
	for _, x := range r.Resources {
		if x.Why != "" {
			fmt.Fprintf(&b, "    %s %s: %s (%s)\n", x.Type, x.Source, x.Result, x.Why)
		}
	}
	v := r.Verification
	fmt.Fprintf(&b, "  verification: demographics %s, %d missing, %d references (%d unresolved), %d duplicate chart(s)\n",
		v.Demographics, len(v.Missing), v.References.Total, v.References.Unresolved, v.Duplicates)
	for _, a := range v.Alarm {
		fmt.Fprintf(&b, "  look: %s %s: %s\n", a.Code, a.Where, a.ToDo)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
