package r4

import (
	"encoding/json"
	"fmt"
)

// Seed stores resources as they are, their ids kept, past all behaviour and
// checks. All or none.
func (srv *Server) Seed(resources []json.RawMessage) error {
	_, err := srv.store.Update(srv.now(), func(t *tx) error {
		for i, raw := range resources {
			var head struct {
				ResourceType string `json:"resourceType"`
				ID           string `json:"id"`
			}
			if err := json.Unmarshal(raw, &head); err != nil {
				return fmt.Errorf("seed %d: %w", i, err)
			}
			if !isType(head.ResourceType) || !validID(head.ID) {
				return fmt.Errorf("seed %d: resourceType or id is missing", i)
			}
			if _, _, err := scan(raw, nil); err != nil {
				return fmt.Errorf("seed %d: %w", i, err)
			}
			if _, err := t.write("PUT", Key{head.ResourceType, head.ID}, raw, nil); err != nil {
				return fmt.Errorf("seed %d: %w", i, err)
			}
		}
		return nil
	})
	return err
}

// Clear empties the store, history and all.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := NewStore(s.base)
	s.tables, s.past, s.index, s.seq, s.number = fresh.tables, fresh.past, fresh.index, 0, 0
}
