package shl

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

const (
	// locationLife: SHL 1.0.0, a location SHALL NOT be used later than one hour
	// after the manifest request.
	locationLife = time.Hour
	// parallel located files. More would look like an attack to small servers.
	parallel = 4
)

// manifest opens a link without flag U.
func (v *visit) manifest() *Error {
	entries, err := v.askManifest()
	if err != nil {
		return err
	}
	asked := v.r.now()
	n := len(entries)
	files, problems := make([]*File, n), make([]*Error, n)
	v.openAll(entries, asked, files, problems)
	if v.mayAskAgain(problems) {
		// One fresh manifest for the locations that were gone, then stop.
		if fresh, ferr := v.askManifest(); ferr == nil && len(fresh) == n {
			for i := range fresh {
				if problems[i] == nil || problems[i].Reason != LocationGone {
					fresh[i].skip = true
				} else {
					problems[i] = nil
				}
			}
			v.openAll(fresh, v.r.now(), files, problems)
		}
	}
	return v.report(entries, files, problems)
}

// mayAskAgain: only locations that are gone can be helped by a second
// manifest, and a passcode is POSTed exactly once for each press.
func (v *visit) mayAskAgain(problems []*Error) bool {
	if v.link.passcode || v.ctx.Err() != nil || v.rec.RetryAfter > 0 {
		return false
	}
	for _, p := range problems {
		if p != nil && p.Reason == LocationGone {
			return true
		}
	}
	return false
}

func (v *visit) report(entries []entry, files []*File, problems []*Error) *Error {
	for i := range entries {
		if files[i] != nil {
			v.rec.Files = append(v.rec.Files, *files[i])
		}
		if e := problems[i]; e != nil {
			v.rec.Problems = append(v.rec.Problems, Problem{Index: i, Stage: e.Stage, Reason: e.Reason, Host: e.Host,
				Status: e.Status, Rule: e.Rule, ContentType: mediaType(entries[i].contentType)})
		}
	}
	if len(v.rec.Files) > 0 {
		return nil
	}
	for _, e := range problems {
		if e != nil {
			e.Files = v.rec.Problems
			return e
		}
	}
	return &Error{Stage: StageRetrieve, Reason: NoFiles, Host: v.rec.Host}
}

// askManifest makes the manifest request.
func (v *visit) askManifest() ([]entry, *Error) {
	var body []byte
	_ = v.passcode.Use(func(p []byte) error {
		if !v.link.passcode {
			p = nil
		}
		body = manifestBody(v.r.recipient, p, v.r.embedded)
		return nil
	})
	defer phi.Wipe(body)
	res, err := v.r.guard.Fetch(v.ctx, guard.Request{
		Method: http.MethodPost, URL: v.link.url, Accept: "application/json", ContentType: "application/json", Body: body,
		MaxBytes: v.r.limits.Manifest, Budget: v.budget, Refuse: refuseHTML,
	})
	if err != nil {
		return nil, v.hosted(fromGuard(err), v.link.url)
	}
	if res.Status != http.StatusOK {
		return nil, v.status(res, true)
	}
	v.rec.Manifest, v.rec.Host, v.rec.ServerDate = true, res.Host, res.Date
	v.rec.RetryAfter = retryAfter(res, v.r.now())
	entries, err2 := readManifest(res.Body, v.r.limits.Files, v.rec)
	if err2 != nil {
		err2.Host, err2.Status = res.Host, res.Status
		return nil, err2
	}
	return entries, nil
}

// manifestBody writes the request without making a string of the passcode.
func manifestBody(recipient string, passcode []byte, embeddedLengthMax int) []byte {
	name, _ := json.Marshal(recipient)
	b := make([]byte, 0, len(name)+6*len(passcode)+96) // one block, so that wiping it wipes the passcode
	b = append(b, `{"recipient":`...)
	b = append(b, name...)
	if len(passcode) > 0 {
		b = append(b, `,"passcode":"`...)
		b = appendJSON(b, passcode)
		b = append(b, '"')
	}
	if embeddedLengthMax != 0 {
		b = append(b, `,"embeddedLengthMax":`...)
		b = strconv.AppendInt(b, int64(max(0, embeddedLengthMax)), 10)
	}
	return append(b, '}')
}

// appendJSON escapes text for a JSON string.
func appendJSON(b, s []byte) []byte {
	const hex = "0123456789abcdef"
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r == utf8.RuneError && n == 1:
			b = append(b, "\xef\xbf\xbd"...)
		default:
			b = append(b, s[:n]...)
		}
		s = s[n:]
	}
	return b
}

// entry is one element of files.
type entry struct {
	contentType string
	location    string
	embedded    string
	fhirVersion string
	status      string
	lastUpdated string
	bad         *Error
	skip        bool
}

