// Package vault keeps the key that everything on the kiosk's disk is sealed
// with, and does the sealing, so that no other room holds key bytes.
//
// # The promise
//
//   - A key comes from a systemd credential, from a file whose mode, owner and
//     kind are checked, or from the desktop's key ring (for the demo). A key
//     that is missing, unreadable or not the one the data was sealed with is a
//     typed error that says what to do; nothing here makes a new key in the
//     place of a lost one, except EnsureFile, which never overwrites.
//   - Every sealed value starts with the identifier of its key, so that the
//     wrong key is recognised before any data is touched, and is not mistaken
//     for damage.
//   - Records have their own keys, wrapped by the vault's key. Destroying the
//     wrapped key makes the record unreadable; changing the vault's key
//     rewraps the small keys and leaves the bodies as they are.
//
// # How
//
// The key of 32 random bytes is never used itself: HKDF-SHA-256 (RFC 5869)
// derives one key for wrapping, one for tags and one for the identifier.
// Sealing is AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D), which
// is safe for 2^32 values under one key: a kiosk seals a few hundred a day.
//
// # The limits
//
// Key bytes are held in locked memory where the system allows it. The
// expanded AES keys of a running operation are in ordinary memory for its
// duration. Whoever is root on the running machine can read the key; the vault
// protects a stolen disk, a backup and a lost file.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"shlkiosk/sync/phi"
)

// KeySize is the size of a vault key and of a record key in bytes (AES-256).
const KeySize = 32

// keyIDSize is the size of a key's identifier. 64 bits are enough to tell a
// handful of keys apart and say nothing about the key.
const keyIDSize = 8

const (
	sealedVersion = 1
	nonceSize     = 12
	tagSize       = 16
	// Overhead is how many bytes Seal adds: version, key identifier, nonce, tag.
	Overhead = 1 + keyIDSize + nonceSize + tagSize
)

// KeyID names a key without saying anything about it. Its text form is 16
// hexadecimal digits.
type KeyID [keyIDSize]byte

func (k KeyID) String() string { return hex.EncodeToString(k[:]) }

// ParseKeyID reads the text form.
func ParseKeyID(s string) (KeyID, error) {
	var id KeyID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != keyIDSize {
		return id, refuse(ReasonMalformed, "", "", "a key identifier is %d hexadecimal digits", 2*keyIDSize)
	}
	return KeyID(b), nil
}

type key struct {
	id     KeyID
	made   string // RFC 3339, as written in the ring; "" for a bare key
	secret *phi.Secret
}

// Format keeps every verb of fmt from walking into the key.
func (k key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key "+k.id.String()) }

// Vault seals and opens with a ring of keys: new values with the active one,
// old values with the one they name. It is safe for concurrent use.
type Vault struct {
	source string

	mu   sync.RWMutex
	keys []key // the first is active
}

// Format keeps every verb of fmt from walking into the keys.
func (v *Vault) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "vault "+v.source) }

// Source is where the keys came from, as given to Open.
func (v *Vault) Source() string { return v.source }

// Active is the identifier of the key that new values are sealed with.
func (v *Vault) Active() KeyID {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if len(v.keys) == 0 {
		return KeyID{}
	}
	return v.keys[0].id
}

// Has tells whether the ring holds the key.
func (v *Vault) Has(id KeyID) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, k := range v.keys {
		if k.id == id {
			return true
		}
	}
	return false
}

// Keys lists the identifiers, the active one first.
func (v *Vault) Keys() []KeyID {
	v.mu.RLock()
	defer v.mu.RUnlock()
	ids := make([]KeyID, len(v.keys))
	for i, k := range v.keys {
		ids[i] = k.id
	}
	return ids
}

// Locked tells whether all keys are kept out of swap.
func (v *Vault) Locked() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, k := range v.keys {
		if !k.secret.Locked() {
			return false
		}
	}
	return len(v.keys) > 0
}

// Close wipes the keys. Every later call fails with ReasonClosed.
func (v *Vault) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, k := range v.keys {
		k.secret.Wipe()
	}
	v.keys = nil
}

