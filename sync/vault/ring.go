package vault

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shlkiosk/sync/phi"
)

// A key ring is text:
//
//	shlkiosk-keyring 1
//	key 2026-11-23T12:00:00Z <base64 of 32 bytes>
//	key 2026-01-02T09:00:00Z <base64 of 32 bytes>
//
// The first key is the active one. A source may also hold one bare key: 32 raw
// bytes, or 64 hexadecimal digits, or the base64 of 32 bytes, so that
// `head -c32 /dev/urandom` makes a valid credential.
const (
	ringMagic   = "shlkiosk-keyring"
	ringVersion = 1
	maxRing     = 64 << 10
)

func parseRing(b []byte, source string) ([]key, error) {
	malformed := func(format string, args ...any) error {
		return refuse(ReasonMalformed, source, "put the kiosk's own key ring there; do not make a new one over existing data", format, args...)
	}
	switch {
	case len(b) == 0:
		return nil, refuse(ReasonMissing, source, "put the kiosk's key ring back from its safe place", "the source is empty")
	case len(b) > maxRing:
		return nil, malformed("%d bytes are too many for a key ring", len(b))
	case !bytes.HasPrefix(b, []byte(ringMagic)):
		secret, ok := bareKey(b)
		if !ok {
			return nil, malformed("neither a key ring nor one key of %d bytes", KeySize)
		}
		if weak(secret) {
			return nil, malformed("the key is not random")
		}
		k, err := newKey(secret, "")
		if err != nil {
			return nil, err
		}
		return []key{k}, nil
	}
	var keys []key
	seen := map[KeyID]bool{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		f := strings.Fields(lines.Text())
		switch {
		case n == 1:
			if len(f) != 2 || f[0] != ringMagic {
				return nil, malformed("line 1 is not %q", ringMagic+" 1")
			}
			version, err := strconv.Atoi(f[1])
			if err != nil || version < 1 {
				return nil, malformed("line 1 has no version")
			}
			if version > ringVersion {
				return nil, refuse(ReasonNewer, source, "update this program; the key ring is fine",
					"key ring version %d, this program knows %d", version, ringVersion)
			}
		case len(f) == 0 || strings.HasPrefix(f[0], "#"):
		case len(f) == 3 && f[0] == "key":
			if _, err := time.Parse(time.RFC3339, f[1]); err != nil {
				return nil, malformed("line %d has no time", n)
			}
			secret, err := base64.StdEncoding.Strict().DecodeString(f[2])
			if err != nil || len(secret) != KeySize || weak(secret) {
				return nil, malformed("line %d has no key of %d bytes", n, KeySize)
			}
			k, err := newKey(secret, f[1])
			if err != nil {
				return nil, err
			}
			if seen[k.id] {
				return nil, malformed("line %d repeats a key", n)
			}
			seen[k.id] = true
			keys = append(keys, k)
		default:
			return nil, malformed("line %d is not understood", n)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, malformed("%v", err)
	}
	if len(keys) == 0 {
		return nil, malformed("the key ring holds no key")
	}
	return keys, nil
}

// bareKey reads a key that stands alone. Raw bytes come first: 32 bytes are
// never confused with text, which is longer.
func bareKey(b []byte) ([]byte, bool) {
	if len(b) == KeySize {
		return bytes.Clone(b), true
	}
	text := strings.TrimSpace(string(b))
	if k, err := hex.DecodeString(text); err == nil && len(k) == KeySize {
		return k, true
	}
	if k, err := base64.StdEncoding.Strict().DecodeString(text); err == nil && len(k) == KeySize {
		return k, true
	}
	return nil, false
}

// weak catches the keys of a forgotten placeholder: few distinct bytes.
func weak(secret []byte) bool {
	seen := map[byte]bool{}
	for _, b := range secret {
		seen[b] = true
	}
	return len(seen) < 12 // 32 random bytes have fewer once in 10^13
}

func formatRing(keys []key) []byte {
	out := fmt.Appendf(nil, "%s %d\n# The first key is active. Keep a copy in a safe place: without it the ledger cannot be read.\n", ringMagic, ringVersion)
	for _, k := range keys {
		made := k.made
		if made == "" {
			made = time.Unix(0, 0).UTC().Format(time.RFC3339)
		}
		_ = k.secret.Use(func(b []byte) error {
			text := make([]byte, base64.StdEncoding.EncodedLen(len(b)))
			base64.StdEncoding.Encode(text, b)
			defer phi.Wipe(text)
			out = fmt.Appendf(out, "key %s %s\n", made, text)
			return nil
		})
	}
	return out
}
