package desk

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	serveProto = "http/1.1" // net/http closes connections of a protocol that it does not know
	// IdleLimit ends a session that is not used (kiosk-people 4: staff mode 120 s).
	IdleLimit  = 120 * time.Second
	maxSession = 8 * time.Hour
	maxBody    = 64 << 10
)

// Server serves a Service to enrolled desks.
type Server struct {
	Service  Service
	Identity *Identity
	Peers    *Peers
	Logger   *slog.Logger     // default: none
	Now      func() time.Time // default time.Now

	mu       sync.Mutex
	sessions map[string]*session
}

type session struct {
	Session
	peer        Fingerprint
	began, last time.Time
}

// Serve answers on the listener until ctx ends. The listener is given by the
// caller, who alone decides that something listens at all.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	s.sessions = map[string]*session{}
	enrolled := func(f Fingerprint) error {
		if _, ok := s.Peers.Find(f); !ok {
			s.Logger.Warn("desk.not-enrolled", "fingerprint", f.String())
			return errors.New("not enrolled")
		}
		return nil
	}
	srv := &http.Server{
		Handler:           s.routes(),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // no HTTP/2
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: IdleLimit,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // its lines quote what strangers send
	}
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if srv.Shutdown(end) != nil {
			_ = srv.Close()
		}
	})
	defer stop()
	err := srv.Serve(tls.NewListener(ln, tlsConfig(s.Identity, serveProto, enrolled)))
	s.endAll()
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/people", func(w http.ResponseWriter, r *http.Request) {
		people, err := s.Service.People(r.Context())
		answer(w, people, err)
	})
	mux.HandleFunc("POST /v1/login", s.login)
	handle := func(pattern string, f func(x Session, r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			x, err := s.session(r)
			if err != nil {
				answer(w, nil, err)
				return
			}
			out, err := f(x, r)
			answer(w, out, err)
		})
	}
	handle("POST /v1/logout", func(x Session, r *http.Request) (any, error) {
		s.forget(r.Header.Get(tokenHeader))
		return nil, x.Logout(r.Context())
	})
	handle("GET /v1/items", func(x Session, r *http.Request) (any, error) { return x.List(r.Context()) })
	handle("GET /v1/items/{id}/case", func(x Session, r *http.Request) (any, error) { return x.Case(r.Context(), r.PathValue("id")) })
	handle("POST /v1/items/{id}/preview", func(x Session, r *http.Request) (any, error) {
		in, err := body[chartBody](r)
		if err != nil {
			return nil, err
		}
		return x.Preview(r.Context(), r.PathValue("id"), in.Chart)
	})
	handle("GET /v1/items/{id}/receipt", func(x Session, r *http.Request) (any, error) { return x.Export(r.Context(), r.PathValue("id")) })
	handle("POST /v1/items/{id}/retry", func(x Session, r *http.Request) (any, error) {
		return nil, x.Retry(r.Context(), r.PathValue("id"))
	})
	handle("POST /v1/items/{id}/park", func(x Session, r *http.Request) (any, error) {
		return nil, x.Park(r.Context(), r.PathValue("id"))
	})
	handle("POST /v1/items/{id}/discard", func(x Session, r *http.Request) (any, error) {
		return nil, x.Discard(r.Context(), r.PathValue("id"))
	})
	handle("POST /v1/items/{id}/resolve", func(x Session, r *http.Request) (any, error) {
		in, err := body[Resolution](r)
		if err != nil {
			return nil, err
		}
		return nil, x.Resolve(r.Context(), r.PathValue("id"), in)
	})
	handle("POST /v1/items/{id}/proposals/{proposal}", func(x Session, r *http.Request) (any, error) {
		in, err := body[answerBody](r)
		if err != nil {
			return nil, err
		}
		return nil, x.Accept(r.Context(), r.PathValue("id"), r.PathValue("proposal"), in.Yes)
	})
	handle("POST /v1/pause", func(x Session, r *http.Request) (any, error) {
		in, err := body[answerBody](r)
		if err != nil {
			return nil, err
		}
		return nil, x.Pause(r.Context(), in.Yes)
	})
	handle("GET /v1/diagnostics", func(x Session, r *http.Request) (any, error) { return x.Diagnostics(r.Context()) })
	return http.MaxBytesHandler(mux, maxBody)
}

const tokenHeader = "Shlkiosk-Session"

type (
	answerBody struct {
		Yes bool `json:"yes"`
	}
	chartBody struct {
		Chart string `json:"chart"`
	}
	loginBody struct {
		ID  string `json:"id"`
		PIN string `json:"pin"`
	}
	loginAnswer struct {
		Token string `json:"token"`
		Who   Person `json:"who"`
	}
)

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	in, err := body[loginBody](r)
	if err != nil {
		answer(w, nil, err)
		return
	}
	x, err := s.Service.Login(r.Context(), in.ID, in.PIN)
	if err != nil {
		answer(w, nil, err)
		return
	}
	token, now := rand.Text(), s.Now()
	s.mu.Lock()
	s.sessions[token] = &session{Session: x, peer: peerOf(r), began: now, last: now}
	s.mu.Unlock()
	answer(w, loginAnswer{Token: token, Who: x.Who()}, nil)
}

// session finds the session of a request: known, of this machine, in time. The
// machine is looked up again, so that taking it off the list ends it at once.
func (s *Server) session(r *http.Request) (Session, error) {
	ended := &Error{Reason: "session-ended"}
	token := r.Header.Get(tokenHeader)
	now := s.Now()
	s.mu.Lock()
	x := s.sessions[token]
	ok := x != nil && x.peer == peerOf(r) && now.Sub(x.last) < IdleLimit && now.Sub(x.began) < maxSession
	if ok {
		_, ok = s.Peers.Find(x.peer)
	}
	if ok {
		x.last = now
	}
	s.mu.Unlock()
	if x == nil || x.peer != peerOf(r) {
		return nil, ended
	}
	if !ok {
		s.forget(token)
		_ = x.Logout(r.Context())
		return nil, ended
	}
	return x.Session, nil
}

func (s *Server) forget(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
}

func (s *Server) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, x := range s.sessions {
		_ = x.Logout(context.Background())
		delete(s.sessions, token)
	}
}

func peerOf(r *http.Request) Fingerprint {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return Fingerprint{}
	}
	return fingerprintOf(r.TLS.PeerCertificates[0].Raw)
}

func body[T any](r *http.Request) (T, error) {
	var in T
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return in, &Error{Reason: "refused"}
	}
	return in, nil
}

// answer writes a result or an error as JSON. Of an error only the code crosses
// the network.
func answer(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Reason: "internal"}
		}
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(e)
		return
	}
	if out == nil {
		out = struct{}{}
	}
	_ = json.NewEncoder(w).Encode(out)
}
