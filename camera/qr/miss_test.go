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
		fmt.Printf("%-22s m %.1f v%d%s finders%s stage %d | true grid score %.2f err %.2f/%.2f reads %v | best %.2f v%v spent %.0f\n", e.ID, e.M, e.Version, e.EC, s, w.stage, gr.score, raw, w2.mods.knownErrors(w2.mods.eq), fd != nil, w.best.score, func() int {
			if w.best.l != nil {
				return w.best.l.number
			}
			return 0
		}(), float64(ef.spent)/1e6)
	}
}

func TestTilt(t *testing.T) {
	dir := os.Getenv("QR_CORPUS")
	if dir == "" {
		t.Skip()
	}
	m, _ := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	w := newWorker(&layouts{}, newField())
	for _, ln := range bytes.Split(m, []byte("\n")) {
		var e struct {
			ID, File, Text string
			Version        int
			M              float64
			Quad           [4][2]float64
		}
		if json.Unmarshal(ln, &e) != nil || e.File == "" || (e.ID != "tilt-hard-00" && e.ID != "tilt-hard-01" && e.ID != "tilt-medium-09") {
			continue
		}
		f, _ := os.ReadFile(filepath.Join(dir, e.File))
		im, _ := jpeg.Decode(bytes.NewReader(f))
		g := image.NewGray(im.Bounds())
		draw.Draw(g, g.Bounds(), im, im.Bounds().Min, draw.Src)
		w.search(planeOf(g), isSHL, newEffort(55*time.Millisecond))
		n := float64(17 + 4*e.Version)
		q := [4]vec{}
		for k := range q {
			q[k] = vec{e.Quad[k][0] - .5, e.Quad[k][1] - .5}
		}
		h, _ := squareTo(0, n, &q)
		var fs [3]finder
		for i, c := range [3][2]float64{{3.5, 3.5}, {n - 3.5, 3.5}, {3.5, n - 3.5}} {
			p := h.at(c[0], c[1])
			for _, f := range w.finders {
				if f.c.sub(p).len() < 2.5*e.M && f.ncc > fs[i].ncc {
					fs[i] = f
				}
			}
			u, v := h.step(c[0], c[1])
			fmt.Println(fs[i], u, v)
		}
		tr, ok := makeTriple(&fs[0], &fs[1], &fs[2])
		est, para := tr.fourth()
		fmt.Println(e.ID, e.Version, n, "triple n", tr.n, tr.cost, ok, "4th", est, para, "true", h.at(n-3.5, n-3.5))
		for i, t := range w.trips {
			if t.f[0].c == tr.f[0].c && t.f[1].c == tr.f[1].c && t.f[2].c == tr.f[2].c {
				fmt.Println("rank", i)
			}
		}
		fd, gg, _ := w.tryTriple(&tr, 4, 1, newEffort(time.Second))
		fmt.Println(fd != nil, gg.score, w.vers, len(w.finders), len(w.trips), w.trips[0].cost)
	}
}
