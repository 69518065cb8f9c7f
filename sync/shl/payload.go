package shl

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

const (
	keyBytes    = 32                // A256GCM
	normURL     = 128               // SHL 1.0.0: at most 128 characters
	maxURL      = 2048              // receiver.md 1.2: real ones are longer, this is the ceiling
	knownV      = 1                 // the only payload version there is
	millisAbove = 1e11              // receiver.md trap 3: larger values are milliseconds
	lastSecond  = 253402300799      // 9999-12-31T23:59:59Z
	DefaultSkew = 120 * time.Second // receiver.md trap 22: allow 60 to 120 s
)

// Note is a deviation that was tolerated; sync/ktc and kioskctl list them.
type Note string

// The notes of the payload.
const (
	NoteExpMissing   Note = "exp-missing"
	NoteExpMillis    Note = "exp-milliseconds"
	NoteExpString    Note = "exp-string"
	NoteURLLong      Note = "url-above-128"
	NoteFlagOrder    Note = "flag-order"
	NoteFlagUnknown  Note = "flag-unknown"
	NoteFlagUWithP   Note = "flag-u-with-p"
	NoteLabelCleaned Note = "label-cleaned"
	NoteLabelType    Note = "label-not-a-string"
	NoteKeyForm      Note = "key-not-base64url"
	NoteEncoding     Note = "payload-not-base64url"
	NoteBOM          Note = "payload-bom"
)

// Payload is the readable part of a link's payload, without its key. It is
// for kioskctl and the conformance tests: url is a capability, so a kiosk
// neither shows nor logs it.
type Payload struct {
	URL   string      `json:"url"`
	Flag  *string     `json:"flag,omitempty"`
	Exp   json.Number `json:"exp,omitempty"`
	Label *string     `json:"label,omitempty"`
	V     int         `json:"v"`
}

