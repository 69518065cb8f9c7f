package intake

// Reasons returns every reason of an [Error], for the words that staff read.
func Reasons() []Reason {
	return []Reason{ReasonUnreachable, ReasonBusy, ReasonServerError, ReasonConflict, ReasonUnauthorised, ReasonServerRefused,
		ReasonPatientRefused, ReasonTooLarge, ReasonUnreadable, ReasonNoPatient, ReasonWhichPatient, ReasonMatchUnsure,
		ReasonChartUnfit, ReasonChartMissing, ReasonChartChanged, ReasonVersion, ReasonSave, ReasonOrder}
}

// Whys returns every code that ReceiptResource.Why can hold. WhyServer is
// followed by a colon and the server's own issue code.
func Whys() []string {
	return []string{WhyType, WhyNotFHIR, WhyModifier, WhyRules, WhySomeoneElse, WhyNoSubject, WhyError, WhyRefuted, WhyPatient, WhyText,
		WhyLoose, WhyTooLarge, WhyServerType, WhyServer, WhyAttached, WhyRelated, WhySameContent, WhySameBefore, WhySameID, WhySameMeaning,
		WhyDifferent, WhyTwice, WhyTheChart, WhyPatientTwice, WhyNotSent}
}

// The codes of an [Alarm].
const (
	AlarmRefused      = "entry-refused"
	AlarmIncomplete   = "incomplete"
	AlarmReferences   = "references"
	AlarmChartMissing = "chart-missing"
	AlarmDemographics = "demographics"
	AlarmDuplicate    = "duplicate-chart"
	AlarmNotChecked   = "duplicates-not-checked"
)

// Alarms returns every alarm code.
func Alarms() []string {
	return []string{AlarmRefused, AlarmIncomplete, AlarmReferences, AlarmChartMissing, AlarmDemographics, AlarmDuplicate, AlarmNotChecked}
}

// ProposalKinds returns every kind of [Proposal].
func ProposalKinds() []string {
	return []string{"phone", "email", "address", "contact", "language", "insurance", "update"}
}
