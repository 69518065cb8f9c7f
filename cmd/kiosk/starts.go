package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A start that comes to nothing is followed by the next one two seconds later
// (Restart=always). After three of them within ten minutes the program shows
// the plain screen that sends patients to the front desk, instead of a black
// one that flickers, and tries again later.
const (
	mostFailed = 3
	failedIn   = 10 * time.Minute
	goodAfter  = time.Minute     // a kiosk that has served so long has started
	sorryFor   = 5 * time.Minute // then the kiosk is tried again
)

// starts counts them in a file, one line of seconds for each start that has
// not yet turned out well. The folder is the unit's RuntimeDirectory, which is
// empty after a reboot and outlives a restart.
type starts struct{ path string }

// startsIn is where the environment says; without a folder nothing is counted.
func startsIn(getenv func(string) string) starts {
	dir, _, _ := strings.Cut(getenv("RUNTIME_DIRECTORY"), ":")
	if dir == "" {
		return starts{}
	}
	return starts{filepath.Join(dir, "starts")}
}

// begin counts a start and tells whether too many have failed before it; then
// it does not count. A file that cannot be read or written stops nobody.
func (s starts) begin(now time.Time) (tooMany bool) {
	if s.path == "" {
		return false
	}
	text, _ := os.ReadFile(s.path)
	var recent []string
	for line := range strings.Lines(string(text)) {
		at, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		// A line of the future was written before the clock was set right.
		if age := now.Sub(time.Unix(at, 0)); err == nil && age >= 0 && age < failedIn {
			recent = append(recent, strings.TrimSpace(line))
		}
	}
	if len(recent) >= mostFailed {
		return true
	}
	recent = append(recent, fmt.Sprint(now.Unix()))
	_ = os.WriteFile(s.path, []byte(strings.Join(recent, "\n")+"\n"), 0o600)
	return false
}

// good forgets the starts: this one serves, or was ended in order.
func (s starts) good() {
	if s.path != "" {
		_ = os.Remove(s.path)
	}
}
