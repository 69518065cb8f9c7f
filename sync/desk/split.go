package desk

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// Split lets one address serve enrolled desks and, while an enrolment is open,
// a new one: it looks at the protocol that a connection asks for (ALPN) and
// hands it on whole. It answers nothing itself.
type Split struct {
	ln    net.Listener
	serve *half

	mu    sync.Mutex
	enrol *half // nil: no enrolment is open
}

// peekFor and maxPeeks bound what strangers can hold: how long the first
// message may take and how many connections may be without one.
const (
	peekFor  = 5 * time.Second
	maxPeeks = 32
	maxHello = 64 << 10
)

// NewSplit splits a listener; Run begins to accept.
func NewSplit(ln net.Listener) *Split { return &Split{ln: ln, serve: newHalf(ln.Addr())} }

// Desks is the listener for Server.
func (s *Split) Desks() net.Listener { return s.serve }

// Enrolments opens a listener for one Enrolment.Run, which closes it. One that
// is open already is closed.
func (s *Split) Enrolments() net.Listener {
	h := newHalf(s.ln.Addr())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.enrol != nil {
		_ = s.enrol.Close()
	}
	s.enrol = h
	return h
}

// Run accepts until ctx ends or the listener fails, and closes all three.
func (s *Split) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = s.ln.Close() })()
	var peeks sync.WaitGroup
	room := make(chan struct{}, maxPeeks)
	defer func() {
		_ = s.serve.Close()
		_ = s.Enrolments().Close()
		peeks.Wait()
	}()
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if _, temporary := errors.AsType[*net.OpError](err); temporary && !errors.Is(err, net.ErrClosed) {
				select { // out of file descriptors, for example
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
				continue
			}
			return &Error{Reason: "unreachable", Err: err}
		}
		select {
		case room <- struct{}{}:
		default:
			_ = conn.Close()
			continue
		}
		peeks.Go(func() {
			defer func() { <-room }()
			s.hand(ctx, conn)
		})
	}
}

// hand gives one connection to where it belongs, or closes it.
func (s *Split) hand(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(peekFor))
	protos, whole := peek(conn)
	_ = conn.SetDeadline(time.Time{})
	to := s.serve
	if slices.Contains(protos, enrolProto) {
		s.mu.Lock()
		to = s.enrol
		s.mu.Unlock()
	} else if !slices.Contains(protos, serveProto) {
		to = nil
	}
	if to == nil || !to.give(whole) {
		_ = conn.Close()
	}
}

// peek reads the client's first message and returns the protocols it offers and
// the connection as if nothing had been read.
func peek(conn net.Conn) (protos []string, whole net.Conn) {
	seen := &seenConn{Conn: conn}
	enough := errors.New("enough")
	_ = tls.Server(seen, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		protos = h.SupportedProtos
		return nil, enough
	}}).Handshake()
	return protos, &replayConn{Conn: conn, head: seen.read}
}

// seenConn keeps what is read and sends nothing.
type seenConn struct {
	net.Conn
	read []byte
}

func (c *seenConn) Read(b []byte) (int, error) {
	if len(c.read) >= maxHello {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(b)
	c.read = append(c.read, b[:n]...)
	return n, err
}
func (c *seenConn) Write(b []byte) (int, error) { return len(b), nil }
func (c *seenConn) Close() error                { return nil }

// replayConn reads its head first.
type replayConn struct {
	net.Conn
	head []byte
}

func (c *replayConn) Read(b []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// half is one use of a split listener.
type half struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHalf(addr net.Addr) *half {
	return &half{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// give hands a connection over; false when nobody accepts it soon.
func (h *half) give(c net.Conn) bool {
	select {
	case <-h.closed:
		return false
	default:
	}
	soon := time.NewTimer(peekFor)
	defer soon.Stop()
	select {
	case h.conns <- c:
		return true
	case <-h.closed:
		return false
	case <-soon.C:
		return false
	}
}

func (h *half) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *half) Addr() net.Addr { return h.addr }

func (h *half) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}
