package shl

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"shlkiosk/sync/guard"
	"shlkiosk/sync/phi"
)

// SealOptions says how a file is encrypted.
type SealOptions struct {
	// ContentType is written as cty; empty leaves cty out, as HL7's own
	// example does.
	ContentType string
	// Zip compresses with raw DEFLATE and says zip DEF.
	Zip bool
	// Kid adds the key's thumbprint (RFC 7638).
	Kid bool
}

// Seal encrypts a file as a compact JWE: dir, A256GCM, a fresh random IV. It
// is the sender's half, used by kioskctl issue, the sandbox's people and tests.
func Seal(plain []byte, key *phi.Secret, o SealOptions) (string, error) {
	content := plain
	if o.Zip {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.DefaultCompression)
		if err != nil {
			return "", fmt.Errorf("shl: seal: %w", err)
		}
		if _, err := w.Write(plain); err != nil {
			return "", fmt.Errorf("shl: seal: deflate: %w", err)
		}
		if err := w.Close(); err != nil {
			return "", fmt.Errorf("shl: seal: deflate: %w", err)
		}
		content = b.Bytes()
	}
	var out string
	err := key.Use(func(k []byte) error {
		if len(k) != keyBytes {
			return errors.New("the key must be 32 bytes")
		}
		h := struct {
			Alg string `json:"alg"`
			Enc string `json:"enc"`
			Cty string `json:"cty,omitempty"`
			Zip string `json:"zip,omitempty"`
			Kid string `json:"kid,omitempty"`
		}{Alg: "dir", Enc: "A256GCM", Cty: o.ContentType}
		if o.Zip {
			h.Zip = "DEF"
		}
		if o.Kid {
			h.Kid = thumbprint(k)
		}
		head, err := json.Marshal(h)
		if err != nil {
			return err
		}
		out, err = sealParts(head, content, k)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("shl: seal: %w", err)
	}
	return out, nil
}

func sealParts(head, content, key []byte) (string, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	iv := make([]byte, ivBytes)
	if _, err := rand.Read(iv); err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	protected := enc.EncodeToString(head)
	sealed := gcm.Seal(nil, iv, content, []byte(protected))
	cut := len(sealed) - tagBytes
	return strings.Join([]string{protected, "", enc.EncodeToString(iv), enc.EncodeToString(sealed[:cut]), enc.EncodeToString(sealed[cut:])}, "."), nil
}

// LinkOptions is what a new link says.
type LinkOptions struct {
	// URL of the manifest, or of the file when Flag has U.
	URL string
	// Key is copied; nil makes a random one.
	Key *phi.Secret
	// Flag is made of L, P and U; U with P is refused.
	Flag string
	// Expires is left out when zero; KTC wants it.
	Expires time.Time
	// Label has at most 80 characters; left out when empty.
	Label string
}

// NewLink makes a link to be shown. The address is judged by its form only:
// a sandbox lives on loopback.
func NewLink(o LinkOptions) (*Link, error) {
	u, err := guard.ParseURL(o.URL)
	if err != nil {
		return nil, fmt.Errorf("shl: new link: %w", err)
	}
	if strings.Trim(o.Flag, "LPU") != "" || strings.Contains(o.Flag, "U") && strings.Contains(o.Flag, "P") {
		return nil, errors.New("shl: new link: flag is made of L, P and U, and U excludes P")
	}
	if clean, changed := cleanLabel(o.Label); changed || clean != o.Label {
		return nil, errors.New("shl: new link: the label must be one line of at most 80 printable characters")
	}
	flag := []byte(o.Flag)
	slices.Sort(flag)
	flag = slices.Compact(flag)
	key := o.Key.Clone()
	if key.Len() == 0 {
		b := make([]byte, keyBytes)
		if _, err := rand.Read(b); err != nil {
			return nil, fmt.Errorf("shl: new link: %w", err)
		}
		key = phi.NewSecret(b)
	}
	if key.Len() != keyBytes {
		key.Wipe()
		return nil, errors.New("shl: new link: the key must be 32 bytes")
	}
	l := &Link{url: u, key: key, label: phi.Text(o.Label), skew: DefaultSkew}
	l.payload = Payload{URL: o.URL, V: knownV}
	if len(flag) > 0 {
		f := string(flag)
		l.payload.Flag = &f
		l.direct, l.passcode, l.longTerm = strings.Contains(f, "U"), strings.Contains(f, "P"), strings.Contains(f, "L")
	}
	if o.Label != "" {
		l.payload.Label = &o.Label
	}
	if !o.Expires.IsZero() {
		l.expires = o.Expires.UTC().Truncate(time.Second)
		l.payload.Exp = json.Number(fmt.Sprint(l.expires.Unix()))
	}
	return l, nil
}

// Encode writes the link as text. This is the one way in which a key leaves a
// Link; call it only to show the link to its owner. A viewer ("https://v.example/")
// is put before it, joined by '#'.
func (l *Link) Encode(viewer string) string {
	p := struct {
		URL   string      `json:"url"`
		Flag  *string     `json:"flag,omitempty"`
		Key   string      `json:"key"`
		Exp   json.Number `json:"exp,omitempty"`
		Label *string     `json:"label,omitempty"`
	}{URL: l.payload.URL, Flag: l.payload.Flag, Exp: l.payload.Exp, Label: l.payload.Label}
	_ = l.key.Use(func(k []byte) error { p.Key = base64.RawURLEncoding.EncodeToString(k); return nil })
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(p) != nil {
		return ""
	}
	text := "shlink:/" + base64.RawURLEncoding.EncodeToString(bytes.TrimSpace(b.Bytes()))
	if viewer == "" {
		return text
	}
	return strings.TrimSuffix(viewer, "#") + "#" + text
}

// Seal encrypts a file under the link's key.
func (l *Link) Seal(plain []byte, o SealOptions) (string, error) { return Seal(plain, l.key, o) }
