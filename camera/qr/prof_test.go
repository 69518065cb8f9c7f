package qr

import (
	"bytes"
	"encoding/json"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func BenchmarkCorpus(b *testing.B) {
	dir := os.Getenv("QR_CORPUS")
	if dir == "" {
		b.Skip()
	}
	m, _ := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	var imgs []*image.Gray
	for _, ln := range bytes.Split(m, []byte("\n")) {
		var e struct{ File string }
		if json.Unmarshal(ln, &e) != nil || e.File == "" {
			continue
		}
		f, _ := os.ReadFile(filepath.Join(dir, e.File))
		im, err := jpeg.Decode(bytes.NewReader(f))
		if err != nil {
			continue
		}
		g := image.NewGray(im.Bounds())
		draw.Draw(g, g.Bounds(), im, im.Bounds().Min, draw.Src)
		imgs = append(imgs, g)
	}
	r := NewReader(Options{Wanted: func(t string) bool { return strings.Contains(t, "shlink:/") }})
	b.ResetTimer()
	for range b.N {
		for _, g := range imgs {
			r.Still(g)
		}
	}
}
