package shl

import (
	"net/url"
	"strings"
	"testing"
)

func TestEveryCarrierOfALinkIsRead(t *testing.T) {
	good := with("label", `"résumé ÿþ?>"`) // base64url with - and _
	payload := strings.TrimPrefix(good, "shlink:/")
	if !strings.ContainsAny(payload, "-_") {
		t.Fatal("the payload must have - or _ to tell the alphabets apart")
	}
	std := strings.NewReplacer("-", "+", "_", "/").Replace(payload)
	for name, text := range map[string]string{
		"bare":                    good,
		"white space":             "\r\n\t " + good + " \n",
		"byte order mark":         "\ufeff" + good,
		"zero width":              "\u200b" + good + "\u200b",
		"viewer":                  "https://viewer.example.com/#" + good,
		"viewer with query":       "https://v.example/path?x=1&y=#" + good,
		"viewer without slash":    "https://v.example#" + good,
		"upper scheme":            "SHLINK:/" + payload,
		"mixed scheme":            "ShLink:/" + payload,
		"two slashes":             "shlink://" + payload,
		"upper and two slashes":   "SHLINK://" + payload,
		"encoded fragment":        "https://v.example/#shlink%3A%2F" + payload,
		"encoded lower case":      "https://v.example/#shlink%3a%2f" + payload,
		"encoded twice":           "https://v.example/#shlink%253A%252F" + payload,
		"encoded with the hash":   "https://v.example/%23shlink%3A%2F" + payload,
		"fully encoded":           url.QueryEscape(good),
		"as a query":              "https://v.example/?link=" + url.QueryEscape(good),
		"words around":            "Hello, here is my record: " + good + " - see you!",
		"full stop after":         "My record: " + good + ".",
		"in brackets":             "(" + good + ")",
		"in quotes":               `"` + good + `"`,
		"angle brackets":          "<" + good + ">",
		"html":                    `<a href="https://v.example/#` + good + `">open</a>`,
		"standard alphabet":       "shlink:/" + std,
		"padding":                 "shlink:/" + payload + strings.Repeat("=", (4-len(payload)%4)%4),
		"escaped padding":         "shlink:/" + payload + "%3D%3D",
		"broken over lines":       good[:100] + "\n" + good[100:200] + "\r\n" + good[200:],
		"same link twice":         good + "\n" + "https://v.example/#" + good,
		"the word before":         "shlink:/ is the scheme. " + good,
		"after another https url": "https://clinic.example.com/ then " + good,
	} {
		l, err := Parse(text, testNow)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l.Payload().URL != "https://shl.example.com/x" || l.Label().Reveal() != "résumé ÿþ?>" || !keyEquals(l, testKey) {
			t.Errorf("%s: another link came out", name)
		}
		if Classify(text) != KindLink {
			t.Errorf("%s: classified as %s", name, Classify(text))
		}
	}
}

func keyEquals(l *Link, want string) bool {
	raw, _, ok := decode64(want)
	if !ok {
		return false
	}
	same := false
	_ = l.key.Use(func(k []byte) error { same = string(k) == string(raw); return nil })
	return same
}

func TestWhatIsNotALinkIsNamed(t *testing.T) {
	jwsHead := "eyJ6aXAiOiJERUYiLCJhbGciOiJFUzI1NiIsImtpZCI6IngifQ"
	jweHead := "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0"
	bcbp := "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100"
	for text, want := range map[string]Kind{
		"shc:/5676290952432060346029243740446031": KindCard,
		"SHC:/5676290952432060346029243740446031": KindCard,
		"https://v.example/#shc:/56762909":        KindCard,
		"shc:/2/3/5676290952":                     KindCardChunk,
		jwsHead + ".3ZJJ.sig":                     KindCardJWS,
		jweHead + "..iv.ct.tag":                   KindJWE,
		`{"verifiableCredential":["x"]}`:          KindCardFile,
		`{"type":"cms-htei","id":"1"}`:            KindAppIdentity,
		`{"resourceType":"Patient"}`:              KindFHIR,
		`{"a":1}`:                                 KindJSON,
		`[1]`:                                     KindJSON,
		"vhlink:/eyJ":                             KindOtherHealth,
		"VHLINK:/eyJ":                             KindOtherHealth,
		"otherlink:/eyJ":                          KindOtherHealth,
		"xshlink:/eyJ":                            KindOtherHealth,
		"HC1:6BFOXN*TS0BI$ZDFRH":                  KindHCERT,
		bcbp:                                      KindBoarding,
		"M2" + bcbp[2:]:                           KindBoarding,
		"@\n\x1e\rANSI 636000090002DL00410278":    KindLicence,
		"@\r\nANSI 636000090002DL":                KindLicence,
		"@\n\x1c\rAAMVA36031020":                  KindLicence,
		"https://example.com/menu":                KindWeb,
		"http://example.com":                      KindWeb,
		"www.example.com":                         KindWeb,
		"WIFI:S:guest;T:WPA;P:x;;":                KindWiFi,
		"BEGIN:VCARD\nVERSION:3.0":                KindContact,
		"tel:+15551234567":                        KindURI,
		"otpauth://totp/x":                        KindURI,
		"hello":                                   KindText,
		"Meeting at 9:30, room M1":                KindText,
		"1234567890128":                           KindText,
		"":                                        KindEmpty,
		"see shlink in the docs":                  KindText,
		"https://v.example/?shlink=1":             KindWeb,
	} {
		if got := Classify(text); got != want {
			t.Errorf("Classify(%q) = %s, want %s", text, got, want)
		}
		if want == KindEmpty {
			continue
		}
		_, err := Parse(text, testNow)
		if ReasonOf(err) != NotALink {
			t.Errorf("Parse(%q) = %v, want %s", text, err, NotALink)
		}
	}
}

func TestDifferentLinksAreRefused(t *testing.T) {
	a, b := withURL("https://shl.example.com/a"), withURL("https://shl.example.com/b")
	for _, text := range []string{a + " " + b, a + "\n" + b, "https://v.example/#" + a + " https://v.example/#" + b, a + a[:40] + " " + b} {
		if _, err := Parse(text, testNow); ReasonOf(err) != TwoLinks && ReasonOf(err) != Damaged {
			t.Errorf("two links gave %v", err)
		}
	}
	la, _ := Parse(a, testNow)
	lb, _ := Parse(b, testNow)
	again, _ := Parse("https://v.example/#"+a, testNow)
	if la.Same(lb) || !la.Same(again) || la.Same(nil) {
		t.Error("Same does not tell codes apart")
	}
}
