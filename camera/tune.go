package camera

import "time"

// Wish is what would help a reader to see, from what its search saw.
type Wish uint8

// The closed set of wishes.
const (
	WishNone    Wish = iota
	WishDarker       // it shines, or moves faster than the exposure
	WishLighter      // what is dark and light lies too close together, in the dark
	WishSharper      // it lies still, is large enough, and is not in focus
)

// Knobs are what a Stream can turn, if it can: a Stream that has them is asked
// by type. They are used by the stream's own goroutine. A value outside the
// device's range is the device's to refuse.
type Knobs interface {
	// Exposure is the exposure time of now in the device's unit, 0 when the
	// device does not say.
	Exposure() float64
	// SetExposure takes over from the device's automatic exposure, and reports
	// whether the device took it.
	SetExposure(v float64) bool
	// AutoExposure gives the exposure back to the device.
	AutoExposure()
	// Refocus lets the device look for the focus anew, and reports whether it
	// has one to look for.
	Refocus() bool
}

const (
	wishLasts   = 500 * time.Millisecond // a wish of a moment is a hand in front
	tuneSettles = time.Second            // what a device needs to show what a change did
	tuneHolds   = 4 * time.Second        // without a wish, after which the device is on its own again
	darkest     = 1. / 8                 // of the exposure that the device chose itself
	lightest    = 4.
	mostRefocus = 3 // for one patient: more would be hunting
)

// tuner turns wishes into turns of knobs. Its rules: one turn at a time, and
// time to see what it did; never beyond the bounds; a direction is not turned
// back while the wishes last, so that two wishes that cause each other cannot
// swing; without wishes everything goes back to the device.
type tuner struct {
	k Knobs

	wish  Wish
	since time.Time // of the wish
	last  time.Time // of a wish at all
	moved time.Time // when a knob was turned

	own       float64 // exposure that the device chose; 0 while it chooses
	factor    float64 // of own, in use
	direction Wish    // darker or lighter, once one was turned to
	refocused int
	refused   bool // the device does not let itself be turned
}

// frame takes the wish of one frame.
func (t *tuner) frame(w Wish, now time.Time) {
	if t.k == nil {
		return
	}
	if w != t.wish {
		t.wish, t.since = w, now
	}
	if w != WishNone {
		t.last = now
	} else if !t.last.IsZero() && now.Sub(t.last) >= tuneHolds {
		t.release()
	}
	if w == WishNone || now.Sub(t.since) < wishLasts || !t.moved.IsZero() && now.Sub(t.moved) < tuneSettles {
		return
	}
	if w == WishSharper {
		if t.refocused < mostRefocus {
			t.refocused++
			t.moved = now
			if !t.k.Refocus() {
				t.refocused = mostRefocus
			}
		}
		return
	}
	t.expose(w, now)
}

func (t *tuner) expose(w Wish, now time.Time) {
	if t.refused || t.direction != WishNone && t.direction != w {
		return
	}
	if t.own == 0 {
		if t.own, t.factor = t.k.Exposure(), 1; t.own <= 0 {
			t.own, t.refused = 0, true
			return
		}
	}
	next := t.factor / 2
	if w == WishLighter {
		next = t.factor * 2
	}
	if next < darkest || next > lightest {
		return
	}
	t.moved = now
	if !t.k.SetExposure(t.own * next) {
		t.refused = true
		t.k.AutoExposure()
		return
	}
	t.factor, t.direction = next, w
}

// release gives everything back to the device.
func (t *tuner) release() {
	if t.k != nil && t.direction != WishNone {
		t.k.AutoExposure()
	}
	*t = tuner{k: t.k, refused: t.refused, refocused: t.refocused}
}
