package qr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestVariants(t *testing.T) {
	dir := os.Getenv("QR_CORPUS")
	if dir == "" {
		t.Skip()
	}
	m, _ := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	w := newWorker(&layouts{}, newField())
	count := map[string]int{}
	var order []string
	total, base := 0, 0
	for _, ln := range bytes.Split(m, []byte("\n")) {
		var e struct {
			ID, File, Text, Grade string
			Version               int
			Inv                   bool
			Quad                  [4][2]float64
		}
		if json.Unmarshal(ln, &e) != nil || e.File == "" || e.Grade == "easy" {
			continue
		}
		f, _ := os.ReadFile(filepath.Join(dir, e.File))
		im, _ := jpeg.Decode(bytes.NewReader(f))
		g := image.NewGray(im.Bounds())
		draw.Draw(g, g.Bounds(), im, im.Bounds().Min, draw.Src)
		n := float64(17 + 4*e.Version)
		q := [4]vec{}
		for k := range q {
			q[k] = vec{e.Quad[k][0] - .5, e.Quad[k][1] - .5}
		}
		h, _ := squareTo(0, n, &q)
		gr := grid{l: w.lay.get(e.Version), light: e.Inv}
		var q2 [4]vec
		for i, c := range [4][2]float64{{3.5, 3.5}, {n - 3.5, 3.5}, {n - 3.5, n - 3.5}, {3.5, n - 3.5}} {
			q2[i] = h.at(c[0], c[1])
		}
		gr.set(q2)
		p := planeOf(g)
		w.pyr.reset(p)
		ef := newEffort(time.Hour)
		wt := fitWeights{groupFinder: 1.5, groupAlign: 1.5, groupTiming: 1, groupVersion: .7}
		gr.climb(&p, &wt, .5, 4, 9, ef)
		s := &w.mods
		total++
		s.take(&p, &gr, nil, .22, ef)
		s.normalise(5, ef)
		if w.readSoft(s.soft, &gr, ef) != nil {
			base++
			continue
		}
		res := ""
		note := func(k string, ok bool) {
			if _, in := count[k]; !in {
				count[k] = 0
				order = append(order, k)
			}
			if ok {
				count[k]++
				res += " " + k
			}
		}
		any := false
		for _, lin := range []bool{false, true} {
			for _, r := range []int{1, 2, 3, 5} {
				s.take(&p, &gr, nil, .22, ef)
				if lin {
					s.undoTone(w.tone)
				}
				s.normalise(r, ef)
				k := fmt.Sprintf("lin=%v r%d", lin, r)
				ok := w.readSoft(s.soft, &gr, ef) != nil
				note(k+" raw", ok)
				any = any || ok
				w.eq.train(s, nil, 0, .02, ef)
				w.eq.apply(s, ef)
				ok = w.readSoft(s.eq, &gr, ef) != nil
				note(k+" eq0", ok)
				any = any || ok
				for i := range 3 {
					w.eq.train(s, s.eq, .7, .005, ef)
					w.eq.apply(s, ef)
					ok = w.readSoft(s.eq, &gr, ef) != nil
					note(fmt.Sprintf("%s eq%d", k, i+1), ok)
					any = any || ok
				}
			}
		}
		note("ANY", any)
		if !any {
			fmt.Println("none", e.ID, gr.score)
		}
	}
	fmt.Println("total", total, "base", base, "left", total-base)
	for _, k := range order {
		fmt.Println(k, count[k])
	}
}
