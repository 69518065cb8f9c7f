package shl

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"shlkiosk/sync/phi"
)

const (
	ivBytes        = 12 // RFC 7518 5.3: 96 bits
	tagBytes       = 16 // RFC 7518 5.3: 128 bits
	maxJWEHeader   = 16 << 10
	thumbprintSize = 43
)

// Plain is an authenticated, inflated file.
type Plain struct {
	Bytes       []byte
	ContentType string // cty as written, or ""
	Compressed  bool
	// KidDiffers tells that kid has the form of a key thumbprint and is not
	// that of our key, although the key did open the file.
	KidDiffers bool
	// ZlibWrapped tells that zip DEF was wrongly made with a zlib header.
	ZlibWrapped bool
}

// header is the part of the protected header that decides.
type header struct {
	cty, kid string
	deflate  bool
}

// OpenJWE decrypts a compact JWE: dir and A256GCM and nothing else. It owns
// compact and decodes, decrypts and overwrites it in place, so that a record
// is in memory once; the result may share its memory. maxInflated bounds the
// plaintext of zip DEF. The error is an *Error of StageDecrypt; nothing of the
// plaintext is returned with it.
//
// go-jose reads the header and pins the algorithms. It is not used to decrypt,
// because v4 inflates inside Decrypt and refuses anything above
// max(250 kB, 10 x compressed): that stops honest records with many alike
// observations (receiver.md trap 6).
func OpenJWE(compact []byte, key *phi.Secret, maxInflated int64) (*Plain, error) {
	p, err := openJWE(compact, key, maxInflated)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func openJWE(compact []byte, key *phi.Secret, maxInflated int64) (*Plain, *Error) {
	compact = compactForm(compact)
	parts, err := splitJWE(compact)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(parts)
	if err != nil {
		return nil, err
	}
	var iv [ivBytes]byte
	var tag [tagBytes]byte
	if !decodeExactly(iv[:], parts[2]) {
		return nil, fail(StageDecrypt, JWEShape, "iv")
	}
	if !decodeExactly(tag[:], parts[4]) {
		return nil, fail(StageDecrypt, JWEShape, "tag")
	}
	// In place: three bytes are written for four read. The tag's encoded form
	// stood behind the ciphertext, so there is room for its bytes.
	n, derr := base64.RawURLEncoding.Decode(parts[3], parts[3])
	if derr != nil {
		return nil, fail(StageDecrypt, JWEShape, "ciphertext")
	}
	sealed := append(parts[3][:n:len(parts[3])+1+len(parts[4])], tag[:]...)

	var plain []byte
	differs := false
	oerr := key.Use(func(k []byte) error {
		if len(k) != keyBytes {
			return errWiped
		}
		differs = looksLikeThumbprint(h.kid) && thumbprint(k) != h.kid
		block, err := aes.NewCipher(k)
		if err != nil {
			return err
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			return err
		}
		plain, err = gcm.Open(sealed[:0], iv[:], sealed, parts[0])
		return err
	})
	switch {
	case errors.Is(oerr, errWiped):
		return nil, fail(StagePayload, Wiped, "")
	case oerr != nil && differs:
		return nil, fail(StageDecrypt, KeyMismatch, "kid")
	case oerr != nil:
		return nil, fail(StageDecrypt, AuthFailed, "")
	}
	out := &Plain{Bytes: plain, ContentType: h.cty, Compressed: h.deflate, KidDiffers: differs}
	if h.deflate {
		inflated, zlibbed, err := inflate(plain, maxInflated)
		phi.Wipe(plain)
		if err != nil {
			return nil, err
		}
		out.Bytes, out.ZlibWrapped = inflated, zlibbed
	} else if int64(len(plain)) > maxInflated {
		return nil, fail(StageDecrypt, InflatedTooBig, "")
	}
	return out, nil
}

var errWiped = &Error{Stage: StagePayload, Reason: Wiped}

// compactForm takes off what text files add: white space around and inside
// (go-jose strips it all, other receivers fail: receiver.md trap 7) and a BOM.
func compactForm(b []byte) []byte {
	b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
	for _, c := range []byte(" \t\r\n") {
		if bytes.IndexByte(b, c) >= 0 {
			n := 0
			for _, x := range b {
				if x != ' ' && x != '\t' && x != '\r' && x != '\n' {
					b[n] = x
					n++
				}
			}
			return b[:n]
		}
	}
	return b
}

func splitJWE(b []byte) ([5][]byte, *Error) {
	var parts [5][]byte
	rest := b
	for i := range 4 {
		at := bytes.IndexByte(rest, '.')
		if at < 0 {
			return parts, fail(StageDecrypt, NotAJWE, "")
		}
		parts[i], rest = rest[:at], rest[at+1:]
	}
	parts[4] = rest
	if bytes.IndexByte(rest, '.') >= 0 || len(parts[0]) == 0 {
		return parts, fail(StageDecrypt, NotAJWE, "")
	}
	return parts, nil
}

// readHeader decides about the header by name, then lets go-jose confirm it
// on the message without its ciphertext.
func readHeader(parts [5][]byte) (header, *Error) {
	var h header
	if len(parts[0]) > maxJWEHeader {
		return h, fail(StageDecrypt, JWEHeader, "too long")
	}
	raw := make([]byte, base64.RawURLEncoding.DecodedLen(len(parts[0])))
	n, err := base64.RawURLEncoding.Decode(raw, parts[0])
	if err != nil {
		return h, fail(StageDecrypt, NotAJWE, "header")
	}
	m, err := members(raw[:n])
	switch {
	case errors.Is(err, errDuplicate):
		return h, fail(StageDecrypt, JWEHeader, "duplicate member")
	case err != nil:
		return h, fail(StageDecrypt, JWEHeader, "json")
	}
	alg, _ := text(m["alg"])
	enc, _ := text(m["enc"])
	if alg != "dir" || enc != "A256GCM" {
		return h, fail(StageDecrypt, JWEAlgorithm, "")
	}
	if _, ok := m["crit"]; ok {
		return h, fail(StageDecrypt, JWECritical, "")
	}
	if raw, ok := m["zip"]; ok {
		if zip, _ := text(raw); zip != "DEF" {
			return h, fail(StageDecrypt, JWEZip, "")
		}
		h.deflate = true
	}
	if len(parts[1]) != 0 {
		return h, fail(StageDecrypt, JWEShape, "encrypted key")
	}
	h.cty, _ = text(m["cty"])
	h.kid, _ = text(m["kid"])

	if len(parts[2]) > 64 || len(parts[4]) > 64 {
		return h, fail(StageDecrypt, JWEShape, "iv or tag")
	}
	small := strings.Join([]string{string(parts[0]), "", string(parts[2]), "", string(parts[4])}, ".")
	if _, err := jose.ParseEncryptedCompact(small,
		[]jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM}); err != nil {
		return h, fail(StageDecrypt, JWEHeader, "jose")
	}
	return h, nil
}

