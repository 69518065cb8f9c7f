package intake

import (
	"errors"
	"strings"

	"shlkiosk/sync/fhir"
)

// chooseSubject finds the one Patient whose record it is: the one staff chose;
// the only one; Composition.subject; Coverage.beneficiary; the one that most
// entries are about (receiver.md 3.12). Where that does not decide, staff do.
// It agrees with what sync/summary showed the patient.
func (p *plan) chooseSubject() error {
	groups := map[string][]*item{}
	var order []string
	who := map[*item]string{}
	for _, it := range p.items {
		if it.kind != person {
			continue
		}
		k := sameness(it)
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], it)
		who[it] = k
	}
	take := func(k string) error {
		p.subject = groups[k][0]
		p.same = groups[k][1:]
		return nil
	}
	if p.env.Subject != "" {
		for _, k := range order {
			for _, it := range groups[k] {
				if p.named(it, []string{p.env.Subject}) && p.env.Subject != "Patient" {
					return take(k)
				}
			}
		}
		return fatal(ReasonOrder, errors.New("the chosen Patient is not in the record"))
	}
	switch len(order) {
	case 0:
		return park(ReasonNoPatient, errors.New("the record holds no Patient entry"))
	case 1:
		return take(order[0])
	}
	composed, covered, about := map[string]int{}, map[string]int{}, map[string]int{}
	for _, it := range p.items {
		for _, e := range it.edges {
			k := who[e.target]
			if e.target == nil || k == "" || e.at.Contained {
				continue
			}
			switch {
			case e.at.Key != "subject" && e.at.Key != "patient" && e.at.Key != "beneficiary":
				continue
			case it.res.Type() == "Composition":
				composed[k]++
			case it.res.Type() == "Coverage" && e.at.Key == "beneficiary":
				covered[k]++
			}
			if it.res.Type() != "RelatedPerson" {
				about[k]++
			}
		}
	}
	for _, votes := range []map[string]int{composed, covered} {
		if len(votes) == 1 {
			for k := range votes {
				return take(k)
			}
		}
		if len(votes) > 1 {
			return park(ReasonWhichPatient, errors.New("the record names several people as its subject"))
		}
	}
	best, n, tied := "", 0, false
	for _, k := range order {
		switch {
		case about[k] > n:
			best, n, tied = k, about[k], false
		case about[k] == n:
			tied = true
		}
	}
	if n == 0 || tied {
		return park(ReasonWhichPatient, errors.New("the record is about several people alike"))
	}
	return take(best)
}

// sameness is equal for Patient entries that are plainly one person: family
// name, first given name and birth date agree.
func sameness(it *item) string {
	family := foldText(it.res.Get("name", 0, "family").String())
	given := foldText(it.res.Get("name", 0, "given", 0).String())
	birth := it.res.Get("birthDate").String()
	if family+given == "" || birth == "" {
		return it.key
	}
	return family + "\x00" + given + "\x00" + birth
}

func foldText(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// isSubject tells whether the item is the Patient of the record.
func (p *plan) isSubject(it *item) bool {
	if it == p.subject {
		return it != nil
	}
	for _, s := range p.same {
		if s == it {
			return true
		}
	}
	return false
}

// aboutWhom judges whether an entry is about the subject. why is "" when it is.
// fill names the element that has to be set because the source left it out.
func (p *plan) aboutWhom(it *item) (fill, why string) {
	names := subjectElements[it.res.Type()]
	if names == nil {
		names = []string{"subject", "patient"}
	}
	said := false
	for _, name := range names {
		v := it.res.Get(name)
		if !v.IsObject() {
			continue
		}
		said = true
		if !v.Get("reference").Exists() {
			if p.identifies(v.Get("identifier")) {
				return name, ""
			}
			return "", WhyNoSubject
		}
		for _, e := range it.edges {
			if e.at.Contained || string(e.at.Object.Raw()) != string(v.Raw()) || e.at.Key != name {
				continue
			}
			switch {
			case e.target == nil || !p.isSubject(e.target):
				return "", WhySomeoneElse
			}
		}
	}
	switch {
	case said || it.res.Type() == "Device":
		return "", ""
	case mayLackSubject[it.res.Type()] != "" && p.onePerson():
		return mayLackSubject[it.res.Type()], ""
	}
	return "", WhyNoSubject
}

// onePerson tells whether the record names no other Patient.
func (p *plan) onePerson() bool {
	for _, it := range p.items {
		if it.kind == person && !p.isSubject(it) {
			return false
		}
	}
	return true
}

// identifies tells whether a logical reference names the subject by one of
// their identifiers.
func (p *plan) identifies(id fhir.Value) bool {
	sys, val := id.Get("system").String(), id.Get("value").String()
	if sys == "" || val == "" {
		return false
	}
	for _, own := range append([]*item{p.subject}, p.same...) {
		for _, x := range own.res.Get("identifier").Elements() {
			if x.Get("system").String() == sys && x.Get("value").String() == val {
				return true
			}
		}
	}
	return false
}
