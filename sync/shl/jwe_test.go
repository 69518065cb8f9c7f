package shl

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"shlkiosk/sync/phi"
)

func rawKey(b byte) *phi.Secret { return phi.NewSecret(bytes.Repeat([]byte{b}, keyBytes)) }

// forge makes a JWE of any header and any content under key 1.
func forge(t testing.TB, head string, content []byte) string {
	t.Helper()
	s, err := sealParts([]byte(head), content, bytes.Repeat([]byte{1}, keyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func deflated(t testing.TB, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(plain)
	w.Close()
	return b.Bytes()
}

func zlibbed(plain []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(plain)
	w.Close()
	return b.Bytes()
}

// parts replaces one part of a compact JWE.
func parts(s string, n int, part string) string {
	p := strings.Split(s, ".")
	p[n] = part
	return strings.Join(p, ".")
}

const plainHead = `{"alg":"dir","enc":"A256GCM"}`

func TestBadInputJWE(t *testing.T) {
	good := forge(t, plainHead, []byte(testBundle))
	def := `{"alg":"dir","enc":"A256GCM","zip":"DEF"}`
	flip := func(s string, at int) string {
		c := byte('A')
		if s[at] == 'A' {
			c = 'B'
		}
		return s[:at] + string(c) + s[at+1:]
	}
	lead := strings.Index(good, "..") + 20
	longIV, err := sealWithIV(bytes.Repeat([]byte{1}, keyBytes), []byte(testBundle), 16)
	if err != nil {
		t.Fatal(err)
	}
	other := thumbprint(bytes.Repeat([]byte{2}, keyBytes))
	own := thumbprint(bytes.Repeat([]byte{1}, keyBytes))
	for _, c := range []struct {
		item, jwe string
		want      Reason // "" opens
	}{
		{"good", good, ""},
		{"newline after", good + "\n", ""},
		{"newline inside", good[:lead] + "\r\n" + good[lead:], ""},
		{"byte order mark", "\ufeff" + good, ""},
		{"32 three parts", "a.b.c", NotAJWE},
		{"32 four parts", "a.b.c.d", NotAJWE},
		{"32 six parts", good + ".x", NotAJWE},
		{"32 a million dots", strings.Repeat(".", 1e6), NotAJWE},
		{"32 encrypted key", parts(good, 1, "AAAA"), JWEShape},
		{"32 JSON serialisation", `{"protected":"e30","ciphertext":"x"}`, NotAJWE},
		{"32 empty", "", NotAJWE},
		{"33 alg none", forge(t, `{"alg":"none","enc":"A256GCM"}`, nil), JWEAlgorithm},
		{"33 alg A256KW", forge(t, `{"alg":"A256KW","enc":"A256GCM"}`, nil), JWEAlgorithm},
		{"33 alg RSA-OAEP", forge(t, `{"alg":"RSA-OAEP","enc":"A256GCM"}`, nil), JWEAlgorithm},
		{"33 alg PBES2", forge(t, `{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2000000000}`, nil), JWEAlgorithm},
		{"33 alg DIR", forge(t, `{"alg":"DIR","enc":"A256GCM"}`, nil), JWEAlgorithm},
		{"33 enc A128GCM", forge(t, `{"alg":"dir","enc":"A128GCM"}`, nil), JWEAlgorithm},
		{"33 enc CBC", forge(t, `{"alg":"dir","enc":"A256CBC-HS512"}`, nil), JWEAlgorithm},
		{"33 alg missing", forge(t, `{"enc":"A256GCM"}`, nil), JWEAlgorithm},
		{"34 crit", forge(t, `{"alg":"dir","enc":"A256GCM","crit":["x"],"x":1}`, nil), JWECritical},
		{"34 crit empty", forge(t, `{"alg":"dir","enc":"A256GCM","crit":[]}`, nil), JWECritical},
		{"34 zip GZ", forge(t, `{"alg":"dir","enc":"A256GCM","zip":"GZ"}`, nil), JWEZip},
		{"34 zip def", forge(t, `{"alg":"dir","enc":"A256GCM","zip":"def"}`, nil), JWEZip},
		{"34 zip null", forge(t, `{"alg":"dir","enc":"A256GCM","zip":null}`, nil), JWEZip},
		{"34 header not JSON", forge(t, `hello`, nil), JWEHeader},
		{"34 header an array", forge(t, `[]`, nil), JWEHeader},
		{"34 header not base64", "*" + good[1:], NotAJWE},
		{"34 duplicate alg", forge(t, `{"alg":"none","alg":"dir","enc":"A256GCM"}`, nil), JWEHeader},
		{"34 duplicate unknown", forge(t, `{"alg":"dir","enc":"A256GCM","x":1,"x":2}`, nil), JWEHeader},
		{"34 header of 20 kB", forge(t, `{"alg":"dir","enc":"A256GCM","x":"`+strings.Repeat("a", 20<<10)+`"}`, nil), JWEHeader},
		{"35 tampered", flip(good, lead+30), AuthFailed},
		{"35 tampered header", parts(good, 0, base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256GCM" }`))), AuthFailed},
		{"35 wrong key", sealedUnder(t, 2, SealOptions{}), AuthFailed},
		{"35 wrong key with its kid", sealedUnder(t, 2, SealOptions{Kid: true}), KeyMismatch},
		{"35 short tag", good[:len(good)-6], JWEShape},
		{"35 no tag", good[:strings.LastIndex(good, ".")+1], JWEShape},
		{"35 IV of 16 bytes", longIV, JWEShape},
		{"35 IV empty", parts(good, 2, ""), JWEShape},
		{"35 ciphertext not base64", parts(good, 3, "****"), JWEShape},
		{"35 ciphertext empty", parts(good, 3, ""), AuthFailed},
		{"kid of this key", forge(t, `{"alg":"dir","enc":"A256GCM","kid":"`+own+`"}`, []byte(testBundle)), ""},
		{"kid any name", forge(t, `{"alg":"dir","enc":"A256GCM","kid":"any-1"}`, []byte(testBundle)), ""},
		{"kid of another form, key right", forge(t, `{"alg":"dir","enc":"A256GCM","kid":"`+other+`"}`, []byte(testBundle)), ""},
		{"36 deflate", forge(t, def, deflated(t, []byte(testBundle))), ""},
		{"36 200 MB from 200 kB", forge(t, def, bomb(t, 200<<20)), InflatedTooBig},
		{"36 truncated", forge(t, def, cut(deflated(t, []byte(testBundle)))), InflateFailed},
		{"36 zlib wrapper", forge(t, def, zlibbed([]byte(testBundle))), ""},
		{"36 zlib wrapper cut", forge(t, def, cut(zlibbed([]byte(testBundle)))), InflateFailed},
		{"36 trailing bytes", forge(t, def, append(deflated(t, []byte(testBundle)), 0)), InflateFailed},
		{"36 not deflate", forge(t, def, []byte(testBundle)), InflateFailed},
		{"36 nothing", forge(t, def, nil), InflateFailed},
	} {
		t.Run(c.item, func(t *testing.T) {
			p, err := OpenJWE([]byte(c.jwe), rawKey(1), DefaultLimits().Inflated)
			if ReasonOf(err) != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if err != nil {
				if _, ok := Explain(c.want); !ok {
					t.Errorf("reason %s is not in the table", c.want)
				}
				return
			}
			if string(p.Bytes) != testBundle {
				t.Errorf("plaintext %q", p.Bytes)
			}
			if p.KidDiffers != (c.item == "kid of another form, key right") || p.ZlibWrapped != (c.item == "36 zlib wrapper") {
				t.Errorf("notes %+v", p)
			}
		})
	}
}

func sealedUnder(t *testing.T, key byte, o SealOptions) string {
	t.Helper()
	s, err := Seal([]byte(testBundle), rawKey(key), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sealWithIV(key, plain []byte, n int) (string, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, n)
	if err != nil {
		return "", err
	}
	e := base64.RawURLEncoding.EncodeToString
	head := e([]byte(plainHead))
	sealed := gcm.Seal(nil, make([]byte, n), plain, []byte(head))
	cut := len(sealed) - tagBytes
	return strings.Join([]string{head, "", e(make([]byte, n)), e(sealed[:cut]), e(sealed[cut:])}, "."), nil
}

func cut(b []byte) []byte { return b[:len(b)/2] }

// bomb is size bytes of zeros, deflated: one block that ends at a byte, over
// and over.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, 1<<20))
	w.Flush()
	block := bytes.Clone(b.Bytes())
	w.Close()
	end := b.Bytes()[len(block):]
	return append(bytes.Repeat(block, size>>20), end...)
}

// F11: a bomb costs counting, not memory.
func TestBombCostsNoMemory(t *testing.T) {
	size := 1 << 30
	if testing.Short() {
		size = 128 << 20 // still twice the ceiling
	}
	sealed := []byte(forge(t, `{"alg":"dir","enc":"A256GCM","zip":"DEF"}`, bomb(t, size)))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, err := OpenJWE(sealed, rawKey(1), DefaultLimits().Inflated)
	runtime.ReadMemStats(&after)
	if ReasonOf(err) != InflatedTooBig {
		t.Fatalf("error %v", err)
	}
	t.Logf("refused %d MB from %d kB in %s, %d MB allocated", size>>20, len(sealed)>>10, time.Since(start), (after.TotalAlloc-before.TotalAlloc)>>20)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("allocated %d MB", grown>>20)
	}
}

// records are FHIR-like texts of several ratios.
func record(size int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"fullUrl":"urn:uuid:%08x-%04x-4000-8000-%012x","resource":{"resourceType":"Observation","id":"o%d","status":"final",`+
			`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],`+
			`"code":{"coding":[{"system":"http://loinc.org","code":"%d-%d","display":"Test %d"}]},"subject":{"reference":"Patient/p1"},`+
			`"effectiveDateTime":"20%02d-%02d-%02dT%02d:%02d:00Z","valueQuantity":{"value":%d.%d,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}}`,
			r.Uint32(), r.Uint32()&0xffff, r.Uint64()&0xffffffffffff, i, r.IntN(90000), r.IntN(9), r.IntN(500),
			r.IntN(26), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(400), r.IntN(99))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// Our way and go-jose's give the same bytes; where go-jose stops at 250 kB and
// ten times the compressed size, ours goes on.
func TestAgreesWithGoJose(t *testing.T) {
	key := bytes.Repeat([]byte{1}, keyBytes)
	for _, plain := range [][]byte{[]byte(testBundle), record(60<<10, 1), record(1200<<10, 2), bytes.Repeat([]byte(testBundle), 20<<10)} {
		for _, zip := range []bool{false, true} {
			sealed, err := Seal(plain, rawKey(1), SealOptions{Zip: zip, ContentType: TypeFHIR})
			if err != nil {
				t.Fatal(err)
			}
			ours, err := OpenJWE([]byte(sealed), rawKey(1), 60<<20)
			if err != nil || !bytes.Equal(ours.Bytes, plain) {
				t.Fatalf("%d bytes, zip %v: %v", len(plain), zip, err)
			}
			parsed, err := jose.ParseEncryptedCompact(sealed, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := parsed.Decrypt(key)
			if err != nil {
				if zip && len(plain) > 250_000 && len(plain) > 10*len(sealed)*3/4 {
					continue // the ceiling this package exists to avoid
				}
				t.Fatalf("go-jose: %d bytes, zip %v: %v", len(plain), zip, err)
			}
			if !bytes.Equal(theirs, plain) {
				t.Errorf("go-jose reads other bytes: %d, zip %v", len(plain), zip)
			}
		}
	}
}

func TestOpensWhatGoJoseMakes(t *testing.T) {
	key := bytes.Repeat([]byte{1}, keyBytes)
	for _, zip := range []jose.CompressionAlgorithm{jose.NONE, jose.DEFLATE} {
		enc, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key},
			(&jose.EncrypterOptions{Compression: zip}).WithContentType(TypeFHIR))
		if err != nil {
			t.Fatal(err)
		}
		obj, err := enc.Encrypt([]byte(testBundle))
		if err != nil {
			t.Fatal(err)
		}
		s, err := obj.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		p, err := OpenJWE([]byte(s), rawKey(1), 1<<20)
		if err != nil || string(p.Bytes) != testBundle || p.ContentType != TypeFHIR {
			t.Errorf("zip %q: %v", zip, err)
		}
	}
}

// HL7's own example files, through a whole resolve: traps 1 and 2.
func TestHL7Examples(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	published, err := Parse(read("hl7-ips-bundle-01-shl.txt"), testNow)
	if err != nil || !published.Direct() || !published.LongTerm() || published.Host() != "raw.githubusercontent.com" {
		t.Fatalf("published link: %v", err)
	}
	for _, c := range []struct {
		file    string
		content Content
		notes   []Note
	}{
		{"hl7-ips-bundle-01.jwe.txt", ContentFHIR, []Note{NoteTypeMissing}},
		{"hl7-carin-insurance-card.jwe.txt", ContentJWS, []Note{NoteCardInClear, NoteTypeMissing}},
	} {
		s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8") // as GitHub raw does
			io.WriteString(w, read(c.file)+"\n")
		})
		l, err := NewLink(LinkOptions{URL: s.URL + "/x", Flag: "LU", Key: published.key})
		if err != nil {
			t.Fatal(err)
		}
		rec, err := s.resolver(t).Resolve(context.Background(), l, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		f := rec.Files[0]
		if f.Content != c.content || fmt.Sprint(f.Notes) != fmt.Sprint(c.notes) {
			t.Errorf("%s: %s %v", c.file, f.Content, f.Notes)
		}
		if c.content == ContentFHIR && !json.Valid(f.Bytes) {
			t.Errorf("%s: not JSON", c.file)
		}
	}
}

// Item 37 and 1.6: how the type is decided.
func TestContentType(t *testing.T) {
	jws := "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
	for _, c := range []struct {
		plain, cty, manifest string
		content              Content
		note                 Note
		problem              Reason
	}{
		{testBundle, "application/fhir+json", "", ContentFHIR, "", ""},
		{testBundle, "FHIR+JSON", "", ContentFHIR, "", ""},
		{testBundle, "application/fhir+json; fhirVersion=4.0.1", "", ContentFHIR, "", ""},
		{testBundle, "", "application/fhir+json;fhirVersion=4.0.1", ContentFHIR, "", ""},
		{"\ufeff " + testBundle, "", "", ContentFHIR, NoteTypeMissing, ""},
		{testBundle, "application/smart-health-card", "", ContentFHIR, NoteTypeContradicts, ""},
		{testBundle, "application/pdf", "", ContentFHIR, NoteTypeContradicts, ""},
		{testBundle, "application/fhir+json", "application/smart-health-card", ContentFHIR, NoteManifestType, ""},
		{`{"verifiableCredential":["x"]}`, "application/smart-health-card", "", ContentCard, "", ""},
		{`{"verifiableCredential":["x"]}`, "application/fhir+json", "", ContentCard, NoteTypeContradicts, ""},
		{jws, "application/smart-health-card", "", ContentJWS, "", ""},
		{`{"access_token":"TOKEN","aud":"https://fhir.example.com/r4","token_type":"bearer"}`, "application/smart-api-access", "", ContentAPI, "", ""},
		{"%PDF-1.7\n...", "application/pdf", "", ContentPDF, "", ""},
		{"%PDF-1.7\n...", "", "application/pdf", ContentPDF, "", ""},
		{"\x89PNG\r\n\x1a\n...", "image/png", "", ContentImage, "", ""},
		{"<html>not a pdf</html>", "application/pdf", "", "", "", ContentUnknown},
		{"MZ\x90\x00 an exe", "application/pdf", "", "", "", ContentUnknown},
		{"MZ\x90\x00 an exe", "image/png", "", "", "", ContentUnknown},
		{"just text", "text/plain", "", ContentOther, "", ""},
		{`{\rtf1 hello}`, "application/rtf", "", ContentOther, "", ""},
		{"<ClinicalDocument/>", "application/cda+xml", "", ContentOther, "", ""},
		{"<Bundle xmlns='http://hl7.org/fhir'/>", "application/fhir+json", "", "", "", ContentUnknown},
		{`{"hello":1}`, "application/fhir+json", "", "", "", ContentUnknown},
		{`{"hello":{"resourceType":"Patient"}}`, "", "", "", "", ContentUnknown},
		{`{"a":"\"resourceType\":\\","b":["resourceType",{"resourceType":1}],"resourceType":"X"}`, "", "", ContentFHIR, NoteTypeMissing, ""},
		{`[{"resourceType":"Patient"}]`, "application/fhir+json", "", "", "", ContentUnknown},
		{"just text", "text/pl\x1bain", "", "", "", ContentUnknown},
		{"just text", strings.Repeat("x", 200), "", "", "", ContentUnknown},
		{"  \n", "application/fhir+json", "", "", "", ContentEmpty},
		{"", "", "", "", "", ContentEmpty},
	} {
		f := File{Bytes: []byte(c.plain)}
		err := judge(&f, c.cty, c.manifest)
		if c.problem != "" {
			if err == nil || err.Reason != c.problem {
				t.Errorf("%.40q as %q: %v, want %s", c.plain, c.cty, err, c.problem)
			}
			continue
		}
		if err != nil || f.Content != c.content || fmt.Sprint(f.Notes) != fmt.Sprint(noteList(c.note)) {
			t.Errorf("%.40q as %q: %s %v %v, want %s %s", c.plain, c.cty, f.Content, f.Notes, err, c.content, c.note)
		}
		if strings.Contains(strings.ToLower(c.cty+c.manifest), "fhirversion") && f.FHIRVersion != "4.0.1" {
			t.Errorf("fhirVersion %q", f.FHIRVersion)
		}
		if c.content == ContentAPI && (f.Bytes != nil || f.APIHost != "fhir.example.com" || strings.Contains(fmt.Sprintf("%+v", f), "TOKEN")) {
			t.Errorf("token kept: %+v", f)
		}
	}
}

func noteList(n Note) []Note {
	if n == "" {
		return nil
	}
	return []Note{n}
}
