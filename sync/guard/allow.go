package guard

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// allowList is the parsed form of Options.Allow.
type allowList struct {
	hosts    []allowedHost
	prefixes []netip.Prefix
}

type allowedHost struct {
	scheme string
	host   string
	port   uint16
}

func parseAllow(entries []string) (allowList, error) {
	var list allowList
	for _, raw := range entries {
		entry := strings.TrimSpace(raw)
		if entry == "" {
			continue
		}
		if err := list.add(entry); err != nil {
			return allowList{}, fmt.Errorf("guard: allow entry %q: %w", entry, err)
		}
	}
	return list, nil
}

func (l *allowList) add(entry string) error {
	if scheme, _, found := strings.Cut(entry, "://"); found {
		u, err := url.Parse(entry)
		if err != nil {
			return errors.New("not a URL")
		}
		scheme = strings.ToLower(scheme)
		if scheme != "http" && scheme != "https" {
			return errors.New("the scheme must be http or https")
		}
		if u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("only scheme, host and port, nothing after them")
		}
		return l.addHost(scheme, u.Host)
	}
	if strings.Contains(entry, "/") {
		prefix, err := netip.ParsePrefix(entry)
		if err != nil {
			return errors.New("not a CIDR block")
		}
		if prefix.Addr().Is4In6() {
			return errors.New("write an IPv4 block in its own form")
		}
		l.prefixes = append(l.prefixes, prefix.Masked())
		return nil
	}
	return l.addHost("https", entry)
}

func (l *allowList) addHost(scheme, hostPort string) error {
	port := uint16(defaultTLSPort)
	if scheme == "http" {
		port = defaultPlainPort
	}
	host := hostPort
	if addr, err := netip.ParseAddr(strings.Trim(hostPort, "[]")); err == nil {
		host = addr.String()
	} else if h, p, err := splitHostPort(hostPort); err == nil {
		host, port = h, p
	}
	ascii, err := asciiHost(host)
	if err != nil || ascii == "" {
		return errors.New("not a host")
	}
	l.hosts = append(l.hosts, allowedHost{scheme: scheme, host: ascii, port: port})
	return nil
}

// host tells whether this very scheme, host and port is an exception.
func (l *allowList) host(scheme, host string, port uint16) bool {
	for _, a := range l.hosts {
		if a.scheme == scheme && a.host == host && a.port == port {
			return true
		}
	}
	return false
}

// dialled is host without the scheme, which the dialer does not know.
func (l *allowList) dialled(host string, port uint16) bool {
	return l.host("https", host, port) || l.host("http", host, port)
}

func (l *allowList) addr(a netip.Addr) bool {
	for _, p := range l.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// splitHostPort is net.SplitHostPort with a numeric port and a plain host.
func splitHostPort(s string) (string, uint16, error) {
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, errors.New("guard: host and port: not of the form host:port")
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil || n == 0 {
		return "", 0, errors.New("guard: port: not a number of 1 to 65535")
	}
	return host, uint16(n), nil
}
