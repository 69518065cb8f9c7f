package summary

import (
	"cmp"
	"maps"
	"slices"
)

// Effect tells what leaving something out does to another item.
type Effect string

const (
	// EffectLosesLink: the item stays; its reference to what is left out
	// becomes plain words, or goes.
	EffectLosesLink Effect = "loses-link"
	// EffectGoesToo: a supporting entry (a Medication, a Binary) that nothing
	// else uses any more; it is left out as well.
	EffectGoesToo Effect = "goes-too"
	// EffectStillShows: a document of the whole record that probably shows
	// what is left out; leave it out as well to keep the thing private.
	EffectStillShows Effect = "still-shows"
)

// Effects returns every effect, for ui/words.
func Effects() []Effect { return []Effect{EffectLosesLink, EffectGoesToo, EffectStillShows} }

// Dependent is one item that feels the leaving out of others.
type Dependent struct {
	Key    string
	Of     []string // the left-out keys it depends on
	Effect Effect
}

// LeaveOut is the whole set of entries that stay out when the patient leaves
// out keys: the keys, and supporting entries (a Medication, a Binary, a
// practitioner) that only those use. It is sorted by file and entry.
func (v View) LeaveOut(keys []string) []string {
	out := map[string]bool{}
	for _, k := range keys {
		out[k] = true
	}
	for grown := true; grown; {
		grown = false
		for _, it := range v.Supporting {
			if out[it.Key] || len(it.NeededBy) == 0 {
				continue
			}
			if !slices.ContainsFunc(it.NeededBy, func(k string) bool { return !out[k] }) {
				out[it.Key], grown = true, true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(out), compareKeys)
}

// Closure tells what leaving out keys does to the rest of the record, in the
// order of the view. Each item is named once, with the strongest effect.
func (v View) Closure(keys []string) []Dependent {
	if len(keys) == 0 {
		return nil
	}
	asked := map[string]bool{}
	for _, k := range keys {
		asked[k] = true
	}
	out := map[string]bool{}
	for _, k := range v.LeaveOut(keys) {
		out[k] = true
	}
	withDocument := map[string]bool{}
	var whole []string
	for _, d := range v.Documents {
		if d.State != DocumentReady {
			continue
		}
		withDocument[d.Item] = true
		if d.Kind == DocumentRendered {
			whole = append(whole, d.Item)
		}
	}
	var list []Dependent
	each := func(it Item) {
		var of []string
		for _, k := range it.Needs {
			if out[k] {
				of = append(of, k)
			}
		}
		switch {
		case asked[it.Key]:
		case out[it.Key]:
			list = append(list, Dependent{Key: it.Key, Of: it.NeededBy, Effect: EffectGoesToo})
		case slices.Contains(whole, it.Key):
			list = append(list, Dependent{Key: it.Key, Of: slices.Clone(keys), Effect: EffectStillShows})
		case len(of) == 0:
		case withDocument[it.Key]:
			list = append(list, Dependent{Key: it.Key, Of: of, Effect: EffectStillShows})
		default:
			list = append(list, Dependent{Key: it.Key, Of: of, Effect: EffectLosesLink})
		}
	}
	for _, s := range v.Sections {
		for _, it := range s.Items {
			each(it)
		}
	}
	for _, it := range v.Supporting {
		each(it)
	}
	return list
}

func compareKeys(a, b string) int {
	af, ae, _ := ParseKey(a)
	bf, be, _ := ParseKey(b)
	return cmp.Or(cmp.Compare(af, bf), cmp.Compare(ae, be), cmp.Compare(a, b))
}
