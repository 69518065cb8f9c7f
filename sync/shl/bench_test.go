package shl

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/phi"
)

// benchSizes are the three records of issue 3.
var benchSizes = []struct {
	name string
	size int
}{{"60kB", 60 << 10}, {"1200kB", 1200 << 10}, {"20MB", 20 << 20}}

// bare is what the work costs with the standard library and nothing else:
// base64, AES-GCM, inflate into a buffer of the right size. No checks.
func bare(compact string, key []byte, size int, zip bool) ([]byte, error) {
	p := strings.Split(compact, ".")
	iv, _ := base64.RawURLEncoding.DecodeString(p[2])
	sealed, _ := base64.RawURLEncoding.DecodeString(p[3])
	tag, _ := base64.RawURLEncoding.DecodeString(p[4])
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	sealed = append(sealed, tag...)
	plain, err := gcm.Open(sealed[:0], iv, sealed, []byte(p[0]))
	if err != nil || !zip {
		return plain, err
	}
	out := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	_, err = io.Copy(out, flate.NewReader(bytes.NewReader(plain)))
	return out.Bytes(), err
}

// BenchmarkOpen is the receiver's way up to the judged file; BenchmarkBare the
// cost that cannot be avoided, in the same run. `make bench-receiver` prints
// the ratio.
func BenchmarkOpen(b *testing.B) {
	eachRecord(b, func(b *testing.B, sealed string, plain []byte, zip bool) {
		body := make([]byte, len(sealed)) // stands for the body that came from the network
		for b.Loop() {
			f := File{}
			copy(body, sealed)
			if err := openInto(&f, body, rawKey(1), "", 60<<20); err != nil || f.Size != len(plain) {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkBare(b *testing.B) {
	key := bytes.Repeat([]byte{1}, keyBytes)
	eachRecord(b, func(b *testing.B, sealed string, plain []byte, zip bool) {
		for b.Loop() {
			if got, err := bare(sealed, key, len(plain), zip); err != nil || len(got) != len(plain) {
				b.Fatal(err)
			}
		}
	})
}

func eachRecord(b *testing.B, run func(b *testing.B, sealed string, plain []byte, zip bool)) {
	for _, s := range benchSizes {
		plain := record(s.size, 7)
		for _, zip := range []bool{false, true} {
			sealed, err := Seal(plain, rawKey(1), SealOptions{ContentType: TypeFHIR, Zip: zip})
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/zip=%v", s.name, zip), func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				b.ReportAllocs()
				b.ReportMetric(float64(len(plain))/float64(len(sealed)*3/4), "ratio")
				run(b, sealed, plain, zip)
			})
		}
	}
}

// Memory: everything allocated while a record is opened, its encrypted body
// included, is at most three times the plaintext.
func TestMemoryIsAtMostThreeTimesThePlaintext(t *testing.T) {
	for _, s := range benchSizes {
		if testing.Short() && s.size > 2<<20 {
			continue
		}
		plain := record(s.size, 7)
		for _, zip := range []bool{false, true} {
			sealed, err := Seal(plain, rawKey(1), SealOptions{ContentType: TypeFHIR, Zip: zip})
			if err != nil {
				t.Fatal(err)
			}
			body, f := []byte(sealed), File{}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			oerr := openInto(&f, body, rawKey(1), "", 60<<20)
			runtime.ReadMemStats(&after)
			if oerr != nil {
				t.Fatal(oerr)
			}
			per := int64(after.TotalAlloc-before.TotalAlloc) + int64(len(body))
			t.Logf("%s zip=%v: %.2f times the plaintext", s.name, zip, float64(per)/float64(len(plain)))
			if per > 3*int64(len(plain)) {
				t.Errorf("%s zip=%v: %d bytes allocated for %d of plaintext", s.name, zip, per, len(plain))
			}
		}
	}
}

// BenchmarkResolve is a whole resolve of a loopback link; the server does
// nothing but write, so this is nearly all ours. Aim: 20 ms.
func BenchmarkResolve(b *testing.B) {
	for _, kind := range []string{"direct", "manifest"} {
		b.Run(kind, func(b *testing.B) {
			key := rawKey(1)
			sealed, err := Seal(record(60<<10, 7), key, SealOptions{ContentType: TypeFHIR, Zip: true})
			if err != nil {
				b.Fatal(err)
			}
			s := newBenchServer(b, func(w http.ResponseWriter, r *http.Request, url string) {
				if r.Method == http.MethodPost {
					json.NewEncoder(w).Encode(map[string]any{"files": []any{
						map[string]any{"contentType": TypeFHIR, "embedded": sealed}, map[string]any{"contentType": TypeFHIR, "location": url + "/f"}}})
					return
				}
				io.WriteString(w, sealed)
			})
			flag := map[string]string{"direct": "U", "manifest": "P"}[kind]
			l, err := NewLink(LinkOptions{URL: s.URL + "/x", Flag: flag, Key: key, Expires: testNow.Add(time.Hour)})
			if err != nil {
				b.Fatal(err)
			}
			r := s.resolver(b)
			for b.Loop() {
				if _, err := r.Resolve(context.Background(), l, phi.SecretFromString("1")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
