package guard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// Reason says in one code why a request was not made or did not succeed.
type Reason string

// The reasons of this room. They are public: the rooms above map them to
// words, and they are written to the audit log.
const (
	BadURL      Reason = "url-invalid"     // not an address a link may carry
	URLTooLong  Reason = "url-too-long"    // above the ceiling
	BadScheme   Reason = "url-scheme"      // not https
	Blocked     Reason = "blocked-address" // an address the kiosk must not open
	DNS         Reason = "dns"             // the name has no address
	Unreachable Reason = "unreachable"     // no connection, or it broke
	TLS         Reason = "tls"             // the certificate or the handshake is not acceptable
	TimedOut    Reason = "timeout"         // the deadline passed
	Cancelled   Reason = "cancelled"       // the caller gave up
	Redirected  Reason = "redirect"        // a redirect that is not followed
	TooLarge    Reason = "too-large"       // the body is above its ceiling
	Encoding    Reason = "content-encoding"
)

// Error is what this package returns. It never holds the URL, only the host.
type Error struct {
	Reason Reason
	Host   string // ASCII form, with the port when it is not 443
	Rule   string // which rule refused, for staff
}

// Error implements error. The text is safe for logs.
func (e *Error) Error() string {
	s := "guard: " + string(e.Reason)
	if e.Rule != "" {
		s += " (" + e.Rule + ")"
	}
	if e.Host != "" {
		s += " at " + e.Host
	}
	return s
}

// classify turns what net/http returned into an Error. The original is
// dropped on purpose: its text repeats the whole URL.
func classify(ctx context.Context, err error, host string) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := &Error{Reason: Unreachable, Host: host}
	var (
		dns       *net.DNSError
		certErr   *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Reason = Cancelled
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Reason = TimedOut
	case errors.As(err, &dns):
		e.Reason = DNS
		if dns.IsTimeout {
			e.Rule = "dns-timeout"
		}
	case errors.As(err, &name):
		e.Reason, e.Rule = TLS, "wrong-name"
	case errors.As(err, &authority):
		e.Reason, e.Rule = TLS, "unknown-authority"
	case errors.As(err, &invalid):
		e.Reason, e.Rule = TLS, "certificate-"+invalidName(invalid.Reason)
	case errors.As(err, &certErr), errors.As(err, &record), errors.As(err, &alert):
		e.Reason = TLS
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		e.Reason = TimedOut
	case strings.Contains(err.Error(), "tls: "), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		e.Reason = TLS // the rest of crypto/tls has no types, nor has this of net/http
	}
	return e
}

func invalidName(r x509.InvalidReason) string {
	if r == x509.Expired {
		return "expired"
	}
	return fmt.Sprintf("invalid-%d", int(r))
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
