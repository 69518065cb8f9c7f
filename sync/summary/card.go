package summary

import (
	"strings"

	"shlkiosk/sync/fhir"
)

// card reads a Coverage as an insurance card: US Core, CARIN Blue Button and
// the CARIN digital insurance card alike. Colours and logos of the latter are
// the insurer's decoration and are not used.
func (b *builder) card(p fhir.Place, r fhir.Resource, it Item) InsuranceCard {
	v := r.Value()
	c := InsuranceCard{
		Item: it.Key, Type: concept(v.Get("type")).text, Relationship: concept(v.Get("relationship")).text,
		SubscriberID: clean(v.Get("subscriberId").String(), 60), Status: it.Status,
		MemberID: clean(memberID(v), 60),
	}
	c.MemberTail = tail(c.MemberID.Reveal())
	for _, payor := range v.Get("payor").Elements() {
		if c.Payer == "" {
			c.Payer = b.refName(p, payor).text
		}
		if org, _, ok := b.follow(p, payor); ok {
			b.phones(&c, org)
		}
	}
	c.Subscriber = b.refName(p, v.Get("subscriber")).text
	c.Beneficiary = b.refName(p, v.Get("beneficiary")).text
	if text := v.Get("beneficiary", "reference").String(); text != "" {
		res := b.index.Resolve(p, text)
		c.AboutThePerson = res.Standing == fhir.Found && b.subject[res.Place]
	}
	if start, end := parseDate(v.Get("period", "start").String()), parseDate(v.Get("period", "end").String()); !start.Zero() || !end.Zero() {
		c.Period = Value{Kind: ValuePeriod, Date: start, End: end}
	}
	for _, class := range v.Get("class").Elements() {
		cc := CardClass{Type: strings.ToLower(clean(class.Get("type", "coding", 0, "code").String(), 40).Reveal()),
			Name: clean(class.Get("name").String(), 80), Value: clean(class.Get("value").String(), 80)}
		switch cc.Type {
		case "group":
			c.Group = joinText(" ", cc.Value)
		case "plan":
			c.Plan = cc.Name
			if c.Plan == "" {
				c.Plan = cc.Value
			}
		case "rxbin":
			c.RxBIN = cc.Value
		case "rxpcn":
			c.RxPCN = cc.Value
		case "rxgroup":
			c.RxGroup = cc.Value
		case "rxid":
			c.RxID = cc.Value
		}
		c.Classes = append(c.Classes, cc)
	}
	for _, cost := range v.Get("costToBeneficiary").Elements() {
		q := quantity(cost.Get("valueMoney"))
		if q.Zero() {
			q = quantity(cost.Get("valueQuantity"))
		}
		if !q.Zero() {
			c.Costs = append(c.Costs, CardCost{Type: concept(cost.Get("type")).text, Amount: q})
		}
	}
	return c
}

// memberID is the number on the card: an identifier of type MB, else
// subscriberId (with the dependent's number where there is one), else the
// first identifier.
func memberID(v fhir.Value) string {
	for _, id := range v.Get("identifier").Elements() {
		for _, t := range id.Get("type", "coding").Elements() {
			if t.Get("code").String() == "MB" && id.Get("value").IsString() {
				return id.Get("value").String()
			}
		}
	}
	if s := v.Get("subscriberId").String(); s != "" {
		if d := v.Get("dependent").String(); d != "" {
			return s + "-" + d
		}
		return s
	}
	return v.Get("identifier", 0, "value").String()
}

// phones collects the numbers that a card prints: the organization's own and
// those of its contacts.
func (b *builder) phones(c *InsuranceCard, org fhir.Value) {
	add := func(list fhir.Value) {
		for _, t := range list.Elements() {
			if n := clean(t.Get("value").String(), 40); n != "" && t.Get("system").String() == "phone" && len(c.Phones) < 8 {
				c.Phones = append(c.Phones, n)
			}
		}
	}
	add(org.Get("telecom"))
	for _, contact := range org.Get("contact").Elements() {
		add(contact.Get("telecom"))
	}
}
