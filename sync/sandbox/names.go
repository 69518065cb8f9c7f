package sandbox

import (
	"shlkiosk/sync/sandbox/internal/host"
	"shlkiosk/sync/sandbox/internal/people"
	"shlkiosk/sync/sandbox/internal/r4"
)

// The types of the parts, under the names that users of a World know them by.
type (
	// Behaviour is how the FHIR server behaves; the zero value is a good server.
	Behaviour = r4.Behaviour
	// Fault strikes single requests.
	Fault = r4.Fault
	// Counts are what a fault test looks at.
	Counts = r4.Counts
	// Duplicate is a group of resources that should be one.
	Duplicate = r4.Duplicate
	// Client is a client of the token endpoint.
	Client = r4.Client
	// Person is somebody with a chart at the demo clinic.
	Person = people.Person
	// IssueRequest says what link to make.
	IssueRequest = host.Request
	// File is one file of a link.
	File = host.File
	// Issued is a link that was made.
	Issued = host.Issued
	// Access is one request for a link.
	Access = host.Access
	// CardRequest says what SMART Health Card to sign.
	CardRequest = host.CardRequest
)

// Content types of a link's files.
const (
	TypeFHIR = host.TypeFHIR
	TypeCard = host.TypeCard
	TypeAPI  = host.TypeAPI
)

// Preset gives the behaviour of a known server: "spec", "medplum" (without its
// transaction feature), "medplum-transactions", "hapi", "azure", "google",
// "healthlake", "helios", "oracle", "epic", "aidbox".
func Preset(name string) (Behaviour, error) { return r4.Preset(name) }

// HostileKinds are the values of IssueRequest.Hostile.
func HostileKinds() []string { return append([]string(nil), host.HostileKinds...) }

// CardNumeric is the text of a card's QR code ("shc:/5676...").
func CardNumeric(jws string) string { return host.Numeric(jws) }

// CardFile is the content of a .smart-health-card file.
func CardFile(jws ...string) []byte { return host.CardFile(jws...) }

// PDF makes a real, small PDF of pages of text lines; the first line of a page
// is its heading.
func PDF(title string, pages ...[]string) []byte { return people.PDF(title, pages...) }
