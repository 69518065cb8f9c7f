package camera

import (
	"context"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// knobs is a device that can be turned.
type knobs struct {
	own, set float64 // exposure: the device's, and the one that was set; 0 is automatic
	fixed    bool    // takes no exposure
	noFocus  bool
	turns    []float64
	focused  int
}

func (k *knobs) Exposure() float64 { return k.own }
func (k *knobs) SetExposure(v float64) bool {
	if k.fixed {
		return false
	}
	k.set = v
	k.turns = append(k.turns, v)
	return true
}
func (k *knobs) AutoExposure() { k.set = 0; k.turns = append(k.turns, 0) }
func (k *knobs) Refocus() bool { k.focused++; return !k.noFocus }

// play gives the tuner one wish for a time at 30 frames a second.
func play(t *tuner, at *time.Time, w Wish, d time.Duration) {
	for end := at.Add(d); at.Before(end); *at = at.Add(time.Second / 30) {
		t.frame(w, *at)
	}
}

func TestTuneIsBoundedAndGoesBack(t *testing.T) {
	for name, c := range map[string]struct {
		wish  Wish
		limit float64
	}{"darker": {WishDarker, 160 * darkest}, "lighter": {WishLighter, 160 * lightest}} {
		t.Run(name, func(t *testing.T) {
			k := &knobs{own: 160}
			tune, at := &tuner{k: k}, time.Unix(1, 0)
			play(tune, &at, c.wish, 300*time.Millisecond)
			if len(k.turns) != 0 {
				t.Fatal("turned by a wish of a moment")
			}
			play(tune, &at, c.wish, time.Minute)
			if k.set != c.limit || len(k.turns) > 3 {
				t.Errorf("exposure %v after %v turns, want %v", k.set, k.turns, c.limit)
			}
			play(tune, &at, WishNone, tuneHolds/2)
			if k.set != c.limit {
				t.Error("given back at once")
			}
			play(tune, &at, WishNone, tuneHolds)
			if k.set != 0 {
				t.Error("not given back")
			}
		})
	}
}

// Two wishes that cause each other do not swing.
func TestTuneDoesNotSwing(t *testing.T) {
	k := &knobs{own: 100}
	tune, at := &tuner{k: k}, time.Unix(1, 0)
	for range 40 {
		play(tune, &at, WishDarker, 1500*time.Millisecond)
		play(tune, &at, WishLighter, 1500*time.Millisecond)
	}
	for i := 1; i < len(k.turns); i++ {
		if k.turns[i] > k.turns[i-1] {
			t.Fatalf("turned back: %v", k.turns)
		}
	}
	if len(k.turns) == 0 {
		t.Error("not turned at all")
	}
}

func TestTuneLeavesDevicesThatCannot(t *testing.T) {
	for name, k := range map[string]*knobs{"fixed": {own: 100, fixed: true}, "says nothing": {}} {
		tune, at := &tuner{k: k}, time.Unix(1, 0)
		play(tune, &at, WishDarker, 10*time.Second)
		if len(k.turns) > 1 || k.set != 0 {
			t.Errorf("%s: %v", name, k.turns)
		}
	}
	k := &knobs{noFocus: true}
	tune, at := &tuner{k: k}, time.Unix(1, 0)
	play(tune, &at, WishSharper, time.Minute)
	if k.focused != 1 {
		t.Errorf("without a focus it was asked %d times", k.focused)
	}
	none := &tuner{}
	play(none, &at, WishDarker, time.Second)
	none.release()
}

func TestTuneRefocusesSeldom(t *testing.T) {
	k := &knobs{}
	tune, at := &tuner{k: k}, time.Unix(1, 0)
	for range 20 {
		play(tune, &at, WishSharper, 5*time.Second)
		play(tune, &at, WishNone, 10*time.Second)
	}
	if k.focused != mostRefocus {
		t.Errorf("refocused %d times", k.focused)
	}
}

// Whatever is wished for, in whatever order: bounds hold, and in the end the
// device is on its own.
func TestTuneHoldsItsBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for range 200 {
		k := &knobs{own: 1 + 300*r.Float64()}
		tune, at := &tuner{k: k}, time.Unix(1, 0)
		for range 60 {
			play(tune, &at, Wish(r.IntN(4)), time.Duration(r.IntN(3000))*time.Millisecond)
		}
		tune.release()
		for _, v := range k.turns {
			if v != 0 && (v < k.own*darkest || v > k.own*lightest) {
				t.Fatalf("exposure %v of a device at %v", v, k.own)
			}
		}
		if k.set != 0 || k.focused > mostRefocus {
			t.Fatalf("left at %v, refocused %d times", k.set, k.focused)
		}
	}
}

// tunable is a stream with knobs that brings a picture every 33 ms.
type tunable struct {
	*knobs
	frames int
}

func (s *tunable) Open(context.Context) (Stream, error) { return s, nil }
func (s *tunable) Name() string                         { return "tunable" }
func (s *tunable) Info() Info                           { return Info{} }
func (s *tunable) Close() error                         { return nil }
func (s *tunable) Read(f *Frame) error {
	time.Sleep(time.Second / 30)
	if s.frames--; s.frames < 0 {
		return io.EOF
	}
	f.Fit(64, 48, false)
	f.Gray.Pix[0] = 200
	f.At = time.Now()
	return nil
}

// The feed turns the knobs on its own goroutine and gives them back when it is
// stopped.
func TestFeedTurnsTheKnobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tunable{knobs: &knobs{own: 80}, frames: 1 << 20}
		f := NewFeed(s, FeedOptions{})
		f.Start()
		f.Wish(WishDarker)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		f.Stop()
		if len(s.turns) < 2 || s.turns[0] != 40 || s.set != 0 {
			t.Errorf("turned %v", s.turns)
		}
	})
}
