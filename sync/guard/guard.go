// Package guard makes every HTTP client that may talk to an address which
// came out of a scanned code, a card or a manifest: an address chosen by
// somebody we do not know.
//
// The promise:
//
//   - No connection to an address of the IANA special-purpose registries
//     (loopback, private, link-local, metadata, NAT64, ...), because the check
//     runs in the dialer on the very address about to be connected. A second
//     look-up does not exist, so DNS rebinding has nothing to slip into.
//   - https on port 443 and nothing else; TLS 1.2 or better, and no way past a
//     certificate error.
//   - The only exceptions are the entries of Options.Allow.
//   - A request leaves at most once. There is no retry, no connection reuse
//     (the standard transport may repeat a request on a reused connection that
//     died), no HTTP/2 (whose transport may repeat after GOAWAY) and no
//     redirect of anything but GET, at most Redirects times, each hop checked
//     like the first.
//   - No cookies, no referrer, no proxy from the environment, an own user agent.
//   - Bytes are counted after content decoding; a body past its ceiling is an
//     error. The deadline covers the whole exchange including the last byte.
//
// The limits: with Options.Proxy the proxy makes the connections, so the check
// on the connected address is the proxy's duty; what can be judged from the
// URL is still judged here. A host named in Allow is trusted at any address.
//
// The FHIR server's client is another one (sync/fhir): it talks to an address
// that the clinic configured, and so the guard never needs an exception for it.
package guard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"github.com/go-resty/resty/v2"
)

// Defaults of Options.
const (
	DefaultTimeout      = 30 * time.Second // reliability.md section 2: 30 s for the whole retrieval
	DefaultUserAgent    = "shlkiosk/1 (SMART Health Link receiver)"
	DefaultMaxURL       = 8192 // a pre-signed storage address has 2 kB and more
	DefaultMaxRedirects = 2    // reliability.md section 1: at most 2 for a file GET
)

const (
	connectTimeout   = 10 * time.Second
	maxHeaderBytes   = 64 << 10
	defaultTLSPort   = 443
	defaultPlainPort = 80
)

// Options configures a Guard. The zero value is the strictest guard.
type Options struct {
	// Allow lists the exceptions, each one of: a host name ("shl.clinic.lan":
	// https on 443, any address), host:port (https on that port), a CIDR block
	// ("10.2.0.0/16": https on 443 to these addresses), or a URL naming its
	// scheme ("http://127.0.0.1:8080": plain http to that host and port).
	Allow []string
	// RootCAs replaces the system's certificate authorities when not nil.
	RootCAs *x509.CertPool
	// Proxy is the URL of the one proxy to use; empty means a direct
	// connection. The environment's proxy variables are never read.
	Proxy string
	// UserAgent is sent with every request; empty means DefaultUserAgent. Bot
	// walls refuse unknown agents, so keep it plain (receiver.md trap 23).
	UserAgent string
	// Timeout is the ceiling for one whole exchange; 0 means DefaultTimeout.
	Timeout time.Duration
	// MaxRedirects of a GET; 0 means DefaultMaxRedirects, negative means none.
	MaxRedirects int
	// Resolver looks names up; nil means the system's.
	Resolver *net.Resolver
}

// Guard makes requests to untrusted addresses. It is safe for concurrent use.
type Guard struct {
	rules     allowList
	special   *ssrf.Guardian
	resolver  *net.Resolver
	client    *resty.Client
	timeout   time.Duration
	redirects int
	userAgent string
	proxy     *url.URL
	tlsPort   uint16 // 443; a field so that the tests of this package can listen without privileges
}

// New checks the options and returns a Guard. A malformed Allow or Proxy entry
// is an error: an exception nobody understood must not be guessed.
func New(o Options) (*Guard, error) {
	g := &Guard{
		special:   ssrf.New(ssrf.WithAnyPort()),
		resolver:  o.Resolver,
		timeout:   o.Timeout,
		redirects: o.MaxRedirects,
		userAgent: o.UserAgent,
		tlsPort:   defaultTLSPort,
	}
	if g.timeout <= 0 {
		g.timeout = DefaultTimeout
	}
	if g.redirects == 0 {
		g.redirects = DefaultMaxRedirects
	}
	if g.userAgent == "" {
		g.userAgent = DefaultUserAgent
	}
	var err error
	if g.rules, err = parseAllow(o.Allow); err != nil {
		return nil, err
	}
	if o.Proxy != "" {
		if g.proxy, err = parseProxy(o.Proxy); err != nil {
			return nil, err
		}
	}
	transport := &http.Transport{
		Proxy:                  g.proxyFor,
		DialContext:            g.dial,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs, NextProtos: []string{"http/1.1"}},
		DisableKeepAlives:      true, // see the promise: a request leaves at most once
		MaxResponseHeaderBytes: maxHeaderBytes,
		// A non-nil empty map keeps the transport on HTTP/1.1.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	g.client = resty.NewWithClient(&http.Client{Transport: transport, CheckRedirect: g.checkRedirect}).
		SetRetryCount(0).
		SetDoNotParseResponse(true).
		SetDisableWarn(true).
		SetLogger(silent{}).
		SetHeader("User-Agent", g.userAgent).
		SetPreRequestHook(func(_ *resty.Client, r *http.Request) error {
			// Without GetBody nothing below us is able to send a body twice.
			r.GetBody = nil
			// The transport remembers scheme and host of its last dials; as parts of
			// the address they would keep the whole of it in memory.
			r.URL.Scheme, r.URL.Host, r.Host = strings.Clone(r.URL.Scheme), strings.Clone(r.URL.Host), strings.Clone(r.Host)
			return nil
		})
	return g, nil
}

// Timeout is the ceiling of one exchange.
func (g *Guard) Timeout() time.Duration { return g.timeout }

func parseProxy(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5") {
		// The address may hold a password, so it is not repeated here.
		return nil, errors.New("guard: proxy must be an http, https or socks5 URL with a host")
	}
	return u, nil
}

func (g *Guard) proxyFor(*http.Request) (*url.URL, error) { return g.proxy, nil }

// redirectsKey carries how many redirects the request at hand may follow.
type redirectsKey struct{}

func (g *Guard) checkRedirect(next *http.Request, via []*http.Request) error {
	allowed, _ := next.Context().Value(redirectsKey{}).(int)
	if allowed <= 0 {
		return http.ErrUseLastResponse // the 3xx itself is the answer
	}
	if len(via) > allowed {
		return &Error{Reason: Redirected, Host: hostOf(next.URL), Rule: "too-many-redirects"}
	}
	if next.Method != http.MethodGet {
		return &Error{Reason: Redirected, Host: hostOf(next.URL), Rule: "redirected-method"}
	}
	checked, err := g.CheckURL(next.URL.String())
	if err != nil {
		return err
	}
	next.URL = checked
	next.Host = ""
	next.Header.Del("Referer")
	if next.URL.Host != via[0].URL.Host {
		next.Header.Del("Authorization")
	}
	return nil
}

// silent keeps resty from writing: its lines name addresses.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := splitHostPort(address)
	if err != nil {
		return nil, &Error{Reason: BadURL, Rule: "host-port"}
	}
	dialer := &net.Dialer{
		Timeout:        connectTimeout,
		Resolver:       g.resolver,
		ControlContext: g.control(host, port),
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("guard: connect: %w", err)
	}
	return conn, nil
}
