package shc

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"shlkiosk/sync/guard"
)

// issuer signs cards and answers for its keys on loopback.
type issuer struct {
	*httptest.Server
	private *ecdsa.PrivateKey
	kid     string

	mu    sync.Mutex
	asked []string
	// answers by path; the JWKS is there from the start.
	answers map[string]string
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{private: key, answers: map[string]string{}}
	print, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	i.kid = base64.RawURLEncoding.EncodeToString(print)
	i.set("/.well-known/jwks.json", `{"keys":[`+i.jwk("")+`]}`)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.asked = append(i.asked, r.URL.Path)
		body, ok := i.answers[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case strings.HasPrefix(body, "redirect "):
			http.Redirect(w, r, body[len("redirect "):], http.StatusFound)
		default:
			io.WriteString(w, body)
		}
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) set(path, body string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answers[path] = body
}

func (i *issuer) requests() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string(nil), i.asked...)
}

// jwk writes the issuer's public key; extra is put in, as raw members.
func (i *issuer) jwk(extra string) string {
	raw, err := (&jose.JSONWebKey{Key: i.private.Public(), KeyID: i.kid, Use: "sig", Algorithm: "ES256"}).MarshalJSON()
	if err != nil {
		panic(err)
	}
	if extra == "" {
		return string(raw)
	}
	return string(raw[:len(raw)-1]) + "," + extra + "}"
}

func (i *issuer) claims() map[string]any {
	return map[string]any{
		"iss": i.URL, "nbf": testNow.Add(-time.Hour).Unix(),
		"vc": map[string]any{"type": []string{cardType}, "credentialSubject": map[string]any{"fhirVersion": "4.0.1",
			"fhirBundle": map[string]any{"resourceType": "Bundle", "type": "collection", "entry": []any{}}}},
	}
}

func (i *issuer) sign(t testing.TB, claims map[string]any) string {
	t.Helper()
	return i.signRaw(t, fmt.Sprintf(`{"alg":"ES256","zip":"DEF","kid":%q}`, i.kid), marshal(t, claims))
}

