// Package faults holds no program: its tests kill the whole way of an import,
// scan to chart, and count at a server what became of it. sync/outbox has the
// same faults for the ledger alone.
package faults
