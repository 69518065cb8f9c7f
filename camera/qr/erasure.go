package qr

// Reed-Solomon over GF(256) with 0x11d and generator base 0, as QR uses it,
// with errors and erasures; gozxing's decoder knows errors only.

// field holds the tables of GF(256).
type field struct {
	exp [512]uint8
	log [256]uint8
}

func newField() *field {
	f := &field{}
	x := 1
	for i := range 255 {
		f.exp[i] = uint8(x)
		f.exp[i+255] = uint8(x)
		f.log[x] = uint8(i)
		x <<= 1
		if x&0x100 != 0 {
			x ^= 0x11d
		}
	}
	return f
}

func (f *field) mul(a, b uint8) uint8 {
	if a == 0 || b == 0 {
		return 0
	}
	return f.exp[int(f.log[a])+int(f.log[b])]
}

func (f *field) div(a, b uint8) uint8 {
	if a == 0 {
		return 0
	}
	return f.exp[int(f.log[a])+255-int(f.log[b])]
}

// syndromes of word with nsym check bytes; clean is true when all are zero.
func (f *field) syndromes(word []uint8, nsym int, s []uint8) (clean bool) {
	clean = true
	for i := range nsym {
		var v uint8
		for _, c := range word {
			if v != 0 {
				v = f.exp[int(f.log[v])+i]
			}
			v ^= c
		}
		s[i] = v
		if v != 0 {
			clean = false
		}
	}
	return clean
}

// correct repairs word in place. erased are positions known to be doubtful.
// It returns how many positions outside the erasures were wrong, and false
// when there is no code word within reach.
func (f *field) correct(word []uint8, nsym int, erased []int) (errors int, ok bool) {
	var synd [96]uint8
	if nsym > len(synd) || len(erased) > nsym {
		return 0, false
	}
	if f.syndromes(word, nsym, synd[:]) {
		return 0, true
	}
	n := len(word)
	// Erasure locator, lowest power first.
	var lam, b, t [97]uint8
	lam[0] = 1
	deg := 0
	for _, p := range erased {
		x := f.exp[n-1-p]
		for i := deg + 1; i > 0; i-- {
			lam[i] ^= f.mul(lam[i-1], x)
		}
		deg++
	}
	// Berlekamp-Massey, started from the erasures.
	b = lam
	l := len(erased)
	for r := len(erased); r < nsym; r++ {
		var d uint8
		for i := 0; i <= r; i++ {
			d ^= f.mul(lam[i], synd[r-i])
		}
		// b = x*b
		copy(b[1:nsym+1], b[:nsym])
		b[0] = 0
		if d == 0 {
			continue
		}
		for i := range nsym + 1 {
			t[i] = lam[i] ^ f.mul(d, b[i])
		}
		if 2*l <= r+len(erased) {
			l = r + 1 + len(erased) - l
			for i := range nsym + 1 {
				b[i] = f.div(lam[i], d)
			}
		}
		lam = t
	}
	deg = 0
	for i := nsym; i > 0; i-- {
		if lam[i] != 0 {
			deg = i
			break
		}
	}
	if deg != l || 2*(l-len(erased))+len(erased) > nsym {
		return 0, false
	}
	// Roots.
	var pos [96]int
	roots := 0
	for i := range n {
		inv := (255 - (n-1-i)%255) % 255 // log of X^-1
		var v uint8
		for k := deg; k >= 0; k-- {
			if v != 0 {
				v = f.exp[int(f.log[v])+inv]
			}
			v ^= lam[k]
		}
		if v == 0 {
			if roots == len(pos) {
				return 0, false
			}
			pos[roots] = i
			roots++
		}
	}
	if roots != deg {
		return 0, false
	}
	// Omega = S*Lambda mod x^nsym; Forney with base 0.
	var om [96]uint8
	for i := range nsym {
		var v uint8
		for k := 0; k <= min(i, deg); k++ {
			v ^= f.mul(lam[k], synd[i-k])
		}
		om[i] = v
	}
	for _, p := range pos[:roots] {
		lx := n - 1 - p
		inv := (255 - lx%255) % 255
		var num, den uint8
		for k := nsym - 1; k >= 0; k-- {
			if num != 0 {
				num = f.exp[int(f.log[num])+inv]
			}
			num ^= om[k]
		}
		// formal derivative: odd powers, at X^-2
		inv2 := 2 * inv % 255
		for k := (deg - 1) | 1; k >= 1; k -= 2 {
			if den != 0 {
				den = f.exp[int(f.log[den])+inv2]
			}
			if k <= deg {
				den ^= lam[k]
			}
		}
		if den == 0 {
			return 0, false
		}
		// magnitude = X * Omega(X^-1)/Lambda'(X^-1)
		y := f.mul(f.exp[lx%255], f.div(num, den))
		word[p] ^= y
		inErased := false
		for _, q := range erased {
			if q == p {
				inErased = true
				break
			}
		}
		if !inErased {
			errors++
		}
	}
	if !f.syndromes(word, nsym, synd[:]) {
		return 0, false
	}
	return errors, true
}
