package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// splitKiosk is a kiosk that serves and enrols at one address.
func splitKiosk(t *testing.T) (kiosk machine, split *Split, addr string) {
	t.Helper()
	kiosk = newMachine(t)
	split = NewSplit(listen(t))
	s := &Server{Service: &fake{}, Identity: kiosk.id, Peers: kiosk.peers}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var errs [2]error
	running.Go(func() { errs[0] = split.Run(ctx) })
	running.Go(func() { errs[1] = s.Serve(ctx, split.Desks()) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := errors.Join(errs[0], errs[1]); err != nil {
			t.Error(err)
		}
	})
	return kiosk, split, split.ln.Addr().String()
}

// A desk enrols and then works at the same address, while another one is
// served all along.
func TestSplitServesAndEnrols(t *testing.T) {
	kiosk, split, addr := splitKiosk(t)
	ctx := context.Background()
	old, desk := newMachine(t), newMachine(t)
	if err := kiosk.peers.Add(Peer{Name: "old", Fingerprint: old.id.Fingerprint()}); err != nil {
		t.Fatal(err)
	}
	work := func(m machine) error {
		c := NewClient(m.id, Peer{Address: addr, Fingerprint: kiosk.id.Fingerprint()})
		defer c.Close()
		_, err := c.People(ctx)
		return err
	}
	if _, err := Enrol(ctx, desk.id, desk.peers, addr, "new", "12345678", day); reason(err) != "unreachable" {
		t.Errorf("enrolled though no enrolment is open: %v", err)
	}
	ln := split.Enrolments()
	codes, done := make(chan string, 9), make(chan error, 1)
	e := Enrolment{Identity: kiosk.id, Peers: kiosk.peers, Show: func(c string) { codes <- c }}
	go func() { _, err := e.Run(ctx, ln); done <- err }()
	code := <-codes
	if err := work(old); err != nil {
		t.Errorf("an enrolled desk is not served meanwhile: %v", err)
	}
	if err := work(desk); reason(err) != "unreachable" {
		t.Errorf("a desk works before it is enrolled: %v", err)
	}
	if _, err := Enrol(ctx, desk.id, desk.peers, addr, "new", code, day); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := work(desk); err != nil {
		t.Errorf("the desk that was just enrolled: %v", err)
	}
	if _, err := Enrol(ctx, desk.id, desk.peers, addr, "new", code, day); reason(err) != "unreachable" {
		t.Errorf("enrolled after the enrolment: %v", err)
	}
}

// Whoever speaks no TLS, says nothing, or asks for something else gets no
// answer and holds nobody up.
func TestSplitWithStrangers(t *testing.T) {
	kiosk, _, addr := splitKiosk(t)
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, say := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x00\x05hello", "\x16\x03\x01\xff\xff"} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, say)
		_ = c.(*net.TCPConn).CloseWrite()
		if b, _ := io.ReadAll(c); len(b) > 0 {
			t.Errorf("answered %q", b)
		}
		_ = c.Close()
	}
	desk := newMachine(t)
	if err := kiosk.peers.Add(Peer{Name: "d", Fingerprint: desk.id.Fingerprint()}); err != nil {
		t.Fatal(err)
	}
	c := NewClient(desk.id, Peer{Address: addr, Fingerprint: kiosk.id.Fingerprint()})
	defer c.Close()
	if _, err := c.People(context.Background()); err != nil {
		t.Error(err)
	}
}
