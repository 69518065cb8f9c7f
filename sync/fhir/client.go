package fhir

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
)

// MediaType is what the client sends and asks for.
const MediaType = "application/fhir+json"

// Authoriser puts credentials on requests. Token returns "" for none. stale is
// a token that the server has just refused: an Authoriser that gets its own
// old token back must not return it again without asking for a new one.
type Authoriser interface {
	Token(ctx context.Context, stale string) (string, error)
}

// Options of a [Client].
type Options struct {
	Base         string            // FHIR base address: https, or http on loopback only
	Auth         Authoriser        // nil: no authorisation
	RootCAs      *x509.CertPool    // nil: the system's
	Certificates []tls.Certificate // for mutual TLS
	Timeout      time.Duration     // of one request, default 60 s
	UserAgent    string            // default "shlkiosk"
	Limits       Limits            // of answers
	PollEvery    time.Duration     // pause between looks at an async job without Retry-After, default 1 s
	PollFor      time.Duration     // how long an async job may take, default 5 min
	Now          func() time.Time
	Logger       *slog.Logger // gets method, type, status and time; never content or query
	Transport    http.RoundTripper
}

// Client speaks to one FHIR server. It is safe for concurrent use, never
// retries (except once after a 401 with a new token), follows no redirects
// and keeps no cookies.
type Client struct {
	base *url.URL
	http *resty.Client
	opt  Options
	reqs atomic.Int64
}

// New checks the options and makes a client without any request.
func New(opt Options) (*Client, error) {
	base, err := safeAddress(opt.Base)
	if err != nil {
		return nil, err
	}
	if opt.Timeout <= 0 {
		opt.Timeout = 60 * time.Second
	}
	if opt.UserAgent == "" {
		opt.UserAgent = "shlkiosk"
	}
	if opt.PollEvery <= 0 {
		opt.PollEvery = time.Second
	}
	if opt.PollFor <= 0 {
		opt.PollFor = 5 * time.Minute
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	opt.Limits = opt.Limits.orDefault()
	c := &Client{base: base, opt: opt}
	c.http = newHTTP(opt.Transport, opt.RootCAs, opt.Certificates, opt.Timeout, opt.UserAgent, opt.Limits.MaxBytes)
	return c, nil
}

// newHTTP is the one way this package makes an HTTP client.
func newHTTP(rt http.RoundTripper, roots *x509.CertPool, certs []tls.Certificate, timeout time.Duration, agent string, limit int) *resty.Client {
	if rt == nil {
		rt = &http.Transport{
			Proxy:                 nil, // a proxy from the environment would see the chart
			TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: certs},
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			MaxIdleConnsPerHost:   4,
			IdleConnTimeout:       60 * time.Second,
			ForceAttemptHTTP2:     true,
			ExpectContinueTimeout: time.Second,
		}
	}
	c := resty.NewWithClient(&http.Client{Transport: rt})
	c.SetTimeout(timeout)
	c.SetRetryCount(0) // a POST that is sent twice is a second chart entry
	c.SetRedirectPolicy(resty.NoRedirectPolicy())
	c.SetCookieJar(nil)
	c.SetDisableWarn(true)
	c.SetLogger(quiet{})
	c.SetResponseBodyLimit(limit)
	c.SetHeader("User-Agent", agent)
	c.SetPreRequestHook(func(_ *resty.Client, r *http.Request) error {
		// The transport remembers scheme and host of its last dials; as parts of
		// the address they would keep a search for a name in memory.
		r.URL.Scheme, r.URL.Host, r.Host = strings.Clone(r.URL.Scheme), strings.Clone(r.URL.Host), strings.Clone(r.Host)
		return nil
	})
	return c
}

// quiet keeps resty from writing to the log on its own: its lines hold URLs.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}

// safeAddress lets https through, and http where it cannot leave the machine.
func safeAddress(s string) (*url.URL, error) {
	bad := func(why string) error {
		return &Error{Op: "server address", Reason: ReasonUnsafeAddress, Offset: -1, Err: errors.New(why)}
	}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" {
		return nil, bad("not an absolute web address")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, bad("user, query or fragment in the address: leave them out")
	}
	switch u.Scheme {
	case "https":
	case "http":
		ip := net.ParseIP(u.Hostname())
		if u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, bad("http is for loopback only: use https")
		}
	default:
		return nil, bad("scheme must be https")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// Base is the FHIR base address without a trailing slash.
func (c *Client) Base() string { return c.base.String() }

// Requests is the number of HTTP requests made so far.
func (c *Client) Requests() int64 { return c.reqs.Load() }

