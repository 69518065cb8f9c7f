package r4

import (
	"strings"
	"sync"
)

// paramTable holds the search parameters of R4 (search-parameters.json) for the
// types that an importer and a matcher touch: a line is a type, then
// name:kind:path[,path], kind one of token, string, date, ref, quantity, number
// and uri; "ref" may end in (Type) for one target type. A path step may filter
// with "?member=value". Where R4 has no such parameter there is none here:
// AllergyIntolerance has no subject, Condition no date.
const paramTable = `
Patient identifier:token:identifier active:token:active address:string:address address-city:string:address.city address-country:string:address.country address-postalcode:string:address.postalCode address-state:string:address.state address-use:token:address.use birthdate:date:birthDate death-date:date:deceasedDateTime deceased:deceased:deceasedBoolean,deceasedDateTime email:token:telecom?system=email family:string:name.family gender:token:gender general-practitioner:ref:generalPractitioner given:string:name.given language:token:communication.language link:ref:link.other name:string:name organization:ref(Organization):managingOrganization phone:token:telecom?system=phone phonetic:string:name telecom:token:telecom
Practitioner identifier:token:identifier active:token:active address:string:address address-city:string:address.city address-postalcode:string:address.postalCode address-state:string:address.state email:token:telecom?system=email family:string:name.family gender:token:gender given:string:name.given name:string:name phone:token:telecom?system=phone telecom:token:telecom
PractitionerRole identifier:token:identifier active:token:active date:date:period location:ref(Location):location organization:ref(Organization):organization practitioner:ref(Practitioner):practitioner role:token:code service:ref(HealthcareService):healthcareService specialty:token:specialty telecom:token:telecom
Organization identifier:token:identifier active:token:active address:string:address address-city:string:address.city address-postalcode:string:address.postalCode address-state:string:address.state endpoint:ref(Endpoint):endpoint name:string:name,alias partof:ref(Organization):partOf type:token:type
Location identifier:token:identifier address:string:address address-city:string:address.city address-postalcode:string:address.postalCode address-state:string:address.state name:string:name,alias organization:ref(Organization):managingOrganization partof:ref(Location):partOf status:token:status type:token:type
RelatedPerson identifier:token:identifier active:token:active address:string:address birthdate:date:birthDate email:token:telecom?system=email gender:token:gender name:string:name patient:ref(Patient):patient phone:token:telecom?system=phone relationship:token:relationship telecom:token:telecom
Person identifier:token:identifier address:string:address birthdate:date:birthDate email:token:telecom?system=email gender:token:gender link:ref:link.target name:string:name organization:ref(Organization):managingOrganization patient:ref(Patient):link.target phone:token:telecom?system=phone telecom:token:telecom
Encounter identifier:token:identifier account:ref(Account):account appointment:ref(Appointment):appointment class:token:class date:date:period diagnosis:ref:diagnosis.condition episode-of-care:ref(EpisodeOfCare):episodeOfCare length:quantity:length location:ref(Location):location.location part-of:ref(Encounter):partOf participant:ref:participant.individual patient:ref(Patient):subject practitioner:ref(Practitioner):participant.individual reason-code:token:reasonCode reason-reference:ref:reasonReference service-provider:ref(Organization):serviceProvider status:token:status subject:ref:subject type:token:type
EpisodeOfCare identifier:token:identifier condition:ref(Condition):diagnosis.condition date:date:period organization:ref(Organization):managingOrganization patient:ref(Patient):patient status:token:status type:token:type
Appointment identifier:token:identifier actor:ref:participant.actor date:date:start patient:ref(Patient):participant.actor practitioner:ref(Practitioner):participant.actor location:ref(Location):participant.actor status:token:status service-type:token:serviceType
AppointmentResponse identifier:token:identifier actor:ref:actor appointment:ref(Appointment):appointment patient:ref(Patient):actor
Condition identifier:token:identifier abatement-date:date:abatementDateTime,abatementPeriod abatement-string:string:abatementString asserter:ref:asserter body-site:token:bodySite category:token:category clinical-status:token:clinicalStatus code:token:code encounter:ref(Encounter):encounter evidence:token:evidence.code evidence-detail:ref:evidence.detail onset-date:date:onsetDateTime,onsetPeriod onset-info:string:onsetString patient:ref(Patient):subject recorded-date:date:recordedDate severity:token:severity stage:token:stage.summary subject:ref:subject verification-status:token:verificationStatus
AllergyIntolerance identifier:token:identifier asserter:ref:asserter category:token:category clinical-status:token:clinicalStatus code:token:code,reaction.substance criticality:token:criticality date:date:recordedDate last-date:date:lastOccurrence manifestation:token:reaction.manifestation onset:date:reaction.onset patient:ref(Patient):patient recorder:ref:recorder route:token:reaction.exposureRoute severity:token:reaction.severity type:token:type verification-status:token:verificationStatus
Observation identifier:token:identifier based-on:ref:basedOn category:token:category code:token:code code-value-concept:none:code code-value-date:none:code code-value-quantity:none:code code-value-string:none:code combo-code:token:code,component.code combo-value-concept:token:valueCodeableConcept,component.valueCodeableConcept combo-value-quantity:quantity:valueQuantity,component.valueQuantity component-code:token:component.code component-value-concept:token:component.valueCodeableConcept component-value-quantity:quantity:component.valueQuantity data-absent-reason:token:dataAbsentReason date:date:effectiveDateTime,effectivePeriod,effectiveInstant,effectiveTiming derived-from:ref:derivedFrom device:ref:device encounter:ref(Encounter):encounter focus:ref:focus has-member:ref:hasMember method:token:method part-of:ref:partOf patient:ref(Patient):subject performer:ref:performer specimen:ref(Specimen):specimen status:token:status subject:ref:subject value-concept:token:valueCodeableConcept value-date:date:valueDateTime,valuePeriod value-quantity:quantity:valueQuantity,valueSampledData value-string:string:valueString,valueCodeableConcept.text
Immunization identifier:token:identifier date:date:occurrenceDateTime location:ref(Location):location lot-number:string:lotNumber manufacturer:ref(Organization):manufacturer patient:ref(Patient):patient performer:ref:performer.actor reaction:ref(Observation):reaction.detail reaction-date:date:reaction.date reason-code:token:reasonCode reason-reference:ref:reasonReference series:string:protocolApplied.series status:token:status status-reason:token:statusReason target-disease:token:protocolApplied.targetDisease vaccine-code:token:vaccineCode
ImmunizationRecommendation identifier:token:identifier date:date:date patient:ref(Patient):patient status:token:recommendation.forecastStatus vaccine-type:token:recommendation.vaccineCode
Medication identifier:token:identifier code:token:code expiration-date:date:batch.expirationDate form:token:form ingredient:ref:ingredient.itemReference ingredient-code:token:ingredient.itemCodeableConcept lot-number:token:batch.lotNumber manufacturer:ref(Organization):manufacturer status:token:status
MedicationRequest identifier:token:identifier authoredon:date:authoredOn category:token:category code:token:medicationCodeableConcept date:date:dosageInstruction.timing encounter:ref(Encounter):encounter intended-dispenser:ref(Organization):dispenseRequest.performer intended-performer:ref:performer intended-performertype:token:performerType intent:token:intent medication:ref(Medication):medicationReference patient:ref(Patient):subject priority:token:priority requester:ref:requester status:token:status subject:ref:subject
MedicationStatement identifier:token:identifier category:token:category code:token:medicationCodeableConcept context:ref:context effective:date:effectiveDateTime,effectivePeriod medication:ref(Medication):medicationReference part-of:ref:partOf patient:ref(Patient):subject source:ref:informationSource status:token:status subject:ref:subject
MedicationAdministration identifier:token:identifier code:token:medicationCodeableConcept context:ref:context device:ref(Device):device effective-time:date:effectiveDateTime,effectivePeriod medication:ref(Medication):medicationReference patient:ref(Patient):subject performer:ref:performer.actor reason-given:token:reasonCode reason-not-given:token:statusReason request:ref(MedicationRequest):request status:token:status subject:ref:subject
MedicationDispense identifier:token:identifier code:token:medicationCodeableConcept context:ref:context destination:ref(Location):destination medication:ref(Medication):medicationReference patient:ref(Patient):subject performer:ref:performer.actor prescription:ref(MedicationRequest):authorizingPrescription receiver:ref:receiver responsibleparty:ref:substitution.responsibleParty status:token:status subject:ref:subject type:token:type whenhandedover:date:whenHandedOver whenprepared:date:whenPrepared
Procedure identifier:token:identifier based-on:ref:basedOn category:token:category code:token:code date:date:performedDateTime,performedPeriod encounter:ref(Encounter):encounter instantiates-canonical:uri:instantiatesCanonical instantiates-uri:uri:instantiatesUri location:ref(Location):location part-of:ref:partOf patient:ref(Patient):subject performer:ref:performer.actor reason-code:token:reasonCode reason-reference:ref:reasonReference status:token:status subject:ref:subject
DiagnosticReport identifier:token:identifier based-on:ref:basedOn category:token:category code:token:code conclusion:token:conclusionCode date:date:effectiveDateTime,effectivePeriod encounter:ref(Encounter):encounter issued:date:issued media:ref(Media):media.link patient:ref(Patient):subject performer:ref:performer result:ref(Observation):result results-interpreter:ref:resultsInterpreter specimen:ref(Specimen):specimen status:token:status subject:ref:subject
DocumentReference identifier:token:identifier,masterIdentifier authenticator:ref:authenticator author:ref:author category:token:category contenttype:token:content.attachment.contentType custodian:ref(Organization):custodian date:date:date description:string:description encounter:ref:context.encounter event:token:context.event facility:token:context.facilityType format:token:content.format language:token:content.attachment.language location:uri:content.attachment.url patient:ref(Patient):subject period:date:context.period related:ref:context.related relatesto:ref(DocumentReference):relatesTo.target relation:token:relatesTo.code security-label:token:securityLabel setting:token:context.practiceSetting status:token:status subject:ref:subject type:token:type
DocumentManifest identifier:token:identifier,masterIdentifier author:ref:author created:date:created description:string:description item:ref:content patient:ref(Patient):subject recipient:ref:recipient related-ref:ref:related.ref source:uri:source status:token:status subject:ref:subject type:token:type
Composition identifier:token:identifier attester:ref:attester.party author:ref:author category:token:category confidentiality:token:confidentiality context:token:event.code date:date:date encounter:ref(Encounter):encounter entry:ref:section.entry patient:ref(Patient):subject period:date:event.period section:token:section.code status:token:status subject:ref:subject title:string:title type:token:type
Bundle identifier:token:identifier composition:none:entry message:none:entry timestamp:date:timestamp type:token:type
Coverage identifier:token:identifier beneficiary:ref(Patient):beneficiary class-type:token:class.type class-value:string:class.value dependent:string:dependent patient:ref(Patient):beneficiary payor:ref:payor policy-holder:ref:policyHolder status:token:status subscriber:ref:subscriber type:token:type
ExplanationOfBenefit identifier:token:identifier care-team:ref:careTeam.provider claim:ref(Claim):claim coverage:ref(Coverage):insurance.coverage created:date:created disposition:string:disposition encounter:ref(Encounter):item.encounter enterer:ref:enterer facility:ref(Location):facility patient:ref(Patient):patient payee:ref:payee.party provider:ref:provider status:token:status
Claim identifier:token:identifier care-team:ref:careTeam.provider created:date:created encounter:ref(Encounter):item.encounter enterer:ref:enterer facility:ref(Location):facility insurer:ref(Organization):insurer patient:ref(Patient):patient priority:token:priority provider:ref:provider status:token:status use:token:use
ClaimResponse identifier:token:identifier created:date:created insurer:ref(Organization):insurer outcome:token:outcome patient:ref(Patient):patient request:ref(Claim):request status:token:status use:token:use
CareTeam identifier:token:identifier category:token:category date:date:period encounter:ref(Encounter):encounter participant:ref:participant.member patient:ref(Patient):subject status:token:status subject:ref:subject
CarePlan identifier:token:identifier activity-code:token:activity.detail.code activity-reference:ref:activity.reference based-on:ref(CarePlan):basedOn care-team:ref(CareTeam):careTeam category:token:category condition:ref(Condition):addresses date:date:period encounter:ref(Encounter):encounter goal:ref(Goal):goal intent:token:intent part-of:ref(CarePlan):partOf patient:ref(Patient):subject performer:ref:activity.detail.performer replaces:ref(CarePlan):replaces status:token:status subject:ref:subject
Goal identifier:token:identifier achievement-status:token:achievementStatus category:token:category lifecycle-status:token:lifecycleStatus patient:ref(Patient):subject start-date:date:startDate subject:ref:subject target-date:date:target.dueDate
Device identifier:token:identifier device-name:string:deviceName.name,type.text location:ref(Location):location manufacturer:string:manufacturer model:string:modelNumber organization:ref(Organization):owner patient:ref(Patient):patient status:token:status type:token:type udi-carrier:string:udiCarrier.carrierHRF udi-di:string:udiCarrier.deviceIdentifier url:uri:url
DeviceRequest identifier:token:identifier authored-on:date:authoredOn based-on:ref:basedOn code:token:codeCodeableConcept device:ref(Device):codeReference encounter:ref(Encounter):encounter intent:token:intent patient:ref(Patient):subject performer:ref:performer requester:ref:requester status:token:status subject:ref:subject
DeviceUseStatement identifier:token:identifier device:ref(Device):device patient:ref(Patient):subject subject:ref:subject
ServiceRequest identifier:token:identifier authored:date:authoredOn based-on:ref:basedOn body-site:token:bodySite category:token:category code:token:code encounter:ref(Encounter):encounter intent:token:intent occurrence:date:occurrenceDateTime,occurrencePeriod patient:ref(Patient):subject performer:ref:performer performer-type:token:performerType priority:token:priority replaces:ref(ServiceRequest):replaces requester:ref:requester requisition:token:requisition specimen:ref(Specimen):specimen status:token:status subject:ref:subject
Specimen identifier:token:identifier accession:token:accessionIdentifier bodysite:token:collection.bodySite collected:date:collection.collectedDateTime,collection.collectedPeriod collector:ref:collection.collector parent:ref(Specimen):parent patient:ref(Patient):subject status:token:status subject:ref:subject type:token:type
ImagingStudy identifier:token:identifier basedon:ref:basedOn bodysite:token:series.bodySite encounter:ref(Encounter):encounter endpoint:ref(Endpoint):endpoint modality:token:series.modality patient:ref(Patient):subject performer:ref:series.performer.actor reason:token:reasonCode referrer:ref:referrer series:token:series.uid started:date:started status:token:status subject:ref:subject
Media identifier:token:identifier based-on:ref:basedOn created:date:createdDateTime,createdPeriod device:ref:device encounter:ref(Encounter):encounter modality:token:modality operator:ref:operator patient:ref(Patient):subject site:token:bodySite status:token:status subject:ref:subject type:token:type view:token:view
FamilyMemberHistory identifier:token:identifier code:token:condition.code date:date:date patient:ref(Patient):patient relationship:token:relationship sex:token:sex status:token:status
Consent identifier:token:identifier action:token:provision.action actor:ref:provision.actor.reference category:token:category consentor:ref:performer data:ref:provision.data.reference date:date:dateTime organization:ref(Organization):organization patient:ref(Patient):patient period:date:provision.period purpose:token:provision.purpose scope:token:scope security-label:token:provision.securityLabel source-reference:ref:sourceReference status:token:status
Provenance agent:ref:agent.who agent-role:token:agent.role agent-type:token:agent.type entity:ref:entity.what location:ref(Location):location patient:ref(Patient):target recorded:date:recorded signature-type:token:signature.type target:ref:target when:date:occurredDateTime,occurredPeriod
AuditEvent action:token:action address:string:agent.network.address agent:ref:agent.who agent-name:string:agent.name agent-role:token:agent.role altid:token:agent.altId date:date:recorded entity:ref:entity.what entity-name:string:entity.name entity-role:token:entity.role entity-type:token:entity.type outcome:token:outcome patient:ref(Patient):agent.who,entity.what policy:uri:agent.policy site:token:source.site source:ref:source.observer subtype:token:subtype type:token:type
QuestionnaireResponse identifier:token:identifier author:ref:author authored:date:authored based-on:ref:basedOn encounter:ref(Encounter):encounter part-of:ref:partOf patient:ref(Patient):subject questionnaire:uri:questionnaire source:ref:source status:token:status subject:ref:subject
Questionnaire identifier:token:identifier code:token:item.code date:date:date name:string:name status:token:status title:string:title url:uri:url version:token:version
Communication identifier:token:identifier based-on:ref:basedOn category:token:category encounter:ref(Encounter):encounter medium:token:medium part-of:ref:partOf patient:ref(Patient):subject received:date:received recipient:ref:recipient sender:ref:sender sent:date:sent status:token:status subject:ref:subject
Task identifier:token:identifier authored-on:date:authoredOn based-on:ref:basedOn business-status:token:businessStatus code:token:code encounter:ref(Encounter):encounter focus:ref:focus group-identifier:token:groupIdentifier intent:token:intent modified:date:lastModified owner:ref:owner part-of:ref(Task):partOf patient:ref(Patient):for performer:token:performerType period:date:executionPeriod priority:token:priority requester:ref:requester status:token:status subject:ref:for
List identifier:token:identifier code:token:code date:date:date empty-reason:token:emptyReason encounter:ref(Encounter):encounter item:ref:entry.item notes:string:note.text patient:ref(Patient):subject source:ref:source status:token:status subject:ref:subject title:string:title
Flag identifier:token:identifier author:ref:author date:date:period encounter:ref(Encounter):encounter patient:ref(Patient):subject status:token:status subject:ref:subject
RiskAssessment identifier:token:identifier condition:ref(Condition):condition date:date:occurrenceDateTime,occurrencePeriod encounter:ref(Encounter):encounter method:token:method patient:ref(Patient):subject performer:ref:performer subject:ref:subject
ClinicalImpression identifier:token:identifier assessor:ref:assessor date:date:date encounter:ref(Encounter):encounter finding-code:token:finding.itemCodeableConcept patient:ref(Patient):subject problem:ref:problem status:token:status subject:ref:subject
AdverseEvent identifier:token:identifier actuality:token:actuality category:token:category date:date:date event:token:event location:ref(Location):location recorder:ref:recorder subject:ref:subject
DetectedIssue identifier:token:identifier author:ref:author code:token:code identified:date:identifiedDateTime,identifiedPeriod implicated:ref:implicated patient:ref(Patient):patient
BodyStructure identifier:token:identifier location:token:location morphology:token:morphology patient:ref(Patient):patient
NutritionOrder identifier:token:identifier datetime:date:dateTime encounter:ref(Encounter):encounter oraldiet:token:oralDiet.type patient:ref(Patient):patient provider:ref:orderer status:token:status
VisionPrescription identifier:token:identifier datewritten:date:dateWritten encounter:ref(Encounter):encounter patient:ref(Patient):patient prescriber:ref:prescriber status:token:status
Group identifier:token:identifier actual:token:actual characteristic:token:characteristic.code code:token:code managing-entity:ref:managingEntity member:ref:member.entity type:token:type
HealthcareService identifier:token:identifier active:token:active location:ref(Location):location name:string:name organization:ref(Organization):providedBy service-type:token:type specialty:token:specialty
InsurancePlan identifier:token:identifier administered-by:ref(Organization):administeredBy name:string:name,alias owned-by:ref(Organization):ownedBy status:token:status type:token:type
Endpoint identifier:token:identifier connection-type:token:connectionType name:string:name organization:ref(Organization):managingOrganization payload-type:token:payloadType status:token:status
Account identifier:token:identifier name:string:name owner:ref(Organization):owner patient:ref(Patient):subject period:date:servicePeriod status:token:status subject:ref:subject type:token:type
Substance identifier:token:identifier category:token:category code:token:code,ingredient.substanceCodeableConcept status:token:status
Schedule identifier:token:identifier active:token:active actor:ref:actor date:date:planningHorizon service-type:token:serviceType specialty:token:specialty
Slot identifier:token:identifier appointment-type:token:appointmentType schedule:ref(Schedule):schedule service-type:token:serviceType start:date:start status:token:status
Basic identifier:token:identifier author:ref:author code:token:code created:date:created patient:ref(Patient):subject subject:ref:subject
Linkage author:ref:author item:ref:item.resource source:ref:item.resource
`

