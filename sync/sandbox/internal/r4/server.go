package r4

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options make a Server.
type Options struct {
	Base    string           // public base URL, e.g. http://127.0.0.1:8090/fhir, no slash at its end
	Token   string           // public URL of the token endpoint
	Now     func() time.Time // the clock; required
	Behave  Behaviour
	Clients []Client
	Done    <-chan struct{} // closed when the world ends; ends hung requests
}

// Server is the FHIR server. It is an http.Handler for everything under the
// path of its base; Token serves the token endpoint.
type Server struct {
	opt    Options
	store  *Store
	path   string // path of the base URL
	behave atomic.Pointer[behaving]
	counts counters
	auth   authority
	jobs   jobs
}

// behaving is a behaviour at work, with how often each fault was met.
type behaving struct {
	Behaviour
	mu      sync.Mutex
	met     []int
	quota   int
	quotaTo time.Time
}

// New makes a server with an empty store.
func New(opt Options) (*Server, error) {
	u, err := url.Parse(opt.Base)
	if err != nil {
		return nil, fmt.Errorf("r4: base: %w", err)
	}
	srv := &Server{opt: opt, path: strings.TrimSuffix(u.Path, "/"), store: NewStore(opt.Base)}
	srv.auth.clients = map[string]Client{}
	for _, c := range opt.Clients {
		srv.auth.clients[c.ID] = c
	}
	return srv, srv.SetBehaviour(opt.Behave)
}

// SetBehaviour changes the behaviour from the next request on and starts its
// faults' counts anew.
func (srv *Server) SetBehaviour(b Behaviour) error {
	if err := b.Validate(); err != nil {
		return err
	}
	srv.behave.Store(&behaving{Behaviour: b, met: make([]int, len(b.Faults))})
	return nil
}

// Behaviour is the present behaviour.
func (srv *Server) Behaviour() Behaviour { return srv.behave.Load().Behaviour }

func (srv *Server) behaviour() *behaving { return srv.behave.Load() }

// Store is the server's store.
func (srv *Server) Store() *Store { return srv.store }

func (srv *Server) now() time.Time { return srv.opt.Now().Add(srv.behaviour().skew()) }

// request is one interaction, from HTTP or from a Bundle entry.
type request struct {
	ctx         context.Context
	method      string
	path        string // below the base, without slashes around it
	query       url.Values
	body        []byte
	ifMatch     string
	ifNoneMatch string
	ifModified  string
	ifNoneExist string
	prefer      prefer
	id          string         // the id that a create must use; "" makes one
	parsed      map[string]any // the body, once checked
	inBundle    bool           // of a transaction: references are checked at its end
	inEntry     bool           // of any Bundle: the body was scanned with it
}

// answer is what goes back.
type answer struct {
	status   int
	record   *Record // whose ETag, Last-Modified and, when created, Location are given
	located  bool
	body     []byte
	outcome  []byte // of a success
	headers  map[string]string
	existing bool // a conditional create found it
}

// prefer is the Prefer header.
type prefer struct {
	minimal, outcome, representation, async bool
	handling                                string
}

func parsePrefer(values []string) prefer {
	var p prefer
	for _, v := range values {
		for _, word := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
			switch word {
			case "return=minimal":
				p.minimal = true
			case "return=representation":
				p.representation = true
			case "return=OperationOutcome":
				p.outcome = true
			case "respond-async":
				p.async = true
			case "handling=lenient", "handling=strict":
				p.handling = strings.TrimPrefix(word, "handling=")
			}
		}
	}
	return p
}

// newID gives the id of a new resource of a type.
func (srv *Server) newID(t *tx, kind string) string {
	for srv.behaviour().NumericIDs {
		t.number++
		id := fmt.Sprint(t.number)
		if _, taken := t.get(Key{kind, id}); !taken {
			return id
		}
	}
	return NewUUID()
}

// NewUUID makes a random UUID (RFC 9562, version 4).
func NewUUID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails (crypto/rand)
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// strictDecode decodes JSON and refuses members that v has no field for.
func strictDecode(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// split gives the segments of a request path.
func split(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// status is the reason phrase form of a bundle response.
func (b *behaving) status(code int) string {
	if b.NumberStatus {
		return fmt.Sprint(code)
	}
	return fmt.Sprintf("%d %s", code, http.StatusText(code))
}
