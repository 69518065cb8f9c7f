package summary

import "shlkiosk/sync/fhir"

// describe fills title, date, status and details of an item.
func (b *builder) describe(p fhir.Place, r fhir.Resource, it *Item) {
	v := r.Value()
	l := &lines{b: b, p: p}
	name := named{from: NameNone}
	status := v.Get("status").String()
	switch it.Type {
	case "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration":
		name = b.medicine(l, v, it)
	case "Medication":
		name = concept(v.Get("code"))
		l.concept(LabelForm, v.Get("form"))
	case "AllergyIntolerance":
		name = concept(v.Get("code"))
		status = b.allergy(l, v, it)
	case "Condition":
		name = concept(v.Get("code"))
		status = b.condition(l, v, it)
	case "Immunization":
		name = b.immunization(l, v, it)
	case "Observation":
		name = b.observation(l, v, it)
	case "Procedure":
		name = b.procedure(l, v, it)
	case "Encounter":
		name = b.visit(l, v, it)
	case "DiagnosticReport":
		name = b.report(l, v, it)
	case "DocumentReference":
		name = b.document(l, v, it)
	case "Coverage":
		name = b.coverage(l, v, it)
	case "ExplanationOfBenefit", "Claim", "ClaimResponse":
		name = b.claim(l, v, it)
	case "CareTeam":
		name = b.careTeam(l, v, it)
	case "Goal":
		name = b.goal(l, v, it)
		status = v.Get("lifecycleStatus").String()
	case "Device", "DeviceUseStatement":
		name = b.device(l, v, it)
	case "OperationOutcome", "":
		name = named{from: NameNone}
	default:
		name = resourceName(v)
		b.generic(l, v, it)
	}
	it.Title, it.TitleWord, it.Named = name.text, name.word, name.from
	if it.Title == "" {
		it.Named = NameNone
	}
	it.Status = word("status", status)
	if it.Status == "" {
		l.text(LabelStatus, clean(status, 60))
	}
	it.Apart = apart(v, status)
	it.Absence = isAbsence(v)
	it.Lines = l.out
}

// apart reads what FHIR says about entries that are not to be believed.
func apart(v fhir.Value, status string) Apart {
	if status == "entered-in-error" || v.Get("status").String() == "entered-in-error" {
		return ApartError
	}
	for _, c := range v.Get("verificationStatus", "coding").Elements() {
		switch c.Get("code").String() {
		case "entered-in-error":
			return ApartError
		case "refuted":
			return ApartRefuted
		}
	}
	return ""
}

func isAbsence(v fhir.Value) bool {
	for _, field := range []string{"code", "medicationCodeableConcept", "vaccineCode"} {
		for _, c := range v.Get(field, "coding").Elements() {
			if absence(c.Get("system").String(), c.Get("code").String()) {
				return true
			}
		}
	}
	return false
}

// firstDate is the first of the named elements that is a date, or the start of a period.
func firstDate(v fhir.Value, fields ...string) Date {
	for _, f := range fields {
		x := v.Get(f)
		if x.IsObject() {
			x = x.Get("start")
		}
		if d := parseDate(x.String()); !d.Zero() {
			return d
		}
	}
	return Date{}
}