// readManifest takes a manifest apart. A bad entry is that entry's problem; a
// bad manifest is an error.
func readManifest(b []byte, maxFiles int, rec *Record) ([]entry, *Error) {
	m, err := members(trimBOM(b))
	if err != nil {
		return nil, fail(StageRetrieve, ManifestInvalid, "json")
	}
	raw, ok := m["files"]
	if !ok || len(raw) == 0 || raw[0] != '[' {
		return nil, fail(StageRetrieve, ManifestInvalid, "files")
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil, fail(StageRetrieve, ManifestInvalid, "files")
	}
	switch {
	case len(list) == 0:
		return nil, fail(StageRetrieve, NoFiles, "")
	case len(list) > maxFiles:
		return nil, fail(StageRetrieve, TooManyFiles, strconv.Itoa(len(list))+" files")
	}
	if l := m["list"]; len(l) > 0 && l[0] == '{' {
		rec.List = append(json.RawMessage(nil), l...)
	}
	whole, _ := text(m["status"]) // trap 10: status at the top of the manifest
	entries := make([]entry, len(list))
	for i, raw := range list {
		entries[i] = readEntry(raw)
		if entries[i].status == "" {
			entries[i].status = whole
		}
	}
	return entries, nil
}

func trimBOM(b []byte) []byte {
	if len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf {
		return b[3:]
	}
	return b
}

func readEntry(raw json.RawMessage) entry {
	var e entry
	m, err := members(raw)
	if err != nil {
		e.bad = fail(StageRetrieve, FileEntry, "not an object")
		return e
	}
	e.contentType, _ = text(m["contentType"])
	e.fhirVersion, _ = text(m["fhirVersion"])
	e.status, _ = text(m["status"])
	e.lastUpdated, _ = text(m["lastUpdated"])
	e.embedded, _ = text(m["embedded"])
	e.location, _ = text(m["location"])
	if strings.TrimSpace(e.embedded) == "" && e.location == "" {
		e.bad = fail(StageRetrieve, FileEntry, "neither embedded nor location")
	}
	return e
}

// openAll opens every entry that is not skipped, located ones in parallel.
func (v *visit) openAll(entries []entry, asked time.Time, files []*File, problems []*Error) {
	var work errgroup.Group
	work.SetLimit(parallel)
	for i := range entries {
		e := &entries[i]
		if e.skip {
			continue
		}
		target, err := v.target(e)
		if err != nil {
			problems[i] = err
			continue
		}
		work.Go(func() error {
			files[i], problems[i] = v.openEntry(i, e, target, asked)
			return nil
		})
	}
	_ = work.Wait()
}

// target decides, one entry after the other, where its bytes come from: nil
// for an embedded one.
func (v *visit) target(e *entry) (*url.URL, *Error) {
	switch {
	case e.bad != nil:
		return nil, e.bad
	case strings.EqualFold(e.status, "no-longer-valid"):
		return nil, fail(StageRetrieve, Withdrawn, "")
	case strings.TrimSpace(e.embedded) != "":
		return nil, nil // embedded wins when both are there
	}
	u, err := v.r.guard.CheckURL(e.location)
	if err != nil {
		bad := fromGuard(err)
		bad.Stage = StageRetrieve
		return nil, bad
	}
	if v.fetched[u.String()] {
		return nil, &Error{Stage: StageRetrieve, Reason: LocationTwice, Host: hostOf(u)}
	}
	v.fetched[u.String()] = true
	return u, nil
}

func (v *visit) openEntry(i int, e *entry, target *url.URL, asked time.Time) (*File, *Error) {
	f := &File{Index: i, FHIRVersion: version(e.fhirVersion), LastUpdated: instant(e.lastUpdated), Status: strings.ToLower(e.status)}
	switch f.Status {
	case "", "finalized":
	case "can-change":
		f.note(NoteSnapshot)
	default:
		f.note(NoteStatusUnknown)
		f.Status = ""
	}
	body, host := []byte(e.embedded), v.rec.Host
	if target != nil {
		if v.r.now().Sub(asked) > locationLife {
			return nil, &Error{Stage: StageRetrieve, Reason: LocationGone, Host: hostOf(target), Rule: "older than one hour"}
		}
		res, err := v.get(target)
		if err != nil {
			switch err.Status {
			case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
				err.Reason = LocationGone
			}
			return nil, err
		}
		body, host = res.Body, res.Host
	} else {
		if e.location != "" {
			f.note(NoteEmbeddedAndLoc)
		}
		if limit := v.r.embedded; limit > 0 && len(body) > limit {
			f.note(NoteEmbeddedTooLong)
		}
		if int64(len(body)) > v.r.limits.File {
			return nil, &Error{Stage: StageRetrieve, Reason: TooLarge, Host: host, Rule: "embedded"}
		}
	}
	if err := v.open(f, body, e.contentType, host); err != nil {
		return nil, err
	}
	return f, nil
}
