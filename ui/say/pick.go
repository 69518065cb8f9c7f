package say

import (
	"context"
	"fmt"
	"time"
)

// Pick finds the engine of a name as the configuration has it: "auto",
// "espeak-ng", "speech-dispatcher" or "none". A nil Engine without an error
// means that there is none and shall be none.
func Pick(name string, lookPath func(string) (string, error)) (Engine, error) {
	switch name {
	case "none":
		return nil, nil
	case "speech-dispatcher":
		return dispatcher()
	case "espeak-ng":
		e, err := NewEspeak(lookPath)
		if err != nil {
			return nil, err
		}
		return e, nil
	case "auto", "":
		if e, err := NewEspeak(lookPath); err == nil {
			return e, nil
		}
		if d, err := dispatcher(); err == nil {
			return d, nil
		}
		return nil, fmt.Errorf("no speech engine; install espeak-ng")
	}
	return nil, fmt.Errorf("speech engine %q: want auto, espeak-ng, speech-dispatcher or none", name)
}

func dispatcher() (Engine, error) {
	d := NewDispatcher("")
	ctx, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	if err := d.Available(ctx); err != nil {
		return nil, err
	}
	return d, nil
}
