package faults

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"shlkiosk/sync/phi/canary"
)

// After an import has been delivered and wiped, nothing of the person or the
// link is in the kiosk's files, its log, its temporary files or what a crash
// leaves, nor in the memory of the process. Memory is only
// clean under phi.ForgetfulRuntime: without it strings that came out of JSON
// cannot be wiped at all.
func TestFaultsWholeWayCanary(t *testing.T) {
	r := newRig(t)
	p := newPatient(t, r.world, 424242, fmt.Sprint("canary-", os.Getpid(), "-words")) // made here: the child is this program
	planted := map[string]string{"family name": p.family, "birth date": p.birth, "link": p.link[len(p.link)-40:],
		"passcode": p.passcode}
	if _, payload, ok := strings.Cut(p.link, "shlink:/"); ok {
		raw, err := base64.RawURLEncoding.DecodeString(payload)
		var l struct{ URL, Key string }
		if err != nil || json.Unmarshal(raw, &l) != nil {
			t.Fatal("the link is not what the test thinks")
		}
		key, _ := base64.RawURLEncoding.DecodeString(l.Key)
		planted["link key"], planted["link key, bytes"], planted["link address"] = l.Key, string(key), l.URL
	}
	s, err := canary.New(planted)
	if err != nil {
		t.Fatal(err)
	}
	r.people = append(r.people, p)
	var hits []canary.Hit
	var scan error
	held := false
	err = r.hold(p, func(c *exec.Cmd) {
		_ = c.Process.Signal(syscall.SIGSTOP)
		hits, scan = s.Process(c.Process.Pid)
		held = true
		// And now it crashes, with all its goroutines written out.
		_ = c.Process.Signal(syscall.SIGCONT)
		_ = c.Process.Signal(syscall.SIGABRT)
	})
	if len(r.acked) != 1 || !held {
		t.Fatal("nothing was delivered, the test tests nothing:", err)
	}
	if scan != nil {
		t.Skip("not allowed to read another process here:", scan)
	}
	beside := filepath.Dir(r.dir)
	for _, name := range []string{"crash.txt", "log.jsonl"} { // the crash monitor may still write
		for b := []byte(nil); len(b) == 0; b, _ = os.ReadFile(filepath.Join(beside, name)) {
			time.Sleep(5 * time.Millisecond)
		}
	}
	files, err := s.Files(beside)
	if err != nil {
		t.Fatal(err)
	}
	byLabel := map[string]int{}
	for _, h := range append(hits, files...) {
		byLabel[h.Label+", "+h.Form]++
		t.Error(h)
	}
	labels := []string{}
	for l, n := range byLabel {
		labels = append(labels, fmt.Sprint(l, ": ", n))
	}
	slices.Sort(labels)
	r.check(fmt.Sprintf("canary on the whole way: %d in memory, %d in files %v", len(hits), len(files), labels))
}
