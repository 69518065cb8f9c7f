// Package host is a SMART Health Link host and a SMART Health Card issuer for
// demonstrations and tests (HL7 SMART Health Cards and Links 1.0.0).
//
// Promise: it keeps the sharer's side of the guide: links with 256 bits of
// entropy, JWE of dir and A256GCM, manifest and direct files, passcodes with a
// lifetime count of attempts, embedded and located files (single use, short
// life), expiry, use limits, Retry-After. By switch (Request.Hostile) it breaks
// single rules of it. It shares no code with the receiver, so that one mistake
// does not hide another.
//
// Limit: everything is in memory, nothing is authenticated; it serves loopback.
package host
