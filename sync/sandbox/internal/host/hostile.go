package host

import (
	"bytes"
	"compress/flate"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func hostileClose(kind string) bool { return kind == "drop" || kind == "hang" }

// hostile sends what the link's hostility wants; false: nothing of the kind.
func (h *Host) hostile(w http.ResponseWriter, r *http.Request, l *link, what string, v verdict) bool {
	switch l.Hostile {
	case "html":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>Sign in</title><p>Please sign in to the clinic's guest network.</p>"))
	case "redirect":
		http.Redirect(w, r, l.RedirectTo, http.StatusFound)
	case "redirect-post":
		http.Redirect(w, r, l.RedirectTo, http.StatusTemporaryRedirect)
	case "slow":
		h.slowly(w, r, v)
	case "hang":
		h.wait(r, nil)
		panic(http.ErrAbortHandler)
	case "huge":
		h.endless(w, r)
	case "wrong-type":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(v.status)
		_, _ = w.Write(v.body)
	case "truncated":
		w.Header().Set("Content-Length", strconv.Itoa(len(v.body)))
		w.WriteHeader(v.status)
		_, _ = w.Write(v.body[:len(v.body)/2])
		panic(http.ErrAbortHandler)
	case "empty":
		w.WriteHeader(http.StatusOK)
	case "drop":
		panic(http.ErrAbortHandler)
	case "error":
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": "internal error"})
	case "gone":
		writeJSON(w, http.StatusGone, map[string]string{"error": "gone"})
	case "bad-manifest":
		if what != "manifest" {
			return false
		}
		writeJSON(w, http.StatusOK, []string{"not", "a", "manifest"})
	default:
		return false
	}
	return true
}

// wait blocks until tick, or false when the client or the world has gone. A nil
// tick never comes.
func (h *Host) wait(r *http.Request, tick <-chan time.Time) bool {
	select {
	case <-tick:
		return true
	case <-r.Context().Done():
	case <-h.opt.Done:
	}
	return false
}

func (h *Host) slowly(w http.ResponseWriter, r *http.Request, v verdict) {
	w.Header().Set("Content-Type", v.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(v.body)))
	w.WriteHeader(v.status)
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	flush := http.NewResponseController(w)
	for i := range v.body {
		if !h.wait(r, t.C) {
			return
		}
		if _, err := w.Write(v.body[i : i+1]); err != nil || flush.Flush() != nil {
			return
		}
	}
}

func (h *Host) endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/jose")
	block := []byte(strings.Repeat("A", 64<<10))
	for r.Context().Err() == nil {
		select {
		case <-h.opt.Done:
			return
		default:
		}
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// tamper turns one bit in the middle of a JWE's ciphertext.
func tamper(jwe string) string {
	part := strings.Split(jwe, ".")
	raw, err := b64.DecodeString(part[3])
	if err != nil || len(raw) == 0 {
		return jwe
	}
	raw[len(raw)/2] ^= 1
	part[3] = b64.EncodeToString(raw)
	return strings.Join(part, ".")
}

// bombSize is what the bomb inflates to.
const bombSize = 256 << 20

// bomb makes a JWE with zip DEF of a JSON text that is all white space.
func bomb(key []byte, cty string) (string, error) {
	block := bytes.Repeat([]byte(" "), 1<<20)
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return "", fmt.Errorf("bomb: %w", err)
	}
	// After the first megabyte the window holds blanks only, so the deflate text
	// of the second one (flushed: it ends on a byte) can be repeated as it is.
	var ends [2]int
	for i := range ends {
		if _, err := w.Write(block); err != nil {
			return "", fmt.Errorf("bomb: %w", err)
		}
		if err := w.Flush(); err != nil {
			return "", fmt.Errorf("bomb: %w", err)
		}
		ends[i] = b.Len()
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("bomb: %w", err)
	}
	text := b.Bytes()
	out := slices.Concat(text[:ends[0]], bytes.Repeat(text[ends[0]:ends[1]], bombSize/len(block)-1), text[ends[1]:])
	return sealWith(key, map[string]string{"alg": "dir", "enc": "A256GCM", "zip": "DEF", "cty": cty}, out)
}
