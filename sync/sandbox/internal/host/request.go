package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Content types of files (S1, manifest files[].contentType).
const (
	TypeFHIR = "application/fhir+json"
	TypeCard = "application/smart-health-card"
	TypeAPI  = "application/smart-api-access"
)

// Request says what link to make. Its JSON form is that of its tags, with
// expires in seconds.
type Request struct {
	// Bundle is short for one file of type application/fhir+json.
	Bundle json.RawMessage `json:"bundle,omitempty"`
	Files  []File          `json:"files,omitempty"`
	// Passcode adds the flag P.
	Passcode string `json:"passcode,omitempty"`
	// Attempts is the lifetime count of wrong passcodes; 0 stands for 5.
	Attempts int `json:"attempts,omitempty"`
	// Flags are the letters as they go into the link; P is added by Passcode.
	// Without any, one file without a passcode is a direct link (U). "-" stands
	// for none: a manifest link.
	Flags string `json:"flag,omitempty"`
	// Expires is the time until exp; 0 stands for 15 minutes, below 0 is a link
	// that has run out already. JSON: seconds.
	Expires time.Duration `json:"-"`
	// NoExp leaves exp out of the link (legal in SHL, not in KTC).
	NoExp bool   `json:"noExp,omitempty"`
	Label string `json:"label,omitempty"`
	// Zip compresses the files (zip DEF).
	Zip bool `json:"zip,omitempty"`
	// Located gives every file by location; else embeddedLengthMax decides.
	Located bool `json:"located,omitempty"`
	// LocationSeconds is how long a location lives; 0 stands for 300 (S1: at most
	// 3600). LocationUses is how often it answers; 0 stands for once.
	LocationSeconds int `json:"locationSeconds,omitempty"`
	LocationUses    int `json:"locationUses,omitempty"`
	// Uses is how often the link answers; 0: no limit.
	Uses int `json:"uses,omitempty"`
	// Throttle is how many requests are first answered 429, with RetryAfter;
	// RetryAfter without Throttle goes on the 200 of the manifest.
	Throttle   int    `json:"throttle,omitempty"`
	RetryAfter string `json:"retryAfter,omitempty"`
	// Viewer is a prefix of the link that ends in "#"; "-": the bare link.
	// Empty stands for bare.
	Viewer string `json:"viewer,omitempty"`
	// Version is v in the payload; 0 leaves it out (1).
	Version int `json:"v,omitempty"`
	// Hostile breaks a rule on purpose: see HostileKinds.
	Hostile string `json:"hostile,omitempty"`
	// RedirectTo is where Hostile "redirect" and "location-elsewhere" point.
	RedirectTo string `json:"redirectTo,omitempty"`
}

// File is one file of a link.
type File struct {
	ContentType string `json:"contentType"`
	// Content is the plaintext; in JSON either "json" (any JSON value) or "data"
	// (base64).
	Content     []byte          `json:"data,omitempty"`
	JSON        json.RawMessage `json:"json,omitempty"`
	FHIRVersion string          `json:"fhirVersion,omitempty"`
	// Status is finalized, can-change or no-longer-valid.
	Status      string `json:"status,omitempty"`
	LastUpdated string `json:"lastUpdated,omitempty"`
	// NoCty leaves cty out of the JWE header, as HL7's own example does.
	NoCty bool `json:"noCty,omitempty"`
	// Cty replaces the JWE's cty.
	Cty string `json:"cty,omitempty"`
}

// Issued is a link that was made.
type Issued struct {
	// Link is the text of the code: "shlink:/..." behind the viewer, if one was
	// asked for.
	Link string `json:"link"`
	// Bare is the link without viewer.
	Bare string `json:"bare"`
	// URL is the manifest or file address in the link.
	URL string `json:"url"`
	// Expires is when it runs out; zero: never.
	Expires time.Time `json:"expires,omitzero"`
	Flag    string    `json:"flag,omitempty"`
	Label   string    `json:"label,omitempty"`
	// ID names the link at the control endpoints.
	ID string `json:"id"`
}

