package outbox

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
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
}

func newCounter() *counter {
	c := &counter{copies: map[string]int{}}
	c.Server = httptest.NewServer(c)
	return c
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
