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

func isSHL(t string) bool { return strings.Contains(t, "shlink:/") }

func corpusImages(b testing.TB) (imgs []*image.Gray, names []string) {
	dir := os.Getenv("QR_CORPUS")
	if dir == "" {
		b.Skip()
	}
	m, _ := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
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
		names = append(names, e.File)
	}
	return
}

func BenchmarkCorpus(b *testing.B) {
	imgs, _ := corpusImages(b)
	r := NewReader(Options{Wanted: isSHL})
	b.ResetTimer()
	for range b.N {
		for _, g := range imgs {
			r.Still(g)
		}
	}
}

func BenchmarkQuick(b *testing.B) {
	imgs, _ := corpusImages(b)
	w := newWorker(&layouts{}, newField())
	b.ResetTimer()
	for range b.N {
		for _, g := range imgs {
			p := planeOf(g)
			w.pyr.reset(p)
			w.quick(p, isSHL, newEffort(55e6))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(imgs))/1e6, "ms/img")
}

func BenchmarkStock(b *testing.B) {
	imgs, _ := corpusImages(b)
	b.ResetTimer()
	for range b.N {
		for _, g := range imgs {
			stock(g)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(imgs))/1e6, "ms/img")
}
