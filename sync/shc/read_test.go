package shc

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func numeric(jws string) string {
	var b strings.Builder
	for _, c := range []byte(jws) {
		fmt.Fprintf(&b, "%02d", c-smallest)
	}
	return b.String()
}

func TestRead(t *testing.T) {
	i := newIssuer(t)
	jws := i.sign(t, i.claims())
	file := `{"verifiableCredential":["` + jws + `"]}`
	for name, text := range map[string]string{
		"numeric":           "shc:/" + numeric(jws),
		"upper scheme":      "SHC:/" + numeric(jws),
		"two slashes":       "shc://" + numeric(jws),
		"white space":       " shc:/" + numeric(jws) + "\r\n",
		"bare JWS":          jws,
		"file":              file,
		"file with a BOM":   "\ufeff" + file,
		"deep link, file":   "https://v.example/#" + url.PathEscape(file),
		"deep link, plain":  "https://v.example/?x=1#" + file,
		"deep link, digits": "https://v.example/#shc:/" + numeric(jws),
	} {
		got, err := Read(text)
		if err != nil || len(got) != 1 || got[0] != jws {
			t.Errorf("%s: %d cards, %v", name, len(got), err)
		}
	}
	two, err := Read(`{"verifiableCredential":["` + jws + `","` + jws + `"]}`)
	if err != nil || len(two) != 2 {
		t.Errorf("two cards in a file: %d, %v", len(two), err)
	}
	// Item 38 and others.
	for text, want := range map[string]Reason{
		"": NotACard, "hello": NotACard, "a.b": NotACard, "a.b.c.d": NotACard,
		"shc:/":     Damaged,
		"shc:/567":  Damaged, // odd
		"shc:/78":   Damaged, // pair above 77
		"shc:/99":   Damaged,
		"shc:/56ab": Damaged,
		"shc:/5 6":  Damaged,
		"shc:/５６":   Damaged,
		"a.b.c d":   Damaged,
		"{}":        NoCards, `{"verifiableCredential":[]}`: NoCards,
		`{"verifiableCredential":[5]}`:           Damaged,
		`{"verifiableCredential":"x"}`:           Damaged,
		`{"verifiableCredential":["shc:/56"]}`:   NotACard,
		`{"verifiableCredential`:                 Damaged,
		"shc:/1/2/5676":                          ChunkInvalid,
		strings.Repeat("a", 2<<20):               TooBig,
		"shc:/" + strings.Repeat("5", (2<<20)+2): TooBig,
		`{"verifiableCredential":[` + strings.Repeat(`"a.b.c",`, 30) + `"a.b.c"]}`: TooBig,
	} {
		if _, err := Read(text); ReasonOf(err) != want {
			t.Errorf("Read(%.40q) = %v, want %s", text, err, want)
		}
	}
}

