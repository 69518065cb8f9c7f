package qr

// homography maps module coordinates to pixels.
type homography struct{ a, b, c, d, e, f, g, h float64 }

func (m *homography) at(x, y float64) vec {
	w := 1 / (m.g*x + m.h*y + 1)
	return vec{(m.a*x + m.b*y + m.c) * w, (m.d*x + m.e*y + m.f) * w}
}

// squareTo maps the square (o,o)..(o+s,o+s) to the quad p0 p1 p2 p3 in the
// order TL, TR, BR, BL (Heckbert 1989). ok is false for a quad that is not
// convex.
func squareTo(o, s float64, q *[4]vec) (m homography, ok bool) {
	d1, d2 := q[1].sub(q[2]), q[3].sub(q[2])
	sum := q[0].sub(q[1]).add(q[2]).sub(q[3])
	den := d1.cross(d2)
	if den > -1e-9 && den < 1e-9 {
		return m, false
	}
	g := sum.cross(d2) / den
	h := d1.cross(sum) / den
	// in unit coordinates
	a, b, c := q[1].x-q[0].x+g*q[1].x, q[3].x-q[0].x+h*q[3].x, q[0].x
	d, e, f := q[1].y-q[0].y+g*q[1].y, q[3].y-q[0].y+h*q[3].y, q[0].y
	if 1+g <= 0.1 || 1+h <= 0.1 || 1+g+h <= 0.1 {
		return m, false
	}
	// u = (x-o)/s
	k := 1 - (g+h)*o/s
	if k < 0.05 {
		return m, false
	}
	i := 1 / k
	m = homography{
		a: a / s * i, b: b / s * i, c: (c - (a+b)*o/s) * i,
		d: d / s * i, e: e / s * i, f: (f - (d+e)*o/s) * i,
		g: g / s * i, h: h / s * i,
	}
	return m, true
}

// step is the pixel length of one module near x, y along both axes.
func (m *homography) step(x, y float64) (u, v vec) {
	return m.at(x+.5, y).sub(m.at(x-.5, y)), m.at(x, y+.5).sub(m.at(x, y-.5))
}
