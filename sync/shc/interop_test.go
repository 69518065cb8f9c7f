package shc

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"shlkiosk/sync/guard"
)

// TestInteropTheirCards verifies cards that npm kill-the-clipboard issues, in
// every carrier, with keys fetched from its JWKS on loopback. `make interop`
// installs it; SHL_INTEROP=require makes its absence a failure.
func TestInteropTheirCards(t *testing.T) {
	dir := os.Getenv("SHL_INTEROP_DIR")
	if dir == "" {
		dir = "../../.interop"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, nodeErr := exec.LookPath("node")
	_, moduleErr := os.Stat(filepath.Join(dir, "node_modules/kill-the-clipboard"))
	if nodeErr != nil || moduleErr != nil {
		if os.Getenv("SHL_INTEROP") == "require" {
			t.Fatal("interop: node or npm package kill-the-clipboard is missing")
		}
		t.Skip("INTEROP NOT RUN: node or npm package kill-the-clipboard is missing: run make interop (needs npm and its registry)")
	}
	cmd := exec.Command("node", "../shl/testdata/interop/server.mjs", dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Base, JWS, File string
		Numeric, Chunks []string
	}
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatal(err)
	}
	g, err := guard.New(guard.Options{Allow: []string{said.Base}})
	if err != nil {
		t.Fatal(err)
	}
	v := NewVerifier(Options{Guard: g})
	carriers := append([]string{said.JWS, said.File}, said.Numeric...)
	for i, text := range carriers {
		cards, err := Read(text)
		if err != nil || len(cards) != 1 {
			t.Fatalf("carrier %d: %v", i, err)
		}
		if c, s := v.Verify(context.Background(), cards[0]); s.State != UnknownIssuer || len(c.Bundle) == 0 {
			t.Errorf("carrier %d: %+v", i, s)
		}
	}
	if len(said.Chunks) < 2 {
		t.Fatalf("%d chunks", len(said.Chunks))
	}
	c := NewCollector(nil)
	for i := len(said.Chunks) - 1; i >= 0; i-- {
		p, err := c.Add(said.Chunks[i])
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			continue
		}
		if _, s := v.Verify(context.Background(), p.Card); !p.Complete || s.State != UnknownIssuer {
			t.Errorf("chunks: %+v %+v", p.Complete, s)
		}
	}
}
