package host

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// manifestRequest is the body of a manifest request (S1).
type manifestRequest struct {
	Recipient         string `json:"recipient"`
	Passcode          string `json:"passcode"`
	EmbeddedLengthMax *int   `json:"embeddedLengthMax"`
}

type manifestFile struct {
	ContentType string `json:"contentType"`
	Location    string `json:"location,omitempty"`
	Embedded    string `json:"embedded,omitempty"`
	LastUpdated string `json:"lastUpdated,omitempty"`
	Status      string `json:"status,omitempty"`
	FHIRVersion string `json:"fhirVersion,omitempty"`
}

// verdict is how a request ends.
type verdict struct {
	status  int
	body    []byte
	kind    string // content type
	headers map[string]string
}

func refusal(status int, v any) verdict {
	body, _ := json.Marshal(v) // maps of strings and numbers always encode
	return verdict{status: status, body: body, kind: "application/json"}
}

func inactive() verdict {
	return refusal(http.StatusNotFound, map[string]string{"error": "this link is not active (any more)"})
}

// manifest is POST {base}/m/{id}.
func (h *Host) manifest(w http.ResponseWriter, r *http.Request) {
	var in manifestRequest
	seen := Access{What: "manifest"}
	h.answer(w, r, r.PathValue("id"), &seen, func(l *link) verdict {
		if r.Method != http.MethodPost {
			return refusal(http.StatusMethodNotAllowed, map[string]string{"error": "the manifest is asked for with POST"})
		}
		raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil || json.Unmarshal(raw, &in) != nil || strings.TrimSpace(in.Recipient) == "" {
			return refusal(http.StatusBadRequest, map[string]string{"error": "the request needs JSON with a recipient"})
		}
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			return refusal(http.StatusUnsupportedMediaType, map[string]string{"error": "content-type must be application/json"})
		}
		seen.Recipient, seen.Passcode = in.Recipient, in.Passcode != ""
		if v, ok := h.live(l); !ok {
			return v
		}
		if v, ok := l.passcode(in.Passcode); !ok {
			return v
		}
		return h.manifestOf(l, in)
	})
}

// live tells whether a link still answers.
func (h *Host) live(l *link) (verdict, bool) {
	if l.throttle > 0 {
		l.throttle--
		v := refusal(http.StatusTooManyRequests, map[string]string{"error": "too many requests"})
		if l.RetryAfter != "" {
			v.headers = map[string]string{"Retry-After": l.RetryAfter}
		}
		return v, false
	}
	expired := !l.expires.IsZero() && !h.opt.Now().Before(l.expires)
	if expired && l.Hostile == "medplum" {
		return refusal(http.StatusBadRequest, map[string]string{"error": "SMART Health Link has expired"}), false
	}
	if expired || l.Uses > 0 && l.uses <= 0 || l.attempts <= 0 {
		return inactive(), false
	}
	return verdict{}, true
}

// passcode checks it and counts wrong ones over the link's life.
func (l *link) passcode(given string) (verdict, bool) {
	if l.Passcode == "" || subtle.ConstantTimeCompare([]byte(l.Passcode), []byte(given)) == 1 {
		return verdict{}, true
	}
	if given != "" {
		l.attempts--
	}
	if l.Hostile == "medplum" {
		return refusal(http.StatusBadRequest, map[string]string{"error": "Invalid SMART Health Link passcode"}), false
	}
	return refusal(http.StatusUnauthorized, map[string]int{"remainingAttempts": l.attempts}), false
}

func (h *Host) manifestOf(l *link, in manifestRequest) verdict {
	if l.Uses > 0 {
		l.uses--
	}
	files := []manifestFile{}
	for i, f := range l.Files {
		mf := manifestFile{ContentType: f.ContentType, LastUpdated: f.LastUpdated, Status: f.Status, FHIRVersion: f.FHIRVersion}
		jwe := l.sealed[i]
		switch {
		case l.Hostile == "location-elsewhere":
			mf.Location = l.RedirectTo
		case l.Located || in.EmbeddedLengthMax != nil && len(jwe) > *in.EmbeddedLengthMax:
			mf.Location = h.locate(l, jwe)
		default:
			mf.Embedded = jwe
		}
		files = append(files, mf)
	}
	body, err := json.Marshal(map[string]any{"files": files})
	if err != nil {
		return refusal(http.StatusInternalServerError, map[string]string{"error": "manifest"})
	}
	v := verdict{status: http.StatusOK, body: body, kind: "application/json"}
	if l.RetryAfter != "" {
		v.headers = map[string]string{"Retry-After": l.RetryAfter}
	}
	return v
}

// locate makes a short-lived address for a file.
func (h *Host) locate(l *link, jwe string) string {
	id := b64.EncodeToString(random(32))
	h.spots[id] = &spot{jwe: jwe, until: h.opt.Now().Add(time.Duration(l.LocationSeconds) * time.Second), uses: l.LocationUses, owner: l}
	return h.opt.Base + "/f/" + id
}

// located is GET {base}/f/{id}.
func (h *Host) located(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	s, ok := h.spots[r.PathValue("id")]
	h.mu.Unlock()
	owner := ""
	if ok {
		owner = s.owner.id
	}
	h.answer(w, r, owner, &Access{What: "file"}, func(l *link) verdict {
		if r.Method != http.MethodGet {
			return refusal(http.StatusMethodNotAllowed, map[string]string{"error": "GET only"})
		}
		if s.uses <= 0 || !h.opt.Now().Before(s.until) {
			return inactive()
		}
		s.uses--
		return verdict{status: http.StatusOK, body: []byte(s.jwe), kind: "application/jose"}
	})
}

// direct is GET {base}/d/{id}?recipient=.
func (h *Host) direct(w http.ResponseWriter, r *http.Request) {
	recipient := r.URL.Query().Get("recipient")
	h.answer(w, r, r.PathValue("id"), &Access{What: "direct", Recipient: recipient}, func(l *link) verdict {
		if r.Method != http.MethodGet {
			return refusal(http.StatusMethodNotAllowed, map[string]string{"error": "a direct file is asked for with GET"})
		}
		if strings.TrimSpace(recipient) == "" {
			return refusal(http.StatusBadRequest, map[string]string{"error": "recipient is missing"})
		}
		if v, ok := h.live(l); !ok {
			return v
		}
		if l.Uses > 0 {
			l.uses--
		}
		return verdict{status: http.StatusOK, body: []byte(l.sealed[0]), kind: "application/jose"}
	})
}

// answer finds the link, works out the verdict, notes the access and sends.
func (h *Host) answer(w http.ResponseWriter, r *http.Request, id string, seen *Access, work func(*link) verdict) {
	h.mu.Lock()
	l, ok := h.links[id]
	v := inactive()
	if ok {
		v = work(l)
		seen.At, seen.Method, seen.Status, seen.Agent = h.opt.Now(), r.Method, v.status, r.UserAgent()
		if hostileClose(l.Hostile) {
			seen.Status = 0
		}
		l.seen = append(l.seen, *seen)
	}
	h.mu.Unlock()
	if ok && h.hostile(w, r, l, seen.What, v) {
		return
	}
	for k, val := range v.headers {
		w.Header().Set(k, val)
	}
	w.Header().Set("Content-Type", v.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(v.body)))
	w.WriteHeader(v.status)
	_, _ = w.Write(v.body) // the client may be gone
}
