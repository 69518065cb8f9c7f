package r4

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Behaviour is how the server behaves. The zero value is a good R4 server:
// transactions, conditional creates, $match, referential integrity, UUIDs as
// ids, answers with the resource in them. Every field is a deviation. It is JSON
// in the form of its tags.
type Behaviour struct {
	// NoTransaction is the status (400, 404, 422) that a transaction is answered
	// with; 0: they work.
	NoTransaction int `json:"noTransaction,omitempty"`
	// TransactionAsBatch treats a transaction as a batch and answers 200 with a
	// transaction-response, as Medplum does without its transaction feature: what
	// failed is missing, the rest is there.
	TransactionAsBatch bool `json:"transactionAsBatch,omitempty"`
	// NoBatch is the status that a batch is answered with; 0: they work.
	NoBatch int `json:"noBatch,omitempty"`
	// NoMatch is the status (400, 403, 404, 405, 501) of Patient/$match; 0: it works.
	NoMatch int `json:"noMatch,omitempty"`
	// EntryLimit is the most entries of a bundle (Azure: 500); more: 400.
	EntryLimit int `json:"entryLimit,omitempty"`
	// ConditionalEntryLimit is the most entries of a bundle in which any entry
	// carries ifNoneExist (Medplum: 8); more: 400.
	ConditionalEntryLimit int `json:"conditionalEntryLimit,omitempty"`
	// BodyLimit is the most bytes of a synchronous request (Medplum: 1 MB);
	// 0 stands for 64 MB.
	BodyLimit int64 `json:"bodyLimit,omitempty"`
	// BodyLimitStatus is what a larger body is answered with: 413, or 400 as
	// Medplum does. 0 stands for 413.
	BodyLimitStatus int `json:"bodyLimitStatus,omitempty"`
	// AsyncOnly answers every bundle with 202 and a job to poll.
	AsyncOnly bool `json:"asyncOnly,omitempty"`
	// AsyncPolls is how many polls of a job are answered 202 before the result.
	AsyncPolls int `json:"asyncPolls,omitempty"`
	// AsyncStyle is the form of a finished job: "fhir" (a batch-response Bundle
	// around the answer; the default) or "medplum" (AsyncJob with a Binary).
	AsyncStyle string `json:"asyncStyle,omitempty"`
	// NoRepresentation never gives the resource back on writes (Oracle Health).
	NoRepresentation bool `json:"noRepresentation,omitempty"`
	// NumericIDs gives ids like HAPI (1, 2, 3) in place of UUIDs.
	NumericIDs bool `json:"numericIds,omitempty"`
	// AbsoluteLocations gives bundle response locations as absolute URLs.
	AbsoluteLocations bool `json:"absoluteLocations,omitempty"`
	// NumberStatus gives bundle response statuses as "201" in place of "201 Created".
	NumberStatus bool `json:"numberStatus,omitempty"`
	// NoLocation leaves Location headers and response.location out.
	NoLocation bool `json:"noLocation,omitempty"`
	// AcceptDangling switches referential integrity off (Medplum).
	AcceptDangling bool `json:"acceptDangling,omitempty"`
	// NoClientIDs refuses PUT to an id that does not exist (Medplum).
	NoClientIDs bool `json:"noClientIds,omitempty"`
	// BatchResolves rewrites urn:uuid links in a batch too (Medplum).
	BatchResolves bool `json:"batchResolves,omitempty"`
	// LenientSearch leaves unknown search parameters out in place of 400.
	LenientSearch bool `json:"lenientSearch,omitempty"`
	// AccentSensitive makes string search see accents (measured on Medplum:
	// family=Nunez does not find Nuñez).
	AccentSensitive bool `json:"accentSensitive,omitempty"`
	// LooseSearch makes a Patient search of several criteria give everybody who
	// meets half of them (Epic: a search is a weighted match with near hits).
	LooseSearch bool `json:"looseSearch,omitempty"`
	// KeepClientIDs stores a POST under the id in its body; taken: 409 (Helios).
	KeepClientIDs bool `json:"keepClientIds,omitempty"`
	// PlainErrors answers errors in Google's own form and not as OperationOutcome.
	PlainErrors bool `json:"plainErrors,omitempty"`
	// NoTotal leaves Bundle.total out unless _total=accurate (Medplum).
	NoTotal bool `json:"noTotal,omitempty"`
	// NoConditionalCreate refuses If-None-Exist with 412 "not-supported".
	NoConditionalCreate bool `json:"noConditionalCreate,omitempty"`
	// NoValidation stores what is a JSON object with the right resourceType.
	NoValidation bool `json:"noValidation,omitempty"`
	// RefuseEntry refuses the bundle entry of that number, from 1, with 422.
	RefuseEntry int `json:"refuseEntry,omitempty"`
	// RefuseTypes refuses creates and updates of these types with 422.
	RefuseTypes []string `json:"refuseTypes,omitempty"`
	// RequireAuth wants a bearer token from the token endpoint.
	RequireAuth bool `json:"requireAuth,omitempty"`
	// MedplumAuth answers a bad secret with 400 invalid_request, not 401
	// invalid_client, and wants aud to be the token URL exactly.
	MedplumAuth bool `json:"medplumAuth,omitempty"`
	// TokenSeconds is how long a token lives; 0 stands for 300.
	TokenSeconds int `json:"tokenSeconds,omitempty"`
	// ClockSkewSeconds moves the Date header and the server's own clock.
	ClockSkewSeconds int `json:"clockSkewSeconds,omitempty"`
	// RequestsPerMinute is a quota; past it 429 with RateLimit and Retry-After.
	RequestsPerMinute int `json:"requestsPerMinute,omitempty"`
	// Down closes every connection without an answer.
	Down bool `json:"down,omitempty"`
	// Faults strike single requests; the first that fits is used.
	Faults []Fault `json:"faults,omitempty"`
}

