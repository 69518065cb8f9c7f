package engine

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"shlkiosk/sync/outbox"
)

// Case is a visit that ended at the front desk: a code and a reason, nothing
// of the patient.
type Case struct {
	Code   string    `json:"code"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Letters of receipt codes: none that is taken for a digit, said like another
// one, or makes a word.
const codeLetters = "CFHJKMPRTVWXZ"

// NewCode makes a receipt code such as K7-42 that no listed import and no open
// case has. It says nothing about the patient.
func (s *Store) NewCode() string {
	used := map[string]bool{}
	if s.Ledger != nil {
		if all, err := s.Ledger.List(outbox.Filter{}); err == nil {
			for _, h := range all {
				used[h.Code] = true
			}
		}
	}
	s.mu.Lock()
	for _, c := range s.cases {
		used[c.Code] = true
	}
	s.mu.Unlock()
	for try := 0; ; try++ {
		code := fmt.Sprintf("%c%d-%02d", codeLetters[random(len(codeLetters))], random(10), random(100))
		if !used[code] {
			return code
		}
		if try > 200 { // nearly all of them are waiting: longer ones
			return fmt.Sprintf("%c%d-%05d", codeLetters[random(len(codeLetters))], random(10), random(100000))
		}
	}
}

func random(n int) int {
	r, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("engine: the system gives no random numbers: " + err.Error())
	}
	return int(r.Int64())
}

// mostCases bounds the list of visits that ended at the desk.
const mostCases = 200

// HandOver notes a visit that ended at the desk.
func (s *Store) HandOver(code, reason string) {
	s.Note("kiosk", "visit.desk", code, reason, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cases = append(s.cases, Case{Code: code, Reason: reason, At: s.core.Env.Now()})
	if len(s.cases) > mostCases {
		s.cases = s.cases[len(s.cases)-mostCases:]
	}
}

// Cases lists the visits of this run that ended at the desk, newest first.
func (s *Store) Cases() []Case {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Case, 0, len(s.cases))
	for i := len(s.cases) - 1; i >= 0; i-- {
		out = append(out, s.cases[i])
	}
	return out
}
