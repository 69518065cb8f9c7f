package camera

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// device is a camera that can be unplugged.
type device struct {
	mu      sync.Mutex
	there   bool
	level   uint8 // grey of its pictures
	opened  int
	closed  int
	nFrames int // after which a film ends; 0 never
}

func (d *device) set(f func(*device)) { d.mu.Lock(); defer d.mu.Unlock(); f(d) }

func (d *device) Name() string { return "test device" }

func (d *device) Open(context.Context) (Stream, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.there {
		return nil, fmt.Errorf("opening: %w", ErrMissing)
	}
	d.opened++
	return &deviceStream{d: d}, nil
}

type deviceStream struct {
	d *device
	n int
}

func (s *deviceStream) Info() Info { return Info{Width: 64, Height: 48, FPS: 30} }
func (s *deviceStream) Close() error {
	s.d.set(func(d *device) { d.closed++ })
	return nil
}

func (s *deviceStream) Read(f *Frame) error {
	time.Sleep(33 * time.Millisecond)
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if !s.d.there {
		return ErrGone
	}
	if s.d.nFrames > 0 && s.n == s.d.nFrames {
		return io.EOF
	}
	s.n++
	f.Fit(64, 48, true)
	for i := range f.Gray.Pix {
		f.Gray.Pix[i] = s.d.level
	}
	f.At = time.Now()
	return nil
}

func TestUnpluggedAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{there: true, level: 120}
		var mu sync.Mutex
		var states []State
		f := NewFeed(d, FeedOptions{OnState: func(s State) { mu.Lock(); states = append(states, s); mu.Unlock() }})
		f.Start()
		time.Sleep(time.Second)
		if f.State() != Live {
			t.Fatalf("state = %s, want live", f.State())
		}
		d.set(func(d *device) { d.there = false })
		time.Sleep(2 * time.Second)
		if f.State() != Missing {
			t.Fatalf("unplugged: state = %s", f.State())
		}
		d.set(func(d *device) { d.there = true })
		time.Sleep(5 * time.Second) // F16: back within 5 s
		if f.State() != Live {
			t.Fatalf("plugged in again: state = %s", f.State())
		}
		d.set(func(d *device) { d.level = 3 })
		time.Sleep(2 * time.Second)
		if f.State() != Black {
			t.Fatalf("covered: state = %s", f.State())
		}
		d.set(func(d *device) { d.level = 90 })
		time.Sleep(time.Second)
		if f.State() != Live {
			t.Fatalf("uncovered: state = %s", f.State())
		}
		f.Stop()
		if f.State() != Off || d.opened != d.closed {
			t.Errorf("stopped: state = %s, opened %d, closed %d", f.State(), d.opened, d.closed)
		}
		mu.Lock()
		defer mu.Unlock()
		want := []State{Starting, Live, Missing, Live, Black, Live, Off}
		if fmt.Sprint(states) != fmt.Sprint(want) {
			t.Errorf("states = %v, want %v", states, want)
		}
	})
}

func TestASlowReaderGetsTheNewestFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(&device{there: true, level: 99}, FeedOptions{})
		f.Start()
		defer f.Stop()
		ctx := t.Context()
		a, err := f.Next(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		first := a.Seq
		a.Release()
		time.Sleep(time.Second) // thirty frames go by
		b, err := f.Next(ctx, first)
		if err != nil || b.Seq < first+25 {
			t.Fatalf("after a second: frame %d, %v", b.Seq, err)
		}
		b.Release()
		if fps := f.Stats().FPS; fps < 25 || fps > 31 {
			t.Errorf("fps = %.1f", fps)
		}
	})
}

func TestStopWipesWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(&device{there: true, level: 99}, FeedOptions{})
		f.Start()
		held, err := f.Next(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		f.Stop()
		if held.Gray.Pix[0] != 99 {
			t.Error("a frame was wiped while somebody used it")
		}
		held.Release()
		for _, v := range held.Gray.Pix {
			if v != 0 {
				t.Fatal("pixels are left after Stop and Release")
			}
		}
		if _, err := f.Next(t.Context(), 0); !errors.Is(err, io.EOF) {
			t.Errorf("Next after Stop: %v", err)
		}
		f.Start()
		if again, err := f.Next(t.Context(), 0); err != nil {
			t.Errorf("after a second Start: %v", err)
		} else {
			again.Release()
		}
		f.Stop()
		f.Stop()
	})
}

func TestTheLastPictureOfAFilmStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(&device{there: true, level: 50, nFrames: 3}, FeedOptions{})
		f.Start()
		time.Sleep(10 * time.Second)
		if f.State() != Live {
			t.Errorf("state = %s", f.State())
		}
		s, err := f.Next(t.Context(), 0)
		if err != nil || s.Seq != 3 {
			t.Fatalf("frame %v, %v", s, err)
		}
		s.Release()
		f.Stop()
	})
}

func TestNoFrameIsMadePerPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(&device{there: true, level: 50}, FeedOptions{})
		f.Start()
		seen := map[*Shot]bool{}
		var last uint64
		for range 300 {
			s, err := f.Next(t.Context(), last)
			if err != nil {
				t.Fatal(err)
			}
			last = s.Seq
			seen[s] = true
			s.Release()
		}
		f.Stop()
		if len(seen) > 4 {
			t.Errorf("%d frames were made for 300 pictures", len(seen))
		}
	})
}
