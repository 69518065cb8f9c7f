package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Report is what Verify found.
type Report struct {
	Files   int       `json:"files"`
	Entries uint64    `json:"entries"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Seq     uint64    `json:"seq"`  // of the last entry
	Hash    string    `json:"hash"` // of the last entry
	// Torn is the number of bytes of an unfinished last line. Open takes it off.
	Torn int `json:"torn,omitempty"`
	// Backward counts entries with an earlier time than the one before.
	Backward int `json:"backward,omitempty"`
}

// Verify reads a whole log and checks every line and the chain. It can run
// beside a process that appends. key is Options.Key of the log. The first thing
// that does not fit is returned as *Error with file, line and number.
func Verify(dir string, key []byte) (Report, error) {
	var r Report
	var prev Entry
	err := each(dir, func(e Entry, raw []byte, file string, line int) error {
		broken := func(msg string) error {
			return &Error{Reason: ReasonBroken, File: file, Line: line, Seq: prev.Seq + 1, Err: errors.New(msg)}
		}
		want, err := hashOf(e, key)
		if err != nil {
			return err
		}
		again, err := json.Marshal(e)
		switch {
		case err != nil || !bytes.Equal(again, raw):
			return broken("the line is not as it was written")
		case e.Hash != want:
			return broken("the line does not fit its hash")
		case e.Seq != prev.Seq+1:
			return broken("lines are missing or out of order")
		case e.Prev != prev.Hash:
			return broken("the line does not follow the one before")
		case e.Validate() != nil:
			return broken("a field is not a code")
		}
		if prev.Seq == 0 {
			r.First = e.Time
		} else if e.Time.Before(prev.Time) {
			r.Backward++
		}
		prev = e
		r.Entries++
		return nil
	}, &r.Files, &r.Torn)
	r.Last, r.Seq, r.Hash = prev.Time, prev.Seq, prev.Hash
	return r, err
}

// Query chooses entries for List. The zero Query chooses all.
type Query struct {
	After  uint64 // numbers above this one: a cursor
	Object string
	Actor  string
	Limit  int
}

// List returns entries in order. It does not check the chain. With Query.After
// files that end before it are not read.
func List(dir string, q Query) ([]Entry, error) {
	var out []Entry
	err := eachAfter(dir, q.After, func(e Entry, _ []byte, _ string, _ int) error {
		if e.Seq <= q.After || q.Object != "" && q.Object != e.Object || q.Actor != "" && q.Actor != e.Actor {
			return nil
		}
		out = append(out, e)
		if q.Limit > 0 && len(out) >= q.Limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}

var errEnough = errors.New("enough")

// each calls f for every whole line. An unfinished line is an error anywhere but
// at the very end.
func each(dir string, f func(e Entry, raw []byte, file string, line int) error, count, torn *int) error {
	names, err := files(dir)
	if err != nil {
		return err
	}
	*count = len(names)
	for i, name := range names {
		if number(name) != number(names[0])+i {
			return &Error{Reason: ReasonBroken, File: name, Err: errors.New("the file before it is missing")}
		}
		if err := eachLine(dir, name, i == len(names)-1, f, torn); err != nil {
			return err
		}
	}
	return nil
}

// eachAfter is each, beginning with the file that holds the entry after this
// number.
func eachAfter(dir string, after uint64, f func(e Entry, raw []byte, file string, line int) error) error {
	names, err := files(dir)
	if err != nil {
		return err
	}
	from := 0
	for i := len(names) - 1; i > 0 && after > 0; i-- {
		first := Entry{}
		err := eachLine(dir, names[i], true, func(e Entry, _ []byte, _ string, _ int) error { first = e; return errEnough }, new(int))
		if errors.Is(err, errEnough) && first.Seq <= after+1 {
			from = i
			break
		}
	}
	for i, name := range names[from:] {
		if number(name) != number(names[from])+i {
			return &Error{Reason: ReasonBroken, File: name, Err: errors.New("the file before it is missing")}
		}
		if err := eachLine(dir, name, from+i == len(names)-1, f, new(int)); err != nil {
			return err
		}
	}
	return nil
}

func eachLine(dir, name string, lastFile bool, f func(Entry, []byte, string, int) error, torn *int) error {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return &Error{Reason: ReasonIO, Err: err}
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, maxLine+1)
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if err == io.EOF {
			if len(line) > 0 && !lastFile {
				return &Error{Reason: ReasonBroken, File: name, Line: n, Err: errors.New("the line is cut short")}
			}
			*torn = len(line)
			return nil
		}
		if err != nil {
			return &Error{Reason: ReasonBroken, File: name, Line: n, Err: err}
		}
		line = line[:len(line)-1]
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return &Error{Reason: ReasonBroken, File: name, Line: n, Err: errors.New("not an entry")}
		}
		if err := f(e, line, name, n); err != nil {
			return err
		}
	}
}
