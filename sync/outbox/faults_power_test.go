package outbox

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// F7: the power is cut and what was not synced is lost in part. The system calls
// of a child are recorded; then the disk is rebuilt as it may have been at any
// moment: what was synced, and of the writes after that any subset, each torn at
// sectors of 512 bytes. Changes of names reach the disk in order (as on a
// journalling file system), but not before the folder was synced.
func TestFaultsPowerCut(t *testing.T) {
	const fault = "F7 power cut, unsynced writes lost"
	if err := exec.Command("strace", "-o", "/dev/null", "-e", "trace=fdatasync", "true").Run(); err != nil {
		reportSkip(t, fault, "strace cannot trace here")
	}
	inMemory(t)
	r := newRig(t)
	trace := filepath.Join(t.TempDir(), "trace")
	p := start(t, []string{"strace", "-f", "-y", "-xx", "-s", "1000000", "-o", trace, "-e",
		"trace=pwrite64,write,ftruncate,fdatasync,fsync,renameat,renameat2,rename,unlinkat,unlink,openat"}, "OUTBOX_CHILD=scribe", "OUTBOX_DIR="+r.dir)
	if err := p.wait(func(string) {}); err != nil {
		t.Fatal("the recorded child failed:", err)
	}
	ops := readTrace(t, trace, filepath.Join(r.dir, "ledger"))
	rnd := rand.New(rand.NewPCG(7, 7))
	n := times(40, 3000)
	key, _ := os.ReadFile(filepath.Join(r.dir, "key"))
	var present, refused, lost, alarmed int
	for range n {
		at := rnd.IntN(len(ops) + 1)
		dir := t.TempDir()
		disk := newDisk()
		said := map[ID]string{}
		for _, o := range ops[:at] {
			if o.kind == "say" {
				said[ID(o.id)] = o.path
			}
			disk.do(o)
		}
		disk.cut(t, rnd, filepath.Join(dir, "ledger"))
		if err := os.WriteFile(filepath.Join(dir, "key"), key, 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := childOptions(dir)
		if err != nil {
			t.Fatal(err)
		}
		l, err := Open(o)
		if err != nil {
			refused++
			t.Errorf("cut after call %d of %d: %v", at, len(ops), err)
			continue
		}
		if a := l.Alarms(); len(a) > 0 {
			alarmed++
			t.Errorf("cut after call %d of %d: alarms %+v", at, len(ops), a)
		}
		for id, word := range said {
			h, err := l.Get(id)
			switch {
			case word == "deleted":
				if err == nil {
					t.Errorf("cut after call %d: %s was deleted and is back", at, id)
				}
			case word == "deleting":
			case err != nil:
				lost++
				t.Errorf("cut after call %d: %s was %s and is lost", at, id, word)
			case word == "parked" && h.State != Parked:
				t.Errorf("cut after call %d: %s was parked and is %s", at, id, h.State)
			default:
				var i int
				_, _ = fmt.Sscanf(string(id), "imp-%d", &i)
				if body, err := l.Body(id); err != nil || string(body) != string(importBody(string(id))[:3000+700*i]) {
					lost++
					t.Errorf("cut after call %d: body of %s: %v", at, id, err)
				}
				present++
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		o.Vault.Close()
	}
	report(t, fault, "%d cuts in %d recorded calls: opened %d of %d, alarms %d, %d acknowledged records looked for, lost %d", n, len(ops), n-refused, n, alarmed, present, lost)
}

// op is one recorded system call that changes the disk, or a word of the child.
type op struct {
	kind string // write, truncate, sync, syncdir, create, rename, unlink, say
	path string // within the ledger's folder; for say: the word
	to   string
	id   string
	off  int64
	data []byte
}

var (
	callLine = regexp.MustCompile(`^\d+ +(\w+)\((.*)\) += (-?\d+)`)
	// A call during which another thread made one stands in two lines.
	begunLine = regexp.MustCompile(`^(\d+) +(\w+\(.*) <unfinished \.\.\.>$`)
	endedLine = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	fdArg     = regexp.MustCompile(`^(?:\d+|AT_FDCWD)<([^>]*)>`)
	quoted    = regexp.MustCompile(`"([^"]*)"`)
)

// readTrace reads strace's output. A call counts when it ends: only one thread
// writes to the ledger at a time, so calls on its files never overlap.
func readTrace(t *testing.T, trace, dir string) (ops []op) {
	t.Helper()
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	rel := func(p string) (string, bool) {
		if p == dir {
			return ".", true
		}
		return strings.CutPrefix(p, dir+"/")
	}
	begun := map[string]string{} // by thread
	for lines.Scan() {
		text := lines.Text()
		if m := begunLine.FindStringSubmatch(text); m != nil {
			begun[m[1]] = m[2]
			continue
		}
		if m := endedLine.FindStringSubmatch(text); m != nil {
			if !strings.HasPrefix(begun[m[1]], m[2]+"(") {
				continue // begun before the recording
			}
			text = m[1] + " " + begun[m[1]] + m[3]
			delete(begun, m[1])
		}
		m := callLine.FindStringSubmatch(text)
		if m == nil || m[3] == "-1" {
			continue
		}
		var strs []string
		for _, q := range quoted.FindAllStringSubmatch(m[2], -1) {
			strs = append(strs, unhex(q[1]))
		}
		path := ""
		if fd := fdArg.FindStringSubmatch(m[2]); fd != nil {
			path = unhex(fd[1])
		}
		args := strings.Split(m[2], ", ")
		number := func(fromEnd int) int64 {
			n, _ := strconv.ParseInt(args[len(args)-fromEnd], 10, 64)
			return n
		}
		name, inside := rel(path)
		switch m[1] {
		case "pwrite64":
			if inside {
				ops = append(ops, op{kind: "write", path: name, off: number(1), data: []byte(strs[0])})
			}
		case "write":
			if word, id, ok := strings.Cut(strings.TrimSpace(strings.Join(strs, "")), " "); ok && !inside && strings.HasPrefix(id, "imp-") {
				ops = append(ops, op{kind: "say", path: word, id: id})
			}
		case "ftruncate":
			if inside {
				ops = append(ops, op{kind: "truncate", path: name, off: number(1)})
			}
		case "fdatasync", "fsync":
			if inside && name == "." {
				ops = append(ops, op{kind: "syncdir"})
			} else if inside {
				ops = append(ops, op{kind: "sync", path: name})
			}
		case "openat":
			if name, ok := rel(strs[0]); ok && strings.Contains(m[2], "O_CREAT") {
				ops = append(ops, op{kind: "create", path: name})
			}
		case "rename", "renameat", "renameat2":
			from, ok := rel(strs[0])
			to, _ := rel(strs[1])
			if ok {
				ops = append(ops, op{kind: "rename", path: from, to: to})
			}
		case "unlink", "unlinkat":
			if name, ok := rel(strs[0]); ok {
				ops = append(ops, op{kind: "unlink", path: name})
			}
		}
	}
	if len(ops) < 100 {
		t.Fatalf("only %d calls were recorded", len(ops))
	}
	return ops
}

func unhex(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	out, err := strconv.Unquote(`"` + s + `"`)
	if err != nil {
		return s
	}
	return out
}

// inode is a file: what is surely on the disk, and what may be.
type inode struct {
	synced  []byte
	pending []op
}

// disk is the folder as the kernel sees it (names) and as the disk does
// (synced names, and changes of names that may have reached it).
type disk struct {
	names, syncedNames map[string]*inode
	nameOps            []map[string]*inode // after each change since the folder was synced
}

func newDisk() *disk {
	return &disk{names: map[string]*inode{}, syncedNames: map[string]*inode{}}
}

func (d *disk) do(o op) {
	changed := func() { d.nameOps = append(d.nameOps, maps.Clone(d.names)) }
	switch o.kind {
	case "create":
		if d.names[o.path] == nil {
			d.names[o.path] = &inode{}
			changed()
		}
	case "rename":
		d.names[o.to] = d.names[o.path]
		delete(d.names, o.path)
		changed()
	case "unlink":
		delete(d.names, o.path)
		changed()
	case "syncdir":
		d.syncedNames, d.nameOps = maps.Clone(d.names), nil
	case "write", "truncate":
		if n := d.names[o.path]; n != nil {
			n.pending = append(n.pending, o)
		}
	case "sync":
		if n := d.names[o.path]; n != nil {
			for _, p := range n.pending {
				n.synced = apply(n.synced, p, nil)
			}
			n.pending = nil
		}
	}
}

// cut writes to dir what a power cut may have left.
func (d *disk) cut(t *testing.T, rnd *rand.Rand, dir string) {
	t.Helper()
	names := d.syncedNames
	if k := rnd.IntN(len(d.nameOps) + 1); k > 0 {
		names = d.nameOps[k-1]
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		content := slices.Clone(n.synced)
		for _, p := range n.pending {
			switch rnd.IntN(3) {
			case 0: // reached the disk
				content = apply(content, p, nil)
			case 1: // in part
				content = apply(content, p, rnd)
			}
		}
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// apply does a write or truncation; with rnd only some sectors of it.
func apply(b []byte, o op, rnd *rand.Rand) []byte {
	grow := func(n int64) {
		if int64(len(b)) < n {
			b = append(b, make([]byte, n-int64(len(b)))...)
		}
	}
	if o.kind == "truncate" {
		grow(o.off)
		return b[:o.off]
	}
	grow(o.off + int64(len(o.data)))
	for at := 0; at < len(o.data); at += 512 {
		if rnd == nil || rnd.IntN(2) == 0 {
			copy(b[o.off+int64(at):], o.data[at:min(at+512, len(o.data))])
		}
	}
	return b
}

// Calls that strace had to write in two lines are whole again.
func TestTraceWithInterleavedCalls(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	var b strings.Builder
	for i := range 60 { // a recording has at least 100 calls
		fmt.Fprintf(&b, "7 pwrite64(3</d/ledger.db>, \"a\", 1, %d <unfinished ...>\n", i)
		fmt.Fprintf(&b, "8 write(1</dev/null>, \"ack imp-%d\\x0a\", 9) = 9\n", i)
		fmt.Fprintf(&b, "7 <... pwrite64 resumed>) = 1\n")
		fmt.Fprintf(&b, "7 fdatasync(3</d/ledger.db>) = 0\n")
		fmt.Fprintf(&b, "9 <... futex resumed>) = 0\n9 fdatasync(3</d/ledger.db> <unfinished ...>\n9 <... fdatasync resumed>) = -1 EIO (Input/output error)\n")
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ops := readTrace(t, file, "/d")
	if len(ops) != 180 {
		t.Fatalf("%d calls", len(ops))
	}
	for i, o := range ops {
		if want := []string{"say", "write", "sync"}[i%3]; o.kind != want || o.kind == "write" && o.off != int64(i/3) {
			t.Fatalf("call %d is %+v, want a %s", i, o, want)
		}
	}
}
