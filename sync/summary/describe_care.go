package summary

import (
	"shlkiosk/sync/fhir"
	"shlkiosk/sync/phi"
)

func (b *builder) procedure(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "performedDateTime", "performedPeriod")
	if x, ok := valueOf(v, "performed"); ok {
		l.add(LabelDate, x)
	}
	l.concept(LabelBodySite, v.Get("bodySite"))
	l.concept(LabelReason, v.Get("reasonCode"))
	l.concept(LabelOutcome, v.Get("outcome"))
	for _, pf := range v.Get("performer").Elements() {
		l.ref(LabelWho, pf.Get("actor"))
	}
	l.ref(LabelPlace, v.Get("location"))
	l.notes(v.Get("note"))
	return concept(v.Get("code"))
}

func (b *builder) visit(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "period")
	l.period(LabelPeriod, v.Get("period"))
	l.concept(LabelReason, v.Get("reasonCode"))
	for _, pt := range v.Get("participant").Elements() {
		l.ref(LabelWho, pt.Get("individual"))
	}
	for _, loc := range v.Get("location").Elements() {
		l.ref(LabelPlace, loc.Get("location"))
	}
	l.ref(LabelPlace, v.Get("serviceProvider"))
	l.concept(LabelOutcome, v.Get("hospitalization", "dischargeDisposition"))
	if n := concept(v.Get("type", 0)); n.text != "" {
		return n
	}
	if n := concept(v.Get("serviceType")); n.text != "" {
		return n
	}
	return coding(v.Get("class"))
}

func (b *builder) report(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "effectiveDateTime", "effectivePeriod", "issued")
	l.date(LabelDate, v.Get("effectiveDateTime"))
	l.period(LabelDate, v.Get("effectivePeriod"))
	l.str(LabelConclusion, v.Get("conclusion"))
	l.concept(LabelConclusion, v.Get("conclusionCode"))
	l.ref(LabelFinding, v.Get("result"))
	l.ref(LabelWho, v.Get("performer"))
	return concept(v.Get("code"))
}

func (b *builder) document(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "date")
	l.date(LabelDate, v.Get("date"))
	l.ref(LabelAuthor, v.Get("author"))
	name := concept(v.Get("type"))
	if t := clean(v.Get("description").String(), cutTitle); t != "" {
		name = named{text: t, from: NameOwn}
	} else if t := clean(v.Get("content", 0, "attachment", "title").String(), cutTitle); t != "" {
		name = named{text: t, from: NameOwn}
	}
	if k := documentKind(v); k != DocumentOther {
		name.word = word("document", string(k))
	}
	for _, c := range v.Get("content").Elements() {
		l.text(LabelFormat, clean(mediaType(c.Get("attachment", "contentType").String()), 80))
	}
	return name
}

func (b *builder) coverage(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "period")
	name := named{from: NameNone}
	for _, p := range v.Get("payor").Elements() {
		n := b.refName(l.p, p)
		l.text(LabelPayer, n.text)
		if name.text == "" {
			name = n
		}
	}
	l.concept(LabelPlan, v.Get("type"))
	for _, c := range v.Get("class").Elements() {
		label := LabelOther
		switch c.Get("type", "coding", 0, "code").String() {
		case "group":
			label = LabelGroup
		case "plan":
			label = LabelPlan
		}
		value := joinText(" ", clean(c.Get("name").String(), 80), clean(c.Get("value").String(), 80))
		if value != "" {
			l.out = append(l.out, Line{Label: label, Name: concept(c.Get("type")).text,
				Value: Value{Kind: ValueText, Text: value}})
		}
	}
	if id := tail(memberID(v)); id != "" {
		l.text(LabelMember, phi.Text("…"+id.Reveal()))
	}
	l.concept(LabelRelationship, v.Get("relationship"))
	l.ref(LabelSubscriber, v.Get("subscriber"))
	l.period(LabelPeriod, v.Get("period"))
	if name.text == "" {
		name = concept(v.Get("type"))
	}
	return name
}

