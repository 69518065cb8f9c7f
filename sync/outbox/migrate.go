package outbox

// migrate brings a ledger of an older format to the present one, inside one
// transaction. Format 1 is the first; what a later one needs is added here as
// a case, and the ledgers of all released versions are kept in testdata.
func (l *Ledger) migrate(from int) error {
	switch from {
	case formatVersion:
		return nil
	default:
		return refuse(ReasonIO, "", "", "no way from format %d to %d", from, formatVersion)
	}
}
