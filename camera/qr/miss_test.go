package qr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestMisses(t *testing.T) {
	dir := os.Getenv("QR_CORPUS")
	if dir == "" {
		t.Skip()
	}
	m, _ := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	w := newWorker(&layouts{}, newField())
	w2 := newWorker(&layouts{}, newField())
	for _, ln := range bytes.Split(m, []byte("\n")) {
		var e struct {
			ID, File, Text string
			Version        int
			EC             string
			Inv            bool
			M              float64
			Quad           [4][2]float64
		}
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
		ef := newEffort(55 * time.Millisecond)
		tr := ""
		traceStage = func(w *worker, i int, e *effort) {
			tr += fmt.Sprintf(" [%d: %.0f f%d t%d]", i, float64(e.spent)/1e6, len(w.finders), w.tried)
		}
		out := w.search(planeOf(g), isSHL, ef)
		ok := false
		for _, o := range out {
			ok = ok || o.Text == e.Text
		}
		if ok || len(out) > 0 {
			continue
		}
		n := float64(17 + 4*e.Version)
		q := [4]vec{}
		for k := range q {
			q[k] = vec{e.Quad[k][0] - .5, e.Quad[k][1] - .5}
		}
		h, _ := squareTo(0, n, &q)
		s := ""
		for _, c := range [3][2]float64{{3.5, 3.5}, {n - 3.5, 3.5}, {3.5, n - 3.5}} {
			p := h.at(c[0], c[1])
			best := 0.0
			for _, f := range w.finders {
				if f.c.sub(p).len() < 2.5*e.M {
					best = math.Max(best, f.ncc)
				}
			}
			u, v := h.step(c[0], c[1])
			pl := planeOf(g)
			s += fmt.Sprintf(" %.2f/%.2f", best, ringNCC(&pl, p, u, v))
		}
		// with the true grid
		gr := grid{l: w.lay.get(e.Version), light: e.Inv}
		var q2 [4]vec
		for i, c := range [4][2]float64{{3.5, 3.5}, {n - 3.5, 3.5}, {n - 3.5, n - 3.5}, {3.5, n - 3.5}} {
			q2[i] = h.at(c[0], c[1])
		}
		gr.set(q2)
		w2.pyr.reset(planeOf(g))
		pl := planeOf(g)
		e2 := newEffort(time.Second)
		wt := fitWeights{groupFinder: 1.5, groupAlign: 1.5, groupTiming: 1, groupVersion: .7}
		gr.climb(&pl, &wt, .5, 4, 9, e2)
		fd := w2.decode(&pl, &gr, nil, true, e2)
		raw := w2.mods.knownErrors(w2.mods.soft)
		fmt.Printf("%s %-22s m %.1f v%d%s finders%s stage %d | true grid score %.2f err %.2f/%.2f reads %v | best %.2f v%v spent %.0f\n", tr, e.ID, e.M, e.Version, e.EC, s, w.stage, gr.score, raw, w2.mods.knownErrors(w2.mods.eq), fd != nil, w.best.score, func() int {
			if w.best.l != nil {
				return w.best.l.number
			}
			return 0
		}(), float64(ef.spent)/1e6)
	}
}
