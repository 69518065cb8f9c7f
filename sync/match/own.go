package match

// ownRules are combinations beyond the proposal, each below its threshold of
// P(collision) 2e-12 with the proposal's own figures, and each for a kind of
// record that its table misses: a first name cut to an initial, a birth date
// with one slip, a misspelt short name, several slips at once. None of them
// decides by what people under one roof share: each wants a first name that is
// the same, its plain short form, or spelt as no name is, or a number of the
// person's own.
//
//	OWN-1 whole SSN, birth date same or one slip, names that fit; or birth date and first name the same, for an adult (marriage)
//	OWN-2 last four of the SSN, birth date, a contact or the street, names that fit
//	OWN-3 first name, family name with at most a slip, street and a contact, birth date with one slip of at most 10 years
//	OWN-4 an initial that fits: adult, family name with at most a slip, birth date, sex, street and phone or mail
//	OWN-5 a first name of which one spelling is no name's: family name, birth date, sex, street and phone or mail
//	OWN-6 first name, family name with a slip although it is short, birth date, sex and street
//	OWN-7 first name, family name, street, birth date with one slip, and the last four of the SSN or the second name in full
func ownRule(g agreement) string {
	contact := g.phone == exact || g.email == exact
	dobSlip := g.dob == dobSame || g.dob == dobDay || g.dob == dobNear
	first := g.first <= near || g.first == initial || g.first == similar && g.adult
	last := g.last <= worn
	individual := g.middle == exact && g.sex == exact
	switch {
	case g.ssn == exact && g.dob == dobDecade && g.first == exact && last:
		return "OWN-1"
	case g.ssn == exact && dobSlip && first && (last || g.dob == dobSame && contact):
		return "OWN-1"
	case g.ssn == exact && g.dob == dobSame && g.first == exact && g.sex == exact && g.adult:
		return "OWN-1"
	case g.ssn4 == exact && g.dob == dobSame && (contact || g.street == exact) && first && last:
		return "OWN-2"
	case g.ssn4 == exact && g.dob == dobSame && contact && g.street == exact && g.adult && first && g.last == similar:
		return "OWN-2"
	case g.first <= short && last && g.street == exact && contact && dobSlip:
		return "OWN-3"
	case g.first == exact && g.last == similar && individual && g.street == exact && contact && dobSlip:
		return "OWN-3"
	case g.first == initial && last && g.dob == dobSame && g.sex == exact && g.street == exact &&
		contact && g.adult && !g.multiple:
		return "OWN-4"
	case g.first == similar && g.typo && g.last == exact && g.dob == dobSame && g.sex == exact && g.street == exact && contact && !g.multiple:
		return "OWN-5"
	case g.first == exact && g.last <= similar && g.dob == dobSame && g.sex == exact && g.street == exact:
		return "OWN-6"
	case g.first == exact && g.last <= near && g.street == exact && dobSlip && (g.ssn4 == exact || individual && !contact):
		return "OWN-7"
	}
	return ""
}

// objectOwn is object for the rules above, which look after the first name
// themselves.
func objectOwn(g agreement) Objection {
	switch {
	case g.suffix == differ:
		return ObjectSuffix
	case g.dob == dobFar:
		return ObjectBirthDate
	case g.first == differ:
		return ObjectFirstName
	case g.ssn4 == differ:
		return ObjectSSN
	case g.recClash:
		return ObjectRecordNumber
	case g.sex == differ && g.first > exact:
		return ObjectSex
	case g.ssn4 != exact && (g.middle == differ || g.first == short && (g.multiple || g.ownShort && !g.adult)):
		return ObjectHousehold
	}
	return NoObjection
}
