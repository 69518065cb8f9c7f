package shc

import (
	"context"
	"strings"
	"testing"
)

func FuzzRead(f *testing.F) {
	for _, s := range []string{"", "shc:/", "shc:/5676", "shc:/1/2/5676", `{"verifiableCredential":["a.b.c"]}`, "a.b.c", "https://v.example/#shc:/5676",
		"eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "shc:/99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cards, err := Read(text)
		if (err == nil) != (len(cards) > 0) || len(cards) > maxCards {
			t.Fatalf("%d cards, %v", len(cards), err)
		}
		if err != nil && ReasonOf(err) == "" {
			t.Fatalf("error of another type: %T", err)
		}
		for _, c := range cards {
			if strings.Count(c, ".") != 2 {
				t.Fatalf("not a JWS")
			}
		}
	})
}

// FuzzCard: whatever the text, nobody's card is believed without a key.
func FuzzCard(f *testing.F) {
	i := newIssuer(f)
	f.Add(i.sign(f, i.claims()))
	f.Add(i.signRaw(f, `{"alg":"none","zip":"DEF","kid":"x"}`, []byte(`{"iss":"https://a.example.com","vc":{"type":["`+cardType+`"]},"nbf":1e300}`)))
	f.Add("a.b.c")
	f.Add("..")
	v := NewVerifier(Options{Now: clock})
	f.Fuzz(func(t *testing.T, jws string) {
		_, s := v.Verify(context.Background(), jws)
		switch s.State {
		case Unreadable, BadSignature, KeyUnknown:
		default:
			t.Fatalf("state %s without any key", s.State)
		}
	})
}

// FuzzChunks adds parts in any order and never holds more than the limit.
func FuzzChunks(f *testing.F) {
	f.Add("shc:/1/2/5676\nshc:/2/2/5676")
	f.Add("shc:/1/3/5676\nshc:/2/2/5676\nshc:/3/3/56")
	f.Add("shc:/1/999/56\nshc:/0/0/\nshc:/x/y/z")
	f.Fuzz(func(t *testing.T, lines string) {
		c := NewCollector(clock)
		for _, l := range strings.Split(lines, "\n") {
			p, err := c.Add(l)
			if err != nil && ReasonOf(err) == "" || p.Of > maxChunks || p.Have > p.Of || p.Complete != (p.Card != "") {
				t.Fatalf("%+v %v", p, err)
			}
			if !p.Complete && err == nil && len(p.Missing)+p.Have != p.Of {
				t.Fatalf("%+v", p)
			}
		}
	})
}

func FuzzDirectory(f *testing.F) {
	f.Add([]byte(`{"participating_issuers":[{"iss":"https://a.example.com","name":"A"}]}`))
	f.Add([]byte(`{"issuerInfo":[{"issuer":{"iss":"x"},"keys":[` + exampleKey + `],"crls":[{"kid":"a","rids":["b.1"]}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDirectory(b)
		if (d == nil) != (err != nil) {
			t.Fatalf("%v %v", d, err)
		}
	})
}