func (b *builder) medicine(l *lines, v fhir.Value, it *Item) named {
	name := concept(v.Get("medicationCodeableConcept"))
	if ref := v.Get("medicationReference"); name.text == "" && ref.Exists() {
		if m, _, ok := b.follow(l.p, ref); ok {
			name = concept(m.Get("code"))
			l.concept(LabelForm, m.Get("form"))
		}
		if name.text == "" {
			name = b.refName(l.p, ref)
		}
	}
	it.Date = firstDate(v, "authoredOn", "effectiveDateTime", "effectivePeriod", "dateAsserted", "whenHandedOver", "whenPrepared")
	dosages := v.Get("dosageInstruction")
	if !dosages.Exists() {
		dosages = v.Get("dosage")
	}
	if dosages.IsObject() { // MedicationAdministration.dosage is one
		b.dosage(l, dosages)
	}
	for _, d := range dosages.Elements() {
		b.dosage(l, d)
	}
	if !it.Date.Zero() {
		l.date(LabelDate, v.Get("authoredOn"))
		l.date(LabelDate, v.Get("effectiveDateTime"))
	}
	l.period(LabelPeriod, v.Get("effectivePeriod"))
	l.code(LabelIntent, "intent", v.Get("intent"))
	l.quantity(LabelQuantity, v.Get("dispenseRequest", "quantity"))
	l.quantity(LabelQuantity, v.Get("quantity"))
	if n := v.Get("dispenseRequest", "numberOfRepeatsAllowed").Number(); n != "" {
		l.add(LabelRefills, Value{Kind: ValueQuantity, Quantity: Quantity{Number: clean(n, 12)}})
	}
	l.concept(LabelReason, v.Get("reasonCode"))
	l.ref(LabelReason, v.Get("reasonReference"))
	l.ref(LabelPrescriber, v.Get("requester"))
	l.notes(v.Get("note"))
	return name
}

func (b *builder) dosage(l *lines, d fhir.Value) {
	for _, field := range []string{"text", "patientInstruction"} {
		if t := clean(d.Get(field).String(), cutLine); t != "" {
			l.text(LabelDose, t)
			break
		}
	}
	if !d.Get("text").IsString() {
		for _, dr := range d.Get("doseAndRate").Elements() {
			if x, ok := valueOf(dr, "dose"); ok {
				l.add(LabelDose, x)
			}
		}
		l.quantity(LabelDose, d.Get("dose"))
		if t := concept(d.Get("timing", "code")).text; t != "" {
			l.text(LabelHowOften, t)
		} else if rep := d.Get("timing", "repeat"); rep.Get("period").Number() != "" {
			times := rep.Get("frequency").Number()
			if times == "" {
				times = "1" // FHIR R4 Timing.repeat.frequency: default 1
			}
			l.add(LabelHowOften, Value{Kind: ValueRatio, Quantity: Quantity{Number: clean(times, 12)},
				Per: Quantity{Number: clean(rep.Get("period").Number(), 12), Unit: clean(rep.Get("periodUnit").String(), 8)}})
		}
	}
	l.concept(LabelRoute, d.Get("route"))
	if d.Get("asNeededBoolean").Bool() {
		l.add(LabelAsNeeded, Value{Kind: ValueYesNo, Yes: true})
	}
	l.concept(LabelAsNeeded, d.Get("asNeededCodeableConcept"))
}

func (b *builder) allergy(l *lines, v fhir.Value, it *Item) string {
	it.Date = firstDate(v, "onsetDateTime", "recordedDate", "lastOccurrence", "onsetPeriod")
	l.code(LabelCriticality, "criticality", v.Get("criticality"))
	for _, c := range v.Get("category").Elements() {
		l.code(LabelCategory, "category", c)
	}
	for _, re := range v.Get("reaction").Elements() {
		l.concept(LabelReaction, re.Get("manifestation"))
		l.code(LabelSeverity, "severity", re.Get("severity"))
		l.str(LabelNote, re.Get("description"))
	}
	b.onset(l, v)
	l.code(LabelCertainty, "certainty", v.Get("verificationStatus", "coding", 0, "code"))
	l.notes(v.Get("note"))
	return v.Get("clinicalStatus", "coding", 0, "code").String()
}

func (b *builder) condition(l *lines, v fhir.Value, it *Item) string {
	it.Date = firstDate(v, "onsetDateTime", "onsetPeriod", "recordedDate")
	l.concept(LabelSeverity, v.Get("severity"))
	l.concept(LabelBodySite, v.Get("bodySite"))
	b.onset(l, v)
	if x, ok := valueOf(v, "abatement"); ok {
		l.add(LabelEnded, x)
	}
	l.date(LabelRecorded, v.Get("recordedDate"))
	l.code(LabelCertainty, "certainty", v.Get("verificationStatus", "coding", 0, "code"))
	l.notes(v.Get("note"))
	return v.Get("clinicalStatus", "coding", 0, "code").String()
}

