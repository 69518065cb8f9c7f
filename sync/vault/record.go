package vault

import (
	"fmt"
	"io"

	"shlkiosk/sync/phi"
)

// RecordOverhead is how many bytes RecordKey.Seal adds.
const RecordOverhead = 1 + nonceSize + tagSize

// RecordKey seals one record. Only its wrapped form is ever stored.
type RecordKey struct{ secret *phi.Secret }

// Format keeps every verb of fmt from walking into the key.
func (*RecordKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, phi.Redacted) }

// NewRecordKey makes a key for one record and wraps it, bound to aad (the
// record's identity). The caller wipes the key.
func (v *Vault) NewRecordKey(aad []byte) (k *RecordKey, wrapped []byte, err error) {
	b := randomKey()
	wrapped, err = v.Seal(b, wrapAAD(aad))
	if err != nil {
		phi.Wipe(b)
		return nil, nil, err
	}
	return &RecordKey{phi.NewSecret(b)}, wrapped, nil
}

// Unwrap opens a wrapped record key. The caller wipes it.
func (v *Vault) Unwrap(wrapped, aad []byte) (*RecordKey, error) {
	b, err := v.Open(wrapped, wrapAAD(aad))
	if err != nil {
		return nil, err
	}
	if len(b) != KeySize {
		return nil, refuse(ReasonTampered, "", "", "record key of %d bytes", len(b))
	}
	return &RecordKey{phi.NewSecret(b)}, nil
}

// Rewrap wraps a record key with the active key; changed is false when it
// already was.
func (v *Vault) Rewrap(wrapped, aad []byte) (now []byte, changed bool, err error) {
	id, err := SealedWith(wrapped)
	if err != nil {
		return nil, false, err
	}
	if id == v.Active() {
		return wrapped, false, nil
	}
	b, err := v.Open(wrapped, wrapAAD(aad))
	if err != nil {
		return nil, false, err
	}
	defer phi.Wipe(b)
	now, err = v.Seal(b, wrapAAD(aad))
	return now, err == nil, err
}

// Seal encrypts plaintext under the record's key, bound to aad.
func (k *RecordKey) Seal(plaintext, aad []byte) ([]byte, error) {
	out := make([]byte, 1, len(plaintext)+RecordOverhead)
	out[0] = sealedVersion
	err := k.secret.Use(func(b []byte) (err error) {
		out, err = gcmSeal(out, b, plaintext, aad)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Open reverses Seal; any change gives ReasonTampered.
func (k *RecordKey) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < RecordOverhead || sealed[0] != sealedVersion {
		return nil, refuse(ReasonTampered, "", "", "sealed record of %d bytes is not one of ours", len(sealed))
	}
	var plain []byte
	err := k.secret.Use(func(b []byte) (err error) {
		plain, err = gcmOpen(b, sealed[1:], aad)
		return err
	})
	return plain, err
}

// Wipe forgets the key.
func (k *RecordKey) Wipe() {
	if k != nil {
		k.secret.Wipe()
	}
}

func wrapAAD(aad []byte) []byte { return append([]byte("record key\x00"), aad...) }
