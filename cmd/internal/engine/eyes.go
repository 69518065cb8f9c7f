package engine

import (
	"context"
	"sync"

	"shlkiosk/camera"
	"shlkiosk/camera/qr"
	"shlkiosk/ui/flow"
)

// startEyes turns the camera on: one goroutine reads codes, one feeds the
// preview, so that a hard search never holds the picture up.
func (k *Kiosk) startEyes(ctx context.Context) {
	k.stopEyes()
	if k.feed == nil {
		k.soon(flow.CameraChanged{Camera: flow.CameraMissing})
		return
	}
	eyes, cancel := context.WithCancel(ctx)
	k.closeE = cancel
	k.feed.Start()
	out := &outline{}
	k.eyes.Add(2)
	go k.read(ctx, eyes, out)
	go k.preview(eyes, out)
}

func (k *Kiosk) stopEyes() {
	if k.closeE == nil {
		return
	}
	k.closeE()
	k.closeE = nil
	k.feed.Stop()
	k.eyes.Wait()
}

// outline hands the newest outline from the reader to the preview.
type outline struct {
	mu sync.Mutex
	at *[4]camera.Point
}

func (o *outline) set(p *[4]camera.Point) { o.mu.Lock(); o.at = p; o.mu.Unlock() }
func (o *outline) get() *[4]camera.Point  { o.mu.Lock(); defer o.mu.Unlock(); return o.at }

func (k *Kiosk) read(ctx, eyes context.Context, out *outline) {
	defer k.eyes.Done()
	reader := qr.NewReader(qr.Options{Wanted: IsHealthCode})
	defer reader.Close()
	var last uint64
	for {
		shot, err := k.feed.Next(eyes, last)
		if err != nil {
			return
		}
		last = shot.Seq
		res := reader.Frame(shot.Frame)
		shot.Release()
		k.feed.Wish(res.Wish)
		k.stats.frame(res.Millis, len(res.Readings), aims[res.Hint])
		out.set(res.Outline)
		k.seen(ctx, eyes, res)
	}
}

// seen turns what one frame brought into events.
func (k *Kiosk) seen(ctx, eyes context.Context, res qr.Result) {
	// What was decoded while the camera was being turned off is dropped: it
	// would begin the next visit with the last one's code.
	post := func(f func()) {
		k.post(func() {
			if eyes.Err() == nil {
				f()
			}
		})
	}
	post(func() {
		if aim := aims[res.Hint]; k.state.Aim != aim {
			k.step(ctx, flow.Aimed{Aim: aim})
		}
	})
	health := map[string]bool{}
	other := ""
	for _, r := range res.Readings {
		if IsHealthCode(r.Text) {
			health[r.Text] = true
		} else {
			other = r.Text
		}
	}
	switch {
	case len(health) > 1 && !allChunks(health):
		post(func() { k.step(ctx, flow.Scanned{Kind: flow.CodeOther, Reason: flow.ReasonTwoCodes}) })
	case len(health) > 0:
		for text := range health {
			post(func() { k.text(ctx, text) })
		}
	case other != "":
		post(func() { k.text(ctx, other) })
	}
}

var aims = map[qr.Hint]flow.Aim{qr.HintNone: flow.AimNone, qr.HintNearer: flow.AimNearer, qr.HintFarther: flow.AimFarther,
	qr.HintHoldStill: flow.AimStill, qr.HintBrightness: flow.AimDimmer, qr.HintOneCode: flow.AimOneCode}

func (k *Kiosk) preview(eyes context.Context, out *outline) {
	defer k.eyes.Done()
	var last uint64
	for {
		shot, err := k.feed.Next(eyes, last)
		if err != nil {
			return
		}
		last = shot.Seq
		if k.o.OnFrame != nil {
			k.o.OnFrame(&shot.Frame, out.get())
		}
		shot.Release()
	}
}

func (k *Kiosk) cameraState(s camera.State) {
	to := map[camera.State]flow.Camera{camera.Off: flow.CameraOff, camera.Starting: flow.CameraStarting,
		camera.Live: flow.CameraLive, camera.Missing: flow.CameraMissing, camera.Black: flow.CameraBlack}[s]
	if s == camera.Off {
		return // said by the flow itself, which turned it off
	}
	// The feed calls from its own goroutine and Stop waits for that, so this
	// must not wait for the kiosk's.
	go k.post(func() { k.step(k.run, flow.CameraChanged{Camera: to}) })
}

// eyeStats are figures for staff.
type eyeStats struct {
	mu     sync.Mutex
	frames int
	read   int
	aim    flow.Aim
	millis float64 // exponential mean
}

func (s *eyeStats) frame(ms float64, read int, aim flow.Aim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames++
	s.read += read
	s.aim = aim
	if s.frames == 1 {
		s.millis = ms
		return
	}
	s.millis += (ms - s.millis) / 16
}

// Figures are the camera's and the reader's, for staff.
type Figures struct {
	Camera   camera.Stats
	ReaderMS float64 // one frame, a running mean
	Read     int     // codes read since the start
	Aim      flow.Aim
}

// Figures returns those of now. It may be called from any goroutine.
func (k *Kiosk) Figures() Figures {
	var f Figures
	if k.feed != nil {
		f.Camera = k.feed.Stats()
	}
	k.stats.mu.Lock()
	defer k.stats.mu.Unlock()
	f.ReaderMS, f.Read, f.Aim = k.stats.millis, k.stats.read, k.stats.aim
	return f
}
