package r4

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Counts are what a fault test looks at.
type Counts struct {
	// Requests by "METHOD what": "POST Patient", "POST transaction", "POST $match".
	Requests map[string]int `json:"requests"`
	// Status counts answers by status; 0 are connections closed without one.
	Status map[int]int `json:"status"`
	// Transactions is how many were committed, Commits how many commits there
	// were altogether.
	Transactions int `json:"transactions"`
	Commits      int `json:"commits"`
	// Created, Updated and Deleted count written versions by type.
	Created map[string]int `json:"created"`
	Updated map[string]int `json:"updated"`
	Deleted map[string]int `json:"deleted"`
	// Duplicates are the groups of live resources of one type that carry the same
	// identifier, or the same tag and the same content.
	Duplicates []Duplicate `json:"duplicates"`
}

// Duplicate is one group of resources that should be one.
type Duplicate struct {
	Type       string   `json:"type"`
	Key        string   `json:"key"` // "identifier system|value" or "content under tag system|code"
	References []string `json:"references"`
}

type counters struct {
	mu sync.Mutex
	c  Counts
}

func add[K comparable](m *map[K]int, k K) {
	if *m == nil {
		*m = map[K]int{}
	}
	(*m)[k]++
}

func (c *counters) request(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.c.Requests, name)
}

func (c *counters) status(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.c.Status, code)
}

func (c *counters) wrote(records []*Record, transaction bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if transaction {
		c.c.Transactions++
	}
	if len(records) > 0 {
		c.c.Commits++
	}
	for _, r := range records {
		switch {
		case r.Deleted:
			add(&c.c.Deleted, r.Type)
		case r.Version == 1:
			add(&c.c.Created, r.Type)
		default:
			add(&c.c.Updated, r.Type)
		}
	}
}

// Counts gives the counters and the duplicates in the store now.
func (srv *Server) Counts() Counts {
	srv.counts.mu.Lock()
	c := srv.counts.c
	c.Requests, c.Status = maps.Clone(c.Requests), maps.Clone(c.Status)
	c.Created, c.Updated, c.Deleted = maps.Clone(c.Created), maps.Clone(c.Updated), maps.Clone(c.Deleted)
	srv.counts.mu.Unlock()
	c.Duplicates = srv.store.duplicates()
	return c
}

// Transactions is how many were committed.
func (srv *Server) Transactions() int {
	srv.counts.mu.Lock()
	defer srv.counts.mu.Unlock()
	return srv.counts.c.Transactions
}

// Requests is how many have begun.
func (srv *Server) Requests() int {
	srv.counts.mu.Lock()
	defer srv.counts.mu.Unlock()
	n := 0
	for _, k := range srv.counts.c.Requests {
		n += k
	}
	return n
}

// ResetCounts sets the counters to nothing.
func (srv *Server) ResetCounts() {
	srv.counts.mu.Lock()
	defer srv.counts.mu.Unlock()
	srv.counts.c = Counts{}
}

func (s *Store) duplicates() []Duplicate {
	s.mu.RLock()
	defer s.mu.RUnlock()
	groups := map[[2]string][]string{}
	note := func(r *Record, key, print string) {
		at := [2]string{r.Type + "\x00" + key, print}
		if refs := groups[at]; len(refs) == 0 || refs[len(refs)-1] != r.String() {
			groups[at] = append(refs, r.String())
		}
	}
	for _, past := range s.past {
		r := past[len(past)-1]
		if r.Deleted {
			continue
		}
		for _, id := range append(pick(r.view, "identifier"), pick(r.view, "masterIdentifier")...) {
			if v := text(id, "value"); v != "" && text(id, "system") != "" {
				note(r, "identifier "+text(id, "system")+"|"+v, "")
			}
		}
		for _, tag := range pick(r.view, "meta.tag") {
			note(r, "content under tag "+text(tag, "system")+"|"+text(tag, "code"), fingerprint(r))
		}
	}
	var out []Duplicate
	for at, refs := range groups {
		if len(refs) > 1 {
			kind, key, _ := strings.Cut(at[0], "\x00")
			slices.Sort(refs)
			out = append(out, Duplicate{kind, key, refs})
		}
	}
	slices.SortFunc(out, func(a, b Duplicate) int {
		return strings.Compare(a.Type+a.Key+a.References[0], b.Type+b.Key+b.References[0])
	})
	return out
}

// fingerprint is a resource's content without what a server or a second import
// of the same thing changes: id, meta and where references point.
func fingerprint(r *Record) string {
	_, leaves := rescan(r.Raw, onlyReference)
	raw := splice(r.Raw, leaves, func(l leaf, s string) []byte {
		kind, _, _ := strings.Cut(s, "/")
		return quote(kind)
	})
	top, _ := rescan(raw, nil)
	var b strings.Builder
	for _, m := range top {
		if m.name != "id" && m.name != "meta" {
			b.Write(raw[m.start:m.end])
		}
	}
	return b.String()
}
