package qr

import (
	"fmt"
	"testing"
	"time"
)

func TestStages(t *testing.T) {
	imgs, names := corpusImages(t)
	type st struct {
		n  int
		ms float64
	}
	m := map[int]*st{}
	lay, f := &layouts{}, newField()
	w := newWorker(lay, f)
	for i, g := range imgs {
		for range 2 {
			e := newEffort(55 * time.Millisecond)
			t0 := time.Now()
			out := w.search(planeOf(g), isSHL, e)
			d := time.Since(t0).Seconds() * 1000
			k := w.stage
			if k == 0 && i%12 == 0 {
				fmt.Println("S0", d, w.tried, len(w.finders), len(w.trips), len(w.spots.all), len(w.seeds), len(w.crosses))
			}
			if len(out) == 0 {
				k += 100
				fmt.Println(names[i], d, float64(e.spent)/1e6, len(w.finders), len(w.trips), w.best.score)
			}
			if m[k] == nil {
				m[k] = &st{}
			}
			m[k].n++
			m[k].ms += d
		}
	}
	for k, s := range m {
		fmt.Println(k, s.n/2, s.ms/float64(s.n))
	}
}
