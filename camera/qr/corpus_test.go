package qr

import (
	"bufio"
	"encoding/json"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func isSHL(t string) bool { return strings.Contains(t, "shlink:/") }

// picture reads a JPEG's grey plane.
func picture(t testing.TB, file string) *image.Gray {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	switch g := im.(type) {
	case *image.Gray:
		return g
	case *image.YCbCr:
		return &image.Gray{Pix: g.Y, Stride: g.YStride, Rect: g.Rect}
	}
	t.Fatalf("%s is neither grey nor YCbCr", file)
	return nil
}

// corpusImages are the stills of the corpus named by QR_CORPUS.
func corpusImages(b testing.TB) (imgs []*image.Gray) {
	dir := os.Getenv("QR_CORPUS")
	if dir == "" {
		b.Skip("QR_CORPUS names no corpus")
	}
	m, err := os.Open(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	sc := bufio.NewScanner(m)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var e struct{ File string }
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			b.Fatal(err)
		}
		if e.File != "" {
			imgs = append(imgs, picture(b, filepath.Join(dir, e.File)))
		}
	}
	return imgs
}

// BenchmarkCorpus reads every still of a corpus; BenchmarkQuick gives each
// what a film frame gets.
func BenchmarkCorpus(b *testing.B) {
	imgs := corpusImages(b)
	r := NewReader(Options{Wanted: isSHL})
	for b.Loop() {
		for _, g := range imgs {
			r.Still(g)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(imgs)), "ms/picture")
}

func BenchmarkQuick(b *testing.B) {
	imgs := corpusImages(b)
	w := newWorker(&layouts{}, newField())
	for b.Loop() {
		for _, g := range imgs {
			p := planeOf(g)
			w.pyr.reset(p)
			w.quick(p, isSHL, newEffort(55e6))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(imgs)), "ms/picture")
}
