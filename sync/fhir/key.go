package fhir

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Key is a private key for private_key_jwt (SMART App Launch 2.2, backend
// services). It prints nothing of itself.
type Key struct {
	private crypto.Signer
	alg     jose.SignatureAlgorithm
	id      string
}

// NewKey makes a key for "ES384" (P-384) or "RS384" (RSA, 3072 bits: NIST SP
// 800-57 part 1, 128 bits of strength).
func NewKey(alg string) (*Key, error) {
	switch jose.SignatureAlgorithm(alg) {
	case jose.ES384:
		k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make key: %w", err)
		}
		return newKey(k)
	case jose.RS384:
		k, err := rsa.GenerateKey(rand.Reader, 3072)
		if err != nil {
			return nil, fmt.Errorf("make key: %w", err)
		}
		return newKey(k)
	}
	return nil, errors.New("make key: algorithm must be ES384 or RS384")
}

func newKey(k crypto.Signer) (*Key, error) {
	out := &Key{private: k}
	switch p := k.(type) {
	case *ecdsa.PrivateKey:
		if p.Curve != elliptic.P384() {
			return nil, errors.New("key: the curve must be P-384 for ES384")
		}
		out.alg = jose.ES384
	case *rsa.PrivateKey:
		if p.N.BitLen() < 2048 {
			return nil, errors.New("key: RSA keys must have 2048 bits or more")
		}
		out.alg = jose.RS384
	default:
		return nil, errors.New("key: must be EC P-384 or RSA")
	}
	// The key's id is its thumbprint (RFC 7638), so that it can be computed
	// again from the file.
	sum, err := (&jose.JSONWebKey{Key: k.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	out.id = base64.RawURLEncoding.EncodeToString(sum)
	return out, nil
}

// ParseKey reads a private key in PEM (PKCS #8, PKCS #1 or SEC 1).
func ParseKey(file []byte) (*Key, error) {
	block, _ := pem.Decode(file)
	if block == nil {
		return nil, errors.New("key: no PEM block; make one with: kioskctl key")
	}
	var k any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		k, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		k, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		k, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, errors.New("key: not a private key")
	}
	if err != nil {
		return nil, errors.New("key: the private key cannot be read")
	}
	s, ok := k.(crypto.Signer)
	if !ok {
		return nil, errors.New("key: must be EC P-384 or RSA")
	}
	return newKey(s)
}

// PEM is the private key for its file, which must have mode 0600.
func (k *Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ID is the kid: the key's RFC 7638 thumbprint.
func (k *Key) ID() string { return k.id }

// Algorithm is ES384 or RS384.
func (k *Key) Algorithm() string { return string(k.alg) }

// JWKS is the public half as a key set, for the server's administrator.
func (k *Key) JWKS() ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.private.Public(), KeyID: k.id, Algorithm: string(k.alg), Use: "sig"}}}
	return json.MarshalIndent(set, "", "  ")
}

// String keeps the key out of logs; the id is public.
func (k *Key) String() string { return "key " + k.id }

// GoString keeps the key out of logs.
func (k *Key) GoString() string { return k.String() }
