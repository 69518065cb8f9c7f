package phi

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

func TestLockedSecretHoldsAndWipes(t *testing.T) {
	in := []byte("0123456789abcdef0123456789abcdef")
	want := bytes.Clone(in)
	s := LockedSecret(in)
	if !bytes.Equal(in, make([]byte, len(in))) {
		t.Error("the bytes handed in were not wiped")
	}
	_ = s.Use(func(b []byte) error {
		if !bytes.Equal(b, want) {
			t.Error("content differs")
		}
		return nil
	})
	s.Wipe()
	s.Wipe()
	if s.Len() != 0 || s.Locked() {
		t.Error("not empty after Wipe")
	}
}

// Harden changes the whole process for good, so it is tried in a child.
func TestHarden(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux only")
	}
	if os.Getenv("PHI_HARDEN_CHILD") == "1" {
		if err := Harden(); err != nil {
			t.Fatal(err)
		}
		limits, err := os.ReadFile("/proc/self/limits")
		if err != nil {
			t.Skip(err)
		}
		for line := range strings.Lines(string(limits)) {
			if strings.HasPrefix(line, "Max core file size") {
				if f := strings.Fields(line); f[4] != "0" || f[5] != "0" {
					t.Errorf("core limit: %s", line)
				}
			}
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestHarden$")
	cmd.Env = append(os.Environ(), "PHI_HARDEN_CHILD=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
