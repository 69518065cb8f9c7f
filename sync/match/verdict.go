package match

import (
	"time"

	"shlkiosk/sync/fhir"
)

// Grade is FHIR's match-grade (http://terminology.hl7.org/CodeSystem/match-grade).
type Grade string

const (
	Certain  Grade = "certain"
	Probable Grade = "probable"
	Possible Grade = "possible"
	Not      Grade = "certainly-not"
)

// Verdict is what the rules say of a pair.
type Verdict struct {
	Grade     Grade
	Rule      string    // that made it certain, or that fired and met an objection
	Objection Objection // why a rule that fired does not count
	Score     float64   // 0 to 1, for the order of a list; 1 when certain
	agreement agreement
}

// Compare judges two Patients. It is symmetric, and pure but for now, which
// tells ages.
func Compare(a, b fhir.Resource, now time.Time) Verdict { return judge(read(a, now), read(b, now)) }

func judge(a, b person) Verdict {
	g := compare(a, b)
	v := Verdict{agreement: g, Grade: Not, Score: g.score()}
	for _, r := range cmsRules() {
		if !r.fires(g) {
			continue
		}
		why := object(g, r)
		if why == NoObjection {
			v.Grade, v.Rule, v.Objection, v.Score = Certain, r.id, NoObjection, 1
			return v
		}
		if v.Rule == "" {
			v.Rule, v.Objection = r.id, why
		}
	}
	if id := ownRule(g); id != "" {
		why := objectOwn(g)
		if why == NoObjection {
			v.Grade, v.Rule, v.Objection, v.Score = Certain, id, NoObjection, 1
			return v
		}
		if v.Rule == "" {
			v.Rule, v.Objection = id, why
		}
	}
	v.Grade = g.grade()
	return v
}

// grade sorts what is not certain. Probable: name and birth date agree and
// nothing speaks against it. Possible: it may be the same person, so staff
// must look before a second chart is made.
func (g agreement) grade() Grade {
	first, last := g.first <= initial, g.last <= near
	contact := g.phone == exact || g.email == exact || g.street <= near
	individual := g.ssn4 == exact || g.itin4 == exact || g.mbi == exact || g.legal == exact || g.csp == exact || g.rec == exact
	against := g.suffix == differ || g.ssn4 == differ || g.recClash || g.sex == differ && g.first > exact
	switch {
	case g.dob >= dobDecade:
		if individual && (first || last) || first && last && contact && g.suffix != differ {
			return Possible // a wrong date in one of them, or father and son
		}
		return Not
	case g.dob == dobSame && first && last && !against:
		return Probable
	case individual && (first || last || g.dob == dobSame):
		return Possible
	case g.dob == dobSame && (first || last) && (contact || first && last):
		return Possible
	case g.dob == dobSame && first && g.sex != differ && g.first <= short:
		if g.last == missing {
			return Possible
		}
	case first && last && g.suffix != differ && g.sex != differ:
		if g.dob != dobMissing || contact || g.zip == exact || g.first <= crossed {
			return Possible // date with a slip, partial, or not given
		}
	}
	return Not
}

// weight is -log10 of the proposal's chance of agreeing by accident (u).
const (
	weightFirst  = 1.7
	weightLast   = 2.3
	weightDOB    = 4.0
	weightStreet = 4.5
	weightZIP    = 3.5
	weightReach  = 6.0 // phone, email
	weightSSN4   = 4.0
	weightID     = 6.0
	weightAll    = 30.0
)

// score orders candidates that are not certain, up to 0.95.
func (g agreement) score() float64 {
	part := func(t tier, w float64) float64 {
		switch {
		case t <= short:
			return w
		case t <= near:
			return 0.8 * w
		case t <= initial:
			return 0.5 * w
		case t == differ:
			return -0.5 * w
		}
		return 0
	}
	s := part(g.first, weightFirst) + part(g.last, weightLast) + part(g.phone, weightReach)/1.5 + part(g.email, weightReach)/1.5
	switch g.dob {
	case dobSame:
		s += weightDOB
	case dobDay, dobNear:
		s += 0.7 * weightDOB
	case dobPartial:
		s += 0.3 * weightDOB
	case dobDecade, dobFar:
		s -= weightDOB
	}
	if st := part(g.street, weightStreet); st > 0 {
		s += st
	} else {
		s += max(0, part(g.zip, weightZIP)/2)
	}
	for _, t := range []tier{g.ssn4, g.itin4} {
		s += part(t, weightSSN4)
	}
	for _, t := range []tier{g.mbi, g.legal, g.csp, g.rec, g.mem} {
		s += max(0, part(t, weightID))
	}
	if g.suffix == differ {
		s -= 4
	}
	if g.sex == differ {
		s--
	}
	return min(0.95, max(0, s/weightAll))
}
