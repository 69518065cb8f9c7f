package shc

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// revocations is a card revocation list of one key. A rid may stand in it with
// a time: then only cards issued before it are revoked.
type revocations struct {
	kid  string
	ctr  int64
	rids map[string]time.Time // zero: revoked whenever it was issued
	// version is the crlVersion it was fetched for: it is fresh while the key
	// says the same.
	version int64
}

const maxRID = 24 // base64url characters

func parseRevocations(b []byte) (revocations, bool) {
	var f struct {
		Kid    string   `json:"kid"`
		Method string   `json:"method"`
		Ctr    int64    `json:"ctr"`
		Rids   []string `json:"rids"`
	}
	if json.Unmarshal(b, &f) != nil || f.Kid == "" || f.Method != "" && f.Method != "rid" {
		return revocations{}, false
	}
	r := revocations{kid: f.Kid, ctr: f.Ctr, version: f.Ctr, rids: map[string]time.Time{}}
	for _, entry := range f.Rids {
		rid, stamp, timed := strings.Cut(entry, ".")
		var before time.Time
		if timed {
			var ok bool
			if before, ok = numericDate(json.RawMessage(stamp)); !ok {
				before = time.Time{} // a time nobody understands must not un-revoke
			}
		}
		// Twice in the list: the wider one counts.
		if old, twice := r.rids[rid]; twice && (old.IsZero() || !before.IsZero() && before.Before(old)) {
			continue
		}
		r.rids[rid] = before
	}
	return r, true
}

// revoked tells whether the list names a card issued at nbf.
func (r revocations) revoked(rid string, nbf time.Time) bool {
	before, ok := r.rids[rid]
	return ok && (before.IsZero() || nbf.Before(before))
}

// revocation gets the list of a key, or says why not.
func (s *keyStore) revocation(ctx context.Context, iss string, k issuerKey) (revocations, string) {
	if l := s.directory().find(iss); l != nil {
		if r, ok := l.crls[k.kid]; ok && (r.ctr >= k.crlVersion || s.guard == nil) {
			return r, ""
		}
	}
	if s.guard == nil {
		return revocations{}, "revocation-list-offline"
	}
	id := iss + " " + k.kid
	s.mu.Lock()
	r, ok := s.crls[id]
	s.mu.Unlock()
	if ok && r.version == k.crlVersion {
		return r, ""
	}
	body, why := s.fetch(ctx, iss+"/.well-known/crl/"+k.kid+".json")
	if why != "" {
		return revocations{}, "revocation-list-" + why
	}
	r, ok = parseRevocations(body)
	if !ok || r.kid != k.kid {
		return revocations{}, "revocation-list-form"
	}
	r.version = k.crlVersion
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.crls) > 256 {
		clear(s.crls)
	}
	s.crls[id] = r
	return r, ""
}