func (i *issuer) signRaw(t testing.TB, head string, payload []byte) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(payload)
	w.Close()
	e := base64.RawURLEncoding.EncodeToString
	signed := e([]byte(head)) + "." + e(b.Bytes())
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, i.private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	sig := make([]byte, signatureBytes)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return signed + "." + e(sig)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (i *issuer) verifier(t testing.TB, d *Directory) *Verifier {
	t.Helper()
	g, err := guard.New(guard.Options{Allow: []string{i.URL}, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return NewVerifier(Options{Guard: g, Directory: d, Now: clock})
}

func (i *issuer) listed(t testing.TB) *Directory {
	t.Helper()
	d, err := ParseDirectory([]byte(`{"participating_issuers":[{"iss":"` + i.URL + `","name":"Test lab"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func change(c map[string]any, path string, v any) map[string]any {
	m := c
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		m = m[k].(map[string]any)
	}
	if v == nil {
		delete(m, keys[len(keys)-1])
	} else {
		m[keys[len(keys)-1]] = v
	}
	return c
}

// Items 40 to 42: every way a card can be wrong, and its state.
func TestStates(t *testing.T) {
	i := newIssuer(t)
	other := newIssuer(t)
	good := i.sign(t, i.claims())
	part := func(n int, s string) string {
		p := strings.Split(good, ".")
		p[n] = s
		return strings.Join(p, ".")
	}
	der, err := ecdsa.SignASN1(rand.Reader, i.private, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	e := base64.RawURLEncoding.EncodeToString
	at := func(d time.Duration) float64 { return float64(testNow.Add(d).UnixMilli()) / 1000 }
	for _, c := range []struct {
		name string
		jws  string
		want Status
	}{
		{"good", good, Status{Trusted, ""}},
		{"white space around", " " + good + "\n", Status{Trusted, ""}},
		{"nbf with a fraction", i.sign(t, change(i.claims(), "nbf", at(-time.Hour)+0.123)), Status{Trusted, ""}},
		{"nbf in milliseconds", i.sign(t, change(i.claims(), "nbf", testNow.Add(-time.Hour).UnixMilli())), Status{Trusted, ""}},
		{"nbf ahead", i.sign(t, change(i.claims(), "nbf", at(time.Hour))), Status{NotYetValid, "nbf"}},
		{"nbf ahead in milliseconds", i.sign(t, change(i.claims(), "nbf", testNow.Add(time.Hour).UnixMilli())), Status{NotYetValid, "nbf"}},
		{"nbf within the skew", i.sign(t, change(i.claims(), "nbf", at(time.Minute))), Status{Trusted, ""}},
		{"nbf missing", i.sign(t, change(i.claims(), "nbf", nil)), Status{NotYetValid, "nbf-missing"}},
		{"nbf text", i.sign(t, change(i.claims(), "nbf", "now")), Status{NotYetValid, "nbf-missing"}},
		{"exp ahead", i.sign(t, change(i.claims(), "exp", at(time.Hour))), Status{Trusted, ""}},
		{"exp past", i.sign(t, change(i.claims(), "exp", at(-time.Hour))), Status{Expired, "exp"}},
		{"exp text", i.sign(t, change(i.claims(), "exp", "never")), Status{Unreadable, string(Damaged)}},
		{"more types", i.sign(t, change(i.claims(), "vc.type", []string{"x", cardType})), Status{Trusted, ""}},
		{"without the type", i.sign(t, change(i.claims(), "vc.type", []string{"x"})), Status{Unreadable, string(NotACard)}},
		{"without vc", i.sign(t, change(i.claims(), "vc", nil)), Status{Unreadable, string(NotACard)}},
		{"without iss", i.sign(t, change(i.claims(), "iss", nil)), Status{Unreadable, string(NotACard)}},
		{"without Bundle", i.sign(t, change(i.claims(), "vc.credentialSubject.fhirBundle", nil)), Status{Trusted, ""}},
		{"alg none", i.signRaw(t, `{"alg":"none","zip":"DEF","kid":"`+i.kid+`"}`, marshal(t, i.claims())), Status{BadSignature, "algorithm"}},
		{"alg HS256", i.signRaw(t, `{"alg":"HS256","zip":"DEF","kid":"`+i.kid+`"}`, marshal(t, i.claims())), Status{BadSignature, "algorithm"}},
		{"alg twice", i.signRaw(t, `{"alg":"none","alg":"ES256","zip":"DEF","kid":"`+i.kid+`"}`, marshal(t, i.claims())), Status{Unreadable, string(Damaged)}},
		{"crit", i.signRaw(t, `{"alg":"ES256","zip":"DEF","crit":["x"],"kid":"`+i.kid+`"}`, marshal(t, i.claims())), Status{Unreadable, string(Damaged)}},
		{"kid missing", i.signRaw(t, `{"alg":"ES256","zip":"DEF"}`, marshal(t, i.claims())), Status{KeyUnknown, "kid-missing"}},
		{"kid unknown", i.signRaw(t, `{"alg":"ES256","zip":"DEF","kid":"x"}`, marshal(t, i.claims())), Status{KeyUnknown, "kid-unknown"}},
		{"signed by another", other.signRaw(t, `{"alg":"ES256","zip":"DEF","kid":"`+i.kid+`"}`, marshal(t, i.claims())), Status{BadSignature, "signature"}},
		{"DER signature", part(2, e(der)), Status{BadSignature, "signature-length"}},
		{"signature empty", part(2, ""), Status{BadSignature, "signature-length"}},
		{"signature changed", part(2, e(make([]byte, 64))), Status{BadSignature, "signature"}},
		{"payload changed", part(1, strings.Split(i.sign(t, change(i.claims(), "exp", at(time.Hour))), ".")[1]), Status{BadSignature, "signature"}},
		{"payload not base64", part(1, "***"), Status{Unreadable, string(Damaged)}},
		{"payload not deflate", part(1, e([]byte("hello"))), Status{Unreadable, string(Damaged)}},
		{"header not JSON", part(0, e([]byte("hello"))), Status{Unreadable, string(Damaged)}},
		{"two parts", "a.b", Status{Unreadable, string(NotACard)}},
		{"bomb", i.signRaw(t, `{"alg":"ES256","zip":"DEF","kid":"x"}`, make([]byte, 6<<20)), Status{Unreadable, string(TooBig)}},
		{"iss with a slash at its end", i.sign(t, change(i.claims(), "iss", i.URL+"/")), Status{KeyUnknown, "issuer-trailing-slash"}},
		{"iss with a query", i.sign(t, change(i.claims(), "iss", i.URL+"?x=")), Status{KeyUnknown, "issuer-address"}},
		{"iss http", i.sign(t, change(i.claims(), "iss", "http://example.com")), Status{KeyUnknown, "issuer-url-scheme"}},
		{"iss private", i.sign(t, change(i.claims(), "iss", "https://127.0.0.1")), Status{KeyUnknown, "issuer-blocked-address"}},
		{"iss not an address", i.sign(t, change(i.claims(), "iss", "me")), Status{KeyUnknown, "issuer-url-invalid"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			card, got := i.verifier(t, i.listed(t)).Verify(context.Background(), c.jws)
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if got.State == Trusted && card.IssuerName != "Test lab" {
				t.Errorf("issuer %q", card.IssuerName)
			}
		})
	}
	if _, s := i.verifier(t, nil).Verify(context.Background(), good); s.State != UnknownIssuer {
		t.Errorf("issuer not listed: %+v", s)
	}
	if n := len(other.requests()); n != 0 {
		t.Errorf("%d requests to an issuer that no card named", n)
	}
}

// Item 40: what an issuer may answer for its keys.
func TestKeysOfAnIssuer(t *testing.T) {
	i := newIssuer(t)
	jws := i.sign(t, i.claims())
	scalar, err := i.private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	d := base64.RawURLEncoding.EncodeToString(scalar)
	wrongKid := strings.Replace(i.jwk(""), i.kid, "mine", 1)
	for name, c := range map[string]struct{ answer, why string }{
		"private key":       {`{"keys":[` + i.jwk(`"d":"`+d+`"`) + `]}`, "jwk-private"},
		"not JSON":          {`hello`, "jwks-form"},
		"keys missing":      {`{}`, "jwks-form"},
		"no key":            {`{"keys":[]}`, "kid-unknown"},
		"another kid":       {`{"keys":[` + wrongKid + `]}`, "kid-unknown"},
		"use missing":       {`{"keys":[` + strings.Replace(i.jwk(""), `"use":"sig",`, "", 1) + `]}`, "jwk-use-or-alg"},
		"alg missing":       {`{"keys":[` + strings.Replace(i.jwk(""), `,"alg":"ES256"`, "", 1) + `]}`, "jwk-use-or-alg"},
		"key type":          {`{"keys":[{"kty":"RSA","kid":"` + i.kid + `"}]}`, "jwk-not-p256"},
		"point not there":   {`{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"` + i.kid + `","x":"AA","y":"AA"}]}`, "jwk-point"},
		"5 MB":              {`{"keys":[` + strings.Repeat(" ", 5<<20) + `]}`, "issuer-too-large"},
		"many keys":         {`{"keys":[` + strings.Repeat("{},", 1000) + `{}]}`, "jwks-too-many-keys"},
		"redirect":          {"redirect https://example.com/", "issuer-status"},
		"a bad key first":   {`{"keys":[{"kty":"oct"},5,null,` + i.jwk("") + `]}`, ""},
		"with x5c rubbish":  {`{"keys":[` + i.jwk(`"x5c":["rubbish"]`) + `]}`, ""},
		"with unknown name": {`{"keys":[` + i.jwk(`"x-y":1`) + `]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			i.set("/.well-known/jwks.json", c.answer)
			_, s := i.verifier(t, nil).Verify(context.Background(), jws)
			if s.Why != c.why || (c.why == "") != (s.State == UnknownIssuer) {
				t.Errorf("%+v, want %q", s, c.why)
			}
		})
	}
	i.Close()
	if _, s := i.verifier(t, nil).Verify(context.Background(), jws); s != (Status{KeyUnknown, "issuer-unreachable"}) {
		t.Errorf("issuer down: %+v", s)
	}
}

