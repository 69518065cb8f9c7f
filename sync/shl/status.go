package shl

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shlkiosk/sync/guard"
)

const (
	defaultWait = 30 * time.Second // 429 without a Retry-After that can be read
	longestWait = 24 * time.Hour
	// LongWait is from when on a person should not be kept standing: go to the
	// desk.
	LongWait = 5 * time.Minute
	// saneAttempts bounds remainingAttempts: a count above it is a mistake and
	// is not shown.
	saneAttempts = 1000
)

// status maps an answer that is not 200. manifest tells which request it was:
// a passcode is in that one only.
func (v *visit) status(res *guard.Response, manifest bool) *Error {
	e := &Error{Stage: StageRetrieve, Host: res.Host, Status: res.Status, ServerDate: res.Date}
	says := strings.ToLower(string(res.Body))
	asked := manifest && v.link.passcode
	switch s := res.Status; {
	case s == http.StatusUnauthorized && asked:
		e.Reason = WrongPasscode
		e.Remaining = remaining(res.Body)
		if e.Remaining != nil && *e.Remaining == 0 {
			e.Reason = PasscodeLocked
		}
	case (s == http.StatusBadRequest || s == http.StatusForbidden) && asked && strings.Contains(says, "passcode"):
		// Trap 10: a widespread server does it so, without a count.
		e.Reason = WrongPasscode
		e.Remaining = remaining(res.Body)
		if e.Remaining != nil && *e.Remaining == 0 || saysLocked(says) {
			e.Reason = PasscodeLocked
		}
	case s == http.StatusNotFound, s == http.StatusGone:
		e.Reason = NotActive
	case (s == http.StatusBadRequest || s == http.StatusForbidden) && saysOver(says):
		e.Reason = ExpiredAtServer
	case s == http.StatusBadRequest, s == http.StatusUnauthorized, s == http.StatusForbidden:
		e.Reason = RefusedByServer
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		e.Reason = RateLimited
		e.RetryAfter = retryAfter(res, v.r.now())
		if e.RetryAfter == 0 {
			e.RetryAfter = defaultWait
		}
		v.link.hold(v.r.now().Add(e.RetryAfter))
	case s >= 500:
		e.Reason = ServerError
	case s == http.StatusNoContent, s == http.StatusResetContent:
		e.Reason = EmptyAnswer
	case s >= 300 && s < 400 && s != http.StatusNotModified:
		e.Reason = Redirected
	default:
		e.Reason = OddStatus
	}
	if wait := retryAfter(res, v.r.now()); wait > 0 && e.RetryAfter == 0 && e.Reason != NotActive {
		// A server may slow down guesses without a 429.
		e.RetryAfter = wait
		v.link.hold(v.r.now().Add(wait))
	}
	return e
}

func saysLocked(says string) bool {
	return strings.Contains(strings.NewReplacer("blocked", "", "unlocked", "").Replace(says), "locked")
}

func saysOver(says string) bool {
	for _, w := range []string{"expired", "revoked", "no longer active", "not active", "inactive", "deactivated"} {
		if strings.Contains(says, w) {
			return true
		}
	}
	return false
}

// remaining reads remainingAttempts; only a number that makes sense counts.
func remaining(body []byte) *int {
	var m map[string]json.RawMessage
	if json.Unmarshal(bytes.TrimSpace(body), &m) != nil {
		return nil
	}
	s := strings.Trim(string(m["remainingAttempts"]), `"`)
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > saneAttempts {
		return nil
	}
	return &n
}

// retryAfter reads Retry-After as seconds or as an HTTP date. A date is
// compared with the server's own Date when there is one, so that a wrong clock
// here does not matter. 0 means absent or unreadable.
func retryAfter(res *guard.Response, now time.Time) time.Duration {
	h := strings.TrimSpace(res.Header.Get("Retry-After"))
	if h == "" {
		return 0
	}
	if n, err := strconv.ParseFloat(h, 64); err == nil {
		if n > longestWait.Seconds() {
			return longestWait
		}
		if !(n > 0) {
			return 0
		}
		return time.Duration(n * float64(time.Second))
	}
	at, err := http.ParseTime(h)
	if err != nil {
		return 0
	}
	if !res.Date.IsZero() {
		now = res.Date
	}
	return min(max(0, at.Sub(now)), longestWait)
}