// Item 39.
func TestCollector(t *testing.T) {
	i := newIssuer(t)
	split := func(jws string, n int) []string {
		var out []string
		for k := range n {
			out = append(out, fmt.Sprintf("shc:/%d/%d/%s", k+1, n, numeric(jws[k*len(jws)/n:(k+1)*len(jws)/n])))
		}
		return out
	}
	one := split(i.sign(t, i.claims()), 3)
	two := split(i.sign(t, change(i.claims(), "vc.rid", "other")), 3)
	four := split(i.sign(t, i.claims()), 4)

	for _, bad := range []string{"shc:/0/3/56", "shc:/4/3/56", "shc:/1/999/56", "shc:/-1/3/56", "shc:/1/0/56", "shc:/x/3/56", "shc:/1/3/56/7", "shc:/56"} {
		if _, err := NewCollector(clock).Add(bad); ReasonOf(err) != ChunkInvalid {
			t.Errorf("Add(%s) = %v", bad, err)
		}
	}
	if _, err := NewCollector(clock).Add("shc:/1/3/5"); ReasonOf(err) != Damaged {
		t.Errorf("odd digits: %v", err)
	}
	if _, err := NewCollector(clock).Add("hello"); ReasonOf(err) != NotACard {
		t.Errorf("no part: %v", err)
	}

	now := testNow
	c := NewCollector(func() time.Time { return now })
	if p, err := c.Add(one[1]); err != nil || p.Have != 1 || fmt.Sprint(p.Missing) != "[1 3]" {
		t.Fatalf("%+v %v", p, err)
	}
	for name, part := range map[string]string{"same number, other content": two[1], "another count": four[0]} {
		if p, err := c.Add(part); ReasonOf(err) != ChunkMixed || p.Have != 1 {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
	if p, err := c.Add(one[1]); err != nil || p.Have != 1 {
		t.Errorf("the same part twice: %+v %v", p, err)
	}
	// Another card's part that fits in by its numbers is found out at the end.
	mixed := NewCollector(clock)
	mixed.Add(one[0])
	mixed.Add(two[1])
	if p, err := mixed.Add(one[2]); ReasonOf(err) != ChunkMixed || p.Complete {
		t.Errorf("mixed cards: %+v %v", p, err)
	}
	// A set that nobody completes is dropped.
	now = now.Add(chunkLife + time.Second)
	if p, err := c.Add(two[0]); err != nil || p.Have != 1 || fmt.Sprint(p.Missing) != "[2 3]" {
		t.Errorf("after the time-out: %+v %v", p, err)
	}
	c.Reset()
	if p, err := c.Add(four[0]); err != nil || p.Of != 4 {
		t.Errorf("after Reset: %+v %v", p, err)
	}
}

func TestSignedUpdateOfTheDirectory(t *testing.T) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parse := func(k any) PublicKey {
		der, err := x509.MarshalPKIXPublicKey(k)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	edPub, ecPub := parse(pub), parse(ecKey.Public())
	file := func(day string, n int) []byte {
		return fmt.Appendf(nil, `{"time":"2026-11-%sT00:00:00Z","issuerInfo":[%s{"issuer":{"iss":"https://a.example.com","name":"A"}}]}`, day,
			strings.Repeat(`{"issuer":{"iss":"https://b.example.com","name":"B"}},`, n-1))
	}
	path := filepath.Join(t.TempDir(), "issuers.json")
	newer := file("20", 2)
	sig := ed25519.Sign(priv, newer)
	if d, err := UpdateDirectory(path, newer, sig, edPub); err != nil || d.Len() != 2 {
		t.Fatalf("update: %v", err)
	}
	if d, err := LoadDirectory(path, edPub); err != nil || d.Len() != 2 {
		t.Fatalf("load: %v", err)
	}
	older := file("10", 1)
	changed := append([]byte(" "), newer...)
	sum := sha256.Sum256(file("25", 1))
	ecSig, err := ecdsa.SignASN1(rand.Reader, ecKey, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, sig []byte
		key       PublicKey
	}{
		"changed":                  {changed, sig, edPub},
		"no signature":             {newer, nil, edPub},
		"another key":              {newer, sig, ecPub},
		"no key":                   {newer, sig, nil},
		"older":                    {older, ed25519.Sign(priv, older), edPub},
		"not VCI":                  {[]byte("{}"), ed25519.Sign(priv, []byte("{}")), edPub},
		"not JSON":                 {[]byte("x"), ed25519.Sign(priv, []byte("x")), edPub},
		"signed by EC, key is not": {file("25", 1), ecSig, edPub},
	} {
		if _, err := UpdateDirectory(path, c.file, c.sig, c.key); err == nil {
			t.Errorf("%s: taken", name)
		}
		if d, err := LoadDirectory(path, edPub); err != nil || d.Len() != 2 {
			t.Errorf("%s: the old directory is damaged: %v", name, err)
		}
	}
	if _, err := UpdateDirectory(path, file("25", 1), []byte(base64.StdEncoding.EncodeToString(ecSig)+"\n"), ecPub); err != nil {
		t.Errorf("ECDSA in base64: %v", err)
	}
	if err := os.WriteFile(path, append(newer, ' '), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadDirectory(path, ecPub); err == nil {
		t.Error("a changed file was loaded")
	}
	if d, err := LoadDirectory(path, nil); err != nil || d.Len() != 2 {
		t.Errorf("without a key the file is taken as it is: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".directory-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files left: %v", left)
	}
}
