package main

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// F17: told to end, a window that does not close is left behind in time for
// systemd to have the kiosk back 35 s after it froze.
func TestAFrozenWindowIsLeftBehind(t *testing.T) {
	if total := 30*time.Second + quitFor + 2*time.Second; total > 35*time.Second { // WatchdogSec + this + RestartSec
		t.Errorf("back after %s", total)
	}
	for _, tc := range []struct {
		name     string
		told     bool
		closes   time.Duration
		leaves   bool
		leftFrom time.Duration
	}{
		{"frozen", true, time.Hour, true, quitFor},
		{"closes", true, time.Second, false, 0},
		{"closed by hand", false, time.Second, false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &program{log: slog.New(slog.DiscardHandler)}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				closed := make(chan struct{})
				time.AfterFunc(tc.closes, func() { close(closed) })
				if tc.told {
					cancel()
				}
				began, left := time.Now(), time.Duration(0)
				p.insist(ctx, closed, func(code int) {
					if left = time.Since(began); code == 0 {
						t.Error("ends as if all were well")
					}
				})
				if (left > 0) != tc.leaves || left != tc.leftFrom {
					t.Errorf("left after %s", left)
				}
			})
		})
	}
}
