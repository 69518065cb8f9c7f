package outbox

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// counter is a server that files what it is sent and counts everything. It does
// not know the import already: a second POST is a second copy.
type counter struct {
	*httptest.Server

	mu      sync.Mutex
	copies  map[string]int // by import
	wrong   int            // bodies that are not what the import holds
	down    bool
	filed   func(id string) // after a copy was filed, before the answer
	blocked chan struct{}   // answers wait until it is closed; nil: they do not

	conns  map[string]bool // open connections by the client's address
	change *sync.Cond
}

func newCounter() *counter {
	c := &counter{copies: map[string]int{}, conns: map[string]bool{}}
	c.change = sync.NewCond(&c.mu)
	c.Server = httptest.NewUnstartedServer(c)
	own := c.Config.ConnState
	c.Config.ConnState = func(conn net.Conn, s http.ConnState) {
		if own != nil {
			own(conn, s)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		switch s {
		case http.StateNew:
			c.conns[conn.RemoteAddr().String()] = true
		case http.StateClosed:
			delete(c.conns, conn.RemoteAddr().String())
		}
		c.change.Broadcast()
	}
	c.Start()
	return c
}

// quiet waits until all that killed children had sent is filed or dropped: a
// request that is still at work would be a second copy that nobody could have
// foreseen. Connections are accepted in order, so once ours is, none that was
// there before waits in the kernel.
func (c *counter) quiet(t testing.TB) {
	t.Helper()
	fence, err := net.Dial("tcp", c.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer fence.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.conns[fence.LocalAddr().String()] {
		c.change.Wait()
	}
	_ = fence.Close()
	for len(c.conns) > 0 {
		c.change.Wait()
	}
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	c.mu.Lock()
	if c.down {
		c.mu.Unlock()
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.Method == http.MethodGet {
		n := c.copies[id]
		c.mu.Unlock()
		if n == 0 {
			w.WriteHeader(http.StatusNotFound)
		}
		return
	}
	c.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // cut off by a kill: as a server would, file nothing
	}
	c.mu.Lock()
	c.copies[id]++
	if !bytes.Equal(body, importBody(id)) {
		c.wrong++
	}
	filed, blocked := c.filed, c.blocked
	c.mu.Unlock()
	if filed != nil {
		filed(id)
	}
	if blocked != nil {
		<-blocked
	}
	w.WriteHeader(http.StatusCreated)
}

// tally compares what was acknowledged with what was filed.
func (c *counter) tally(acked map[string]bool) (lost, doubled, wrong int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range acked {
		if c.copies[id] == 0 {
			lost++
		}
	}
	for _, n := range c.copies {
		if n > 1 {
			doubled++
		}
	}
	return lost, doubled, c.wrong
}
