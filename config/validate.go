package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Need is what a command is about to use. Validate looks only at that.
type Need uint8

// The needs.
const (
	NeedRetrieval Need = 1 << iota // fetching links: organization, retrieval.*, cards.*
	NeedServer                     // the clinic's FHIR server: fhir.*
	NeedLedger                     // ledger.*
	NeedScreen                     // display.*, languages, camera.*, idle.*
	NeedStaff                      // staff.*

	NeedAll = NeedRetrieval | NeedServer | NeedLedger | NeedScreen | NeedStaff
)

// Languages and Themes that exist; ui/words and ui/kit have tests that hold
// them equal.
var (
	knownThemes = []string{"light", "black-on-white", "white-on-black", "grey"}
	tagForm     = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	idForm      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// Validate returns Problems for all settings that the needs touch and that
// cannot work, or nil.
func (c Config) Validate(need Need) error {
	v := &validator{}
	if need&(NeedRetrieval|NeedServer) != 0 {
		v.check(strings.TrimSpace(c.Organization) != "", "organization", "is not set",
			"Write the clinic's name; patients see it in their app as the one who read their record")
		v.check(len([]rune(c.Organization)) <= 120, "organization", "is longer than 120 characters", "Shorten it")
	}
	v.check(idForm.MatchString(c.Kiosk), "kiosk", fmt.Sprintf("%q is not a name", c.Kiosk),
		"Use letters, digits, dots and dashes, at most 64")
	v.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	if need&NeedRetrieval != 0 {
		v.retrieval(c)
	}
	if need&NeedServer != 0 {
		v.server(c)
	}
	if need&NeedLedger != 0 {
		v.ledger(c)
	}
	if need&NeedScreen != 0 {
		v.screen(c)
	}
	if need&NeedStaff != 0 {
		v.staff(c)
	}
	return v.probs.err()
}

type validator struct{ probs Problems }

func (v *validator) check(ok bool, path, wrong, fix string) {
	if !ok {
		v.probs = append(v.probs, Problem{Path: path, Wrong: wrong, Fix: fix})
	}
}

func (v *validator) oneOf(path, got string, all ...string) {
	v.check(slices.Contains(all, got), path, fmt.Sprintf("%q is not known", got), "Use one of: "+strings.Join(all, ", "))
}

func (v *validator) between(path string, got, low, high int) {
	v.check(got >= low && got <= high, path, fmt.Sprintf("%d is out of range", got), fmt.Sprintf("Use %d to %d", low, high))
}

func (v *validator) span(path string, got, low, high time.Duration) {
	v.check(got >= low && got <= high, path, short(got)+" is out of range", "Use "+short(low)+" to "+short(high))
}

func (v *validator) file(path, name string) {
	if name == "" {
		return
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		v.check(false, path, "the file cannot be read: "+reason(err), "Check the path and who may read it")
	case info.IsDir():
		v.check(false, path, "is a folder", "Name a file")
	}
}

func (v *validator) retrieval(c Config) {
	r := c.Retrieval
	v.oneOf("retrieval.profile", r.Profile, "shl", "ktc")
	for i, a := range r.Allow {
		if err := checkAllow(a); err != "" {
			v.check(false, fmt.Sprintf("retrieval.allow[%d]", i), err,
				"Write a host (shl.example.org), host:port, a CIDR (10.1.0.0/16), or http://host:port")
		}
	}
	v.file("retrieval.ca_file", r.CAFile)
	if r.Proxy != "" {
		u, err := url.Parse(r.Proxy)
		v.check(err == nil && u.Host != "" && slices.Contains([]string{"http", "https", "socks5"}, u.Scheme),
			"retrieval.proxy", "is not the address of a proxy", "Write it like http://proxy.example.org:3128")
	}
	v.span("retrieval.timeout", r.Timeout, time.Second, 5*time.Minute)
	v.span("retrieval.skew", r.Skew, 0, time.Hour)
	v.between("retrieval.max_file_mb", r.MaxFile, 1, 500)
	v.between("retrieval.max_inflated_mb", r.MaxInflated, 1, 1000)
	v.between("retrieval.max_total_mb", r.MaxTotal, 1, 2000)
	v.between("retrieval.max_files", r.MaxFiles, 1, 1000)
	for i, iss := range r.Attestation {
		u, err := url.Parse(iss)
		v.check(err == nil && u.Scheme == "https" && u.Host != "", fmt.Sprintf("retrieval.attestation_issuers[%d]", i),
			"is not an https address", "Write the issuer as the app names itself, such as https://app.example.org")
	}
	v.oneOf("cards.policy", c.Cards.Policy, "trusted", "verified", "any")
	v.file("cards.trust_file", c.Cards.TrustFile)
	v.file("cards.trust_key_file", c.Cards.TrustKey)
}

// checkAllow tells what is wrong with one entry of retrieval.allow, or "".
func checkAllow(a string) string {
	bad := fmt.Sprintf("%q is not a host, host:port or CIDR", a)
	if strings.Contains(a, "://") {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") ||
			(u.Path != "" && u.Path != "/") || u.User != nil || u.RawQuery != "" {
			return bad
		}
		return ""
	}
	if strings.Contains(a, "/") {
		if _, err := netip.ParsePrefix(a); err != nil {
			return bad
		}
		return ""
	}
	if a == "" || strings.ContainsAny(a, " \t@?#\\") {
		return bad
	}
	return ""
}

func (v *validator) server(c Config) {
	f := c.FHIR
	u, err := url.Parse(f.Base)
	switch {
	case f.Base == "":
		v.check(false, "fhir.base", "is not set", "Write the base address of the clinic's FHIR server, such as https://fhir.example.org/fhir/R4")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		v.check(false, "fhir.base", fmt.Sprintf("%q is not the base address of a server", f.Base), "Write it like https://fhir.example.org/fhir/R4")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		v.check(false, "fhir.base", "is http to another machine; patient data would travel in the clear", "Use https")
	case u.Scheme != "http" && u.Scheme != "https":
		v.check(false, "fhir.base", fmt.Sprintf("the scheme %q cannot be used", u.Scheme), "Use https")
	}
	v.file("fhir.ca_file", f.CAFile)
	v.file("fhir.cert_file", f.CertFile)
	v.file("fhir.key_file", f.KeyFile)
	v.check((f.CertFile == "") == (f.KeyFile == ""), "fhir.cert_file", "cert_file and key_file belong together", "Set both or neither")
	v.span("fhir.timeout", f.Timeout, time.Second, 10*time.Minute)
	a := f.Auth
	v.oneOf("fhir.auth.kind", a.Kind, "none", "bearer", "client_secret", "private_key_jwt")
	want := func(ok bool, key string) {
		v.check(ok, "fhir.auth."+key, "is not set", "fhir.auth.kind "+a.Kind+" needs it")
	}
	switch a.Kind {
	case "bearer":
		want(a.TokenFile != "", "token_file")
		v.file("fhir.auth.token_file", a.TokenFile)
	case "client_secret":
		want(a.ClientID != "", "client_id")
		want(a.SecretFile != "", "secret_file")
		v.file("fhir.auth.secret_file", a.SecretFile)
		v.oneOf("fhir.auth.secret_method", a.SecretMethod, "basic", "post")
	case "private_key_jwt":
		want(a.ClientID != "", "client_id")
		want(a.KeyFile != "", "key_file")
		v.file("fhir.auth.key_file", a.KeyFile)
	}
	if a.TokenURL != "" {
		u, err := url.Parse(a.TokenURL)
		v.check(err == nil && u.Host != "" && (u.Scheme == "https" || (u.Scheme == "http" && loopback(u.Hostname()))),
			"fhir.auth.token_url", "is not an https address", "Write it like https://fhir.example.org/oauth2/token")
	}
	v.oneOf("identity.policy", c.Identity.Policy, "create", "staff")
	v.check(strings.Contains(c.Import.Tag, ":"), "import.tag_system", "is not a URI", "Write it like urn:example:import")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func (v *validator) ledger(c Config) {
	l := c.Ledger
	v.check(l.Dir != "", "ledger.dir", "is not set", "Name a folder that only the kiosk may read, such as /var/lib/shlkiosk")
	if info, err := os.Stat(l.Dir); l.Dir != "" && err == nil && !info.IsDir() {
		v.check(false, "ledger.dir", "is not a folder", "Name a folder")
	}
	kind, rest, found := strings.Cut(l.Key, ":")
	v.check(l.Key == "" || (found && rest != "" && slices.Contains([]string{"credential", "file", "keyring"}, kind)),
		"ledger.key", "is not a source of a key", "Write credential:NAME, file:/path or keyring:NAME, or leave it empty")
	v.between("ledger.max_records", l.MaxRecords, 1, 1000000)
	v.between("ledger.max_mb", l.MaxMB, 16, 1<<20)
	v.span("ledger.max_age", l.MaxAge, time.Minute, 365*24*time.Hour)
	v.span("ledger.keep_done", l.KeepDone, 0, 10*365*24*time.Hour)
}

func (v *validator) screen(c Config) {
	// 60 mm is a phone, 2000 mm a wall: outside of that it is a slip of units.
	v.between("display.width_mm", c.Display.WidthMM, 60, 2000)
	v.between("display.width", c.Display.Width, 640, 16384)
	v.between("display.height", c.Display.Height, 480, 16384)
	v.oneOf("display.theme", c.Display.Theme, knownThemes...)
	v.check(len(c.Languages) > 0, "languages", "is empty", "Name at least one, such as en")
	for i, l := range c.Languages {
		v.check(tagForm.MatchString(l), fmt.Sprintf("languages[%d]", i), fmt.Sprintf("%q is not a language tag", l),
			"Use tags such as en, es, zh-Hans, vi, fr")
		v.check(slices.Index(c.Languages, l) == i, fmt.Sprintf("languages[%d]", i), "stands there twice", "Keep one")
	}
	v.between("camera.width", c.Camera.Width, 160, 7680)
	v.between("camera.height", c.Camera.Height, 120, 4320)
	v.between("camera.fps", c.Camera.FPS, 1, 120)
	v.oneOf("speech.engine", c.Speech.Engine, "auto", "espeak-ng", "speech-dispatcher", "none")
	v.between("speech.volume", c.Speech.Volume, 0, 100)
	i := c.Idle
	v.span("idle.scan", i.Scan, 20*time.Second, 10*time.Minute)
	v.span("idle.passcode", i.Passcode, 20*time.Second, 10*time.Minute)
	v.span("idle.review", i.Review, 45*time.Second, 300*time.Second) // U10
	v.span("idle.warn", i.Warn, 20*time.Second, 2*time.Minute)       // WCAG 2.2.1: at least 20 s
	v.span("idle.staff", i.Staff, 30*time.Second, 30*time.Minute)
	v.span("idle.done", i.Done, 3*time.Second, time.Minute)
	v.span("idle.desk", i.Desk, 5*time.Second, 2*time.Minute)
}

func (v *validator) staff(c Config) {
	hash := func(path, h string) {
		v.check(h == "" || strings.HasPrefix(h, "$argon2id$"), path, "is not an argon2id hash", "Make one with: kioskctl pin")
	}
	hash("staff.pin_hash", c.Staff.PINHash)
	for i, p := range c.Staff.People {
		at := fmt.Sprintf("staff.people[%d]", i)
		v.check(idForm.MatchString(p.ID), at+".id", fmt.Sprintf("%q is not an id", p.ID), "Use letters, digits, dots and dashes")
		v.check(p.PINHash != "", at+".pin_hash", "is not set", "Make one with: kioskctl pin")
		hash(at+".pin_hash", p.PINHash)
		first := slices.IndexFunc(c.Staff.People, func(q Person) bool { return q.ID == p.ID })
		v.check(first == i, at+".id", "stands there twice", "Give everyone their own id")
	}
}
