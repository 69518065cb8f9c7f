package qr

import "math"

const (
	eqSide = 5
	eqTaps = eqSide*eqSide + 1 // and a constant
)

// equaliser undoes blur: a linear 5x5 filter over modules, trained so that
// the known modules come out as +1 and -1. Where blur mixes neighbours beyond
// what a threshold can part, this still can.
type equaliser struct {
	a [eqTaps][eqTaps]float64
	b [eqTaps]float64
	h [eqTaps]float64
}

// train solves for the filter from modules with known value, and with trust
// above zero from its own decisions in cur: the firmer the more they weigh.
func (q *equaliser) train(s *modules, cur []float32, trust, ridge float64, e *effort) bool {
	var a [eqTaps][eqTaps]float32
	var b [eqTaps]float32
	var x [eqTaps]float32
	rows := 0
	for y := range s.n {
		for xx := range s.n {
			i := s.at(xx, y)
			t, w := float32(s.known[i]), float32(1)
			if t == 0 {
				if trust == 0 {
					continue
				}
				t = 1
				c := cur[i]
				if c < 0 {
					t, c = -1, -c
				}
				w = float32(trust) * min(c, 1)
				if w < .05 {
					continue
				}
			}
			rows++
			k := 0
			for dy := -2; dy <= 2; dy++ {
				o := i + dy*s.w - 2
				for _, v := range s.soft[o : o+5] {
					x[k] = min(max(v, -2.5), 2.5)
					k++
				}
			}
			x[k] = 1
			for j := range eqTaps {
				wx := w * x[j]
				b[j] += wx * t
				row := &a[j]
				for k := 0; k <= j; k++ {
					row[k] += wx * x[k]
				}
			}
		}
	}
	e.spend(int64(rows) * costTrain)
	if rows < 60 {
		return false
	}
	n := ridge * float64(rows)
	for j := range eqTaps {
		for k := 0; k <= j; k++ {
			q.a[j][k] = float64(a[j][k])
		}
		q.b[j] = float64(b[j])
		q.a[j][j] += n
	}
	q.b[12] += n // towards doing nothing
	return q.solve()
}

// solve is Cholesky on the lower half of a.
func (q *equaliser) solve() bool {
	a := &q.a
	for j := range eqTaps {
		for k := 0; k <= j; k++ {
			s := a[j][k]
			for i := range k {
				s -= a[j][i] * a[k][i]
			}
			if j == k {
				if s <= 1e-9 {
					return false
				}
				a[j][j] = math.Sqrt(s)
			} else {
				a[j][k] = s / a[k][k]
			}
		}
	}
	var z [eqTaps]float64
	for j := range eqTaps {
		s := q.b[j]
		for k := range j {
			s -= a[j][k] * z[k]
		}
		z[j] = s / a[j][j]
	}
	for j := eqTaps - 1; j >= 0; j-- {
		s := z[j]
		for k := j + 1; k < eqTaps; k++ {
			s -= a[k][j] * q.h[k]
		}
		q.h[j] = s / a[j][j]
	}
	return true
}

// apply filters soft into eq.
func (q *equaliser) apply(s *modules, e *effort) {
	var h [eqTaps]float32
	for i, v := range q.h {
		h[i] = float32(v)
	}
	for y := range s.n {
		for xx := range s.n {
			i := s.at(xx, y)
			t := h[25]
			k := 0
			for dy := -2; dy <= 2; dy++ {
				o := i + dy*s.w - 2
				for _, v := range s.soft[o : o+5] {
					t += h[k] * min(max(v, -2.5), 2.5)
					k++
				}
			}
			s.eq[i] = t
		}
	}
	e.spend(int64(s.n*s.n) * costApply)
}
