package match

import (
	"strings"

	"shlkiosk/sync/fhir"
)

// The identifier systems that the rules know.
const (
	systemSSN      = "http://hl7.org/fhir/sid/us-ssn"
	systemITIN     = "http://hl7.org/fhir/sid/us-itin"
	systemMBI      = "http://hl7.org/fhir/sid/us-mbi"
	systemBlue     = "https://bluebutton.cms.gov/resources/identifiers/"
	systemLicences = "urn:oid:2.16.840.1.113883.4.3." // driver licences, one arc a state
	systemPassport = "http://hl7.org/fhir/sid/passport-"
	systemV20203   = "http://terminology.hl7.org/CodeSystem/v2-0203"
)

// idKind sorts identifiers by what they are worth.
type idKind int

const (
	idNone   idKind = iota // identifies nobody: an account, a visit, no namespace, a dummy
	idSSN                  // value: nine digits, or the last four
	idITIN                 // the same
	idMBI                  // value: eleven characters
	idLegal                // passport, driver licence: system|value
	idCSP                  // credential service provider's uuid
	idMember               // insurance number, which a family may share: system|value
	idRecord               // medical record or other number in a namespace of its own: system|value
)

// readIdentifier sorts one FHIR Identifier. A value counts only inside its
// namespace: record number 12345 of two hospitals is two numbers.
func readIdentifier(id fhir.Value) (kind idKind, value string) {
	system := strings.TrimSpace(id.Get("system").String())
	code := ""
	for _, c := range id.Get("type", "coding").Elements() {
		if s := c.Get("system").String(); s == systemV20203 || s == "" || strings.HasSuffix(s, "0203") {
			code = c.Get("code").String()
		}
	}
	raw := id.Get("value").String()
	v := fold(raw)
	switch {
	case system == systemSSN, system == "urn:oid:2.16.840.1.113883.4.1", code == "SS":
		return nineDigits(idSSN, raw)
	case system == systemITIN, code == "ITIN":
		return nineDigits(idITIN, raw)
	case placeholderID(v):
		return idNone, ""
	case system == systemMBI, system == "urn:oid:2.16.840.1.113883.4.927", system == systemBlue+"mbi":
		if len(v) == 11 {
			return idMBI, v
		}
		return idNone, ""
	case system == systemBlue+"csp-uuid":
		return idCSP, v
	case looksLikeSSN(raw):
		return idNone, "" // nine digits in the dress of an SSN under another system are nobody's record number
	case !namespace(system):
		return idNone, ""
	case system == systemBlue+"beneficiary-id", strings.HasPrefix(system, systemLicences),
		strings.HasPrefix(system, systemPassport), code == "DL", code == "PPN":
		return idLegal, system + "|" + v
	}
	switch code {
	case "MB", "SN", "MA", "MC", "MI", "NIIP", "HC":
		return idMember, system + "|" + v
	case "AN", "VN", "VISIT", "ANON", "ANC", "PLAC", "FILL", "NPI", "PRN", "XX", "UDI", "RI", "ACSN":
		return idNone, ""
	}
	return idRecord, system + "|" + v
}

// namespace tells that an identifier system is a URI that can belong to
// somebody. The names of types and of the generic URI system are none.
func namespace(system string) bool {
	if !strings.Contains(system, ":") {
		return false
	}
	low := strings.ToLower(system)
	for _, generic := range []string{"v2-0203", "identifier-type", "urn:ietf:rfc:", "urn:system", "urn:unknown", "urn:oid:unknown",
		"v2/0203", "nullflavor"} {
		if strings.Contains(low, generic) {
			return false
		}
	}
	return true
}

func looksLikeSSN(raw string) bool {
	raw = strings.TrimSpace(raw)
	return len(raw) == 11 && raw[3] == '-' && raw[6] == '-' && len(digitsOf(raw)) == 9
}

// nineDigits reads an SSN or ITIN: nine digits, or only the last four of them
// ("***-**-1234"). Placeholders are nothing.
func nineDigits(kind idKind, raw string) (idKind, string) {
	d := digitsOf(raw)
	switch {
	case len(d) == 9 && !placeholderSSN(d) && !placeholderLast4(d[5:]):
		return kind, d
	case len(d) == 9, len(d) < 4, len(d) > 9:
		return idNone, ""
	}
	if last := d[len(d)-4:]; !placeholderLast4(last) && len(d) == 4 {
		return kind, last
	}
	return idNone, ""
}

// namespaceOf is the system of "system|value".
func namespaceOf(id string) string {
	i := strings.LastIndexByte(id, '|')
	return id[:max(i, 0)]
}
