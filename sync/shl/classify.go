package shl

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// Kind is what a scanned text is.
type Kind string

// The kinds Classify tells apart.
const (
	KindLink        Kind = "shlink"          // a SMART Health Link
	KindCard        Kind = "shc"             // shc:/ numeric SMART Health Card
	KindCardChunk   Kind = "shc-chunk"       // shc:/C/N/ part of a card
	KindCardJWS     Kind = "shc-jws"         // bare three-part JWS
	KindCardFile    Kind = "shc-file"        // JSON with verifiableCredential
	KindJWE         Kind = "jwe"             // bare five-part JWE: a file without its link
	KindAppIdentity Kind = "cms-htei"        // CMS app identity JSON
	KindOtherHealth Kind = "other-link"      // vhlink:/ and other schemes made like ours
	KindHCERT       Kind = "hcert"           // HC1: European health certificate
	KindBoarding    Kind = "boarding-pass"   // IATA BCBP
	KindLicence     Kind = "driving-licence" // AAMVA PDF417
	KindWeb         Kind = "web-address"     // http or https without a link inside
	KindWiFi        Kind = "wifi"            // WIFI: network code
	KindContact     Kind = "contact"         // vCard, MECARD
	KindURI         Kind = "other-scheme"    // any other scheme
	KindFHIR        Kind = "fhir-json"       // a FHIR resource in the clear
	KindJSON        Kind = "json"            // other JSON
	KindText        Kind = "text"            // none of these
	KindEmpty       Kind = "empty"           // nothing
)

// Classify says what a text is. It makes no promise that the thing is valid,
// only that it means to be one.
func Classify(text string) Kind {
	if len(text) > maxText {
		return KindText
	}
	// AAMVA starts with "@" and control characters, which trim leaves alone.
	text = trim(text)
	if text == "" {
		return KindEmpty
	}
	if _, seen := payloadsIn(text); seen {
		return KindLink
	}
	lower := strings.ToLower(text[:min(len(text), 512)])
	switch {
	case strings.HasPrefix(lower, "shc:/"):
		return cardKind(text[len("shc:/"):])
	case strings.Contains(lower, "#shc:/"):
		return KindCard
	case strings.HasPrefix(lower, "vhlink:/"):
		return KindOtherHealth
	case strings.HasPrefix(lower, "hc1:"):
		return KindHCERT
	case strings.HasPrefix(lower, "wifi:"):
		return KindWiFi
	case strings.HasPrefix(lower, "begin:vcard"), strings.HasPrefix(lower, "mecard:"):
		return KindContact
	case isLicence(text):
		return KindLicence
	case isBoardingPass(text):
		return KindBoarding
	case text[0] == '{' || text[0] == '[':
		return jsonKind(text)
	}
	if k := joseKind(text); k != "" {
		return k
	}
	return uriKind(text)
}

func cardKind(rest string) Kind {
	rest = strings.TrimLeft(rest, "/")
	if strings.Contains(rest, "/") {
		return KindCardChunk
	}
	return KindCard
}

// isLicence knows the header of the AAMVA card design standard: "@", line feed,
// record separator, carriage return, then the file type "ANSI " (old cards:
// "AAMVA"). Wedge scanners eat some of the control characters.
func isLicence(s string) bool {
	if !strings.HasPrefix(s, "@") {
		return false
	}
	head := s[1:min(len(s), 24)]
	head = strings.TrimLeft(head, "\n\r\x1e\x1c\x1d ")
	return strings.HasPrefix(head, "ANSI ") || strings.HasPrefix(head, "AAMVA")
}

// isBoardingPass knows the start of IATA resolution 792 (BCBP): format code M,
// the number of legs 1 to 4, a name of 20 characters, the ticket indicator, a
// booking reference of 7 and two airports of three letters.
func isBoardingPass(s string) bool {
	if len(s) < 58 || s[0] != 'M' || s[1] < '1' || s[1] > '4' {
		return false
	}
	airports := s[30:36]
	return s[22] == 'E' || s[22] == ' ' || !strings.ContainsFunc(airports, func(r rune) bool { return r < 'A' || r > 'Z' })
}

func jsonKind(text string) Kind {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		if json.Valid([]byte(text)) {
			return KindJSON
		}
		return KindText
	}
	var kind string
	_ = json.Unmarshal(members["type"], &kind)
	switch {
	case strings.EqualFold(kind, "cms-htei"):
		return KindAppIdentity
	case members["verifiableCredential"] != nil:
		return KindCardFile
	case members["resourceType"] != nil:
		return KindFHIR
	}
	return KindJSON
}

// joseKind recognises a bare compact JWS or JWE by its decoded header.
func joseKind(text string) Kind {
	head, _, ok := strings.Cut(text, ".")
	if !ok || len(head) > 8<<10 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return ""
	}
	var h struct {
		Alg string `json:"alg"`
		Enc string `json:"enc"`
	}
	if json.Unmarshal(raw, &h) != nil || h.Alg == "" {
		return ""
	}
	switch strings.Count(text, ".") {
	case 2:
		return KindCardJWS
	case 4:
		return KindJWE
	}
	return ""
}

func uriKind(text string) Kind {
	if strings.ContainsAny(text, " \t\r\n") {
		return KindText
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		if strings.HasPrefix(strings.ToLower(text), "www.") {
			return KindWeb
		}
		return KindText
	}
	switch {
	case (u.Scheme == "http" || u.Scheme == "https") && strings.Contains(u.Fragment, "verifiableCredential"):
		return KindCardFile
	case u.Scheme == "http" || u.Scheme == "https":
		return KindWeb
	case strings.HasSuffix(u.Scheme, "link"):
		return KindOtherHealth
	case len(u.Scheme) > 1:
		return KindURI
	}
	return KindText
}
