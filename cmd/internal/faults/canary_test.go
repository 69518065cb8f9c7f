package faults

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"shlkiosk/sync/phi/canary"
)

// After an import has been delivered and wiped, nothing of the person or the
// link is in the kiosk's files, nor in the memory of the process. Memory is only
// clean under phi.ForgetfulRuntime: without it strings that came out of JSON
// cannot be wiped at all.
func TestFaultsWholeWayCanary(t *testing.T) {
	r := newRig(t)
	p := newPatient(t, r.world, 424242)
	planted := map[string]string{"family name": p.family, "birth date": p.birth, "link": p.link[len(p.link)-40:]}
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
	_ = r.hold(p, func(c *exec.Cmd) {
		_ = c.Process.Signal(syscall.SIGSTOP)
		hits, scan = s.Process(c.Process.Pid)
		_ = c.Process.Kill()
	})
	if scan != nil {
		t.Skip("not allowed to read another process here:", scan)
	}
	files, err := s.Files(filepath.Dir(r.dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.acked) != 1 {
		t.Fatal("the import was not acknowledged: the test tests nothing")
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
