package qr

import "shlkiosk/camera"

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
