// Package canary looks for planted data where none should be: in logs, ledger
// files, temporary folders, crash files and the memory of a process.
//
// A test plants names, birth dates, keys and passcodes that occur nowhere else,
// runs the program, and hands the places to a Scanner. Each canary is looked for
// as it is, and as hexadecimal, base64 (all three alignments, both alphabets),
// UTF-16, percent-encoding, JSON escapes and reversed bytes; text in upper and
// lower case as well.
//
// The limit: what is compressed or encrypted is not seen, and neither is a
// canary that lies across two regions of memory.
package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MinLength is the shortest canary in bytes: shorter ones are found by chance.
const MinLength = 6

// Scanner knows the canaries.
type Scanner struct {
	needles []needle
	longest int
}

type needle struct {
	label, form string
	bytes       []byte
}

// Hit is one find. It holds no content.
type Hit struct {
	Label string // of the canary
	Form  string // how it was written there
	Where string // file, or region of memory
	At    int64  // offset
}

func (h Hit) String() string {
	return fmt.Sprintf("%s (%s) in %s at %d", h.Label, h.Form, h.Where, h.At)
}

// New makes a Scanner for canaries by label ("name", "birth date", "key"). A
// canary that is too short is an error.
func New(canaries map[string]string) (*Scanner, error) {
	s := &Scanner{}
	for label, c := range canaries {
		if len(c) < MinLength {
			return nil, fmt.Errorf("canary %q has %d bytes, at least %d", label, len(c), MinLength)
		}
		s.add(label, []byte(c))
	}
	slices.SortFunc(s.needles, func(a, b needle) int { return strings.Compare(a.label+a.form, b.label+b.form) })
	return s, nil
}

func (s *Scanner) add(label string, c []byte) {
	put := func(form string, b []byte) {
		if len(b) < MinLength {
			return
		}
		for _, n := range s.needles {
			if n.label == label && bytes.Equal(n.bytes, b) {
				return
			}
		}
		s.needles = append(s.needles, needle{label, form, b})
		s.longest = max(s.longest, len(b))
	}
	put("plain", c)
	put("hexadecimal", []byte(hex.EncodeToString(c)))
	put("hexadecimal, capitals", bytes.ToUpper([]byte(hex.EncodeToString(c))))
	for shift := range 3 {
		put(fmt.Sprintf("base64, %d", shift), inside(base64.StdEncoding, c, shift))
		put(fmt.Sprintf("base64url, %d", shift), inside(base64.URLEncoding, c, shift))
	}
	put("percent-encoded", []byte(url.QueryEscape(string(c))))
	put("percent-encoded path", []byte(url.PathEscape(string(c))))
	if quoted, err := json.Marshal(string(c)); err == nil {
		put("JSON", quoted[1:len(quoted)-1])
	}
	reversed := bytes.Clone(c)
	slices.Reverse(reversed)
	put("reversed", reversed)
	if utf8.Valid(c) {
		put("lower case", bytes.ToLower(c))
		put("upper case", bytes.ToUpper(c))
		var wide []byte
		for _, u := range utf16.Encode([]rune(string(c))) {
			wide = binary.LittleEndian.AppendUint16(wide, u)
		}
		put("UTF-16", wide)
		var runes []byte
		for _, r := range string(c) {
			runes = binary.LittleEndian.AppendUint32(runes, uint32(r))
		}
		put("runes", runes)
	}
}

// inside is the part of the base64 of c that does not depend on what stands
// around it, when c begins at an offset of shift modulo three.
func inside(enc *base64.Encoding, c []byte, shift int) []byte {
	padded := append(make([]byte, shift), c...)
	text := []byte(enc.WithPadding(base64.NoPadding).EncodeToString(padded))
	first := (shift*8 + 5) / 6 // digits that hold bits from before
	last := len(padded) * 8 / 6
	return text[first:last]
}

// Bytes looks through b.
func (s *Scanner) Bytes(where string, b []byte) []Hit { return s.at(where, b, 0) }

func (s *Scanner) at(where string, b []byte, base int64) (hits []Hit) {
	for _, n := range s.needles {
		if i := bytes.Index(b, n.bytes); i >= 0 {
			hits = append(hits, Hit{n.label, n.form, where, base + int64(i)})
		}
	}
	return hits
}

// Reader looks through everything r gives.
func (s *Scanner) Reader(where string, r io.Reader) ([]Hit, error) {
	const chunk = 1 << 20
	buf := make([]byte, 0, chunk+s.longest)
	var hits []Hit
	var base int64
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		hits = append(hits, s.at(where, buf, base)...)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return hits, nil
		}
		if err != nil {
			return hits, err
		}
		keep := min(s.longest-1, len(buf)) // a canary may lie across two chunks
		base += int64(len(buf) - keep)
		buf = append(buf[:0], buf[len(buf)-keep:]...)
	}
}

// Files looks through files and folders, names included. What does not exist is
// left out; what cannot be read is an error, not a pass.
func (s *Scanner) Files(paths ...string) ([]Hit, error) {
	var hits []Hit
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			hits = append(hits, s.Bytes("the name of "+path, []byte(filepath.Base(path)))...)
			if !d.Type().IsRegular() {
				return nil
			}
			f, err := os.Open(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			defer f.Close()
			found, err := s.Reader(path, f)
			hits = append(hits, found...)
			return err
		})
		if err != nil {
			return hits, err
		}
	}
	return hits, nil
}
