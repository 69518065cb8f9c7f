package qr

import (
	"sync"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// What a module is for.
const (
	modData   = iota
	modDark   // function module, dark
	modLight  // function module, light
	modFormat // format information: its value is decoded, not known
)

// group is a set of function modules close together; the grid fit scores it
// against its own mean, so that shade and shine do no harm.
type group struct {
	d      []groupModule
	mean   float32 // of sign
	sd     float32 // of sign, times count
	kind   int
	cx, cy float64
}

// groupModule is one module of a group, from the group's middle.
type groupModule struct {
	x, y float64
	sign int // +1 dark, -1 light
}

const (
	groupFinder = iota
	groupAlign
	groupTiming
	groupVersion
)

// layout is what ISO/IEC 18004 fixes for one version: where the function
// modules are and in what order the data modules follow.
type layout struct {
	version *decoder.Version
	number  int
	n       int
	kind    []uint8 // n*n: modData..
	order   []int32 // module index of each bit, codeword by codeword
	groups  []group
}

// layouts makes each version's layout once; it is safe for several goroutines.
type layouts struct {
	mu sync.Mutex
	v  [41]*layout
}

func (l *layouts) get(v int) *layout {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.v[v] == nil {
		l.v[v] = newLayout(v)
	}
	return l.v[v]
}

func newLayout(number int) *layout {
	ver, err := decoder.Version_GetVersionForNumber(number)
	if err != nil {
		return nil
	}
	n := ver.GetDimensionForVersion()
	l := &layout{version: ver, number: number, n: n, kind: make([]uint8, n*n)}
	set := func(x, y int, dark bool) {
		if x < 0 || y < 0 || x >= n || y >= n {
			return
		}
		k := uint8(modLight)
		if dark {
			k = modDark
		}
		l.kind[y*n+x] = k
	}
	ring := func(x, y int) bool { // dark where a finder is dark, x and y from its middle
		r := max(x, -x, y, -y)
		return r == 3 || r <= 1
	}
	for i := range n { // timing first: the others are drawn over it
		set(i, 6, i%2 == 0)
		set(6, i, i%2 == 0)
	}
	for _, c := range [][2]int{{3, 3}, {n - 4, 3}, {3, n - 4}} {
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				set(c[0]+dx, c[1]+dy, ring(dx, dy))
			}
		}
		l.addGroup(groupFinder, c[0]-4, c[1]-4, 9, 9)
	}
	al := ver.GetAlignmentPatternCenters()
	for i, cy := range al {
		for j, cx := range al {
			last := len(al) - 1
			if (i == 0 && (j == 0 || j == last)) || (i == last && j == 0) {
				continue
			}
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					r := max(dx, -dx, dy, -dy)
					set(cx+dx, cy+dy, r != 1)
				}
			}
			l.addGroup(groupAlign, cx-2, cy-2, 5, 5)
		}
	}
	for i := 8; i < n-8; i += 8 {
		k := min(8, n-8-i)
		if k < 4 {
			break
		}
		l.addGroup(groupTiming, i, 6, k, 1)
		l.addGroup(groupTiming, 6, i, 1, k)
	}
	for i := range 9 {
		if i != 6 {
			l.kind[8*n+i] = modFormat
			l.kind[i*n+8] = modFormat
		}
	}
	for i := range 8 {
		l.kind[8*n+n-1-i] = modFormat
		if i < 7 {
			l.kind[(n-1-i)*n+8] = modFormat
		}
	}
	set(8, n-8, true)
	if number >= 7 {
		bits := versionBits(number)
		for i := range 18 {
			dark := bits>>i&1 == 1
			set(n-11+i%3, i/3, dark)
			set(i/3, n-11+i%3, dark)
		}
		l.addGroup(groupVersion, n-11, 0, 3, 6)
		l.addGroup(groupVersion, 0, n-11, 6, 3)
	}
	l.makeOrder()
	return l
}

// addGroup takes the function modules in the rectangle that are drawn so far.
func (l *layout) addGroup(kind, x0, y0, w, h int) {
	g := group{kind: kind, cx: float64(x0) + float64(w)/2, cy: float64(y0) + float64(h)/2}
	var s, ss float32
	for y := max(y0, 0); y < min(y0+h, l.n); y++ {
		for x := max(x0, 0); x < min(x0+w, l.n); x++ {
			v := float32(-1)
			switch l.kind[y*l.n+x] {
			case modDark:
				v = 1
			case modLight:
			default:
				continue
			}
			g.d = append(g.d, groupModule{float64(x) + .5 - g.cx, float64(y) + .5 - g.cy, int(v)})
			s += v
			ss += v * v
		}
	}
	k := float32(len(g.d))
	if k == 0 {
		return
	}
	g.mean = s / k
	g.sd = ss - s*s/k // n * variance
	l.groups = append(l.groups, g)
}

// makeOrder walks the two-module columns from the right, up and down.
func (l *layout) makeOrder() {
	n := l.n
	total := l.version.GetTotalCodewords() * 8
	up := true
	for x := n - 1; x > 0; x -= 2 {
		if x == 6 {
			x--
		}
		for i := range n {
			y := i
			if up {
				y = n - 1 - i
			}
			for d := range 2 {
				o := y*n + x - d
				if l.kind[o] == modData && len(l.order) < total {
					l.order = append(l.order, int32(o))
				}
			}
		}
		up = !up
	}
}

// versionBits is the (18,6) BCH word of a version, ISO/IEC 18004 annex D.
func versionBits(v int) int {
	r := v << 12
	for i := 17; i >= 12; i-- {
		if r>>i&1 == 1 {
			r ^= 0x1f25 << (i - 12)
		}
	}
	return v<<12 | r
}

// formatBits is the masked (15,5) BCH word of level and mask, annex C.
func formatBits(d int) int {
	r := d << 10
	for i := 14; i >= 10; i-- {
		if r>>i&1 == 1 {
			r ^= 0x537 << (i - 10)
		}
	}
	return (d<<10 | r) ^ 0x5412
}
