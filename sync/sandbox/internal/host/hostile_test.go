package host

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestHostile(t *testing.T) {
	r := newRig(t)
	fetch := func(kind string) (payload, int, http.Header, []byte, error) {
		_, p := r.issue(Request{Bundle: json.RawMessage(bundle), Hostile: kind, RedirectTo: r.url + "/elsewhere"})
		status, h, raw, err := r.do("GET", p.URL+"?recipient=x", "")
		return p, status, h, raw, err
	}
	decrypts := func(p payload, raw []byte) bool {
		key, _ := b64.DecodeString(p.Key)
		obj, err := jose.ParseEncryptedCompact(string(raw), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
		if err != nil {
			return false
		}
		_, err = obj.Decrypt(key)
		return err == nil
	}
	for _, kind := range []string{"wrong-key", "tampered", "html", "empty", "plain"} {
		p, status, _, raw, err := fetch(kind)
		if status != 200 || err != nil || decrypts(p, raw) {
			t.Errorf("%s: %d %v %.60q", kind, status, err, raw)
		}
	}
	for kind, want := range map[string]int{"error": 500, "gone": 410, "redirect": 404, "wrong-type": 200} {
		_, status, h, _, err := fetch(kind)
		if status != want || err != nil {
			t.Errorf("%s: %d %v", kind, status, err)
		}
		if kind == "wrong-type" && !strings.HasPrefix(h.Get("Content-Type"), "text/plain") {
			t.Errorf("%v", h)
		}
	}
	for _, kind := range []string{"drop", "truncated"} {
		if _, status, _, _, err := fetch(kind); err == nil {
			t.Errorf("%s: whole answer %d", kind, status)
		}
	}
	_, p := r.issue(Request{Bundle: json.RawMessage(bundle), Flags: "-", Hostile: "location-elsewhere", RedirectTo: "https://10.0.0.1/x"})
	if _, raw := r.want(200, "POST", p.URL, `{"recipient":"x"}`); !strings.Contains(string(raw), "10.0.0.1") {
		t.Errorf("%s", raw)
	}
	_, p = r.issue(Request{Bundle: json.RawMessage(bundle), Flags: "-", Hostile: "bad-manifest"})
	if _, raw := r.want(200, "POST", p.URL, `{"recipient":"x"}`); raw[0] != '[' {
		t.Errorf("%s", raw)
	}
}

func TestHostileStreams(t *testing.T) {
	r := newRig(t)
	client := &http.Client{Timeout: 100 * time.Millisecond}
	defer client.CloseIdleConnections()
	for _, kind := range []string{"slow", "hang", "huge"} {
		_, p := r.issue(Request{Bundle: json.RawMessage(bundle), Hostile: kind})
		resp, err := client.Get(p.URL + "?recipient=x")
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: ended by itself", kind)
		}
	}
}

func TestBomb(t *testing.T) {
	r := newRig(t)
	_, p := r.issue(Request{Bundle: json.RawMessage(bundle), Hostile: "bomb"})
	_, raw := r.want(200, "GET", p.URL+"?recipient=x", "")
	if len(raw) > 1<<20 {
		t.Errorf("%d bytes", len(raw))
	}
	part := strings.Split(string(raw), ".")
	sealed, nonce := mustB64(t, part[3], part[4]), mustB64(t, part[2])
	block, err := aes.NewCipher(mustB64(t, p.Key))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	small, err := gcm.Open(nil, nonce, sealed, []byte(part[0]))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(small))); err != nil || n != bombSize {
		t.Errorf("inflates to %d bytes: %v", n, err)
	}
	// go-jose refuses what inflates to more than ten times its size.
	key, _ := b64.DecodeString(p.Key)
	obj, err := jose.ParseEncryptedCompact(string(raw), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := obj.Decrypt(key); err == nil {
		t.Error("the bomb opens")
	}
}
