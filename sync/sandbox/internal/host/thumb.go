package host

import (
	"crypto"
	_ "crypto/sha256" // the hash of RFC 7638 thumbprints

	"github.com/go-jose/go-jose/v4"
)

// thumbprint is the kid that SHC demands: the key's RFC 7638 thumbprint.
func thumbprint(k jose.JSONWebKey) (string, error) {
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return b64.EncodeToString(sum), nil
}
