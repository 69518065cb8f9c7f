package shl

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
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