// Seal encrypts plaintext and binds it to aad, which must be given again to
// Open: use it for what the value is and where it belongs.
func (v *Vault) Seal(plaintext, aad []byte) ([]byte, error) {
	id := v.Active()
	out := make([]byte, 0, len(plaintext)+Overhead)
	out = append(out, sealedVersion)
	out = append(out, id[:]...)
	err := v.derive(id, "shlkiosk seal 1", func(k []byte) error {
		sealed, err := gcmSeal(out, k, plaintext, aad)
		out = sealed
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Open reverses Seal. The error is ReasonWrong when the value was sealed with
// a key that is not here, ReasonTampered when it is not what was sealed.
func (v *Vault) Open(sealed, aad []byte) ([]byte, error) {
	id, err := SealedWith(sealed)
	if err != nil {
		return nil, err
	}
	var plain []byte
	err = v.derive(id, "shlkiosk seal 1", func(k []byte) error {
		plain, err = gcmOpen(k, sealed[1+keyIDSize:], aad)
		return err
	})
	return plain, err
}

// SealedWith reads the identifier of the key that a value was sealed with.
func SealedWith(sealed []byte) (KeyID, error) {
	if len(sealed) < Overhead {
		return KeyID{}, refuse(ReasonTampered, "", "", "sealed value of %d bytes is too short", len(sealed))
	}
	if sealed[0] != sealedVersion {
		return KeyID{}, refuse(ReasonTampered, "", "", "sealed value has version %d, this program knows %d", sealed[0], sealedVersion)
	}
	return KeyID(sealed[1 : 1+keyIDSize]), nil
}

// MAC is a 32-byte tag over the parts, each bound to its length, under a key
// derived for the label. It is computed with the named key of the ring.
func (v *Vault) MAC(id KeyID, label string, parts ...[]byte) ([]byte, error) {
	var sum []byte
	err := v.derive(id, "shlkiosk mac 1 "+label, func(k []byte) error {
		sum = mac(k, parts...)
		return nil
	})
	return sum, err
}

// derive calls f with the key's subkey for one purpose and wipes it after.
func (v *Vault) derive(id KeyID, purpose string, f func(sub []byte) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if len(v.keys) == 0 {
		return &Error{Reason: ReasonClosed, Source: v.source}
	}
	for _, k := range v.keys {
		if k.id != id {
			continue
		}
		return k.secret.Use(func(b []byte) error {
			sub, err := subkey(b, purpose)
			if err != nil {
				return err
			}
			defer phi.Wipe(sub)
			return f(sub)
		})
	}
	return refuse(ReasonWrong, v.source, "put the key ring back that this kiosk was set up with; nothing was changed",
		"the data was sealed with key %s, the ring holds %s", id, v.keysLocked())
}

func (v *Vault) keysLocked() string {
	s := ""
	for i, k := range v.keys {
		if i > 0 {
			s += ", "
		}
		s += k.id.String()
	}
	return s
}

func newKey(secret []byte, made string) (key, error) {
	id, err := subkey(secret, "shlkiosk key id 1")
	if err != nil {
		return key{}, err
	}
	return key{id: KeyID(id[:keyIDSize]), made: made, secret: phi.LockedSecret(secret)}, nil
}

func subkey(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, purpose, KeySize)
}

func mac(k []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, k)
	for _, p := range parts {
		var n [8]byte
		for i := range n {
			n[i] = byte(len(p) >> (56 - 8*i))
		}
		h.Write(n[:])
		h.Write(p)
	}
	return h.Sum(nil)
}

// gcmSeal appends nonce and ciphertext to dst.
func gcmSeal(dst, k, plaintext, aad []byte) ([]byte, error) {
	aead, err := newGCM(k)
	if err != nil {
		return nil, err
	}
	return aead.Seal(dst, nil, plaintext, aad), nil
}

func gcmOpen(k, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < nonceSize+tagSize {
		return nil, refuse(ReasonTampered, "", "", "sealed value of %d bytes is too short", len(sealed))
	}
	aead, err := newGCM(k)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, aad)
	if err != nil {
		return nil, &Error{Reason: ReasonTampered, Err: err}
	}
	return plain, nil
}

func newGCM(k []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func randomKey() []byte {
	b := make([]byte, KeySize)
	_, _ = rand.Read(b) // never fails since Go 1.24: it ends the program instead
	return b
}
