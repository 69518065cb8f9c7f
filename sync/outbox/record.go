package outbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"shlkiosk/sync/vault"
)

// ID names a record. It is derived from the import, says nothing about the
// person, and appears in logs and in the audit trail.
type ID string

// Record is what Put takes.
type Record struct {
	ID   string // 1..64 of A-Z a-z 0-9 . _ -
	Lane string // deliveries with the same lane keep their order; stored only as a keyed hash
	Code string // receipt code that the patient was shown, up to 16 of A-Z 0-9 -
	Body []byte // sealed before it is stored
	// Park stores the record for staff at once, with this reason code. Empty
	// for the usual case: the worker delivers it.
	Park string
}

// Header is what can be told about a record without opening it. It holds no
// protected data: it is listed, logged and stored unsealed (with a tag).
type Header struct {
	ID       ID        `json:"id"`
	State    State     `json:"state"`
	Reason   string    `json:"reason,omitempty"` // code: why parked, or why the last try failed
	Attempts int       `json:"attempts"`         // deliveries begun, ever
	Streak   int       `json:"streak,omitempty"` // failures in a row; sets the back-off
	Next     time.Time `json:"next"`             // not before
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Size     int64     `json:"size"` // bytes of the body before sealing
	Code     string    `json:"code,omitempty"`
	Version  uint64    `json:"version"` // grows by one with every change
	Seq      uint64    `json:"seq"`     // order of arrival
	Lane     string    `json:"lane,omitempty"`
	// BodyVersion is the Version at which the body was last sealed. It is bound
	// to the body, so that an older body cannot be put under a newer header.
	BodyVersion uint64 `json:"bodyVersion"`
	Shredded    bool   `json:"shredded,omitempty"` // the body was destroyed, the header remains
}

var (
	validID     = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	validCode   = regexp.MustCompile(`^[A-Z0-9-]{0,16}$`)
	validReason = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
)

// ValidReason tells whether s may stand as a reason code: lower-case letters,
// digits, dot, dash and underscore, at most 64. Free text, and with it
// protected data, does not fit.
func ValidReason(s string) bool { return validReason.MatchString(s) }

// A stored header is
//
//	"SHLH" format(1) keyID(8) len(2) JSON len(2) wrapped-key tag(32)
//
// in big-endian. It stands for itself, so that it can be found again in a
// damaged file. The tag covers everything before it.
const (
	headerMagic = "SHLH"
	bodyMagic   = "SHLB"
	tagSize     = 32
)

// formatVersion is the version of the ledger's layout that this program
// writes. It reads all versions from 1 on (migrate.go).
const formatVersion = 1

type entry struct {
	Header
	key     vault.KeyID
	wrapped []byte // nil when shredded
	tag     []byte
	leaf    []byte // keyed value of the tag; what the summary's sum is made of
}

func sealHeader(v *vault.Vault, e *entry) ([]byte, error) {
	text, err := json.Marshal(e.Header)
	if err != nil {
		return nil, err
	}
	e.key = v.Active()
	b := append([]byte(headerMagic), formatVersion)
	b = append(b, e.key[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(text)))
	b = append(b, text...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.wrapped)))
	b = append(b, e.wrapped...)
	if e.tag, err = v.MAC(e.key, "header", b); err != nil {
		return nil, err
	}
	if e.leaf, err = v.MAC(e.key, "sum", e.tag); err != nil {
		return nil, err
	}
	return append(b, e.tag...), nil
}

// openHeader reads a stored header and checks its tag. The slices of the
// result are copies.
func openHeader(v *vault.Vault, b []byte) (*entry, error) {
	const fixed = len(headerMagic) + 1 + 8 + 2
	if len(b) < fixed+2+tagSize || string(b[:4]) != headerMagic {
		return nil, fmt.Errorf("not a header")
	}
	if b[4] != formatVersion {
		return nil, fmt.Errorf("header format %d", b[4])
	}
	e := &entry{key: vault.KeyID(b[5:13])}
	rest := b[13 : len(b)-tagSize]
	text, rest, ok := cutSized(rest)
	if !ok {
		return nil, fmt.Errorf("header is cut short")
	}
	wrapped, rest, ok := cutSized(rest)
	if !ok || len(rest) != 0 {
		return nil, fmt.Errorf("header is cut short")
	}
	want, err := v.MAC(e.key, "header", b[:len(b)-tagSize])
	if err != nil {
		return nil, err
	}
	e.tag = bytes.Clone(b[len(b)-tagSize:])
	if !equalTags(e.tag, want) {
		return nil, fmt.Errorf("header tag does not match")
	}
	if e.leaf, err = v.MAC(e.key, "sum", e.tag); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &e.Header); err != nil {
		return nil, fmt.Errorf("header text: %w", err)
	}
	if len(wrapped) > 0 {
		e.wrapped = bytes.Clone(wrapped)
	}
	return e, nil
}

func cutSized(b []byte) (head, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return nil, nil, false
	}
	return b[2 : 2+n], b[2+n:], true
}

// A stored body is
//
//	"SHLB" format(1) len(1) ID version(8) len(4) sealed
//
// in big-endian, so that it, too, can be found again by itself.

func bodyPrefix(id ID, version uint64) []byte {
	b := append([]byte(bodyMagic), formatVersion, byte(len(id)))
	b = append(b, id...)
	return binary.BigEndian.AppendUint64(b, version)
}

func sealBody(k *vault.RecordKey, id ID, version uint64, body []byte) ([]byte, error) {
	prefix := bodyPrefix(id, version)
	sealed, err := k.Seal(body, prefix)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(prefix)+4+len(sealed))
	out = append(out, prefix...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(sealed)))
	return append(out, sealed...), nil
}

func openBody(k *vault.RecordKey, id ID, version uint64, stored []byte) ([]byte, error) {
	prefix := bodyPrefix(id, version)
	sealed, ok := bytes.CutPrefix(stored, prefix)
	if !ok || len(sealed) < 4 || uint64(len(sealed)-4) != uint64(binary.BigEndian.Uint32(sealed)) {
		return nil, fmt.Errorf("another body is stored here")
	}
	return k.Open(sealed[4:], prefix)
}

func recordAAD(id ID) []byte { return append([]byte("record\x00"), id...) }