func (c *Client) url(path string, q url.Values) string {
	u := c.base.String()
	if path != "" {
		u += "/" + path
	}
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	return u
}

// answer is a complete HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// CloseIdle closes connections that wait for the next request. Their buffers
// still hold the last ones, names included, so a kiosk calls it after a visit.
func (c *Client) CloseIdle() { c.http.GetClient().CloseIdleConnections() }

// call sends one request. An answer of 400 and above is an *HTTPError, no
// answer a *TransportError.
func (c *Client) call(ctx context.Context, op, method, address string, header http.Header, body []byte) (answer, error) {
	var token string
	if c.opt.Auth != nil {
		var err error
		if token, err = c.opt.Auth.Token(ctx, ""); err != nil {
			return answer{}, fmt.Errorf("%s: %w", op, err)
		}
	}
	a, err := c.send(ctx, op, method, address, header, body, token)
	var he *HTTPError
	if errors.As(err, &he) && he.Status == http.StatusUnauthorized && c.opt.Auth != nil {
		// A 401 means that nothing was done, so sending again is safe.
		again, terr := c.opt.Auth.Token(ctx, token)
		if terr != nil {
			return answer{}, fmt.Errorf("%s: %w", op, terr)
		}
		if again != token {
			return c.send(ctx, op, method, address, header, body, again)
		}
	}
	return a, err
}

func (c *Client) send(ctx context.Context, op, method, address string, header http.Header, body []byte, token string) (answer, error) {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	r := c.http.R().SetContext(ctx)
	r.SetHeader("Accept", MediaType)
	if method == http.MethodGet {
		// HAPI answers a search from the results of an equal one up to a minute
		// old; a read-back must see now.
		r.SetHeader("Cache-Control", "no-cache")
	}
	if body != nil {
		r.SetHeader("Content-Type", MediaType)
		// A reader, because resty copies bytes twice and keeps one copy, chart
		// and all, in a pool.
		r.SetBody(bytes.NewReader(body))
	}
	for k, v := range header {
		r.Header[k] = v
	}
	if token != "" {
		r.SetHeader("Authorization", "Bearer "+token)
	}
	c.reqs.Add(1)
	began := c.opt.Now()
	r.SetDoNotParseResponse(true) // it would be read in pieces of 512 bytes
	resp, err := r.Execute(method, address)
	status := 0
	if resp != nil {
		status = resp.StatusCode()
	}
	var answered []byte
	if err == nil {
		answered, err = readBody(resp.RawResponse, c.opt.Limits.MaxBytes)
	}
	c.opt.Logger.DebugContext(ctx, "fhir request", "op", op, "method", method, "status", status,
		"sent_bytes", len(body), "ms", c.opt.Now().Sub(began).Milliseconds())
	if err != nil && status >= 300 && status < 400 {
		return answer{}, &HTTPError{Op: op, Status: status} // the redirect that is not followed
	}
	if err != nil {
		return answer{}, &TransportError{Op: op, Sent: sent.Load(), Err: plainCause(err)}
	}
	a := answer{status: status, header: resp.Header(), body: answered}
	if status >= 300 {
		return a, httpError(op, a, c.opt.Limits, c.opt.Now())
	}
	return a, nil
}

// readBody reads an answer of at most limit bytes, after content decoding, into
// memory of the size that the server announced, where it did.
func readBody(resp *http.Response, limit int) ([]byte, error) {
	defer resp.Body.Close()
	size := 4 << 10
	if n := resp.ContentLength; n >= 0 {
		size = int(min(n, int64(limit))) + 1 // one more, to see the end without growing
	}
	buf := make([]byte, 0, size)
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return nil, resty.ErrResponseBodyTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, err
		case len(buf) == cap(buf):
			buf = slices.Grow(buf, len(buf))
		}
	}
}

// Read gets "Type/id".
func (c *Client) Read(ctx context.Context, reference string) (Resource, error) {
	l, ok := ParseLiteral(reference)
	if !ok || l.Base != "" && l.Base != c.Base() {
		return Resource{}, &Error{Op: "read", Reason: ReasonUnsafeAddress, Offset: -1}
	}
	a, err := c.call(ctx, "read "+l.Type, http.MethodGet, c.url(l.Local(), nil), nil, nil)
	if err != nil {
		return Resource{}, err
	}
	return c.resource("read "+l.Type, a)
}

// resource parses the body of an answer that must be one.
func (c *Client) resource(op string, a answer) (Resource, error) {
	r, err := ParseResource(a.body, c.opt.Limits)
	if err != nil {
		return Resource{}, &Error{Op: op, Reason: ReasonAnswer, Offset: -1, Err: err}
	}
	return r, nil
}
