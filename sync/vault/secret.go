package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"shlkiosk/sync/phi"
)

// EnsureSecret reads a secret of 32 bytes that is kept sealed in a file, or
// makes it if nothing is there. It is for keys that must outlive a rotation of
// the vault's key, such as the one of the audit chain: a secret that is sealed
// with an old key is sealed again with the active one. label binds the file to
// its use. The caller wipes the result.
func (v *Vault) EnsureSecret(path, label string) ([]byte, error) {
	aad := []byte("secret\x00" + label)
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret := randomKey()
		if err := v.storeSecret(path, secret, aad); err != nil {
			phi.Wipe(secret)
			return nil, err
		}
		return secret, nil
	}
	if err != nil {
		return nil, refuse(ReasonSource, path, "", "%w", err)
	}
	secret, err := v.Open(sealed, aad)
	if err != nil {
		return nil, err
	}
	if id, err := SealedWith(sealed); err == nil && id != v.Active() {
		if err := v.storeSecret(path, secret, aad); err != nil {
			phi.Wipe(secret)
			return nil, err
		}
	}
	return secret, nil
}

func (v *Vault) storeSecret(path string, secret, aad []byte) error {
	sealed, err := v.Seal(secret, aad)
	if err != nil {
		return err
	}
	temp, err := writeTemp(path, sealed)
	if err != nil {
		return refuse(ReasonSource, path, "", "%w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return refuse(ReasonSource, path, "", "%w", err)
	}
	return syncDir(filepath.Dir(path))
}