func TestKeysAreCachedAndAskedAgain(t *testing.T) {
	i := newIssuer(t)
	now := testNow
	v := i.verifier(t, nil)
	v.now = func() time.Time { return now }
	v.keys.now = v.now
	jws := i.sign(t, i.claims())
	for range 3 {
		if _, s := v.Verify(context.Background(), jws); s.State != UnknownIssuer {
			t.Fatalf("%+v", s)
		}
	}
	if n := len(i.requests()); n != 1 {
		t.Errorf("%d requests for three cards", n)
	}
	// A key that is not in a fresh set is asked for again, but not in a loop.
	unknown := i.signRaw(t, `{"alg":"ES256","zip":"DEF","kid":"new"}`, marshal(t, i.claims()))
	for range 3 {
		v.Verify(context.Background(), unknown)
	}
	if n := len(i.requests()); n != 1 {
		t.Errorf("%d requests within a minute", n)
	}
	now = now.Add(2 * time.Minute)
	v.Verify(context.Background(), unknown)
	if n := len(i.requests()); n != 2 {
		t.Errorf("%d requests after a minute, want 2", n)
	}
	now = now.Add(2 * time.Hour)
	v.Verify(context.Background(), jws)
	if n := len(i.requests()); n != 3 {
		t.Errorf("%d requests after the cache ran out, want 3", n)
	}
}