// HostileKinds are the values of Request.Hostile.
var HostileKinds = []string{
	"wrong-key",          // the key in the link is not the one of the files
	"tampered",           // one bit of the ciphertext is turned
	"html",               // 200 with a web page
	"redirect",           // 302 to RedirectTo
	"redirect-post",      // 307 to RedirectTo
	"slow",               // a byte every 100 ms
	"hang",               // no answer
	"huge",               // an endless body
	"bomb",               // a JWE of a few kB that inflates to 256 MB
	"wrong-type",         // the right body as text/plain
	"truncated",          // half the body under its full length
	"empty",              // 200 without a body
	"drop",               // the connection closes
	"error",              // 500
	"gone",               // 410
	"bad-manifest",       // 200 application/json that is no manifest
	"location-elsewhere", // located files point to RedirectTo
	"plain",              // the file itself, not encrypted
	"medplum",            // wrong passcode is 400 {"error":...}; expired is 400
}

// wire is Request with the duration as seconds.
type wire struct {
	requestAlias
	Expires json.Number `json:"expires,omitempty"`
}

type requestAlias Request

// MarshalJSON implements json.Marshaler.
func (r Request) MarshalJSON() ([]byte, error) {
	w := wire{requestAlias: requestAlias(r)}
	if r.Expires != 0 {
		w.Expires = json.Number(fmt.Sprint(r.Expires.Seconds()))
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements json.Unmarshaler. Unknown members are errors.
func (r *Request) UnmarshalJSON(b []byte) error {
	var w wire
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return err
	}
	*r = Request(w.requestAlias)
	if w.Expires != "" {
		s, err := w.Expires.Float64()
		if err != nil || s > 1e10 || s < -1e10 {
			return errors.New("expires must be a number of seconds")
		}
		r.Expires = time.Duration(s * float64(time.Second))
		if r.Expires == 0 {
			r.Expires = -time.Second // asked for a link that ends now
		}
	}
	return nil
}

// normal checks a request and fills in what is left open.
func (r *Request) normal() error {
	r.Files = slices.Clone(r.Files)
	if len(r.Bundle) > 0 {
		r.Files = append([]File{{ContentType: TypeFHIR, Content: r.Bundle}}, r.Files...)
		r.Bundle = nil
	}
	if len(r.Files) == 0 && !strings.Contains(r.Flags, "-") {
		return errors.New("nothing to share: give bundle or files")
	}
	for i := range r.Files {
		f := &r.Files[i]
		if len(f.Content) == 0 {
			f.Content = f.JSON
		}
		f.JSON = nil
		if f.ContentType == "" {
			f.ContentType = TypeFHIR
		}
		if len(f.Content) == 0 {
			return fmt.Errorf("files[%d] has no content", i)
		}
	}
	if r.Expires == 0 {
		r.Expires = 15 * time.Minute // KTC: a phone's screen lives 5 to 15 minutes
	}
	if strings.Contains(r.Flags, "P") && r.Passcode == "" {
		return errors.New("flag P needs a passcode")
	}
	manifest := strings.Contains(r.Flags, "-")
	flags := strings.NewReplacer("-", "", "P", "").Replace(r.Flags)
	if flags == "" && !manifest && r.Passcode == "" && len(r.Files) == 1 {
		flags = "U"
	}
	if r.Passcode != "" {
		flags += "P"
	}
	letters := strings.Split(flags, "")
	slices.Sort(letters)
	r.Flags = strings.Join(slices.Compact(letters), "")
	if r.direct() && (r.Passcode != "" || len(r.Files) != 1) {
		return errors.New("a direct link (U) has one file and no passcode")
	}
	if r.Attempts <= 0 {
		r.Attempts = 5
	}
	if r.LocationSeconds <= 0 {
		r.LocationSeconds = 300
	}
	if r.LocationUses <= 0 {
		r.LocationUses = 1
	}
	if r.Hostile != "" && !slices.Contains(HostileKinds, r.Hostile) {
		return fmt.Errorf("hostile %q is none of %s", r.Hostile, strings.Join(HostileKinds, ", "))
	}
	if r.Viewer != "" && r.Viewer != "-" {
		if u, err := url.Parse(r.Viewer); err != nil || u.Host == "" || !strings.HasSuffix(r.Viewer, "#") {
			return errors.New("viewer must be an address that ends in #")
		}
	}
	if len([]rune(r.Label)) > 80 { // S1: label at most 80 characters
		return errors.New("label is longer than 80 characters")
	}
	return nil
}

func (r *Request) direct() bool { return strings.Contains(r.Flags, "U") }
