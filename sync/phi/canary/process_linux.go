package canary

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// Process looks through the memory of another process, its arguments and its
// environment. The process should stand still (SIGSTOP) while it is read. It
// needs the right to trace it: the same user, and a process that did not forbid
// it (phi.Harden does), or root. Looking through one's own memory would find the
// Scanner's own canaries.
func (s *Scanner) Process(pid int) ([]Hit, error) {
	if pid == os.Getpid() {
		return nil, fmt.Errorf("a process cannot look for canaries in itself: it holds them")
	}
	var hits []Hit
	for _, name := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			return nil, err
		}
		hits = append(hits, s.Bytes(name, b)...)
	}
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	lines := bufio.NewScanner(maps)
	read := int64(0)
	for lines.Scan() {
		var first, last uint64
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &first, &last, &rights); err != nil {
			return hits, fmt.Errorf("a line of maps is not understood")
		}
		if rights[0] != 'r' || strings.HasSuffix(lines.Text(), "[vvar]") || strings.HasSuffix(lines.Text(), "[vsyscall]") || last > math.MaxInt64 {
			continue // the kernel's own page at the top is above what an offset can say
		}
		from, to := int64(first), int64(last)
		found, err := s.Reader(fmt.Sprintf("memory %x-%x", from, to), io.NewSectionReader(mem, from, to-from))
		hits = append(hits, found...)
		if err == nil {
			read += to - from
		} // a region that cannot be read (a device, a file cut short) holds nothing of ours
	}
	if read == 0 {
		return hits, fmt.Errorf("nothing of the memory of process %d could be read", pid)
	}
	return hits, lines.Err()
}
