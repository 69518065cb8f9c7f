package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestThreeFailedStartsAreEnough(t *testing.T) {
	dir := t.TempDir()
	s := startsIn(func(name string) string {
		if name == "RUNTIME_DIRECTORY" {
			return dir + ":/run/other"
		}
		return ""
	})
	now := time.Unix(1_800_000_000, 0)
	try := func(after time.Duration, want bool) {
		t.Helper()
		now = now.Add(after)
		if got := s.begin(now); got != want {
			t.Errorf("at %s: %v", now.UTC().Format(time.TimeOnly), got)
		}
	}
	for range 3 {
		try(3*time.Second, false)
	}
	try(3*time.Second, true)
	try(time.Second, true) // as long as it takes
	s.good()
	for range 3 {
		try(3*time.Second, false)
	}
	try(11*time.Minute, false) // those are long ago
	try(time.Second, false)
	try(-time.Hour, false) // the clock was set right: what was before is of the future
	try(time.Second, false)
	if err := os.WriteFile(filepath.Join(dir, "starts"), []byte("what\n\n-9999999999999999999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	try(time.Second, false)
	none := startsIn(func(string) string { return "" })
	for range 9 {
		if none.begin(now) {
			t.Fatal("counted without a folder")
		}
	}
	none.good()
}
