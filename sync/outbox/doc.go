// Package outbox keeps what patients handed over until the clinic's server has
// it: a ledger on disk, and a worker that delivers from it.
//
// # The promise
//
//   - When Put returns nil the record is on disk (fsync) and will be delivered
//     or be seen by a person. A Put that failed may still have reached the
//     disk, so a record's ID comes from its import and Put may be repeated.
//   - No record is lost, altered, added or brought back from an older copy
//     without an alarm. Headers carry a keyed tag, bodies are sealed with
//     authenticated encryption, and a sealed summary (count, sum over all tags,
//     chain) changes in the same transaction as the records.
//   - Nothing is filed twice because of us: the state "sending" is on disk
//     before the server hears of an import, and a record that may have reached
//     the server is marked so (Job.Unknown) that the Deliverer looks first.
//   - An unreadable ledger is put aside whole, what can be read of it goes into
//     a new one, and the alarm stays until a person answers it. A ledger whose
//     key is missing or another is not touched at all.
//   - Deleting a record overwrites it, its key and all older versions of both
//     in the file.
//
// # Inside
//
// One bbolt file (go.etcd.io/bbolt): fsync on every commit, copy on write. In
// it, per record, a header without protected data (state, times, counts, the
// receipt code, the wrapped key) and a body sealed with the record's own key.
// The free list is not stored: it is rebuilt at each start, so that a damaged
// one cannot give used pages away. Before bbolt sees the file, our own reader
// (pages.go) walks its structure, because bbolt ends the process on some kinds
// of damage. One process owns a ledger through a lock file.
//
// # The limits
//
// Overwriting cannot reach old copies that a flash disk keeps out of sight, or
// a file system that copies on write; there it is the vault's key, kept
// elsewhere, that protects them. A rollback of the whole folder, the witness
// file included, is seen only by comparing with the audit trail (Ledger.Mark).
// Receipt codes and times in headers can be read by whoever can read the file.
package outbox
