package qr

import (
	"slices"

	"shlkiosk/camera"
)

// Hint is what the patient could do to help.
type Hint int

// The closed set of hints.
const (
	HintNone       Hint = iota
	HintNearer          // the modules are too small
	HintFarther         // the code does not fit into the picture
	HintHoldStill       // it moves faster than the exposure
	HintBrightness      // it shines: turn the screen's brightness down
	HintOneCode         // two different health codes in view
)

// String names the hint for logs and for JSON.
func (h Hint) String() string {
	switch h {
	case HintNearer:
		return "nearer"
	case HintFarther:
		return "farther"
	case HintHoldStill:
		return "hold-still"
	case HintBrightness:
		return "brightness"
	case HintOneCode:
		return "one-code"
	}
	return "none"
}

const (
	hintAfter = 10  // frames a cause must last: a third of a second
	hintHolds = 30  // frames a hint stays: long enough to be read
	smallest  = 2.2 // pixels a module that film reads with ease
	shaky     = 1.2 // modules a frame
	shiny     = .04 // share of burnt pixels over the code that is light beyond the paper
)

// adviser makes a steady hint of what single frames say.
type adviser struct {
	want  Hint
	since int // frames that said want
	shown Hint
	left  int // frames that shown stays at least
}

// next takes one frame's cause and returns the hint to show.
func (a *adviser) next(h Hint) Hint {
	if h == a.want {
		a.since++
	} else {
		a.want, a.since = h, 1
	}
	if a.left > 0 {
		a.left--
	}
	if a.want != a.shown && a.since >= hintAfter && a.left == 0 {
		a.shown = a.want
		a.left = hintHolds
		if a.shown == HintNone {
			a.left = 0
		}
	}
	return a.shown
}

// cause says why the code in view is not read, from what the search saw.
func (r *Reader) cause(base *plane) Hint {
	if r.rivals() {
		return HintOneCode
	}
	t := &r.track
	if !t.on || t.lost > 2 || t.told {
		if len(r.w.finders) > 0 && base.burnt() > .5 {
			return HintBrightness
		}
		return HintNone
	}
	g := &t.g
	n := float64(g.l.n)
	mod := g.quad[1].sub(g.quad[0]).len() / (n - 7)
	for _, c := range g.corners(0) {
		if c.X < 0 || c.Y < 0 || c.X > float64(base.w) || c.Y > float64(base.h) {
			return HintFarther
		}
	}
	if t.fresh {
		var d float64
		for i := range g.quad {
			d = max(d, g.quad[i].sub(t.last[i]).len())
		}
		if d > shaky*mod {
			return HintHoldStill
		}
	}
	if mod < smallest {
		return HintNearer
	}
	if glaring(base, g.corners(0)) {
		return HintBrightness
	}
	return HintNone
}

// What shows that a code is there and the camera shows it badly.
const (
	faint    = 28 // grey levels between its dark and light
	dim      = 90 // grey level of its light
	wishFrom = 6  // frames that wished for it, less those that did not
)

// wish says what of the camera would help. The device's own automatic does
// what is needed for pictures that look good; a phone's screen in a room is
// small and bright, and a code asks for less light than a face does. A single
// frame proves little: a wish is told when it outweighs the frames without.
func (r *Reader) wish(cause Hint, base *plane) camera.Wish {
	now := r.wished(cause, base)
	best := camera.WishNone
	for w := camera.WishDarker; w <= camera.WishSharper; w++ {
		n := &r.want[w]
		if w == now {
			*n = min(*n+1, 2*wishFrom)
		} else {
			*n = max(*n-1, 0)
		}
		if *n >= wishFrom && (best == camera.WishNone || *n > r.want[best]) {
			best = w
		}
	}
	return best
}

// wished is what one frame wishes for.
func (r *Reader) wished(cause Hint, base *plane) camera.Wish {
	switch {
	case r.track.told:
		return camera.WishNone
	case cause == HintBrightness, cause == HintHoldStill: // a shorter exposure smears less, too
		return camera.WishDarker
	case cause != HintNone:
		return camera.WishNone
	}
	if w := apart(r.w.finders, base); w != camera.WishNone {
		return w
	}
	return apart(r.hardSaw, base)
}

// apart looks for two finder patterns of a size, large enough to be read: a
// code is there, and it is not followed.
func apart(fs []finder, base *plane) camera.Wish {
	for i := range fs {
		for k := range fs[:i] {
			a, b := &fs[i], &fs[k]
			size, other := a.size(), b.size()
			if a.light != b.light || min(size, other) < smallest || max(size, other) > 1.6*min(size, other) || a.c.sub(b.c).len() < 12*size {
				continue
			}
			x0, y0 := min(a.c.x, b.c.x)-3*size, min(a.c.y, b.c.y)-3*size
			x1, y1 := max(a.c.x, b.c.x)+3*size, max(a.c.y, b.c.y)+3*size
			if low, high := spread(base, [4]camera.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}); high-low < faint && high < dim {
				return camera.WishLighter
			}
			return camera.WishSharper
		}
	}
	return camera.WishNone
}

// spread is how dark and how light it gets over the code, but for a tenth at
// either end.
func spread(p *plane, c [4]camera.Point) (low, high float64) {
	const cells = 24
	var v [cells * cells]float64
	for j := range cells {
		for i := range cells {
			a, b := (float64(i)+.5)/cells, (float64(j)+.5)/cells
			v[j*cells+i] = float64(p.at((c[0].X*(1-a)+c[1].X*a)*(1-b)+(c[3].X*(1-a)+c[2].X*a)*b,
				(c[0].Y*(1-a)+c[1].Y*a)*(1-b)+(c[3].Y*(1-a)+c[2].Y*a)*b))
		}
	}
	slices.Sort(v[:])
	return v[len(v)/10], v[len(v)-1-len(v)/10]
}

// rivals tells whether two different health codes were read.
func (r *Reader) rivals() bool {
	if r.o.Wanted == nil {
		return false
	}
	n := 0
	for t := range r.seen {
		if r.o.Wanted(t) {
			n++
		}
	}
	return n > 1
}

// glaring tells whether patches of the code, larger than its light modules
// can be, are burnt out.
func glaring(p *plane, c [4]camera.Point) bool {
	const cells = 12
	bad := 0
	for j := range cells {
		for i := range cells {
			u, v := (float64(i)+.5)/cells, (float64(j)+.5)/cells
			x := (c[0].X*(1-u)+c[1].X*u)*(1-v) + (c[3].X*(1-u)+c[2].X*u)*v
			y := (c[0].Y*(1-u)+c[1].Y*u)*(1-v) + (c[3].Y*(1-u)+c[2].Y*u)*v
			r := (abs(c[1].X-c[0].X) + abs(c[1].Y-c[0].Y)) / cells / 3
			white := true
			for dy := -1.0; dy <= 1; dy += .5 {
				for dx := -1.0; dx <= 1; dx += .5 {
					white = white && p.at(x+dx*r, y+dy*r) >= 245
				}
			}
			if white {
				bad++
			}
		}
	}
	return float64(bad) > shiny*cells*cells
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}
