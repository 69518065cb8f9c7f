package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

func fingerprintOf(der []byte) Fingerprint { return sha256.Sum256(der) }

// Client is a Service on another machine.
type Client struct {
	base string
	http *http.Client
}

// NewClient makes a client for an enrolled kiosk. It connects when it is used;
// Close ends idle connections.
func NewClient(id *Identity, kiosk Peer) *Client {
	judge := func(f Fingerprint) error {
		if f != kiosk.Fingerprint {
			return &Error{Reason: "not-enrolled", Err: errors.New("this is not the kiosk that was enrolled")}
		}
		return nil
	}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: tlsConfig(id, serveProto, judge)}
	return &Client{
		base: "https://" + kiosk.Address,
		http: &http.Client{
			Timeout: 60 * time.Second,
			Transport: &http.Transport{
				DialTLSContext:  dialer.DialContext, // and no proxy: Proxy is nil
				MaxIdleConns:    2,
				IdleConnTimeout: IdleLimit,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// People implements Service.
func (c *Client) People(ctx context.Context) (out []Person, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/people", "", nil, &out)
}

// Login implements Service.
func (c *Client) Login(ctx context.Context, id, pin string) (Session, error) {
	var out loginAnswer
	if err := c.call(ctx, http.MethodPost, "/v1/login", "", loginBody{id, pin}, &out); err != nil {
		return nil, err
	}
	return &remote{c: c, token: out.Token, who: out.Who}, nil
}

// remote is a Session on another machine.
type remote struct {
	c     *Client
	token string
	who   Person
}

func (r *remote) Who() Person { return r.who }

func (r *remote) get(ctx context.Context, path string, out any) error {
	return r.c.call(ctx, http.MethodGet, path, r.token, nil, out)
}

func (r *remote) post(ctx context.Context, path string, in any) error {
	return r.c.call(ctx, http.MethodPost, path, r.token, in, nil)
}

func item(id, what string) string { return "/v1/items/" + url.PathEscape(id) + "/" + what }

func (r *remote) List(ctx context.Context) (out []Item, err error) {
	return out, r.get(ctx, "/v1/items", &out)
}

func (r *remote) Case(ctx context.Context, id string) (out Case, err error) {
	return out, r.get(ctx, item(id, "case"), &out)
}

func (r *remote) Preview(ctx context.Context, id, chart string) (out Preview, err error) {
	return out, r.c.call(ctx, http.MethodPost, item(id, "preview"), r.token, chartBody{chart}, &out)
}

func (r *remote) Export(ctx context.Context, id string) (out json.RawMessage, err error) {
	return out, r.get(ctx, item(id, "receipt"), &out)
}

func (r *remote) Retry(ctx context.Context, id string) error {
	return r.post(ctx, item(id, "retry"), nil)
}
func (r *remote) Park(ctx context.Context, id string) error {
	return r.post(ctx, item(id, "park"), nil)
}

func (r *remote) Discard(ctx context.Context, id string) error {
	return r.post(ctx, item(id, "discard"), nil)
}

func (r *remote) Resolve(ctx context.Context, id string, d Resolution) error {
	return r.post(ctx, item(id, "resolve"), d)
}

func (r *remote) Accept(ctx context.Context, id, proposal string, yes bool) error {
	return r.post(ctx, item(id, "proposals/"+url.PathEscape(proposal)), answerBody{yes})
}

func (r *remote) Pause(ctx context.Context, paused bool) error {
	return r.post(ctx, "/v1/pause", answerBody{paused})
}

func (r *remote) Diagnostics(ctx context.Context) (out Diagnostics, err error) {
	return out, r.get(ctx, "/v1/diagnostics", &out)
}

func (r *remote) Logout(ctx context.Context) error { return r.post(ctx, "/v1/logout", nil) }

const maxAnswer = 8 << 20

func (c *Client) call(ctx context.Context, method, path, token string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return &Error{Reason: "internal", Err: err}
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return &Error{Reason: "internal", Err: err}
	}
	if token != "" {
		req.Header.Set(tokenHeader, token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return e
		}
		return &Error{Reason: "unreachable", Err: errors.Unwrap(err)}
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(answer) > maxAnswer {
		return &Error{Reason: "unreachable", Err: err}
	}
	if res.StatusCode != http.StatusOK {
		e := &Error{}
		if json.Unmarshal(answer, e) != nil || e.Reason == "" {
			e.Reason = "refused"
		}
		return e
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &Error{Reason: "refused", Err: errors.New("the answer is not understood")}
	}
	return nil
}
