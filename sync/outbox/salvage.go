package outbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shlkiosk/sync/vault"
)

// saved is a record found in a damaged file, as it was stored there.
type saved struct {
	entry *entry
	body  []byte // stored form; nil when shredded
}

// ReasonSalvagedOlder is the Header.Reason of a record of which only an older
// version could be read. It is parked, because its journal may be behind what
// the server has.
const ReasonSalvagedOlder = "salvaged-older"

// salvage puts the damaged file aside, unchanged, and makes a new ledger of
// the records in it that still authenticate. cause is why.
func (l *Ledger) salvage(cause error) ([]Alarm, error) {
	b, err := readTolerant(l.path)
	if err != nil {
		return nil, refuse(ReasonIO, "", "check the disk", "%w", err)
	}
	records, foreign := l.sift(b)
	if len(records) == 0 && foreign > 0 {
		return nil, refuse(ReasonWrongKey, "", "put the key ring back that this kiosk was set up with; the ledger was not touched",
			"the ledger is damaged, and sealed with a key that is not in the ring of %s", l.opt.Vault.Source())
	}
	aside := filepath.Join(l.opt.Dir, dirAside)
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return nil, refuse(ReasonIO, "", "make room on the disk", "%w", err)
	}
	name := "ledger-" + l.clock().Format("20060102T150405Z") + "-" + strings.ToLower(rand.Text()[:6]) + ".db"
	alarm := Alarm{Code: AlarmQuarantined, At: l.clock(), File: name, Had: -1, Have: len(records), Detail: errors.Unwrap(cause).Error()}
	if l.witness.ok {
		alarm.Had = l.witness.count
	}
	alarms := []Alarm{alarm}
	if alarm.Had > alarm.Have {
		alarms = append(alarms, Alarm{Code: AlarmLost, At: l.clock(), File: name, Had: alarm.Had, Have: alarm.Have})
	}
	if err := l.build(records, alarms, filepath.Join(l.opt.Dir, fileNext)); err != nil {
		return nil, err
	}
	l.opt.Fail("salvage.before-aside")
	if err := l.rename(l.path, filepath.Join(aside, name)); err != nil {
		return nil, err
	}
	l.opt.Fail("salvage.after-aside")
	if err := l.rename(filepath.Join(l.opt.Dir, fileNext), l.path); err != nil {
		return nil, err
	}
	l.witness.forget() // it speaks of the old file
	for _, a := range alarms {
		l.opt.OnAlarm(a)
	}
	return nil, nil // they are in the new ledger already
}

// readTolerant reads a file; blocks that the disk cannot read are zeros.
func readTolerant(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, info.Size())
	const block = 4096
	for at := 0; at < len(b); at += block {
		part := b[at:min(at+block, len(b))]
		if _, err := f.ReadAt(part, int64(at)); err != nil {
			clear(part)
		}
	}
	return b, nil
}

// sift looks for stored headers and bodies anywhere in b and keeps, per
// record, the youngest header that has a body that authenticates. foreign
// counts headers under keys that the vault does not hold.
func (l *Ledger) sift(b []byte) (records []saved, foreign int) {
	headers := map[ID][]*entry{}
	for at := range finds(b, headerMagic) {
		stored, ok := headerAt(b[at:])
		if !ok {
			continue
		}
		e, err := openHeader(l.opt.Vault, stored)
		switch {
		case errors.Is(err, &vault.Error{Reason: vault.ReasonWrong}):
			foreign++
		case err == nil:
			headers[e.ID] = append(headers[e.ID], e)
		}
	}
	type place struct {
		id      ID
		version uint64
	}
	bodies := map[place][][]byte{}
	for at := range finds(b, bodyMagic) {
		if id, version, stored, ok := bodyAt(b[at:]); ok && headers[id] != nil {
			p := place{id, version}
			bodies[p] = append(bodies[p], stored)
		}
	}
	for id, versions := range headers {
		slices.SortFunc(versions, func(a, b *entry) int { return int(int64(b.Version) - int64(a.Version)) })
		for i, e := range versions {
			if e.Shredded {
				records = append(records, saved{entry: e})
				break
			}
			stored := l.authentic(e, bodies[place{id, e.BodyVersion}])
			if stored == nil {
				continue
			}
			if i > 0 && e.Version != versions[0].Version && !e.State.Final() {
				e.State, e.Reason = Parked, ReasonSalvagedOlder
			}
			records = append(records, saved{e, stored})
			break
		}
	}
	slices.SortFunc(records, func(a, b saved) int { return int(int64(a.entry.Seq) - int64(b.entry.Seq)) })
	return records, foreign
}

// authentic returns the first of the candidates that is e's body.
func (l *Ledger) authentic(e *entry, candidates [][]byte) []byte {
	k, err := l.opt.Vault.Unwrap(e.wrapped, recordAAD(e.ID))
	if err != nil {
		return nil
	}
	defer k.Wipe()
	for _, c := range candidates {
		if _, err := openBody(k, e.ID, e.BodyVersion, c); err == nil {
			return c
		}
	}
	return nil
}

// take stores a saved record in a new ledger.
func (t *txn) take(r saved) error {
	if !r.entry.Shredded {
		b, err := t.tx.Bucket(bucketBodies).CreateBucketIfNotExists([]byte(r.entry.ID))
		if err != nil {
			return err
		}
		if err := b.Put(keyBody, r.body); err != nil {
			return err
		}
	}
	t.sum.Seq = max(t.sum.Seq, r.entry.Seq)
	return t.putHeader(r.entry)
}

// finds yields the offsets of magic in b.
func finds(b []byte, magic string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for from := 0; ; {
			i := bytes.Index(b[from:], []byte(magic))
			if i < 0 || !yield(from+i) {
				return
			}
			from += i + 1
		}
	}
}

// headerAt cuts a stored header off the front of b by its own lengths.
func headerAt(b []byte) ([]byte, bool) {
	n := 13
	for range 2 {
		if len(b) < n+2 {
			return nil, false
		}
		n += 2 + int(binary.BigEndian.Uint16(b[n:]))
	}
	n += tagSize
	if len(b) < n {
		return nil, false
	}
	return b[:n], true
}

// bodyAt cuts a stored body off the front of b by its own lengths.
func bodyAt(b []byte) (id ID, version uint64, stored []byte, ok bool) {
	if len(b) < 6 {
		return
	}
	n := 6 + int(b[5])
	if len(b) < n+12 {
		return
	}
	id, version = ID(b[6:n]), binary.BigEndian.Uint64(b[n:])
	end := uint64(n) + 12 + uint64(binary.BigEndian.Uint32(b[n+8:]))
	if end > uint64(len(b)) {
		return
	}
	return id, version, b[:end:end], true
}

// Check opens every body and tells which do not authenticate; each of those is
// an alarm as well. It holds the ledger for one record at a time.
func (l *Ledger) Check(ctx context.Context) (checked int, bad []ID, err error) {
	hs, err := l.List(Filter{})
	if err != nil {
		return 0, nil, err
	}
	for _, h := range hs {
		if ctx.Err() != nil {
			return checked, bad, ctx.Err()
		}
		if h.Shredded {
			continue
		}
		switch _, err := l.Body(h.ID); {
		case err == nil:
			checked++
		case errors.Is(err, &Error{Reason: ReasonDamaged}):
			checked++
			bad = append(bad, h.ID)
		case errors.Is(err, &Error{Reason: ReasonNotFound}), errors.Is(err, &Error{Reason: ReasonGone}):
			// it ended meanwhile
		default:
			return checked, bad, err
		}
	}
	return checked, bad, nil
}
