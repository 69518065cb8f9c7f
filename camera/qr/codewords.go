package qr

import (
	"cmp"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// minEvidence is how unlikely, in bits, an accidental code word must be for
// each block before it is believed. Bounded-distance decoding of noise hits a
// code word once in about t!; ISO/IEC 18004 table 9 gives up correction
// capacity of the small versions for this reason, and so does this.
const minEvidence = 26

// wordReader turns soft modules into data bytes.
type wordReader struct {
	f     *field
	words []uint8
	rel   []float32
	idx   []int
	block [256]uint8
	try   [256]uint8
	where [256]int
	data  []uint8
	fixed []uint8 // corrected code words in stream order
	done  []bool  // which of them are sure
}

// wipe clears what could tell the text.
func (r *wordReader) wipe() {
	clear(r.words[:cap(r.words)])
	clear(r.fixed[:cap(r.fixed)])
	clear(r.data[:cap(r.data)])
	r.block, r.try = [256]uint8{}, [256]uint8{}
}

// outcome of one decoding try.
type outcome struct {
	data     []uint8
	ok       bool
	blocks   int     // how many there are
	good     int     // how many were read
	evidence float64 // of the weakest block, bits
	level    decoder.ErrorCorrectionLevel
	mask     int
}

// read unmasks and corrects. v is laid out like modules.soft; transpose reads
// the mirrored code.
func (r *wordReader) read(s *modules, v []float32, level decoder.ErrorCorrectionLevel, mask int, transpose bool, e *effort) outcome {
	l := s.l
	total := len(l.order) / 8
	if cap(r.words) < total {
		r.words, r.fixed = make([]uint8, total), make([]uint8, total)
		r.rel, r.done = make([]float32, total), make([]bool, total)
	}
	r.words, r.fixed, r.rel, r.done = r.words[:total], r.fixed[:total], r.rel[:total], r.done[:total]
	clear(r.done)
	for c := range total {
		var b uint8
		rel := float32(9)
		var sum float32
		for _, o := range l.order[c*8 : c*8+8] {
			y, x := int(o)/l.n, int(o)%l.n
			i := s.at(x, y)
			if transpose {
				i = s.at(y, x)
			}
			t := v[i]
			if masked(mask, x, y) {
				t = -t
			}
			b <<= 1
			if t > 0 {
				b |= 1
			}
			t = min(max(t, -t), 1)
			rel = min(rel, t)
			sum += t
		}
		r.words[c], r.rel[c] = b, rel+sum*.03
	}
	e.spend(int64(total) * 60)
	return r.correctAll(l, level, mask, e)
}

// correctAll de-interleaves the blocks (ISO/IEC 18004 7.6) and corrects each.
func (r *wordReader) correctAll(l *layout, level decoder.ErrorCorrectionLevel, mask int, e *effort) outcome {
	ecb := l.version.GetECBlocksForLevel(level)
	nsym := ecb.GetECCodewordsPerBlock()
	blocks := ecb.GetNumBlocks()
	var lens []int
	maxData := 0
	for _, b := range ecb.GetECBlocks() {
		for range b.GetCount() {
			lens = append(lens, b.GetDataCodewords())
			maxData = max(maxData, b.GetDataCodewords())
		}
	}
	short := 0 // how many blocks have one less
	for _, k := range lens {
		if k < maxData {
			short++
		}
	}
	out := outcome{blocks: blocks, evidence: math.Inf(1), level: level, mask: mask}
	r.data = r.data[:0]
	for b, k := range lens {
		// stream positions of this block
		w := r.where[:k+nsym]
		for i := range k {
			if i < maxData-1 || short == 0 && i < maxData {
				w[i] = i*blocks + b
			} else {
				w[i] = (maxData-1)*blocks + b - short
			}
		}
		base := 0
		for _, q := range lens {
			base += q
		}
		for i := range nsym {
			w[k+i] = base + i*blocks + b
		}
		ev := r.correctBlock(w, nsym, e)
		if ev >= minEvidence {
			out.good++
			for i, p := range w {
				r.fixed[p], r.done[p] = r.block[i], true
			}
		}
		out.evidence = min(out.evidence, ev)
		r.data = append(r.data, r.block[:k]...)
		if out.good == 0 && b >= 2 { // three blocks failed: this is not it
			return out
		}
	}
	out.ok = out.good == blocks
	out.data = r.data
	return out
}

// correctBlock corrects the code words at w into r.block, first without and
// then with more and more of the least reliable ones erased (Forney's
// generalised minimum distance). It returns the evidence in bits.
func (r *wordReader) correctBlock(w []int, nsym int, e *effort) float64 {
	n := len(w)
	word := r.block[:n]
	for i, p := range w {
		word[i] = r.words[p]
	}
	copy(r.try[:n], word)
	e.spend(int64(n*nsym) * 3)
	if errs, ok := r.f.correct(word, nsym, nil); ok {
		if ev := chance(n, nsym, errs, 0); ev >= minEvidence {
			return ev
		}
	}
	r.idx = r.idx[:0]
	for i := range n {
		r.idx = append(r.idx, i)
	}
	slices.SortFunc(r.idx, func(a, b int) int { return cmp.Compare(r.rel[w[a]], r.rel[w[b]]) })
	best := 0.0
	stepE := max(2, nsym/8)
	for k := stepE; k <= nsym-4; k += stepE {
		copy(word, r.try[:n])
		e.spend(int64(n*nsym) * 5)
		errs, ok := r.f.correct(word, nsym, r.idx[:k])
		if !ok {
			continue
		}
		if ev := chance(n, nsym, errs, k); ev >= minEvidence {
			return ev
		}
	}
	copy(word, r.try[:n])
	return best
}

// chance is minus the binary logarithm of the probability that random bytes
// lie within errs errors of a code word when k of n are erased.
func chance(n, nsym, errs, k int) float64 {
	lg := 8 * float64(nsym-k)
	for i := range errs {
		lg -= math.Log2(255 * float64(n-k-i) / float64(i+1))
	}
	return lg
}

// masked tells whether the mask flips the module in column x, row y; ISO/IEC
// 18004 table 10.
func masked(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (y/2+x/3)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	default:
		return ((x+y)%2+x*y%3)%2 == 0
	}
}