func (b *builder) onset(l *lines, v fhir.Value) {
	if x, ok := valueOf(v, "onset"); ok {
		l.add(LabelOnset, x)
	} else {
		l.quantity(LabelOnset, v.Get("onsetAge"))
	}
}

func (b *builder) immunization(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "occurrenceDateTime", "recorded")
	l.date(LabelDate, v.Get("occurrenceDateTime"))
	l.str(LabelDate, v.Get("occurrenceString"))
	for _, pr := range v.Get("protocolApplied").Elements() {
		if n := pr.Get("doseNumberPositiveInt").Number(); n != "" {
			l.add(LabelDoseNumber, Value{Kind: ValueQuantity, Quantity: Quantity{Number: clean(n, 12)}})
		}
		l.str(LabelDoseNumber, pr.Get("doseNumberString"))
	}
	l.str(LabelLot, v.Get("lotNumber"))
	l.ref(LabelMaker, v.Get("manufacturer"))
	for _, pf := range v.Get("performer").Elements() {
		l.ref(LabelWho, pf.Get("actor"))
	}
	l.ref(LabelPlace, v.Get("location"))
	l.concept(LabelBodySite, v.Get("site"))
	l.concept(LabelReason, v.Get("statusReason"))
	l.notes(v.Get("note"))
	return concept(v.Get("vaccineCode"))
}

func (b *builder) observation(l *lines, v fhir.Value, it *Item) named {
	it.Date = firstDate(v, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
	if x, ok := valueOf(v, "value"); ok {
		l.add(LabelValue, x)
	}
	b.interpretation(l, v)
	l.concept(LabelWhyMissing, v.Get("dataAbsentReason"))
	for _, c := range v.Get("component").Elements() {
		part := Line{Label: LabelPart, Name: concept(c.Get("code")).text}
		if x, ok := valueOf(c, "value"); ok {
			part.Value = x
		} else {
			part.Value = Value{Kind: ValueText, Text: concept(c.Get("dataAbsentReason")).text}
		}
		l.out = append(l.out, part)
		b.interpretation(l, c)
	}
	for _, rr := range v.Get("referenceRange").Elements() {
		if t := clean(rr.Get("text").String(), cutLine); t != "" {
			l.text(LabelReference, t)
		} else if low, high := quantity(rr.Get("low")), quantity(rr.Get("high")); !low.Zero() || !high.Zero() {
			l.add(LabelReference, Value{Kind: ValueRange, Quantity: low, High: high})
		}
	}
	l.date(LabelDate, v.Get("effectiveDateTime"))
	l.period(LabelDate, v.Get("effectivePeriod"))
	l.concept(LabelBodySite, v.Get("bodySite"))
	l.ref(LabelPart, v.Get("hasMember"))
	l.ref(LabelWho, v.Get("performer"))
	l.notes(v.Get("note"))
	return concept(v.Get("code"))
}

func (b *builder) interpretation(l *lines, v fhir.Value) {
	for _, in := range v.Get("interpretation").Elements() {
		if w := meaning(in.Get("coding", 0, "code").String()); w != "" {
			l.add(LabelMeaning, Value{Kind: ValueWord, Word: w})
		} else {
			l.concept(LabelMeaning, in)
		}
	}
}

// meaning maps HL7 v3 ObservationInterpretation to our words.
func meaning(code string) Word {
	switch code {
	case "N":
		return "meaning.normal"
	case "H":
		return "meaning.high"
	case "L":
		return "meaning.low"
	case "HH":
		return "meaning.critical-high"
	case "LL":
		return "meaning.critical-low"
	case "A":
		return "meaning.abnormal"
	case "AA":
		return "meaning.critical"
	case "POS":
		return "meaning.positive"
	case "NEG":
		return "meaning.negative"
	case "DET":
		return "meaning.detected"
	case "ND":
		return "meaning.not-detected"
	case "R":
		return "meaning.resistant"
	case "S":
		return "meaning.susceptible"
	case "I":
		return "meaning.intermediate"
	case "IND":
		return "meaning.indeterminate"
	}
	return ""
}
