package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// A peer is another program that reads pictures from its standard input: width
// and height as two little-endian 32-bit words, then the grey bytes; for each
// it answers one line of JSON: {"texts": [...], "ms": 1.5}.
type peer struct {
	who string
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

//go:embed peers/zxingcpp.cc
var zxingcppSource []byte

//go:embed peers/zxingwasm.mjs
var zxingwasmSource []byte

// findPeers starts what is there and says what is not.
func findPeers(dir string) (found []reader, missing []string) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, []string{"peers: " + err.Error()}
	}
	if p, err := exec.LookPath("zbarimg"); err == nil {
		found = append(found, &zbar{p})
	} else {
		missing = append(missing, "zbar (Debian package zbar-tools is not installed)")
	}
	if r, err := zxingcpp(dir); err == nil {
		found = append(found, r)
	} else {
		missing = append(missing, "zxing-cpp of Debian ("+err.Error()+")")
	}
	if r, err := zxingwasm(dir); err == nil {
		found = append(found, r)
	} else {
		missing = append(missing, "zxing-cpp 3 by zxing-wasm ("+err.Error()+")")
	}
	return found, missing
}

func zxingcpp(dir string) (reader, error) {
	src, bin := filepath.Join(dir, "zxingcpp.cc"), filepath.Join(dir, "peer-zxingcpp")
	if err := os.WriteFile(src, zxingcppSource, 0o644); err != nil {
		return nil, err
	}
	if b, err := exec.Command("g++", "-O2", "-std=c++17", "-o", bin, src, "-lZXing").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("libzxing-dev or g++ is not installed: %d bytes of compiler output", len(b))
	}
	abs, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	return startPeer("zxing-cpp (Debian)", abs)
}

func zxingwasm(dir string) (reader, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("node is not installed")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "zxing-wasm")); err != nil {
		c := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", dir, "zxing-wasm")
		if err := c.Run(); err != nil {
			return nil, fmt.Errorf("npm install zxing-wasm: %w", err)
		}
	}
	script := filepath.Join(dir, "zxingwasm.mjs")
	if err := os.WriteFile(script, zxingwasmSource, 0o644); err != nil {
		return nil, err
	}
	return startPeer("zxing-cpp 3 (zxing-wasm)", node, script)
}

func startPeer(who string, arg ...string) (reader, error) {
	c := exec.Command(arg[0], arg[1:]...)
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &peer{who, c, in, bufio.NewReader(out)}
	if _, _, err := p.still(image.NewGray(image.Rect(0, 0, 64, 64)), ""); err != nil {
		return nil, fmt.Errorf("does not answer: %w", err)
	}
	return p, nil
}

func (p *peer) name() string { return p.who }

func (p *peer) still(img *image.Gray, _ string) ([]string, float64, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	buf := make([]byte, 8, 8+w*h)
	for i := range 4 {
		buf[i], buf[4+i] = byte(w>>(8*i)), byte(h>>(8*i))
	}
	for y := range h {
		buf = append(buf, img.Pix[y*img.Stride:y*img.Stride+w]...)
	}
	if _, err := p.in.Write(buf); err != nil {
		return nil, 0, err
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, 0, err
	}
	var a struct {
		Texts []string
		Ms    float64
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return nil, 0, err
	}
	return a.Texts, a.Ms, nil
}

func (p *peer) film(string) (func(*image.Gray, int) ([]string, float64), func()) { return nil, nil }

// zbar is zbarimg, started for each picture: its time is not told.
type zbar struct{ path string }

func (*zbar) name() string { return "zbar" }

func (z *zbar) still(img *image.Gray, _ string) ([]string, float64, error) {
	f, err := os.CreateTemp("", "bench-*.pgm")
	if err != nil {
		return nil, 0, err
	}
	defer os.Remove(f.Name())
	w, h := img.Rect.Dx(), img.Rect.Dy()
	fmt.Fprintf(f, "P5 %d %d 255\n", w, h)
	for y := range h {
		if _, err := f.Write(img.Pix[y*img.Stride : y*img.Stride+w]); err != nil {
			return nil, 0, err
		}
	}
	if err := f.Close(); err != nil {
		return nil, 0, err
	}
	c := exec.Command(z.path, "-q", "-Sdisable", "-Sqrcode.enable", "--xml", f.Name())
	out, _ := c.Output() // exit code 4: nothing found
	return zbarTexts(out), 0, nil
}

func (*zbar) film(string) (func(*image.Gray, int) ([]string, float64), func()) { return nil, nil }
