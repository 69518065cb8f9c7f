package shl

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time of this process: what a measurement on a busy
// machine can go by.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestCostBesideBare prints the figures of issue 3: processor time of our way
// over the bare cost of base64, AES-GCM and inflate, the two taking turns in
// one run. It asserts nothing about time; set SHL_BENCH=1 (make bench-receiver).
func TestCostBesideBare(t *testing.T) {
	if os.Getenv("SHL_BENCH") == "" {
		t.Skip("set SHL_BENCH=1 to measure")
	}
	key := bytes.Repeat([]byte{1}, keyBytes)
	for _, s := range benchSizes {
		plain := record(s.size, 7)
		for _, zip := range []bool{false, true} {
			sealed, err := Seal(plain, rawKey(1), SealOptions{ContentType: TypeFHIR, Zip: zip})
			if err != nil {
				t.Fatal(err)
			}
			body := make([]byte, len(sealed))
			rounds := max(10, (200<<20)/s.size)
			var spent [4]time.Duration
			for range 5 {
				for i, work := range []func(){
					func() { bare(sealed, key, len(plain), zip) },
					func() { copy(body, sealed); OpenJWE(body, rawKey(1), 60<<20) },
					func() { copy(body, sealed); openInto(&File{}, body, rawKey(1), "", 60<<20) },
					func() { sha256.Sum256(plain) },
				} {
					runtime.GC()
					start := cpu()
					for range rounds / 5 {
						work()
					}
					spent[i] += cpu() - start
				}
			}
			per := func(i int) float64 { return float64(len(plain)) * float64(rounds/5*5) / spent[i].Seconds() / 1e6 }
			fmt.Printf("%-7s zip=%-5v ratio %4.1f  bare %4.0f MB/s  decrypt+inflate %4.0f MB/s = %.2fx  with digest and judging %4.0f MB/s = %.2fx  (digest alone %4.0f MB/s)\n",
				s.name, zip, float64(len(plain))/float64(len(sealed)*3/4), per(0), per(1), spent[1].Seconds()/spent[0].Seconds(),
				per(2), spent[2].Seconds()/spent[0].Seconds(), per(3))
		}
	}
}

// TestCostBesideJose prints how Node's jose does on the same files, by
// processor time too. Skipped with a word where it is not installed.
func TestCostBesideJose(t *testing.T) {
	if os.Getenv("SHL_BENCH") == "" {
		t.Skip("set SHL_BENCH=1 to measure")
	}
	dir := peers(t, "jose")
	key := bytes.Repeat([]byte{1}, keyBytes)
	ask := struct {
		Key string   `json:"key"`
		JWE []string `json:"jwe"`
	}{Key: base64.RawURLEncoding.EncodeToString(key)}
	var names []string
	for _, s := range benchSizes {
		for _, zip := range []bool{false, true} {
			sealed, err := Seal(record(s.size, 7), rawKey(1), SealOptions{ContentType: TypeFHIR, Zip: zip})
			if err != nil {
				t.Fatal(err)
			}
			ask.JWE = append(ask.JWE, sealed)
			names = append(names, fmt.Sprintf("%-7s zip=%-5v", s.name, zip))
		}
	}
	in, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "testdata/interop/bench.mjs", dir)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Error       string
		MBPerSecond float64
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got) != len(names) {
		t.Fatalf("%v: %s", err, out)
	}
	for i, g := range got {
		if g.Error != "" {
			fmt.Printf("%s Node jose refuses: %s\n", names[i], g.Error)
			continue
		}
		fmt.Printf("%s Node jose %4.0f MB/s\n", names[i], g.MBPerSecond)
	}
}
