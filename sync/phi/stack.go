package phi

import (
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"unsafe"
)

// The runtime hands stacks to goroutines from slots of these sizes, in bytes,
// cut from spans of stackSpan. Larger stacks have spans of their own, which go
// back to the system when they are free.
var stackSlots = [...]int{2 << 10, 4 << 10, 8 << 10, 16 << 10}

const (
	stackSpan = 32 << 10
	// stackFloor is how near to the low end of its stack a function may come, in
	// bytes: runtime/stack.go, stackGuard less abi.StackSmall.
	stackFloor = 928 - 128
	stackRoom  = 32
	// deepStack, in bytes, is deeper than parsing and matching ever go, and all
	// but the end of the stack that it makes.
	deepStack = 120 << 10
)

// ForgetfulRuntime is the GODEBUG setting under which WashFreed keeps its
// promise. The collector overwrites what it frees. Goroutines are not
// interrupted by signals, which would leave their registers, and so pieces of
// the text that was just being copied, where nothing can reach them. New
// goroutines begin with the smallest stack, and stacks do not move when they
// could be smaller.
const ForgetfulRuntime = "clobberfree=1,asyncpreemptoff=1,adaptivestackstart=0,gcshrinkstackoff=1"

// Forgetful is an environment in which a program of ours begins under
// ForgetfulRuntime; false when env is one already. The dynamic linker is told to
// find all functions at the start: when it finds one later it saves all
// registers on the thread's stack, which nobody washes.
func Forgetful(env []string) ([]string, bool) {
	const godebug, bind = "GODEBUG=", "LD_BIND_NOW=1"
	set := ForgetfulRuntime
	out := make([]string, 0, len(env)+2)
	for _, e := range env {
		old, ok := strings.CutPrefix(e, godebug)
		switch {
		case ok && strings.Contains(old, ForgetfulRuntime):
			return env, false
		case ok && old != "":
			set = old + "," + set
		case !ok && e != bind:
			out = append(out, e)
		}
	}
	return append(out, godebug+set, bind), true
}

// WashFreed overwrites what was dropped: objects on the heap (by the collector,
// under ForgetfulRuntime) and the stacks of goroutines that have ended, and gives
// empty pages back to the system. Strings cannot be wiped in Go; this is what
// wipes them. It takes some tens of milliseconds beside everything else, and
// stops everything else for a few.
//
// The limits: what something still holds stays, and so does what lies unused in
// the stack of a goroutine that lives. Goroutines of ours that touch a patient's
// data run under Washed; those of libraries end with their connections.
func WashFreed() {
	// One processor for this moment. Each keeps some stacks and pages of its own,
	// and gives them up only when it is put away.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	// Pools are emptied by the second collection, what was in them is overwritten
	// by the third.
	runtime.GC()
	debug.FreeOSMemory() // before new stacks and goroutines are made on dirty pages
	for range 2 {        // goroutines that were about to end during the first
		washPages()
		washStacks()
		runtime.GC()
	}
	debug.FreeOSMemory()
}

// washPages takes the free pages that the last processor keeps, which are not
// given back to the system: 64 at most, runtime/mpagecache.go.
func washPages() {
	const page, most = 8 << 10, 64
	var pages [2 * most][]byte
	for i := range pages {
		pages[i] = make([]byte, page)
	}
	runtime.KeepAlive(&pages)
}

// Washed runs f and overwrites the stack that it used. Short strings are built
// on the stack, and neither Wipe nor the collector reaches them there.
func Washed(f func()) {
	reach(deepStack, 0) // no stack is left behind by growing
	defer WashStack()
	f()
}

// WashStack overwrites what earlier calls left on the stack of the goroutine
// that calls it: for one that lives on, see Washed.
func WashStack() {
	reach(deepStack, 0) // the stack is large enough now and does not move
	var b [1]byte
	washAbove(uintptr(unsafe.Pointer(&b)) - deepStack)
}

// washStacks overwrites the stacks that ended goroutines left behind. It takes
// all free slots that lie beside slots in use at once, writes each down to its
// guard, and lets go. It is called after a collection, which gives the stacks of
// ended goroutines back, and before debug.FreeOSMemory, which returns the spans
// that are wholly free. It costs about 130 kB for each goroutine that lives, for
// some milliseconds.
func washStacks() {
	threads, _ := runtime.ThreadCreateProfile(nil)
	live := runtime.NumGoroutine() + threads + 16
	for _, size := range stackSlots {
		var held, over sync.WaitGroup
		all := make(chan struct{})
		for range live * (stackSpan/size - 1) {
			held.Add(1)
			over.Go(func() {
				washSlot(size)
				held.Done()
				<-all
			})
		}
		held.Wait()
		close(all)
		over.Wait()
	}
}

// washSlot writes a stack of size bytes down to where no function comes. It is
// called near the top of a new goroutine's stack.
func washSlot(size int) {
	var b [1]byte
	const smallest = 2 << 10 // slots begin at multiples of it
	used := smallest - int(uintptr(unsafe.Pointer(&b))&(smallest-1))
	reach(size/4*3-stackFloor-used, 0) // too much for the next smaller slot
	washAbove(uintptr(unsafe.Pointer(&b)) + uintptr(used) - uintptr(size) + stackFloor)
	// Above its first frame a new stack has room that nothing uses: four words,
	// runtime/proc.go, newproc1.
	clear(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&b), used-stackRoom)), stackRoom))
}

// reach makes the stack hold depth more bytes. above is where the calling reach
// stood, 0 for the first.
//
//go:noinline
func reach(depth int, above uintptr) byte {
	var b [64]byte
	here := uintptr(unsafe.Pointer(&b))
	frame := int(above - here)
	if frame <= 0 || frame > 4*len(b) { // the first call, or the stack has moved
		frame = len(b)
	}
	if depth -= frame; depth <= 0 {
		return b[-depth&(len(b)-1)]
	}
	return b[depth&(len(b)-1)] + reach(depth, here)
}

// washAbove writes the stack down to the address floor. A frame has gaps that
// nobody writes, so it goes down several times, the frames moved against each
// other.
func washAbove(floor uintptr) {
	for frames := range 4 {
		lower(frames, floor)
	}
}

// lower sinks from so many frames of its own further down.
//
//go:noinline
func lower(frames int, floor uintptr) byte {
	if frames == 0 {
		return sink(floor, 0)
	}
	return lower(frames-1, floor) + 1
}

// sink writes its frame and those below it, as far as they end above floor.
//
//go:noinline
func sink(floor, above uintptr) byte {
	var b [64]byte
	for i := range b {
		b[i] = byte(i)
	}
	const most = 4 * uintptr(len(b)) // of a frame
	here := uintptr(unsafe.Pointer(&b))
	frame := above - here
	if above == 0 {
		frame = 3 * uintptr(len(b))
	} else if above < here || frame > most { // the stack has moved after all
		return b[floor&63]
	}
	if here < floor+frame+uintptr(len(b)) {
		return b[floor&63]
	}
	return b[floor&63] + sink(floor, here)
}
