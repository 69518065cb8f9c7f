// Package shc reads and verifies SMART Health Cards: signed records that need
// no link. Text from a code, a file in a link or a paste goes in; a Card with
// its FHIR Bundle and a Status that says how far it can be believed come out.
//
//	jws, err := shc.Read(text)              // shc:/ numeric, bare JWS, card file, deep link
//	p, err := collector.Add(text)           // shc:/2/3/..., in any order
//	card, status := verifier.Verify(ctx, jws[0])
//
// The promise, after HL7 SMART Health Cards and Links 1.0.0 (STU1):
//
//   - ES256 and nothing else, over the bytes as they came, 64-byte signatures.
//     A key counts only when its thumbprint (RFC 7638) is its kid and the kid
//     is the card's.
//   - No claim of a card is believed before its signature is verified; the
//     issuer's address only names where the keys are looked for, and only when
//     the guard lets it be opened.
//   - With a directory that holds keys (VCI snapshot form) everything works
//     without a network, revocation included.
//   - "Signature right" and "issuer trusted" are two things and two states.
//
// The limits: a card is no identification; whether it is about the person at
// the kiosk is for sync/match. X.509 chains (x5c) are not a source of trust
// here. A directory with keys is as fresh as its file.
package shc
