// Package config is the kiosk's configuration: one typed Config, filled from
// defaults, then one YAML file, then KIOSK_... environment variables, then
// flags. Reading is strict: an unknown key is a problem, not a shrug. Every
// problem is reported at once, each with its path and what to write instead.
//
// A command asks only for what it needs: Validate takes the needs. The package
// knows nothing of the rooms that use the values; cmd turns a Config into each
// room's Options.
//
// No secret stands in the file itself: secrets are named by files (or a
// credential of systemd), so that the file can be shown and copied. PIN hashes
// are the exception and are redacted by Show.
package config

import "time"

// Config is the whole configuration. Field tags: yaml is the key, doc one line
// for people, secret marks what Show hides.
type Config struct {
	Organization string   `yaml:"organization" doc:"the clinic's name; patients see it in their app's access log as the recipient"`
	Site         string   `yaml:"site" doc:"the place, when the clinic has several"`
	Kiosk        string   `yaml:"kiosk" doc:"this kiosk's name, in receipts and the audit log"`
	Languages    []string `yaml:"languages" doc:"languages offered, the first is the default: en, es, zh-Hans, vi, fr"`

	Display   Display   `yaml:"display"`
	Camera    Camera    `yaml:"camera"`
	Speech    Speech    `yaml:"speech"`
	FHIR      FHIR      `yaml:"fhir"`
	Retrieval Retrieval `yaml:"retrieval"`
	Cards     Cards     `yaml:"cards"`
	Identity  Identity  `yaml:"identity"`
	Import    Import    `yaml:"import"`
	Ledger    Ledger    `yaml:"ledger"`
	Audit     Audit     `yaml:"audit"`
	Staff     Staff     `yaml:"staff"`
	Desk      Desk      `yaml:"desk"`
	Idle      Idle      `yaml:"idle"`
	Log       Log       `yaml:"log"`
}

// Display is the screen.
type Display struct {
	WidthMM    int    `yaml:"width_mm" doc:"width of the picture on the glass in millimetres; all sizes come from it (21.5 inch: 476)"`
	Fullscreen bool   `yaml:"fullscreen" doc:"fill the whole screen, without a frame"`
	Width      int    `yaml:"width" doc:"window width in pixels when not fullscreen"`
	Height     int    `yaml:"height" doc:"window height in pixels when not fullscreen"`
	Theme      string `yaml:"theme" doc:"default theme: light, black-on-white, white-on-black, grey"`
}

// Camera is the eye.
type Camera struct {
	Device string `yaml:"device" doc:"number (0), path (/dev/video0), part of the name (\"Logitech\"), a film file or a folder of pictures; empty: the first that answers"`
	Width  int    `yaml:"width" doc:"picture width asked of the camera"`
	Height int    `yaml:"height" doc:"picture height asked of the camera"`
	FPS    int    `yaml:"fps" doc:"pictures a second asked of the camera"`
	MJPG   bool   `yaml:"mjpg" doc:"ask for MJPG, which most USB cameras need for 720p at 30 a second"`
	Mirror bool   `yaml:"mirror" doc:"show the preview mirrored, as people expect of a mirror"`
	Wedge  bool   `yaml:"wedge" doc:"accept a keyboard-wedge scanner"`
}

// Speech is the voice.
type Speech struct {
	Engine string `yaml:"engine" doc:"auto, espeak-ng, speech-dispatcher or none"`
	Volume int    `yaml:"volume" doc:"percent at the start of a visit"`
}

// FHIR is the clinic's server.
type FHIR struct {
	Base     string        `yaml:"base" doc:"base address of the clinic's FHIR R4 server; https (http on loopback only)"`
	CAFile   string        `yaml:"ca_file" doc:"PEM file with the server's own certificate authority"`
	CertFile string        `yaml:"cert_file" doc:"PEM file with the kiosk's client certificate, for mutual TLS"`
	KeyFile  string        `yaml:"key_file" doc:"PEM file with the key of cert_file"`
	Timeout  time.Duration `yaml:"timeout" doc:"longest time one request may take"`
	Auth     Auth          `yaml:"auth"`
}

