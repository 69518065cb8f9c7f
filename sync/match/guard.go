package match

// Objection is why a pair for which a rule fired is not certain after all. It
// is a code, for staff and for figures.
type Objection string

const (
	NoObjection        Objection = ""
	ObjectSuffix       Objection = "suffix-conflict"        // father and son
	ObjectBirthDate    Objection = "birth-date-conflict"    // another day, not a slip
	ObjectFirstName    Objection = "first-name-conflict"    // twin, sibling, spouse
	ObjectSSN          Objection = "ssn-conflict"           // two different numbers
	ObjectRecordNumber Objection = "record-number-clash"    // one namespace, two numbers
	ObjectSex          Objection = "sex-conflict"           // with a first name that is not the same
	ObjectHousehold    Objection = "household-evidence"     // only what people under one roof share
	ObjectUnconfirmed  Objection = "identifier-unconfirmed" // a number agrees, the person behind it is not shown to
)

// Objections lists the objections, for the words of the staff's screen.
func Objections() []Objection {
	return []Objection{ObjectSuffix, ObjectBirthDate, ObjectFirstName, ObjectSSN, ObjectRecordNumber, ObjectSex, ObjectHousehold,
		ObjectUnconfirmed}
}

// object looks for a reason why r must not make g certain. A rule table sees
// only the fields that it asks for; this sees the others.
func object(g agreement, r rule) Objection {
	individual := r.has(fSSN4, fITIN4, fMBI, fLegal, fCSP, fRecord)
	switch {
	case g.suffix == differ:
		return ObjectSuffix
	case g.dob == dobFar, g.dob == dobDecade && !(individual && g.first == exact && g.last <= near):
		return ObjectBirthDate
	case g.first == differ:
		return ObjectFirstName
	case g.ssn4 == differ && !(g.first == exact && g.last == exact && g.dob == dobSame && g.street == exact &&
		(g.phone == exact || g.email == exact)):
		return ObjectSSN
	case g.recClash:
		return ObjectRecordNumber
	case g.sex == differ && g.first > exact:
		return ObjectSex
	case g.first > exact && g.first <= near && g.multiple && !individual:
		return ObjectHousehold
	case g.middle == differ && !individual:
		return ObjectHousehold // María José and María Luisa, Jean-Paul and Jean-Pierre
	case g.first == short && g.ownShort && !g.adult && !individual:
		return ObjectHousehold
	case g.first > exact && g.last == differ:
		return ObjectUnconfirmed
	case g.first == missing && !(g.last <= near && (g.dob == dobSame || g.dob == dobDay)) && r.has(fRecord):
		return ObjectUnconfirmed
	case r.has(fRecord) && g.last == differ && g.dob != dobSame:
		return ObjectUnconfirmed
	case g.first >= similar && !g.anchored():
		return ObjectHousehold
	}
	return NoObjection
}

// anchored tells that something which a household does not share ties the
// pair together although the first names only fit ("K." and "Katherine") or
// could be two people's ("Marina" and "Martina"). Twins have SSNs of their
// own, but children may be registered under the mother's: for them names that
// could be two people's want a number that is nobody else's, or a second name
// in full beside it.
func (g agreement) anchored() bool {
	if g.mbi == exact || g.legal == exact || g.csp == exact || g.rec == exact && g.dob == dobSame {
		return true
	}
	taxed := g.ssn4 == exact || g.itin4 == exact
	return taxed && (g.first == initial || g.first == missing || g.adult || g.middle == exact && !g.multiple)
}
