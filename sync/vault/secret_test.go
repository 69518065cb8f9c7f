package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSecretOutlivesRotation(t *testing.T) {
	key, v := ring(t)
	path := filepath.Join(t.TempDir(), "audit.secret")
	first, err := v.EnsureSecret(path, "audit")
	if err != nil || len(first) != KeySize {
		t.Fatal(err)
	}
	sealed, _ := os.ReadFile(path)
	if bytes.Contains(sealed, first) {
		t.Error("it is stored in the clear")
	}
	if _, err := v.EnsureSecret(path, "other"); reasonOf(err) != ReasonTampered {
		t.Error("opened for another use:", err)
	}
	old := v.Active()
	if _, err := AddKey(key, time.Unix(2, 0)); err != nil {
		t.Fatal(err)
	}
	if err := v.Reload(); err != nil {
		t.Fatal(err)
	}
	if again, err := v.EnsureSecret(path, "audit"); err != nil || !bytes.Equal(again, first) {
		t.Fatal(err)
	}
	if err := RetireKey(key, old); err != nil {
		t.Fatal(err)
	}
	only, err := Open("file:" + key)
	if err != nil {
		t.Fatal(err)
	}
	defer only.Close()
	if again, err := only.EnsureSecret(path, "audit"); err != nil || !bytes.Equal(again, first) {
		t.Error("after the old key was retired:", err)
	}
}