// Item 41: revocation.
func TestRevocation(t *testing.T) {
	i := newIssuer(t)
	i.set("/.well-known/jwks.json", `{"keys":[`+i.jwk(`"crlVersion":2`)+`]}`)
	list := "/.well-known/crl/" + i.kid + ".json"
	before, after := testNow.Add(-2*time.Hour).Unix(), testNow.Add(time.Hour).Unix()
	card := func(rid string) string { return i.sign(t, change(i.claims(), "vc.rid", rid)) }
	crl := func(rids ...string) string {
		return string(marshal(t, map[string]any{"kid": i.kid, "method": "rid", "ctr": 2, "rids": rids}))
	}
	for name, c := range map[string]struct {
		jws, crl string
		want     Status
	}{
		"not on the list":         {card("a"), crl("b", "c"), Status{UnknownIssuer, ""}},
		"on the list":             {card("a"), crl("b", "a"), Status{Revoked, "rid"}},
		"revoked if older, is":    {card("a"), crl(fmt.Sprintf("a.%d", after)), Status{Revoked, "rid"}},
		"revoked if older, isn't": {card("a"), crl(fmt.Sprintf("a.%d", before)), Status{UnknownIssuer, ""}},
		"in milliseconds":         {card("a"), crl(fmt.Sprintf("a.%d", before*1000)), Status{UnknownIssuer, ""}},
		"time not understood":     {card("a"), crl("a.soon"), Status{Revoked, "rid"}},
		"twice, the wider counts": {card("a"), crl("a", fmt.Sprintf("a.%d", before)), Status{Revoked, "rid"}},
		"twice, other order":      {card("a"), crl(fmt.Sprintf("a.%d", before), fmt.Sprintf("a.%d", after)), Status{Revoked, "rid"}},
		"no rid":                  {i.sign(t, i.claims()), crl("a"), Status{UnknownIssuer, ""}},
		"rid too long":            {card(strings.Repeat("a", 25)), crl("a"), Status{KeyUnknown, "rid-form"}},
		"list of another key":     {card("a"), strings.Replace(crl("b"), i.kid, "x", 1), Status{KeyUnknown, "revocation-list-form"}},
		"list not JSON":           {card("a"), "hello", Status{KeyUnknown, "revocation-list-form"}},
		"list not there":          {card("a"), "", Status{KeyUnknown, "revocation-list-issuer-status"}},
	} {
		t.Run(name, func(t *testing.T) {
			i.set(list, c.crl)
			if c.crl == "" {
				i.mu.Lock()
				delete(i.answers, list)
				i.mu.Unlock()
			}
			if _, s := i.verifier(t, nil).Verify(context.Background(), c.jws); s != c.want {
				t.Errorf("%+v, want %+v", s, c.want)
			}
		})
	}
	// The list is kept while crlVersion is equal.
	i.set(list, crl("b"))
	v := i.verifier(t, nil)
	count := len(i.requests())
	for range 3 {
		v.Verify(context.Background(), card("a"))
	}
	if n := len(i.requests()) - count; n != 2 {
		t.Errorf("%d requests for three cards, want one for keys and one for the list", n)
	}
}

