// Package sandbox is the demo world: one process with a FHIR R4 server full of
// synthetic people, a SMART Health Link host, a SMART Health Card issuer and a
// token endpoint, behind one loopback listener. It is one fake with three uses:
// the demonstration, the tests, and the faults that the real world has.
//
//	world, err := sandbox.Start(ctx, sandbox.Options{})
//	defer world.Close()
//	world.FHIRBase() // http://127.0.0.1:PORT/fhir
//	world.Demo()     // patients with links to scan
//
// # Addresses
//
//	GET  /                        what this is, for people
//	*    /fhir/...                FHIR R4: read, vread, history, create, update, delete, search,
//	                              conditional create, batch, transaction, $match, $everything, metadata
//	GET  /fhir/.well-known/smart-configuration
//	POST /oauth2/token            SMART Backend Services; client DemoClient, secret DemoSecret
//	POST /shl/m/ID                manifest      GET /shl/d/ID?recipient=  direct file
//	GET  /shl/f/ID                located file
//	GET  /shl/demo                the demo patients with their links (JSON)
//	POST /shl/demo                the same with fresh links
//	GET  /shl/view                the viewer page that links may be prefixed with
//	POST /shl/issue               make a link
//	GET  /shc/.well-known/jwks.json, /shc/.well-known/crl/KID.json
//
// # Making a link
//
// POST /shl/issue takes {"bundle": {...}} or {"files": [{"contentType",
// "json" | "data" (base64), "fhirVersion", "status", "lastUpdated"}]}, and
// "passcode", "attempts", "flag" (letters; "-" for a manifest link without any),
// "expires" (seconds, default 900, below 0 already run out), "noExp", "label",
// "zip", "located", "uses", "throttle", "retryAfter", "viewer" ("default" for the
// host's own page), "v", "hostile", "redirectTo". It answers 201 with {"link",
// "bare", "url", "expires", "flag", "label", "id"}, or 400 with {"error"}.
// [IssueRequest] says what each means.
//
// # Control (loopback only)
//
//	GET    /control/behaviour     the behaviour in force
//	POST   /control/behaviour     lay members over it; {"preset": "medplum"} starts from a known server
//	PUT    /control/behaviour     replace it
//	DELETE /control/behaviour     back to a good server
//	GET    /control/counts        [Counts]; DELETE sets them to nothing
//	POST   /control/reset         the store as at the start, fresh demo links
//	GET    /control/people        the synthetic people
//	GET    /control/dump          everything in the store, as text that can be compared
//	POST   /control/clients       register {"id", "secret", "jwks"} at the token endpoint
//	DELETE /control/tokens        end all tokens
//	GET    /control/links/ID      who asked for a link; DELETE revokes it
//	POST   /control/revoke        {"rid"} on the card issuer's revocation list
//
// [Behaviour] lists every switch with its JSON name, [Fault] the ways to strike
// single requests. An example: the next transaction is committed and its answer
// lost, the one after it is told to wait:
//
//	POST /control/behaviour
//	{"faults": [{"kind": "drop-after", "what": "transaction", "times": 1},
//	            {"kind": "status", "status": 429, "retryAfter": "2", "what": "transaction", "times": 1}]}
//
// The first fault that fits and is not used up strikes. Presets: spec, medplum,
// medplum-transactions, hapi, azure, google, healthlake, helios, oracle, epic,
// aidbox.
//
// Promise: deterministic people for a seed; nothing is written to disk, nothing
// listens beyond loopback, Close ends every goroutine. Limits: no persistence, no
// terminology, no profiles; over plain HTTP (the default) card issuers cannot be
// https as SHC demands: set Options.TLS for that.
package sandbox
