package shl

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shlkiosk/sync/guard"
)

const testKey = "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q"

// link encodes a payload as it stands.
func link(json string) string {
	return "shlink:/" + base64.RawURLEncoding.EncodeToString([]byte(json))
}

// with is a good payload with one member set (raw JSON), or left out when "".
func with(name, raw string) string {
	m := []struct{ k, v string }{{"url", `"https://shl.example.com/x"`}, {"flag", `"U"`}, {"key", `"` + testKey + `"`}, {"exp", "4102444800"}, {"label", `"L"`}, {"v", "1"}}
	var parts []string
	for _, e := range m {
		if e.k == name {
			e.v = raw
		}
		if e.v != "" {
			parts = append(parts, `"`+e.k+`":`+e.v)
		}
	}
	return link("{" + strings.Join(parts, ",") + "}")
}

func withURL(u string) string { return with("url", fmt.Sprintf("%q", u)) }

// The items of receiver.md section 4 that are decided by the text: number,
// text, where it stops and why ("" reason: it must be opened).
func TestBadInputText(t *testing.T) {
	good := with("", "")
	other := withURL("https://shl.example.com/other")
	b64 := base64.RawURLEncoding.EncodeToString
	cases := []struct {
		item   string
		text   string
		stage  Stage
		reason Reason
	}{
		{"1 empty", "", StageDecode, Empty},
		{"1 spaces", " \t\r\n", StageDecode, Empty},
		{"2 hello", "hello", StageDecode, NotALink},
		{"2 web address", "https://example.com/x", StageDecode, NotALink},
		{"3 nothing behind", "shlink:/", StageDecode, Damaged},
		{"4 truncated in a group", good[:len("shlink:/")+41], StageDecode, Damaged},
		{"4 truncated at a group", good[:len("shlink:/")+40], StageDecode, Damaged},
		{"5 not JSON", "shlink:/" + b64([]byte("hello world")), StageDecode, Damaged},
		{"5 array", link("[]"), StageDecode, Damaged},
		{"5 null", link("null"), StageDecode, Damaged},
		{"5 string", link(`"x"`), StageDecode, Damaged},
		{"5 number", link("5"), StageDecode, Damaged},
		{"5 two values", link("{}{}"), StageDecode, Damaged},
		{"5 not UTF-8", "shlink:/" + b64([]byte("{\"label\":\"\xff\"}")), StageDecode, Damaged},
		{"6 duplicate url", link(`{"url":"https://a.example.com/","url":"https://b.example.com/","key":"` + testKey + `"}`), StagePayload, PayloadDuplicate},
		{"7 url missing", with("url", ""), StagePayload, URLMissing},
		{"7 url number", with("url", "5"), StagePayload, URLMissing},
		{"7 url empty", with("url", `""`), StagePayload, URLMissing},
		{"7 url relative", withURL("/x"), StagePayload, URLInvalid},
		{"7 another case is another name", link(`{"URL":"https://a.example.com/","key":"` + testKey + `"}`), StagePayload, URLMissing},
		{"8 ftp", withURL("ftp://example.com/x"), StagePayload, URLScheme},
		{"8 file", withURL("file:///etc/passwd"), StagePayload, URLScheme},
		{"8 javascript", withURL("javascript:alert(1)"), StagePayload, URLScheme},
		{"8 data", withURL("data:text/plain,x"), StagePayload, URLScheme},
		{"8 http", withURL("http://shl.example.com/x"), StagePayload, URLScheme},
		{"9 user info", withURL("https://u:p@example.com/"), StagePayload, URLInvalid},
		{"9 fragment", withURL("https://example.com/#x"), StagePayload, URLInvalid},
		{"9 backslash", with("url", `"https://example.com\\@evil.example/"`), StagePayload, URLInvalid},
		{"9 tab", with("url", `"https://example.com/\tx"`), StagePayload, URLInvalid},
		{"9 newline", with("url", `"https://example.com/\nx"`), StagePayload, URLInvalid},
		{"12 url of 5000", withURL("https://example.com/" + strings.Repeat("a", 5000)), StagePayload, URLTooLong},
		{"12 pasted 200 kB", strings.Repeat("lorem ipsum ", 17000) + good, StageDecode, TextTooBig},
		{"12 200 kB payload", link(`{"label":"` + strings.Repeat("x", 200<<10) + `"}`), StageDecode, TextTooBig},
		{"13 key 16 bytes", with("key", `"`+b64(make([]byte, 16))+`"`), StagePayload, KeyInvalid},
		{"13 key 31 bytes", with("key", `"`+b64(make([]byte, 31))+`"`), StagePayload, KeyInvalid},
		{"13 key 33 bytes", with("key", `"`+b64(make([]byte, 33))+`"`), StagePayload, KeyInvalid},
		{"13 key alphabet", with("key", `"`+strings.Repeat("*", 43)+`"`), StagePayload, KeyInvalid},
		{"13 key missing", with("key", ""), StagePayload, KeyInvalid},
		{"13 key number", with("key", "7"), StagePayload, KeyInvalid},
		{"13 key padded", with("key", `"`+testKey+`="`), "", ""},
		{"14 exp past", with("exp", "1700000000"), StagePayload, Expired},
		{"14 exp 0", with("exp", "0"), StagePayload, Expired},
		{"14 exp negative", with("exp", "-5"), StagePayload, Expired},
		{"14 exp past as string", with("exp", `"1700000000"`), StagePayload, Expired},
		{"14 exp as string", with("exp", `"4102444800"`), "", ""},
		{"14 exp 1e400", with("exp", "1e400"), StagePayload, ExpInvalid},
		{"14 exp 1e300", with("exp", "1e300"), StagePayload, ExpInvalid},
		{"14 exp NaN", with("exp", `"NaN"`), StagePayload, ExpInvalid},
		{"14 exp text", with("exp", `"tomorrow"`), StagePayload, ExpInvalid},
		{"14 exp true", with("exp", "true"), StagePayload, ExpInvalid},
		{"14 exp object", with("exp", "{}"), StagePayload, ExpInvalid},
		{"14 exp milliseconds ahead", with("exp", "4102444800000"), "", ""},
		{"14 exp milliseconds past", with("exp", "1700000000000"), StagePayload, Expired},
		{"14 exp fraction", with("exp", "4102444800.5"), "", ""},
		{"14 exp exponent", with("exp", "4.1024448e9"), "", ""},
		{"14 exp null", with("exp", "null"), "", ""},
		{"14 exp missing", with("exp", ""), "", ""},
		{"15 v 2", with("v", "2"), StagePayload, NewerVersion},
		{"15 v 2 without url and key", link(`{"v":2,"label":"L"}`), StagePayload, NewerVersion},
		{"15 v 1e9", with("v", "1e9"), StagePayload, NewerVersion},
		{"15 v string", with("v", `"1"`), StagePayload, VersionInvalid},
		{"15 v 1.0", with("v", "1.0"), "", ""},
		{"15 v 1.5", with("v", "1.5"), StagePayload, VersionInvalid},
		{"15 v 0", with("v", "0"), StagePayload, VersionInvalid},
		{"15 v -1", with("v", "-1"), StagePayload, VersionInvalid},
		{"15 v missing", with("v", ""), "", ""},
		{"16 flag PU", with("flag", `"PU"`), "", ""},
		{"16 flag ZU", with("flag", `"ZU"`), "", ""},
		{"16 flag u", with("flag", `"u"`), "", ""},
		{"16 flag number", with("flag", "5"), StagePayload, FlagInvalid},
		{"16 flag null", with("flag", "null"), "", ""},
		{"17 label long", with("label", `"`+strings.Repeat("x", 10000)+`"`), "", ""},
		{"17 label of another type", with("label", "[1]"), "", ""},
		{"19 two links", good + " " + other, StageDecode, TwoLinks},
		{"18 the same twice", good + " " + good, "", ""},
	}
	for _, c := range cases {
		t.Run(c.item, func(t *testing.T) {
			g, err := guard.New(guard.Options{})
			if err != nil {
				t.Fatal(err)
			}
			l, err := Parse(c.text, testNow)
			if err == nil {
				err = NewResolver(Options{Guard: g, Recipient: "x", Now: func() time.Time { return testNow }}).Check(l)
			}
			var e *Error
			if c.reason == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if !errors.As(err, &e) || e.Stage != c.stage || e.Reason != c.reason {
				t.Fatalf("error %v, want %s: %s", err, c.stage, c.reason)
			}
			if _, ok := Explain(e.Reason); !ok {
				t.Errorf("reason %s is not in the table", e.Reason)
			}
		})
	}
}

