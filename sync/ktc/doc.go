// Package ktc reads what a link gave a second time, after the CMS "Kill the
// Clipboard" profile (Patient-Shared Health Documents via SMART Health Links,
// 0.10.2), and verifies the profile's app attestation.
//
// There are two readings. The base specification (sync/shl, sync/fhir)
// decides whether a record is opened. The profile's findings are listed
// beside it, each with the stage at which a strict receiver stops; with
// Options.Strict the findings of force SHALL are refusals.
//
//	profile := ktc.New(ktc.Options{...})
//	report, err := profile.Link(link)              // before any request
//	reading, err := profile.Record(ctx, link, rec) // after shl.Resolve
//
// An app attestation says that a known app took part. It does not sign the
// content and can be copied from another Bundle, so it is a mark and never a
// gate: whatever its state, nothing is refused for it. The keys of an issuer
// are fetched only when the issuer is on the configured list: an unlisted
// address in a patient's Bundle is an address chosen by a stranger.
package ktc
