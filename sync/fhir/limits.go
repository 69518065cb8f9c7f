package fhir

// Limits bound what a scan accepts.
type Limits struct {
	MaxBytes   int // of the whole document
	MaxDepth   int // of nested objects and arrays
	MaxEntries int // of a Bundle
}

// DefaultLimits are the ceilings for one file of a patient's record: 60 MB is
// what a kiosk inflates at most (receiver.md 1.6), 64 levels are several times
// what R4 needs (reliability.md 3), and 20,000 entries hold the largest real
// exports seen several times over while a million is refused.
func DefaultLimits() Limits {
	return Limits{MaxBytes: 60 << 20, MaxDepth: 64, MaxEntries: 20_000}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.MaxBytes <= 0 {
		l.MaxBytes = d.MaxBytes
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = d.MaxDepth
	}
	if l.MaxEntries <= 0 {
		l.MaxEntries = d.MaxEntries
	}
	return l
}
