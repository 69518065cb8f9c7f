package outbox

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReserve(t *testing.T) {
	o := testOptions(t)
	o.Limits.Reserve = 3 << 20
	l := mustOpen(t, o)
	path := filepath.Join(o.Dir, "reserve")
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil || st.Size != 3<<20 || st.Blocks*512 < st.Size {
		t.Errorf("%d bytes, %d blocks, %v: it must take up real room", st.Size, st.Blocks, err)
	}
	if !l.ReleaseReserve() || l.ReleaseReserve() {
		t.Error("released other than once")
	}
	if h := l.Health(); len(h) != 1 || h[0].Code != "disk" {
		t.Errorf("%v", h)
	}
	l.Tend()
	if h := l.Health(); len(h) != 0 {
		t.Errorf("%v", h)
	}
	// Where the file system cannot allocate, zeros are written.
	f, err := os.Create(filepath.Join(t.TempDir(), "zeros"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := writeZeros(f, 2<<20+5); err != nil {
		t.Fatal(err)
	}
	if info, _ := f.Stat(); info.Size() != 2<<20+5 {
		t.Errorf("%d bytes", info.Size())
	}
}
