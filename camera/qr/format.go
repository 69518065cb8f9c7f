package qr

import "math"

// formatGuess is one reading of the format information.
type formatGuess struct {
	data int // level bits and mask, 5 bits
	fit  float64
}

// formatAt lists the module of each bit of both copies, most significant
// first, as (x, y) of the upright code.
func formatAt(n int) (a, b [15][2]int) {
	for i := range 6 {
		a[i] = [2]int{i, 8}
		a[14-i] = [2]int{8, i}
	}
	a[6], a[7], a[8] = [2]int{7, 8}, [2]int{8, 8}, [2]int{8, 7}
	for i := range 7 {
		b[i] = [2]int{8, n - 1 - i}
	}
	for i := range 8 {
		b[7+i] = [2]int{n - 8 + i, 8}
	}
	return a, b
}

// readFormat ranks the 32 words by correlation with both copies.
func readFormat(s *modules, v []float32, transpose bool) (best [2]formatGuess) {
	a, b := formatAt(s.n)
	var soft [15]float64
	var norm float64
	for i := range 15 {
		for _, c := range [2][2]int{a[i], b[i]} {
			x, y := c[0], c[1]
			if transpose {
				x, y = y, x
			}
			t := float64(min(max(v[s.at(x, y)], -1), 1))
			soft[i] += t
			norm += math.Abs(t)
		}
	}
	best[0].fit, best[1].fit = -2, -2
	for d := range 32 {
		w := formatBits(d)
		var c float64
		for i := range 15 {
			if w>>(14-i)&1 == 1 {
				c += soft[i]
			} else {
				c -= soft[i]
			}
		}
		c /= math.Max(norm, 1e-6)
		if c > best[0].fit {
			best[1] = best[0]
			best[0] = formatGuess{d, c}
		} else if c > best[1].fit {
			best[1] = formatGuess{d, c}
		}
	}
	return best
}
