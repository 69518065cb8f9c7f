package phi

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if CrashMonitor() {
		return
	}
	if how := os.Getenv("PHI_CRASH_CHILD"); how != "" {
		crash(how)
	}
	os.Exit(m.Run())
}

func crash(how string) {
	log, err := GuardCrashes(os.Getenv("PHI_CRASH_FILE"))
	if err != nil {
		fmt.Println(err)
		os.Exit(9)
	}
	fmt.Fprintln(log, "a line of the log")
	fmt.Fprintln(os.Stderr, "a careless line about Jane Roe")
	switch how {
	case "text":
		panic("Jane Roe\nborn 1970-01-01\nmain.Jane(...)\n\t/home/jane/roe.go:12")
	case "error":
		panic(fmt.Errorf("Jane Roe"))
	case "value":
		panic(struct{ Name string }{"Jane Roe"})
	case "nil":
		var p *int
		*p = 1
	case "index":
		_ = []int{1}[len(how)]
	case "goroutine":
		go panicInName("Jane Roe")
		select {}
	case "recovered":
		defer func() { p := recover(); panic(fmt.Sprint(p, " again")) }()
		panic("Jane Roe")
	case "deadlock":
		intoNil(nil)
	case "clean":
		os.Exit(0)
	}
}

func intoNil(m map[string]int) { m["Jane Roe"] = 1 }

func panicInName(s string) { panic(s) }

// Whatever kills the program, neither its standard error nor the crash file
// holds data, and the crash file says where it was.
func TestCrashLeavesNoData(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux only")
	}
	for how, want := range map[string]string{
		"text": "panic: [redacted]", "error": "panic: [redacted]", "value": "panic: [redacted]", "recovered": "panic: [redacted]",
		"nil": "panic: runtime error: invalid memory address or nil pointer dereference", "index": "panic: runtime error: index out of range",
		"goroutine": "phi.panicInName(...)", "deadlock": "panic: assignment to entry in nil map", "clean": "",
	} {
		path := filepath.Join(t.TempDir(), "crash")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PHI_CRASH_CHILD="+how, "PHI_CRASH_FILE="+path)
		var log bytes.Buffer
		cmd.Stderr = &log
		_ = cmd.Run()
		if got := log.String(); got != "a line of the log\n" {
			t.Errorf("%s: standard error holds %q", how, got)
		}
		var text string
		for range 200 { // the monitor ends after the program
			b, _ := os.ReadFile(path)
			text = string(b)
			if want == "" || strings.Contains(text, "crash_test.go:") {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if want == "" {
			if text != "" {
				t.Errorf("%s: %q", how, text)
			}
			continue
		}
		if !strings.Contains(text, want) || !strings.Contains(text, "phi.crash(...)") && how != "goroutine" {
			t.Errorf("%s: crash file says\n%s", how, text)
		}
		for _, data := range []string{"Jane", "Roe", "jane", "1970", "careless"} {
			if strings.Contains(text, data) {
				t.Errorf("%s: crash file holds %q:\n%s", how, data, text)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", how, info, err)
		}
	}
}

func TestFilterCrashDropsEverythingElse(t *testing.T) {
	for _, line := range []string{"", "Jane Roe", "{\"name\":\"Jane\"}", "main.f(\"Jane\")", "\t/home/jane.go:1", strings.Repeat("x", 200_000), "fatal error: Jane", "goroutine Jane [running]:"} {
		var out bytes.Buffer
		if err := FilterCrash(&out, strings.NewReader(line)); err != nil || out.Len() != 0 {
			t.Errorf("%.40q: %q %v", line, out.String(), err)
		}
	}
	var out bytes.Buffer
	in := "fatal error: concurrent map writes\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47e9f4]\n\ngoroutine 7 gp=0xc000002380 m=0 mp=0x56 [running]:\n" +
		"shlkiosk/sync/outbox.(*Worker).Run(0xc000, {0x7, 0x8})\n\t/work/main/sync/outbox/worker.go:153 +0x1c8\ncreated by main.main in goroutine 1\n\t/x/main.go:9 +0x1\n"
	if err := FilterCrash(&out, strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	want := "fatal error: concurrent map writes\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47e9f4]\n\ngoroutine 7 gp=0xc000002380 m=0 mp=0x56 [running]:\n" +
		"shlkiosk/sync/outbox.(*Worker).Run(...)\n\t/work/main/sync/outbox/worker.go:153 +0x1c8\ncreated by main.main in goroutine 1\n\t/x/main.go:9 +0x1\n"
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
