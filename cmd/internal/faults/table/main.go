// Table reads the output of the fault tests (go test -v), passes it on, and
// prints one table at the end: fault, figures, and the test that guards it. It
// is what `make faults` ends with:
//
//	go test -v -run Faults ./... | go run ./cmd/internal/faults/table
//
// A fault test says what it found in three lines that begin with FAULT, FIGURES
// and GUARDED BY. A test that failed is marked, and a test that said nothing has
// a row that says so: nothing drops out of the table by being silent. The exit
// code is 1 when a test failed, or when there was none.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

type row struct{ fault, figures, test string }

// findings is what the output has said so far.
type findings struct {
	rows   []row
	ran    []string // top-level tests in order
	failed map[string]bool
	now    row
}

func run(in io.Reader, out io.Writer) error {
	f := &findings{failed: map[string]bool{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		fmt.Fprintln(out, lines.Text())
		f.take(lines.Text())
	}
	if err := lines.Err(); err != nil {
		return err
	}
	f.print(out)
	switch {
	case len(f.rows) == 0:
		return errors.New("no fault test has said anything")
	case len(f.failed) > 0:
		return fmt.Errorf("%d fault tests failed", len(f.failed))
	}
	return nil
}

func (f *findings) take(line string) {
	if s, ok := strings.CutPrefix(line, "FAULT  "); ok {
		f.now = row{fault: s}
	}
	if s, ok := strings.CutPrefix(line, "FIGURES  "); ok {
		f.now.figures = s
	}
	if s, ok := strings.CutPrefix(line, "GUARDED BY  "); ok {
		f.now.test = s
		f.rows = append(f.rows, f.now)
		f.now = row{}
	}
	if s, ok := strings.CutPrefix(line, "=== RUN   "); ok && !strings.Contains(s, "/") {
		f.ran = append(f.ran, s)
	}
	for _, bad := range []string{"--- FAIL: ", "panic: test timed out"} {
		if s, ok := strings.CutPrefix(strings.TrimSpace(line), bad); ok {
			name, _, _ := strings.Cut(s, " ")
			top, _, _ := strings.Cut(name, "/")
			f.failed[top] = true
		}
	}
}

// print writes the table, sorted by fault; equal rows of one test are one.
func (f *findings) print(out io.Writer) {
	said := map[string]bool{}
	for i, r := range f.rows {
		top, _, _ := strings.Cut(r.test, "/")
		said[top] = true
		if f.failed[top] {
			f.rows[i].figures = "FAILED: " + r.figures
		}
	}
	for _, t := range f.ran {
		switch {
		case said[t]:
		case f.failed[t]:
			f.rows = append(f.rows, row{"(no figures)", "FAILED", t})
		default:
			f.rows = append(f.rows, row{"(no figures)", "passed, and said nothing", t})
		}
	}
	slices.SortStableFunc(f.rows, func(a, b row) int { return strings.Compare(a.fault, b.fault) })
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nFAULT\tFIGURES\tGUARDED BY")
	for i, r := range f.rows {
		if i > 0 && r == f.rows[i-1] {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.fault, r.figures, r.test)
	}
	_ = w.Flush() // to the terminal
}
