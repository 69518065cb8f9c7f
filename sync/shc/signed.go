package shc

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const signatureSuffix = ".sig"

// PublicKey verifies updates of the directory: Ed25519, or ECDSA on P-256 with
// SHA-256 (how VCI signs its snapshot).
type PublicKey interface{ crypto.PublicKey }

// ParsePublicKey reads a PEM "PUBLIC KEY" or "CERTIFICATE".
func ParsePublicKey(b []byte) (PublicKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("shc: public key: not PEM")
	}
	var key any
	var err error
	if block.Type == "CERTIFICATE" {
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = cert.PublicKey
		}
	} else {
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("shc: public key: %w", err)
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		return k, nil
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return k, nil
		}
	}
	return nil, errors.New("shc: public key: want Ed25519 or ECDSA P-256")
}

// VerifyDetached checks a detached signature, raw or base64, over the bytes of
// a file.
func VerifyDetached(file, sig []byte, key PublicKey) error {
	if ok := verifyRaw(file, sig, key); ok {
		return nil
	}
	text := bytes.TrimSpace(sig)
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	if n, err := base64.StdEncoding.Decode(decoded, text); err == nil && verifyRaw(file, decoded[:n], key) {
		return nil
	}
	return errors.New("shc: directory: the signature is not that of the configured key over this file; nothing was changed")
}

func verifyRaw(file, sig []byte, key PublicKey) bool {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, file, sig)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(file)
		return ecdsa.VerifyASN1(k, sum[:], sig)
	}
	return false
}

// UpdateDirectory puts a newer directory in the place of the one at path, when
// its signature is right, it can be read, and it is not older than the one
// that is there (both say a time). The file and its signature are replaced
// whole; on an error nothing is changed.
func UpdateDirectory(path string, file, sig []byte, key PublicKey) (*Directory, error) {
	if key == nil {
		return nil, errors.New("shc: directory: an update needs the public key that signs it (cards.trust_key_file)")
	}
	if err := VerifyDetached(file, sig, key); err != nil {
		return nil, err
	}
	d, err := ParseDirectory(file)
	if err != nil {
		return nil, err
	}
	if old, err := os.ReadFile(path); err == nil {
		if o, err := ParseDirectory(old); err == nil && d.Time.Before(o.Time) {
			return nil, fmt.Errorf("shc: directory: the update is of %s, older than what is there (%s); nothing was changed",
				d.Time.Format("2006-01-02"), o.Time.Format("2006-01-02"))
		}
	}
	// The signature first: between the two renames the old file does not verify
	// and the kiosk starts without trust, never with a list nobody signed.
	if err := replace(path+signatureSuffix, sig); err != nil {
		return nil, err
	}
	if err := replace(path, file); err != nil {
		return nil, err
	}
	return d, nil
}

func replace(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".directory-*")
	if err != nil {
		return fmt.Errorf("shc: directory: %w", err)
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("shc: directory: %w", err)
	}
	return nil
}
