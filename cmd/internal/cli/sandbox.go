package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shlkiosk/camera/still"
	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/sandbox"
)

// defaultSandbox is where `sandbox` listens and `issue` looks when nothing
// else is said.
const defaultSandbox = "127.0.0.1:8090"

func sandboxVerb() Verb {
	return Verb{Name: "sandbox", Short: "run the demo world alone: link host, FHIR server, synthetic people",
		Long: `Prints its addresses and the demo patients' links, then serves until it is
stopped. Everything is synthetic and nothing is written to disk.
--preset makes the FHIR server behave like a known one: spec, medplum,
medplum-transactions, hapi, azure, oracle, epic, aidbox.`,
		Flags: func(c *Call) {
			c.Values["listen"] = c.FS.String("listen", defaultSandbox, "loopback address; port 0 takes any free one")
			c.Values["seed"] = c.FS.Uint64("seed", 1, "draws the synthetic people")
			c.Values["people"] = c.FS.Int("people", 200, "how many people have a chart")
			c.Values["preset"] = c.FS.String("preset", "", "behave like this server")
			c.Values["tls"] = c.FS.Bool("tls", false, "serve https; the certificate to trust is printed")
		},
		Run: runSandbox}
}

func runSandbox(ctx context.Context, c *Call) error {
	if c.FS.NArg() != 0 {
		return Usagef("sandbox takes no arguments")
	}
	opt := sandbox.Options{Listen: *c.Values["listen"].(*string), Seed: *c.Values["seed"].(*uint64),
		People: *c.Values["people"].(*int), TLS: *c.Values["tls"].(*bool), Now: c.Now}
	if name := *c.Values["preset"].(*string); name != "" {
		b, err := sandbox.Preset(name)
		if err != nil {
			return Usagef("%v", err)
		}
		opt.Behave = b
	}
	w, err := sandbox.Start(ctx, opt)
	if err != nil {
		return fmt.Errorf("starting the demo world: %w", err)
	}
	defer w.Close()
	if c.JSON {
		err = c.Print(map[string]any{"base": w.Base(), "fhir": w.FHIRBase(), "shl": w.SHLBase(), "control": w.Base() + "/control",
			"token": w.TokenURL(), "client": sandbox.DemoClient, "secret": sandbox.DemoSecret, "cardIssuer": w.CardIssuer(),
			"ca": string(w.CA()), "demo": w.Demo(),
			"config": map[string]any{"organization": "Demo Clinic", "fhir": map[string]any{"base": w.FHIRBase()},
				"retrieval": map[string]any{"allow": []string{w.Base()}}}})
	} else {
		err = printWorld(c.Stdout, w)
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func printWorld(out io.Writer, w *sandbox.World) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The demo world is running. Everything in it is synthetic. Stop it with Ctrl-C.\n\n"+
		"  FHIR server   %s\n  link host     %s\n\nTo point kioskctl at it:\n\n"+
		"  export KIOSK_ORGANIZATION='Demo Clinic' KIOSK_FHIR_BASE=%s KIOSK_RETRIEVAL_ALLOW=%s\n\nDemo patients:\n",
		w.FHIRBase(), w.SHLBase(), w.FHIRBase(), w.Base())
	for _, p := range w.Demo() {
		fmt.Fprintf(&b, "\n  %s: %s\n    %s\n    birth date %s", p.Key, p.Name, p.Story, p.BirthDate)
		if p.Passcode != "" {
			fmt.Fprintf(&b, ", passcode %s", p.Passcode)
		}
		fmt.Fprintf(&b, "\n    %s\n", p.Link)
	}
	if ca := w.CA(); len(ca) > 0 {
		fmt.Fprintf(&b, "\nCertificate to trust (retrieval.ca_file, fhir.ca_file):\n%s", ca)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func issueVerb() Verb {
	return Verb{Name: "issue", Short: "make a SMART Health Link at the demo host (the sender's half)",
		Long: `Needs a running 'sandbox'. Without --flag the link is U (one file), or P with a
passcode; "-" means a manifest link without flags.`,
		Flags: func(c *Call) {
			c.Values["bundle"] = c.FS.String("bundle", "", "FHIR JSON file to share")
			c.Values["passcode"] = c.FS.String("passcode", "", "protect the link with a passcode")
			c.Values["flag"] = c.FS.String("flag", "", "flags of the link: L, P, U; - for none")
			c.Values["expires"] = c.FS.Duration("expires", 15*time.Minute, "how long the link works")
			c.Values["label"] = c.FS.String("label", "", "label of the link")
			c.Values["zip"] = c.FS.Bool("zip", false, "compress the file (zip DEF)")
			c.Values["viewer"] = c.FS.String("viewer", "", "viewer address before the link; 'default' for the demo host's own")
			c.Values["qr"] = c.FS.String("qr", "", "write the code as a PNG file")
			c.Values["host"] = c.FS.String("host", "", "address of the demo world (default: where fhir.base is, or http://"+defaultSandbox+")")
		},
		Run: runIssue}
}

func runIssue(ctx context.Context, c *Call) error {
	file := *c.Values["bundle"].(*string)
	if file == "" || c.FS.NArg() != 0 {
		return Usagef("name the file with --bundle")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the bundle: %w", engine.Pathless(err))
	}
	if !json.Valid(raw) {
		return errors.New("the bundle is not JSON")
	}
	host, err := c.demoHost()
	if err != nil {
		return err
	}
	// As a file and not as "bundle": its bytes must survive, and with them the
	// hash that the receiver reports.
	req := map[string]any{"files": []sandbox.File{{ContentType: sandbox.TypeFHIR, Content: raw}}, "expires": int(c.Values["expires"].(*time.Duration).Seconds())}
	for _, k := range []string{"passcode", "flag", "label", "viewer"} {
		if v := *c.Values[k].(*string); v != "" {
			req[k] = v
		}
	}
	if *c.Values["zip"].(*bool) {
		req["zip"] = true
	}
	issued, err := postIssue(ctx, host, req)
	if err != nil {
		return err
	}
	if name := *c.Values["qr"].(*string); name != "" {
		if err := writeCode(name, issued.Link); err != nil {
			return err
		}
	}
	if c.JSON {
		return c.Print(issued)
	}
	_, err = fmt.Fprintln(c.Stdout, issued.Link)
	return err
}

// demoHost is the address of the demo world; only loopback makes sense.
func (c *Call) demoHost() (string, error) {
	host := *c.Values["host"].(*string)
	if host == "" {
		host = "http://" + defaultSandbox
		cfg, err := config.Load(config.Sources{File: c.ConfigFile(), Env: c.Environ, Flags: c.Set})
		if err != nil {
			return "", err
		}
		if u, err := url.Parse(cfg.FHIR.Base); err == nil && isLoopback(u.Hostname()) {
			host = u.Scheme + "://" + u.Host
		}
	}
	u, err := url.Parse(host)
	if err != nil || !isLoopback(u.Hostname()) {
		return "", Usagef("--host %q is not on this machine; links are issued at the demo world only", host)
	}
	return strings.TrimRight(host, "/"), nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && a.IsLoopback())
}

func postIssue(ctx context.Context, host string, req map[string]any) (sandbox.Issued, error) {
	var out sandbox.Issued
	body, err := json.Marshal(req)
	if err != nil {
		return out, err
	}
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, host+"/shl/issue", bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("asking the demo host: %w", err)
	}
	hr.Header.Set("Content-Type", "application/json")
	// Loopback only, and never through a proxy of the environment.
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{Proxy: nil}}
	defer client.CloseIdleConnections()
	res, err := client.Do(hr)
	if err != nil {
		return out, fmt.Errorf("no demo world answers at %s; start one with: kioskctl sandbox", host)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return out, fmt.Errorf("asking the demo host: %w", err)
	}
	if res.StatusCode != http.StatusCreated {
		var e struct{ Error string }
		_ = json.Unmarshal(answer, &e)
		return out, fmt.Errorf("the demo host refused: %s", e.Error)
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return out, fmt.Errorf("the demo host's answer cannot be read: %w", err)
	}
	return out, nil
}

// writeCode writes the code as a PNG that only this user may read: whoever has
// the picture has the record.
func writeCode(name, link string) error {
	code, err := still.Code(link)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, still.Enlarge(code, 6)); err != nil {
		return fmt.Errorf("drawing the code: %w", err)
	}
	if err := os.WriteFile(filepath.Clean(name), b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the code: %w", engine.Pathless(err))
	}
	return nil
}
