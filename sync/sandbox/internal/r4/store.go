package r4

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key names a resource.
type Key struct{ Type, ID string }

func (k Key) String() string { return k.Type + "/" + k.ID }

// Record is one version of a resource. It is never changed once made.
type Record struct {
	Key
	Version int
	Updated time.Time
	Deleted bool
	Method  string // POST, PUT or DELETE: what made this version
	Raw     []byte // the resource as it is answered; nil when deleted

	view map[string]any
	seq  uint64 // order of first creation, the order of search answers
}

// ETag is the weak entity tag of the version.
func (r *Record) ETag() string { return `W/"` + strconv.Itoa(r.Version) + `"` }

// posting is a place in the narrowing index: which resources of a type (or of
// any: "") carry an identifier value, a tag code or a reference.
type posting struct {
	Type  string
	Kind  byte // 'i' identifier value, 't' tag code, 'r' reference
	Value string
}

type table struct{ order []Key } // keys in order of first creation, deleted ones too

// Store holds the resources. Every access goes through View or Update.
type Store struct {
	mu     sync.RWMutex
	tables map[string]*table
	past   map[Key][]*Record // oldest first; the last is the present one
	index  map[posting]map[Key]struct{}
	seq    uint64
	number uint64 // last numeric id given out
	base   string // own base URL, to know absolute references to itself
}

// NewStore makes an empty store of the server at base.
func NewStore(base string) *Store {
	return &Store{tables: map[string]*table{}, past: map[Key][]*Record{}, index: map[posting]map[Key]struct{}{}, base: base}
}

// tx is a view of the store with changes on top that nobody else sees until
// they are committed. Dropping it is the rollback.
type tx struct {
	s       *Store
	now     time.Time
	wrote   []*Record
	latest  map[Key]*Record
	fresh   []Key // made in this tx, in order
	index   map[posting][]Key
	number  uint64
	created map[Key]bool
}

func (s *Store) begin(now time.Time) *tx {
	return &tx{s: s, now: now, latest: map[Key]*Record{}, index: map[posting][]Key{}, number: s.number, created: map[Key]bool{}}
}