// Auth is how the kiosk proves itself to the FHIR server.
type Auth struct {
	Kind         string `yaml:"kind" doc:"none, bearer, client_secret or private_key_jwt (SMART Backend Services)"`
	TokenFile    string `yaml:"token_file" doc:"bearer: file with the token"`
	ClientID     string `yaml:"client_id" doc:"client_secret, private_key_jwt: the registered client"`
	SecretFile   string `yaml:"secret_file" doc:"client_secret: file with the secret"`
	SecretMethod string `yaml:"secret_method" doc:"client_secret: basic or post"`
	KeyFile      string `yaml:"key_file" doc:"private_key_jwt: file with the private JWK (kioskctl key makes it)"`
	TokenURL     string `yaml:"token_url" doc:"token endpoint; empty: discovered from the server"`
	Scope        string `yaml:"scope" doc:"scope asked for; empty: the server's default"`
}

// Retrieval is what may be fetched for a scanned link, and how much of it.
type Retrieval struct {
	Allow       []string      `yaml:"allow" doc:"hosts, host:port or CIDRs let through besides the public internet on 443; http only when named with the scheme"`
	Profile     string        `yaml:"profile" doc:"shl: open every honest link and list what the KTC profile finds; ktc: refuse what it refuses"`
	CAFile      string        `yaml:"ca_file" doc:"PEM file with further certificate authorities for link hosts"`
	Proxy       string        `yaml:"proxy" doc:"proxy for link hosts; none is taken from the environment"`
	Timeout     time.Duration `yaml:"timeout" doc:"longest time one link may take altogether"`
	MaxFile     int           `yaml:"max_file_mb" doc:"largest file of a link, in MB as sent"`
	MaxInflated int           `yaml:"max_inflated_mb" doc:"largest file once opened, in MB"`
	MaxTotal    int           `yaml:"max_total_mb" doc:"all files of a link together, in MB"`
	MaxFiles    int           `yaml:"max_files" doc:"most files in one link"`
	Skew        time.Duration `yaml:"skew" doc:"how wrong clocks may be before a link counts as expired"`
	Attestation []string      `yaml:"attestation_issuers" doc:"app issuers whose attestation is verified; others are never contacted"`
	APIAccess   bool          `yaml:"api_access" doc:"also import through links that offer live access"`
}

// Cards is the policy for SMART Health Cards.
type Cards struct {
	TrustFile string `yaml:"trust_file" doc:"directory of issuers in VCI form; works offline"`
	TrustKey  string `yaml:"trust_key_file" doc:"public key that signs updates of trust_file"`
	Policy    string `yaml:"policy" doc:"which cards may be filed: trusted, verified (also unknown issuers) or any (staff check)"`
}

// Identity is how sure the kiosk must be before it files by itself.
type Identity struct {
	Policy  string `yaml:"policy" doc:"nobody found: create (a new chart) or staff (they decide)"`
	AskFact bool   `yaml:"ask_fact" doc:"ask the patient for their postal code besides the birth date"`
}

// Import is how a record is written into the chart.
type Import struct {
	KeepSource bool   `yaml:"keep_source" doc:"keep the received document whole beside what is made of it"`
	Tag        string `yaml:"tag_system" doc:"system of the tags and identifiers that an import stamps"`
}

// Ledger is where imports wait until the server has them.
type Ledger struct {
	Dir        string        `yaml:"dir" doc:"folder of the ledger, the audit log and the made key"`
	Key        string        `yaml:"key" doc:"credential:NAME (systemd), file:PATH or keyring:NAME; empty: a key file is made once in dir"`
	MaxRecords int           `yaml:"max_records" doc:"most imports that may wait"`
	MaxMB      int           `yaml:"max_mb" doc:"most space that waiting imports may take"`
	MaxAge     time.Duration `yaml:"max_age" doc:"staff are warned when an import has waited this long"`
	KeepDone   time.Duration `yaml:"keep_done" doc:"how long verified imports stay listed before their key is shredded"`
}

