// Command kiosk is the check-in kiosk: the patient's window, the front desk
// behind it, and every verb of kioskctl.
//
//	kiosk run --config kiosk.yaml     the kiosk
//	kiosk demo                        the kiosk in its embedded demo world
//
// Run `kiosk help` for the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"shlkiosk/cmd/internal/cli"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == probeArg {
		os.Exit(probeOpenGL())
	}
	// The window's toolkit must run on the first thread.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.OS(), "kiosk", os.Args[1:], ownVerbs()...))
}

// ownVerbs are the commands that kioskctl has not.
func ownVerbs() []cli.Verb { return []cli.Verb{runVerb(), demoVerb(), unitVerb()} }
