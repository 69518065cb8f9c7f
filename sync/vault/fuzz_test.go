package vault

import (
	"os"
	"testing"
)

// Whatever a key source holds, it is a ring of whole keys or a typed error.
func FuzzRing(f *testing.F) {
	path, _ := ring(f)
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("shlkiosk-keyring 99\n"))
	f.Add(good[:32])
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := parseRing(b, "fuzz")
		if err != nil {
			if reasonOf(err) == "" {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		if len(keys) == 0 {
			t.Error("a ring without keys")
		}
		again, err := parseRing(formatRing(keys), "fuzz")
		if err != nil || len(again) != len(keys) || again[0].id != keys[0].id {
			t.Errorf("does not survive writing: %v", err)
		}
		for _, k := range append(keys, again...) {
			if k.secret.Len() != KeySize {
				t.Errorf("key of %d bytes", k.secret.Len())
			}
			k.secret.Wipe()
		}
	})
}
