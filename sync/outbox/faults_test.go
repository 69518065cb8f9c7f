package outbox

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// The fault tests are called TestFaults…; FAULTS=long runs them at the figures of
// issue 6, without it they run in seconds. Each one files its figures here and
// the table is printed at the end.

type figure struct{ fault, test, figures string }

var table struct {
	sync.Mutex
	rows []figure
}

func report(t testing.TB, fault, format string, args ...any) {
	t.Helper()
	table.Lock()
	defer table.Unlock()
	mark := ""
	if t.Failed() {
		mark = "FAILED: "
	}
	table.rows = append(table.rows, figure{fault, t.Name(), mark + fmt.Sprintf(format, args...)})
}

// reportSkip notes a fault that this machine does not let us inject.
func reportSkip(t testing.TB, fault, why string) {
	t.Helper()
	report(t, fault, "not run: %s", why)
	t.Skip(why)
}

func printTable() {
	table.Lock()
	defer table.Unlock()
	if len(table.rows) == 0 {
		return
	}
	slices.SortStableFunc(table.rows, func(a, b figure) int { return strings.Compare(a.fault, b.fault) })
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nFAULT\tFIGURES\tGUARDED BY")
	for _, r := range table.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.fault, r.figures, r.test)
	}
	_ = w.Flush()
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