// View runs f on a state that does not change meanwhile.
func (s *Store) View(now time.Time, f func(*tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return f(s.begin(now))
}

// Update runs f alone and keeps its changes if it returns nil, else none.
// It returns what was written.
func (s *Store) Update(now time.Time, f func(*tx) error) ([]*Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.begin(now)
	if err := f(t); err != nil {
		return nil, err
	}
	t.commit()
	return t.wrote, nil
}

func (t *tx) commit() {
	s := t.s
	s.number = t.number
	for _, r := range t.wrote {
		old := s.past[r.Key]
		if n := len(old); n > 0 {
			s.unpost(old[n-1])
			r.seq = old[n-1].seq
		} else {
			s.seq++
			r.seq = s.seq
			tb := s.tables[r.Type]
			if tb == nil {
				tb = &table{}
				s.tables[r.Type] = tb
			}
			tb.order = append(tb.order, r.Key)
		}
		s.past[r.Key] = append(old, r)
		for _, p := range t.s.postings(r) {
			set := s.index[p]
			if set == nil {
				set = map[Key]struct{}{}
				s.index[p] = set
			}
			set[r.Key] = struct{}{}
		}
	}
}

func (s *Store) unpost(r *Record) {
	for _, p := range s.postings(r) {
		delete(s.index[p], r.Key)
		if len(s.index[p]) == 0 {
			delete(s.index, p)
		}
	}
}

// postings lists where a record is found by the index.
func (s *Store) postings(r *Record) []posting {
	if r.Deleted {
		return nil
	}
	var ps []posting
	for _, id := range append(texts(r.view, "identifier.value"), texts(r.view, "masterIdentifier.value")...) {
		ps = append(ps, posting{r.Type, 'i', id})
	}
	for _, code := range texts(r.view, "meta.tag.code") {
		ps = append(ps, posting{r.Type, 't', code})
	}
	eachReference(r.view, func(ref string) {
		kind, id, ok := s.local(ref)
		if ok {
			ps = append(ps, posting{r.Type, 'r', id}, posting{"", 'r', kind + "/" + id})
		}
	})
	return ps
}

// get gives the present version, also a deleted one.
func (t *tx) get(k Key) (*Record, bool) {
	if r, ok := t.latest[k]; ok {
		return r, true
	}
	if past := t.s.past[k]; len(past) > 0 {
		return past[len(past)-1], true
	}
	return nil, false
}

// live gives the present version unless it was deleted.
func (t *tx) live(k Key) (*Record, bool) {
	r, ok := t.get(k)
	return r, ok && !r.Deleted
}

// history gives all versions, newest first.
func (t *tx) history(k Key) []*Record {
	all := slices.Clone(t.s.past[k])
	for _, r := range t.wrote {
		if r.Key == k {
			all = append(all, r)
		}
	}
	slices.Reverse(all)
	return all
}

// instant is how the server writes times.
func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// write stores raw, which came through scan, as the next version of k. parsed is
// its view if the caller has it; it belongs to the store from then on.
func (t *tx) write(method string, k Key, raw []byte, parsed map[string]any) (*Record, error) {
	version := 1
	if old, ok := t.get(k); ok {
		version = old.Version + 1
	}
	r := &Record{Key: k, Version: version, Updated: t.now, Method: method}
	if method == "DELETE" {
		r.Deleted = true
	} else {
		stamped, err := stamp(raw, k.ID, version, instant(t.now))
		if err != nil {
			return nil, fail(400, "structure", "resource: "+err.Error())
		}
		r.Raw = stamped
		r.view = restamp(parsed, k.ID, version, instant(t.now))
		if r.view == nil {
			r.view = view(stamped)
		}
	}
	if _, known := t.s.past[k]; !known && !t.created[k] {
		t.created[k] = true
		t.fresh = append(t.fresh, k)
	}
	t.wrote = append(t.wrote, r)
	t.latest[k] = r
	for _, p := range t.s.postings(r) {
		t.index[p] = append(t.index[p], k)
	}
	return r, nil
}

// all calls f with every live resource of a type, in order of creation.
func (t *tx) all(kind string, f func(*Record)) {
	if tb := t.s.tables[kind]; tb != nil {
		for _, k := range tb.order {
			if r, ok := t.live(k); ok {
				f(r)
			}
		}
	}
	for _, k := range t.fresh {
		if k.Type == kind {
			if r, ok := t.live(k); ok {
				f(r)
			}
		}
	}
}

// posted gives the live resources at the postings, each once, in order of
// creation. What an overlay has changed is given too, though it may no longer
// carry the value: the index narrows, it does not decide.
func (t *tx) posted(ps []posting) []*Record {
	seen := map[Key]bool{}
	var found []*Record
	add := func(k Key) {
		if !seen[k] {
			seen[k] = true
			if r, ok := t.live(k); ok {
				found = append(found, r)
			}
		}
	}
	for _, p := range ps {
		for k := range t.s.index[p] {
			add(k)
		}
		for _, k := range t.index[p] {
			add(k)
		}
	}
	place := make(map[Key]int, len(t.fresh))
	for i, k := range t.fresh {
		place[k] = i
	}
	rank := func(r *Record) uint64 {
		if past := t.s.past[r.Key]; len(past) > 0 {
			return past[0].seq
		}
		return t.s.seq + 1 + uint64(place[r.Key])
	}
	slices.SortFunc(found, func(a, b *Record) int {
		x, y := rank(a), rank(b)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return found
}

func (t *tx) weight(ps []posting) int {
	n := 0
	for _, p := range ps {
		n += len(t.s.index[p]) + len(t.index[p])
	}
	return n
}

// referrers gives the live resources that refer to k, k itself left out.
func (t *tx) referrers(k Key) []*Record {
	var out []*Record
	for _, r := range t.posted([]posting{{"", 'r', k.String()}}) {
		hit := false
		eachReference(r.view, func(ref string) {
			kind, id, ok := t.s.local(ref)
			hit = hit || ok && kind == k.Type && id == k.ID
		})
		if hit && r.Key != k {
			out = append(out, r)
		}
	}
	return out
}

// local tells whether a reference points into this server, and where: relative,
// or absolute below its own base; a version is cut off.
func (s *Store) local(ref string) (kind, id string, ok bool) {
	ref = strings.TrimPrefix(ref, s.base+"/")
	part := strings.Split(ref, "/")
	if len(part) == 4 && part[2] == "_history" {
		part = part[:2]
	}
	if len(part) != 2 || !isType(part[0]) || !validID(part[1]) {
		return "", "", false
	}
	return part[0], part[1], true
}

// Dump writes the whole present state and history as text, in a fixed order:
// equal dumps mean equal stores.
func (s *Store) Dump() []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var b strings.Builder
	fmt.Fprintf(&b, "seq %d number %d\n", s.seq, s.number)
	kinds := make([]string, 0, len(s.tables))
	for k := range s.tables {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		for _, k := range s.tables[kind].order {
			for _, r := range s.past[k] {
				fmt.Fprintf(&b, "%s %d %s %s %s\n", k, r.Version, r.Method, instant(r.Updated), r.Raw)
			}
		}
	}
	places := make([]string, 0, len(s.index))
	for p, set := range s.index {
		keys := make([]string, 0, len(set))
		for k := range set {
			keys = append(keys, k.String())
		}
		slices.Sort(keys)
		places = append(places, fmt.Sprintf("%s %c %s: %s\n", p.Type, p.Kind, p.Value, strings.Join(keys, " ")))
	}
	slices.Sort(places)
	b.WriteString(strings.Join(places, ""))
	return []byte(b.String())
}
