package outbox

// migration brings a ledger from the format it is named after to the next one,
// inside the transaction that also writes the new format's number: a crash
// leaves the old or the new ledger.
type migration func(t *txn) error

// migrations are all steps this program knows, by the format they start from.
// Format 1 is the first, so there is none yet. A step that changes how records
// are stored also keeps the old reader (openHeader, openBody), which salvage
// needs. Ledgers of all released formats are kept in testdata and opened by
// TestOldFormats.
func migrations() map[int]migration { return map[int]migration{} }

// migrate takes all steps from a format to the present one in one transaction.
func (l *Ledger) migrate(from int) error {
	return l.writeLocked("migrate", func(t *txn) error {
		for f := from; f < formatVersion; f++ {
			step := l.opt.migrations[f]
			if step == nil {
				return refuse(ReasonIO, "", "start the version of this program that wrote it", "no way from ledger format %d to %d", f, f+1)
			}
			if err := step(t); err != nil {
				return err
			}
		}
		return nil
	})
}
