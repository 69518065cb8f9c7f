package shl

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	"shlkiosk/sync/phi"
)

// Link is one parsed link. It holds the key until Wipe. It never prints what
// is in it. It is safe for concurrent use.
type Link struct {
	url      *url.URL
	key      *phi.Secret
	label    phi.Text
	expires  time.Time
	skew     time.Duration
	direct   bool
	passcode bool
	longTerm bool
	notes    []Note
	payload  Payload

	mu        sync.Mutex
	notBefore time.Time // a server asked for no request before this
	wiped     bool
}

// Direct tells whether the link names one file (flag U).
func (l *Link) Direct() bool { return l.direct }

// NeedsPasscode tells whether a passcode must be asked for (flag P without U).
func (l *Link) NeedsPasscode() bool { return l.passcode }

// LongTerm tells whether the content may change later (flag L). It is read as
// a snapshot.
func (l *Link) LongTerm() bool { return l.longTerm }

// Label is the link's label, cleaned for showing as plain text.
func (l *Link) Label() phi.Text { return l.label }

// Host is the server's name in ASCII, with its port when it names one.
func (l *Link) Host() string { return hostOf(l.url) }

// Expires is when the link ends, zero when it does not say.
func (l *Link) Expires() time.Time { return l.expires }

// Expired tells whether the link has ended, the skew allowed.
func (l *Link) Expired(now time.Time) bool { return l.checkExpiry(now) != nil }

// Notes are the tolerated deviations of the payload.
func (l *Link) Notes() []Note { return slices.Clone(l.notes) }

// Payload is the payload without its key. See the type's warning.
func (l *Link) Payload() Payload { return l.payload }

// Same tells whether two links are the same code, so that a code seen thirty
// times a second is one visit.
func (l *Link) Same(other *Link) bool {
	return other != nil && l.url != nil && other.url != nil && l.url.String() == other.url.String()
}

// Wipe overwrites the key and forgets the address. The link cannot be
// resolved afterwards.
func (l *Link) Wipe() {
	if l == nil {
		return
	}
	l.key.Wipe()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wiped = true
}

func (l *Link) isWiped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wiped
}

// hold remembers that the server wants no request for d.
func (l *Link) hold(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.notBefore) {
		l.notBefore = until
	}
}

func (l *Link) heldFor(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.notBefore.Sub(now))
}

func (l *Link) note(n Note) {
	if !slices.Contains(l.notes, n) {
		l.notes = append(l.notes, n)
	}
}

// String implements fmt.Stringer.
func (*Link) String() string { return phi.Redacted }

// GoString implements fmt.GoStringer.
func (*Link) GoString() string { return phi.Redacted }

// Format implements fmt.Formatter.
func (*Link) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, phi.Redacted) }

// LogValue implements slog.LogValuer.
func (*Link) LogValue() slog.Value { return slog.StringValue(phi.Redacted) }

// MarshalText implements encoding.TextMarshaler.
func (*Link) MarshalText() ([]byte, error) { return []byte(phi.Redacted), nil }
