package qr

import (
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"testing"
)

func TestDbg(t *testing.T) {
	f, err := os.Open(os.Getenv("QR_FILE"))
	if err != nil {
		t.Skip()
	}
	im, _ := jpeg.Decode(f)
	g := image.NewGray(im.Bounds())
	draw.Draw(g, g.Bounds(), im, im.Bounds().Min, draw.Src)
	w := newWorker(&layouts{}, newField())
	p := planeOf(g)
	w.pyr.reset(p)
	e := newEffort(1e9)
	for i, s := range stages {
		w.finders = w.finders[:0]
		q := &p
		if s.half > 0 {
			q, _ = w.pyr.level(1, e)
		}
		if s.power > 0 {
			w.lin = q.raised(s.power, w.lin.pix, e)
			q = &w.lin
		}
		w.scan(q, s.half, s, e)
		fmt.Println("stage", i, "crosses", len(w.crosses), "spots", len(w.spots.all), "seeds", len(w.seeds), "finders", len(w.finders))
		for _, f := range w.finders {
			if f.ncc > .7 {
				fmt.Printf("  %.0f,%.0f size %.2f %.2f sup %.1f\n", f.c.x, f.c.y, f.size(), f.ncc, f.support)
			}
		}
	}
	fmt.Println(p.burnt())
}