func (b *builder) claim(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "billablePeriod", "created")
	l.period(LabelPeriod, v.Get("billablePeriod"))
	l.ref(LabelWho, v.Get("provider"))
	l.ref(LabelPayer, v.Get("insurer"))
	for _, d := range v.Get("diagnosis").Elements() {
		l.concept(LabelReason, d.Get("diagnosisCodeableConcept"))
	}
	for _, item := range v.Get("item").Elements() {
		l.concept(LabelService, item.Get("productOrService"))
	}
	amount := func(name phi.Text, money fhir.Value) {
		if q := quantity(money); !q.Zero() {
			l.out = append(l.out, Line{Label: LabelAmount, Name: name, Value: Value{Kind: ValueQuantity, Quantity: q}})
		}
	}
	if total := v.Get("total"); total.IsArray() {
		for _, t := range total.Elements() {
			amount(concept(t.Get("category")).text, t.Get("amount"))
		}
	} else {
		amount("", total) // Claim.total is one Money
	}
	amount("", v.Get("payment", "amount"))
	l.code(LabelOutcome, "status", v.Get("outcome"))
	if n := concept(v.Get("type")); n.text != "" {
		return n
	}
	return b.refName(l.p, v.Get("provider"))
}

func (b *builder) careTeam(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "period")
	for _, pt := range v.Get("participant").Elements() {
		who := b.refName(l.p, pt.Get("member"))
		role := concept(pt.Get("role", 0))
		if who.text == "" && role.text == "" {
			continue
		}
		l.out = append(l.out, Line{Label: LabelWho, Name: role.text, Value: Value{Kind: ValueText, Text: who.text}})
	}
	l.concept(LabelReason, v.Get("reasonCode"))
	l.ref(LabelPlace, v.Get("managingOrganization"))
	l.period(LabelPeriod, v.Get("period"))
	if t := clean(v.Get("name").String(), cutTitle); t != "" {
		return named{text: t, from: NameOwn}
	}
	return concept(v.Get("category", 0))
}

func (b *builder) goal(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "startDate", "statusDate")
	l.date(LabelStarted, v.Get("startDate"))
	for _, t := range v.Get("target").Elements() {
		if x, ok := valueOf(t, "detail"); ok {
			l.out = append(l.out, Line{Label: LabelTarget, Name: concept(t.Get("measure")).text, Value: x})
		}
		l.date(LabelDue, t.Get("dueDate"))
	}
	if w := word("status", v.Get("achievementStatus", "coding", 0, "code").String()); w != "" {
		l.add(LabelOutcome, Value{Kind: ValueWord, Word: w})
	} else {
		l.concept(LabelOutcome, v.Get("achievementStatus"))
	}
	l.ref(LabelReason, v.Get("addresses"))
	l.notes(v.Get("note"))
	return concept(v.Get("description"))
}

func (b *builder) device(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "manufactureDate", "timingDateTime", "timingPeriod", "recordedOn")
	l.concept(LabelForm, v.Get("type"))
	l.str(LabelMaker, v.Get("manufacturer"))
	l.str(LabelModel, v.Get("modelNumber"))
	l.str(LabelLot, v.Get("lotNumber"))
	if sn := tail(v.Get("serialNumber").String()); sn != "" {
		l.text(LabelIdentifier, phi.Text("…"+sn.Reveal()))
	}
	l.date(LabelExpires, v.Get("expirationDate"))
	l.concept(LabelBodySite, v.Get("bodySite"))
	l.notes(v.Get("note"))
	if t := clean(v.Get("deviceName", 0, "name").String(), cutTitle); t != "" {
		return named{text: t, from: NameOwn}
	}
	if n := concept(v.Get("type")); n.text != "" {
		return n
	}
	return b.refName(l.p, v.Get("device"))
}

// generic shows what any resource may have: a date, a subject's words, notes.
func (b *builder) generic(l *lines, v fhir.Value, it *Item) {
	it.Date = firstDate(v, "date", "authoredOn", "effectiveDateTime", "occurrenceDateTime", "period", "created",
		"recorded", "issued", "start", "dateTime", "sent")
	if !it.Date.Zero() {
		l.add(LabelDate, Value{Kind: ValueDate, Date: it.Date})
	}
	if !v.Get("name").IsString() {
		l.str(LabelNote, v.Get("description"))
	}
	l.concept(LabelRelationship, v.Get("relationship"))
	l.concept(LabelReason, v.Get("reasonCode"))
	l.notes(v.Get("note"))
}
