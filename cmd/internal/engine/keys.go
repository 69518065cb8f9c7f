package engine

import (
	"fmt"
	"os"
	"path/filepath"

	"shlkiosk/sync/vault"
)

// KeyUse is one key of the ring and what is sealed with it.
type KeyUse struct {
	ID     string   `json:"id"`
	Active bool     `json:"active"`
	Seals  []string `json:"seals"` // "ledger", "audit", and names of files that were put aside
}

// KeyUse lists the ring's keys, the active one first.
func (s *Store) KeyUse() ([]KeyUse, error) {
	out := []KeyUse{}
	for i, id := range s.Vault.Keys() {
		seals, err := s.sealedWith(id)
		if err != nil {
			return nil, err
		}
		out = append(out, KeyUse{ID: id.String(), Active: i == 0, Seals: seals})
	}
	return out, nil
}

// sealedWith names what still needs a key.
func (s *Store) sealedWith(id vault.KeyID) ([]string, error) {
	out := []string{}
	used, err := s.Ledger.KeysInUse()
	if err != nil {
		return nil, err
	}
	for _, u := range used {
		if u == id {
			out = append(out, "ledger")
		}
	}
	sealed, err := os.ReadFile(s.auditSecret())
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail's key: %w", Pathless(err))
	}
	if with, err := vault.SealedWith(sealed); err != nil {
		return nil, err
	} else if with == id {
		out = append(out, "audit")
	}
	aside, err := s.Ledger.QuarantinedWith(id)
	return append(out, aside...), err
}

// MayRetire refuses while anything is sealed with a key: without it that would
// be lost.
func (s *Store) MayRetire(id vault.KeyID) error {
	seals, err := s.sealedWith(id)
	if err != nil {
		return err
	}
	hint := "run 'kioskctl key rewrap' first"
	for _, what := range seals {
		if what != "ledger" && what != "audit" {
			hint = "see to the files that were put aside first (kioskctl outbox alarms, outbox drop FILE)"
		}
	}
	switch {
	case s.Vault.Active() == id:
		return fmt.Errorf("key %s is the active one; run 'kioskctl key add' first", id)
	case len(seals) > 0:
		return fmt.Errorf("key %s stays: %v would be unreadable without it; %s", id, seals, hint)
	}
	return nil
}

// ResealAudit seals the audit trail's own key with the active key.
func (s *Store) ResealAudit() error {
	k, err := auditKey(s.Vault, s.core.Config.Ledger.Dir)
	clear(k)
	return err
}

func (s *Store) auditSecret() string {
	return filepath.Join(s.core.Config.Ledger.Dir, fileAuditSecret)
}
