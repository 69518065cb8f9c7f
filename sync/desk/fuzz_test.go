package desk

import (
	"bytes"
	"io"
	"testing"
)

// Whatever a stranger says during enrolment, the kiosk does not take it for the
// code.
func FuzzEnrolWire(f *testing.F) {
	f.Add([]byte(`{"commit":"AAAA"}{"open":"AAAA"}`))
	f.Add([]byte(`{"commit":"","open":""}` + "\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		p := proof{code: "40302010"}
		w := newWire(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(said), io.Discard})
		if err := p.asKiosk(w, func() {}); err == nil {
			t.Error("proved")
		}
	})
}
