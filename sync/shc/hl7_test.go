package shc

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exampleKey is the public key of the HL7 example issuer.
const exampleKey = `{"kty":"EC","kid":"3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s","use":"sig","alg":"ES256","crv":"P-256",
"x":"11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw","y":"eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8"}`

const exampleIssuer = "https://spec.smarthealth.cards/examples/issuer"

var testNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return testNow }

func sample(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func exampleDirectory(t *testing.T) *Directory {
	t.Helper()
	d, err := ParseDirectory([]byte(`{"time":"2026-11-01T00:00:00Z","issuerInfo":[{"issuer":{"iss":"` + exampleIssuer + `","name":"HL7 example"},"keys":[` + exampleKey + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHL7CardOffline(t *testing.T) {
	numeric, err := Read(sample(t, "hl7-shc-example-00-qr-numeric.txt"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := Read(sample(t, "hl7-shc-example-00.smart-health-card"))
	if err != nil {
		t.Fatal(err)
	}
	if len(numeric) != 1 || len(file) != 1 || numeric[0] == "" {
		t.Fatalf("%d and %d cards", len(numeric), len(file))
	}
	v := NewVerifier(Options{Directory: exampleDirectory(t), Now: clock})
	for _, jws := range []string{numeric[0], file[0]} {
		c, s := v.Verify(context.Background(), jws)
		if s.State != Trusted || c.IssuerName != "HL7 example" || c.FHIRVersion != "4.0.1" || c.NotBefore.Nanosecond() == 0 {
			t.Fatalf("%+v %s %v", s, c.IssuerName, c.NotBefore)
		}
		var got, want any
		if json.Unmarshal(c.Bundle, &got) != nil || json.Unmarshal([]byte(sample(t, "hl7-shc-example-00-bundle.json")), &want) != nil || len(c.Bundle) == 0 {
			t.Fatal("no Bundle")
		}
	}
}

func TestHL7ChunksInAnyOrder(t *testing.T) {
	chunks := []string{sample(t, "hl7-shc-example-02-chunk-0.txt"), sample(t, "hl7-shc-example-02-chunk-1.txt"), sample(t, "hl7-shc-example-02-chunk-2.txt")}
	v := NewVerifier(Options{Directory: exampleDirectory(t), Now: clock})
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {1, 1, 2, 0}, {2, 2, 1, 0}} {
		c := NewCollector(clock)
		for n, i := range order {
			p, err := c.Add(chunks[i])
			if err != nil {
				t.Fatalf("order %v at %d: %v", order, n, err)
			}
			if n < len(order)-1 {
				if p.Complete || p.Of != 3 || p.Have+len(p.Missing) != 3 {
					t.Errorf("order %v at %d: %+v", order, n, p)
				}
				continue
			}
			if !p.Complete {
				t.Fatalf("order %v: not complete: %+v", order, p)
			}
			if _, s := v.Verify(context.Background(), p.Card); s.State != Trusted {
				t.Errorf("order %v: %+v", order, s)
			}
		}
	}
}

// The insurance example's issuer is not in the directory and nothing may be
// fetched: nothing is known.
func TestHL7InsuranceCard(t *testing.T) {
	jws := strings.TrimSpace(sample(t, "hl7-carin-insurance-card.jws.txt"))
	c, s := NewVerifier(Options{Now: clock}).Verify(context.Background(), jws)
	if !reflect.DeepEqual(s, Status{KeyUnknown, "offline"}) || len(c.Bundle) == 0 {
		t.Errorf("%+v", s)
	}
}
