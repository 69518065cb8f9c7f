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
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
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

func TestGlare(t *testing.T) {
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
			EC             string
			Inv            bool
			M              float64
			Quad           [4][2]float64
		}
		if json.Unmarshal(ln, &e) != nil || e.File == "" || !strings.Contains(os.Getenv("QR_IDS"), e.ID) {
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
		w.pyr.reset(planeOf(g))
		pl := planeOf(g)
		e2 := newEffort(time.Second)
		wt := fitWeights{groupFinder: 1.5, groupAlign: 1.5, groupTiming: 1, groupVersion: .7}
		gr.climb(&pl, &wt, .5, 4, 9, e2)
		fd := w.decode(&pl, &gr, nil, true, e2)
		s := &w.mods
		var alts [][]float32
		for _, r := range []int{12, 2, 1} {
			s.take(&pl, &gr, nil, .22, e2)
			if r > 9 {
				r -= 10
				for i, v := range s.raw {
					a := float64(v)
					if a < 0 {
						s.raw[i] = float32(-255 * math.Pow(-a/255, 2.2))
					} else {
						s.raw[i] = float32(255 * math.Pow(a/255, 2.2))
					}
				}
			}
			s.normalise(r, e2)
			alts = append(alts, slices.Clone(s.soft))
		}
		mix := make([]float32, len(alts[0]))
		for i := range mix {
			mix[i] = (alts[0][i] + alts[1][i] + alts[2][i]) / 3
		}
		alts = append(alts, mix)
		copy(s.soft, mix)
		w.eq.train(s, nil, 0, .02, e2)
		w.eq.apply(s, e2)
		alts = append(alts, slices.Clone(s.eq))
		var mat *encoder.ByteMatrix
		lv, _ := decoder.ErrorCorrectionLevel_ValueOf(e.EC)
		best := 0
		fm := readFormat(s, s.eq, false)
		for mask := range 8 {
			code, err := encoder.Encoder_encode(e.Text, lv, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_QR_VERSION: e.Version, gozxing.EncodeHintType_QR_MASK_PATTERN: mask})
			if err != nil {
				fmt.Println(err)
				break
			}
			agree := 0
			for y := range s.n {
				for x := range s.n {
					if (code.GetMatrix().Get(x, y) == 1) == (s.eq[s.at(x, y)] > 0) {
						agree++
					}
				}
			}
			if agree > best {
				best, mat = agree, code.GetMatrix()
			}
		}
		fmt.Println(e.ID, fd != nil, "v", e.Version, e.EC, "agree", best, "of", s.n*s.n, "format", fm)
		// word errors with reliability
		if mat == nil {
			continue
		}
		for _, v := range alts {
			w.words.read(s, v, lv, 0, false, e2)
			ecb := s.l.version.GetECBlocksForLevel(lv)
			nb := ecb.GetNumBlocks()
			nsym := ecb.GetECCodewordsPerBlock()
			bad := make([]int, nb)
			var badRel, goodRel []float64
			total := len(s.l.order) / 8
			nd := total - nb*nsym
			for c := range total {
				wrong := false
				for _, o := range s.l.order[c*8 : c*8+8] {
					y, x := int(o)/s.n, int(o)%s.n
					if (mat.Get(x, y) == 1) != (v[s.at(x, y)] > 0) {
						wrong = true
					}
				}
				if wrong {
					b := c % nb
					if c >= nd {
						b = (c - nd) % nb
					}
					bad[b]++
					badRel = append(badRel, float64(w.words.rel[c]))
				} else {
					goodRel = append(goodRel, float64(w.words.rel[c]))
				}
			}
			slices.Sort(badRel)
			slices.Sort(goodRel)
			fmt.Printf("  nsym %d bad %v  confident %d\n", nsym, bad, len(badRel)-sort.SearchFloat64s(badRel, .6))
			if len(goodRel) > 0 {
				fmt.Printf("     good rel 1%% %.2f 5%% %.2f 25%% %.2f\n", goodRel[len(goodRel)/100], goodRel[len(goodRel)/20], goodRel[len(goodRel)/4])
			}
		}
	}
}
