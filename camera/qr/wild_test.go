package qr

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestWild(t *testing.T) {
	imgs, names := corpusImages(t)
	w := newWorker(&layouts{}, newField())
	for i, g := range imgs {
		if !strings.Contains(names[i], os.Getenv("QR_IDS")) {
			continue
		}
		p := planeOf(g)
		out := w.search(p, nil, newEffort(200e6))
		if len(out) > 0 {
			continue
		}
		fmt.Println(names[i], g.Rect, "finders", len(w.finders), "trips", len(w.trips), "best", w.best.score)
		for _, f := range w.finders[:min(6, len(w.finders))] {
			fmt.Printf("   f %.0f,%.0f size %.1f ncc %.2f\n", f.c.x, f.c.y, f.size(), f.ncc)
		}
		for _, tr := range w.trips[:min(4, len(w.trips))] {
			k := levelFor(tr.f[0].size())
			pl, k := w.pyr.level(k, newEffort(1e9))
			s := tr.shrink(k)
			v, f := s.versionNear(pl, newEffort(1e9))
			w.vers = versionsFor(tr.n, 2, w.vers)
			fit, _ := w.rankVersions(pl, &s, 9, newEffort(1e9))
			_, gg, _ := w.tryTriple(&tr, 4, 1, -1, newEffort(1e9))
			b := -1.0
			if gg.l != nil {
				b = w.fitBend(pl, &gg, 3, newEffort(1e9))
			}
			fmt.Printf("   n %.1f (v %.1f) cost %.2f info v%d %.2f fit %.2f score %.2f v%v bend %.2f  %v\n", tr.n, (tr.n-17)/4, tr.cost, v, f, fit, gg.score, w.vers, b, [3]vec{tr.f[0].c, tr.f[1].c, tr.f[2].c})
		}
	}
}