// Item 10 and 11: addresses that must not be opened. One listener stands for
// all of them, on every loopback form, and must see nothing.
func TestBadInputAddressesMakeNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	var hits atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			hits.Add(1)
			c.Close()
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	g, err := guard.New(guard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := NewResolver(Options{Guard: g, Recipient: "x", Now: func() time.Time { return testNow }})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "10.1.2.3", "169.254.169.254", "[fd00::1]", "100.64.1.1", "2130706433",
		"0x7f.1", "127.1", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "printer.local", "db.internal"} {
		for _, suffix := range []string{"", fmt.Sprint(":", port)} {
			parsed, err := Parse(withURL("https://"+host+suffix+"/x"), testNow)
			if err == nil {
				_, err = r.Resolve(context.Background(), parsed, nil)
			}
			if got := ReasonOf(err); got != Blocked {
				t.Errorf("%s: %v, want %s", host+suffix, err, Blocked)
			}
			var e *Error
			if errors.As(err, &e) && e.Stage != StageRetrieve {
				t.Errorf("%s: stage %s", host+suffix, e.Stage)
			}
		}
	}
	l.Close()
	<-done
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	idn, err := Parse(withURL("https://аррӏе.com/x"), testNow)
	if err != nil || idn.Host() != "xn--80ak6aa92e.com" {
		t.Errorf("item 11: host is shown as %q (%v)", idn.Host(), err)
	}
}

