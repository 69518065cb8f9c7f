package outbox

import (
	"fmt"
	"os"
	"testing"
)

// The fault tests are called TestFaults…; FAULTS=long runs them at the figures of
// issue 6, without it they run in seconds. Each one says its figures in three
// lines, of which `make faults` makes its table.

func report(t testing.TB, fault, format string, args ...any) {
	t.Helper()
	fmt.Printf("\nFAULT  %s\nFIGURES  %s\nGUARDED BY  %s\n", fault, fmt.Sprintf(format, args...), t.Name())
}

// reportSkip notes a fault that this machine does not let us inject.
func reportSkip(t testing.TB, fault, why string) {
	t.Helper()
	report(t, fault, "not run: %s", why)
	t.Skip(why)
}

// times chooses how often a fault is tried.
func times(short, long int) int {
	if os.Getenv("FAULTS") == "long" {
		return long
	}
	return short
}

// inMemory puts a test's folders on a file system in memory, where there is one:
// for tests that open thousands of ledgers and lose no power.
func inMemory(t *testing.T) {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", "/dev/shm")
	}
}
