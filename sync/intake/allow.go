package intake

// Types a kiosk files for a patient. Everything else is refused with a reason:
// a stranger's Bundle must not bring definitions, subscriptions, accounts,
// audit entries or access rules into a clinic's server (receiver.md 49).
//
// The value says how the type is reconciled with the chart.
var filed = map[string]kindOfType{
	"Patient": person,

	"AllergyIntolerance": inChart, "BodyStructure": inChart, "CarePlan": inChart, "CareTeam": inChart,
	"ClinicalImpression": inChart, "Composition": inChart, "Condition": inChart, "Coverage": inChart,
	"DetectedIssue": inChart, "Device": inChart, "DeviceRequest": inChart, "DeviceUseStatement": inChart,
	"DiagnosticReport": inChart, "DocumentReference": inChart, "Encounter": inChart, "EpisodeOfCare": inChart,
	"ExplanationOfBenefit": inChart, "FamilyMemberHistory": inChart, "Flag": inChart, "Goal": inChart,
	"ImagingStudy": inChart, "Immunization": inChart, "ImmunizationRecommendation": inChart, "Media": inChart,
	"MedicationAdministration": inChart, "MedicationDispense": inChart, "MedicationRequest": inChart,
	"MedicationStatement": inChart, "NutritionOrder": inChart, "Observation": inChart, "Procedure": inChart,
	"QuestionnaireResponse": inChart, "RelatedPerson": inChart, "RiskAssessment": inChart,
	"ServiceRequest": inChart, "Specimen": inChart, "VisionPrescription": inChart,

	"Location": shared, "Medication": shared, "Organization": shared, "Practitioner": shared, "Substance": shared,

	"Binary": attached,
}

type kindOfType int

const (
	person   kindOfType = iota + 1 // the chart itself
	inChart                        // belongs to one patient
	shared                         // the clinic has one of each for all patients
	attached                       // content of a document that points to it
)

// Codes of why an entry is not filed. They are public: screens map them.
const (
	WhyType         = "type-not-filed"         // the type is not on the list
	WhyNotFHIR      = "not-a-resource"         // no resourceType
	WhyModifier     = "modifier-extension"     // an unknown modifierExtension may turn the meaning round
	WhyRules        = "implicit-rules"         // rules we do not know may turn the meaning round
	WhySomeoneElse  = "about-someone-else"     // its subject is another person, a group or not in the record
	WhyNoSubject    = "no-subject"             // it does not say whom it is about, and more than one person could be meant
	WhyError        = "entered-in-error"       // the source says that it is wrong
	WhyRefuted      = "refuted"                // the source says that it is not so
	WhyPatient      = "left-out-by-patient"    // the patient's choice
	WhyText         = "unfit-text"             // NUL characters, which databases refuse or cut at
	WhyLoose        = "nothing-points-to-it"   // a Binary or other Patient without use
	WhyTooLarge     = "too-large"              // a file over the limit of what is kept
	WhyServerType   = "server-lacks-type"      // the server does not take the type
	WhyServer       = "server-refused"         // followed by the server's issue code
	WhyAttached     = "kept-inside"            // stays as a contained resource of what names it
	WhyRelated      = "kept-as-related-person" // is a RelatedPerson of the chart
	WhySameContent  = "same-content"
	WhySameBefore   = "imported-before"
	WhySameID       = "same-identifier"
	WhySameMeaning  = "same-meaning"
	WhyDifferent    = "same-identifier-different-content"
	WhyTwice        = "twice-in-the-record"
	WhyTheChart     = "the-chart"
	WhyPatientTwice = "same-person"
	WhyNotSent      = "not-sent" // the delivery has not come that far
)

// subjectElements are the elements that say whom a resource is about, by type;
// "subject" and "patient" for all that are not listed.
var subjectElements = map[string][]string{
	"Coverage": {"beneficiary"},
}

// mayLackSubject are the types whose subject is optional in R4 and that are
// worth nothing in a chart without one.
var mayLackSubject = map[string]string{
	"Composition": "subject", "DiagnosticReport": "subject", "DocumentReference": "subject",
	"Media": "subject", "Observation": "subject", "QuestionnaireResponse": "subject",
	"Encounter": "subject", "Specimen": "subject", "CareTeam": "subject",
}