func TestFlagUWithPNeverSendsAPasscode(t *testing.T) {
	l, err := Parse(with("flag", `"PU"`), testNow)
	if err != nil || !l.Direct() || l.NeedsPasscode() {
		t.Fatalf("direct %v, passcode %v, %v", l.Direct(), l.NeedsPasscode(), err)
	}
}

func TestLabelIsSafeText(t *testing.T) {
	for in, want := range map[string]string{
		"Jessica Argonaut — résumé de santé": "Jessica Argonaut — résumé de santé",
		"🧪x🔗📦 sonde numéro 1":                "🧪x🔗📦 sonde numéro 1",
		"👨‍👩‍👧 family":                       "👨‍👩‍👧 family",
		"a\u202egnp.exe":                     "agnp.exe",
		"a\x00b\x1bc\x7f":                    "abc",
		"one\r\n\r\ntwo":                     "one two",
		"zero\u200bwidth\ufeff":              "zerowidth",
		"<b>bold</b>":                        "<b>bold</b>", // plain text: shown as written
		strings.Repeat("é", 200):             strings.Repeat("é", 80),
		"\u2066x\u2069":                      "x",
		" ":                                  "",
	} {
		if got, _ := cleanLabel(in); got != want {
			t.Errorf("cleanLabel(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestExpiredSaysSinceWhenAndWhat(t *testing.T) {
	_, err := Parse(with("exp", fmt.Sprint(testNow.Add(-DefaultSkew-time.Second).Unix())), testNow)
	var e *Error
	if !errors.As(err, &e) || e.Reason != Expired || !e.Expired.Equal(testNow.Add(-DefaultSkew-time.Second)) || e.Label().Reveal() != "L" || e.Host != "shl.example.com" {
		t.Fatalf("error %v", err)
	}
	if _, err := Parse(with("exp", fmt.Sprint(testNow.Add(-DefaultSkew).Unix())), testNow); err != nil {
		t.Errorf("within the skew: %v", err)
	}
	_, err = Parse(link(`{"v":2,"label":"From the future"}`), testNow)
	if !errors.As(err, &e) || e.Label().Reveal() != "From the future" {
		t.Errorf("newer version does not name the link: %v", err)
	}
}

// Nothing an error or a link prints may hold what the link holds.
func TestNothingLeaks(t *testing.T) {
	const secret = "SECRETPATH"
	text := link(`{"url":"https://shl.example.com/` + secret + `","flag":"P","key":"` + testKey + `","exp":1700000000,"label":"SECRETLABEL"}`)
	_, err := Parse(text, testNow)
	l, _ := Parse(strings.Replace(text, "x", "x", 1), time.Unix(0, 0))
	out := fmt.Sprintf("%v %+v %#v %s %q | %v %+v %#v %s %x", err, err, err, err, err, l, l, l, l, l)
	rec := &Record{Files: []File{{Bytes: []byte(secret), Size: 10}}, List: []byte(secret)}
	out += fmt.Sprintf("%v %+v %#v %s | %v %+v %#v", rec, rec, *rec, rec, rec.Files[0], &rec.Files[0], rec.Files)
	j, _ := json.Marshal(rec)
	out += string(j)
	for _, bad := range []string{secret, fmt.Sprint([]byte(secret)), fmt.Sprintf("%x", secret), base64.StdEncoding.EncodeToString([]byte(secret)), testKey, "SECRETLABEL", text, strings.TrimPrefix(text, "shlink:/")} {
		if strings.Contains(out, bad) {
			t.Errorf("printed: %s", out)
		}
	}
}

// Memory growth on hostile text is bounded by the text.
func TestHugeTextDoesNotGrowMemory(t *testing.T) {
	text := strings.Repeat("shlink:/AAAA ", 1<<16)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Parse(text, testNow)
	runtime.ReadMemStats(&after)
	if ReasonOf(err) != TextTooBig {
		t.Errorf("error %v", err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("allocated %d bytes to refuse %d", grown, len(text))
	}
}
