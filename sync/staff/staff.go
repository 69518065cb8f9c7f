// Package staff knows who may work at the front desk: one PIN per person,
// because HIPAA asks for unique user identification (45 CFR 164.312(a)(2)(i))
// and the audit trail has to name one.
//
// # The promise
//
//   - PINs are kept as argon2id hashes only. A wrong name and a wrong PIN cost
//     the same time and give the same answer.
//   - Five wrong tries lock a person out for five minutes. The try is written to
//     disk before the PIN is looked at, so pulling the plug wins no tries, and a
//     clock that is set back does not lengthen the wait.
//
// # The limits
//
// Whoever reads the file of hashes can try all PINs of six digits in a day on
// one machine: the hash slows, it does not stop. The file's mode (0600) is what
// protects it, and the PIN opens nothing but the desk.
package staff

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Staff is one person. ID goes into the audit trail; Name is for the screen.
type Staff struct {
	ID   string `json:"id" yaml:"id"`
	Name string `json:"name" yaml:"name"`
	Hash string `json:"hash" yaml:"hash"` // PHC string, see Hash
}

// Reason is a public code for what was refused.
type Reason string

// The reasons of this room.
const (
	ReasonWrong     Reason = "pin-wrong"     // no such person, or another PIN
	ReasonThrottled Reason = "pin-throttled" // too many tries; Error.Wait says how long
	ReasonWeak      Reason = "pin-weak"
	ReasonBook      Reason = "staff-invalid" // the list of staff cannot be used
	ReasonIO        Reason = "staff-io"      // a try cannot be written down, so none is allowed
)

// Error is every error of this package. It never holds a PIN.
type Error struct {
	Reason Reason
	Wait   time.Duration // until the next try is allowed
	Left   int           // tries left before the wait
	Err    error
}

func (e *Error) Error() string {
	msg := "staff: " + string(e.Reason)
	if e.Wait > 0 {
		msg += fmt.Sprintf(": try again in %s", e.Wait.Round(time.Second))
	}
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is compare by reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

// Throttle: five tries, then five minutes.
const (
	MaxTries = 5
	LockFor  = 5 * time.Minute
)

var validID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

// Book is the list of staff with their tries. It is safe for concurrent use.
type Book struct {
	state string // file of tries; "" keeps them in memory
	now   func() time.Time

	mu    sync.Mutex
	staff map[string]Staff
	order []string
	tries map[string]tries
	dummy string // a hash nobody's PIN belongs to
}

type tries struct {
	Failed int       `json:"failed"`
	Until  time.Time `json:"until,omitzero"`
}

// NewBook makes a Book of the given people. state is the file that keeps failed
// tries over a restart; "" keeps them in memory only (tests, demo). now may be
// nil.
func NewBook(people []Staff, state string, now func() time.Time) (*Book, error) {
	if now == nil {
		now = time.Now
	}
	b := &Book{state: state, now: now, staff: map[string]Staff{}, tries: map[string]tries{}}
	cost := DefaultCost()
	for i, p := range people {
		c, _, _, err := parse(p.Hash)
		switch {
		case !validID.MatchString(p.ID):
			return nil, &Error{Reason: ReasonBook, Err: fmt.Errorf("person %d: the ID is not 1 to 32 of A-Z a-z 0-9 . _ -", i+1)}
		case b.staff[p.ID].ID != "":
			return nil, &Error{Reason: ReasonBook, Err: fmt.Errorf("person %d: the ID is taken", i+1)}
		case err != nil:
			return nil, fmt.Errorf("person %d: %w", i+1, err)
		}
		cost = c
		b.staff[p.ID] = p
		b.order = append(b.order, p.ID)
	}
	b.dummy = format(cost, make([]byte, saltSize), make([]byte, sumSize))
	return b, b.load()
}

// People lists the staff in the order given, without hashes.
func (b *Book) People() []Staff {
	out := make([]Staff, 0, len(b.order))
	for _, id := range b.order {
		out = append(out, Staff{ID: id, Name: b.staff[id].Name})
	}
	return out
}

// Check tells who it is that typed this ID and PIN. ReasonWrong with the tries
// left, or ReasonThrottled with the wait.
func (b *Book) Check(id, pin string) (Staff, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	person, known := b.staff[id]
	who := id
	if !known {
		who = "?" // all unknown names share one count, which also bounds the file
		person.Hash = b.dummy
	}
	now := b.now()
	t := b.tries[who]
	if wait := min(t.Until.Sub(now), LockFor); wait > 0 {
		return Staff{}, &Error{Reason: ReasonThrottled, Wait: wait}
	}
	if t.Failed >= MaxTries { // the wait is over
		t = tries{}
	}
	t.Failed++
	if t.Failed >= MaxTries {
		t.Until = now.Add(LockFor).UTC().Round(0)
	}
	if err := b.save(who, t); err != nil {
		return Staff{}, err
	}
	ok, err := matches(person.Hash, pin)
	if err != nil {
		return Staff{}, err
	}
	if !ok || !known {
		e := &Error{Reason: ReasonWrong, Left: MaxTries - t.Failed}
		if e.Left == 0 {
			e.Wait = LockFor
		}
		return Staff{}, e
	}
	if err := b.save(who, tries{}); err != nil {
		return Staff{}, err
	}
	return Staff{ID: person.ID, Name: person.Name}, nil
}

func (b *Book) load() error {
	if b.state == "" {
		return nil
	}
	text, err := os.ReadFile(b.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{Reason: ReasonIO, Err: err}
	}
	if json.Unmarshal(text, &b.tries) != nil || b.tries == nil {
		// A damaged file must not open the door wider: everybody waits once.
		b.tries = map[string]tries{}
		until := b.now().Add(LockFor).UTC()
		for _, id := range append(slices.Clone(b.order), "?") {
			b.tries[id] = tries{Failed: MaxTries, Until: until}
		}
	}
	return nil
}

// save notes a person's tries, on disk before it returns.
func (b *Book) save(who string, t tries) error {
	if t.Failed == 0 {
		delete(b.tries, who)
	} else {
		b.tries[who] = t
	}
	if b.state == "" {
		return nil
	}
	text, err := json.Marshal(b.tries)
	if err != nil {
		return &Error{Reason: ReasonIO, Err: err}
	}
	f, err := os.CreateTemp(filepath.Dir(b.state), ".tries-*") // made with mode 0600
	if err != nil {
		return &Error{Reason: ReasonIO, Err: err}
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), b.state)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return &Error{Reason: ReasonIO, Err: err}
	}
	return nil
}
