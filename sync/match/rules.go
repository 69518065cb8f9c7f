package match

// field is what a rule may ask for.
type field int

const (
	fFirst field = iota
	fLast
	fDOB
	fStreet
	fPhone
	fEmail
	fSSN4
	fITIN4
	fMBI
	fLegal
	fCSP
	fRecord
	fMember
)

// need is one field of a rule; fuzzy marks those that the proposal stars.
type need struct {
	field field
	fuzzy bool
}

// rule is one combination that makes a pair certain.
type rule struct {
	id    string
	needs []need
}

func exactly(f field) need { return need{f, false} }
func about(f field) need   { return need{f, true} }

// cmsRules is Table 2 of the CMS Patient Matching proposal 3.2.2 with the
// birth date tolerance (one day) and the member number of 3.3.0, in its order.
// 3.3.0's household rules 33 to 37 are left out: they decide by what people
// under one roof share. Row 26 is two: 26 for the credential service
// provider's uuid and 27 for any number in a namespace.
func cmsRules() []rule {
	return []rule{
		{"CMS-01", []need{about(fFirst), about(fLast), about(fDOB), about(fStreet)}},
		{"CMS-02", []need{exactly(fFirst), about(fLast), about(fDOB), exactly(fPhone)}},
		{"CMS-03", []need{about(fFirst), about(fLast), about(fDOB), exactly(fEmail)}},
		{"CMS-04", []need{about(fFirst), exactly(fLast), exactly(fDOB), exactly(fSSN4)}},
		{"CMS-05", []need{exactly(fFirst), about(fLast), exactly(fDOB), exactly(fSSN4)}},
		{"CMS-06", []need{about(fFirst), exactly(fLast), exactly(fDOB), exactly(fITIN4)}},
		{"CMS-07", []need{exactly(fFirst), about(fLast), exactly(fDOB), exactly(fITIN4)}},
		{"CMS-08", []need{exactly(fFirst), exactly(fDOB), exactly(fMBI)}},
		{"CMS-09", []need{exactly(fFirst), exactly(fDOB), exactly(fLegal)}},
		{"CMS-10", []need{about(fLast), about(fDOB), exactly(fLegal)}},
		{"CMS-11", []need{exactly(fFirst), exactly(fDOB), exactly(fPhone)}},
		{"CMS-12", []need{exactly(fFirst), exactly(fDOB), exactly(fEmail)}},
		{"CMS-13", []need{exactly(fLast), exactly(fPhone), exactly(fSSN4)}},
		{"CMS-14", []need{exactly(fLast), exactly(fPhone), exactly(fITIN4)}},
		{"CMS-15", []need{about(fLast), exactly(fEmail), exactly(fSSN4)}},
		{"CMS-16", []need{about(fLast), exactly(fEmail), exactly(fITIN4)}},
		{"CMS-17", []need{exactly(fFirst), exactly(fPhone), exactly(fSSN4)}},
		{"CMS-18", []need{exactly(fFirst), exactly(fPhone), exactly(fITIN4)}},
		{"CMS-19", []need{exactly(fFirst), exactly(fEmail), exactly(fSSN4)}},
		{"CMS-20", []need{exactly(fFirst), exactly(fEmail), exactly(fITIN4)}},
		{"CMS-21", []need{exactly(fPhone), exactly(fMBI)}},
		{"CMS-22", []need{exactly(fPhone), exactly(fLegal)}},
		{"CMS-23", []need{exactly(fEmail), exactly(fMBI)}},
		{"CMS-24", []need{exactly(fEmail), exactly(fLegal)}},
		{"CMS-25", []need{exactly(fLegal), exactly(fMBI)}},
		{"CMS-26", []need{exactly(fCSP)}},
		{"CMS-27", []need{exactly(fRecord)}},
		{"CMS-28", []need{exactly(fFirst), exactly(fDOB), exactly(fMember)}},
	}
}

// fires tells whether the rule holds for g, with at most one fuzzy field.
func (r rule) fires(g agreement) bool {
	slack := 0
	for _, n := range r.needs {
		ok, fuzzy := g.satisfies(n.field)
		if !ok || fuzzy && !n.fuzzy {
			return false
		}
		if fuzzy {
			slack++
		}
	}
	return slack <= 1
}

// has tells whether the rule asks for one of the fields.
func (r rule) has(fields ...field) bool {
	for _, n := range r.needs {
		for _, f := range fields {
			if n.field == f {
				return true
			}
		}
	}
	return false
}

// satisfies tells whether a field agrees, and whether only with tolerance.
func (g agreement) satisfies(f field) (ok, fuzzy bool) {
	switch f {
	case fFirst:
		return g.first <= near, g.first == near
	case fLast:
		return g.last <= near, g.last == near
	case fDOB:
		return g.dob == dobSame || g.dob == dobDay, g.dob == dobDay
	case fStreet:
		return g.street <= near, g.street == near
	case fPhone:
		return g.phone == exact, false
	case fEmail:
		return g.email == exact, false
	case fSSN4:
		return g.ssn4 == exact, false
	case fITIN4:
		return g.itin4 == exact, false
	case fMBI:
		return g.mbi == exact, false
	case fLegal:
		return g.legal == exact, false
	case fCSP:
		return g.csp == exact, false
	case fRecord:
		return g.rec == exact, false
	case fMember:
		return g.mem == exact, false
	}
	return false, false
}
