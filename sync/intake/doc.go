// Package intake files a patient's shared record in the clinic's chart.
//
// An [Envelope] is everything one import is made of: the files as they came,
// what the patient left out and agreed to, whose chart it is for, and a
// journal of what has been sent. It is JSON, so that a ledger can hold it. An
// [Importer] takes it the rest of the way: plan, reconcile with what the chart
// holds, send as one transaction, read everything back, and say in a
// [Receipt] what became of every single entry.
//
// The promises:
//   - What is filed is, outside id, meta and references, byte for byte what came.
//   - No literal reference leaves that was not resolved: what is missing or
//     left out becomes a logical or display reference, never an id that could
//     belong to a stranger's record on the receiving server.
//   - Importing twice files once: each entry is compared with the chart by
//     business identifier of this patient, by clinical meaning and by content.
//   - Nothing is sent again before it was looked for: every resource carries
//     tags of its import, and the journal is saved before each step that cannot
//     be taken back.
//   - Facts about a patient who has a chart never overwrite it: they become
//     [Proposal]s.
//   - "verified" is said only after a fresh read of the chart.
//
// The limits: one envelope is delivered by one process at a time (the outbox
// sees to that), and two kiosks that import the same new person in the same
// second can both create a chart; the verification then reports the duplicate.
package intake
