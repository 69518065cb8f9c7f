package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"shlkiosk/ui/flow"
)

// measure stays on the scan screen with an empty picture and tells what the
// preview costs: pictures a second that the window took, processor time of the
// whole program (reader, demo clip and software OpenGL included), and memory
// at the beginning and at the end.
func (w *walker) measure(ctx context.Context) error {
	before, cpu, began := w.s.frames.Load(), processorTime(), time.Now()
	memory := resident()
	for left := w.p.preview; left > 0; left = w.p.preview - time.Since(began) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(left, 20*time.Second)):
			w.k.Send(flow.Touched{}) // somebody is there
		}
	}
	took := time.Since(began)
	w.say("preview for %s: %.1f pictures a second, %.0f %% of one core, memory %d MB at first and %d MB at the end",
		took.Round(time.Second), float64(w.s.frames.Load()-before)/took.Seconds(),
		100*(processorTime()-cpu).Seconds()/took.Seconds(), memory>>10, resident()>>10)
	return nil
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the memory of this process in kB.
func resident() (kB int) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(text), "VmRSS:")
	_, _ = fmt.Sscan(line, &kB)
	return kB
}
