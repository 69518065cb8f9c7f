package guard

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/dns/dnsmessage"
)

// trap is a listener on every local address that notes who was connected to.
type trap struct {
	port uint16
	mu   sync.Mutex
	hits []string
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	tr := &trap{}
	l, err := net.Listen("tcp", ":0") // IPv4 and IPv6, all addresses
	if err != nil {
		t.Fatal(err)
	}
	tr.port = uint16(l.Addr().(*net.TCPAddr).Port)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			tr.mu.Lock()
			tr.hits = append(tr.hits, netip.MustParseAddrPort(c.LocalAddr().String()).Addr().Unmap().String())
			tr.mu.Unlock()
			c.Close()
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return tr
}

func (tr *trap) seen() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return append([]string(nil), tr.hits...)
}

// names is a DNS server inside a net.Resolver: for each look-up of a name it
// gives the next of its answers, the last one for ever.
type names struct {
	mu      sync.Mutex
	answers map[string][][]string
	asked   map[string]int
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go n.serve(server)
		return client, nil
	}}
}

func (n *names) serve(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		q := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		a := n.answer(q)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)); err != nil {
			return
		}
	}
}

func (n *names) answer(query []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: h.ID, Response: true, Authoritative: true, RecursionAvailable: true})
	b.StartQuestions()
	b.Question(q)
	b.StartAnswers()
	name := q.Name.String()
	n.mu.Lock()
	list := n.answers[name]
	turn := 0
	if q.Type == dnsmessage.TypeA { // A and AAAA of one look-up are one turn
		turn = min(n.asked[name], len(list)-1)
		n.asked[name]++
	} else {
		turn = min(max(n.asked[name]-1, 0), len(list)-1)
	}
	n.mu.Unlock()
	if len(list) > 0 {
		for _, text := range list[turn] {
			ip := netip.MustParseAddr(text)
			head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 0}
			switch {
			case ip.Is4() && q.Type == dnsmessage.TypeA:
				b.AResource(head, dnsmessage.AResource{A: ip.As4()})
			case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
				b.AAAAResource(head, dnsmessage.AAAAResource{AAAA: ip.As16()})
			}
		}
	}
	out, err := b.Finish()
	if err != nil {
		return nil
	}
	return out
}

func trapped(t *testing.T, tr *trap, n *names, allow ...string) *Guard {
	t.Helper()
	g, err := New(Options{Allow: allow, Timeout: 5 * time.Second, Resolver: n.resolver()})
	if err != nil {
		t.Fatal(err)
	}
	g.tlsPort = tr.port // the one port that may be used, so that only the address decides
	return g
}

func get(g *Guard, raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		// What net/url refuses cannot be requested at all.
		return &Error{Reason: BadURL}
	}
	_, err = g.Fetch(context.Background(), Request{Method: http.MethodGet, URL: u, MaxBytes: 1 << 10})
	return err
}

func reason(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// F12: every written form of an inside address, and every block of the
// registries behind a public name. Asserted on the socket.
func TestNoFormOfAnInsideAddressIsConnected(t *testing.T) {
	tr := newTrap(t)
	port := strconv.Itoa(int(tr.port))
	n := &names{answers: map[string][][]string{}, asked: map[string]int{}}
	g := trapped(t, tr, n)
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.000.000.001",
		"0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]",
		"[64:ff9b::7f00:1]", "[fe80::1]", "[fe80::1%25lo]", "[fd00::1]", "10.0.0.1", "169.254.169.254", "100.64.0.1", "192.168.1.1",
		"localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db.internal", "metadata.google.internal", "kiosk",
		"１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "127.0.0.1.", "home.arpa", "x.home.arpa",
	} {
		err := get(g, "https://"+host+":"+port+"/x")
		if r := reason(err); r != Blocked && r != BadURL {
			t.Errorf("https://%s: %v, want it refused", host, err)
		}
	}
	if hits := tr.seen(); len(hits) > 0 {
		t.Errorf("connections to %v", hits)
	}
	// The same trap does see what is allowed: the test can fail.
	open := trapped(t, tr, n, "127.0.0.0/8")
	_ = get(open, "https://127.0.0.1:"+port+"/x")
	if hits := tr.seen(); len(hits) != 1 || hits[0] != "127.0.0.1" {
		t.Errorf("an allowed address gave connections %v", hits)
	}
}

func TestNoBlockOfTheRegistriesIsConnectedThroughAName(t *testing.T) {
	tr := newTrap(t)
	n := &names{answers: map[string][][]string{}, asked: map[string]int{}}
	blocks := append(append([]netip.Prefix(nil), ssrf.IPv4DeniedPrefixes...), ssrf.IPv6DeniedPrefixes...)
	for _, extra := range []string{
		// The list of reliability.md section 1, in case a newer table loses one.
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
		"::1/128", "::/128", "fc00::/7", "fe80::/10", "ff00::/8", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "::ffff:0:0/96", "5f00::/16"} {
		blocks = append(blocks, netip.MustParsePrefix(extra))
	}
	g := trapped(t, tr, n)
	for i, b := range blocks {
		name := "b" + strconv.Itoa(i) + ".example.com"
		n.answers[name+"."] = [][]string{{b.Addr().String()}, {last(b).String()}}
		for range 2 {
			err := get(g, "https://"+name+":"+strconv.Itoa(int(tr.port))+"/")
			if reason(err) != Blocked {
				t.Errorf("%s: %v, want %s", b, err, Blocked)
			}
		}
	}
	if hits := tr.seen(); len(hits) > 0 {
		t.Errorf("connections to %v", hits)
	}
}

// last is the highest address of a block.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Rebinding: 127.0.0.2 stands for the public address (it is allowed), all
// others of the loopback block for the private one.
func TestRebindingReachesOnlyTheCheckedAddress(t *testing.T) {
	for name, turns := range map[string][][]string{
		"public first":         {{"127.0.0.2"}, {"127.0.0.1"}},
		"private first":        {{"127.0.0.1"}, {"127.0.0.2"}},
		"both at once":         {{"127.0.0.1", "127.0.0.2", "::1"}},
		"mapped beside public": {{"::ffff:127.0.0.1", "127.0.0.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrap(t)
			n := &names{answers: map[string][][]string{"rebind.example.com.": turns}, asked: map[string]int{}}
			g := trapped(t, tr, n, "127.0.0.2/32")
			for range 4 {
				_ = get(g, "https://rebind.example.com:"+strconv.Itoa(int(tr.port))+"/")
			}
			hits := tr.seen()
			if len(hits) == 0 {
				t.Error("the allowed address was never connected")
			}
			for _, h := range hits {
				if h != "127.0.0.2" {
					t.Errorf("connected to %s", h)
				}
			}
		})
	}
}

func TestOnlyPort443(t *testing.T) {
	g, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{"https://example.com:8443/", "https://example.com:80/", "https://example.com:22/", "http://example.com/", "http://example.com:443/"} {
		if _, err := g.CheckURL(u); err == nil {
			t.Errorf("%s is let through", u)
		}
	}
	for _, u := range []string{"https://example.com/", "https://example.com:443/", "HTTPS://EXAMPLE.COM/x?y"} {
		if _, err := g.CheckURL(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
}
