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
	"strings"
	"testing"
	"time"

	"shlkiosk/camera"
)

func TestClipTrace(t *testing.T) {
	dir := os.Getenv("QR_CORPUS")
	if dir == "" {
		t.Skip()
	}
	m, _ := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	for _, ln := range bytes.Split(m, []byte("\n")) {
		var e struct {
			ID, Dir, Text, Style string
			Version              int
			Frames               []struct {
				M, Defocus, Motion float64
				Quad               [4][2]float64
			}
		}
		if json.Unmarshal(ln, &e) != nil || e.Dir == "" || !strings.Contains(os.Getenv("QR_CLIPS"), e.ID) {
			continue
		}
		r := NewReader(Options{Wanted: isSHL, Synchronous: true})
		fmt.Println(e.ID, e.Style, e.Version)
		for i := range 60 {
			f, _ := os.ReadFile(filepath.Join(dir, e.Dir, fmt.Sprintf("f%03d.jpg", i)))
			im, err := jpeg.Decode(bytes.NewReader(f))
			if err != nil {
				break
			}
			g := image.NewGray(im.Bounds())
			draw.Draw(g, g.Bounds(), im, im.Bounds().Min, draw.Src)
			res := r.Frame(camera.Frame{Gray: g, Seq: uint64(i), At: time.Unix(0, 0)})
			fr := e.Frames[i]
			vis := func(w *worker) string {
				s := ""
				n := float64(17 + 4*e.Version)
				for _, c := range [3][2]float64{{3.5, 3.5}, {n - 3.5, 3.5}, {3.5, n - 3.5}} {
					q := [4]vec{}
					for k := range q {
						q[k] = vec{fr.Quad[k][0] - .5, fr.Quad[k][1] - .5}
					}
					h, _ := squareTo(0, n, &q)
					p := h.at(c[0], c[1])
					best := 0.0
					for _, f := range w.finders {
						if f.c.sub(p).len() < 2.5*fr.M {
							best = math.Max(best, f.ncc)
						}
					}
					s += fmt.Sprintf(" %.2f", best)
				}
				return s
			}
			q := ""
			if r.track.on {
				q = fmt.Sprintf("track v%d score %.2f lost %d n%d err %.2f off %.1f", r.track.g.l.number, r.track.g.score, r.track.lost, r.track.n, r.w.mods.knownErrors(r.w.mods.eq), r.track.g.corners(0)[2].X-fr.Quad[2][0])
			}
			fmt.Printf("%2d m %.2f defoc %.2f(mod) mot %.2f(mod) | %d F%s H%s | best %.2f %.2f trips %d/%d %s\n", i, fr.M, fr.Defocus/fr.M, fr.Motion/fr.M, len(res.Readings), vis(r.w), vis(r.hard), r.w.best.score, r.hard.best.score, r.hard.tried, len(r.hard.trips), q)
			if len(res.Readings) > 0 {
				break
			}
		}
	}
}
