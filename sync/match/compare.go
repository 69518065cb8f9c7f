package match

import "slices"

// tier is how well two values, or two sets of them, agree: the best over all
// pairs. Lower is better.
type tier int

const (
	exact   tier = iota
	short        // one is the plain short form of the other (first name)
	crossed      // goes by the middle name; or first and last swapped; or one part of a double family name
	near         // one edit apart, 5 letters or more, and most likely a slip
	worn         // up to three letters lost, the rest in order (family name)
	similar      // one edit apart, or short forms of one name, but both are names of their own: twins may differ so
	initial      // an initial that fits
	differ       // both known, nothing fits
	missing      // one side does not say
)

// agreement is the comparison of two people field by field.
type agreement struct {
	first, last, street, zip                                  tier
	phone, email, ssn, ssn4, itin4, mbi, legal, csp, mem, rec tier
	sex, suffix, middle                                       tier
	dob                                                       dobTier
	swapped                                                   bool
	multiple                                                  bool
	adult                                                     bool
	recClash                                                  bool // the same namespace knows them under different numbers
	ownShort                                                  bool // the short form is one that children are christened with
	typo                                                      bool // the first names are one edit apart, and one is spelt as no name is
}

// compare looks at two people. It is symmetric.
func compare(a, b person) agreement {
	g := agreement{
		dob: compareBirth(a.dob, b.dob), sex: one(a.sex, b.sex),
		phone: sets(a.phones, b.phones), email: sets(a.emails, b.emails), zip: sets(a.zips, b.zips),
		ssn: sets(a.ssn, b.ssn), ssn4: sets(a.ssn4, b.ssn4), itin4: sets(a.itin4, b.itin4), mbi: sets(a.mbi, b.mbi),
		legal: sets(a.legal, b.legal), csp: sets(a.csp, b.csp), mem: sets(a.member, b.member), rec: sets(a.record, b.record),
		suffix: sets(a.suffixes, b.suffixes), multiple: a.multiple || b.multiple, adult: a.adult && b.adult,
		street: missing, first: missing, last: missing, middle: missing,
	}
	for _, x := range a.streets {
		for _, y := range b.streets {
			g.street = min(g.street, compareStreet(x, y))
		}
	}
	if g.ssn == differ { // last four of two different numbers mean nothing
		g.ssn4 = differ
	}
	g.recClash = g.rec == differ && sameNamespace(a.record, b.record)
	compareNames(&g, a, b)
	return g
}

// compareNames fills first, middle and last. First names are compared by the
// first given name; one that stands second on the other side counts as
// crossed; two shared second names count for nothing: brothers share those.
func compareNames(g *agreement, a, b person) {
	for _, x := range a.names {
		for _, y := range b.names {
			t := compareFirst(x, y)
			if t == short && t <= g.first {
				g.ownShort = (g.ownShort || g.first != short) && christened(x.first, y.first)
			}
			g.first = min(g.first, t)
			g.typo = g.typo || t == similar && misspelt(x.first, y.first)
			g.last = min(g.last, compareLast(x, y))
			g.middle = min(g.middle, compareMiddle(x.middle, y.middle))
		}
	}
	if g.first >= worn && g.last >= worn {
		for _, x := range a.names {
			for _, y := range b.names {
				if slices.Contains(x.first, y.last) && slices.Contains(y.first, x.last) && x.last != y.last {
					g.first, g.last, g.swapped = crossed, crossed, true
				}
			}
		}
	}
}

func compareFirst(x, y personName) tier {
	best := missing
	for _, p := range x.first {
		for _, q := range y.first {
			best = min(best, firstTier(p, q))
		}
	}
	if best > crossed && best != missing && (goesByMiddle(x, y) || goesByMiddle(y, x)) {
		best = crossed
	}
	return best
}

