package main

import (
	"context"
	"sync/atomic"

	"shlkiosk/camera"
	"shlkiosk/camera/still"
	"shlkiosk/sync/sandbox"
)

// fallback is a Source that opens another one when the first does not answer:
// the demo's camera. used tells whether it did.
type fallback struct {
	first, then camera.Source
	used        *atomic.Bool
}

// Name implements camera.Source.
func (f *fallback) Name() string {
	if f.used.Load() {
		return f.then.Name()
	}
	return f.first.Name()
}

// Open implements camera.Source.
func (f *fallback) Open(ctx context.Context) (camera.Stream, error) {
	s, err := f.first.Open(ctx)
	if err == nil {
		f.used.Store(false)
		return s, nil
	}
	f.used.Store(true)
	return f.then.Open(ctx)
}

// demoWorld is the demo's world with the phone that is held up in it.
type demoWorld struct {
	world *sandbox.World
	phone *still.Phone
	clip  atomic.Bool // the drawn clip is the camera
	made  string      // the folder that the demo made for itself
}
