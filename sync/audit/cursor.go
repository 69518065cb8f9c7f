package audit

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Cursor remembers how far the trail has been sent to a place, such as the FHIR
// server as AuditEvent resources. Whoever sends takes Pending, and for each
// entry says Begin, sends, and says Done. A crash between the two shows as
// Trying: that one entry may be there already, and no other.
type Cursor struct {
	dir, path string
}

// Position is where a cursor stands.
type Position struct {
	Seq  uint64 `json:"seq"`  // the last entry that was sent
	Hash string `json:"hash"` // and its hash
	// Trying is the number of an entry that may have been sent; 0: none.
	Trying uint64 `json:"trying,omitempty"`
	// Unsure are entries of which nobody can say whether they arrived, oldest
	// first, at most 100.
	Unsure []uint64 `json:"unsure,omitempty"`
	// Stopped is why the receiver takes nothing, a code such as "server-403"; ""
	// while it does. Since is when it was seen first.
	Stopped string    `json:"stopped,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// State is what became of one entry.
type State string

// The states of an entry at a receiver.
const (
	Sent   State = "sent"
	Waits  State = "waits"
	Unsure State = "unsure" // it may be there; the receiver cannot be asked
)

// Of tells what became of the entry with this number.
func (p Position) Of(seq uint64) State {
	switch {
	case slices.Contains(p.Unsure, seq):
		return Unsure
	case seq <= p.Seq:
		return Sent
	}
	return Waits
}

const mostUnsure = 100

// NewCursor is the cursor of one receiver; name is a code.
func NewCursor(dir, name string) (*Cursor, error) {
	if !validName.MatchString(name) {
		return nil, &Error{Reason: ReasonInvalid, Err: errors.New("the cursor's name is not a code")}
	}
	return &Cursor{dir: dir, path: filepath.Join(dir, "sent-"+name+".json")}, nil
}

// Sent is the number of the last entry that was sent.
func (c *Cursor) Sent() (uint64, error) {
	p, err := c.Position()
	return p.Seq, err
}

// Pending returns up to limit entries that have not been sent.
func (c *Cursor) Pending(limit int) ([]Entry, error) {
	p, err := c.Position()
	if err != nil {
		return nil, err
	}
	return List(c.dir, Query{After: p.Seq, Limit: limit})
}

// Begin notes, on disk, that this entry is about to be sent.
func (c *Cursor) Begin(e Entry) error {
	return c.change(func(p *Position) { p.Trying = e.Seq })
}

// Done notes that everything up to this entry was sent.
func (c *Cursor) Done(e Entry) error {
	return c.change(func(p *Position) {
		p.Seq, p.Hash, p.Trying, p.Stopped, p.Since = e.Seq, e.Hash, 0, "", time.Time{}
	})
}

// Skip goes past an entry of which nobody can say whether it arrived.
func (c *Cursor) Skip(e Entry) error {
	return c.change(func(p *Position) {
		p.Seq, p.Hash, p.Trying = e.Seq, e.Hash, 0
		p.Unsure = append(p.Unsure, e.Seq)
		if n := len(p.Unsure) - mostUnsure; n > 0 {
			p.Unsure = p.Unsure[n:]
		}
	})
}

// Stop notes that the receiver takes nothing, and that what was tried is not
// there.
func (c *Cursor) Stop(why string, at time.Time) error {
	return c.change(func(p *Position) {
		p.Trying = 0
		if p.Stopped != why {
			p.Stopped, p.Since = why, at.UTC().Truncate(time.Second)
		}
	})
}

// Restart goes back to the beginning, for a cursor that cannot be read or that
// does not fit the trail. What is there already is found by its identifier.
func (c *Cursor) Restart() error { return c.write(Position{}) }

// Position reads where the cursor stands; the zero Position before the first
// entry was sent.
func (c *Cursor) Position() (Position, error) {
	var p Position
	b, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, &Error{Reason: ReasonIO, Err: err}
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return Position{}, &Error{Reason: ReasonBroken, File: filepath.Base(c.path), Err: errors.New("not a cursor")}
	}
	return p, nil
}

func (c *Cursor) change(f func(*Position)) error {
	p, err := c.Position()
	if err != nil {
		return err
	}
	f(&p)
	return c.write(p)
}

// write replaces the file as a whole, name included, on disk.
func (c *Cursor) write(p Position) error {
	b, err := json.Marshal(p)
	if err != nil {
		return &Error{Reason: ReasonIO, Err: err}
	}
	f, err := os.CreateTemp(c.dir, ".sent-*") // made with mode 0600
	if err != nil {
		return &Error{Reason: ReasonIO, Err: err}
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err == nil {
		err = syncDir(c.dir)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return &Error{Reason: ReasonIO, Err: err}
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
