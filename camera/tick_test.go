package camera

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a driver that stops answering after a few pictures.
type stuck struct {
	device
	after int
	free  chan struct{}
}

func (d *stuck) Open(ctx context.Context) (Stream, error) {
	s, err := d.device.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &stuckStream{s.(*deviceStream), d}, nil
}

type stuckStream struct {
	*deviceStream
	d *stuck
}

func (s *stuckStream) Read(f *Frame) error {
	if s.n == s.d.after {
		<-s.d.free
	}
	return s.deviceStream.Read(f)
}

// The tick moves while pictures come and while a device is looked for; it
// stands with a driver that hangs, and is not asked for when the camera is off
// or a film over.
func TestLastTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &stuck{device: device{there: true, level: 120}, after: 60, free: make(chan struct{})}
		f := NewFeed(d, FeedOptions{})
		old := func(want time.Duration, when string) {
			t.Helper()
			at, needed := f.LastTick()
			if age := time.Since(at); !needed || age > want {
				t.Errorf("%s: tick is %s old, needed %v", when, age, needed)
			}
		}
		if _, needed := f.LastTick(); needed {
			t.Error("needed before the start")
		}
		f.Start()
		time.Sleep(time.Second)
		old(50*time.Millisecond, "live")
		d.set(func(d *device) { d.there = false })
		time.Sleep(10 * time.Second)
		old(1100*time.Millisecond, "looked for")
		d.set(func(d *device) { d.there = true })
		time.Sleep(20 * time.Second)
		if at, needed := f.LastTick(); !needed || time.Since(at) < 15*time.Second {
			t.Errorf("a driver hangs and the tick is %s old, needed %v", time.Since(at), needed)
		}
		close(d.free)
		time.Sleep(time.Second)
		old(50*time.Millisecond, "hangs no more")
		f.Stop()
		if _, needed := f.LastTick(); needed {
			t.Error("needed when off")
		}
		film := NewFeed(&device{there: true, level: 120, nFrames: 3}, FeedOptions{})
		film.Start()
		time.Sleep(time.Second)
		if _, needed := film.LastTick(); needed {
			t.Error("needed after the end of a film")
		}
		film.Stop()
	})
}
