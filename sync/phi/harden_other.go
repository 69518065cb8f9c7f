//go:build !linux

package phi

// Harden does nothing on systems other than Linux: the kiosk runs on Linux,
// the other builds are for development.
func Harden() error { return nil }

func lockedBytes(n int) (b []byte, free func(), locked bool) {
	return make([]byte, n), func() {}, false
}