func decodeExactly(dst, src []byte) bool {
	if base64.RawURLEncoding.DecodedLen(len(src)) != len(dst) {
		return false
	}
	n, err := base64.RawURLEncoding.Decode(dst, src)
	return err == nil && n == len(dst)
}

// looksLikeThumbprint tells whether kid has the form of a SHA-256 thumbprint.
func looksLikeThumbprint(kid string) bool {
	if len(kid) != thumbprintSize {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(kid)
	return err == nil && len(raw) == sha256.Size
}

// thumbprint is RFC 7638 of a symmetric key: members k and kty, in that order.
func thumbprint(key []byte) string {
	input := make([]byte, 0, 80)
	input = append(input, `{"k":"`...)
	input = base64.RawURLEncoding.AppendEncode(input, key)
	input = append(input, `","kty":"oct"}`...)
	sum := sha256.Sum256(input)
	phi.Wipe(input)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// bareJWS tells whether b is a compact JWS that can only be a card: three
// parts, alg ES256 (HL7's own insurance example link gives one in the clear).
func bareJWS(b []byte) bool {
	b = bytes.TrimSpace(b)
	head, _, ok := bytes.Cut(b, []byte("."))
	if !ok || bytes.Count(b, []byte(".")) != 2 || len(head) > maxJWEHeader {
		return false
	}
	raw := make([]byte, base64.RawURLEncoding.DecodedLen(len(head)))
	n, err := base64.RawURLEncoding.Decode(raw, head)
	if err != nil {
		return false
	}
	var h struct {
		Alg string `json:"alg"`
	}
	return json.Unmarshal(raw[:n], &h) == nil && h.Alg == "ES256"
}