// goesByMiddle tells that y is called by x's second name. Where y has a second
// name too it must be x's first: Mary Ann and Ann Marie are sisters.
func goesByMiddle(x, y personName) bool {
	for _, q := range y.first {
		if len(q) > 1 && slices.Contains(x.middle, q) &&
			(len(y.middle) == 0 || slices.ContainsFunc(y.middle, func(m string) bool { return slices.Contains(x.first, m) })) {
			return true
		}
	}
	return false
}

func firstTier(p, q string) tier {
	rp, rq := []rune(p), []rune(q)
	switch {
	case p == q && len(rp) > 1:
		return exact
	case len(rp) == 1 || len(rq) == 1:
		if rp[0] == rq[0] {
			return initial
		}
		return differ
	case nickname(p, q):
		if ownName(p) && ownName(q) || ownName(shorter(p, q)) && givenNames()[shorter(p, q)] {
			return similar
		}
		return short
	case sharedFull(p, q):
		return similar
	}
	at, ok := oneEdit(p, q)
	if !ok {
		return differ
	}
	known := givenNames()
	n := min(len(rp), len(rq))
	if n < fuzzyMin || known[p] == known[q] || len(rp) != len(rq) && at >= n-1 && vowel(longer(rp, rq)) {
		// Jon and John, Kayla and Layla, Marina and Martina, Samir and Samira:
		// as likely two people as one slip.
		return similar
	}
	if at == 0 && len(rp) == len(rq) && !unlikeAName(p) && !unlikeAName(q) {
		// Vijay and Bijay: twins' names rhyme, and no list has every name. Fewer
		// slips change the first letter than any other.
		return similar
	}
	return near
}

// christened tells that every short form by which the names agree is in use as
// a given name today, so that it may as well be a brother's or sister's.
func christened(xs, ys []string) bool {
	for _, p := range xs {
		for _, q := range ys {
			if firstTier(p, q) == short && !givenToday(shorter(p, q)) {
				return false
			}
		}
	}
	return true
}

func longer(p, q []rune) []rune {
	if len(p) > len(q) {
		return p
	}
	return q
}

// vowel tells that a name ends the way that makes a girl's of a boy's.
func vowel(name []rune) bool {
	switch name[len(name)-1] {
	case 'a', 'e', 'i', 'o', 'y':
		return true
	}
	return false
}

func shorter(p, q string) string {
	if shortForms()[p][q] {
		return q
	}
	return p
}

func compareMiddle(x, y []string) tier {
	best := missing
	for _, p := range x {
		for _, q := range y {
			switch {
			case p == q && len(p) > 1:
				best = min(best, exact)
			case p[0] == q[0] && (len(p) == 1 || len(q) == 1):
				best = min(best, initial)
			case firstTier(p, q) <= near:
				best = min(best, near)
			default:
				best = min(best, differ)
			}
		}
	}
	return best
}

func compareLast(x, y personName) tier {
	switch {
	case x.last == "" || y.last == "":
		return missing
	case x.last == y.last:
		return exact
	case slices.Contains(x.parts, y.last), slices.Contains(y.parts, x.last):
		return crossed
	case fuzzy(x.last, y.last):
		return near
	case lostLetters(x.last, y.last):
		return worn
	}
	if _, slip := oneEdit(x.last, y.last); slip {
		return similar // too short for a rule, too close to be held against the pair
	}
	return differ
}

// lostLetters tells that one name is the other with up to three letters, and
// at most three of ten, left out.
func lostLetters(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < fuzzyMin || len(y)-len(x) > 3 || 10*len(x) < 7*len(y) {
		return false
	}
	for _, r := range y {
		if len(x) > 0 && x[0] == r {
			x = x[1:]
		}
	}
	return len(x) == 0
}

func sets(a, b []string) tier {
	if len(a) == 0 || len(b) == 0 {
		return missing
	}
	for _, v := range a {
		if slices.Contains(b, v) {
			return exact
		}
	}
	return differ
}

func one(a, b string) tier {
	switch {
	case a == "" || b == "":
		return missing
	case a == b:
		return exact
	}
	return differ
}

func sameNamespace(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if namespaceOf(x) == namespaceOf(y) {
				return true
			}
		}
	}
	return false
}
