package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
)

// What a client that is gone had sent is in the store after Quiet, however late
// the server gets to it.
func TestQuietWaitsForWhatWasSent(t *testing.T) {
	w, err := Start(t.Context(), Options{People: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	body := `{"resourceType":"Basic","code":{"text":"x"}}`
	for n := range 50 {
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", w.listen)
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "POST /fhir/Basic HTTP/1.1\r\nHost: %s\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n%s", w.listen, len(body), body)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil { // gone, without a reset that could overtake the data
			t.Fatal(err)
		}
		if err := w.Quiet(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.Counts().Created["Basic"]; got != n+1 {
			t.Fatalf("%d of %d are there: %+v", got, n+1, w.Counts())
		}
		_ = conn.Close()
	}
}

func TestQuietSaysWhenItIsNot(t *testing.T) {
	w, err := Start(t.Context(), Options{People: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	client := &http.Client{Transport: &http.Transport{}}
	res, err := client.Post(w.FHIRBase()+"/Basic", "application/fhir+json", bytes.NewReader([]byte(`{"resourceType":"Basic","code":{"text":"x"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close() // the connection stays open, idle
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Quiet(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with a connection open: %v", err)
	}
	client.CloseIdleConnections()
	if err := w.Quiet(t.Context()); err != nil {
		t.Error(err)
	}
}
