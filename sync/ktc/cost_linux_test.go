package ktc

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/shl"
)

// TestCostToTheBundleView prints what issue 3 asks for: the processor time from
// the encrypted body to the parsed Bundle view over the bare cost of base64,
// AES-GCM and inflate, taking turns in one run. Set SHL_BENCH=1.
func TestCostToTheBundleView(t *testing.T) {
	if os.Getenv("SHL_BENCH") == "" {
		t.Skip("set SHL_BENCH=1 to measure")
	}
	raw := bytes.Repeat([]byte{1}, 32)
	p := New(Options{Limits: fhir.Limits{MaxEntries: 100_000}})
	for _, size := range []int{60 << 10, 1200 << 10, 20 << 20} {
		plain := record(size)
		for _, zip := range []bool{false, true} {
			sealed, err := shl.Seal(plain, phi.NewSecret(bytes.Clone(raw)), shl.SealOptions{ContentType: shl.TypeFHIR, Zip: zip})
			if err != nil {
				t.Fatal(err)
			}
			body := make([]byte, len(sealed))
			open := func() *shl.Plain {
				copy(body, sealed)
				got, err := shl.OpenJWE(body, phi.NewSecret(bytes.Clone(raw)), 60<<20)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			var spent [3]time.Duration // the best of many: a busy machine only adds
			rounds := max(1, (256<<10)/size)
			for turn := range 30 + (64<<20)/size {
				for i, work := range []func(){
					func() { bare(t, sealed, raw, len(plain), zip) },
					func() { open() },
					func() {
						f := shl.File{Content: shl.ContentFHIR, Declared: shl.TypeFHIR, Bytes: open().Bytes}
						if d := p.read(&f, &Report{}); d.Err != nil {
							t.Fatal(d.Err)
						}
					},
				} {
					if turn%30 == 0 {
						runtime.GC()
					}
					start := cpu()
					for range rounds {
						work()
					}
					if took := cpu() - start; turn == 0 || took < spent[i] {
						spent[i] = took
					}
				}
			}
			rate := func(i int) float64 { return float64(len(plain)*rounds) / spent[i].Seconds() / 1e6 }
			fmt.Printf("%8d bytes zip=%-5v bare %4.0f MB/s  opened %4.0f MB/s (%.2fx)  to the Bundle view %4.0f MB/s (%.2fx)\n", len(plain), zip,
				rate(0), rate(1), spent[1].Seconds()/spent[0].Seconds(), rate(2), spent[2].Seconds()/spent[0].Seconds())
		}
	}
}

func cpu() time.Duration {
	var ts unix.Timespec // finer than getrusage, which counts ticks
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}

func bare(t *testing.T, compact string, key []byte, size int, zip bool) {
	part := strings.Split(compact, ".")
	iv, _ := base64.RawURLEncoding.DecodeString(part[2])
	sealed, _ := base64.RawURLEncoding.DecodeString(part[3])
	tag, _ := base64.RawURLEncoding.DecodeString(part[4])
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	sealed = append(sealed, tag...)
	plain, err := gcm.Open(sealed[:0], iv, sealed, []byte(part[0]))
	if err != nil {
		t.Fatal(err)
	}
	if zip {
		out := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
		if _, err := io.Copy(out, flate.NewReader(bytes.NewReader(plain))); err != nil {
			t.Fatal(err)
		}
	}
}

// record is a Bundle of made-up observations that deflates like real ones.
func record(size int) []byte {
	r := rand.New(rand.NewPCG(7, 1))
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"collection","timestamp":"2026-01-01T00:00:00Z","entry":[{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient"}}`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `,{"fullUrl":"urn:uuid:%08x-%04x-4000-8000-%012x","resource":{"resourceType":"Observation","id":"o%d","status":"final",`+
			`"code":{"coding":[{"system":"http://loinc.org","code":"%d-%d","display":"Test %d"}]},"subject":{"reference":"urn:uuid:p"},`+
			`"effectiveDateTime":"20%02d-%02d-%02d","valueQuantity":{"value":%d.%d,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},`+
			`"meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab"]},"category":[{"coding":[{"system":`+
			`"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}],"text":"Laboratory"}],`+
			`"performer":[{"reference":"urn:uuid:lab","display":"Example laboratory"}],"interpretation":[{"coding":[{"system":`+
			`"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":"Normal"}]}],"referenceRange":[{"low":`+
			`{"value":70,"unit":"mg/dL"},"high":{"value":99,"unit":"mg/dL"},"text":"70 - 99 mg/dL"}]}}`,
			r.Uint32(), r.Uint32()&0xffff, r.Uint64()&0xffffffffffff, i, r.IntN(90000), r.IntN(9), r.IntN(500), r.IntN(26), 1+r.IntN(12), 1+r.IntN(28),
			r.IntN(400), r.IntN(99))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// Everything allocated from the encrypted body to the Bundle view, the body
// included, is at most three times the plaintext.
func TestMemoryToTheBundleView(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 32)
	p := New(Options{Limits: fhir.Limits{MaxEntries: 100_000}})
	for _, size := range []int{60 << 10, 1200 << 10, 20 << 20} {
		if testing.Short() && size > 2<<20 {
			continue
		}
		plain := record(size)
		for _, zip := range []bool{false, true} {
			sealed, err := shl.Seal(plain, phi.NewSecret(bytes.Clone(key)), shl.SealOptions{ContentType: shl.TypeFHIR, Zip: zip})
			if err != nil {
				t.Fatal(err)
			}
			body, secret := []byte(sealed), phi.NewSecret(bytes.Clone(key))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			opened, err := shl.OpenJWE(body, secret, 60<<20)
			if err != nil {
				t.Fatal(err)
			}
			f := shl.File{Content: shl.ContentFHIR, Declared: shl.TypeFHIR, Bytes: opened.Bytes}
			d := p.read(&f, &Report{})
			runtime.ReadMemStats(&after)
			if d.Err != nil || len(d.Bundle.Entries) < 2 {
				t.Fatal(d.Err)
			}
			all := int64(after.TotalAlloc-before.TotalAlloc) + int64(len(body))
			t.Logf("%d bytes zip=%v: %.2f times the plaintext", len(plain), zip, float64(all)/float64(len(plain)))
			if all > 3*int64(len(plain)) {
				t.Errorf("%d bytes zip=%v: %d bytes allocated", len(plain), zip, all)
			}
		}
	}
}
