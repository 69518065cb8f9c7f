// Package shl receives SMART Health Links: text from a code, a wedge scanner
// or a paste goes in, decrypted files come out. It knows JOSE and knows no
// FHIR.
//
//	link, err := shl.Parse(text, now)          // no network
//	err = resolver.Check(link)                 // no network: may it be opened from here?
//	rec, err := resolver.Resolve(ctx, link, passcode)
//
// The promise, after HL7 SMART Health Cards and Links 1.0.0 (STU1) and the
// "Kill the Clipboard" profile 0.10.2:
//
//   - Every carrier of a link is read: bare, with a viewer address before it,
//     upper-case scheme, shlink://, percent-encoded, with words around it. The
//     viewer's address is never contacted.
//   - Nothing is requested before the payload is found good.
//   - A passcode is POSTed at most once for each call of Resolve, without any
//     exception, and never to another origin. A located file is fetched at
//     most once for each address, and a link without a passcode is asked for a
//     second manifest at most once.
//   - A file is either authenticated by AES-GCM under the link's key, or a
//     signed card, or it is not there: nothing is ever half decrypted.
//   - Everything is bounded: text, payload, bodies, number of files, inflated
//     size, time.
//   - One bad file does not hide the good ones (Record.Problems).
//   - Errors say stage and reason in codes; none holds the URL, the key, the
//     passcode, the payload or a name.
//
// The limits: long-term links (flag L) are read as a snapshot, once. URL and
// key come out of Go strings that the caller had, which cannot be wiped;
// Link.Wipe wipes our own copies. What this package does not judge: whether
// the content is good FHIR (sync/fhir), and whether a card is genuine
// (sync/shc).
package shl
