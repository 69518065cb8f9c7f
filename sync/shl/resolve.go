package shl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

// Limits bounds one Resolve. Zero fields take the default.
type Limits struct {
	Manifest int64 // bytes of a manifest, which may embed files; default 30 MB
	File     int64 // bytes of one encrypted file; default 30 MB
	Inflated int64 // bytes of one plaintext; default 60 MB
	Total    int64 // bytes of all answers of one Resolve; default 200 MB
	Files    int   // entries of a manifest; default 100
}

// DefaultLimits are those of receiver.md 1.6.
func DefaultLimits() Limits {
	return Limits{Manifest: 30 << 20, File: 30 << 20, Inflated: 60 << 20, Total: 200 << 20, Files: 100}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Manifest > 0 {
		d.Manifest = l.Manifest
	}
	if l.File > 0 {
		d.File = l.File
	}
	if l.Inflated > 0 {
		d.Inflated = l.Inflated
	}
	if l.Total > 0 {
		d.Total = l.Total
	}
	if l.Files > 0 {
		d.Files = l.Files
	}
	return d
}

// Options configures a Resolver.
type Options struct {
	// Guard makes the requests; it must be set.
	Guard *guard.Guard
	// Recipient is the name that the patient reads in the audit log of the
	// app: organisation, site, kiosk. It must be set (SHL 1.0.0: SHALL).
	Recipient string
	Limits    Limits
	// EmbeddedLengthMax is what is asked of the server, in bytes of one
	// embedded file; 0 leaves it to the server, negative asks for none.
	EmbeddedLengthMax int
	// LiveAccess lets a file of type smart-api-access be used: its queries are
	// made once, through the guard. Off, the file is only recognised. Either way
	// its token is wiped before Resolve returns.
	LiveAccess bool
	// Timeout is the deadline of one whole Resolve; 0 means 30 seconds.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Resolver opens links. It is safe for concurrent use.
type Resolver struct {
	guard     *guard.Guard
	recipient string
	limits    Limits
	embedded  int
	live      bool
	timeout   time.Duration
	now       func() time.Time
}

// ErrNotConfigured says which option a Resolver was made without.
var ErrNotConfigured = errors.New("shl: resolver not configured")

// NewResolver returns a Resolver. A missing Guard or Recipient is reported by
// the first Check or Resolve as ErrNotConfigured.
func NewResolver(o Options) *Resolver {
	r := &Resolver{guard: o.Guard, recipient: strings.TrimSpace(o.Recipient), limits: o.Limits.orDefault(),
		embedded: o.EmbeddedLengthMax, live: o.LiveAccess, timeout: o.Timeout, now: o.Now}
	if r.timeout <= 0 {
		r.timeout = guard.DefaultTimeout
	}
	if r.now == nil {
		r.now = time.Now
	}
	return r
}

// Record is what a link gave.
type Record struct {
	Files    []File
	Problems []Problem // files that were not opened, and why
	Partial  bool      // some files were opened and something was lost (Problem.Lost)
	Host     string
	// RetryAfter is how long the server wants no further request, or 0.
	RetryAfter time.Duration
	// ServerDate is the server's clock, zero when it sent none; far from ours,
	// it is the kiosk's clock that staff must look at before blaming links.
	ServerDate time.Time
	// List is the manifest's FHIR List as it came, or nil: metadata only.
	List json.RawMessage `json:"-"`
	// Manifest tells whether there was one, or a direct file.
	Manifest bool
	Notes    []Note
}

// Problem is one file that was not opened.
type Problem struct {
	Index  int // position in the manifest
	Stage  Stage
	Reason Reason
	Host   string
	Status int
	Rule   string
	// ContentType is what the manifest said.
	ContentType string
}

// Lost tells whether content is missing because of the problem: a file that
// its sender withdrew or listed twice is reported, and nothing is lost by it.
func (p Problem) Lost() bool { return p.Reason != Withdrawn && p.Reason != LocationTwice }

// Format prints what a log may hold.
func (r Record) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "record from %s %v problems %v notes %v", r.Host, r.Files, r.Problems, r.Notes)
}

// LogValue implements slog.LogValuer.
func (r Record) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// Wipe overwrites all plaintext.
func (r *Record) Wipe() {
	if r == nil {
		return
	}
	for i := range r.Files {
		r.Files[i].Wipe()
	}
}

// Check tells, without any request, whether the link may be opened from here
// and now: the guard's rules for the address, and expiry. Call it before
// asking the patient for a passcode.
func (r *Resolver) Check(link *Link) error {
	if err := r.check(link); err != nil {
		return err
	}
	return nil
}

func (r *Resolver) check(link *Link) error {
	if r.guard == nil || r.recipient == "" {
		return ErrNotConfigured
	}
	if link == nil || link.isWiped() {
		return fail(StagePayload, Wiped, "")
	}
	if err := link.checkExpiry(r.now()); err != nil {
		return err
	}
	if _, err := r.guard.CheckURL(link.url.String()); err != nil {
		return fromGuard(err)
	}
	return nil
}

