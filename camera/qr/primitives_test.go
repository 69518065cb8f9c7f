package qr

import (
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkPrimitives measures what effort.go counts; ns/op over the count in
// the name is the cost.
func BenchmarkPrimitives(b *testing.B) {
	p := newPlane(1280, 720, nil)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range p.pix {
		p.pix[i] = uint8(128 + 60*((i/5)%2) + r.IntN(60))
	}
	e := newEffort(time.Hour)
	w := newWorker(&layouts{}, newField())
	b.Run("measure720p", func(b *testing.B) {
		for b.Loop() {
			w.sh.measure(&p, e)
		}
	})
	b.Run("byMean", func(b *testing.B) {
		for b.Loop() {
			w.sh.byMean(2)
		}
	})
	b.Run("byMiddle", func(b *testing.B) {
		for b.Loop() {
			w.sh.byMiddle(2)
		}
	})
	w.sh.byMean(2)
	b.Run("scan720p", func(b *testing.B) {
		for b.Loop() {
			w.crosses = finderScan(&p, &w.sh, 1, true, w.crosses[:0], &w.line, e)
		}
	})
	b.Run("linear720p", func(b *testing.B) {
		for b.Loop() {
			w.lin = p.raised(gamma, w.lin.pix, e)
		}
	})
	b.Run("halve", func(b *testing.B) {
		buf := []uint8(nil)
		for b.Loop() {
			buf = p.halve(buf).pix
		}
	})
	b.Run("ring", func(b *testing.B) {
		for b.Loop() {
			ringNCC(&p, vec{500, 300}, vec{3, .4}, vec{-.4, 3})
		}
	})
	g := grid{l: w.lay.get(12)}
	g.set([4]vec{{200, 200}, {400, 210}, {410, 420}, {190, 390}})
	wt := fitWeights{1, 1, 1, 1}
	b.Run("fitScore", func(b *testing.B) {
		n := 0
		for _, q := range g.l.groups {
			n += len(q.d)
		}
		for b.Loop() {
			g.fitScore(&p, &g.m, &wt, 9, e)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/tap")
	})
	s := &w.mods
	s.take(&p, &g, nil, .2, e)
	b.Run("take", func(b *testing.B) {
		for b.Loop() {
			s.take(&p, &g, nil, .2, e)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.w*s.w), "ns/module")
	})
	b.Run("normalise", func(b *testing.B) {
		for b.Loop() {
			s.normalise(5, e)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.w*s.w), "ns/module")
	})
	b.Run("train", func(b *testing.B) {
		for b.Loop() {
			w.eq.train(s, s.soft, .7, .01, e)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.n*s.n), "ns/module")
	})
	b.Run("apply", func(b *testing.B) {
		for b.Loop() {
			w.eq.apply(s, e)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.n*s.n), "ns/module")
	})
	b.Run("readSoft", func(b *testing.B) {
		for b.Loop() {
			w.words.read(s, s.soft, 1, 3, false, e)
		}
	})
}
