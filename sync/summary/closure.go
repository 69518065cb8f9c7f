package summary

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