// Audit is the kiosk's own record of who did what, in ledger.dir.
type Audit struct {
	Ship bool `yaml:"ship" doc:"also send the audit trail to the FHIR server, as AuditEvent; a server that takes none is left alone"`
}

// Staff are the people of the front desk.
type Staff struct {
	PINHash string   `yaml:"pin_hash" doc:"argon2id hash of one shared PIN (kioskctl pin makes it)" secret:"true"`
	People  []Person `yaml:"people" doc:"members of staff with their own PINs, as HIPAA asks"`
}

// Person is one member of staff.
type Person struct {
	ID      string `yaml:"id" doc:"short id, used in the audit log"`
	Name    string `yaml:"name" doc:"name shown after login"`
	PINHash string `yaml:"pin_hash" doc:"argon2id hash (kioskctl pin makes it)" secret:"true"`
}

// Desk is the connection for the front desk on another machine.
type Desk struct {
	Listen string `yaml:"listen" doc:"address for kiosk desk --connect; empty: nothing listens"`
}

// Idle is how long the kiosk waits for people.
type Idle struct {
	Scan     time.Duration `yaml:"scan" doc:"scan screen, before the warning"`
	Passcode time.Duration `yaml:"passcode" doc:"passcode screen, before the warning"`
	Review   time.Duration `yaml:"review" doc:"review, identity and consent, before the warning (45 s to 300 s)"`
	Warn     time.Duration `yaml:"warn" doc:"how long the warning counts down (at least 20 s)"`
	Staff    time.Duration `yaml:"staff" doc:"staff screens, before they close"`
	Done     time.Duration `yaml:"done" doc:"how long the last screen stays"`
	Desk     time.Duration `yaml:"desk" doc:"how long 'see the front desk' stays"`
}

// Log is the program's own log: codes, never patient data.
type Log struct {
	Level string `yaml:"level" doc:"debug, info, warn or error"`
}

// Defaults is a Config that lacks only what nobody can guess.
func Defaults() Config {
	return Config{
		Kiosk:     "kiosk-1",
		Languages: []string{"en", "es", "zh-Hans", "vi", "fr"},
		Display:   Display{WidthMM: 476, Fullscreen: true, Width: 1280, Height: 800, Theme: "light"},
		Camera:    Camera{Width: 1280, Height: 720, FPS: 30, MJPG: true, Mirror: true, Wedge: true},
		Speech:    Speech{Engine: "auto", Volume: 70},
		FHIR:      FHIR{Timeout: 30 * time.Second, Auth: Auth{Kind: "none", SecretMethod: "basic"}},
		Retrieval: Retrieval{Profile: "shl", Timeout: 30 * time.Second, MaxFile: 30, MaxInflated: 60,
			MaxTotal: 200, MaxFiles: 100, Skew: 2 * time.Minute},
		Cards:    Cards{Policy: "verified"},
		Identity: Identity{Policy: "staff"},
		Import:   Import{KeepSource: true, Tag: "urn:shlkiosk:import"},
		Ledger: Ledger{Dir: "", MaxRecords: 10000, MaxMB: 4096, MaxAge: 72 * time.Hour,
			KeepDone: 30 * 24 * time.Hour},
		Audit: Audit{Ship: true},
		Idle: Idle{Scan: 60 * time.Second, Passcode: 60 * time.Second, Review: 120 * time.Second,
			Warn: 30 * time.Second, Staff: 120 * time.Second, Done: 10 * time.Second, Desk: 15 * time.Second},
		Log: Log{Level: "info"},
	}
}
