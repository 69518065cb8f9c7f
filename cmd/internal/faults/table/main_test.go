package main

import (
	"strings"
	"testing"
)

const output = `=== RUN   TestFaultsB
noise
FAULT  b, second
FIGURES  10 kills, lost 0
GUARDED BY  TestFaultsB
--- PASS: TestFaultsB (0.00s)
=== RUN   TestFaultsA
=== RUN   TestFaultsA/sub
FAULT  a, first
FIGURES  3 flips
GUARDED BY  TestFaultsA/sub
--- FAIL: TestFaultsA (0.00s)
    --- FAIL: TestFaultsA/sub (0.00s)
=== RUN   TestFaultsQuiet
--- PASS: TestFaultsQuiet (0.00s)
FAIL
`

func TestTableHasEveryFaultOnce(t *testing.T) {
	var out strings.Builder
	err := run(strings.NewReader(output), &out)
	if err == nil || !strings.Contains(err.Error(), "1 fault tests failed") {
		t.Errorf("a failed test: %v", err)
	}
	if !strings.HasPrefix(out.String(), output) {
		t.Errorf("the output was not passed on:\n%s", out.String())
	}
	rest := strings.TrimPrefix(out.String(), output)
	var got []string
	for line := range strings.Lines(rest) {
		if strings.TrimSpace(line) != "" {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
	}
	want := []string{
		"FAULT FIGURES GUARDED BY",
		"(no figures) passed, and said nothing TestFaultsQuiet",
		"a, first FAILED: 3 flips TestFaultsA/sub",
		"b, second 10 kills, lost 0 TestFaultsB",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNoTestsIsAFailure(t *testing.T) {
	var out strings.Builder
	if err := run(strings.NewReader("ok  \tpkg\t0.1s [no tests to run]\n"), &out); err == nil {
		t.Error("an empty run passed")
	}
	good := "=== RUN   TestFaultsB\nFAULT  b\nFIGURES  1\nGUARDED BY  TestFaultsB\n--- PASS: TestFaultsB (0.00s)\n"
	if err := run(strings.NewReader(good), &out); err != nil {
		t.Error(err)
	}
	if err := run(strings.NewReader(good+"panic: test timed out after 1s\n"), &out); err == nil {
		t.Error("a run that timed out passed")
	}
}
