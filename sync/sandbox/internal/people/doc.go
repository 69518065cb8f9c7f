// Package people makes the synthetic people of the demo world, their charts at
// the clinic and what they bring on their phones.
//
// Promise: the same seed and time give the same people; nobody is real (names
// are drawn at random, phones from 555-01xx, mail from example.org, towns and
// ZIP codes that do not exist), and every resource carries the tag HTEST. Among
// them are the pairs that matchers get wrong. Limit: medically plausible, no
// more.
package people

import "encoding/json"

// Person is somebody with a chart at the demo clinic.
type Person struct {
	// Reference is the chart: "Patient/" and a UUID.
	Reference string `json:"reference"`
	// Kind says what is special: plain, returning, twin, near-twin, namesake,
	// household, accent, maiden, phones, nickname, sparse, inactive, deceased,
	// replaced.
	Kind string `json:"kind"`
	// Other is the chart of the twin, namesake or successor, if there is one.
	Other     string          `json:"other,omitempty"`
	Given     string          `json:"given"`
	Family    string          `json:"family"`
	BirthDate string          `json:"birthDate"`
	Gender    string          `json:"gender"`
	Phone     string          `json:"phone,omitempty"`
	Email     string          `json:"email,omitempty"`
	Line      string          `json:"line,omitempty"`
	City      string          `json:"city,omitempty"`
	State     string          `json:"state,omitempty"`
	ZIP       string          `json:"zip,omitempty"`
	Resource  json.RawMessage `json:"-"`
}

// Population is the people and everything else in the demo clinic's store.
type Population struct {
	People []Person
	// Resources are to be put in this order: what is referred to comes first.
	Resources []json.RawMessage
}
