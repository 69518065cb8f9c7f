package audit

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Cursor remembers how far the trail has been sent to a place, such as the FHIR
// server as AuditEvent resources. Sending is the caller's: take Pending, send,
// then Done. A crash between the two sends the entries again, so the receiver's
// identifier must come from the entry's number.
type Cursor struct {
	dir, path string
}

type position struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// NewCursor is the cursor of one receiver; name is a code.
func NewCursor(dir, name string) (*Cursor, error) {
	if !validName.MatchString(name) {
		return nil, &Error{Reason: ReasonInvalid, Err: errors.New("the cursor's name is not a code")}
	}
	return &Cursor{dir: dir, path: filepath.Join(dir, "sent-"+name+".json")}, nil
}

// Sent is the number of the last entry that was sent.
func (c *Cursor) Sent() (uint64, error) {
	p, err := c.read()
	return p.Seq, err
}

// Pending returns up to limit entries that have not been sent.
func (c *Cursor) Pending(limit int) ([]Entry, error) {
	p, err := c.read()
	if err != nil {
		return nil, err
	}
	return List(c.dir, Query{After: p.Seq, Limit: limit})
}

// Done notes that everything up to this entry was sent.
func (c *Cursor) Done(e Entry) error {
	b, err := json.Marshal(position{e.Seq, e.Hash})
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
	if err != nil {
		_ = os.Remove(f.Name())
		return &Error{Reason: ReasonIO, Err: err}
	}
	return nil
}

func (c *Cursor) read() (position, error) {
	var p position
	b, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, &Error{Reason: ReasonIO, Err: err}
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return p, &Error{Reason: ReasonBroken, File: filepath.Base(c.path), Err: errors.New("not a cursor")}
	}
	return p, nil
}
