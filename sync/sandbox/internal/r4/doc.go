// Package r4 is a FHIR R4 server over HTTP and JSON that lives in memory.
//
// It is a fake, made to be believed: what an importer and a matcher ask of a
// chart server it answers by the rules of FHIR R4 (4.0.1), and by switches
// (Behaviour) it misbehaves like the servers that are out there. It says in its
// CapabilityStatement that it is a demo.
//
// Promise: what is stored comes back as it was sent but for id and meta (the
// numbers as written, unknown elements, the order of members; white space is
// not kept); a transaction is applied whole or not at all; searches follow the
// parameter types of R4. Limits: no terminology (":in", ":below"), no profiles,
// no XML, no PATCH, no subscriptions, nothing survives the process.
package r4
