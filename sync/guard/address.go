package guard

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/idna"
)

// insideSuffixes are the names that mean "this network" (RFC 6761, 6762, 8375,
// 9476 and ICANN's .internal), or that are in use as if they did.
var insideSuffixes = []string{
	"localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp", "home", "private", "localdomain", "onion", "alt",
}

// CheckURL judges an address by its text alone and makes no request: absolute,
// https on 443, no user information, no fragment, no backslash or control
// character, a host that is a public DNS name. What Options.Allow names is
// excepted. The result has its host in ASCII (punycode) and lower case; it is
// what must be requested. The error is an *Error.
func (g *Guard) CheckURL(raw string) (*url.URL, error) {
	u, err := ParseURL(raw)
	if err != nil {
		return nil, err
	}
	host, port, err := hostPort(u)
	if err != nil {
		return nil, err
	}
	shown := hostOf(u)
	if g.rules.host(u.Scheme, host, port) {
		return u, nil
	}
	if u.Scheme != "https" {
		return nil, &Error{Reason: BadScheme, Host: shown, Rule: "https-only"}
	}
	if rule := g.refusedName(host); rule != "" {
		return nil, &Error{Reason: Blocked, Host: shown, Rule: rule}
	}
	if port != g.tlsPort {
		return nil, &Error{Reason: Blocked, Host: shown, Rule: "port"}
	}
	return u, nil
}

// ParseURL is the part of CheckURL that needs no configuration: the form of
// the address. Schemes other than http and https are refused here already.
func ParseURL(raw string) (*url.URL, error) {
	bad := func(rule string) error { return &Error{Reason: BadURL, Rule: rule} }
	switch {
	case len(raw) > DefaultMaxURL:
		return nil, &Error{Reason: URLTooLong, Rule: strconv.Itoa(len(raw)) + " characters"}
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) }):
		return nil, bad("control-character")
	case strings.Contains(raw, `\`):
		return nil, bad("backslash")
	}
	u, err := url.Parse(raw)
	if err != nil || !u.IsAbs() {
		return nil, bad("not-absolute")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, &Error{Reason: BadScheme, Rule: "https-only"}
	}
	switch {
	case u.Opaque != "" || u.Host == "" || u.Hostname() == "":
		return nil, bad("no-host")
	case u.User != nil || strings.Contains(u.Host, "@"):
		return nil, bad("user-info")
	case strings.Contains(raw, "#"):
		return nil, bad("fragment")
	}
	host, err := asciiHost(u.Hostname())
	if err != nil {
		return nil, bad("host")
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return nil, bad("port")
		}
		host += ":" + strconv.FormatUint(n, 10)
	} else if strings.HasSuffix(u.Host, ":") {
		return nil, bad("port")
	}
	u.Host = host
	return u, nil
}

// asciiHost is the form of a host that DNS sees: lower case, punycode, no final
// dot. Full-width digits and ideographic dots become what they pretend to be.
func asciiHost(host string) (string, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return "", &Error{Reason: BadURL, Rule: "zone"}
		}
		return addr.String(), nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil && isASCII(host) {
		// Lookup is stricter than DNS about underscores and hyphens; a real
		// name must not fail for that.
		ascii, err = strings.ToLower(host), nil
	}
	if err != nil {
		return "", &Error{Reason: BadURL, Rule: "host"}
	}
	ascii = strings.TrimSuffix(ascii, ".")
	for _, label := range strings.Split(ascii, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notHostRune) {
			return "", &Error{Reason: BadURL, Rule: "host"}
		}
	}
	if len(ascii) > 253 {
		return "", &Error{Reason: BadURL, Rule: "host"}
	}
	if addr, err := netip.ParseAddr(ascii); err == nil {
		return addr.String(), nil
	}
	return ascii, nil
}

func notHostRune(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

func hostPort(u *url.URL) (string, uint16, error) {
	host := u.Hostname()
	switch p := u.Port(); {
	case p != "":
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return "", 0, &Error{Reason: BadURL, Rule: "port"}
		}
		return host, uint16(n), nil
	case u.Scheme == "http":
		return host, defaultPlainPort, nil
	default:
		return host, defaultTLSPort, nil
	}
}

// hostOf is how a host is shown: ASCII, with the port when it is not the usual.
func hostOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	// A copy: as a part of the address the host would keep the whole of it in
	// memory, for as long as somebody remembers only the host.
	if u.Scheme == "https" && u.Port() == "443" {
		return strings.Clone(u.Hostname())
	}
	return strings.Clone(u.Host)
}

// refusedName names the rule that refuses a host, or "".
func (g *Guard) refusedName(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		switch {
		case g.rules.addr(addr):
			return ""
		case g.special.SafeAddr(addr) != nil:
			return "special-purpose-address"
		default:
			return "address-literal" // an honest server has a name and a certificate for it
		}
	}
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	if isNumber(last) {
		return "number-as-address" // 2130706433, 127.1, 0x7f.1, 0177.0.0.1
	}
	if len(labels) == 1 {
		return "single-label"
	}
	if slices.ContainsFunc(insideSuffixes, func(s string) bool { return host == s || strings.HasSuffix(host, "."+s) }) {
		return "internal-name"
	}
	return ""
}

// isNumber is the WHATWG rule for a last label that makes the host an IPv4
// number to some resolvers.
func isNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return !strings.ContainsFunc(hex, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
	}
	return label != "" && !strings.ContainsFunc(label, func(r rune) bool { return r < '0' || r > '9' })
}

// control returns the hook that sees the address a socket is about to connect
// to, for a connection that was asked for by this host and port.
func (g *Guard) control(host string, port uint16) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || (network != "tcp4" && network != "tcp6") {
			return &Error{Reason: Blocked, Host: host, Rule: "network"}
		}
		if g.isProxy(host, port) {
			return nil
		}
		if to.Port() != port {
			return &Error{Reason: Blocked, Host: host, Rule: "port"}
		}
		if g.rules.dialled(host, port) {
			return nil
		}
		if port != g.tlsPort {
			return &Error{Reason: Blocked, Host: host, Rule: "port"}
		}
		addr := to.Addr().Unmap().WithZone("")
		if g.rules.addr(addr) {
			return nil
		}
		if g.special.SafeAddr(addr) != nil {
			return &Error{Reason: Blocked, Host: host, Rule: "special-purpose-address"}
		}
		return nil
	}
}

func (g *Guard) isProxy(host string, port uint16) bool {
	if g.proxy == nil {
		return false
	}
	p := g.proxy.Port()
	if p == "" {
		p = map[string]string{"http": "80", "https": "443", "socks5": "1080"}[g.proxy.Scheme]
	}
	return host == g.proxy.Hostname() && strconv.Itoa(int(port)) == p
}
