package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options make a Host.
type Options struct {
	Base string // public base URL, e.g. http://127.0.0.1:8090/shl, no slash at its end
	Now  func() time.Time
	Done <-chan struct{} // closed when the world ends
}

// Host serves links. It is an http.Handler for everything below its base.
type Host struct {
	opt  Options
	path string
	mux  *http.ServeMux

	mu    sync.Mutex
	links map[string]*link
	spots map[string]*spot
}

// link is a link at the host.
type link struct {
	Request
	id       string
	sealed   []string // a JWE for each file
	key      []byte
	expires  time.Time
	attempts int
	uses     int
	throttle int
	seen     []Access
}

// spot is a located file.
type spot struct {
	jwe   string
	until time.Time
	uses  int
	owner *link
}

// Access is one request for a link, as the patient would see it in the host's
// log.
type Access struct {
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	What      string    `json:"what"` // manifest, direct or file
	Recipient string    `json:"recipient,omitempty"`
	Status    int       `json:"status"` // 0: closed without an answer
	Agent     string    `json:"agent,omitempty"`
	// Passcode tells whether one was sent; never which.
	Passcode bool `json:"passcode,omitempty"`
}

// New makes a host without links.
func New(opt Options) *Host {
	h := &Host{opt: opt, links: map[string]*link{}, spots: map[string]*spot{}, mux: http.NewServeMux()}
	if i := strings.Index(opt.Base, "://"); i >= 0 {
		if j := strings.IndexByte(opt.Base[i+3:], '/'); j >= 0 {
			h.path = opt.Base[i+3+j:]
		}
	}
	h.mux.HandleFunc(h.path+"/m/{id}", h.manifest)
	h.mux.HandleFunc(h.path+"/d/{id}", h.direct)
	h.mux.HandleFunc(h.path+"/f/{id}", h.located)
	return h
}

// ServeHTTP implements http.Handler.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Viewers in browsers need these; S1 says that hosts SHALL send them.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "content-type")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Date", h.opt.Now().UTC().Format(http.TimeFormat))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// Issue makes a link.
func (h *Host) Issue(_ context.Context, rq Request) (Issued, error) {
	if err := rq.normal(); err != nil {
		return Issued{}, fmt.Errorf("issue: %w", err)
	}
	l := &link{Request: rq, id: b64.EncodeToString(random(32)), key: random(32), attempts: rq.Attempts, uses: rq.Uses, throttle: rq.Throttle}
	for _, f := range rq.Files {
		jwe, err := l.seal(f)
		if err != nil {
			return Issued{}, fmt.Errorf("issue: %w", err)
		}
		l.sealed = append(l.sealed, jwe)
	}
	out := Issued{ID: l.id, Flag: rq.Flags, Label: rq.Label, URL: h.opt.Base + "/m/" + l.id}
	if rq.direct() {
		out.URL = h.opt.Base + "/d/" + l.id
	}
	key := l.key
	if rq.Hostile == "wrong-key" {
		key = random(32)
	}
	payload := struct {
		URL   string `json:"url"`
		Flag  string `json:"flag,omitempty"`
		Key   string `json:"key"`
		Exp   int64  `json:"exp,omitempty"`
		Label string `json:"label,omitempty"`
		V     int    `json:"v,omitempty"`
	}{URL: out.URL, Flag: rq.Flags, Key: b64.EncodeToString(key), Label: rq.Label, V: rq.Version}
	if !rq.NoExp {
		l.expires = h.opt.Now().Add(rq.Expires).Truncate(time.Second)
		payload.Exp = l.expires.Unix()
		out.Expires = l.expires
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return Issued{}, fmt.Errorf("issue: %w", err)
	}
	out.Bare = "shlink:/" + b64.EncodeToString(text)
	out.Link = out.Bare
	if rq.Viewer != "" && rq.Viewer != "-" {
		out.Link = rq.Viewer + out.Bare
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.links[l.id] = l
	return out, nil
}

// seal encrypts a file, or does what the link's hostility wants of it.
func (l *link) seal(f File) (string, error) {
	cty := f.ContentType
	switch {
	case f.NoCty:
		cty = ""
	case f.Cty != "":
		cty = f.Cty
	}
	switch l.Hostile {
	case "plain":
		return string(f.Content), nil
	case "bomb":
		return bomb(l.key, cty)
	}
	jwe, err := Seal(l.key, f.Content, cty, l.Zip)
	if err == nil && l.Hostile == "tampered" {
		jwe = tamper(jwe)
	}
	return jwe, err
}

// Revoke ends a link at once.
func (h *Host) Revoke(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.links[id]
	delete(h.links, id)
	return ok
}

// Accesses gives the requests for a link so far.
func (h *Host) Accesses(id string) []Access {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, ok := h.links[id]
	if !ok {
		return nil
	}
	return append([]Access(nil), l.seen...)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