// Fault strikes requests that fit it: it lets the first Skip of them pass, then
// strikes Times of them (0: all).
type Fault struct {
	// Kind: "status" answers Status at once; "drop-before" closes the connection
	// before the request is worked on; "drop-after" works on it, commits, and
	// closes without an answer; "status-after" commits and answers Status;
	// "drip" sends the answer a byte at a time, DripMillis apart; "truncate" sends
	// half the answer under its full length; "hang" holds the request until the
	// client or the world goes; "garbage" answers 200 with HTML.
	Kind string `json:"kind"`
	// Method and What narrow it: What is a resource type, "transaction", "batch",
	// "bundle" (either), "$match", "metadata", "token", "" for all.
	Method string `json:"method,omitempty"`
	What   string `json:"what,omitempty"`
	Status int    `json:"status,omitempty"`
	// RetryAfter is sent as it stands: seconds, an HTTP date or garbage.
	RetryAfter string `json:"retryAfter,omitempty"`
	DripMillis int    `json:"dripMillis,omitempty"`
	Skip       int    `json:"skip,omitempty"`
	Times      int    `json:"times,omitempty"`
}

var faultKinds = []string{"status", "drop-before", "drop-after", "status-after", "drip", "truncate", "hang", "garbage"}

// Validate tells what is wrong with a behaviour.
func (b Behaviour) Validate() error {
	for _, s := range []int{b.NoTransaction, b.NoBatch, b.NoMatch, b.BodyLimitStatus} {
		if s != 0 && (s < 400 || s > 599) {
			return fmt.Errorf("behaviour: status %d is no error status (400 to 599)", s)
		}
	}
	if !slices.Contains([]string{"", "fhir", "medplum"}, b.AsyncStyle) {
		return fmt.Errorf("behaviour: asyncStyle %q is neither fhir nor medplum", b.AsyncStyle)
	}
	for i, f := range b.Faults {
		if !slices.Contains(faultKinds, f.Kind) {
			return fmt.Errorf("behaviour: faults[%d].kind %q is none of %v", i, f.Kind, faultKinds)
		}
		if (f.Kind == "status" || f.Kind == "status-after") && (f.Status < 200 || f.Status > 599) {
			return fmt.Errorf("behaviour: faults[%d].status %d is no HTTP status", i, f.Status)
		}
	}
	return nil
}

// Preset gives the behaviour of a known server (../shared/standards/servers.md):
// "spec", "medplum" (without its transaction feature), "medplum-transactions",
// "hapi", "azure", "google", "healthlake", "helios", "oracle", "epic", "aidbox".
func Preset(name string) (Behaviour, error) {
	medplum := Behaviour{
		ConditionalEntryLimit: 8, BodyLimit: 1 << 20, BodyLimitStatus: 400, AsyncStyle: "medplum", AcceptDangling: true,
		NoClientIDs: true, BatchResolves: true, AccentSensitive: true, NoTotal: true, NumberStatus: true, MedplumAuth: true, TokenSeconds: 3600,
	}
	presets := map[string]Behaviour{
		"spec":                 {},
		"medplum-transactions": medplum,
		"hapi":                 {NumericIDs: true, NoMatch: 400},
		"azure":                {EntryLimit: 500, NoMatch: 404, AcceptDangling: true, AbsoluteLocations: true},
		"oracle":               {NoTransaction: 422, NoBatch: 422, NoMatch: 404, NoRepresentation: true, NumericIDs: true, NoConditionalCreate: true},
		"epic":                 {NoTransaction: 404, NoBatch: 404, NoMatch: 404, NoConditionalCreate: true, LenientSearch: true, LooseSearch: true},
		"aidbox":               {},
		"google":               {NoMatch: 404, PlainErrors: true, BodyLimit: 50 << 20},
		"healthlake":           {NoMatch: 404},
		"helios":               {NoMatch: 404, KeepClientIDs: true},
	}
	medplum.TransactionAsBatch = true
	presets["medplum"] = medplum
	b, ok := presets[name]
	if !ok {
		return Behaviour{}, fmt.Errorf("behaviour: no preset %q", name)
	}
	return b, nil
}

// Merge lays JSON members over b; a member that is no field is an error.
func (b Behaviour) Merge(raw []byte) (Behaviour, error) {
	var named struct {
		Preset string `json:"preset"`
	}
	if err := json.Unmarshal(raw, &named); err != nil {
		return b, fmt.Errorf("behaviour: %w", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return b, fmt.Errorf("behaviour: %w", err)
	}
	if named.Preset != "" {
		preset, err := Preset(named.Preset)
		if err != nil {
			return b, err
		}
		b = preset
	}
	delete(members, "preset")
	// Slices of the old value are shared with a reader: decode into new ones.
	b.Faults, b.RefuseTypes = slices.Clone(b.Faults), slices.Clone(b.RefuseTypes)
	if _, ok := members["faults"]; ok {
		b.Faults = nil
	}
	if _, ok := members["refuseTypes"]; ok {
		b.RefuseTypes = nil
	}
	if err := strictDecode(encode(members), &b); err != nil {
		return b, fmt.Errorf("behaviour: %w", err)
	}
	return b, b.Validate()
}

func (b *Behaviour) skew() time.Duration { return time.Duration(b.ClockSkewSeconds) * time.Second }
