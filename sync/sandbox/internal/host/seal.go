package host

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

var b64 = base64.RawURLEncoding

// random gives n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

// Seal makes a compact JWE: alg dir, enc A256GCM, 96-bit nonce, with cty and,
// if asked, zip DEF (raw deflate before encryption).
func Seal(key, plaintext []byte, contentType string, zip bool) (string, error) {
	header := map[string]string{"alg": "dir", "enc": "A256GCM"}
	if contentType != "" {
		header["cty"] = contentType
	}
	if zip {
		header["zip"] = "DEF"
		small, err := deflate(plaintext)
		if err != nil {
			return "", err
		}
		plaintext = small
	}
	return sealWith(key, header, plaintext)
}

// sealWith makes the JWE of what is already compressed as the header says.
func sealWith(key []byte, header map[string]string, plaintext []byte) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	nonce := random(gcm.NonceSize())
	aad := b64.EncodeToString(h)
	sealed := gcm.Seal(nil, nonce, plaintext, []byte(aad))
	cut := len(sealed) - gcm.Overhead()
	return aad + ".." + b64.EncodeToString(nonce) + "." + b64.EncodeToString(sealed[:cut]) + "." + b64.EncodeToString(sealed[cut:]), nil
}

// deflate compresses raw (RFC 1951, no zlib header).
func deflate(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("deflate: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("deflate: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("deflate: %w", err)
	}
	return b.Bytes(), nil
}
