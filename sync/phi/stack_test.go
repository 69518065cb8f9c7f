package phi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"shlkiosk/sync/phi"
)

// planted is made anew by parent and child, and is nowhere in the program.
func planted(i int) byte { return byte(0x5b + i*37) }

const plantedLen = 24

// plant leaves the canary on the stack at many depths.
//
//go:noinline
func plant(depth int) byte {
	var b [2 * plantedLen]byte
	for i := range b {
		b[i] = planted(i % plantedLen)
	}
	if depth == 0 {
		return b[depth]
	}
	return b[depth%len(b)] + plant(depth-1)
}

// leave plants on the stacks of 200 goroutines, in every size of slot; some of
// them live on until stop.
func leave(run func(func())) (stop func()) {
	var ready, over sync.WaitGroup
	end := make(chan struct{})
	for i := range 200 {
		ready.Add(1)
		over.Go(func() {
			run(func() { plant(4 << (i % 7)) })
			ready.Done()
			if i%5 == 0 { // slots beside theirs stay with the runtime
				phi.WashStack()
				<-end
			}
		})
	}
	ready.Wait()
	return func() { close(end); over.Wait() }
}

// TestStackChild is the program that TestStacksAreWashed starts.
func TestStackChild(t *testing.T) {
	mode := os.Getenv("PHI_STACK_CHILD")
	if mode == "" {
		t.Skip("runs only as a child of TestStacksAreWashed")
	}
	runtime.GC()    // starts the collector's own goroutines, which live on
	phi.WashStack() // takes the stack that it needs now, and nobody's later
	run := func(f func()) { f() }
	if mode == "washed" {
		run = phi.Washed
	}
	stop := leave(run)
	if mode == "keep" {
		runtime.GC()
	} else {
		phi.WashFreed()
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	stop()
}

// What ended goroutines left on their stacks is there until it is washed. Under
// Washed nothing of it is left; of goroutines that do not wash their own stack
// next to nothing: one that lives may have taken over a stack in between.
func TestStacksAreWashed(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's program has other stacks, and terabytes of shadow memory")
	}
	keep := stackChild(t, "keep")
	freed := stackChild(t, "freed")
	washed := stackChild(t, "washed")
	t.Logf("the canary was found %d times, after WashFreed %d times, with Washed %d times", keep, freed, washed)
	if keep < 1000 {
		t.Errorf("found %d times before washing: the test tests nothing", keep)
	}
	if freed > keep/20 {
		t.Errorf("found %d times, and %d times after washing", keep, freed)
	}
	if washed > 0 {
		t.Errorf("found %d times although each washed its stack", washed)
	}
}

func stackChild(t *testing.T, mode string) int {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestStackChild$")
	child.Env = append(os.Environ(), "PHI_STACK_CHILD="+mode, "GODEBUG="+phi.ForgetfulRuntime)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Wait() }()
	defer in.Close()
	if word, _ := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(word) != "ready" {
		t.Fatal("the child said", word)
	}
	_ = child.Process.Signal(syscall.SIGSTOP)
	defer child.Process.Signal(syscall.SIGCONT)
	return count(t, child.Process.Pid)
}

// count says how often the canary is in the memory of a process.
func count(t *testing.T, pid int) (n int) {
	want := make([]byte, plantedLen)
	for i := range want {
		want[i] = planted(i)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skip("not allowed to read another process here:", err)
	}
	defer mem.Close()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasPrefix(rights, "rw") {
			continue // addresses above what an int64 holds are the kernel's
		}
		b, err := io.ReadAll(io.NewSectionReader(mem, from, to-from))
		if err == nil {
			n += bytes.Count(b, want)
		}
	}
	return n
}

func TestForgetful(t *testing.T) {
	env, anew := phi.Forgetful([]string{"A=1", "GODEBUG=x=1", "LD_BIND_NOW=1"})
	want := []string{"A=1", "GODEBUG=x=1," + phi.ForgetfulRuntime, "LD_BIND_NOW=1"}
	if !anew || !slices.Equal(env, want) {
		t.Error(env, anew)
	}
	if again, anew := phi.Forgetful(env); anew || !slices.Equal(again, want) {
		t.Error("a program would begin anew for ever", again)
	}
}