// Parse reads a scanned or pasted text. It makes no request. The error is an
// *Error; Link is nil then. now decides about expiry, with DefaultSkew.
func Parse(text string, now time.Time) (*Link, error) {
	l, err := parse(text, now, DefaultSkew)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ParseWith is Parse with another allowance for a clock that is wrong.
func ParseWith(text string, now time.Time, skew time.Duration) (*Link, error) {
	l, err := parse(text, now, skew)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func parse(text string, now time.Time, skew time.Duration) (*Link, *Error) {
	encoded, err := find(text)
	if err != nil {
		return nil, err
	}
	l, err := parsePayload(encoded, now, skew)
	if err == nil || err.Reason != Damaged {
		return l, err
	}
	// A messenger or a printer may have broken the link over lines.
	joined := strings.NewReplacer("\r", "", "\n", "").Replace(trim(text))
	if joined == text {
		return nil, err
	}
	again, ferr := find(joined)
	if ferr != nil || again == encoded {
		return nil, err
	}
	if l, jerr := parsePayload(again, now, skew); jerr == nil || jerr.Reason != Damaged {
		return l, jerr
	}
	return nil, err
}

func parsePayload(encoded string, now time.Time, skew time.Duration) (*Link, *Error) {
	l := &Link{skew: skew}
	raw, standard, ok := decode64(encoded)
	if !ok {
		return nil, fail(StageDecode, Damaged, "base64url")
	}
	defer phi.Wipe(raw)
	if standard {
		l.note(NoteEncoding)
	}
	body := raw
	if len(body) >= 3 && body[0] == 0xef && body[1] == 0xbb && body[2] == 0xbf {
		body = body[3:]
		l.note(NoteBOM)
	}
	if !utf8.Valid(body) {
		return nil, fail(StageDecode, Damaged, "utf-8")
	}
	m, err := members(body)
	switch {
	case errors.Is(err, errDuplicate):
		return nil, fail(StagePayload, PayloadDuplicate, "")
	case err != nil:
		return nil, fail(StageDecode, Damaged, "json")
	}
	if err := l.read(m, now); err != nil {
		l.Wipe()
		err.label, err.payload = l.label, &l.payload
		return nil, err
	}
	return l, nil
}

// decode64 reads base64url; standard base64 is tolerated and reported.
func decode64(s string) (raw []byte, standard, ok bool) {
	if strings.ContainsAny(s, "+/=") {
		standard = true
		s = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "=")
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	return raw, standard, err == nil
}

// read fills the link. label, exp and flag keep their meaning in every version
// (SHL 1.0.0), so they come first, then v, and only then the rest.
func (l *Link) read(m map[string]json.RawMessage, now time.Time) *Error {
	l.payload.V = knownV
	l.readLabel(m["label"])
	if err := l.readFlag(m["flag"]); err != nil {
		return err
	}
	if u, ok := text(m["url"]); ok {
		l.payload.URL = u
	}
	if err := l.readExp(m["exp"]); err != nil {
		return err
	}
	if err := l.readVersion(m["v"]); err != nil {
		return err
	}
	if err := l.readURL(m["url"]); err != nil {
		return err
	}
	if err := l.readKey(m["key"]); err != nil {
		return err
	}
	return l.checkExpiry(now)
}

func (l *Link) readLabel(raw json.RawMessage) {
	if absent(raw) {
		return
	}
	s, ok := text(raw)
	if !ok {
		l.note(NoteLabelType)
		return
	}
	clean, changed := cleanLabel(s)
	if changed {
		l.note(NoteLabelCleaned)
	}
	l.label = phi.Text(clean)
	l.payload.Label = &clean
}

func (l *Link) readFlag(raw json.RawMessage) *Error {
	if absent(raw) {
		return nil
	}
	s, ok := text(raw)
	if !ok {
		return fail(StagePayload, FlagInvalid, "")
	}
	l.payload.Flag = &s
	upper := strings.ToUpper(s)
	l.direct = strings.Contains(upper, "U")
	l.longTerm = strings.Contains(upper, "L")
	l.passcode = strings.Contains(upper, "P")
	if l.direct && l.passcode {
		// SHL 1.0.0: SHALL NOT occur. U wins: a GET never carries a passcode.
		l.note(NoteFlagUWithP)
		l.passcode = false
	}
	if strings.Trim(upper, "LPU") != "" {
		l.note(NoteFlagUnknown)
	}
	if !slices.IsSorted([]byte(s)) || upper != s {
		l.note(NoteFlagOrder)
	}
	return nil
}

func (l *Link) readVersion(raw json.RawMessage) *Error {
	if absent(raw) {
		return nil
	}
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || v != math.Trunc(v) || v < 1 {
		return fail(StagePayload, VersionInvalid, "")
	}
	l.payload.V = int(min(v, math.MaxInt32))
	if v > knownV {
		return fail(StagePayload, NewerVersion, "v "+strconv.Itoa(l.payload.V))
	}
	return nil
}

func (l *Link) readURL(raw json.RawMessage) *Error {
	s, ok := text(raw)
	if !ok || s == "" {
		return fail(StagePayload, URLMissing, "")
	}
	if len(s) > maxURL {
		return fail(StagePayload, URLTooLong, strconv.Itoa(len(s))+" characters")
	}
	u, err := guard.ParseURL(s)
	if err != nil {
		return fromGuard(err)
	}
	if len(s) > normURL {
		l.note(NoteURLLong)
	}
	l.url = u
	return nil
}

func (l *Link) readKey(raw json.RawMessage) *Error {
	s, ok := text(raw)
	if !ok {
		return fail(StagePayload, KeyInvalid, "missing")
	}
	key, standard, ok := decode64(strings.TrimSpace(s))
	if !ok || len(key) != keyBytes {
		rule := "alphabet"
		if ok {
			rule = strconv.Itoa(len(key)) + " bytes"
		}
		phi.Wipe(key)
		return fail(StagePayload, KeyInvalid, rule)
	}
	if standard {
		l.note(NoteKeyForm)
	}
	l.key = phi.NewSecret(key)
	return nil
}

// readExp tolerates a string of digits and milliseconds.
func (l *Link) readExp(raw json.RawMessage) *Error {
	if absent(raw) {
		l.note(NoteExpMissing)
		return nil
	}
	number := string(raw)
	if s, ok := text(raw); ok {
		if s == "" || strings.Trim(s, "0123456789") != "" {
			return fail(StagePayload, ExpInvalid, "")
		}
		l.note(NoteExpString)
		number = s
	}
	if c := number[0]; c != '-' && (c < '0' || c > '9') {
		return fail(StagePayload, ExpInvalid, "")
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return fail(StagePayload, ExpInvalid, "")
	}
	l.payload.Exp = json.Number(number)
	if v > millisAbove {
		l.note(NoteExpMillis)
		v /= 1000
	}
	if v > lastSecond {
		return fail(StagePayload, ExpInvalid, "")
	}
	v = max(v, 0)
	sec, frac := math.Modf(v)
	l.expires = time.Unix(int64(sec), int64(frac*1e9)).UTC()
	return nil
}

func (l *Link) checkExpiry(now time.Time) *Error {
	if !l.expires.IsZero() && now.After(l.expires.Add(l.skew)) {
		e := fail(StagePayload, Expired, "")
		e.Expired, e.Host = l.expires, hostOf(l.url)
		return e
	}
	return nil
}

func hostOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Host
}