// commonParams are those of every resource type.
const commonParams = `_id:token:id _lastUpdated:date:meta.lastUpdated _tag:token:meta.tag _security:token:meta.security _profile:uri:meta.profile _source:uri:meta.source`

// param is one search parameter.
type param struct {
	name   string
	kind   string // token, string, date, ref, quantity, number, uri, deceased
	target string // the one target type of a reference, "" for any
	paths  []string
}

// searchParams is paramTable in the form that look-ups need.
var searchParams = sync.OnceValue(func() map[string]map[string]param {
	all := map[string]map[string]param{}
	read := func(to map[string]param, words []string) {
		for _, w := range words {
			part := strings.SplitN(w, ":", 3)
			p := param{name: part[0], kind: part[1], paths: strings.Split(part[2], ",")}
			if kind, target, ok := strings.Cut(p.kind, "("); ok {
				p.kind, p.target = kind, strings.TrimSuffix(target, ")")
			}
			if p.kind != "none" {
				to[p.name] = p
			}
		}
	}
	for kind := range knownTypes() {
		all[kind] = map[string]param{}
		read(all[kind], strings.Fields(commonParams))
	}
	for line := range strings.Lines(paramTable) {
		if words := strings.Fields(line); len(words) > 0 {
			read(all[words[0]], words[1:])
		}
	}
	return all
})

func paramOf(kind, name string) (param, bool) {
	p, ok := searchParams()[kind][name]
	return p, ok
}
