package sandbox

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"strings"
)

// routes is everything that the world serves.
func (w *World) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/fhir", w.fhir)
	mux.Handle("/fhir/", w.fhir)
	mux.HandleFunc("/oauth2/token", w.fhir.Token)
	mux.Handle("/shl/", w.links)
	mux.HandleFunc("POST /shl/issue", w.serveIssue)
	mux.HandleFunc("GET /shl/demo", w.serveDemo)
	mux.HandleFunc("POST /shl/demo", w.serveDemo)
	mux.HandleFunc("GET /shl/view", page("Viewer", "A real viewer would open the health link that follows the # sign in the browser's own memory. This page does nothing: the kiosk reads the link by itself."))
	mux.HandleFunc("GET /shl/{$}", page("Demo SMART Health Link host", "This holds encrypted demo health records for a few hours. POST /shl/issue makes a link, GET /shl/demo lists the demo patients."))
	mux.HandleFunc("GET /shl", page("Demo SMART Health Link host", "This holds encrypted demo health records for a few hours. POST /shl/issue makes a link, GET /shl/demo lists the demo patients."))
	mux.Handle("/shc/", w.cards)
	mux.HandleFunc("GET /{$}", w.serveHome)
	w.controls(mux)
	return onlyLoopback(w.ownPagesOnly(mux))
}

// ownPagesOnly keeps web pages of other origins from the controls: a browser
// sends their simple POSTs without asking.
func (w *World) ownPagesOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin != "" && origin != w.base && (strings.HasPrefix(r.URL.Path, "/control/") || r.URL.Path == "/shl/issue") {
			http.Error(rw, "the controls are not for web pages of others", http.StatusForbidden)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// onlyLoopback refuses requests from elsewhere, and requests for another host:
// a web page in this machine's browser must not reach the controls by DNS
// rebinding.
func onlyLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		from, _, err := net.SplitHostPort(r.RemoteAddr)
		ip := net.ParseIP(from)
		asked := r.Host
		if h, _, err := net.SplitHostPort(r.Host); err == nil {
			asked = h
		}
		own := net.ParseIP(strings.Trim(asked, "[]"))
		if err != nil || ip == nil || !ip.IsLoopback() || asked != "localhost" && (own == nil || !own.IsLoopback()) {
			http.Error(rw, "the demo world answers this machine only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

func page(title, text string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(rw, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title><h1>%s</h1><p>%s</p></html>\n", html.EscapeString(title), html.EscapeString(title), html.EscapeString(text))
	}
}

func (w *World) serveHome(rw http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo world</title><h1>The kiosk's demo world</h1>
<p>This program plays the world around a check-in kiosk: a clinic's FHIR server with made-up people (<a href="/fhir/metadata">/fhir</a>),
a host for SMART Health Links (<a href="/shl/demo">/shl</a>) and an issuer of SMART Health Cards (/shc). Nobody here is real; everything is gone when it stops.</p><ul>`)
	for _, d := range w.Demo() {
		fmt.Fprintf(&b, "<li><b>%s</b>, born %s: %s", html.EscapeString(d.Name), html.EscapeString(d.BirthDate), html.EscapeString(d.Story))
		if d.Passcode != "" {
			fmt.Fprintf(&b, " Passcode %s.", html.EscapeString(d.Passcode))
		}
		fmt.Fprintf(&b, "<br><code style=\"word-break:break-all\">%s</code></li>\n", html.EscapeString(d.Link))
	}
	b.WriteString("</ul></html>\n")
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(rw, b.String()) // the client may be gone
}

func (w *World) serveDemo(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		if err := w.Refresh(r.Context()); err != nil {
			writeJSON(rw, http.StatusInternalServerError, map[string]string{"error": err.Error()})
			return
		}
	}
	writeJSON(rw, http.StatusOK, map[string]any{"patients": w.Demo()})
}

func (w *World) serveIssue(rw http.ResponseWriter, r *http.Request) {
	var rq IssueRequest
	raw, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxIssue))
	if err == nil {
		err = json.Unmarshal(raw, &rq)
	}
	var out Issued
	if err == nil {
		out, err = w.Issue(r.Context(), rq)
	}
	if err != nil {
		writeJSON(rw, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(rw, http.StatusCreated, out)
}

// maxIssue is the largest body of an issue request: 30 MB of files as base64.
const maxIssue = 48 << 20

func writeJSON(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	e := json.NewEncoder(rw)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the client may be gone
}
