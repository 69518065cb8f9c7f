package host

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestCards(t *testing.T) {
	now := func() time.Time { return time.Unix(1.7e9, 0) }
	mux := http.NewServeMux()
	ts := httptest.NewServer(mux)
	defer http.DefaultClient.CloseIdleConnections()
	defer ts.Close()
	is, err := NewIssuer(ts.URL+"/shc", now)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/shc/", is)
	jws, err := is.Sign(CardRequest{Bundle: json.RawMessage(bundle), Types: []string{"https://smarthealth.cards#immunization"}, RID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t}
	_, raw := r.want(200, "GET", ts.URL+"/shc/.well-known/jwks.json", "")
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) != 1 || !set.Keys[0].IsPublic() || !strings.Contains(string(raw), `"crlVersion":1`) {
		t.Fatalf("%s", raw)
	}
	obj, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if kid, err := thumbprint(set.Keys[0]); err != nil || kid != obj.Signatures[0].Header.KeyID || kid != set.Keys[0].KeyID {
		t.Errorf("kid is not the thumbprint: %v", err)
	}
	small, err := obj.Verify(set.Keys[0])
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(small)))
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Iss string
		Nbf float64
		VC  struct {
			Type              []string
			RID               string
			CredentialSubject struct {
				FHIRVersion string
				FHIRBundle  json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(plain, &claims); err != nil || claims.Iss != ts.URL+"/shc" || claims.Nbf >= 1.7e9 || claims.VC.RID != "r1" || claims.VC.Type[0] != "https://smarthealth.cards#health-card" || string(claims.VC.CredentialSubject.FHIRBundle) != bundle {
		t.Errorf("%s %v", plain, err)
	}
	numeric := Numeric(jws)
	var back strings.Builder
	digits := strings.TrimPrefix(numeric, "shc:/")
	for i := 0; i < len(digits); i += 2 {
		back.WriteByte((digits[i]-'0')*10 + digits[i+1] - '0' + 45)
	}
	if back.String() != jws {
		t.Error("the numeric form does not read back")
	}
	is.Revoke("r1")
	_, raw = r.want(200, "GET", ts.URL+"/shc/.well-known/crl/"+set.Keys[0].KeyID+".json", "")
	if !strings.Contains(string(raw), `"rids":["r1"]`) || !strings.Contains(string(raw), `"method":"rid"`) {
		t.Errorf("%s", raw)
	}
	r.want(404, "GET", ts.URL+"/shc/other", "")
	var file map[string][]string
	if err := json.Unmarshal(CardFile(jws), &file); err != nil || len(file["verifiableCredential"]) != 1 || file["verifiableCredential"][0] != jws {
		t.Errorf("card file: %v", err)
	}
}