func TestDirectoryWithKeysWorksWithoutNetwork(t *testing.T) {
	i := newIssuer(t)
	snapshot := fmt.Sprintf(`{"directory":"x","time":"2026-11-01T00:00:00Z","issuerInfo":[{"issuer":{"iss":%q,"name":"Test lab","canonical_iss":"x"},`+
		`"keys":[%s,{"kty":"RSA"}],"crls":[{"kid":%q,"method":"rid","ctr":1,"rids":["gone"]}]}]}`, strings.Replace(i.URL, "http:", "https:", 1), i.jwk(`"crlVersion":1`), i.kid)
	d, err := ParseDirectory([]byte(snapshot))
	if err != nil {
		t.Fatal(err)
	}
	v := NewVerifier(Options{Directory: d, Now: clock})
	claims := change(i.claims(), "iss", strings.Replace(i.URL, "http:", "https:", 1))
	if c, s := v.Verify(context.Background(), i.sign(t, change(claims, "vc.rid", "ok"))); s.State != Trusted || c.IssuerName != "Test lab" {
		t.Errorf("%+v", s)
	}
	if _, s := v.Verify(context.Background(), i.sign(t, change(claims, "vc.rid", "gone"))); s.State != Revoked {
		t.Errorf("%+v", s)
	}
	if n := len(i.requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
	v.SetDirectory(nil)
	if _, s := v.Verify(context.Background(), i.sign(t, claims)); s != (Status{KeyUnknown, "offline"}) {
		t.Errorf("%+v", s)
	}
}

func TestPolicy(t *testing.T) {
	all := []State{Trusted, UnknownIssuer, KeyUnknown, Expired, NotYetValid, BadSignature, Revoked, Unreadable}
	for p, want := range map[Policy]int{PolicyTrusted: 1, PolicyVerified: 2, PolicyAny: 5, "": 1, "typo": 1} {
		n := 0
		for k, s := range all {
			may := s.MayFile(p)
			if may {
				n++
			}
			if may != (k < want) {
				t.Errorf("policy %q: %s may be filed: %v", p, s, may)
			}
		}
		if n != want {
			t.Errorf("policy %q files %d states, want %d", p, n, want)
		}
	}
	for _, s := range all {
		found := false
		for _, r := range Reasons() {
			found = found || r.Code == string(s) && r.Patient != "" && r.Staff != "" && r.Do != ""
		}
		if !found {
			t.Errorf("state %s has no words", s)
		}
	}
}

func TestCardPrintsNothing(t *testing.T) {
	i := newIssuer(t)
	c, err := Parse(i.sign(t, i.claims()))
	if err != nil {
		t.Fatal(err)
	}
	if out := fmt.Sprintf("%v %+v %#v %s", c, c, c, &c); strings.Contains(out, "Bundle") || strings.Contains(out, "127.0.0.1") {
		t.Errorf("printed %s", out)
	}
}

// A kid that is not the key's thumbprint makes the key no key, also when card
// and JWKS agree on it.
func TestKidMustBeTheThumbprint(t *testing.T) {
	i := newIssuer(t)
	i.set("/.well-known/jwks.json", `{"keys":[`+strings.Replace(i.jwk(""), i.kid, "mine", 1)+`]}`)
	jws := i.signRaw(t, `{"alg":"ES256","zip":"DEF","kid":"mine"}`, marshal(t, i.claims()))
	if _, s := i.verifier(t, i.listed(t)).Verify(context.Background(), jws); s != (Status{KeyUnknown, "jwk-thumbprint"}) {
		t.Errorf("%+v", s)
	}
}
