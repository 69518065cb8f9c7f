package outbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"time"

	"shlkiosk/sync/vault"
)

// summary is what the ledger knows about itself. It is sealed and written in
// every transaction, so that records cannot come, go or change without it.
type summary struct {
	Format int    `json:"format"`
	Ledger string `json:"ledger"` // random name of this ledger
	// LaneKey hides the lanes' names. It is the ledger's own, so that lanes stay
	// the same when the vault's key is changed.
	LaneKey string `json:"laneKey"`
	Txn     uint64 `json:"txn"`   // transactions so far
	Seq     uint64 `json:"seq"`   // records so far
	Count   int    `json:"count"` // records now
	Sum     sum    `json:"sum"`   // over the tags of all headers
	Chain   []byte `json:"chain"` // hash over the summaries of all transactions

	Paused string  `json:"paused,omitempty"` // who paused deliveries
	Alarms []Alarm `json:"alarms,omitempty"`
	// Scrub is set in the transaction that frees pages with a deleted record in
	// them, and cleared once they are overwritten. Found set at start, the
	// overwriting is done then.
	Scrub bool `json:"scrub,omitempty"`
	// Last is the wall clock at the last transaction; a start that finds an
	// earlier time notes the jump.
	Last time.Time `json:"last"`
}

// sum is a multiset hash: the sum modulo 2^256 of one keyed value per record
// (MSet-Add-Hash of Clarke et al., 2003). It is updated in constant time.
type sum [4]uint64

func (s *sum) add(e *entry)    { s.mix(e.leaf, bits.Add64) }
func (s *sum) remove(e *entry) { s.mix(e.leaf, bits.Sub64) }

func (s *sum) mix(leaf []byte, op func(x, y, carry uint64) (uint64, uint64)) {
	var carry uint64
	for i := range s {
		s[i], carry = op(s[i], binary.LittleEndian.Uint64(leaf[8*i:]), carry)
	}
}

var summaryAAD = []byte("shlkiosk ledger summary 1")

func (s *summary) seal(v *vault.Vault) ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return v.Seal(b, summaryAAD)
}

func openSummary(v *vault.Vault, sealed []byte) (*summary, error) {
	b, err := v.Open(sealed, summaryAAD)
	if err != nil {
		return nil, err
	}
	s := &summary{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("summary: %w", err)
	}
	return s, nil
}

// link makes the chain's next value out of the last one and what this
// transaction leaves behind.
func (s *summary) link() {
	h := sha256.New()
	h.Write(s.Chain)
	var n [8]byte
	for _, v := range []uint64{s.Txn, s.Seq, uint64(s.Count), s.Sum[0], s.Sum[1], s.Sum[2], s.Sum[3]} {
		binary.BigEndian.PutUint64(n[:], v)
		h.Write(n[:])
	}
	s.Chain = h.Sum(nil)
}

func equalTags(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// AlarmCode names a kind of alarm.
type AlarmCode string

// The alarms. Each one stays until a person answers it (Ledger.Answer).
const (
	AlarmQuarantined AlarmCode = "ledger-quarantined" // the file was unreadable and put aside
	AlarmLost        AlarmCode = "records-lost"       // fewer records than the summary says
	AlarmDamaged     AlarmCode = "record-damaged"     // one record does not authenticate
	AlarmRolledBack  AlarmCode = "ledger-rolled-back" // an older copy of the file was put in its place
	AlarmVanished    AlarmCode = "ledger-vanished"    // the file was gone and a person accepted that
	AlarmClock       AlarmCode = "clock-jumped"       // wall time went back, or far ahead
)

// Alarm tells staff that something happened that must not go unseen.
type Alarm struct {
	Code   AlarmCode `json:"code"`
	At     time.Time `json:"at"`
	ID     ID        `json:"id,omitempty"`   // the record, where it is one
	File   string    `json:"file,omitempty"` // base name of the file put aside
	Had    int       `json:"had,omitempty"`  // records there should be; -1 when not known
	Have   int       `json:"have,omitempty"` // records there are
	Shift  string    `json:"shift,omitempty"`
	Detail string    `json:"detail,omitempty"` // short technical cause, without protected data
}
