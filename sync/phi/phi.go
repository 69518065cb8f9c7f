// Package phi holds the types that protected health information travels in.
//
// The promise: a value of these types that reaches a log line, an error, a
// %v or %#v, a slog attribute or a JSON encoder by accident prints
// "[redacted]". Getting at the content takes a call that can be searched for:
// Reveal, or Bytes. Text lives in garbage-collected memory and cannot be
// wiped; what must be wiped (keys, passcodes, tokens) is a Secret.
//
// The limit: a redacting type guards against accidents, not against a
// programmer who calls Reveal and logs the result. The canary test over a full
// run is what looks for those.
package phi

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
)

// Redacted is what every type of this package prints instead of its content.
const Redacted = "[redacted]"

// Text is a string about a person: a name, a birth date, a finding.
type Text string

// Reveal returns the content. Call it only where a person who may see it does.
func (t Text) Reveal() string { return string(t) }

// Empty tells whether there is nothing in it, which is not itself protected.
func (t Text) Empty() bool { return t == "" }

// String implements fmt.Stringer.
func (Text) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (Text) GoString() string { return Redacted }

// Format implements fmt.Formatter, so that no verb (%q, %x, %d) gets past.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements encoding.TextMarshaler.
func (Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON implements json.Marshaler.
func (Text) MarshalJSON() ([]byte, error) { return json.Marshal(Redacted) }

// Secret is a run of bytes that is wiped after use: a key, a passcode, a
// token. The zero value and a nil *Secret are empty and safe to use.
type Secret struct {
	mu     sync.Mutex
	bytes  []byte
	free   func() // gives locked memory back; nil for heap memory
	locked bool
}

// NewSecret takes ownership of b: the caller must not keep or change it.
func NewSecret(b []byte) *Secret { return &Secret{bytes: b} }

// SecretFromString copies s. The string itself stays in memory until it is
// collected, so use it only at edges where a string is what one gets.
func SecretFromString(s string) *Secret { return &Secret{bytes: []byte(s)} }

// LockedSecret moves b into memory that is kept out of swap and core dumps as
// far as the system allows (Locked tells), and wipes b. It is for keys that
// live as long as the process. A Secret that is never wiped keeps its page.
func LockedSecret(b []byte) *Secret {
	mem, free, locked := lockedBytes(len(b))
	copy(mem, b)
	Wipe(b)
	return &Secret{bytes: mem, free: free, locked: locked}
}

// Locked tells whether the bytes are kept out of swap.
func (s *Secret) Locked() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locked
}

// Use calls f with the bytes and returns what f returns. The slice is valid
// only inside f: it must not be kept.
func (s *Secret) Use(f func(b []byte) error) error {
	if s == nil {
		return f(nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(s.bytes)
}

// Len is the number of bytes, 0 after Wipe.
func (s *Secret) Len() int {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bytes)
}

// Clone copies the secret; both must be wiped.
func (s *Secret) Clone() *Secret {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Secret{bytes: append([]byte(nil), s.bytes...)}
}

// Wipe overwrites the bytes with zeros and forgets them. It may be called more
// than once, and on nil.
func (s *Secret) Wipe() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	Wipe(s.bytes)
	s.bytes = nil
	if s.free != nil {
		s.free()
		s.free, s.locked = nil, false
	}
}

// Wipe overwrites b with zeros, its spare capacity included.
func Wipe(b []byte) {
	b = b[:cap(b)]
	clear(b)
	// Without this the compiler may see that nobody reads b again and drop the
	// clearing.
	runtime.KeepAlive(b)
}

// String implements fmt.Stringer.
func (*Secret) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (*Secret) GoString() string { return Redacted }

// Format implements fmt.Formatter.
func (*Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// LogValue implements slog.LogValuer.
func (*Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements encoding.TextMarshaler.
func (*Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON implements json.Marshaler.
func (*Secret) MarshalJSON() ([]byte, error) { return json.Marshal(Redacted) }
