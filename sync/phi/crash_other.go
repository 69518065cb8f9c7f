//go:build !linux

package phi

import "os"

// GuardCrashes does nothing on systems other than Linux: the kiosk runs on
// Linux, the other builds are for development.
func GuardCrashes(string) (log *os.File, err error) { return os.Stderr, nil }