// Resolve opens the link: one GET of a direct file, or one POST of the
// manifest request and one GET for each located file. The passcode is used
// only when the link needs one, is sent in exactly one request, and stays the
// caller's to wipe. A Record with at least one file is no error; otherwise
// the error is an *Error (or ErrNotConfigured).
func (r *Resolver) Resolve(ctx context.Context, link *Link, passcode *phi.Secret) (*Record, error) {
	if err := r.check(link); err != nil {
		return nil, err
	}
	if link.passcode && passcode.Len() == 0 {
		return nil, fail(StagePayload, PasscodeNeeded, "")
	}
	if wait := link.heldFor(r.now()); wait > 0 {
		// SHL 1.0.0: after 429 the client SHALL wait.
		return nil, &Error{Stage: StageRetrieve, Reason: RateLimited, Host: link.Host(), RetryAfter: wait, Rule: "not asked again yet"}
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	v := &visit{r: r, ctx: ctx, link: link, passcode: passcode, budget: guard.NewBudget(r.limits.Total),
		rec: &Record{Host: link.Host()}, fetched: map[string]bool{}}
	var err *Error
	if link.direct {
		err = v.direct()
	} else {
		err = v.manifest()
	}
	v.liveAccess()
	if err != nil {
		v.rec.Wipe()
		return nil, err
	}
	v.rec.Partial = slices.ContainsFunc(v.rec.Problems, Problem.Lost)
	if v.rec.RetryAfter > 0 {
		link.hold(r.now().Add(v.rec.RetryAfter))
	}
	return v.rec, nil
}

// visit is one Resolve.
type visit struct {
	r        *Resolver
	ctx      context.Context
	link     *Link
	passcode *phi.Secret
	budget   *guard.Budget
	rec      *Record
	fetched  map[string]bool
}

const acceptFile = "application/jose, */*;q=0.1" // receiver.md trap 23

// direct opens the one file of a link with flag U.
func (v *visit) direct() *Error {
	res, err := v.get(v.directURL())
	if err != nil {
		return err
	}
	v.rec.Host, v.rec.ServerDate = res.Host, res.Date
	v.rec.RetryAfter = retryAfter(res, v.r.now())
	if mediaType(res.Header.Get("Content-Type")) != "application/jose" {
		v.rec.Notes = append(v.rec.Notes, NoteAnswerType)
	}
	f := File{}
	if err := v.open(&f, res.Body, "", res.Host); err != nil {
		return err
	}
	v.rec.Files = []File{f}
	return nil
}

// directURL adds recipient to the query that is there, however odd it is.
func (v *visit) directURL() *url.URL {
	u := *v.link.url
	add := "recipient=" + strings.ReplaceAll(url.QueryEscape(v.r.recipient), "+", "%20")
	if u.RawQuery == "" {
		u.RawQuery = add
	} else {
		u.RawQuery = strings.TrimSuffix(u.RawQuery, "&") + "&" + add
	}
	return &u
}

// get fetches one encrypted file.
func (v *visit) get(u *url.URL) (*guard.Response, *Error) {
	res, err := v.r.guard.Fetch(v.ctx, guard.Request{
		Method: http.MethodGet, URL: u, Accept: acceptFile,
		MaxBytes: v.r.limits.File, Budget: v.budget, Refuse: refuseHTML,
	})
	if err != nil {
		return nil, v.hosted(fromGuard(err), u)
	}
	if res.Status != http.StatusOK {
		return nil, v.status(res, false)
	}
	if len(res.Body) == 0 {
		return nil, &Error{Stage: StageRetrieve, Reason: EmptyAnswer, Host: res.Host, Status: res.Status}
	}
	return res, nil
}

func (v *visit) hosted(e *Error, u *url.URL) *Error {
	if e.Host == "" {
		e.Host = hostOf(u)
	}
	return e
}

// refuseHTML stops at the head: a login page or a bot wall is no record.
func refuseHTML(status int, h http.Header) error {
	switch mediaType(h.Get("Content-Type")) {
	case "text/html", "application/xhtml+xml":
		return &Error{Stage: StageRetrieve, Reason: HTMLAnswer, Status: status}
	}
	return nil
}

// open decrypts body, which it owns, into f.
func (v *visit) open(f *File, body []byte, manifestType, host string) *Error {
	err := openInto(f, body, v.link.key, manifestType, v.r.limits.Inflated)
	if err != nil {
		err.Host = host
	}
	return err
}

func openInto(f *File, body []byte, key *phi.Secret, manifestType string, maxInflated int64) *Error {
	switch looksLike(body) {
	case shapeJWS:
		// Trap 1: HL7's own insurance example. A card is signed, so it can be
		// believed without the link's key; it is noted that everybody on the
		// way could read it.
		f.Bytes = []byte(strings.TrimSpace(string(body)))
		f.note(NoteCardInClear)
		return judge(f, "", manifestType)
	case shapeClear:
		return fail(StageDecrypt, ClearText, "")
	}
	p, err := openJWE(body, key, maxInflated)
	if err != nil {
		return err
	}
	f.Bytes, f.Compressed = p.Bytes, p.Compressed
	if p.KidDiffers {
		f.note(NoteKidDiffers)
	}
	if p.ZlibWrapped {
		f.note(NoteZlib)
	}
	return judge(f, p.ContentType, manifestType)
}

type shape int

const (
	shapeOther shape = iota
	shapeJWS
	shapeClear
)

func looksLike(body []byte) shape {
	if bareJWS(body) {
		return shapeJWS
	}
	if content, _ := sniff(body); content == ContentFHIR || content == ContentCard || content == ContentPDF {
		return shapeClear
	}
	return shapeOther
}
