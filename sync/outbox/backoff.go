package outbox

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter caps what a server may ask for, and our own back-off: a typo in
// a proxy's configuration must not silence a kiosk for a year.
const MaxRetryAfter = time.Hour

// minRetry keeps every retry from becoming a hot loop, whatever the server or
// the dice say.
const minRetry = time.Second

// backoff is "full jitter" (M. Brooker, AWS Architecture Blog, 2015): evenly
// between the floor and base doubled with each failure, up to limit. Kiosks
// that lost the same server spread out instead of coming back as one.
func backoff(failures int, base, limit time.Duration, r *rand.Rand) time.Duration {
	top := base
	for range min(max(failures-1, 0), 40) {
		if top *= 2; top >= limit {
			break
		}
	}
	top = max(min(top, limit), minRetry)
	return minRetry + time.Duration(r.Int64N(int64(top-minRetry)+1))
}

// RetryAfter reads the header Retry-After (RFC 9110, 10.2.3): seconds or an
// HTTP date. Garbage, negative numbers and dates that have passed are 0, which
// means the caller's own back-off; anything above MaxRetryAfter is capped.
func RetryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0
	}
	digits := strings.Trim(header, "0123456789") == ""
	if digits {
		n, err := strconv.ParseInt(header, 10, 64)
		if err != nil || n > int64(MaxRetryAfter/time.Second) {
			return MaxRetryAfter
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxRetryAfter)
}
