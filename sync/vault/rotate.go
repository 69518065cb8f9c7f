package vault

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shlkiosk/sync/phi"
)

// Rotation of a key, each step safe to repeat after a crash:
//
//  1. AddKey puts a new active key into the ring file beside the old ones.
//  2. The ledger rewraps its record keys (outbox.Ledger.Rewrap); bodies stay
//     as they are.
//  3. RetireKey takes an old key out of the ring, once nothing is sealed with
//     it any more. Only then is the old key of no use to whoever has it.
//
// Between the steps everything is readable: the ring holds both keys.

// AddKey makes a new active key in the ring file at path and returns its
// identifier. The file is replaced whole, so that a crash leaves either the old
// or the new ring. Credentials and key rings of the desktop are changed by the
// tools that own them.
func AddKey(path string, now time.Time) (KeyID, error) {
	var id KeyID
	err := changeRing(path, func(keys []key) ([]key, error) {
		k, err := newKey(randomKey(), now.UTC().Format(time.RFC3339))
		id = k.id
		return slices.Insert(keys, 0, k), err
	})
	return id, err
}

// RetireKey takes a key that is not active out of the ring file. The caller
// has made sure that nothing is sealed with it (outbox.Ledger.KeysInUse).
func RetireKey(path string, id KeyID) error {
	return changeRing(path, func(keys []key) ([]key, error) {
		at := slices.IndexFunc(keys, func(k key) bool { return k.id == id })
		switch {
		case at < 0:
			return nil, refuse(ReasonMissing, "file:"+path, "", "no key %s in the ring", id)
		case at == 0:
			return nil, refuse(ReasonSource, "file:"+path, "add a new key first", "key %s is the active one", id)
		}
		keys[at].secret.Wipe()
		return slices.Delete(keys, at, at+1), nil
	})
}

func changeRing(path string, change func([]key) ([]key, error)) error {
	source := "file:" + path
	b, err := readChecked(path, source, os.Geteuid(), 0o077)
	if err != nil {
		return err
	}
	defer phi.Wipe(b)
	keys, err := parseRing(b, source)
	if err != nil {
		return err
	}
	defer func() {
		for _, k := range keys {
			k.secret.Wipe()
		}
	}()
	changed, err := change(keys)
	if err != nil {
		return err
	}
	keys = changed
	ring := formatRing(keys)
	defer phi.Wipe(ring)
	sweepTemp(path)
	temp, err := writeTemp(path, ring)
	if err != nil {
		return refuse(ReasonSource, source, "", "%w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return refuse(ReasonSource, source, "", "%w", err)
	}
	return syncDir(filepath.Dir(path))
}

// sweepTemp removes what an AddKey or RetireKey that died has left: whole rings.
func sweepTemp(path string) {
	dir := filepath.Dir(path)
	es, _ := os.ReadDir(dir) // what cannot be read or removed is tried again with the next change
	for _, e := range es {
		if strings.HasPrefix(e.Name(), "."+filepath.Base(path)+".") {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// Reload reads the source again, for a ring that was changed while the program
// runs. The keys in use before must still be there, so that a wrong file
// cannot take a running kiosk's key away.
func (v *Vault) Reload(opts ...Option) error {
	fresh, err := Open(v.source, opts...)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.keys) == 0 {
		fresh.Close()
		return &Error{Reason: ReasonClosed, Source: v.source}
	}
	if !fresh.Has(v.keys[0].id) {
		ids := make([]string, 0, len(fresh.keys))
		for _, k := range fresh.keys {
			ids = append(ids, k.id.String())
		}
		fresh.Close()
		return refuse(ReasonWrong, v.source, "put the old key back into the ring; it is still in use",
			"key %s is in use and not among %s", v.keys[0].id, strings.Join(ids, ", "))
	}
	old := v.keys
	v.keys = fresh.keys
	for _, k := range old {
		k.secret.Wipe()
	}
	return nil
}
