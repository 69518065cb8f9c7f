// Package engine joins the rooms into the whole way: a scanned text becomes a
// record, a record becomes an import in the ledger, the ledger's worker
// delivers it and the chart is verified. The window drives it through Visit;
// kioskctl drives the same code without one.
//
// It is wiring: it owns no rule of its own about links, people or charts. What
// it adds is order, time limits, audit entries and wiping.
package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"shlkiosk/config"
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/guard"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/ktc"
	"shlkiosk/sync/shc"
	"shlkiosk/sync/shl"
)

// Env is what a Core has of the world.
type Env struct {
	Now    func() time.Time
	Logger *slog.Logger
	Getenv func(string) string
	// Demo tells that everything runs against the embedded demo world.
	Demo bool
}

// Core holds the rooms that work without a screen and without a ledger.
type Core struct {
	Config config.Config
	Env    Env

	Guard    *guard.Guard
	Resolver *shl.Resolver
	Profile  *ktc.Profile
	Cards    *shc.Verifier

	clocks clocks
}

// NewCore wires what fetching links needs. The configuration has been
// validated for config.NeedRetrieval.
func NewCore(cfg config.Config, env Env) (*Core, error) {
	if env.Now == nil {
		env.Now = time.Now
	}
	if env.Logger == nil {
		env.Logger = slog.New(slog.DiscardHandler)
	}
	if env.Getenv == nil {
		env.Getenv = os.Getenv
	}
	c := &Core{Config: cfg, Env: env}
	roots, err := rootsFrom("retrieval.ca_file", cfg.Retrieval.CAFile)
	if err != nil {
		return nil, err
	}
	r := cfg.Retrieval
	c.Guard, err = guard.New(guard.Options{Allow: r.Allow, RootCAs: roots, Proxy: r.Proxy, Timeout: r.Timeout})
	if err != nil {
		return nil, config.Problems{{Path: "retrieval", Wrong: err.Error(), Fix: "Correct the entry in retrieval.allow or retrieval.proxy"}}
	}
	const mb = 1 << 20
	c.Resolver = shl.NewResolver(shl.Options{Guard: c.Guard, Recipient: c.Recipient(), Timeout: r.Timeout, Now: env.Now, LiveAccess: r.APIAccess,
		Limits: shl.Limits{Manifest: int64(r.MaxFile) * mb, File: int64(r.MaxFile) * mb, Inflated: int64(r.MaxInflated) * mb,
			Total: int64(r.MaxTotal) * mb, Files: r.MaxFiles}})
	var issuers []ktc.Issuer
	for _, iss := range r.Attestation {
		issuers = append(issuers, ktc.Issuer{Issuer: iss, Name: iss})
	}
	c.Profile = ktc.New(ktc.Options{Strict: r.Profile == "ktc", Guard: c.Guard, Issuers: issuers, Now: env.Now})
	if err := c.newCards(); err != nil {
		return nil, err
	}
	return c, nil
}

// Recipient is the name that the patient reads in their app's access log.
func (c *Core) Recipient() string {
	parts := []string{strings.TrimSpace(c.Config.Organization)}
	if s := strings.TrimSpace(c.Config.Site); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(append(parts, "check-in "+c.Config.Kiosk), ", ")
}

// rootsFrom is the system's certificate authorities and those of a PEM file;
// nil, which means the system's, when no file is named.
func rootsFrom(path, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, config.Problems{{Path: path, Wrong: "the file cannot be read", Fix: "Check the path and who may read it"}}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, config.Problems{{Path: path, Wrong: "holds no certificate", Fix: "Name a PEM file with BEGIN CERTIFICATE blocks"}}
	}
	return pool, nil
}

// Chart is the clinic's server as the engine uses it.
type Chart struct {
	Client   *fhir.Client
	Importer *intake.Importer
}

// NewChart wires the clinic's server. The configuration has been validated for
// config.NeedServer. unattended is for imports that no person stands in front
// of: they do without a typed birth date.
func (c *Core) NewChart(unattended bool) (*Chart, error) {
	f := c.Config.FHIR
	roots, err := rootsFrom("fhir.ca_file", f.CAFile)
	if err != nil {
		return nil, err
	}
	var certs []tls.Certificate
	if f.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(f.CertFile, f.KeyFile)
		if err != nil {
			return nil, config.Problems{{Path: "fhir.cert_file", Wrong: "certificate and key cannot be used together",
				Fix: "Check that both are PEM files and belong to each other"}}
		}
		certs = append(certs, pair)
	}
	opts := fhir.Options{Base: f.Base, RootCAs: roots, Certificates: certs, Timeout: f.Timeout,
		UserAgent: "shlkiosk", Now: c.Env.Now, Logger: c.Env.Logger}
	opts.Auth, err = authorise(f, roots, certs, c.Env)
	if err != nil {
		return nil, err
	}
	client, err := fhir.New(opts)
	if err != nil {
		return nil, fmt.Errorf("setting up the FHIR client: %w", err)
	}
	imp, err := intake.New(intake.Options{Client: client, Kiosk: c.Config.Kiosk, Organization: c.Config.Organization,
		Site: c.Config.Site, Policy: intake.Policy{CreateNew: c.Config.Identity.Policy == "create", NoTyped: unattended},
		Now: c.Env.Now, Logger: c.Env.Logger})
	if err != nil {
		return nil, fmt.Errorf("setting up imports: %w", err)
	}
	return &Chart{Client: client, Importer: imp}, nil
}

// Probe asks the server what it can, for doctor and for the health of the
// kiosk.
func (ch *Chart) Probe(ctx context.Context) error {
	_, err := ch.Client.Capabilities(ctx)
	return err
}
