package vault

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The child is this test binary again: it changes the ring VAULT_RING again and
// again until it is killed.
func TestMain(m *testing.M) {
	if ring := os.Getenv("VAULT_RING"); ring != "" {
		if err := changer(ring); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// changer adds keys and retires those that it added before; the oldest key
// stays.
func changer(ring string) error {
	for {
		if _, err := AddKey(ring, time.Unix(1_800_000_000, 0)); err != nil {
			return err
		}
		v, err := Open("file:" + ring)
		if err != nil {
			return err
		}
		ids := v.Keys()
		v.Close()
		for _, id := range ids[1 : len(ids)-1] {
			if err := RetireKey(ring, id); err != nil {
				return err
			}
		}
		fmt.Println("changed")
	}
}

// report says a fault's figures; `make faults` makes its table of these lines.
func report(t *testing.T, fault, format string, args ...any) {
	t.Helper()
	fmt.Printf("\nFAULT  %s\nFIGURES  %s\nGUARDED BY  %s\n", fault, fmt.Sprintf(format, args...), t.Name())
}

// times chooses how often a fault is tried.
func times(short, long int) int {
	if os.Getenv("FAULTS") == "long" {
		return long
	}
	return short
}

// kill -9 while keys are added and retired: the ring is whole, the key that
// seals the data is in it, and no copy of a key is left beside it.
func TestFaultsKeyRingKill(t *testing.T) {
	ring := filepath.Join(t.TempDir(), "key")
	if _, err := EnsureFile(ring, time.Unix(1_700_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	v, err := Open("file:" + ring)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.Seal([]byte("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	v.Close()
	n := times(10, 500)
	rnd := rand.New(rand.NewPCG(3, 6))
	changes, opened := 0, 0
	for range n {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "VAULT_RING="+ring)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		left := 1 + rnd.IntN(4)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if word, rest, _ := strings.Cut(lines.Text(), " "); word == "error" {
				t.Error("child:", rest)
			}
			changes++
			if left--; left == 0 {
				time.AfterFunc(time.Duration(rnd.IntN(4000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
		}
		_ = cmd.Wait()
		v, err := Open("file:" + ring)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := v.Open(sealed, nil); err != nil || string(plain) != "data" {
			t.Fatalf("the data cannot be opened: %v", err)
		}
		opened++
		v.Close()
	}
	if _, err := AddKey(ring, time.Unix(1_900_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	es, err := os.ReadDir(filepath.Dir(ring))
	if err != nil || len(es) != 1 {
		t.Errorf("left beside the ring: %v, %v", es, err)
	}
	report(t, "vault: kill -9 while keys are added and retired", "%d kills in %d changes: the ring whole and the data readable %d of %d times, copies of keys left beside it %d", n, changes, opened, n, len(es)-1)
}

// One flipped bit anywhere in the ring: refused, or the key is another and said
// to be wrong, or nothing of it mattered. Never other data.
func TestFaultsKeyRingBitFlip(t *testing.T) {
	ring := filepath.Join(t.TempDir(), "key")
	if _, err := EnsureFile(ring, time.Unix(1_700_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := AddKey(ring, time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	v, err := Open("file:" + ring)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	sealed, err := v.Seal([]byte("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	var refused, wrong, fine, silent int
	step := 1
	if times(0, 1) == 0 {
		step = 5
	}
	n := 0
	for bit := 0; bit < 8*len(good); bit += step {
		n++
		b := bytes.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		keys, err := parseRing(b, "file:x")
		var ve *Error
		if err != nil {
			if !errors.As(err, &ve) {
				t.Errorf("bit %d: not one of our errors: %v", bit, err)
			}
			refused++
			continue
		}
		f := &Vault{source: "file:x", keys: keys}
		plain, err := f.Open(sealed, nil)
		switch {
		case err == nil && string(plain) == "data":
			fine++
		case errors.Is(err, &Error{Reason: ReasonWrong}):
			wrong++
		default:
			silent++
			t.Errorf("bit %d: %q, %v", bit, plain, err)
		}
		f.Close()
	}
	if refused == 0 || wrong == 0 {
		t.Errorf("refused %d, wrong %d of %d: the test tests nothing", refused, wrong, n)
	}
	report(t, "vault: one flipped bit in the key ring", "%d flips: %d refused as malformed, %d said to be the wrong key, %d without effect (comment, time, another key of the ring); silent %d", n, refused, wrong, fine, silent)
}
