package sandbox

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// connections knows which connections the world's server has open.
type connections struct {
	mu      sync.Mutex
	open    map[net.Conn]bool
	changed chan struct{} // closed at the next change
}

func newConnections() *connections {
	return &connections{open: map[net.Conn]bool{}, changed: make(chan struct{})}
}

// note is the server's ConnState hook.
func (c *connections) note(conn net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s {
	case http.StateNew:
		c.open[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	default:
		return
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// until waits for ok, which is asked with the lock held.
func (c *connections) until(ctx context.Context, ok func() bool) error {
	for {
		c.mu.Lock()
		done, changed := ok(), c.changed
		c.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *connections) from(addr string) bool {
	for conn := range c.open {
		if conn.RemoteAddr().String() == addr {
			return true
		}
	}
	return false
}

// Quiet waits until no connection is open any more, so that all work for
// clients that are gone is done: what a killed process had sent is either
// committed or never will be. Fault tests call it before they count, or start
// the next process. The caller closes its own idle connections first. It fails
// when ctx ends.
func (w *World) Quiet(ctx context.Context) error {
	// Connections are accepted in order: once this one is, none that was there
	// before waits in the kernel.
	fence, err := new(net.Dialer).DialContext(ctx, "tcp", w.listen)
	if err != nil {
		return fmt.Errorf("sandbox: quiet: %w", err)
	}
	defer fence.Close()
	addr := fence.LocalAddr().String()
	if err := w.conns.until(ctx, func() bool { return w.conns.from(addr) }); err != nil {
		return fmt.Errorf("sandbox: quiet: %w", err)
	}
	_ = fence.Close() // nothing was sent on it
	if err := w.conns.until(ctx, func() bool { return len(w.conns.open) == 0 }); err != nil {
		return fmt.Errorf("sandbox: quiet: %w", err)
	}
	return nil
}

// Transactions is how many transactions the FHIR server has committed; unlike
// Counts it costs nothing, so that a test can wait for the next one.
func (w *World) Transactions() int { return w.fhir.Transactions() }

// Requests is how many requests the FHIR server has begun to work on; as cheap
// as Transactions.
func (w *World) Requests() int { return w.fhir.Requests() }
